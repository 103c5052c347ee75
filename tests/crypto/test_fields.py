"""A field opens whole, under its own key and context, or not at all."""

import hashlib
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import contexts, fields
from app.crypto.errors import SealBroken
from tests.crypto import reference
from tests.crypto.vector_files import own_and_javascript, read, unhex

KEY = bytes(range(32))
CHUNK = reference.CHUNK


@pytest.mark.parametrize("vector", own_and_javascript("fields"), ids=range(5))
def test_a_stored_field_opens_here_and_by_the_document_alone(vector: dict[str, Any]) -> None:
    key, context, plaintext, sealed = unhex(vector, "key", "context", "plaintext", "sealed")
    assert fields.open_(key, context, sealed) == plaintext
    assert reference.open_field(key, context, sealed) == plaintext


@pytest.mark.parametrize("vector", read("published/cobblestone256"), ids=lambda vector: vector["comment"])
def test_a_field_opens_and_refuses_as_cobblestone_publishes(vector: dict[str, Any]) -> None:
    key, context, compressed = unhex(vector, "key", "ctx", "ct")
    sealed = fields.FORMAT + zlib.decompress(compressed)
    if vector["result"] == "valid":
        opened = fields.open_(key, context, sealed)
        assert len(opened) == vector["msgLength"]
        assert hashlib.sha512(opened).hexdigest() == vector["msgSha512"]
    else:
        with pytest.raises(SealBroken if len(key) == fields.KEY_BYTES else ValueError):
            fields.open_(key, context, sealed)


@given(st.binary(max_size=300), st.binary(max_size=60), st.binary(min_size=32, max_size=32))
def test_the_document_alone_opens_whatever_is_sealed(plaintext: bytes, context: bytes, key: bytes) -> None:
    sealed = fields.seal(key, context, plaintext)
    assert len(sealed) == len(plaintext) + 73
    assert reference.open_field(key, context, sealed) == fields.open_(key, context, sealed) == plaintext


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5])
def test_every_length_around_a_chunk_opens_and_no_shorter_or_longer_one_does(length: int) -> None:
    plaintext = bytes(length)
    sealed = fields.seal(KEY, b"context", plaintext)
    assert len(sealed) == length + 73 + 16 * (length // CHUNK)
    assert fields.open_(KEY, b"context", sealed) == reference.open_field(KEY, b"context", sealed) == plaintext
    ends = [end for start in range(57, len(sealed), CHUNK + 16) for end in (start, start + CHUNK)]
    for end in {end for end in (0, 1, 24, 56, len(sealed) - 16, len(sealed) - 1, *ends) if end < len(sealed)}:
        with pytest.raises(SealBroken):
            fields.open_(KEY, b"context", sealed[:end])
    with pytest.raises(SealBroken):
        fields.open_(KEY, b"context", sealed + b"\0")


def test_the_count_of_chunks_may_pass_a_byte() -> None:
    plaintext = bytes(257 * CHUNK + 1)
    sealed = fields.seal(KEY, b"context", plaintext)
    assert fields.open_(KEY, b"context", sealed) == reference.open_field(KEY, b"context", sealed) == plaintext


def test_chunks_in_another_order_do_not_open() -> None:
    sealed = fields.seal(KEY, b"", bytes(CHUNK) + b"\1" * CHUNK)
    head, first, second, last = sealed[:57], sealed[57 : 73 + CHUNK], sealed[73 + CHUNK : -16], sealed[-16:]
    assert fields.open_(KEY, b"", head + first + second + last)
    with pytest.raises(SealBroken):
        fields.open_(KEY, b"", head + second + first + last)


@given(st.data())
def test_no_bit_may_be_flipped(data: st.DataObject) -> None:
    sealed = bytearray(fields.seal(KEY, b"context", b"They altered the rota."))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SealBroken):
        fields.open_(KEY, b"context", bytes(sealed))


@pytest.mark.parametrize(
    ("key", "context"),
    [(bytes(32), contexts.encode("example", "a", "bc")), (KEY, contexts.encode("example", "ab", "c")), (KEY, b"")],
)
def test_another_key_or_context_does_not_open(key: bytes, context: bytes) -> None:
    sealed = fields.seal(KEY, contexts.encode("example", "a", "bc"), b"They altered the rota.")
    with pytest.raises(SealBroken):
        fields.open_(key, context, sealed)


def test_equal_texts_are_never_sealed_into_equal_bytes() -> None:
    salts = {fields.seal(KEY, b"", b"yes")[1:25] for _ in range(2000)}
    assert len(salts) == 2000


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_size_is_refused(length: int) -> None:
    key = bytes(length)
    with pytest.raises(ValueError, match="32 bytes"):
        fields.seal(key, b"", b"")
    with pytest.raises(ValueError, match="32 bytes"):
        fields.open_(key, b"", b"")
    with pytest.raises(ValueError, match="32 bytes"):
        fields.derive(key, "example")


@pytest.mark.parametrize("vector", own_and_javascript("derived"), ids=range(5))
def test_a_derived_key_is_the_published_bytes(vector: dict[str, Any]) -> None:
    key, derived = unhex(vector, "key", "derived")
    assert fields.derive(key, vector["label"], vector["part"]) == derived
    info = reference.context(vector["label"], vector["part"].encode())
    assert reference.hkdf_expand(reference.hkdf_extract(b"", key), info, 32) == derived
