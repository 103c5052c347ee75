"""What is sealed to a public key opens with its seed alone."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.crypto import hpke
from app.crypto.errors import SealBroken
from tests.crypto import reference
from tests.crypto.vector_files import own_and_javascript, read, unhex

SEED = bytes(range(32))
PRIVATE = hpke.PrivateKey(SEED)
PUBLIC = hpke.PublicKey(PRIVATE.public)


@pytest.mark.parametrize("vector", read("published/xwing"), ids=range(3))
def test_a_seed_expands_as_xwing_publishes(vector: dict[str, Any]) -> None:
    seed, public = unhex(vector, "sk", "pk")
    assert hpke.public_key(seed) == hpke.PrivateKey(seed).public == public


@pytest.mark.parametrize("vector", own_and_javascript("hpke"), ids=range(4))
def test_a_stored_message_opens_here_and_by_the_document_alone(vector: dict[str, Any]) -> None:
    seed, public, key_id, info, plaintext, sealed = unhex(
        vector, "seed", "public_key", "key_id", "info", "plaintext", "sealed"
    )
    assert hpke.public_key(seed) == public
    assert hpke.key_id(public) == key_id
    assert hpke.PrivateKey(seed).open(sealed, info) == reference.open_sealed(seed, sealed, info) == plaintext


@settings(deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=60), st.booleans())
def test_the_document_alone_opens_whatever_is_sealed(plaintext: bytes, info: bytes, loaded: bool) -> None:
    sealed = hpke.seal(PUBLIC if loaded else PRIVATE.public, plaintext, info)
    assert len(sealed) == len(plaintext) + 1151
    assert PRIVATE.open(sealed, info) == reference.open_sealed(SEED, sealed, info) == plaintext


@settings(deadline=None)
@given(st.data())
def test_no_bit_may_be_flipped(data: st.DataObject) -> None:
    sealed = bytearray(PUBLIC.seal(b"a case key", b"info"))
    regions = st.one_of(st.integers(0, 14), st.integers(15, 1134), st.integers(1135, len(sealed) - 1))
    sealed[data.draw(regions)] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SealBroken):
        PRIVATE.open(bytes(sealed), b"info")


@pytest.mark.parametrize("end", [0, 1, 7, 14, 15, 1134, 1135, 1150, 1160])
def test_a_truncated_message_does_not_open(end: int) -> None:
    sealed = PUBLIC.seal(b"a case key", b"info")
    assert len(sealed) == 1161
    with pytest.raises(SealBroken):
        PRIVATE.open(sealed[:end], b"info")


def test_other_info_and_trailing_bytes_do_not_open() -> None:
    sealed = PUBLIC.seal(b"a case key", b"info")
    for altered, info in [(sealed, b"inf"), (sealed, b""), (sealed + b"\0", b"info")]:
        with pytest.raises(SealBroken):
            PRIVATE.open(altered, info)


def test_another_key_does_not_open_even_under_a_forged_header() -> None:
    other = hpke.PrivateKey(hpke.new_seed())
    sealed = PUBLIC.seal(b"a case key", b"info")
    forged = sealed[:7] + hpke.key_id(other.public) + sealed[15:]
    for message in (sealed, forged):
        with pytest.raises(SealBroken):
            other.open(message, b"info")


def test_a_low_order_point_in_place_of_the_sender_does_not_open() -> None:
    sealed = bytearray(PUBLIC.seal(b"a case key", b"info"))
    sealed[1103:1135] = bytes(32)
    with pytest.raises(SealBroken):
        PRIVATE.open(bytes(sealed), b"info")


def test_equal_texts_are_never_sealed_into_equal_bytes() -> None:
    assert len({PUBLIC.seal(b"yes", b"")[15:] for _ in range(50)}) == 50


def test_seeds_are_fresh() -> None:
    assert len({hpke.new_seed() for _ in range(100)}) == 100
    assert len(hpke.new_seed()) == hpke.SEED_BYTES


@pytest.mark.parametrize("length", [0, 31, 33, 1216])
def test_a_seed_of_another_size_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        hpke.PrivateKey(bytes(length))
    with pytest.raises(ValueError, match="32 bytes"):
        hpke.public_key(bytes(length))


@pytest.mark.parametrize(
    "key",
    [b"", bytes(1215), bytes(1217), b"\xff" * 1216, PRIVATE.public[:1184] + bytes(32)],
    ids=["empty", "short", "long", "no lattice point", "low-order point"],
)
def test_nothing_is_sealed_to_what_is_no_public_key(key: bytes) -> None:
    with pytest.raises(ValueError, match="key"):
        hpke.seal(key, b"a case key", b"info")
