"""The acts that move a case through its life. Every act supposes that its guard holds the row of the case."""

from collections.abc import Sequence

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from app.audit import log
from app.cases import clocks, lifecycle
from app.cases.lifecycle import CaseState
from app.cases.models import Appointment, Case, Transition, Triage
from app.cases.schemas import DecisionIn, TriageIn
from app.duties.models import Duty
from app.duties.profiles import DutyKind
from app.kernel import clock
from app.kernel.problems import Conflict
from app.policy.actors import Capacity, Staff


class TransitionNotPossible(Conflict):
    """A case cannot go there from the state it is in. The members `state` and `possible` say where it is and may go."""

    title = "The case cannot go there from where it is"


class CaseNotUnderInvestigation(Conflict):
    """Allegations, evidence and findings change only while the case is under investigation, before it is reported."""

    title = "The case is not under investigation"


def require_under_investigation(case: Case) -> None:
    """Return if the case is in a state in which allegations, evidence and findings may change.

    Raises:
        CaseNotUnderInvestigation: it is not.

    """
    if case.state not in lifecycle.UNDER_INVESTIGATION:
        raise CaseNotUnderInvestigation


def count_change(case: Case) -> None:
    """Give the case a new version, since what its file shows has changed though none of its own columns did."""
    flag_modified(case, "state")


async def advance(session: AsyncSession, actor: Staff, case: Case, to: CaseState, reason: str | None) -> Transition:
    """Move the case to state `to` and return the step. The caller's audit event names the case and the step.

    Raises:
        TransitionNotPossible: `to` cannot follow the present state.

    """
    before = CaseState(case.state)
    if not lifecycle.may_follow(before, to):
        raise TransitionNotPossible(state=before, possible=sorted(lifecycle.NEXT[before]))
    of_case = (Transition.organisation_id == case.organisation_id, Transition.case_id == case.id)
    steps = await session.scalar(select(func.count()).select_from(Transition).where(*of_case))
    step = Transition(
        organisation_id=case.organisation_id,
        case_id=case.id,
        position=(steps or 0) + 1,
        from_state=before,
        to_state=to,
        made_by=actor.account_id,
        made_on=clock.today(),
        reason=reason,
    )
    case.state = to
    session.add(step)
    return step


async def acknowledge(session: AsyncSession, actor: Staff, case: Case) -> None:
    """The case is acknowledged; the first acknowledgement sets the day and the term for feedback, later ones nothing."""
    if not lifecycle.may_follow(CaseState(case.state), CaseState.ACKNOWLEDGED):
        return
    step = await advance(session, actor, case, CaseState.ACKNOWLEDGED, None)
    case.acknowledged_on = clock.today()
    kept = await clocks.acknowledged(session, actor, case, case.acknowledged_on)
    await log.record(session, actor, "case.acknowledged", case, step, *kept, case_id=case.id)


async def triage(session: AsyncSession, actor: Staff, case: Case, draft: TriageIn) -> None:
    """The case is triaged and its procedure decided.

    Raises:
        TransitionNotPossible: it is not acknowledged yet, or was triaged before.

    """
    step = await advance(session, actor, case, CaseState.TRIAGED, None)
    assessment = Triage(
        organisation_id=case.organisation_id,
        case_id=case.id,
        decided_by=actor.account_id,
        decided_on=clock.today(),
        **draft.model_dump(),
    )
    case.procedure = draft.procedure
    session.add(assessment)
    urgent = [clocks.owe_escalation(session, case)] if draft.immediate_risk else []
    await log.record(session, actor, "case.triaged", case, step, assessment, *urgent, case_id=case.id)


async def decide(session: AsyncSession, actor: Staff, case: Case, draft: DecisionIn) -> None:
    """The case is accepted, redirected or declined; an accepted one that has an investigator is under investigation.

    Whoever raised it reads in their inbox that it was redirected or declined: that keeps the duty to feed back.

    Raises:
        TransitionNotPossible: it is not triaged, or was decided before.

    """
    steps = [await advance(session, actor, case, draft.outcome, draft.reason)]
    if draft.outcome == CaseState.ACCEPTED and await _has_investigator(session, case):
        steps.append(await advance(session, actor, case, CaseState.INVESTIGATING, None))
    kept: Sequence[Duty] = ()
    if draft.outcome in clocks.FEED_BACK:
        kept = await clocks.keep(session, actor, case, DutyKind.FEED_BACK)
    await log.record(session, actor, f"case.{draft.outcome}", case, *steps, *kept, case_id=case.id)


async def close(session: AsyncSession, actor: Staff, case: Case, reason: str) -> None:
    """The case is closed.

    Raises:
        TransitionNotPossible: its outcome was neither released nor to redirect or decline it.

    """
    step = await advance(session, actor, case, CaseState.CLOSED, reason)
    case.closed_on = clock.today()
    await log.record(session, actor, "case.closed", case, step, case_id=case.id)


async def reopen(session: AsyncSession, actor: Staff, case: Case, reason: str) -> None:
    """A closed case is under investigation again, and has no day of closing until it is closed again.

    Raises:
        TransitionNotPossible: it is not closed.

    """
    if case.state != CaseState.CLOSED:
        raise TransitionNotPossible(state=case.state, possible=sorted(lifecycle.NEXT[CaseState(case.state)]))
    step = await advance(session, actor, case, CaseState.INVESTIGATING, reason)
    case.closed_on = None
    await log.record(session, actor, "case.reopened", case, step, case_id=case.id)


async def name(session: AsyncSession, actor: Staff, case: Case, title: str) -> None:
    """The case has this title."""
    case.title = title
    await log.record(session, actor, "case.named", case, case_id=case.id)


async def _has_investigator(session: AsyncSession, case: Case) -> bool:
    standing = exists().where(
        Appointment.organisation_id == case.organisation_id,
        Appointment.case_id == case.id,
        Appointment.capacity == Capacity.INVESTIGATOR,
        Appointment.ended_on.is_(None),
    )
    return bool(await session.scalar(select(standing)))
