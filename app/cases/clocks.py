"""The clocks of a case: what is owed in it, with the days that its own row shows. Every act supposes that its guard holds the case."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.cases import telling
from app.cases.lifecycle import CaseState
from app.cases.models import Case
from app.duties import service
from app.duties.models import ClockStop, Duty, DutyExtension
from app.duties.profiles import PROFILES, DutyKind, LawProfile, OwedTo
from app.duties.service import Place
from app.kernel import clock
from app.policy.actors import Capacity, Staff

FEED_BACK = frozenset({CaseState.REDIRECTED, CaseState.DECLINED, CaseState.RELEASED})
"""The steps by which whoever raised it is told what is done about it, or what came of it."""


def place_of(case: Case) -> Place:
    """Return where something is owed: in this case."""
    return Place(case.organisation_id, case.id, LawProfile(case.law_profile))


def show(case: Case, moved: Iterable[Duty]) -> None:
    """The row of the case shows until when its acknowledgement and feedback are owed, as those duties have it."""
    for duty in moved:
        if duty.due_on is not None and duty.kind == DutyKind.ACKNOWLEDGE:
            case.acknowledge_by = duty.due_on
        if duty.due_on is not None and duty.kind == DutyKind.FEED_BACK:
            case.feedback_by = duty.due_on


async def acknowledged(session: AsyncSession, actor: Staff, case: Case, on: date) -> Sequence[Duty]:
    """Return the duties that the acknowledgement kept, and the one for feedback, whose term runs from it. The caller logs them."""
    place = place_of(case)
    kept = [
        duty
        for kind in (DutyKind.ACKNOWLEDGE, DutyKind.ACKNOWLEDGE_PERSONALLY)
        for duty in await service.keep(session, place, kind, on, by=actor.account_id)
    ]
    running = await service.begin_feedback(session, place, case.received_on, on)
    show(case, running)
    return [*kept, *running]


async def keep(session: AsyncSession, actor: Staff, case: Case, kind: DutyKind) -> Sequence[Duty]:
    """Return the duties of that kind that are kept by what is done now; for the acts of other stages, which log them."""
    return await service.keep(session, place_of(case), kind, clock.today(), by=actor.account_id)


async def record_keeping(session: AsyncSession, actor: Staff, case: Case, duty: Duty, note: str) -> None:
    """The duty was kept today, in the way that the note says.

    Raises:
        DutyKept: it was kept before.

    """
    service.keep_one(duty, clock.today(), by=actor.account_id, note=note)
    await log.record(session, actor, "duty.kept", duty, case_id=case.id)


async def stop(session: AsyncSession, actor: Staff, case: Case, reason: str) -> ClockStop:
    """Return the stop: the clocks of the case stand still from today.

    Raises:
        ClockNotStoppable: there is none that could.

    """
    stopped, standing = await service.stop(session, place_of(case), actor.account_id, reason)
    await log.record(session, actor, "clock.stopped", stopped, *standing, case_id=case.id)
    return stopped


async def end_stop(session: AsyncSession, actor: Staff, case: Case, stop_id: UUID) -> ClockStop:
    """Return the stop, ended: unless another lasts, the clocks run again, and what is owed is due later by the days between.

    Raises:
        NotFound: the case has no such stop.
        ClockRuns: it ended before.

    """
    ended, moved = await service.end_stop(session, place_of(case), stop_id, actor.account_id)
    show(case, moved)
    await log.record(session, actor, "clock.started", case, ended, *moved, case_id=case.id)
    return ended


async def extend(
    session: AsyncSession, actor: Staff, case: Case, duty: Duty, until: date, reason: str
) -> DutyExtension:
    """Return the extension: the duty is owed until that day.

    Raises:
        DutyKept: it was kept.
        DutyNotExtendable: the law gives no more time for it.
        InvalidInput: not until that day.

    """
    extension = await service.extend(session, place_of(case), duty, until, actor.account_id, reason)
    show(case, [duty])
    await log.record(session, actor, "duty.extended", case, duty, extension, case_id=case.id)
    return extension


def owe_escalation(session: AsyncSession, case: Case, reason: str | None = None) -> Duty:
    """Return the duty to deal with an immediate risk, which is owed in hours from now. The caller logs it."""
    hours = PROFILES[LawProfile(case.law_profile)].immediate_risk_hours
    due_at = clock.to_the_minute() + timedelta(hours=hours)
    kind = DutyKind.ESCALATE_IMMEDIATE_RISK
    return service.owe(session, place_of(case), kind, OwedTo.REPORTER, due_at=due_at, note=reason)


async def escalate(session: AsyncSession, actor: Staff, case: Case, reason: str) -> Duty:
    """Return the duty to deal with an immediate risk that somebody saw, in whatever state the case is."""
    duty = owe_escalation(session, case, reason)
    await log.record(session, actor, "risk.escalated", duty, case_id=case.id)
    officers = Capacity.CASE_OFFICER
    await telling.tell_appointed(session, case.organisation_id, case.id, officers, but=actor.account_id)
    return duty
