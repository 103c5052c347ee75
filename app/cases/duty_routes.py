"""What is owed in cases, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.cases import clocks
from app.cases.access import DOOR, on_case, visible_cases
from app.cases.models import Case
from app.duties import queries, service
from app.duties.models import Duty
from app.duties.schemas import (
    ClockStopIn,
    ClockStopOut,
    DutiesOut,
    DutyItem,
    DutyOut,
    EscalationIn,
    ExtensionIn,
    ExtensionOut,
    KeepingIn,
)
from app.kernel import routing
from app.kernel.db import DbSession, reads, table_of
from app.kernel.http import IfMatch, etag, problems, require_version
from app.kernel.pages import Page, PageOf
from app.kernel.problems import Busy, InvalidInput, NotFound, PreconditionFailed, Unauthenticated
from app.policy.actors import Staff
from app.policy.guard import CurrentActor, requires
from app.policy.permissions import Permission

router = routing.router("duties", prefix="/v1")
_CASES, _DUTIES = table_of(Case).c, table_of(Duty).c
_LISTED = tuple(_DUTIES[name] for name in DutyItem.model_fields if name in _DUTIES)
OnlyOverdue = Annotated[bool, Query(description="Only what should have been kept by now.")]


@router.get("/duties", response_model=Page[DutyItem], responses=problems(InvalidInput, Unauthenticated, NotFound, Busy))
@reads
async def list_duties(
    actor: Annotated[Staff, requires(Permission.CASE_LIST)],
    session: DbSession,
    page: PageOf,
    *,
    overdue: OnlyOverdue = False,
) -> Page[DutyItem]:
    """List what is still owed in the cases you are appointed to, newest first.

    The list has no content. What is owed in a case that a wall bars you from is not in it.
    """
    joined = (_DUTIES.organisation_id == _CASES.organisation_id) & (_DUTIES.case_id == _CASES.id)
    columns = (*_LISTED, _DUTIES.stopped_on, _CASES.reference)
    statement = visible_cases(actor, *columns).join(table_of(Duty), joined)
    statement = statement.where(queries.is_overdue() if overdue else _DUTIES.kept_on.is_(None))
    rows, following = page.cut((await session.execute(page.apply(statement, _DUTIES.id))).all())
    return Page(items=[queries.item(row) for row in rows], next=following)


@router.get(
    "/cases/{case_id}/duties",
    response_model=DutiesOut,
    responses=problems(*DOOR),
)
async def list_case_duties(case: Annotated[Case, on_case(Permission.CASE_READ)], session: DbSession) -> DutiesOut:
    """List all that is or was owed in the case, until when and by which clause, and every stop of its clocks."""
    return await queries.in_case(session, clocks.place_of(case))


@router.post(
    "/cases/{case_id}/duties/{duty_id}/keeping",
    response_model=DutyOut,
    responses=problems(*DOOR, service.DutyKept, PreconditionFailed),
)
async def record_duty_kept(
    duty_id: UUID,
    draft: KeepingIn,
    case: Annotated[Case, on_case(Permission.DUTY_MANAGE)],
    actor: CurrentActor,
    session: DbSession,
    response: Response,
    expected: IfMatch,
) -> DutyOut:
    """Record that a duty was kept today, and how. What is kept stays kept, on that day."""
    place = clocks.place_of(case)
    duty = await service.find(session, place, duty_id)
    require_version(duty.version, expected, optional=True)
    await clocks.record_keeping(session, actor, case, duty, draft.note)
    response.headers["ETag"] = etag(duty.version)
    return await queries.find(session, place, duty_id)


@router.post(
    "/cases/{case_id}/duties/{duty_id}/extension",
    status_code=201,
    response_model=ExtensionOut,
    responses=problems(*DOOR, service.DutyKept, service.DutyNotExtendable, PreconditionFailed),
)
async def extend_duty(
    duty_id: UUID,
    draft: ExtensionIn,
    case: Annotated[Case, on_case(Permission.DUTY_MANAGE)],
    actor: CurrentActor,
    session: DbSession,
    response: Response,
    expected: IfMatch,
) -> ExtensionOut:
    """Give more time for a duty, with the reason, where the law of the case lets you and before its day is over."""
    duty = await service.find(session, clocks.place_of(case), duty_id)
    require_version(duty.version, expected, optional=True)
    extension = await clocks.extend(session, actor, case, duty, draft.until, draft.reason)
    response.headers["ETag"] = etag(duty.version)
    return queries.extension_out(extension)


@router.post(
    "/cases/{case_id}/clock-stops",
    status_code=201,
    response_model=ClockStopOut,
    responses=problems(*DOOR, service.ClockNotStoppable),
)
async def stop_clocks(
    draft: ClockStopIn, case: Annotated[Case, on_case(Permission.DUTY_MANAGE)], actor: CurrentActor, session: DbSession
) -> ClockStopOut:
    """Stop the clocks of the case from today, with the reason.

    What is late by then stays late, and what the law lets nobody stop runs on.
    """
    return queries.stop_out(await clocks.stop(session, actor, case, draft.reason))


@router.post(
    "/cases/{case_id}/clock-stops/{clock_stop_id}/end",
    response_model=ClockStopOut,
    responses=problems(*DOOR, service.ClockRuns),
)
async def end_clock_stop(
    clock_stop_id: UUID,
    case: Annotated[Case, on_case(Permission.DUTY_MANAGE)],
    actor: CurrentActor,
    session: DbSession,
) -> ClockStopOut:
    """Let the clocks run again from today: what is owed is due later by as many days as they stood still."""
    return queries.stop_out(await clocks.end_stop(session, actor, case, clock_stop_id))


@router.post("/cases/{case_id}/escalations", status_code=201, response_model=DutyOut, responses=problems(*DOOR))
async def escalate_immediate_risk(
    draft: EscalationIn,
    case: Annotated[Case, on_case(Permission.RISK_ESCALATE)],
    actor: CurrentActor,
    session: DbSession,
) -> DutyOut:
    """Say that somebody is in danger now, in whatever state the case is. It has to be dealt with in hours, not days."""
    return queries.out(await clocks.escalate(session, actor, case, draft.reason))
