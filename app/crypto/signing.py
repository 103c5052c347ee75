"""Signatures over contexts, so that one made for one purpose counts for no other; see docs/formats.md, "Signature".

Source: RFC 8032 (Ed25519). Vectors: tests/crypto/vectors/signing.json.
"""

import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.crypto import contexts
from app.crypto.errors import NotAuthentic

SEED_BYTES = 32
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64


def new_seed() -> bytes:
    """Return 32 fresh random bytes, which are a whole private key."""
    return secrets.token_bytes(SEED_BYTES)


def public_key(seed: bytes) -> bytes:
    """Return the 32-byte public key of a seed.

    Raises:
        ValueError: the seed is not 32 bytes.

    """
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign_context(seed: bytes, label: str, *parts: contexts.Part) -> bytes:
    """Return the 64-byte signature of a context.

    Raises:
        ValueError: the seed is not 32 bytes.

    """
    return Ed25519PrivateKey.from_private_bytes(seed).sign(contexts.encode(label, *parts))


def check_signature(public: bytes, signature: bytes, label: str, *parts: contexts.Part) -> None:
    """Return if `signature` was made over this context with the key whose public half is `public`.

    Raises:
        NotAuthentic: it was not, or what is given is no key.

    """
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, contexts.encode(label, *parts))
    except (InvalidSignature, ValueError):
        raise NotAuthentic from None
