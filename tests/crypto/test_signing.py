"""A signature counts for one key, one purpose and one set of things."""

from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.crypto import contexts, signing
from app.crypto.errors import NotAuthentic
from tests.crypto import reference
from tests.crypto.vector_files import read, unhex

SEED = bytes(range(32))
PUBLIC = signing.public_key(SEED)


@pytest.mark.parametrize("vector", read("published/ed25519"), ids=lambda vector: f"{len(vector['message']) // 2} bytes")
def test_the_ed25519_of_the_library_signs_as_published(vector: dict[str, Any]) -> None:
    seed, public, message, signature = unhex(vector, "seed", "public", "message", "signature")
    assert signing.public_key(seed) == public
    assert Ed25519PrivateKey.from_private_bytes(seed).sign(message) == signature


def test_a_signature_that_was_kept_verifies_and_is_made_again() -> None:
    vector = read("signing")
    seed, public, signature = unhex(vector, "seed", "public", "signature")
    parts = (UUID(vector["uuid"]), vector["text"], vector["integer"])
    signing.check_signature(public, signature, vector["label"], *parts)
    assert signing.sign_context(seed, vector["label"], *parts) == signature
    encoded = reference.context(vector["label"], parts[0].bytes, parts[1].encode(), reference.number(parts[2]))
    assert reference.ed25519_sign(seed, encoded) == signature


def test_no_bit_of_key_signature_or_what_was_signed_may_be_flipped() -> None:
    signature = signing.sign_context(SEED, "example", b"part")
    signing.check_signature(PUBLIC, signature, "example", b"part")
    for bit in range(0, 512, 7):
        flipped = (int.from_bytes(signature) ^ (1 << bit)).to_bytes(64)
        with pytest.raises(NotAuthentic):
            signing.check_signature(PUBLIC, flipped, "example", b"part")
    for bit in range(0, 256, 7):
        other = (int.from_bytes(PUBLIC) ^ (1 << bit)).to_bytes(32)
        with pytest.raises(NotAuthentic):
            signing.check_signature(other, signature, "example", b"part")


@pytest.mark.parametrize(
    ("label", "parts"),
    [("example", (b"par", b"t")), ("example", (b"part", b"")), ("example", ()), ("exampl", (b"part",)), ("e", (1,))],
)
def test_a_signature_made_for_one_purpose_counts_for_no_other(label: str, parts: tuple[contexts.Part, ...]) -> None:
    signature = signing.sign_context(SEED, "example", b"part")
    with pytest.raises(NotAuthentic):
        signing.check_signature(PUBLIC, signature, label, *parts)


@pytest.mark.parametrize("public", [b"", bytes(31), bytes(33), b"\xff" * 32], ids=["none", "short", "long", "no point"])
def test_what_is_no_key_verifies_nothing(public: bytes) -> None:
    with pytest.raises(NotAuthentic):
        signing.check_signature(public, signing.sign_context(SEED, "example"), "example")


@pytest.mark.parametrize("length", [0, 63, 65])
def test_a_signature_has_64_bytes(length: int) -> None:
    signature = signing.sign_context(SEED, "example").ljust(65, b"\0")[:length]
    with pytest.raises(NotAuthentic):
        signing.check_signature(PUBLIC, signature, "example")


def test_a_seed_has_32_bytes_and_is_new_each_time() -> None:
    assert len({signing.new_seed() for _ in range(10)}) == 10
    for call in (signing.public_key, lambda seed: signing.sign_context(seed, "example")):
        with pytest.raises(ValueError, match="32"):
            call(bytes(31))


def test_a_refusal_does_not_say_why() -> None:
    assert str(NotAuthentic()) == "this was not signed as it should be"
