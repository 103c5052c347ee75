"""A custodian keeps their own shares, and nobody keeps them for them."""

import logging
from dataclasses import replace
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import update

from app.crypto import hpke, identity
from app.crypto.errors import SealBroken
from app.custodianship.custody import watch
from app.intake.models import Channel
from app.kernel.db import table_of
from app.kernel.sealed import OpenKeys, open_keys
from tests.builders import custody, intake
from tests.builders.accounts import events, problem_of, put_roles
from tests.builders.custody import Chain, Holder, a_chain_in_force, joining, put_share, shares_of
from tests.builders.unchanged import unchanged
from tests.conftest import CHANNEL, Actor, Service


@pytest.fixture
async def chain(service: Service, anonymous: httpx.AsyncClient) -> Chain:
    """The chain of the channel, in force, and three identities that were sealed under it."""
    found = await a_chain_in_force(service)
    for _ in range(3):
        await intake.submitted(anonymous)
    return found


async def opened(service: Service, holders: list[Holder]) -> list[object]:
    """Return who every identity is, by these custodians."""
    keys = intake.erasure_keys_in(service.runtime.settings.erasure_folder)
    async with service.runtime.database.session(write=False) as session:
        found = await intake.identities_in(session)
    return [one.open({holder.id: holder.sealing_seed for holder in holders}, keys[one.id]) for one in found]


async def with_a_new_key(actors: SimpleNamespace, chain: Chain) -> tuple[Holder, Holder]:
    """Return the first custodian before and after a manifest gave them a new key."""
    old = chain.holders[0]
    new = old.with_a_new_key()
    await chain.publish(actors, [new, *chain.holders[1:]])
    return old, new


async def test_a_custodian_lists_their_own_shares_and_nobody_elses(chain: Chain) -> None:
    for holder in chain.holders:
        items = await shares_of(holder)
        assert len(items) == len({item["subject_id"] for item in items}) == 3
        for item in items:
            assert item["custodian_id"] == str(holder.id)
            assert item["is_current"]
            assert custody.pieces_of(holder, item)
            with pytest.raises(SealBroken):
                custody.pieces_of(replace(chain.holders[0], id=chain.holders[1].id), item)


async def test_who_is_no_custodian_of_the_channel_finds_nothing(actors: SimpleNamespace, chain: Chain) -> None:
    await put_roles(actors.administrator, actors.staff.account_id, "custodian")
    stranger = joining(actors.staff, "Of no channel")
    item = (await shares_of(chain.holders[0]))[0]
    answer = await actors.staff.get("/v1/custodianship/shares", params={"channel": CHANNEL})
    assert problem_of(answer) == (404, "not-found")
    assert problem_of(await put_share(stranger, "identity", item["subject_id"], b"x")) == (404, "not-found")
    answer = await actors.custodian.get("/v1/custodianship/shares", params={"channel": "elsewhere"})
    assert problem_of(answer) == (404, "not-found")


async def test_before_there_is_a_manifest_shares_wait_for_one(service: Service, actors: SimpleNamespace) -> None:
    answer = await actors.custodian.get("/v1/custodianship/shares", params={"channel": CHANNEL})
    assert problem_of(answer) == (409, "manifest-missing")


async def test_a_share_that_was_sealed_to_a_new_key_opens_with_it_and_no_more_with_the_old(
    service: Service, actors: SimpleNamespace, chain: Chain
) -> None:
    old, new = await with_a_new_key(actors, chain)
    for item in await shares_of(new):
        assert not item["is_current"]
        answer = await put_share(new, item["kind"], item["subject_id"], custody.sealed_anew(old, new, item))
        assert answer.status_code == 204, answer.text
    assert all(item["is_current"] for item in await shares_of(new))
    assert await opened(service, [new, chain.holders[2]]) == [intake.IDENTITY] * 3
    with pytest.raises(SealBroken):
        await opened(service, [old, chain.holders[2]])
    assert await custody.faults(service) == []


