"""Sealing to a public key, so that whoever writes cannot read; see docs/formats.md, "Key pair" and "Sealed to a key".

The suite is MLKEM768-X25519 (X-Wing), HKDF-SHA256, AES-256-GCM: an attacker must break both the elliptic curve and the
lattice. Nothing proves who sealed; where that matters, sign. Source: RFC 9180 sections 5.1.1 and 6.1; draft-ietf-hpke-pq
and draft-connolly-cfrg-xwing-kem (key format). Vectors: tests/crypto/vectors/xwing.json, hpke.json.
"""

import secrets
from hashlib import sha256, shake_256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from app.crypto.errors import SealBroken

SEED_BYTES = 32
PUBLIC_KEY_BYTES = 1216
KEY_ID_BYTES = 8

FORMAT = b"\x01"
SUITE_IDS = bytes.fromhex("647a00010002")
"""KEM 0x647A, KDF 0x0001, AEAD 0x0002. Source: IANA HPKE registry, as named by draft-ietf-hpke-pq."""

_ENC_BYTES, _TAG_BYTES = 1120, 16
SEALING_BYTES = len(FORMAT + SUITE_IDS) + KEY_ID_BYTES + _ENC_BYTES + _TAG_BYTES
"""How much longer than its plaintext a sealed message is."""
SEALED_KEY_BYTES = SEALING_BYTES + SEED_BYTES
"""How long a sealed message is that has a key of 32 bytes in it."""

_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_MLKEM_SEED_BYTES = 64
_MLKEM_PUBLIC_BYTES = 1184


class PublicKey:
    """A public key loaded once, for whoever seals to it many times."""

    __slots__ = ("_header", "_key", "public")

    def __init__(self, public_key: bytes) -> None:
        """Load the 1216 bytes of a public key.

        Raises:
            ValueError: they are not a public key.

        """
        if len(public_key) != PUBLIC_KEY_BYTES:
            raise ValueError("a public key is 1216 bytes")
        self.public = public_key
        self._header = header(public_key)
        self._key = MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(public_key[:_MLKEM_PUBLIC_BYTES]),
            X25519PublicKey.from_public_bytes(public_key[_MLKEM_PUBLIC_BYTES:]),
        )

    def seal(self, plaintext: bytes, info: bytes) -> bytes:
        """Return the plaintext sealed to this key under `info`.

        Raises:
            ValueError: the key is degenerate, so that sealing to it would protect nothing.

        """
        return self._header + _SUITE.encrypt(plaintext, self._key, info)


class PrivateKey:
    """A private key expanded once from its seed; expanding costs more than opening."""

    __slots__ = ("_header", "_key", "public")

    def __init__(self, seed: bytes) -> None:
        """Expand the 32-byte seed.

        Raises:
            ValueError: the seed is not 32 bytes.

        """
        if len(seed) != SEED_BYTES:
            raise ValueError("a seed is 32 bytes")
        expanded = shake_256(seed).digest(_MLKEM_SEED_BYTES + 32)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES])
        x25519 = X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:])
        self.public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        self._header = header(self.public)
        self._key = MLKEM768X25519PrivateKey(mlkem, x25519)

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Return what was sealed to this key's public half under the same `info`.

        Raises:
            SealBroken: it was sealed to another key, under other info, by another suite, or altered since.

        """
        if not sealed.startswith(self._header):
            raise SealBroken
        try:
            return _SUITE.decrypt(sealed[len(self._header) :], self._key, info)
        except InvalidTag:
            raise SealBroken from None


def new_seed() -> bytes:
    """Return 32 fresh random bytes, which are a whole private key."""
    return secrets.token_bytes(SEED_BYTES)


def public_key(seed: bytes) -> bytes:
    """Return the 1216-byte public key of a seed.

    Raises:
        ValueError: the seed is not 32 bytes.

    """
    return PrivateKey(seed).public


def key_id(public_key: bytes) -> bytes:
    """Return the 8 bytes by which a sealed message names the key it was sealed to."""
    return sha256(public_key).digest()[:KEY_ID_BYTES]


def is_sealed_to(public_key: bytes, sealed: bytes, content_bytes: int = SEED_BYTES) -> bool:
    """Whether a sealed message says that it is for this key, and is as long as one with so many bytes in it would be."""
    return sealed.startswith(header(public_key)) and len(sealed) == SEALING_BYTES + content_bytes


def header(public_key: bytes) -> bytes:
    """Return what every message sealed to this key begins with: format, suite and key id."""
    return FORMAT + SUITE_IDS + key_id(public_key)


def seal(public_key: bytes | PublicKey, plaintext: bytes, info: bytes) -> bytes:
    """Return the plaintext sealed to the key under `info`; load a `PublicKey` to seal to one key often.

    Raises:
        ValueError: the bytes are not a usable public key.

    """
    key = public_key if isinstance(public_key, PublicKey) else PublicKey(public_key)
    return key.seal(plaintext, info)
