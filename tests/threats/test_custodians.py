"""Who takes the keys of custodians: too few of them open no identity, whatever else is taken."""

from collections.abc import Collection
from itertools import combinations
from typing import Any
from uuid import UUID

from tests.threats.conftest import Taken
from tests.threats.people import (
    CASE,
    CREDENTIALS,
    CUSTODIANS,
    IDENTITIES,
    IDENTITY,
    NOTICE,
    PUBLIC,
    REASONS,
    REFUSAL,
    RELEASE,
    REPORTED,
    SEALED_IDENTITY,
    SECOND_CASE,
    SECOND_FACTOR,
    SECOND_IDENTITY,
    SECOND_REPORTED,
    STAFF,
)  # fmt: skip
from tests.threats.sharings import Custody, Shared, all_shared

FOUNDERS, SUCCESSORS = set(CUSTODIANS[:3]), {*CUSTODIANS[:2], CUSTODIANS[3]}
"""Of the first channel, by its first manifest and by its second: two of three each time. The second channel has three of four."""
GROUPS = [set(group) for size in range(1, 5) for group in combinations(CUSTODIANS, size)]


def seeds_of(taken: Taken, names: Collection[str]) -> dict[UUID, bytes]:
    """Return the private seeds of some custodians."""
    accounts = [taken.played.people()[name].account_id for name in names]
    return {account: taken.played.custodian_seeds[account] for account in accounts}


def everything_else(taken: Taken) -> dict[str, Any]:
    """Return all there is to take but the custodians' keys, and the keys of requests."""
    played = taken.played
    return {
        **taken.keys_folder,
        "erasure_keys": taken.erasure_keys,
        "passwords": {person.account_id: person.password for person in played.people().values()},
        "unlock_secrets": tuple(person.headers["X-Unlock"] for person in played.people().values()),
        "receipts": (played.receipt, played.sealed_receipt),
        "inbox_tokens": (played.inbox_token,),
    }


def kinds_opened(group: set[str]) -> set[str]:
    """Return which identities a group of custodians opens, as the two channels have it."""
    opened = set()
    if len(group & FOUNDERS) >= 2:
        opened |= {IDENTITY, SEALED_IDENTITY}
    if len(group & SUCCESSORS) >= 2:
        opened.add(SEALED_IDENTITY)
    if len(group) >= 3:
        opened.add(SECOND_IDENTITY)
    return opened


def asked(group: set[str]) -> set[str]:
    """Return what custodians who were asked read."""
    return {*REASONS} if group & FOUNDERS else set()


def shared(taken: Taken, table: str) -> list[Shared]:
    """Return what of one kind custodians hold."""
    ids = {row["id"] for row in taken.tables[table]}
    return [one for one in all_shared(taken.tables) if one.id in ids]


