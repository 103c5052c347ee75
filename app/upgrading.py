"""Takes over a database that older revisions wrote: puts the tags that a migration, which has no keys, cannot put.

Revision 0007 gave grants of case keys and grievances a tag each and left it empty. A row gets its tag here if the log
vouches for it as it was then, and is named in the log with it; so it is taken over once, whatever happens to the tag later.
An organisation whose own chain says that all this was done is not looked at again.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Table, exists, select, union, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import models
from app.accounts import provenance
from app.accounts.models import Account, Organisation
from app.audit import log
from app.audit.log import Entry
from app.audit.models import AuditEvent, AuditHead
from app.audit.verify import Last, Result, verify_chain
from app.cases.grants import tag_of
from app.cases.holding import hold
from app.cases.models import CaseKeyGrant
from app.crypto import hpke
from app.intake.conversations import sender_tag
from app.intake.models import Grievance
from app.kernel import clock
from app.kernel.db import table_of
from app.kernel.keyring import ServiceKeys
from app.kernel.logs import log as logger
from app.kernel.runtime import Runtime
from app.kernel.sealed import OpenKeys, open_keys

__all__ = ["models", "upgrade"]
DONE = "schema.upgraded"
"""In the chain of a case: these rows have their tags. In that of an organisation: all its cases are done."""
_GRANTS, _GRIEVANCES = table_of(CaseKeyGrant), table_of(Grievance)
_LEFT_BY_MIGRATION: dict[Table, dict[str, Any]] = {
    _GRANTS: {"tag": b""},
    _GRIEVANCES: {"key_version": 1, "sender_tag": b"", "statement_salt_sealed": None, "classification_sealed": None},
}
"""The columns that the rows had not yet when the log last named them, and what migrations put there."""
_TAGS = {_GRANTS: "tag", _GRIEVANCES: "sender_tag"}


async def upgrade(runtime: Runtime) -> None:
    """Every row of older revisions that the log vouches for has its tag, and every organisation's chain says so.

    If it is stopped, it goes on at the next start. The operator is told of rows that it left without a tag.
    """
    async with aclosing(steps(runtime)) as all_steps:
        async for _ in all_steps:
            pass


async def steps(runtime: Runtime) -> AsyncGenerator[None]:
    """Take over one case at each step, in a transaction of its own, and then say of its organisation that all is done."""
    async with runtime.database.session(write=False) as session:
        organisations = (await session.scalars(select(Organisation.id))).all()
    for organisation_id in organisations:
        async with runtime.database.session(write=False) as session:
            if await _is_done(session, organisation_id):
                continue
            is_whole = bool(await _vouched(session, runtime.keys, organisation_id, organisation_id))
            cases = await _waiting(session, organisation_id)
        if not is_whole:  # it may have said that all is done
            _tell("the log of an organisation was altered, so that no row of older revisions got its tag")
            continue
        left: Counter[str] = Counter()
        for case_id in cases:
            async with runtime.database.session(write=True) as session:
                left += await _take_over(session, runtime.keys, organisation_id, case_id)
            yield
        for table, count in left.items():
            _tell(f"the log does not vouch for rows of {table}, which got no tag: {count}")
        async with runtime.database.session(write=True) as session:
            await mark_done(session, runtime.keys, organisation_id)


async def mark_done(session: AsyncSession, keys: ServiceKeys, organisation_id: UUID) -> None:
    """The organisation's chain says that none of its rows waits for a tag, as of one that was founded today."""
    await _append(session, keys, organisation_id, organisation_id, Entry(DONE))


async def _is_done(session: AsyncSession, organisation_id: UUID) -> bool:
    """Whether the organisation's chain says that all is done. Who writes that into it breaks it, and gains no tag."""
    said = exists().where(
        AuditEvent.organisation_id == organisation_id,
        AuditEvent.chain_id == organisation_id,
        AuditEvent.event == DONE,
    )
    return bool(await session.scalar(select(said)))


