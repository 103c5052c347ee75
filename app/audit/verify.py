"""Checks the whole log against itself and against the rows it is about. Only reads."""

import hmac
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import chain
from app.audit.models import AuditEvent, AuditHead
from app.crypto.logproofs import STATEMENT
from app.kernel.db import Base
from app.kernel.keyring import ServiceKeys

_BATCH = 500
NOT_COMMITTED = frozenset(
    {
        "audit_events",
        "audit_heads",
        "blobs",
        "counted_supporters",
        "deliveries",
        "file_uploads",
        "inbox_sessions",
        "log_checkpoints",
        "log_cosignatures",
        "log_heads",
        "log_leaves",
        "log_nodes",
        "log_timestamps",
        "notice_slots",
        "notices",
        "refresh_tokens",
        "sessions",
        "spent_tokens",
        "stored_answers",
        "supporter_codes",
        "supporter_identities",
    }
)
"""Tables that no event has to commit to: the log itself, what lives for minutes or days (sessions, answers kept for repeats, files
and notices on their way), where files are stored (what is stored there is bound to the key in the row that owns it, which is
committed to), and what supporters write, which an event for each would date: of those the round of each day commits to what it tells."""
ADDED = {
    "accounts": frozenset({"vault_salt", "vault_memory_kib", "vault_iterations"}),
    "channels": frozenset({"manifest_digest"}),
    "custodians": frozenset({"ended_on"}),
    "grievances": frozenset({"statement_salt_sealed"}),
    "sealed_identities": frozenset({"erased_on"}),
}
"""Columns that were added to a table after events had committed to its rows. A row where they are empty may be committed to
without them."""
ADDED_LATER = {
    "channels": frozenset(
        {"default_language", "elsewhere", "file_rules", "nation", "own_categories", "shows_officers", "translations"}
    ),
    "grievances": frozenset({"classification_sealed"}),
}
"""Columns that came after those: a row may be committed to with the former, though they are empty, and without these."""


@dataclass(frozen=True)
class Fault:
    """One thing that is not as the log says. It names places, never content."""

    chain_id: UUID
    sequence: int
    what: str


@dataclass
class Result:
    """What was checked, and what was found wrong."""

    chains: int = 0
    events: int = 0
    rows: int = 0
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class Last:
    """The newest event about a row."""

    chain_id: UUID
    sequence: int
    salt: bytes
    commitment: str | None

    def committed_to(self, table: str, columns: Mapping[str, Any]) -> bool:
        """Whether the event names a row with exactly these columns."""
        return self.commitment == chain.commit(self.salt, table, columns)


async def verify(session: AsyncSession, keys: ServiceKeys) -> Result:
    """Return what is wrong with the log, or with the rows that it vouches for.

    An edited, dropped, reordered or rolled-back event breaks its chain or differs from its head; a row that was edited,
    moved, rolled back or removed without an event differs from its newest commitment; a row that no event names is
    reported too. An event or a chain that was forged has no head with a right tag. What this cannot show is a chain put
    back to an earlier state together with its rows, or removed with them: keep the heads elsewhere.
    """
    result = Result()
    newest: dict[tuple[str, str], Last] = {}
    heads = (
        (await session.execute(select(AuditHead).order_by(AuditHead.organisation_id, AuditHead.chain_id)))
        .scalars()
        .all()
    )
    known = {head.chain_id for head in heads}
    for head in heads:
        newest.update(await verify_chain(session, keys, head, result))
    strays = select(AuditEvent.chain_id).where(AuditEvent.chain_id.not_in(known)).distinct()
    result.faults.extend(
        Fault(chain_id, 0, "a chain has no head") for chain_id in (await session.execute(strays)).scalars()
    )
    await _verify_rows(session, newest, result)
    return result


