"""A published JavaScript package blinds what we sign, signs what we blind, and verifies what we finish; and the other way round."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.crypto import blind_signatures
from app.crypto.blind_signatures import VARIANTS, Variant
from app.crypto.supporter_tokens import spell_public
from tests.interop.node import Node

pytestmark = pytest.mark.xdist_group("node")

MESSAGE = b"counted in"
variants = pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)


@pytest.fixture(scope="module")
def private() -> rsa.RSAPrivateKey:
    """A key of a union."""
    return rsa.generate_private_key(65_537, 3072)


@variants
def test_what_javascript_blinds_we_sign_and_both_verify(
    node: Node, private: rsa.RSAPrivateKey, variant: Variant
) -> None:
    spki = spell_public(private.public_key())
    asked = node.call("blindToken", variant.name, spki, MESSAGE)
    answer = blind_signatures.sign_blinded(private, asked["blinded"])
    signature = node.call("finishToken", variant.name, spki, asked["prepared"], answer, asked["inverse"])
    blind_signatures.verify(variant, private.public_key(), asked["prepared"], signature)
    inverse = int.from_bytes(asked["inverse"])
    assert blind_signatures.finish(variant, private.public_key(), asked["prepared"], answer, inverse) == signature


@variants
def test_what_we_blind_javascript_signs_and_verifies(node: Node, private: rsa.RSAPrivateKey, variant: Variant) -> None:
    spki = spell_public(private.public_key())
    prepared = blind_signatures.prepare(variant, MESSAGE)
    asked = blind_signatures.blind(variant, private.public_key(), prepared)
    pkcs8 = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    answer = node.call("signBlinded", variant.name, pkcs8, asked.message)
    assert answer == blind_signatures.sign_blinded(private, asked.message)
    signature = blind_signatures.finish(variant, private.public_key(), prepared, answer, asked.inverse)
    assert node.call("verifyToken", variant.name, spki, prepared, signature) is True
    assert node.call("verifyToken", variant.name, spki, prepared + b"!", signature) is False
