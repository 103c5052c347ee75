"""Custodians change while something is asked for, and case keys are handed over as identities are."""

import json
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from app.cases.models import CaseKeyEscrow
from app.vault.resharing_models import ResharingAcceptance, ResharingBox, ResharingDeal
from tests.builders import cases, custody, intake, recoveries
from tests.builders.accounts import problem_of, put_roles
from tests.builders.custody import Holder
from tests.builders.manifests import CustodianSide, publish
from tests.builders.openings import Ceremony
from tests.conftest import Actor, Clock
from tests.openings.test_key_recovery import file_of, forgotten, turn_the_key


def holders_of(ceremony: Ceremony) -> list[Holder]:
    """Return the custodians as those who hold shares."""
    return [
        Holder(one.id, one.actor, entry.label, one.sealing_seed, one.signing_seed)
        for one, entry in zip(ceremony.custodians, ceremony.manifest.custodians, strict=True)
    ]


async def handed_over(ceremony: Ceremony) -> tuple[list[Holder], list[Holder]]:
    """Return the old and the new custodians: a second manifest is in force, the third has left, a fourth has joined."""
    old = holders_of(ceremony)
    await put_roles(ceremony.actors.administrator, ceremony.actors.staff.account_id, "custodian")
    new = [*old[:2], custody.joining(ceremony.actors.staff, "Ombudsperson")]
    entries = tuple(one.entry() for one in new)
    following = replace(ceremony.manifest, epoch=2, previous=ceremony.digest, custodians=entries)
    ceremony.digest = await publish(ceremony.service, following, ceremony.root_seed)
    return old, new


def stand(ceremony: Ceremony, holders: list[Holder]) -> None:
    """From now on these are the custodians of the ceremony, under the second manifest."""
    entries = tuple(one.entry() for one in holders)
    ceremony.manifest = replace(ceremony.manifest, epoch=2, previous=b"\0" * 32, custodians=entries)
    ceremony.custodians = [
        CustodianSide(one.actor, one.id, one.sealing_seed, one.signing_seed, ceremony.manifest) for one in holders
    ]


async def recovered(ceremony: Ceremony, somebody: Actor) -> None:
    """Somebody reads the case again, by the first two custodians."""
    asking = await recoveries.asked(ceremony, somebody)
    await ceremony.approved(asking, by=2)
    key = asking.combine((await recoveries.fetch(ceremony, somebody, asking)).json(), ceremony.manifest)
    assert (await recoveries.grant(ceremony, somebody, key)).status_code == 204
    await cases.read(somebody, file_of(ceremony))


async def test_a_case_key_is_shared_anew_and_recovered_by_one_who_joined_and_one_who_stayed(ceremony: Ceremony) -> None:
    old, new = await handed_over(ceremony)
    state = await custody.custody_of(ceremony.actors.administrator)
    assert (state["subjects"], state["shares_due"]) == ({"identities": 1, "case_keys": 1}, 6)
    (share,) = await custody.shares_of(old[0], kind="case_key")
    await custody.reshared(old, new, share["subject_id"], "case_key")
    state = await custody.custody_of(ceremony.actors.administrator)
    assert (state["shares_due"], state["usable_at_least"]) == (3, 2)
    assert await custody.shares_of(old[2], kind="case_key") == []
    assert await custody.faults(ceremony.service) == []
    stand(ceremony, new[::-1])
    await recovered(ceremony, await forgotten(ceremony))


