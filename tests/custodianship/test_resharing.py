"""Custodians join and leave, and hand over what they hold, without anybody forming the key."""

from itertools import combinations
from types import SimpleNamespace
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from app.crypto import resharing, sharing
from app.crypto.errors import SealBroken
from app.kernel.octets import spell
from app.vault.models import IdentityShare
from app.vault.resharing_models import ResharingAcceptance, ResharingBox, ResharingDeal
from tests import conftest
from tests.builders import custody, intake
from tests.builders.accounts import problem_of
from tests.builders.custody import (
    Chain,
    Holder,
    accept_all,
    acceptance_body,
    deal_all,
    deal_body,
    finish_all,
    post_acceptance,
    post_deal,
    reshared,
    resharing_of,
    resharings_of,
    shares_of,
)
from tests.builders.unchanged import unchanged
from tests.conftest import Service


async def opened(service: Service, holders: list[Holder]) -> object:
    """Return who the identity is, by these custodians."""
    keys = intake.erasure_keys_in(service.runtime.settings.erasure_folder)
    async with service.runtime.database.session(write=False) as session:
        (found,) = await intake.identities_in(session)
    return found.open({holder.id: holder.sealing_seed for holder in holders}, keys[found.id])


async def suspended(actors: SimpleNamespace, holder: Holder) -> None:
    """The account of a custodian is suspended."""
    path = f"/v1/accounts/{holder.actor.account_id}/suspension"
    assert (await actors.administrator.post(path)).status_code == 200


async def test_one_leaves_one_joins_and_any_two_of_the_new_custodians_open(
    service: Service, actors: SimpleNamespace, chain: Chain, subject: str, new: list[Holder]
) -> None:
    assert (await custody.custody_of(actors.administrator))["shares_due"] == 6
    (of_key,) = await shares_of(chain.founders[0], kind="case_key")
    await reshared(chain.founders, new, of_key["subject_id"], "case_key")
    await reshared(chain.founders, new, subject)
    for pair in (new[:2], new[1:], [new[0], new[2]]):
        assert await opened(service, pair) == intake.IDENTITY
    assert [await resharings_of(holder) for holder in new] == [[], [], []]
    state = await custody.custody_of(actors.administrator)
    assert (state["shares_due"], state["usable_at_least"]) == (0, 3)
    assert await custody.faults(service) == []


async def test_the_share_of_a_leaver_and_all_that_was_dealt_are_gone_afterwards(
    service: Service, chain: Chain, subject: str, new: list[Holder]
) -> None:
    await reshared(chain.founders, new, subject)
    assert await shares_of(chain.founders[2]) == []
    async with service.runtime.database.session(write=False) as session:
        holders = set((await session.execute(select(IdentityShare.custodian_id))).scalars())
        assert holders == {holder.id for holder in new}
        for table in (ResharingDeal, ResharingBox, ResharingAcceptance):
            assert (await session.execute(select(table))).all() == []


async def test_old_shares_stand_and_open_until_the_last_new_one_is_in(
    service: Service, chain: Chain, subject: str, new: list[Holder]
) -> None:
    await deal_all(chain.founders, subject)
    await accept_all(new, subject)
    await finish_all(new[:2], subject)
    assert await opened(service, chain.founders[1:]) == intake.IDENTITY
    await finish_all(new[2:], subject)
    with pytest.raises(KeyError):
        await opened(service, chain.founders[1:])


async def test_the_last_share_of_a_leaver_and_of_one_who_stayed_do_not_add_up_across_sharings(
    service: Service, chain: Chain, subject: str, new: list[Holder]
) -> None:
    """An old minority and a new minority, whose shares somebody kept, still lack a piece of each sharing."""
    joined = new[2]
    before = [custody.pieces_of(holder, (await shares_of(holder))[0]) for holder in chain.founders]
    key = sharing.combine({number: piece for own in before for number, piece in own.items()}, 2, 3)
    await reshared(chain.founders, new, subject)
    kept, own = before[2], custody.pieces_of(joined, (await shares_of(joined))[0])
    every = {*kept.values(), *own.values()}
    tried = [sharing.xor(some) for count in range(1, 5) for some in combinations(every, count)]
    assert len(tried) == 15
    assert key not in tried
    assert await opened(service, [new[0], joined]) == intake.IDENTITY


