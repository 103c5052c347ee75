"""An identity is opened by enough custodians together, for who asked, until the request ends; and the record says so."""

import json

import pytest
from sqlalchemy import delete, select

from app.cases.models import CaseKeyEscrow, CaseKeyShare
from app.crypto import hpke, identity, openings
from app.crypto.errors import LyingCustodian
from app.kernel.db import table_of
from app.vault.opening_models import OpeningAnswer, OpeningPaper
from tests.builders import intake
from tests.builders.cases import OpenFile, events_of, faults_of
from tests.builders.custody import sharing_of
from tests.builders.manifests import CustodianSide, unb64
from tests.builders.openings import LEGAL_BASIS, REASON, Ceremony, problem
from tests.conftest import Clock


def file_of(ceremony: Ceremony) -> OpenFile:
    """The case as the builders of cases want it."""
    return OpenFile(ceremony.case_id, "", ceremony.organisation_id, ceremony.url)


async def test_two_of_three_custodians_open_an_identity_for_who_asked(ceremony: Ceremony, clock: Clock) -> None:
    asking = await ceremony.asked()
    await ceremony.approved(asking, by=2)
    await ceremony.later(clock, 24)
    answer = await ceremony.fetch(asking)
    assert answer.status_code == 200, answer.text
    assert json.loads(asking.combine(answer.json(), ceremony.manifest)) == intake.IDENTITY
    assert (await ceremony.outcome(asking, opened=True)).json()["state"] == "opened"


async def test_every_step_is_in_the_log_and_the_log_verifies(ceremony: Ceremony, clock: Clock) -> None:
    asking = await ceremony.asked()
    await ceremony.approved(asking, by=2)
    assert (await ceremony.custodians[2].refuse(asking.request.id)).status_code == 201
    await ceremony.later(clock, 24)
    await ceremony.fetch(asking)
    await ceremony.outcome(asking, opened=True)
    assert await faults_of(ceremony.service, file_of(ceremony)) == []
    events = await events_of(ceremony.service, file_of(ceremony))
    assert [event for event in events if event.startswith("opening.")] == [
        "opening.requested", "opening.approved", "opening.approved", "opening.declined", "opening.released",
        "opening.opened",
    ]  # fmt: skip
    assert events.count("read.read_asked_opening") == 3
    assert "read.read_releases" in events


async def test_what_custodians_are_shown_is_enough_to_judge_and_holds_the_reason_for_them_alone(
    ceremony: Ceremony,
) -> None:
    asking = await ceremony.asked()
    (listed,) = await ceremony.custodians[0].list()
    shown = await ceremony.custodians[0].read(asking.request.id)
    _, request = ceremony.custodians[0].judge(shown)
    assert (request.reason, request.legal_basis, request.key) == (REASON, LEGAL_BASIS, asking.request.key)
    assert listed == {
        "id": str(asking.request.id), "purpose": "identity", "channel": ceremony.manifest.slug, "state": "requested",
        "threshold": 2, "expires_at": "2026-03-05T09:00:00Z", "my_answer": None,
    }  # fmt: skip
    assert REASON not in json.dumps(shown) + json.dumps(listed)


async def test_who_works_the_case_reads_the_reason_as_it_was_signed(ceremony: Ceremony) -> None:
    asking = await ceremony.asked()
    for name in ("investigator", "case_officer", "reviewer", "assistant"):
        seen = await ceremony.listed(asking, getattr(ceremony.actors, name))
        assert (seen["reason"], seen["legal_basis"]) == (REASON, LEGAL_BASIS)
        assert unb64(seen["document"]) == asking.signed.document
    late = ceremony.actors.other_reviewer
    body = {"account_id": str(late.account_id), "capacity": "reviewer"}
    await ceremony.actors.case_officer.post(f"{ceremony.url}/appointments", json=body)
    assert (await ceremony.listed(asking, late))["reason"] is None


async def test_one_approval_too_few_gives_nothing(ceremony: Ceremony, clock: Clock) -> None:
    asking = await ceremony.asked()
    await ceremony.approved(asking, by=1)
    await ceremony.later(clock, 24)
    answer = await ceremony.fetch(asking)
    assert problem(answer) == "approvals-missing"
    assert (answer.json()["approvals"], answer.json()["threshold"]) == (1, 2)
    assert (await ceremony.listed(asking))["state"] == "requested"


