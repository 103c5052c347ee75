"""Raises what was not kept: with the case officers of the case, and after a time with the channel's officers beside them."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.audit.log import AuditUnavailable
from app.cases import telling
from app.cases.holding import hold
from app.cases.models import Case, Wall
from app.duties import queries
from app.duties.escalation import THE_CASE, steps
from app.duties.models import Duty, DutyEscalation
from app.duties.schemas import DutyItem
from app.intake.models import ChannelOfficer
from app.kernel import clock
from app.kernel.db import table_of
from app.kernel.pages import Page, PageQuery
from app.kernel.runtime import Runtime
from app.notifications import outbox
from app.policy.actors import Capacity, Staff

_DUTIES, _CASES = table_of(Duty).c, table_of(Case).c
_OF_ITS_CASE = (_CASES.organisation_id == _DUTIES.organisation_id) & (_CASES.id == _DUTIES.case_id)


async def raise_all(runtime: Runtime) -> None:
    """Every duty that is late was raised as often as it has to be by now. Several workers at once raise it once."""
    late = (
        select(_DUTIES.organisation_id, _DUTIES.case_id, _DUTIES.id, _DUTIES.due_on, _DUTIES.due_at)
        .where(queries.is_overdue())
        .order_by(_DUTIES.organisation_id, _DUTIES.case_id)
    )
    async with runtime.database.session(write=False) as session:
        found = (await session.execute(late)).all()
        raised = await _raised(session)
    now = clock.now()
    waiting = {
        (row.organisation_id, row.case_id)
        for row in found
        if any((row.id, *one) not in raised for one in steps(row.due_on, row.due_at, now).items())
    }
    for organisation_id, case_id in sorted(waiting):
        try:
            async with runtime.database.session(write=True) as session:
                await _raise(session, organisation_id, case_id)
        except AuditUnavailable:  # a forged chain is for `audit verify` to report, and keeps no other case waiting
            continue


async def _raised(session: AsyncSession) -> set[tuple[UUID, int, int]]:
    statement = (
        select(DutyEscalation.duty_id, DutyEscalation.level, DutyEscalation.step)
        .join(Duty, (Duty.organisation_id == DutyEscalation.organisation_id) & (Duty.id == DutyEscalation.duty_id))
        .where(queries.is_overdue())
    )
    return {(row.duty_id, row.level, row.step) for row in (await session.execute(statement)).all()}


async def _raise(session: AsyncSession, organisation_id: UUID, case_id: UUID) -> None:
    """What is late in the case is raised. Nobody did it: the log says so."""
    await hold(session, organisation_id, case_id)
    late = select(Duty).where(Duty.organisation_id == organisation_id, Duty.case_id == case_id, queries.is_overdue())
    duties = (await session.scalars(late)).all()
    raised = await _raised(session)
    made = [
        DutyEscalation(
            organisation_id=organisation_id,
            case_id=case_id,
            duty_id=duty.id,
            level=level,
            step=step,
            raised_on=clock.today(),
        )
        for duty in duties
        for level, step in steps(duty.due_on, duty.due_at, clock.now()).items()
        if (duty.id, level, step) not in raised
    ]
    if not made:
        return
    session.add_all(made)
    await session.flush()
    entry = log.Entry("duty.escalated", [(one.__tablename__, log.columns_of(one)) for one in made])
    await log.append(session, organisation_id, case_id, [entry], actor_id=None, at=clock.to_the_minute())
    told = set(await telling.appointed_to(session, organisation_id, case_id, Capacity.CASE_OFFICER))
    if any(one.level != THE_CASE for one in made):
        told |= await _officers_of_channel(session, organisation_id, case_id)
    await outbox.tell(session, organisation_id, sorted(told), case_id)


async def _officers_of_channel(session: AsyncSession, organisation_id: UUID, case_id: UUID) -> set[UUID]:
    """Return the officers of the case's channel whom no wall bars."""
    statement = (
        select(ChannelOfficer.account_id)
        .join(Case, (_CASES.organisation_id == ChannelOfficer.organisation_id) & (_CASES.channel_id == ChannelOfficer.channel_id))
        .where(Case.organisation_id == organisation_id, Case.id == case_id, ~_is_walled(ChannelOfficer.account_id))
    )  # fmt: skip
    return set((await session.scalars(statement)).all())


def _is_walled(account_id: Any) -> ColumnElement[bool]:  # noqa: ANN401 a column or an id
    return exists().where(
        Wall.organisation_id == _CASES.organisation_id, Wall.case_id == _CASES.id, Wall.account_id == account_id
    )


async def list_raised(session: AsyncSession, actor: Staff, page: PageQuery) -> Page[DutyItem]:
    """Return one page of what is late and was raised beside its case with the officers of its channel, of whom the actor is one.

    They need not be appointed to the case. A case that a wall bars them from is not in it.
    """
    was_raised = exists().where(
        DutyEscalation.organisation_id == _DUTIES.organisation_id,
        DutyEscalation.duty_id == _DUTIES.id,
        DutyEscalation.level != THE_CASE,
    )
    is_officer = exists().where(
        ChannelOfficer.organisation_id == _CASES.organisation_id,
        ChannelOfficer.channel_id == _CASES.channel_id,
        ChannelOfficer.account_id == actor.account_id,
    )
    columns = (_DUTIES[name] for name in DutyItem.model_fields if name in _DUTIES)
    statement = (
        select(*columns, _DUTIES.stopped_on, _CASES.reference)
        .join(table_of(Case), _OF_ITS_CASE)
        .where(
            _DUTIES.organisation_id == actor.organisation_id,
            queries.is_overdue(),
            was_raised,
            is_officer,
            ~_is_walled(actor.account_id),
        )
    )
    rows, following = page.cut((await session.execute(page.apply(statement, _DUTIES.id))).all())
    return Page(items=[queries.item(row) for row in rows], next=following)
