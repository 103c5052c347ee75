"""The hash chain of a case: pure functions over values. Format: docs/formats.md, audit events."""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.crypto import contexts
from app.crypto.events import GENESIS, Event, Touched, link

__all__ = ["GENESIS", "Event", "Touched", "authenticate", "commit", "link"]
SALT_BYTES = 16
HEAD_KEY = "audit-head"
"""The use of the pepper by which heads are authenticated."""


def _canonical(value: Any) -> bytes:  # noqa: ANN401, PLR0911 one line for each type a column can have
    if value is None:
        return b"n"
    if isinstance(value, bool):
        return b"b1" if value else b"b0"
    if isinstance(value, int):
        return b"i%d" % value
    if isinstance(value, str):
        return b"s" + str(value).encode()
    if isinstance(value, bytes):
        return b"y" + value
    if isinstance(value, UUID):
        return b"u" + value.bytes
    if isinstance(value, datetime):
        return b"t" + value.astimezone(UTC).isoformat(timespec="microseconds").encode()
    if isinstance(value, date):
        return b"d" + value.isoformat().encode()
    return b"j" + json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def commit(salt: bytes, table: str, columns: Mapping[str, Any]) -> str:
    """Return the salted commitment to a row: hex of HMAC-SHA256 over its table and every column, by name."""
    parts: list[bytes] = []
    for name in sorted(columns):
        parts += [name.encode(), _canonical(columns[name])]
    return hmac.digest(salt, contexts.encode("row", table, *parts), sha256).hex()


def authenticate(key: bytes, organisation_id: UUID, chain_id: UUID, sequence: int, last: bytes) -> bytes:
    """Return the tag of a head: HMAC-SHA256 under a key that the database does not hold.

    The hash of the last event binds all before it, so that nobody who only writes to the database can add an event to a
    chain, start one, or change one. A whole chain put back to an earlier state bears the tag of that state.
    """
    return hmac.digest(key, contexts.encode("audit-head", organisation_id, chain_id, sequence, last), sha256)
