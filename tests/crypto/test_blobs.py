"""A stored file opens whole, every part at its place, or not at all."""

import hashlib
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given, settings
from hypothesis import strategies as st

from app.crypto import blobs
from app.crypto.blobs import PART_BYTES, SEALED_PART_BYTES
from app.crypto.errors import SealBroken
from tests.crypto import reference
from tests.crypto.vector_files import read, unhex

KEY, ORGANISATION, BLOB = bytes(range(32)), UUID(int=1), UUID(int=2)
LENGTHS = [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES, 2 * PART_BYTES + 5]


def seal(content: bytes, key: bytes = KEY, organisation: UUID = ORGANISATION, blob: UUID = BLOB) -> list[bytes]:
    """Return every part of a file."""
    parts = blobs.parts_of(len(content))
    return [
        blobs.seal_part(
            key, organisation, blob, number, is_last=number == parts - 1,
            content=content[number * PART_BYTES : (number + 1) * PART_BYTES],
        )
        for number in range(parts)
    ]  # fmt: skip


def open_(parts: list[bytes], key: bytes = KEY, organisation: UUID = ORGANISATION, blob: UUID = BLOB) -> bytes:
    """Return a file from all its parts, the last of which is taken for the last."""
    last = len(parts) - 1
    return b"".join(
        blobs.open_part(key, organisation, blob, number, is_last=number == last, sealed=part)
        for number, part in enumerate(parts)
    )


SHORT, LONG = read("blobs")


def test_a_stored_file_opens_here_and_by_the_document_alone() -> None:
    key, sealed = unhex(SHORT, "key", "sealed")
    organisation, blob = UUID(SHORT["organisation"]), UUID(SHORT["blob"])
    assert open_([sealed], key, organisation, blob).decode() == SHORT["text"]
    assert reference.open_blob(key, organisation.bytes, blob.bytes, sealed).decode() == SHORT["text"]


def test_a_stored_last_part_opens_behind_the_first() -> None:
    key, sealed, end = unhex(LONG, "key", "sealed", "text_hex")
    organisation, blob = UUID(LONG["organisation"]), UUID(LONG["blob"])
    content = hashlib.shake_256(b"a long file").digest(LONG["size"])
    assert content[PART_BYTES:] == end
    assert blobs.open_part(key, organisation, blob, LONG["part"], is_last=True, sealed=sealed) == end
    first = blobs.seal_part(key, organisation, blob, 0, is_last=False, content=content[:PART_BYTES])
    assert reference.open_blob(key, organisation.bytes, blob.bytes, first + sealed) == content


@pytest.mark.parametrize("length", LENGTHS)
def test_every_length_around_a_part_opens_and_has_the_size_that_is_told(length: int) -> None:
    content = bytes(length)
    parts = seal(content)
    assert sum(map(len, parts)) == blobs.sealed_size(length)
    assert {len(part) for part in parts[:-1]} <= {SEALED_PART_BYTES}
    assert open_(parts) == reference.open_blob(KEY, ORGANISATION.bytes, BLOB.bytes, b"".join(parts)) == content


@pytest.mark.parametrize("length", LENGTHS[4:])
def test_parts_that_are_dropped_swapped_repeated_or_cut_off_do_not_open(length: int) -> None:
    parts = seal(hashlib.shake_256(b"x").digest(length))
    wrong = [
        parts[:-1],
        parts[1:],
        [*parts, parts[-1]],
        [parts[1], parts[0], *parts[2:]],
        [parts[0], parts[0], *parts[2:]],
        [*parts[:-1], parts[-1][:-1]],
        [*parts[:-1], parts[-1] + b"\0"],
    ]
    for altered in wrong:
        with pytest.raises(SealBroken):
            open_(altered)
        with pytest.raises((ValueError, InvalidTag)):
            reference.open_blob(KEY, ORGANISATION.bytes, BLOB.bytes, b"".join(altered))


def test_a_part_that_is_not_full_is_no_part_but_the_last() -> None:
    short = blobs.seal_part(KEY, ORGANISATION, BLOB, 0, is_last=False, content=b"short")
    with pytest.raises(SealBroken):
        blobs.open_part(KEY, ORGANISATION, BLOB, 0, is_last=False, sealed=short)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_bit_of_a_stored_file_may_be_flipped_and_no_byte_be_missing(data: st.DataObject) -> None:
    parts = seal(b"They altered the rota." * 100)
    sealed = bytearray(parts[0])
    position = data.draw(st.integers(0, len(sealed) - 1))
    if data.draw(st.booleans()):
        sealed[position] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del sealed[position]
    with pytest.raises(SealBroken):
        open_([bytes(sealed)])


def test_a_file_opens_at_no_other_place_and_under_no_other_key() -> None:
    parts = seal(b"They altered the rota.")
    for place in (
        {"key": bytes(32)},
        {"organisation": uuid4()},
        {"blob": uuid4()},
    ):
        with pytest.raises(SealBroken):
            open_(parts, **place)
