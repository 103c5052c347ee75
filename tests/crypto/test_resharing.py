"""Other custodians come to share a secret, and nobody on the way has it, unless so many as always could."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import combinations
from types import FrameType
from typing import Any
from uuid import UUID

import pytest

from app.crypto import hpke, identity, resharing, sharing
from app.crypto.errors import SealBroken
from tests.crypto.sharings import (
    IDS,
    KEYS,
    SECRET,
    a_change,
    dealt,
    of,
    put_together,
    shared,
)

CHANGES = [
    (2, IDS[:3], 2, (IDS[0], IDS[1], IDS[3])),
    (2, IDS[:3], 3, IDS[3:8]),
    (3, IDS[:5], 2, IDS[3:6]),
    (3, IDS[:5], 3, IDS[:4]),
    (2, IDS[:2], 2, IDS[:3]),
    (2, IDS[:3], 1, IDS[2:4]),
    (1, IDS[:2], 2, IDS[1:4]),
    (4, IDS[:4], 2, IDS[4:6]),
]
ids = [f"{t} of {len(old)} to {u} of {len(new)}" for t, old, u, new in CHANGES]
changes = pytest.mark.parametrize(("threshold", "old", "then", "new"), CHANGES, ids=ids)


def values_in(value: object) -> Iterator[bytes]:
    """Every value of at least 32 bytes in something, also of integers and inside collections."""
    if isinstance(value, bytes) and len(value) >= len(SECRET):
        yield value
    elif isinstance(value, int) and 200 < value.bit_length() <= 256:
        yield value.to_bytes(32)
    elif isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from values_in(inner)


@contextmanager
def recorded(found: set[bytes]) -> Iterator[None]:
    """Every value that a function of ours has a name for or returns, while this lasts, is in `found`."""

    def trace(frame: FrameType, _event: str, argument: object) -> Any:  # noqa: ANN401 a tracer
        if "/app/crypto/" not in frame.f_code.co_filename:
            return None
        for value in (argument, *frame.f_locals.values()):
            found.update(values_in(value))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


@changes
def test_any_new_group_that_is_large_enough_has_the_same_secret(
    threshold: int, old: tuple[UUID, ...], then: int, new: tuple[UUID, ...]
) -> None:
    before, pieces = shared(threshold, old)
    change = a_change(before, then, new)
    for dealers in combinations(old, threshold):
        deals = dealt(change, pieces, dealers)
        assert resharing.disputed(change, {one: deal.commitments for one, deal in deals.items()}) == {}
        made = {one: put_together(change, deals, one) for one in new}
        agreed = resharing.agreed(change, {one: resharing.accepted(change, own) for one, own in made.items()})
        assert agreed is not None
        after = change.after(agreed)
        assert all(after.dealt(one, own) for one, own in made.items())
        for group in combinations(new, then):
            together = {number: piece for one in group for number, piece in made[one].items()}
            assert sharing.combine(together, then, len(new)) == SECRET


@changes
def test_an_old_minority_and_a_new_minority_together_lack_a_sub_piece(
    threshold: int, old: tuple[UUID, ...], then: int, new: tuple[UUID, ...]
) -> None:
    before, pieces = shared(threshold, old)
    change = a_change(before, then, new)
    wanted = {(k, j) for k in pieces for j in range(change.pieces)}
    for few in combinations(old, threshold - 1):
        for others in combinations(new, then - 1):
            known = {(k, j) for one in few for k in before.held[one] for j in range(change.pieces)}
            known |= {(k, j) for one in others for k in pieces for j in change.held[one]}
            assert wanted - known


def test_what_two_minorities_lack_is_all_that_parts_them_from_the_secret() -> None:
    before, pieces = shared(2, IDS[:3])
    change = a_change(before, 2, IDS[2:5])
    deals = dealt(change, pieces, IDS[:3])
    for few, other in ((one, another) for one in IDS[:3] for another in IDS[2:5]):
        theirs, new = of(pieces, before.held[few]), put_together(change, deals, other)
        (k,) = set(pieces) - set(theirs)
        (j,) = set(range(change.pieces)) - set(new)
        cut = resharing._cut(change, k, pieces[k])
        known = sharing.xor([*theirs.values(), *(part for number, part in enumerate(cut) if number != j)])
        assert known != SECRET
        assert sharing.xor([known, cut[j]]) == SECRET


@pytest.mark.parametrize(("threshold", "old", "then", "new"), CHANGES[:5], ids=ids[:5])
def test_the_secret_is_formed_nowhere_on_the_way(
    threshold: int, old: tuple[UUID, ...], then: int, new: tuple[UUID, ...]
) -> None:
    """Every value that our functions hold while dealers deal and recipients accept is looked at; the recorder sees pieces."""
    before, pieces = shared(threshold, old)
    change = a_change(before, then, new)
    found: set[bytes] = set()
    with recorded(found):
        deals = dealt(change, pieces, old)
        made = {one: put_together(change, deals, one) for one in new}
        agreed = resharing.agreed(change, {one: resharing.accepted(change, own) for one, own in made.items()})
        assert agreed is not None
        for one, own in made.items():
            identity.seal_share(identity.Custodian(one, KEYS[one].public), change.after(agreed), own)
    assert {*pieces.values(), *(piece for own in made.values() for piece in own.values())} <= found
    assert [value for value in found if SECRET in value] == []


def test_the_recorder_would_see_the_secret() -> None:
    found: set[bytes] = set()
    _, pieces = shared(2, IDS[:3])
    with recorded(found):
        sharing.combine(pieces, 2, 3)
    assert SECRET in found


def test_two_who_hold_a_piece_deal_the_same_and_a_difference_is_seen() -> None:
    before, pieces = shared(2, IDS[:3])
    change = a_change(before, 2, IDS[1:4])
    first, second, third = IDS[:3]
    deals = {one: deal.commitments for one, deal in dealt(change, pieces, IDS[:3]).items()}
    assert resharing.disputed(change, deals) == {}
    common = (set(before.held[first]) & set(before.held[second])).pop()
    lie = list(deals[first])
    lie[before.held[first].index(common) * change.pieces] = bytes(32)
    false = deals | {first: tuple(lie)}
    assert resharing.disputed(change, false) == {common: frozenset({first, second})}
    assert resharing.liars(change, of(pieces, before.held[second]), false) == {first}
    assert resharing.liars(change, of(pieces, before.held[third]), false) == set()
    assert resharing.liars(change, of(pieces, before.held[third]), deals) == set()


def test_a_deal_is_made_of_the_pieces_that_were_dealt_and_of_no_others() -> None:
    before, pieces = shared(2, IDS[:3])
    change = a_change(before, 2, IDS[1:4])
    for wrong in (pieces, {}, of(pieces, before.held[IDS[1]]), {k: bytes(32) for k in before.held[IDS[0]]}):
        with pytest.raises(SealBroken):
            resharing.deal(change, IDS[0], wrong)


def test_a_box_opens_for_its_recipient_dealer_change_and_commitments_alone() -> None:
    before, pieces = shared(2, IDS[:3])
    change = a_change(before, 2, IDS[1:4])
    dealer, recipient, other = IDS[0], IDS[3], IDS[2]
    deal = dealt(change, pieces, (dealer,))[dealer]
    box = deal.boxes[recipient]
    assert resharing.open_box(KEYS[recipient], change, dealer, recipient, deal.commitments, box)
    shuffled = deal.commitments[::-1]
    for attempt in (
        (KEYS[other], change, dealer, recipient, deal.commitments, box),
        (KEYS[recipient], change, IDS[1], recipient, deal.commitments, box),
        (KEYS[recipient], change, dealer, other, deal.commitments, box),
        (KEYS[recipient], replace(change, manifest=bytes([1] * 32)), dealer, recipient, deal.commitments, box),
        (KEYS[recipient], replace(change, threshold=3), dealer, recipient, deal.commitments, box),
        (KEYS[recipient], change, dealer, recipient, shuffled, box),
        (KEYS[recipient], change, dealer, recipient, deal.commitments, box[:-1]),
        (KEYS[recipient], change, dealer, recipient, deal.commitments, deal.boxes[other]),
    ):
        with pytest.raises(SealBroken):
            resharing.open_box(*attempt)


@pytest.mark.parametrize(
    "edit",
    [
        lambda encoded: encoded[:-1],
        lambda encoded: encoded[:-34],
        lambda encoded: encoded + encoded[:34],
        lambda encoded: encoded[34:] + encoded[:34],
        lambda encoded: encoded[:2] + bytes(32) + encoded[34:],
        lambda encoded: b"\xff" + encoded[1:],
        lambda encoded: encoded[:0],
    ],
    ids=["cut", "one missing", "one twice", "another order", "another sub-piece", "no such piece", "nothing"],
)
def test_a_dealer_who_seals_something_else_than_they_committed_to_is_found(edit: Any) -> None:  # noqa: ANN401 any edit
    before, pieces = shared(2, IDS[:3])
    change = a_change(before, 2, IDS[1:4])
    dealer, recipient = IDS[0], IDS[3]
    deal = dealt(change, pieces, (dealer,))[dealer]
    info = resharing._info(change, dealer, recipient, deal.commitments)
    false = hpke.seal(KEYS[recipient].public, edit(KEYS[recipient].open(deal.boxes[recipient], info)), info)
    with pytest.raises(SealBroken):
        resharing.open_box(KEYS[recipient], change, dealer, recipient, deal.commitments, false)


def test_pieces_are_put_together_from_every_old_piece_or_not_at_all() -> None:
    before, pieces = shared(2, IDS[:3])
    change = a_change(before, 2, IDS[1:4])
    deals = dealt(change, pieces, IDS[:3])
    with pytest.raises(SealBroken):
        put_together(change, {IDS[0]: deals[IDS[0]]}, IDS[3])
    given = [
        resharing.open_box(KEYS[IDS[3]], change, one, IDS[3], deal.commitments, deal.boxes[IDS[3]])
        for one, deal in deals.items()
    ]
    given[0] = {place: bytes(32) for place in given[0]}
    with pytest.raises(SealBroken):
        resharing.assemble(change, IDS[3], given)


def test_acceptances_that_are_missing_or_differ_agree_on_nothing() -> None:
    before, pieces = shared(2, IDS[:3])
    change = a_change(before, 2, IDS[1:4])
    deals = dealt(change, pieces, IDS[:3])
    accepted = {one: resharing.accepted(change, put_together(change, deals, one)) for one in IDS[1:4]}
    assert resharing.agreed(change, accepted) is not None
    assert resharing.agreed(change, {one: accepted[one] for one in IDS[1:3]}) is None
    assert resharing.agreed(change, accepted | {IDS[1]: accepted[IDS[1]][::-1]}) is None