async def test_only_who_asked_is_given_the_shares(ceremony: Ceremony, clock: Clock) -> None:
    asking = await ceremony.asked()
    await ceremony.approved(asking, by=2)
    await ceremony.later(clock, 24)
    for name, refusal in {
        "case_officer": "request-of-another", "reviewer": "not-allowed", "assistant": "not-allowed",
    }.items():  # fmt: skip
        actor = getattr(ceremony.actors, name)
        await actor.sign_in()
        assert problem(await ceremony.fetch(asking, actor)) == refusal
    assert problem(await ceremony.fetch(asking, ceremony.custodians[0].actor)) == "not-found"
    done = await ceremony.actors.case_officer.post(
        f"{ceremony.url}/openings/{asking.request.id}/outcome", json={"opened": True}
    )
    assert problem(done) == "request-of-another"


async def test_past_its_end_a_request_gives_nothing_out_also_of_what_was_approved(
    ceremony: Ceremony, clock: Clock
) -> None:
    asking = await ceremony.asked()
    await ceremony.approved(asking, by=2)
    shown = await ceremony.custodians[2].read(asking.request.id)
    await ceremony.later(clock, 72)
    assert problem(await ceremony.fetch(asking)) == "opening-expired"
    late = ceremony.custodians[2]
    assert problem(await late.send_approval(asking.request.id, late.approval(shown))) == "opening-expired"
    assert problem(await late.actor.get(f"/v1/openings/{asking.request.id}")) == "opening-expired"
    assert await late.list() == []
    assert (await ceremony.listed(asking))["state"] == "expired"


async def test_what_was_given_out_is_told_as_such_for_ever_though_its_requester_says_nothing(
    ceremony: Ceremony, clock: Clock
) -> None:
    asking = await ceremony.asked()
    await ceremony.approved(asking, by=2)
    await ceremony.later(clock, 24)
    assert problem(await ceremony.fetch(asking)) == ""
    await ceremony.later(clock, 48)
    assert problem(await ceremony.fetch(asking)) == "opening-expired"
    assert (await ceremony.listed(asking))["state"] == "released"
    (item,) = (await ceremony.inbox())["openings"]["items"]
    assert item["state"] == "released"
    assert (await ceremony.outcome(asking, opened=True)).json()["state"] == "opened"


async def test_a_refusal_after_the_release_does_not_make_it_undone(ceremony: Ceremony, clock: Clock) -> None:
    asking = await ceremony.asked()
    await ceremony.approved(asking, by=2)
    await ceremony.later(clock, 24)
    assert problem(await ceremony.fetch(asking)) == ""
    wall = {"account_id": str(ceremony.custodians[0].actor.account_id), "reason": "They are named."}
    assert (await ceremony.actors.investigator.get(ceremony.url)).status_code == 200
    await ceremony.actors.case_officer.sign_in()
    assert (await ceremony.actors.case_officer.post(f"{ceremony.url}/walls", json=wall)).status_code == 201
    assert (await ceremony.custodians[2].refuse(asking.request.id)).json()["state"] == "released"
    assert (await ceremony.inbox())["openings"]["items"][0]["state"] == "released"
    assert (await ceremony.outcome(asking, opened=True)).json()["state"] == "opened"


@pytest.mark.parametrize("by", ["the next request", "the housekeeping"])
async def test_past_its_end_papers_and_shares_are_emptied_and_who_asked_why_stays(
    ceremony: Ceremony, clock: Clock, by: str
) -> None:
    asking = await ceremony.asked()
    await ceremony.approved(asking, by=2)
    await ceremony.later(clock, 72)
    if by == "the next request":
        await ceremony.asked()
    else:
        await ceremony.keep_house()
    async with ceremony.service.runtime.database.session(write=False) as session:
        of_it = OpeningPaper.opening_id == asking.request.id
        papers = list(await session.scalars(select(OpeningPaper).where(of_it)))
        answers = list(
            await session.scalars(select(OpeningAnswer).where(OpeningAnswer.opening_id == asking.request.id))
        )
    assert {paper.paper is None for paper in papers if paper.custodian_id is not None} == {True}
    assert [(answer.kind, answer.content) for answer in answers] == [("approval", None)] * 2
    assert (await ceremony.listed(asking))["reason"] == REASON
    assert await faults_of(ceremony.service, file_of(ceremony)) == []
    assert problem(await ceremony.custodians[0].actor.get(f"/v1/openings/{asking.request.id}")) == "opening-expired"


