"""Answers of another format or suite, and people of another organisation, have no part in an opening."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.accounts import service as accounts
from app.crypto import openings
from app.kernel.octets import spell
from app.kernel.sealed import OpenKeys, open_keys
from app.policy.actors import Role
from app.vault.opening_models import Opening, OpeningAnswer, OpeningPaper
from tests.builders.accounts import activated, signed_in
from tests.builders.custody import sharing_of
from tests.builders.manifests import unb64
from tests.builders.openings import Ceremony, problem
from tests.builders.unchanged import unchanged

Edit = Callable[[bytes], bytes]
EDITS: dict[str, Edit] = {
    "another format": lambda sealed: b"\xff" + sealed[1:],
    "an unknown key encapsulation": lambda sealed: sealed[:1] + b"\xff\xff" + sealed[3:],
    "an unknown derivation": lambda sealed: sealed[:3] + b"\xff\xff" + sealed[5:],
    "an unknown cipher": lambda sealed: sealed[:5] + b"\xff\xff" + sealed[7:],
    "another key": lambda sealed: sealed[:7] + bytes(8) + sealed[15:],
    "no header": lambda sealed: sealed[15:] + bytes(15),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
async def test_an_answer_of_another_suite_format_or_key_is_refused_though_its_custodian_signed_it(
    ceremony: Ceremony, edit: Edit
) -> None:
    asking = await ceremony.asked()
    custodian = ceremony.custodians[0]
    signed, request = custodian.judge(shown := await custodian.read(asking.request.id))
    digest = openings.request_digest(signed)
    reason = edit(openings.seal_refusal_reason(request.key, digest, custodian.id, "No vital interest."))
    refusal = {
        "reason_sealed": spell(reason),
        "signature": spell(openings.sign_refusal(custodian.signing_seed, digest, custodian.id, reason)),
    }
    of, release = sharing_of(shown["sharing"]), unb64(custodian.approval(shown)["release"])
    approval = custodian.signed_release(signed, of, edit(release))
    async with unchanged(ceremony.service):
        for answer, field in (
            (await custodian.send_approval(asking.request.id, approval), "/release"),
            (await custodian.actor.post(f"/v1/openings/{asking.request.id}/refusal", json=refusal), "/reason_sealed"),
        ):
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, field)
    assert problem(await custodian.approve(asking.request.id)) == ""


async def test_for_who_has_every_role_in_another_organisation_there_is_no_opening(ceremony: Ceremony) -> None:
    asking = await ceremony.asked()
    service, custodian = ceremony.service, ceremony.custodians[0]
    token = open_keys.set(OpenKeys(service.runtime.keys))
    async with service.runtime.database.session(write=True) as session:
        other = await accounts.found_organisation(session, "Another Council")
        _, password = await accounts.invite(session, service.runtime.keys, other.id, "stranger", "S", list(Role))
    open_keys.reset(token)
    before = await kept(ceremony)
    approval = custodian.approval(await custodian.read(asking.request.id))
    async with service.client() as stranger:
        secret = await activated(stranger, {"username": "stranger", "one_time_password": password})
        await signed_in(stranger, "stranger", "blue tram over the Itchen", secret)
        asked, of_case = f"/v1/openings/{asking.request.id}", f"{ceremony.url}/openings"
        answers = [
            await stranger.get(asked),
            await stranger.post(f"{asked}/shares", json=approval),
            await stranger.get(of_case),
            await stranger.post(of_case, json=asking.body()),
            await stranger.get(f"{of_case}/{asking.request.id}/releases"),
            await stranger.post(f"{of_case}/{asking.request.id}/outcome", json={"opened": True}),
            await stranger.post(f"{of_case}/{asking.request.id}/withholding", json={"reason": "I say so."}),
            await stranger.get(f"{ceremony.url}/identities"),
            await stranger.get(f"{ceremony.url}/key-escrow"),
        ]
        assert [answer.status_code for answer in answers] == [404] * len(answers)
        assert (await stranger.get("/v1/openings")).json()["items"] == []
    assert await kept(ceremony) == before


async def kept(ceremony: Ceremony) -> list[dict[str, object]]:
    """Return every row of every opening."""
    found: list[dict[str, object]] = []
    async with ceremony.service.runtime.database.session(write=False) as session:
        for model in (Opening, OpeningPaper, OpeningAnswer):
            found += [dict(row) for row in (await session.execute(select(model.__table__))).mappings()]
    return found
