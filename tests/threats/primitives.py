"""What opens with what, as docs/formats.md has it: the least that somebody needs who has keys and bytes, and no line of ours."""

import unicodedata
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from tests.crypto import reference

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]


def derived(key: bytes, label: str, *parts: bytes) -> bytes:
    """docs/formats.md, "Derived key"."""
    return reference.hkdf_expand(reference.hkdf_extract(b"", key), reference.context(label, *parts), 32)


def number(value: int) -> bytes:
    """Return an integer as a part of a context."""
    return value.to_bytes(8, "big")


def opened(key: bytes, context: bytes, sealed: bytes | None) -> bytes | None:
    """Return what a field holds, or None if this is not its key and context."""
    if sealed is None:
        return None
    try:
        return reference.open_field(key, context, sealed)
    except (ValueError, AssertionError, InvalidTag):
        return None


@cache
def public_key(seed: bytes) -> bytes:
    """docs/formats.md, "Key pair"."""
    return reference.xwing_keys(seed)[2]


def received(seed: bytes, context: bytes, sealed: bytes | None) -> bytes | None:
    """Return what was sealed to a key pair, or None if it was sealed to another or for something else."""
    if sealed is None or sealed[7:15] != sha256(public_key(seed)).digest()[:8]:
        return None
    try:
        return reference.open_sealed(seed, sealed, context)
    except (ValueError, AssertionError, InvalidTag):
        return None


@cache
def stretched(text: str, salt: bytes, memory_kib: int, iterations: int) -> bytes:
    """docs/formats.md, "Stretched password"."""
    secret = unicodedata.normalize("NFKC", text).encode()
    return Argon2id(salt=salt, length=32, iterations=iterations, lanes=1, memory_cost=memory_kib).derive(secret)