async def _waiting(session: AsyncSession, organisation_id: UUID) -> list[UUID]:
    """Return the cases with rows whose tag is empty."""
    each = [
        select(table.c.case_id).where(table.c.organisation_id == organisation_id, table.c[tag] == b"")
        for table, tag in _TAGS.items()
    ]
    return sorted((await session.scalars(union(*each))).all())


async def _take_over(session: AsyncSession, keys: ServiceKeys, organisation_id: UUID, case_id: UUID) -> Counter[str]:
    """Each row of the case that the log vouches for has its tag; return how many of each table have none."""
    await hold(session, organisation_id, case_id)
    newest = await _vouched(session, keys, organisation_id, case_id)
    left: Counter[str] = Counter()
    changed: list[tuple[str, dict[str, Any]]] = []
    for table, tag in _TAGS.items():
        waiting = (table.c.organisation_id == organisation_id, table.c.case_id == case_id, table.c[tag] == b"")
        for found in (await session.execute(select(table).where(*waiting))).mappings().all():
            row = dict(found)
            if not _is_as_logged(table, row, newest.get((table.name, str(row["id"])))):
                left[table.name] += 1
                continue
            row[tag] = await _tag_rows(session, keys, table, row)
            place = (table.c.organisation_id == organisation_id, table.c.id == row["id"])
            await session.execute(update(table).where(*place).values({tag: row[tag]}))
            changed.append((table.name, row))
    if changed:
        await _append(session, keys, organisation_id, case_id, Entry(DONE, changed))
    return left


async def _vouched(
    session: AsyncSession, keys: ServiceKeys, organisation_id: UUID, chain_id: UUID
) -> Mapping[tuple[str, str], Last]:
    """Return the newest event about each row of a chain; none of a chain with a fault, or without a head of ours."""
    head = await session.get(AuditHead, (organisation_id, chain_id))
    if head is None:
        return {}
    result = Result()
    newest = await verify_chain(session, keys, head, result)
    return {} if result.faults else newest


def _is_as_logged(table: Table, row: Mapping[str, Any], last: Last | None) -> bool:
    """Whether the row is what its newest event names, but for what was added to it since, which no event vouches for."""
    added = _LEFT_BY_MIGRATION[table]
    if last is None or any(row[name] != value for name, value in added.items()):
        return False
    before = {name: value for name, value in row.items() if name not in added}
    return last.committed_to(table.name, before)


async def _tag_rows(session: AsyncSession, keys: ServiceKeys, table: Table, row: Mapping[str, Any]) -> bytes:
    """Return the tag of a row that the log vouches for.

    It stays empty for a grievance of a representative whose account was altered: that key is not theirs for certain.
    """
    if table is _GRANTS:
        place = (row["key_version"], row["organisation_id"], row["case_id"], row["account_id"])
        return tag_of(keys, *place, row["sealed_key"])
    public_key = row["reporter_public_key"]
    if row["representative_id"] is not None:
        account = await session.get(Account, (row["organisation_id"], row["representative_id"]))
        with _own(keys):
            public_key = account.public_key if account is not None and provenance.is_ours(account) else None
    if public_key is None or not hpke.is_sealed_to(public_key, row["key_for_sender"]):
        return b""
    return sender_tag(keys, row["organisation_id"], row["id"], public_key)


async def _append(
    session: AsyncSession, keys: ServiceKeys, organisation_id: UUID, chain_id: UUID, entry: Entry
) -> None:
    with _own(keys):
        await log.append(session, organisation_id, chain_id, [entry], actor_id=None, at=clock.start_of_day())


@contextmanager
def _own(keys: ServiceKeys) -> Iterator[None]:
    token = open_keys.set(OpenKeys(keys))
    try:
        yield
    finally:
        open_keys.reset(token)


def _tell(event: str) -> None:
    logger.error(event, extra={"event": event})
