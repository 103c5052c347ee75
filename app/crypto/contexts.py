"""How a purpose and the things it concerns become one unambiguous byte string; see docs/formats.md, "Context".

A ciphertext sealed under one context opens under no other, which is what stops a row, column or case from being swapped.
"""

from uuid import UUID

PREFIX = b"candour/1/"
"""Heads every label, so that a key used here can never be made to work in another protocol or version."""

Part = bytes | str | int | UUID
"""What a context may name. A label always has the same kinds of parts, in the same order."""


def encode(label: str, *parts: Part) -> bytes:
    """Return the label and parts, each behind its length as u32 big endian; unequal items never give equal bytes.

    Raises:
        ValueError: an integer is negative or needs more than 8 bytes, or a text is not Unicode.

    """
    name = PREFIX + label.encode()
    items = [len(name).to_bytes(4), name]
    for part in parts:
        data = _bytes_of(part)
        items.append(len(data).to_bytes(4))
        items.append(data)
    return b"".join(items)


def _bytes_of(part: Part) -> bytes:
    if isinstance(part, bytes):
        return part
    if isinstance(part, UUID):
        return part.bytes
    if isinstance(part, str):
        return part.encode()
    if not 0 <= part < 1 << 64:
        raise ValueError("an integer in a context is unsigned and fits 8 bytes")
    return part.to_bytes(8)
