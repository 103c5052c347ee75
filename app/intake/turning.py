"""Turns the keys of a case's conversations after the key of the case was turned: who was barred may have kept those too.

A conversation is turned whole, in one transaction, since it has one key at a time: texts, the key for the case, and the key
for whoever raised it, which needs their public key alone and no receipt. Open inboxes are closed by it.
"""

from collections.abc import AsyncGenerator
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import case as case_when
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import provenance
from app.accounts.models import Account
from app.audit import by_day as by_day_log
from app.audit.log import Entry
from app.cases.models import Case
from app.cases.resealing import Process, Work, tell_of_broken
from app.crypto import conversation_keys, hpke
from app.crypto.errors import SealBroken
from app.intake import conversations
from app.intake.models import Grievance, InboxSession, OfConversation
from app.kernel import resealing
from app.kernel.db import Base, table_of
from app.kernel.logs import log as logger
from app.kernel.resealing import OldRow, SealedTable

_GRIEVANCES, _SESSIONS = table_of(Grievance), table_of(InboxSession)
_TURNED = "conversation.key_turned"
_MOST_ROWS = 100_000
"""More rows than any conversation has."""


@cache
def _tables() -> tuple[SealedTable, ...]:
    classes = [mapper.class_ for mapper in Base.registry.mappers]
    return resealing.tables_under(classes, "grievance_id", Grievance)


@cache
def _told_by_day() -> frozenset[str]:
    """Return the tables of which the chain of conversations tells, and not that of the case."""
    mappers = [mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, OfConversation)]
    return frozenset(table_of(mapper.class_).name for mapper in mappers)


class Conversations:
    """The conversations of a case: one is under the version of the case key that opens its key."""

    async def progress(
        self, session: AsyncSession, organisation_id: UUID, case_id: UUID, version: int
    ) -> tuple[int, int]:
        """Return how many conversations the case has, and how many of them were turned with the case key."""
        turned = func.count(case_when((_GRIEVANCES.c.case_key_version == version, 1)))
        statement = select(func.count(), turned).where(
            _GRIEVANCES.c.organisation_id == organisation_id, _GRIEVANCES.c.case_id == case_id
        )
        total, done = (await session.execute(statement)).one()
        return total, done

    async def fits(self, session: AsyncSession, case: Case, key: bytes) -> bool:
        """Whether that key opens the key of every conversation that is under the present version."""
        present = select(Grievance).where(
            Grievance.organisation_id == case.organisation_id,
            Grievance.case_id == case.id,
            Grievance.case_key_version == case.key_version,
        )
        try:
            for grievance in await session.scalars(present):
                conversations.open_in_case(grievance, key)
        except SealBroken:
            return False
        return True

    async def batches(self, process: Process, work: Work) -> AsyncGenerator[None]:
        """Turn one conversation at each step. One that does not open, or whose sender was altered, is left as it is."""
        older = set(work.keys) - {work.newest}
        waiting = select(Grievance.id).where(
            Grievance.organisation_id == work.organisation_id,
            Grievance.case_id == work.case_id,
            Grievance.case_key_version.in_(older),
        )
        async with process.database.session(write=False) as session:
            ids = (await session.scalars(waiting)).all()
        for grievance_id in ids:
            async with process.database.session(write=True) as session:
                await process.alone(session, work)
                grievance = await session.get(Grievance, (work.organisation_id, grievance_id))
                if grievance is not None and grievance.case_key_version in older:
                    await _turn(session, process, work, grievance)
            yield


async def _turn(session: AsyncSession, process: Process, work: Work, grievance: Grievance) -> None:
    sender = await _sender(session, process, grievance)
    if sender is None:
        event = "who raised a grievance was altered"
        logger.error(event, extra={"event": event, "channel": str(grievance.channel_id)})
        return
    try:
        old_key = conversations.open_in_case(grievance, work.keys[grievance.case_key_version])
    except SealBroken:
        tell_of_broken(_GRIEVANCES, [grievance.id])
        return
    key, version = conversation_keys.new_key(), grievance.key_version + 1
    place = (grievance.organisation_id, grievance.id)
    texts: list[OldRow] = []
    for table in _tables():
        keys = {grievance.key_version: old_key, version: key}
        rows, _ = await resealing.old_rows(session, table, *place, keys, after=None, limit=_MOST_ROWS)
        done, broken = resealing.seal_all_anew(table, *place, rows, keys)
        tell_of_broken(table.table, broken)
        if broken:
            return
        texts += done
    changed = await resealing.replace(session, texts)
    row = await _store_keys(session, work, grievance, sender, key, version)
    closed = delete(_SESSIONS).where(
        _SESSIONS.c.organisation_id == grievance.organisation_id, _SESSIONS.c.grievance_id == grievance.id
    )
    await session.execute(closed)
    by_day = [one for one in changed if one[0] in _told_by_day()]
    others = [one for one in changed if one[0] != _GRIEVANCES.name and one[0] not in _told_by_day()]
    await process.record(session, work, Entry(_TURNED, [(_GRIEVANCES.name, row), *others]))
    if by_day:
        with process.own_keys():
            await by_day_log.append(session, work.organisation_id, work.case_id, [Entry(_TURNED, by_day)])


async def _store_keys(
    session: AsyncSession, work: Work, grievance: Grievance, sender: hpke.PublicKey, key: bytes, version: int
) -> dict[str, Any]:
    """The grievance has the new key for both sides; return its row as it is now."""
    place = (_GRIEVANCES.c.organisation_id == grievance.organisation_id, _GRIEVANCES.c.id == grievance.id)
    for_case = conversation_keys.seal_for_case(
        key, work.keys[work.newest], grievance.organisation_id, grievance.case_id, grievance.id
    )
    values = {
        "key_version": version,
        "case_key_version": work.newest,
        "key_for_case": for_case,
        "key_for_sender": conversation_keys.seal_for_sender(key, grievance.organisation_id, grievance.id, sender),
    }
    await session.execute(update(_GRIEVANCES).where(*place).values(values))
    return dict((await session.execute(select(_GRIEVANCES).where(*place))).mappings().one())


async def _sender(session: AsyncSession, process: Process, grievance: Grievance) -> hpke.PublicKey | None:
    """Return the key of whoever raised the grievance, or None if it is not certain that it is theirs."""
    public_key = grievance.reporter_public_key
    if grievance.representative_id is not None:
        account = await session.get(Account, (grievance.organisation_id, grievance.representative_id))
        with process.own_keys():
            if account is None or not provenance.is_ours(account):
                return None
        public_key = account.public_key
    if public_key is None or not conversations.is_sender(process.service_keys, grievance, public_key):
        return None
    return hpke.PublicKey(public_key)