async def test_the_service_receives_and_holds_nothing_that_leads_to_the_key(
    service: Service, chain: Chain, subject: str, new: list[Holder]
) -> None:
    """All bodies of all requests and every row, after each step: neither the key nor any piece or sub-piece is in them."""
    items = [await resharing_of(holder, subject) for holder in chain.founders]
    pieces = {
        k: p
        for holder, item in zip(chain.founders, items, strict=True)
        for k, p in custody.old_pieces_of(holder, item).items()
    }
    key = sharing.combine(pieces, 2, 3)
    change = custody.change_of(items[0])
    secrets = {key, *pieces.values()}
    secrets |= {part for k, piece in pieces.items() for part in resharing._cut(change, k, piece)}
    heard: list[bytes] = []

    async def hear(request: httpx.Request) -> None:
        heard.append(request.content)

    for holder in (*chain.founders, *new):
        holder.actor.event_hooks["request"] = [hear]
    try:
        for step, holders in ((deal_all, chain.founders), (accept_all, new), (finish_all, new)):
            if step is finish_all:
                now = await resharing_of(new[0], subject)
                secrets |= set(custody.new_pieces_of(new[0], now).values())
            await step(holders, subject)
            rows = await conftest._snapshot(service.runtime)
            heard.append(repr(rows).encode())
            heard.extend(
                value for table in rows.values() for row in table for value in row.values() if isinstance(value, bytes)
            )
    finally:
        for holder in (*chain.founders, *new):
            holder.actor.event_hooks["request"] = []
    assert len(heard) > 50
    spelled = {form for secret in secrets for form in (secret, secret.hex().encode(), spell(secret).encode())}
    assert [one for one in heard for secret in spelled if secret in one] == []


async def test_two_leave_at_once_and_deal_before_they_go(
    service: Service, actors: SimpleNamespace, chain: Chain, subject: str, fourth: Holder
) -> None:
    """Their keys are those of the last manifest that names them."""
    await chain.publish(actors, [chain.founders[0], fourth])
    await reshared([*chain.founders[1:], chain.founders[0]], [chain.founders[0], fourth], subject)
    assert await opened(service, [chain.founders[0], fourth]) == intake.IDENTITY


async def test_a_threshold_rises_among_the_same_custodians(
    service: Service, actors: SimpleNamespace, chain: Chain, subject: str
) -> None:
    holders = chain.founders
    await chain.publish(actors, holders, threshold=3)
    await reshared(holders, holders, subject)
    assert await opened(service, holders) == intake.IDENTITY
    with pytest.raises(SealBroken):
        await opened(service, holders[:2])


async def test_where_one_was_lost_the_others_share_anew_without_them(
    service: Service, actors: SimpleNamespace, chain: Chain, subject: str, new: list[Holder]
) -> None:
    await suspended(actors, chain.founders[2])
    assert (await resharing_of(new[0], subject))["deals_needed"] == 2
    await reshared(chain.founders[:2], new, subject)
    assert await opened(service, new[1:]) == intake.IDENTITY


async def test_every_piece_is_dealt_twice_where_enough_can_deal(chain: Chain, subject: str, new: list[Holder]) -> None:
    await deal_all(chain.founders[:2], subject)
    item = await resharing_of(new[2], subject)
    assert (item["deals_needed"], item["step"]) == (3, "wait")
    answer = await post_acceptance(new[2], subject, acceptance_body(new[2], item))
    assert problem_of(answer) == (409, "deals-missing")
    assert answer.json()["needed"] == 3


async def test_below_the_threshold_nothing_is_shared_anew(
    actors: SimpleNamespace, chain: Chain, subject: str, new: list[Holder]
) -> None:
    await suspended(actors, chain.founders[1])
    await suspended(actors, chain.founders[2])
    item = await resharing_of(new[0], subject)
    await post_deal(new[0], subject, deal_body(new[0], item))
    assert (await resharing_of(new[2], subject))["step"] == "wait"