async def test_a_stolen_session_without_the_signing_key_neither_replaces_nor_destroys_a_share(
    service: Service, actors: SimpleNamespace, chain: Chain
) -> None:
    old, new = await with_a_new_key(actors, chain)
    item = (await shares_of(new))[0]
    share = custody.sealed_anew(old, new, item)
    garbage = hpke.header(hpke.public_key(new.sealing_seed)).ljust(len(share), b"\0")
    async with unchanged(service):
        thief = replace(new, signing_seed=bytes(32))
        for attempt in (share, garbage):
            answer = await put_share(thief, "identity", item["subject_id"], attempt)
            assert problem_of(answer) == (422, "signature-refused")
        answer = await put_share(new, "identity", item["subject_id"], share, bytes(64))
        assert problem_of(answer) == (422, "signature-refused")


async def test_a_signature_for_another_subject_kind_custodian_or_share_counts_for_none(
    service: Service, actors: SimpleNamespace, chain: Chain
) -> None:
    old, new = await with_a_new_key(actors, chain)
    first, second = (await shares_of(new))[:2]
    share = custody.sealed_anew(old, new, first)
    others = [
        custody.signature_of(new, second["subject_id"], share),
        custody.signature_of(replace(new, id=chain.holders[1].id), first["subject_id"], share),
        custody.signature_of(new, first["subject_id"], share + b"x"),
        custody.signature_of(new, first["subject_id"], share, kind="case_key"),
    ]
    for signature in others:
        answer = await put_share(new, "identity", first["subject_id"], share, signature)
        assert problem_of(answer) == (422, "signature-refused")


async def test_what_cannot_be_the_share_is_refused_by_name_and_changes_nothing(
    service: Service, actors: SimpleNamespace, chain: Chain
) -> None:
    old, new = await with_a_new_key(actors, chain)
    item = (await shares_of(new))[0]
    good = custody.sealed_anew(old, new, item)
    to_the_old_key = identity.seal_share(
        identity.Custodian(old.id, hpke.public_key(old.sealing_seed)),
        custody.sharing_of(item),
        custody.pieces_of(old, item),
    )
    async with unchanged(service):
        unknown_suite = good[:2] + b"\xff" + good[3:]
        for bad in (good[:-1], good + b"\0", to_the_old_key, unknown_suite, b"\2" + good[1:]):
            answer = await put_share(new, "identity", item["subject_id"], bad)
            assert problem_of(answer) == (422, "share-malformed")
        assert problem_of(await put_share(new, "identity", str(uuid4()), good)) == (404, "not-found")
        assert (await put_share(new, "case-note", item["subject_id"], good)).status_code == 422


async def test_a_key_that_a_newer_manifest_replaced_is_refused(actors: SimpleNamespace, chain: Chain) -> None:
    """A stale epoch: the share was sealed, and signed for, with keys that count no more."""
    old, new = await with_a_new_key(actors, chain)
    item = (await shares_of(new))[0]
    share = custody.sealed_anew(old, new, item)
    newer = replace(new.with_a_new_key(), signing_seed=bytes(range(32)))
    await chain.publish(actors, [newer, *chain.holders[1:]])
    assert problem_of(await put_share(new, "identity", item["subject_id"], share)) == (422, "share-malformed")
    again = custody.sealed_anew(old, newer, item)
    signature = custody.signature_of(new, item["subject_id"], again)
    answer = await put_share(newer, "identity", item["subject_id"], again, signature)
    assert problem_of(answer) == (422, "signature-refused")
    assert (await put_share(newer, "identity", item["subject_id"], again)).status_code == 204


async def test_who_left_keeps_no_share_up_to_date(actors: SimpleNamespace, chain: Chain) -> None:
    leaver = chain.holders[0]
    await chain.publish(actors, chain.holders[1:])
    item = (await shares_of(leaver))[0]
    assert not item["is_current"]
    answer = await put_share(leaver, "identity", item["subject_id"], custody.sealed_anew(leaver, leaver, item))
    assert problem_of(answer) == (404, "not-found")


async def test_the_alarm_rises_when_few_shares_can_be_used(
    service: Service, actors: SimpleNamespace, chain: Chain, caplog: pytest.LogCaptureFixture
) -> None:
    fourth, fifth = await more_custodians(actors)
    assert (await custody.custody_of(actors.administrator))["alarm"]  # 2 of 3: one loss, and each is needed
    await chain.publish(actors, [*chain.holders, fourth, fifth])
    state = await custody.custody_of(actors.auditor)
    assert (state["threshold"], state["subjects"], state["usable_at_least"]) == (
        2,
        {"identities": 3, "case_keys": 3},
        3,
    )
    assert (state["shares_due"], state["alarm"]) == (30, True)


