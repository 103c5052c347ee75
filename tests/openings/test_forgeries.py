"""What is not signed as it must be, is of something else, or was made for another request, changes nothing and gives nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.crypto import documents, hpke, identity, openings, signing
from app.crypto.documents import Signed
from app.crypto.errors import NotAuthentic, SealBroken
from app.crypto.openings import Purpose
from app.kernel.octets import spell
from app.vault import erasure
from app.vault.models import SealedIdentity
from app.vault.opening_models import AnswerKind, Opening, OpeningAnswer, OpeningPaper
from tests.builders import intake
from tests.builders.custody import sharing_of
from tests.builders.manifests import publish, unb64
from tests.builders.openings import Ceremony, problem
from tests.conftest import FROZEN, Clock

MINUTE = timedelta(minutes=1)


async def count(ceremony: Ceremony) -> int:
    """How many requests are stored."""
    async with ceremony.service.runtime.database.session(write=False) as session:
        return len((await session.execute(select(Opening.id))).all())


async def test_custodians_find_a_key_that_the_server_put_in_place_of_the_requesters(ceremony: Ceremony) -> None:
    """The attack that the signature is there for: the server names a key of its own, and would collect the shares."""
    asking = await ceremony.asked()
    custodian = ceremony.custodians[0]
    own_key = replace(asking.request, key=hpke.public_key(hpke.new_seed()))
    unsigned = Signed(openings.sign_request(own_key, signing.new_seed()).document, asking.signed.signature)
    signed_by_another = openings.sign_request(own_key, signing.new_seed())
    sealing_key = hpke.public_key(custodian.sealing_seed)
    shown = await custodian.read(asking.request.id)
    for forged in (unsigned, signed_by_another):
        paper = openings.seal_paper(sealing_key, asking.request.id, custodian.id, forged)
        with pytest.raises(NotAuthentic):
            custodian.approval({**shown, "paper": spell(paper)})
    custodian.approval(shown)


@pytest.mark.parametrize(
    "changes",
    [
        {"organisation": uuid4()},
        {"case": uuid4()},
        {"requester": uuid4()},
        {"purpose": Purpose.CASE_KEY},
        {"made_at": FROZEN - 6 * MINUTE, "expires_at": FROZEN + timedelta(hours=1)},
        {"made_at": FROZEN + 6 * MINUTE, "expires_at": FROZEN + timedelta(hours=1)},
        {"made_at": FROZEN - 60 * MINUTE, "expires_at": FROZEN - MINUTE},
        {"key": bytes(hpke.PUBLIC_KEY_BYTES)},
    ],
    ids=" and ".join,
)
async def test_a_request_of_something_or_somebody_else_or_of_another_hour_is_refused(
    ceremony: Ceremony, changes: dict[str, Any]
) -> None:
    answer = await ceremony.send(ceremony.ask(**changes))
    assert (problem(answer), answer.json()["errors"][0]["pointer"]) == ("invalid-input", "/document")
    assert await count(ceremony) == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document[1:],
        lambda document: document.replace(b"opening/1", b"opening/2"),
        lambda document: document.replace(b'"reason":', b'"why":'),
        lambda document: document.replace(b"2026-03-05T09:00Z", b"2026-03-05T09:01Z"),
        lambda document: document.replace(b"2026-03-05T09:00Z", b"2026-03-02T08:00Z"),
        lambda document: document[:-1] + b',"more":1}',
    ],
    ids=["not JSON", "another format", "another member", "more than 72 hours", "ends before it begins", "one more"],
)
async def test_a_document_that_breaks_a_rule_of_its_format_is_refused(ceremony: Ceremony, spoil: Any) -> None:  # noqa: ANN401
    document = spoil(ceremony.ask().signed.document)
    seed = ceremony.requester_seeds[ceremony.actors.investigator.account_id]
    signature = signing.sign_context(seed, openings.REQUEST_LABEL, document)
    body = ceremony.ask().body(document=spell(document), signature=spell(signature))
    answer = await ceremony.actors.investigator.post(f"{ceremony.url}/openings", json=body)
    assert (problem(answer), answer.json()["errors"][0]["pointer"]) == ("invalid-input", "/document")
    assert await count(ceremony) == 0


async def test_a_request_counts_only_under_the_requesters_own_key_in_the_manifest(ceremony: Ceremony) -> None:
    investigator, officer = ceremony.actors.investigator, ceremony.actors.case_officer
    for seed in (signing.new_seed(), ceremony.requester_seeds[officer.account_id]):
        assert problem(await ceremony.send(ceremony.ask(seed=seed))) == "opening-not-signed"
    document = documents.write_signed(
        ceremony.requester_seeds[investigator.account_id], "manifest", {"not": "a request"}
    )
    body = ceremony.ask().body(signature=spell(document.signature))
    answer = await investigator.post(f"{ceremony.url}/openings", json=body)
    assert problem(answer) == "opening-not-signed"
    assert await count(ceremony) == 0


async def test_whom_the_manifest_does_not_name_cannot_ask(ceremony: Ceremony) -> None:
    third = ceremony.actors.third_case_officer
    body = {"account_id": str(third.account_id), "capacity": "case_officer"}
    await ceremony.actors.case_officer.post(f"{ceremony.url}/appointments", json=body)
    assert problem(await ceremony.send(ceremony.ask(third, seed=signing.new_seed()), third)) == "opening-not-signed"


async def test_a_request_names_the_newest_manifest(ceremony: Ceremony) -> None:
    assert problem(await ceremony.send(ceremony.ask(manifest=bytes(32)))) == "manifest-unknown"
    following = replace(ceremony.manifest, epoch=2, previous=ceremony.digest)
    newest = await publish(ceremony.service, following, ceremony.root_seed)
    assert problem(await ceremony.send(ceremony.ask())) == "manifest-unknown"
    assert problem(await ceremony.send(ceremony.ask(manifest=newest))) == ""


async def test_what_the_case_does_not_hold_is_not_asked_for(ceremony: Ceremony) -> None:
    assert problem(await ceremony.send(ceremony.ask(subject=uuid4()))) == "subject-unknown"
    async with ceremony.service.client() as client:
        other = await intake.submitted(client)
        nameless = await intake.submitted(client, intake.a_grievance("anonymous"))
    officer = ceremony.actors.case_officer
    for made, names in ((other, 1), (nameless, 0)):
        case_id = await intake.case_called(officer, made["reference"])
        listed = (await officer.get(f"/v1/cases/{case_id}/identities")).json()["items"]
        assert len(listed) == names
        for one in listed:
            assert problem(await ceremony.send(ceremony.ask(subject=UUID(one["id"])))) == "subject-unknown"
    async with ceremony.service.runtime.database.session(write=False) as session:
        everyone = {one.id: one.row.case_id for one in await intake.identities_in(session)}
    (dummy,) = (one for one, of in everyone.items() if of == UUID(case_id))
    asking = ceremony.ask(officer, case=UUID(case_id), subject=dummy)
    answer = await officer.post(f"/v1/cases/{case_id}/openings", json=asking.body())
    assert problem(answer) == "subject-unknown"


async def test_an_identity_that_is_erased_while_a_request_stands_answers_so_to_everybody(ceremony: Ceremony) -> None:
    asking = await ceremony.asked()
    case = f"/v1/cases/{ceremony.case_id}"
    officer = ceremony.actors.case_officer
    erased = await officer.post(
        f"{case}/identities/{ceremony.identity_id}/erasure", json={"reason": "They asked for it."}
    )
    assert erased.status_code == 200, erased.text
    custodian = ceremony.actors.custodian
    assert problem(await custodian.get(f"/v1/openings/{asking.request.id}")) == "identity-erased"
    assert problem(await ceremony.send(ceremony.ask(officer), officer)) == "identity-erased"


async def test_an_erased_identity_is_neither_asked_for_nor_released(ceremony: Ceremony, clock: Clock) -> None:
    asking = await ceremony.asked()
    await ceremony.approved(asking, by=2)
    await ceremony.later(clock, 24)
    key = erasure.path_of(ceremony.service.runtime.settings.erasure_folder, ceremony.identity_id)
    kept = key.read_bytes()
    key.unlink()
    try:
        assert problem(await ceremony.fetch(asking)) == "identity-erased"
        officer = ceremony.actors.case_officer
        await officer.sign_in()
        assert problem(await ceremony.send(ceremony.ask(officer), officer)) == "identity-erased"
    finally:
        key.write_bytes(kept)


async def test_a_release_counts_for_the_request_that_it_was_made_for_and_for_no_other(
    ceremony: Ceremony, clock: Clock
) -> None:
    first = await ceremony.asked()
    second = await ceremony.asked(ceremony.actors.case_officer)
    custodian = ceremony.custodians[0]
    given = custodian.approval(await custodian.read(first.request.id))
    replayed = await custodian.send_approval(second.request.id, given)
    assert (problem(replayed), replayed.json()["errors"][0]["pointer"]) == ("invalid-input", "/release")
    release = unb64(given["release"])
    renamed = release[:7] + hpke.key_id(second.request.key) + release[15:]
    body = {"release": spell(renamed), "signature": given["signature"]}
    assert problem(await custodian.send_approval(second.request.id, body)) == "answer-not-signed"
    of = sharing_of((await custodian.read(first.request.id))["sharing"])
    digest = openings.request_digest(second.signed)
    with pytest.raises(SealBroken):
        identity.open_release(hpke.PrivateKey(first.seed), of, custodian.id, digest, release)


async def test_an_answer_counts_only_with_the_custodians_own_signature(ceremony: Ceremony) -> None:
    asking = await ceremony.asked()
    first, second, _ = ceremony.custodians
    theirs = second.approval(await second.read(asking.request.id))
    assert problem(await first.send_approval(asking.request.id, theirs)) == "answer-not-signed"
    own = first.approval(await first.read(asking.request.id))
    swapped = {"release": own["release"], "signature": theirs["signature"]}
    assert problem(await first.send_approval(asking.request.id, swapped)) == "answer-not-signed"
    as_refusal = {"reason_sealed": own["release"], "signature": own["signature"]}
    refused = await first.actor.post(f"/v1/openings/{asking.request.id}/refusal", json=as_refusal)
    assert problem(refused) == "answer-not-signed"
    assert problem(await first.send_approval(asking.request.id, own)) == ""


async def test_an_approval_counts_only_under_the_sharing_that_the_service_has(ceremony: Ceremony, clock: Clock) -> None:
    """Were another sharing signed, or shown, nobody could tell afterwards whether service or custodian lied."""
    asking = await ceremony.asked()
    first, second, third = ceremony.custodians
    signed, _ = first.judge(shown := await first.read(asking.request.id))
    of, release = sharing_of(shown["sharing"]), unb64(first.approval(shown)["release"])
    other = replace(of, commitments=(bytes(32), *of.commitments[1:]))
    refused = await first.send_approval(asking.request.id, first.signed_release(signed, other, release))
    assert problem(refused) == "answer-not-signed"
    for custodian in (second, third):
        assert (await custodian.approve(asking.request.id)).status_code == 201
    async with ceremony.service.runtime.database.session(write=True) as session:
        row = await session.get_one(SealedIdentity, (ceremony.organisation_id, ceremony.identity_id))
        row.commitments = b"".join(other.commitments)
    await ceremony.later(clock, 24)
    answer = await ceremony.fetch(asking)
    assert (problem(answer), answer.json()["approvals"]) == ("approvals-missing", 0)


@pytest.mark.parametrize("cut", [0, 1, 33, 34])
async def test_a_share_that_was_cut_off_or_lengthened_is_refused(ceremony: Ceremony, cut: int) -> None:
    asking = await ceremony.asked()
    custodian = ceremony.custodians[0]
    signed, _ = custodian.judge(shown := await custodian.read(asking.request.id))
    release = unb64(custodian.approval(shown)["release"])
    spoilt = release[:-cut] if cut else release + b"\0"
    answer = await custodian.send_approval(
        asking.request.id, custodian.signed_release(signed, sharing_of(shown["sharing"]), spoilt)
    )
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/release")


async def test_an_approval_that_somebody_wrote_into_the_database_does_not_count(
    ceremony: Ceremony, clock: Clock
) -> None:
    asking = await ceremony.asked()
    await ceremony.approved(asking, by=1)
    second = ceremony.custodians[1]
    async with ceremony.service.runtime.database.session(write=True) as session:
        session.add(
            OpeningAnswer(
                organisation_id=ceremony.organisation_id, case_id=ceremony.case_id, opening_id=asking.request.id,
                custodian_id=second.id, account_id=second.actor.account_id, kind=AnswerKind.APPROVAL,
                content=b"a share", signature=bytes(64), answered_at=FROZEN, is_false=False,
            )
        )  # fmt: skip
    await ceremony.later(clock, 24)
    assert problem(await ceremony.fetch(asking)) == "approvals-missing"


async def test_a_paper_of_another_request_does_not_open_as_this_one(ceremony: Ceremony) -> None:
    """Whoever writes to the database cannot show a custodian the reason of another request."""
    first = await ceremony.asked()
    second = await ceremony.asked(ceremony.actors.case_officer)
    custodian = ceremony.custodians[0]
    other = await custodian.read(second.request.id)
    with pytest.raises(SealBroken):
        custodian.judge({**await custodian.read(first.request.id), "paper": other["paper"]})


async def test_a_paper_that_was_altered_is_reported_and_not_shown(ceremony: Ceremony) -> None:
    asking = await ceremony.asked()
    async with ceremony.service.runtime.database.session(write=True) as session:
        of_it = (OpeningPaper.opening_id == asking.request.id, OpeningPaper.custodian_id.is_(None))
        for paper in await session.scalars(select(OpeningPaper).where(*of_it)):
            kept = paper.paper or b""
            paper.paper = kept[:-1] + bytes([kept[-1] ^ 1])
    answer = await ceremony.actors.reviewer.get(f"{ceremony.url}/openings")
    assert problem(answer) == "sealed-content-broken"
