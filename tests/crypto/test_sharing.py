"""Enough holders have all of a secret, and one fewer nothing of it."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import sharing
from app.crypto.errors import SealBroken
from tests.crypto import reference
from tests.crypto.vector_files import read, unhex

SECRET = bytes(range(32))
ALL_SHARINGS = [(threshold, holders) for holders in range(1, 10) for threshold in range(1, holders + 1)]


def gathered(pieces: list[bytes], held: list[list[int]], group: tuple[int, ...]) -> dict[int, bytes]:
    return {number: pieces[number] for holder in group for number in held[holder]}


@pytest.mark.parametrize("vector", read("sharing"), ids=lambda vector: f"{vector['threshold']} of {vector['holders']}")
def test_a_stored_sharing_combines_and_its_commitments_hold(vector: dict[str, Any]) -> None:
    threshold, holders = vector["threshold"], vector["holders"]
    secret, context = unhex(vector, "secret", "context")
    pieces = [bytes.fromhex(piece) for piece in vector["pieces"]]
    assert [list(numbers) for numbers in sharing.held_by(threshold, holders)] == vector["held"]
    assert sharing.combine(dict(enumerate(pieces)), threshold, holders) == reference.xor(*pieces) == secret
    assert [sharing.commitment(context, k, piece).hex() for k, piece in enumerate(pieces)] == vector["commitments"]


@pytest.mark.parametrize(("threshold", "holders"), ALL_SHARINGS)
def test_every_group_large_enough_has_the_secret(threshold: int, holders: int) -> None:
    pieces, held = sharing.split(SECRET, threshold, holders)
    for group in combinations(range(holders), threshold):
        assert sharing.combine(gathered(pieces, held, group), threshold, holders) == SECRET


@pytest.mark.parametrize(("threshold", "holders"), ALL_SHARINGS)
def test_every_group_one_too_small_lacks_a_whole_piece_that_could_make_any_secret(threshold: int, holders: int) -> None:
    pieces, held = sharing.split(SECRET, threshold, holders)
    for group in combinations(range(holders), threshold - 1):
        known = gathered(pieces, held, group)
        with pytest.raises(SealBroken):
            sharing.combine(known, threshold, holders)
        (missing,) = set(range(len(pieces))) - set(known)
        assert reference.groups(threshold, holders)[missing] == group
        any_secret = bytes(reversed(range(32)))
        fitting = reference.xor(any_secret, *known.values())
        assert sharing.combine(known | {missing: fitting}, threshold, holders) == any_secret


@given(st.binary(min_size=32, max_size=32), st.sampled_from(ALL_SHARINGS))
def test_the_pieces_of_any_secret_join_to_it(secret: bytes, kind: tuple[int, int]) -> None:
    pieces, _ = sharing.split(secret, *kind)
    assert len(pieces) == sharing.pieces_of(*kind) <= 126
    assert sharing.combine(dict(enumerate(pieces)), *kind) == secret


def test_pieces_are_fresh_each_time() -> None:
    one, _ = sharing.split(SECRET, 3, 5)
    other, _ = sharing.split(SECRET, 3, 5)
    assert not set(one) & set(other)


@pytest.mark.parametrize(("threshold", "holders"), [(0, 1), (2, 1), (1, 0), (0, 0), (-1, 3), (3, 10), (10, 10)])
def test_a_sharing_that_cannot_exist_is_refused(threshold: int, holders: int) -> None:
    with pytest.raises(ValueError, match="threshold"):
        sharing.split(SECRET, threshold, holders)
    with pytest.raises(ValueError, match="threshold"):
        sharing.combine({}, threshold, holders)
    with pytest.raises(ValueError, match="threshold"):
        sharing.held_by(threshold, holders)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_secret_of_another_size_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        sharing.split(bytes(length), 2, 3)


def test_pieces_too_many_or_of_another_size_are_refused() -> None:
    pieces = dict(enumerate(sharing.split(SECRET, 2, 3)[0]))
    for wrong in (pieces | {3: bytes(32)}, pieces | {0: bytes(31)}, {}):
        with pytest.raises(SealBroken):
            sharing.combine(wrong, 2, 3)


def test_a_commitment_is_of_one_piece_number_and_context() -> None:
    commitments = {
        sharing.commitment(context, number, piece)
        for context in (b"", b"a")
        for number in (0, 1)
        for piece in (bytes(32), SECRET)
    }
    assert len(commitments) == 8
