"""RFC 9474: the published vectors byte for byte, what any library verifies, and nothing that was not signed."""

import secrets
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA384

from app.crypto import blind_signatures
from app.crypto.blind_signatures import PSS_RANDOMISED, VARIANTS, Variant
from app.crypto.errors import NotAuthentic
from tests.crypto.vector_files import read

VECTORS = read("published/rfc9474")
MESSAGE = b"counted in"


@cache
def a_key() -> rsa.RSAPrivateKey:
    """A key of the size that is used."""
    return rsa.generate_private_key(65_537, 3072)


def number(vector: dict[str, Any], name: str) -> int:
    return int(vector[name], 16)


def key_of(vector: dict[str, Any]) -> rsa.RSAPrivateKey:
    p, q, d = (number(vector, name) for name in "pqd")
    public = rsa.RSAPublicNumbers(number(vector, "e"), number(vector, "n"))
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key()


def test_every_variant_of_the_document_has_its_vector() -> None:
    assert [vector["name"] for vector in VECTORS] == [variant.name for variant in VARIANTS]


@pytest.mark.parametrize(
    ("vector", "variant"), list(zip(VECTORS, VARIANTS, strict=True)), ids=[one.name for one in VARIANTS]
)
def test_each_step_gives_the_published_bytes(vector: dict[str, Any], variant: Variant) -> None:
    key, inverse = key_of(vector), number(vector, "inv")
    message, prepared, blinded, signed, signature, prefix = (
        bytes.fromhex(vector[name].removeprefix("0x"))
        for name in ("msg", "input_msg", "blinded_msg", "blind_sig", "sig", "msg_prefix")
    )
    assert (variant.salt_bytes, variant.is_randomised) == (
        number(vector, "sLen"),
        bool(number(vector, "is_randomized")),
    )
    assert blind_signatures.prepare(variant, message, prefix) == prepared
    factor = pow(inverse, -1, number(vector, "n"))
    salt = bytes.fromhex(vector["salt"])
    made = blind_signatures.blind(variant, key.public_key(), prepared, salt=salt, factor=factor)
    assert (made.message, made.inverse) == (blinded, inverse)
    assert blind_signatures.sign_blinded(key, blinded) == signed
    assert blind_signatures.finish(variant, key.public_key(), prepared, signed, inverse) == signature
    key.public_key().verify(signature, prepared, padding.PSS(padding.MGF1(SHA384()), variant.salt_bytes), SHA384())


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda one: one.name)
def test_what_was_signed_blindly_is_an_ordinary_signature(variant: Variant) -> None:
    prepared = blind_signatures.prepare(variant, MESSAGE)
    assert prepared.endswith(MESSAGE)
    assert len(prepared) == len(MESSAGE) + 32 * variant.is_randomised
    asked = blind_signatures.blind(variant, a_key().public_key(), prepared)
    signed = blind_signatures.sign_blinded(a_key(), asked.message)
    signature = blind_signatures.finish(variant, a_key().public_key(), prepared, signed, asked.inverse)
    blind_signatures.verify(variant, a_key().public_key(), prepared, signature)
    for wrong, over in (
        (signature[:-1] + b"\0", prepared),
        (signature, prepared + b"!"),
        (b"", prepared),
        (signature + b"\0", prepared),
    ):
        with pytest.raises(NotAuthentic):
            blind_signatures.verify(variant, a_key().public_key(), over, wrong)


def test_the_same_message_is_never_blinded_alike() -> None:
    blinded = {blind_signatures.blind(PSS_RANDOMISED, a_key().public_key(), MESSAGE).message for _ in range(4)}
    assert len(blinded) == 4


def test_an_answer_to_something_else_is_refused() -> None:
    asked = blind_signatures.blind(PSS_RANDOMISED, a_key().public_key(), MESSAGE)
    other = blind_signatures.sign_blinded(a_key(), bytes(1) + secrets.token_bytes(383))
    for signed in (other, other[:-1], other + b"\0", b""):
        with pytest.raises(NotAuthentic):
            blind_signatures.finish(PSS_RANDOMISED, a_key().public_key(), MESSAGE, signed, asked.inverse)


def test_the_signer_takes_numbers_below_the_modulus_alone() -> None:
    n = a_key().public_key().public_numbers().n
    for blinded in (n.to_bytes(384), b"\xff" * 384, bytes(383), bytes(385), b""):
        with pytest.raises(ValueError, match="not a message that was blinded for this key"):
            blind_signatures.sign_blinded(a_key(), blinded)


def test_a_blind_signature_is_the_same_each_time_though_its_power_is_blinded() -> None:
    asked = blind_signatures.blind(PSS_RANDOMISED, a_key().public_key(), MESSAGE).message
    assert blind_signatures.sign_blinded(a_key(), asked) == blind_signatures.sign_blinded(a_key(), asked)
