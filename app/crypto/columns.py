"""What a sealed column holds: which version of its key, and a ciphertext bound to its place; docs/formats.md, "Sealed column"."""

from uuid import UUID

from app.crypto import contexts, fields

VERSION_BYTES = 4


def seal_value(
    key: bytes, version: int, organisation_id: UUID, scope: UUID, table: str, column: str, row: UUID, value: bytes
) -> bytes:
    """Return version (4 bytes, big endian) and ciphertext, bound to all that is named; see docs/formats.md, "Sealed column"."""
    context = contexts.encode("field", organisation_id, scope, table, column, row, version)
    return prefix(version) + fields.seal(key, context, value)


def open_value(
    key: bytes, organisation_id: UUID, scope: UUID, table: str, column: str, row: UUID, sealed: bytes
) -> bytes:
    """Return what `seal_value` sealed.

    Raises:
        SealBroken: it belongs elsewhere, is under another key, or was altered.

    """
    version = version_of(sealed)
    context = contexts.encode("field", organisation_id, scope, table, column, row, version)
    return fields.open_(key, context, sealed[VERSION_BYTES:])


def version_of(sealed: bytes) -> int:
    """Return under which version of its key a sealed value says it is."""
    return int.from_bytes(sealed[:VERSION_BYTES], "big")


def prefix(version: int) -> bytes:
    """Return the bytes by which a sealed value says under which version of its key it is."""
    return version.to_bytes(VERSION_BYTES, "big")
