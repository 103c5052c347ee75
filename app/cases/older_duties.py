"""Begins what is owed in cases that are older than the table of duties. A migration could not: it has no key for the log.

An organisation whose own chain says that this was done is not looked at again.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Organisation
from app.audit import log
from app.audit.log import AuditUnavailable, Entry
from app.audit.models import AuditEvent
from app.cases import clocks
from app.cases.holding import hold
from app.cases.models import Case, Transition
from app.duties import opening
from app.duties.models import Duty
from app.duties.profiles import LawProfile
from app.kernel import clock
from app.kernel.db import insert_rows, table_of
from app.kernel.logs import log as logger
from app.kernel.runtime import Runtime
from app.kernel.sealed import OpenKeys, open_keys

DONE = "duties.begun"
"""In the chain of a case: these are owed in it. In that of an organisation: so it is in all of its cases."""
_CASES = table_of(Case).c


async def begin_all(runtime: Runtime) -> None:
    """In every case something is owed, or was; each organisation's chain says so. If it is stopped, it goes on at the next start."""
    token = open_keys.set(OpenKeys(runtime.keys))
    try:
        async with runtime.database.session(write=False) as session:
            organisations = (await session.scalars(select(Organisation.id))).all()
        for organisation_id in organisations:
            await _begin_in(runtime, organisation_id)
    finally:
        open_keys.reset(token)


async def _begin_in(runtime: Runtime, organisation_id: UUID) -> None:
    done = exists().where(
        AuditEvent.organisation_id == organisation_id,
        AuditEvent.chain_id == organisation_id,
        AuditEvent.event == DONE,
    )
    owes = exists().where(Duty.organisation_id == _CASES.organisation_id, Duty.case_id == _CASES.id)
    owing_nothing = select(_CASES.id).where(_CASES.organisation_id == organisation_id, ~owes)
    async with runtime.database.session(write=False) as session:
        if await session.scalar(select(done)):
            return
        cases = (await session.scalars(owing_nothing.order_by(_CASES.id))).all()
    for case_id in cases:
        try:
            async with runtime.database.session(write=True) as session:
                await _begin(session, organisation_id, case_id)
        except AuditUnavailable:  # a forged chain is for `audit verify` to report, and keeps no other case waiting
            what = "nothing is owed in a case whose log was altered"
            logger.error(what, extra={"event": what})
    async with runtime.database.session(write=True) as session:
        await mark_done(session, organisation_id)


async def _begin(session: AsyncSession, organisation_id: UUID, case_id: UUID) -> None:
    await hold(session, organisation_id, case_id)
    columns = (_CASES.law_profile, _CASES.received_on, _CASES.acknowledged_on)
    statement = select(*columns).where(_CASES.organisation_id == organisation_id, _CASES.id == case_id)
    case = (await session.execute(statement)).one()
    table, rows = opening.rows(
        organisation_id,
        case_id,
        LawProfile(case.law_profile),
        case.received_on,
        acknowledged_on=case.acknowledged_on,
        fed_back_on=await session.scalar(_fed_back(organisation_id, case_id)),
    )
    await insert_rows(session, [(table, rows)])
    entry = Entry(DONE, [(table.name, row) for row in rows])
    await log.append(session, organisation_id, case_id, [entry], actor_id=None, at=clock.start_of_day())


def _fed_back(organisation_id: UUID, case_id: UUID) -> Select[date]:
    """Return how to find the day of the first step by which whoever raised it was told of it."""
    of_case = (Transition.organisation_id == organisation_id, Transition.case_id == case_id)
    telling = select(Transition.made_on).where(*of_case, Transition.to_state.in_(clocks.FEED_BACK))
    return telling.order_by(Transition.position).limit(1)


async def mark_done(session: AsyncSession, organisation_id: UUID) -> None:
    """The organisation's chain says that something is owed in each of its cases, as of one that was founded today."""
    await log.append(session, organisation_id, organisation_id, [Entry(DONE)], actor_id=None, at=clock.start_of_day())