async def test_a_request_is_refused_once_too_few_are_left_to_approve(ceremony: Ceremony) -> None:
    asking = await ceremony.asked()
    first, second, third = ceremony.custodians
    shown = await third.read(asking.request.id)
    assert (await first.refuse(asking.request.id)).json() == {"state": "requested", "my_answer": "refusal"}
    assert (await second.refuse(asking.request.id)).json() == {"state": "refused", "my_answer": "refusal"}
    assert problem(await third.send_approval(asking.request.id, third.approval(shown))) == "opening-over"
    assert problem(await ceremony.fetch(asking)) == "opening-over"
    seen = await ceremony.listed(asking)
    assert (seen["state"], seen["refusals"], seen["approvals"]) == ("refused", 2, 0)


async def test_who_asked_reads_why_a_custodian_refused_and_the_service_does_not(
    ceremony: Ceremony, clock: Clock
) -> None:
    asking = await ceremony.asked()
    await ceremony.approved(asking, by=2)
    assert (await ceremony.custodians[2].refuse(asking.request.id, "There are milder means.")).status_code == 201
    await ceremony.later(clock, 24)
    (refusal,) = (await ceremony.fetch(asking)).json()["refusals"]
    digest = openings.request_digest(asking.signed)
    reason = openings.open_refusal_reason(
        hpke.PrivateKey(asking.seed), digest, ceremony.custodians[2].id, unb64(refusal["reason_sealed"])
    )
    assert reason == "There are milder means."


async def test_a_custodian_answers_once(ceremony: Ceremony) -> None:
    asking = await ceremony.asked()
    first = ceremony.custodians[0]
    assert (await first.approve(asking.request.id)).json() == {"state": "requested", "my_answer": "approval"}
    assert problem(await first.approve(asking.request.id)) == "answered-already"
    assert problem(await first.refuse(asking.request.id)) == "answered-already"
    assert (await first.list())[0]["my_answer"] == "approval"


def lying_release(custodian: CustodianSide, shown: dict[str, object]) -> dict[str, str]:
    """A signed release of pieces that nobody dealt."""
    signed, request = custodian.judge(shown)
    of = sharing_of(shown["sharing"])  # type: ignore[arg-type]
    pieces = {number: bytes([number]) * 32 for number in of.held[custodian.id]}
    digest = openings.request_digest(signed)
    return custodian.signed_release(signed, of, identity.release_share(pieces, of, custodian.id, digest, request.key))


async def test_a_custodian_who_lies_is_named_and_the_others_open_without_them(ceremony: Ceremony, clock: Clock) -> None:
    asking = await ceremony.asked()
    liar, *honest = ceremony.custodians
    body = lying_release(liar, await liar.read(asking.request.id))
    assert (await liar.send_approval(asking.request.id, body)).status_code == 201
    for custodian in honest:
        assert (await custodian.approve(asking.request.id)).status_code == 201
    await ceremony.later(clock, 24)
    shown = (await ceremony.fetch(asking)).json()
    with pytest.raises(LyingCustodian) as found:
        asking.combine(shown, ceremony.manifest)
    assert found.value.custodian_ids == {liar.id}
    opened = asking.combine(shown, ceremony.manifest, [one.id for one in honest])
    assert json.loads(opened) == intake.IDENTITY
    recorded = await ceremony.outcome(asking, opened=True, liars=[str(liar.id)])
    assert recorded.json()["liars"] == [str(liar.id)]
    assert (await ceremony.listed(asking))["liars"] == [str(liar.id)]
    assert await faults_of(ceremony.service, file_of(ceremony)) == []


async def test_a_custodian_who_lies_is_named_while_the_others_may_still_approve(
    ceremony: Ceremony, clock: Clock
) -> None:
    asking = await ceremony.asked()
    liar, second, third = ceremony.custodians
    body = lying_release(liar, await liar.read(asking.request.id))
    assert (await liar.send_approval(asking.request.id, body)).status_code == 201
    assert (await second.approve(asking.request.id)).status_code == 201
    await ceremony.later(clock, 24)
    await ceremony.fetch(asking)
    named = (await ceremony.outcome(asking, opened=None, liars=[str(liar.id)])).json()
    assert (named["state"], named["liars"]) == ("released", [str(liar.id)])
    assert (await third.approve(asking.request.id)).status_code == 201
    shown = (await ceremony.fetch(asking)).json()
    opened = asking.combine(shown, ceremony.manifest, [second.id, third.id])
    assert json.loads(opened) == intake.IDENTITY
    recorded = (await ceremony.outcome(asking, opened=True, liars=[str(liar.id)])).json()
    assert (recorded["state"], recorded["liars"]) == ("opened", [str(liar.id)])
    assert await faults_of(ceremony.service, file_of(ceremony)) == []


