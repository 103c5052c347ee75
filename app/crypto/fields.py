"""Sealing under a shared key, for columns and other content alike; see docs/formats.md, "Field" and "Derived key".

Cobblestone-256 binds key and context: no second key or context opens the same bytes, and there is no nonce to repeat.
Source: C2SP chunked-encryption, "Cobblestone-256"; RFC 5869 (HKDF). Vectors: tests/crypto/vectors/fields.json.
"""

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.crypto import contexts
from app.crypto.errors import SealBroken

KEY_BYTES = 32
FORMAT = b"\x01"

_SHA256 = SHA256()


def seal(key: bytes, context: bytes, plaintext: bytes) -> bytes:
    """Return the plaintext sealed under the key, to be opened with the same context only.

    Raises:
        ValueError: the key is not 32 bytes.

    """
    encryptor = Cobblestone256Encryptor(key, context)
    return FORMAT + encryptor.update(plaintext) + encryptor.finalize()


def open_(key: bytes, context: bytes, sealed: bytes) -> bytes:
    """Return what was sealed, whole and unaltered.

    Raises:
        SealBroken: the bytes were not sealed under this key and context, or not all of them are here.
        ValueError: the key is not 32 bytes.

    """
    decryptor = Cobblestone256Decryptor(key, context)
    if sealed[:1] != FORMAT:
        raise SealBroken
    try:
        return decryptor.update(sealed[1:]) + decryptor.finalize()
    except InvalidTag:
        raise SealBroken from None


def derive(key: bytes, label: str, *parts: contexts.Part) -> bytes:
    """Return the 32-byte key that belongs to this purpose; it tells nothing about `key` or its other purposes.

    Raises:
        ValueError: the key is not 32 bytes.

    """
    if len(key) != KEY_BYTES:
        raise ValueError("a key is 32 bytes")
    return HKDF(_SHA256, KEY_BYTES, None, contexts.encode(label, *parts)).derive(key)