async def test_no_alarm_while_there_are_shares_to_spare(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    chain = await a_chain_in_force(service)
    fourth, fifth = await more_custodians(actors)
    caplog.clear()
    before = (await events(service)).count("custody.alarm")
    await chain.publish(actors, [*chain.holders, fourth, fifth])
    await intake.submitted(anonymous)
    state = await custody.custody_of(actors.administrator)
    assert (state["shares_due"], state["usable_at_least"], state["alarm"]) == (0, 5, False)
    assert (await events(service)).count("custody.alarm") == before
    for name in ("custodian", "second_custodian"):
        path = f"/v1/accounts/{getattr(actors, name).account_id}/suspension"
        assert (await actors.administrator.post(path)).status_code == 200
    state = await custody.custody_of(actors.administrator)
    assert [one["is_usable"] for one in state["custodians"]].count(True) == 3
    assert (state["usable_at_least"], state["alarm"]) == (3, True)


async def test_a_new_key_leaves_a_share_due_until_it_is_sealed_to_it(
    service: Service, actors: SimpleNamespace, chain: Chain
) -> None:
    old, new = await with_a_new_key(actors, chain)
    state = await custody.custody_of(actors.administrator)
    assert (state["shares_due"], state["usable_at_least"]) == (6, 2)
    for item in [*await shares_of(new), *await shares_of(new, kind="case_key")]:
        await put_share(new, item["kind"], item["subject_id"], custody.sealed_anew(old, new, item))
    state = await custody.custody_of(actors.administrator)
    assert (state["shares_due"], state["usable_at_least"]) == (0, 3)


async def test_a_manifest_that_brings_the_alarm_is_in_the_log_of_acts_and_told_to_the_operator(
    service: Service, actors: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        await a_chain_in_force(service)
    assert (await events(service))[-2:] == ["manifest.published", "custody.alarm"]
    assert "few usable shares are left" in [record.getMessage() for record in caplog.records]
    assert await custody.faults(service) == []


@pytest.mark.parametrize("act", ["suspension", "reset", "roles"])
async def test_an_act_that_takes_a_custodian_away_and_leaves_the_alarm_is_followed_by_it_in_the_log(
    service: Service, actors: SimpleNamespace, caplog: pytest.LogCaptureFixture, act: str
) -> None:
    account = f"/v1/accounts/{actors.custodian.account_id}"
    with caplog.at_level(logging.ERROR):
        if act == "roles":
            await put_roles(actors.administrator, actors.custodian.account_id, "staff")
        else:
            assert (await actors.administrator.post(f"{account}/{act}")).status_code in {200, 201}
    names = {"suspension": "account.suspended", "reset": "account.reset", "roles": "roles.changed"}
    assert (await events(service))[-2:] == [names[act], "custody.alarm"]
    assert [record.getMessage() for record in caplog.records] == ["few usable shares are left"]
    assert await custody.faults(service) == []


async def test_an_act_on_somebody_who_holds_no_share_is_followed_by_no_alarm(
    service: Service, actors: SimpleNamespace
) -> None:
    assert (await actors.administrator.post(f"/v1/accounts/{actors.hr.account_id}/suspension")).status_code == 200
    assert (await events(service))[-1] == "account.suspended"


async def more_custodians(actors: SimpleNamespace) -> tuple[Holder, Holder]:
    """Return two people who may join."""
    joined: list[Holder] = []
    for name in ("staff", "panel"):
        actor: Actor = getattr(actors, name)
        await put_roles(actors.administrator, actor.account_id, "custodian")
        joined.append(joining(actor, name))
    return joined[0], joined[1]


async def test_housekeeping_tells_the_operator_of_every_channel_in_the_alarm_and_goes_on_past_one_that_was_altered(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    token = open_keys.set(OpenKeys(service.runtime.keys))
    for threshold, line in ((None, "few usable shares are left"), (1, "a channel was altered")):
        caplog.clear()
        async with service.runtime.database.session(write=True) as session:
            if threshold is not None:
                await session.execute(update(table_of(Channel)).values(threshold=threshold))
            await watch(session)
        assert [record.getMessage() for record in caplog.records] == [line]
    open_keys.reset(token)