async def test_nobody_is_named_a_liar_who_released_nothing(ceremony: Ceremony, clock: Clock) -> None:
    asking = await ceremony.asked()
    assert problem(await ceremony.outcome(asking, opened=False)) == "opening-over"
    await ceremony.approved(asking, by=2)
    await ceremony.later(clock, 24)
    await ceremony.fetch(asking)
    named = await ceremony.outcome(asking, opened=False, liars=[str(ceremony.custodians[2].id)])
    assert named.json()["errors"][0]["pointer"] == "/liars/0"
    assert (await ceremony.outcome(asking, opened=False)).json()["state"] == "failed"
    assert problem(await ceremony.outcome(asking, opened=True)) == "opening-over"
    assert problem(await ceremony.fetch(asking)) == "opening-over"


async def test_more_custodians_may_approve_after_the_first_release(ceremony: Ceremony, clock: Clock) -> None:
    asking = await ceremony.asked()
    await ceremony.approved(asking, by=2)
    await ceremony.later(clock, 24)
    assert len((await ceremony.fetch(asking)).json()["releases"]) == 2
    assert (await ceremony.custodians[2].approve(asking.request.id)).json()["state"] == "released"
    assert len((await ceremony.fetch(asking)).json()["releases"]) == 3


async def test_one_request_of_one_person_stands_at_a_time(ceremony: Ceremony, clock: Clock) -> None:
    await ceremony.asked()
    assert problem(await ceremony.send(ceremony.ask())) == "opening-stands"
    await ceremony.asked(ceremony.actors.case_officer)
    await ceremony.later(clock, 72)
    await ceremony.asked()


async def test_a_document_is_used_once(ceremony: Ceremony, clock: Clock) -> None:
    asking = await ceremony.asked()
    assert problem(await ceremony.send(asking)) == "opening-known"


async def test_a_repeated_request_with_its_idempotency_key_gets_the_same_answer(ceremony: Ceremony) -> None:
    asking, headers = ceremony.ask(), {"Idempotency-Key": "a-fresh-random-key-0001"}
    path = f"{ceremony.url}/openings"
    first = await ceremony.actors.investigator.post(path, json=asking.body(), headers=headers)
    again = await ceremony.actors.investigator.post(path, json=asking.body(), headers=headers)
    assert (first.status_code, first.content) == (again.status_code, again.content) == (201, first.content)


async def test_the_case_counts_how_often_an_identity_was_asked_for(ceremony: Ceremony) -> None:
    path = f"{ceremony.url}/identities"
    (before,) = (await ceremony.actors.reviewer.get(path)).json()["items"]
    await ceremony.asked()
    (after,) = (await ceremony.actors.reviewer.get(path)).json()["items"]
    assert before == {
        "id": str(ceremony.identity_id), "of": "reporter", "threshold": 2, "openings": 0, "erased_on": None,
        "custodians": sorted(str(one.id) for one in ceremony.custodians),
    }  # fmt: skip
    assert after == {**before, "openings": 1}


async def test_an_opening_asked_for_as_the_first_act_on_an_undealt_case_is_under_a_key_that_was_granted(
    ceremony: Ceremony,
) -> None:
    """The act lets its transaction go and begins another: the key that the first one made is nobody's."""
    shares, escrows = table_of(CaseKeyShare), table_of(CaseKeyEscrow)
    async with ceremony.service.runtime.database.session(write=True) as session:
        await session.execute(delete(shares))
        await session.execute(delete(escrows).where(escrows.c.case_id == ceremony.case_id))
    investigator = ceremony.actors.investigator
    await ceremony.asked()
    await ceremony.service.runtime.background.settled()
    key = (await investigator.get(f"{ceremony.url}/key")).json()
    assert (key["version"], key["is_complete"], key["is_recoverable"]) == (2, True, True)
    assert (await investigator.get(f"{ceremony.url}/openings")).status_code == 200
    assert (await ceremony.inbox())["narrative"]
