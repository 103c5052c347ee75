"""The chain of what passes between a case and whoever raised it: dated by the day, whoever did it, and apart from the case's own.

On the chain of the case it would stand between two acts of staff, which are dated to the minute, and be dated with them. Nobody is
named as its actor, so that the proof log takes its events in when their day is over; who of the staff wrote, the row itself says, which
the event commits to.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.audit.log import Entry, columns_of
from app.crypto import contexts
from app.kernel import clock
from app.kernel.db import Base

_VERSION = 8


def chain_of(case_id: UUID) -> UUID:
    """Return the chain of the case's conversations: a UUIDv8 that follows from the case.

    Source: RFC 9562 section 5.8. Format: docs/formats.md, "Message".
    """
    digest = sha256(contexts.encode("conversation-chain", case_id)).digest()
    number = int.from_bytes(digest[:16])
    number = number & ~(0xF << 76) & ~(0b11 << 62) | _VERSION << 76 | 0b10 << 62
    return UUID(int=number)


def is_by_day(chain_id: UUID) -> bool:
    """Whether a chain tells the day alone, so that it is shown only up to the day before: else who looks often learns more."""
    return chain_id.version == _VERSION


async def record(
    session: AsyncSession, organisation_id: UUID, case_id: UUID, event: str, *rows: Base, removed: Iterable[Base] = ()
) -> None:
    """Append one event about `rows`, of this day, to the chain of the case's conversations.

    Raises:
        AuditUnavailable: the log cannot be written; the transaction must not commit.

    """
    await session.flush()
    touched = [(row.__tablename__, columns_of(row)) for row in rows]
    gone = [(row.__tablename__, row.id) for row in removed]  # type: ignore[attr-defined]
    await append(session, organisation_id, case_id, [Entry(event, touched, gone)])


async def append(session: AsyncSession, organisation_id: UUID, case_id: UUID, entries: Sequence[Entry]) -> None:
    """Append events of this day to the chain of the case's conversations.

    Raises:
        AuditUnavailable: the log cannot be written; the transaction must not commit.

    """
    chain_id, at = chain_of(case_id), clock.start_of_day()
    await log.append(session, organisation_id, chain_id, entries, actor_id=None, at=at)