async def test_a_lying_dealer_is_seen_named_by_who_holds_the_piece_and_left_out(
    service: Service, actors: SimpleNamespace, chain: Chain, subject: str, new: list[Holder]
) -> None:
    honest, liar, other = chain.founders
    await deal_all([honest], subject)
    item = await resharing_of(liar, subject)
    false = dict.fromkeys(custody.old_pieces_of(liar, item), bytes(32))
    assert (await post_deal(liar, subject, deal_body(liar, item, false))).status_code == 201
    seen = await resharing_of(other, subject)
    assert seen["disputed"] == [sorted([str(honest.id), str(liar.id)])]
    found = resharing.liars(custody.change_of(seen), custody.old_pieces_of(other, seen), custody.deals_in(seen))
    assert found == {liar.id}
    body = {"commitments": [spell(bytes(32))] * 2, "signature": spell(bytes(64))}
    answer = await post_acceptance(new[2], subject, body)
    assert problem_of(answer) == (409, "deals-disagree")
    await suspended(actors, liar)
    await chain.publish(actors, [honest, new[2]])
    await reshared([honest, other], [honest, new[2]], subject)
    assert await opened(service, [honest, new[2]]) == intake.IDENTITY
    assert await custody.faults(service) == []


async def test_a_dealer_who_was_mistaken_deals_again_until_somebody_accepted(
    service: Service, chain: Chain, subject: str, new: list[Holder]
) -> None:
    mistaken = chain.founders[1]
    item = await resharing_of(mistaken, subject)
    false = dict.fromkeys(custody.old_pieces_of(mistaken, item), bytes(32))
    await post_deal(mistaken, subject, deal_body(mistaken, item, false))
    await deal_all([chain.founders[0], chain.founders[2]], subject)
    assert (await post_deal(mistaken, subject, deal_body(mistaken, item))).status_code == 201
    await accept_all(new[:1], subject)
    answer = await post_deal(mistaken, subject, deal_body(mistaken, item))
    assert problem_of(answer) == (409, "dealing-over")
    await accept_all(new[1:], subject)
    await finish_all(new, subject)
    assert await opened(service, new[1:]) == intake.IDENTITY


async def test_new_custodians_who_say_different_things_are_not_done_and_may_say_it_again(
    service: Service, chain: Chain, subject: str, new: list[Holder]
) -> None:
    await deal_all(chain.founders, subject)
    first = await resharing_of(new[0], subject)
    await post_acceptance(new[0], subject, acceptance_body(new[0], first, {0: bytes(32), 1: bytes(32)}))
    await accept_all(new[1:], subject)
    now = await resharing_of(new[0], subject)
    assert now["step"] == "wait"
    body = {"share": spell(bytes(1217)), "signature": spell(bytes(64))}
    answer = await new[1].actor.post(f"{custody.RESHARINGS}/identity/{subject}/shares", json=body)
    assert problem_of(answer) == (409, "acceptances-missing")
    await post_acceptance(new[0], subject, acceptance_body(new[0], now))
    await finish_all(new, subject)
    assert await opened(service, new[:2]) == intake.IDENTITY


async def test_a_newer_manifest_starts_it_anew(
    service: Service, actors: SimpleNamespace, chain: Chain, subject: str, new: list[Holder]
) -> None:
    """A deal for an earlier epoch counts no more, neither kept nor sent again."""
    await deal_all(chain.founders, subject)
    await accept_all(new[:1], subject)
    stale = deal_body(new[0], await resharing_of(new[0], subject))
    await chain.publish(actors, new)
    item = await resharing_of(new[0], subject)
    assert (item["step"], item["deals"], item["acceptances"]) == ("deal", [], [])
    async with unchanged(service):
        assert problem_of(await post_deal(new[0], subject, stale)) == (422, "signature-refused")
    await reshared(chain.founders, new, subject)
    assert await opened(service, new[1:]) == intake.IDENTITY
    assert await custody.faults(service) == []


async def test_what_is_reported_after_a_manifest_is_shared_among_its_custodians_from_the_start(
    service: Service, chain: Chain, subject: str, new: list[Holder], anonymous: httpx.AsyncClient
) -> None:
    await intake.submitted(anonymous)
    assert [item["subject_id"] for item in await resharings_of(new[2])] == [subject]
    (own,) = await shares_of(new[2])
    assert UUID(own["subject_id"]) != UUID(subject)
