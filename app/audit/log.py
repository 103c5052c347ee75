"""Writes the log in the transaction of the act. If it cannot be written, the act does not happen."""

import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, inspect, select, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import chain
from app.audit.models import AuditEvent, AuditHead
from app.kernel import clock
from app.kernel.db import Base, insert_rows, may_be_repeated, table_of
from app.kernel.problems import Problem
from app.kernel.sealed import open_keys
from app.policy.actors import Staff

_EVENTS, _HEADS = table_of(AuditEvent), table_of(AuditHead)
_HOLD_HEAD = (
    select(_HEADS.c.sequence, _HEADS.c.hash, _HEADS.c.tag)
    .where(_HEADS.c.organisation_id == bindparam("organisation"), _HEADS.c.chain_id == bindparam("chain"))
    .with_for_update()
)
_MOVE_HEAD = (
    update(_HEADS)
    .where(_HEADS.c.organisation_id == bindparam("organisation"), _HEADS.c.chain_id == bindparam("chain"))
    .values(sequence=bindparam("length"), hash=bindparam("last"), tag=bindparam("proof"))
)
# Made once: every request comes by here, and making a statement costs more than running it.


class AuditUnavailable(Problem):
    """The audit log cannot be written, so that nothing was done. Tell the operator."""

    status = 503
    title = "The audit log cannot be written"
    retry_after = 30


@dataclass(frozen=True)
class Entry:
    """One event to append: its name, the columns of every row it added or changed, and the rows it removed."""

    event: str
    rows: Sequence[tuple[str, dict[str, Any]]] = ()
    removed: Sequence[tuple[str, UUID]] = field(default_factory=tuple)
    stated: Sequence[chain.Touched] = ()
    """What it commits to besides rows: a statement."""


def columns_of(row: Base) -> dict[str, Any]:
    """Return every column of a flushed row by its name in the table."""
    state = inspect(row)
    return {
        column.name: getattr(row, state.mapper.get_property_by_column(column).key) for column in state.mapper.columns
    }


async def record(
    session: AsyncSession,
    actor: Staff,
    event: str,
    *rows: Base,
    case_id: UUID | None = None,
    removed: Iterable[Base] = (),
) -> None:
    """Append one event about `rows` to the chain of the case, or of the organisation where no case is concerned.

    The session is flushed first, so that what is committed to is what the database holds. Name every row that the act
    added or changed: `python -m app audit verify` reports a row that changed without an event.

    Raises:
        AuditUnavailable: the log cannot be written; the transaction must not commit.

    """
    await session.flush()
    entry = Entry(
        event,
        [(row.__tablename__, columns_of(row)) for row in rows],
        [(row.__tablename__, row.id) for row in removed],  # type: ignore[attr-defined]
    )
    chain_id, at = case_id or actor.organisation_id, clock.to_the_minute()
    await append(session, actor.organisation_id, chain_id, [entry], actor_id=actor.account_id, at=at)


async def append(
    session: AsyncSession,
    organisation_id: UUID,
    chain_id: UUID,
    entries: Sequence[Entry],
    *,
    actor_id: UUID | None,
    at: datetime,
    is_new: bool = False,
) -> None:
    """Append events to a chain; `is_new` starts the chain, and saves looking for its head.

    Raises:
        AuditUnavailable: the log cannot be written; the transaction must not commit.

    """
    try:
        sequence, previous = (0, chain.GENESIS) if is_new else await _head(session, organisation_id, chain_id)
        values = []
        for entry in entries:
            sequence += 1
            salt = secrets.token_bytes(chain.SALT_BYTES)
            touched = (
                *(
                    chain.Touched(table, columns["id"], chain.commit(salt, table, columns))
                    for table, columns in entry.rows
                ),
                *(chain.Touched(table, row, None) for table, row in entry.removed),
                *entry.stated,
            )
            link = chain.Event(organisation_id, chain_id, sequence, entry.event, actor_id, at, touched)
            previous = chain.link(previous, link)
            values.append(
                {
                    "organisation_id": organisation_id,
                    "chain_id": chain_id,
                    "sequence": sequence,
                    "event": entry.event,
                    "actor_id": actor_id,
                    "at": at,
                    "touched": [[one.table, str(one.row), one.commitment] for one in touched],
                    "salt": salt,
                    "hash": previous,
                }
            )
        place = {"organisation_id": organisation_id, "chain_id": chain_id}
        tag = chain.authenticate(_head_key(), organisation_id, chain_id, sequence, previous)
        head = {**place, "sequence": sequence, "hash": previous, "tag": tag}
        if sequence == len(entries):
            await insert_rows(session, ((_EVENTS, values), (_HEADS, [head])))
        else:
            await insert_rows(session, ((_EVENTS, values),))
            held = {"organisation": organisation_id, "chain": chain_id}
            await session.execute(_MOVE_HEAD, {**held, "length": sequence, "last": previous, "proof": tag})
    except SQLAlchemyError as error:
        if isinstance(error, DBAPIError) and may_be_repeated(error):
            raise
        raise AuditUnavailable from error


async def _head(session: AsyncSession, organisation_id: UUID, chain_id: UUID) -> tuple[int, bytes]:
    """Return (events so far, hash of the last), and keep other writers off the chain until this transaction ends.

    Raises:
        AuditUnavailable: the head is not one that this service wrote: what follows it would vouch for a forgery.

    """
    place = {"organisation": organisation_id, "chain": chain_id}
    found = (await session.execute(_HOLD_HEAD, place)).one_or_none()
    if found is None:
        return 0, chain.GENESIS
    tag = chain.authenticate(_head_key(), organisation_id, chain_id, found.sequence, found.hash)
    if not hmac.compare_digest(tag, found.tag):
        raise AuditUnavailable
    return found.sequence, found.hash


def _head_key() -> bytes:
    return open_keys.get().service.peppered(chain.HEAD_KEY)
