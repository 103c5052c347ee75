"""Seals a file part by part, so that one of any length passes through little memory; see docs/formats.md, "Stored file".

Each part is bound to its file, its place in it and whether it is the last: none can be dropped, swapped or cut off.
Vectors: tests/crypto/vectors/blobs.json.
"""

import secrets
from uuid import UUID

from app.crypto import contexts, fields
from app.crypto.errors import SealBroken

KEY_BYTES = fields.KEY_BYTES
PART_BYTES = 1024 * 1024
"""How much of the file a part holds. Only the last holds less."""


def _sealed(length: int) -> int:
    """Return how long a field is that holds so much; docs/formats.md, "Field"."""
    return length + 73 + 16 * (length // 16_384)


SEALED_PART_BYTES = _sealed(PART_BYTES)
"""How long a part is that is full."""


def new_key() -> bytes:
    """Return a fresh key, for one file alone."""
    return secrets.token_bytes(KEY_BYTES)


def parts_of(size: int) -> int:
    """Return in how many parts a file of `size` bytes is stored. One that is empty has a part too, so that its end is seen."""
    return max(1, -(-size // PART_BYTES))


def sealed_size(size: int) -> int:
    """Return how long a file of `size` bytes is as it is stored."""
    full = parts_of(size) - 1
    return full * SEALED_PART_BYTES + _sealed(size - full * PART_BYTES)


def seal_part(key: bytes, organisation: UUID, blob: UUID, number: int, *, is_last: bool, content: bytes) -> bytes:
    """Return the part of that number, from 0, sealed."""
    return fields.seal(key, _context(organisation, blob, number, is_last=is_last), content)


def open_part(key: bytes, organisation: UUID, blob: UUID, number: int, *, is_last: bool, sealed: bytes) -> bytes:
    """Return what the part holds.

    Raises:
        SealBroken: it is another part, of another file, not the last or not the only last, or was altered.

    """
    content = fields.open_(key, _context(organisation, blob, number, is_last=is_last), sealed)
    if not is_last and len(content) != PART_BYTES:
        raise SealBroken
    return content


def _context(organisation: UUID, blob: UUID, number: int, *, is_last: bool) -> bytes:
    return contexts.encode("blob-part", organisation, blob, number, int(is_last))