async def verify_chain(
    session: AsyncSession, keys: ServiceKeys, head: AuditHead, result: Result
) -> dict[tuple[str, str], Last]:
    """Return the newest event about each row that the chain names, by table and id, up to its first fault.

    What was checked, and what is wrong with the chain, is added to `result`.
    """
    newest: dict[tuple[str, str], Last] = {}
    result.chains += 1
    head_key = keys.peppered(chain.HEAD_KEY)
    tag = chain.authenticate(head_key, head.organisation_id, head.chain_id, head.sequence, head.hash)
    if not hmac.compare_digest(tag, head.tag):
        result.faults.append(Fault(head.chain_id, head.sequence, "the head was not written by this service"))
    previous, sequence = chain.GENESIS, 0
    async for event in _events(session, head):
        sequence += 1
        result.events += 1
        touched = tuple(chain.Touched(table, UUID(row), commitment) for table, row, commitment in event.touched)
        rebuilt = chain.Event(
            event.organisation_id, event.chain_id, event.sequence, event.event, event.actor_id, event.at, touched
        )
        if event.sequence != sequence:
            result.faults.append(Fault(head.chain_id, sequence, "an event is missing"))
            return newest
        previous = chain.link(previous, rebuilt)
        if previous != event.hash:
            result.faults.append(
                Fault(head.chain_id, sequence, "an event was altered, or does not follow the one before")
            )
            return newest
        for one in touched:
            if one.table == STATEMENT:  # what was said, not a row
                continue
            newest[one.table, str(one.row)] = Last(event.chain_id, event.sequence, event.salt, one.commitment)
    if (sequence, previous) != (head.sequence, head.hash):
        result.faults.append(Fault(head.chain_id, sequence, "the chain does not end where its head says"))
    return newest


async def _events(session: AsyncSession, head: AuditHead) -> AsyncIterator[AuditEvent]:
    after = 0
    while True:
        statement = (
            select(AuditEvent)
            .where(
                AuditEvent.organisation_id == head.organisation_id,
                AuditEvent.chain_id == head.chain_id,
                AuditEvent.sequence > after,
            )
            .order_by(AuditEvent.sequence)
            .limit(_BATCH)
        )
        batch = (await session.execute(statement)).scalars().all()
        for event in batch:
            yield event
        if len(batch) < _BATCH:
            return
        after = batch[-1].sequence


async def _verify_rows(session: AsyncSession, newest: Mapping[tuple[str, str], Last], result: Result) -> None:
    seen: set[tuple[str, str]] = set()
    for table in Base.metadata.sorted_tables:
        if table.name in NOT_COMMITTED:
            continue
        async for columns in _rows(session, table):
            result.rows += 1
            key = (table.name, str(columns["id"]))
            seen.add(key)
            last = newest.get(key)
            if last is None:
                result.faults.append(Fault(columns["id"], 0, f"a row of {table.name} is named by no event"))
            elif last.commitment is None:
                result.faults.append(
                    Fault(last.chain_id, last.sequence, f"a row of {table.name} is back after its removal")
                )
            elif not _is_as_logged(last, table.name, columns):
                result.faults.append(
                    Fault(last.chain_id, last.sequence, f"a row of {table.name} differs from its newest event")
                )
    for key, last in newest.items():
        if last.commitment is not None and key not in seen and key[0] not in NOT_COMMITTED:
            result.faults.append(Fault(last.chain_id, last.sequence, f"a row of {key[0]} is gone without an event"))


def _is_as_logged(last: Last, table: str, columns: Mapping[str, Any]) -> bool:
    later = ADDED_LATER.get(table, frozenset())
    former = _without_empty(columns, later)
    oldest = _without_empty(columns, later | ADDED.get(table, frozenset()))
    return any(last.committed_to(table, one) for one in (columns, former, oldest))


def _without_empty(columns: Mapping[str, Any], added: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in columns.items() if name not in added or value is not None}


async def _rows(session: AsyncSession, table: Table) -> AsyncIterator[dict[str, Any]]:
    stream = await session.stream(select(table).execution_options(yield_per=_BATCH))
    async for row in stream.mappings():
        yield dict(row)