async def test_a_custodian_seals_their_share_of_a_case_key_to_a_new_key(ceremony: Ceremony) -> None:
    old = holders_of(ceremony)
    changed = old[0].with_a_new_key()
    entries = (changed.entry(), *ceremony.manifest.custodians[1:])
    following = replace(ceremony.manifest, epoch=2, previous=ceremony.digest, custodians=entries)
    ceremony.digest = await publish(ceremony.service, following, ceremony.root_seed)
    (share,) = await custody.shares_of(changed, kind="case_key")
    sealed = custody.sealed_anew(old[0], changed, share)
    answer = await custody.put_share(changed, "case_key", share["subject_id"], sealed)
    assert answer.status_code == 204, answer.text
    assert [one["is_current"] for one in await custody.shares_of(changed, kind="case_key")] == [True]
    stand(ceremony, [changed, *old[1:]])
    await recovered(ceremony, await forgotten(ceremony))


@pytest.mark.parametrize("kind", ["identity", "case_key"])
async def test_new_shares_stand_in_place_of_the_old_only_once_no_request_stands(
    ceremony: Ceremony, clock: Clock, kind: str
) -> None:
    """What was approved is of the old sharing: were it exchanged meanwhile, approvals would no more fit each other."""
    somebody = await forgotten(ceremony) if kind == "case_key" else ceremony.actors.investigator
    asking = await (recoveries.asked(ceremony, somebody) if kind == "case_key" else ceremony.asked())
    await ceremony.approved(asking, by=1)
    old, new = await handed_over(ceremony)
    subject = str(asking.request.subject)
    await custody.deal_all(old, subject, kind)
    await custody.accept_all(new, subject, kind)
    await custody.finish_all(new[:2], subject, kind)
    last = new[2]
    share = custody.new_share(last, await custody.resharing_of(last, subject, kind))
    refused = await custody.post_new_share(last, subject, share, kind)
    assert problem_of(refused) == (409, "opening-under-way")
    assert refused.json()["until"].startswith("2026-03-05T09:00")
    assert (await ceremony.custodians[1].approve(asking.request.id)).status_code == 201
    await ceremony.later(clock, 24)
    fetched = await (recoveries.fetch(ceremony, somebody, asking) if kind == "case_key" else ceremony.fetch(asking))
    found = asking.combine(fetched.json(), ceremony.manifest)
    assert len(found) == 32 if kind == "case_key" else json.loads(found) == intake.IDENTITY
    await ceremony.later(clock, 48, last.actor)
    assert (await custody.post_new_share(last, subject, share, kind)).status_code == 204
    assert await custody.faults(ceremony.service) == []


async def test_a_request_whose_outcome_is_recorded_keeps_no_custodian_waiting(ceremony: Ceremony) -> None:
    somebody = await forgotten(ceremony)
    asking = await recoveries.asked(ceremony, somebody)
    await ceremony.approved(asking, by=2)
    await recoveries.fetch(ceremony, somebody, asking)
    url = f"{ceremony.url}/key-recoveries/{asking.request.id}/outcome"
    assert (await somebody.post(url, json={"opened": True})).status_code == 200
    old, new = await handed_over(ceremony)
    await custody.reshared(old, new, str(asking.request.subject), "case_key")


async def test_what_is_left_of_the_re_sharing_of_an_older_key_goes_with_the_older_key(ceremony: Ceremony) -> None:
    old, new = await handed_over(ceremony)
    (share,) = await custody.shares_of(old[0], kind="case_key")
    await custody.deal_all(old, share["subject_id"], "case_key")
    await custody.accept_all(new[:1], share["subject_id"], "case_key")
    await turn_the_key(ceremony)
    answer = await custody.post_acceptance(
        new[1], share["subject_id"], {"commitments": [], "signature": ""}, "case_key"
    )
    assert answer.status_code in {404, 422}
    await ceremony.service.runtime.background.settled()
    async with ceremony.service.runtime.database.session(write=False) as session:
        assert (await session.scalars(select(CaseKeyEscrow.key_version))).all() == [2]
        for table in (ResharingDeal, ResharingBox, ResharingAcceptance):
            assert (await session.scalars(select(table.id))).all() == []
    assert [UUID(one["subject_id"]) for one in await custody.shares_of(new[2], kind="case_key")] != []
    assert await custody.faults(ceremony.service) == []