def pieces(taken: Taken, names: Collection[str]) -> list[tuple[int, int]]:
    """Return how many pieces of each identity's key some custodians hold, and how many there are."""
    holder = Custody(taken.tables, [*seeds_of(taken, names).values()])
    found = shared(taken, "sealed_identities")
    return sorted((len(holder.shares(one)), len(one.row["commitments"]) // 32) for one in found)


async def test_one_custodians_key_with_database_keys_folder_and_erasure_keys_opens_the_reasons_and_no_identity(
    taken: Taken,
) -> None:
    loot = {**taken.keys_folder, "erasure_keys": taken.erasure_keys}
    for name in FOUNDERS:
        assert pieces(taken, [name]) == [(2, 3)] * 4 + [(3, 6)]
        found = taken.opened(**loot, custodians=seeds_of(taken, [name]))
        assert found == taken.played.of(STAFF, SECOND_FACTOR, RELEASE, *REASONS)


async def test_every_group_of_custodians_opens_with_the_erasure_keys_what_its_threshold_says_and_nothing_else(
    taken: Taken,
) -> None:
    for group in GROUPS:
        found = taken.opened(custodians=seeds_of(taken, group), erasure_keys=taken.erasure_keys)
        assert found == taken.played.of(*kinds_opened(group), *asked(group)), group


async def test_two_of_three_needed_custodians_with_everything_else_open_no_identity_of_their_channel_and_three_do(
    taken: Taken,
) -> None:
    loot, played = everything_else(taken), taken.played
    for group in [one for one in GROUPS if len(one) in {2, 3}]:
        found = taken.opened(**loot, custodians=seeds_of(taken, group)) & played.of(SECOND_IDENTITY)
        assert found == (played.of(SECOND_IDENTITY) if len(group) == 3 else set()), group


async def test_one_custodian_too_few_with_everything_else_opens_all_but_who_anybody_is(taken: Taken) -> None:
    loot, played = everything_else(taken), taken.played
    for name in CUSTODIANS:
        found = taken.opened(**loot, custodians=seeds_of(taken, [name]))
        assert found == played.planted.all() - played.of(*CREDENTIALS, *IDENTITIES, PUBLIC, REFUSAL)


async def test_all_custodians_with_everything_but_the_erasure_keys_open_no_identity(taken: Taken) -> None:
    loot = everything_else(taken) | {"erasure_keys": {}, "custodians": taken.played.custodian_seeds}
    assert not taken.opened(**loot) & taken.played.of(*IDENTITIES)
    assert pieces(taken, CUSTODIANS) == [(3, 3)] * 4 + [(6, 6)]


async def test_custodians_open_the_cases_of_their_channels_by_the_pepper_as_the_threshold_says(taken: Taken) -> None:
    pepper, of = taken.keys_folder["pepper"], taken.played.of
    assert len(shared(taken, "case_key_escrows")) == 2
    for group in GROUPS:
        seeds = seeds_of(taken, group)
        expected = of(CASE, REPORTED, NOTICE) if len(group & FOUNDERS) >= 2 else set()
        expected |= of(SECOND_CASE, SECOND_REPORTED) if len(group) >= 3 else set()
        expected |= of(*asked(group)) if asked(group) else set()
        assert taken.opened(custodians=seeds, pepper=pepper) == expected, group


async def test_who_left_and_who_joined_open_nothing_of_what_is_being_shared_anew_between_them(taken: Taken) -> None:
    [dealt] = [
        one for one in shared(taken, "sealed_identities") if one.id == UUID(taken.played.sealed_case.ids["identity_id"])
    ]
    assert {row["subject_id"] for row in taken.tables["resharing_deals"]} == {dealt.id}
    assert len([row for row in taken.tables["resharing_acceptances"] if row["share"] is not None]) == 1

    def opens(*names: str) -> bool:
        return Custody(taken.tables, [*seeds_of(taken, names).values()]).secret(dealt) is not None

    assert not opens("third_custodian", "fourth_custodian")
    assert opens("second_custodian", "fourth_custodian"), "both are new custodians, and the threshold is two"


async def test_the_key_of_a_request_counts_for_the_custodians_who_approved_it_and_for_nobody_else(taken: Taken) -> None:
    played, seed = taken.played, taken.played.request_seeds["investigator"]
    loot = {"request_seeds": (seed,), "erasure_keys": taken.erasure_keys}
    assert taken.opened(**loot) == played.of(REFUSAL)
    approved = taken.opened(**loot, custodians=seeds_of(taken, ["custodian"]))
    assert approved == played.of(REFUSAL, *REASONS), "it holds the pieces of the one who approved"
    with_another = taken.opened(**loot, custodians=seeds_of(taken, ["second_custodian"])) - played.of(REFUSAL, *REASONS)
    assert with_another
    assert with_another < played.of(IDENTITY), "of the one identity that was asked for"


async def test_the_key_of_a_request_for_a_case_key_opens_the_case_with_one_more_custodian_and_the_pepper(
    taken: Taken,
) -> None:
    played, pepper = taken.played, taken.keys_folder["pepper"]
    loot = {"request_seeds": (played.request_seeds["other_case_officer"],), "pepper": pepper}
    assert taken.opened(**loot) == set()
    assert taken.opened(**loot, custodians=seeds_of(taken, ["second_custodian"])) == played.of(*REASONS)
    with_another = taken.opened(**loot, custodians=seeds_of(taken, ["third_custodian"]))
    assert with_another == played.of(*REASONS, CASE, REPORTED, NOTICE)
