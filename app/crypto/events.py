"""The events of the log and the links between them: what whoever verifies a chain or a receipt needs. Format: docs/formats.md, audit events."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.crypto import contexts

GENESIS = bytes(32)
"""What the first event of a chain follows."""


@dataclass(frozen=True)
class Touched:
    """One row that an event is about: its table, key, and commitment to all its columns; None if the row was removed."""

    table: str
    row: UUID
    commitment: str | None


@dataclass(frozen=True)
class Event:
    """One link of a chain. `at` is exact to the minute for staff and to the day for reporters."""

    organisation_id: UUID
    chain_id: UUID
    sequence: int
    event: str
    actor_id: UUID | None
    at: datetime
    touched: tuple[Touched, ...]


def link(previous: bytes, event: Event) -> bytes:
    """Return the hash of an event that follows `previous`: SHA-256(0x00 || previous || body)."""
    touched = json.dumps([[one.table, str(one.row), one.commitment] for one in event.touched], separators=(",", ":"))
    body = contexts.encode(
        "event",
        event.organisation_id,
        event.chain_id,
        event.sequence,
        event.event,
        b"" if event.actor_id is None else event.actor_id.bytes,
        event.at.astimezone(UTC).isoformat(timespec="seconds"),
        touched,
    )
    return sha256(b"\x00" + previous + body).digest()


def to_document(event: Event) -> dict[str, Any]:
    """Return an event as proofs and bundles hold it: JSON without the organisation, which they name once."""
    return {
        "chain": str(event.chain_id),
        "sequence": event.sequence,
        "event": event.event,
        "actor": None if event.actor_id is None else str(event.actor_id),
        "at": event.at.astimezone(UTC).isoformat(timespec="seconds"),
        "touched": [[one.table, str(one.row), one.commitment] for one in event.touched],
    }


def from_document(organisation_id: UUID, document: Mapping[str, Any]) -> Event:
    """Return the event that a document holds.

    Raises:
        ValueError: it holds none, or something besides.

    """
    try:
        event = Event(
            organisation_id,
            UUID(document["chain"]),
            document["sequence"],
            document["event"],
            None if document["actor"] is None else UUID(document["actor"]),
            datetime.fromisoformat(document["at"]),
            tuple(Touched(table, UUID(row), commitment) for table, row, commitment in document["touched"]),
        )
        is_exact = to_document(event) == document
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise ValueError("not an event") from error
    if not is_exact or type(event.sequence) is not int:
        raise ValueError("not an event")
    return event
