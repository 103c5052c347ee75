"""Where a grievance stands for whoever raised it: duties, and what became of each thing they alleged. And the act that tells it."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.allegations.arrangement import STANDING, AllegationState
from app.allegations.models import Allegation
from app.audit import log
from app.cases import clocks
from app.cases.lifecycle import CaseState
from app.cases.models import Case, Transition
from app.duties import queries
from app.duties.profiles import DutyKind, OwedTo
from app.findings.models import Finding
from app.findings.outcomes import FindingState, NoViewReason, Outcome
from app.inbox import conversation, duties, outcomes
from app.inbox.models import OutcomeExplanation, OutcomesTold
from app.inbox.outcomes import Arranged, Found, Told
from app.inbox.schemas import (
    AnswerToAllegationOut,
    ExplanationIn,
    OutcomeOut,
    OutcomesToldOut,
    OwedOut,
    ProgressOut,
    SealedExplanationOut,
    SentOut,
)
from app.intake import status
from app.intake.models import Grievance, RaisedAllegation
from app.intake.service import of_grievance
from app.kernel import clock
from app.kernel.octets import spell
from app.kernel.problems import Conflict, NotFound
from app.policy.actors import Staff

_FINDINGS_STAND = frozenset(
    {CaseState.FINDINGS_COMPLETE, CaseState.REPORTED, CaseState.RELEASED, CaseState.MONITORED, CaseState.CLOSED}
)


class FindingsNotFinal(Conflict):
    """Outcomes are told only once every allegation has its final finding and the investigator has completed them."""

    title = "The findings are not final"


async def tell(session: AsyncSession, actor: Staff, case: Case) -> OutcomesToldOut:
    """Return from which day outcomes are told: this one, or that of before if they were. It keeps the duty to feed back.

    Raises:
        FindingsNotFinal: an allegation has no final finding, or the findings are not complete.

    """
    told_on = await _told_on(session, case.organisation_id, case.id)
    if told_on is not None:
        return OutcomesToldOut(told_on=told_on)
    arranged = await _arranged(session, case.organisation_id, case.id)
    standing = {one.id for one in arranged if one.state in STANDING}
    final = await _final(session, case.organisation_id, case.id)
    if CaseState(case.state) not in _FINDINGS_STAND or not standing or not standing <= final.keys():
        raise FindingsNotFinal
    told = OutcomesTold(
        organisation_id=case.organisation_id, case_id=case.id, told_by=actor.account_id, told_on=clock.today()
    )
    session.add(told)
    kept = await clocks.keep(session, actor, case, DutyKind.FEED_BACK)
    await log.record(session, actor, "outcomes.told", told, *kept, case_id=case.id)
    return OutcomesToldOut(told_on=told.told_on)


async def explain(session: AsyncSession, actor: Staff, grievance: Grievance, draft: ExplanationIn) -> SentOut:
    """Return that an explanation is stored. It is read once outcomes are told, and takes the place of an earlier one.

    Raises:
        NotFound: the grievance raised no such allegation.
        KeyTurned: the key of the conversation was turned meanwhile.

    """
    raised = await session.get(RaisedAllegation, (grievance.organisation_id, draft.raised_allegation_id))
    if raised is None or raised.grievance_id != grievance.id:
        raise NotFound
    await conversation.hold(session, grievance)
    explanation = OutcomeExplanation(
        **conversation.place_of(grievance),
        raised_allegation_id=raised.id,
        position=await conversation.next_position(session, OutcomeExplanation, grievance),
        written_by=actor.account_id,
        written_on=clock.today(),
        text=draft.text,
    )
    session.add(explanation)
    await conversation.record(session, grievance, "outcome.explained", explanation)
    return SentOut(id=explanation.id, position=explanation.position, on=explanation.written_on)


async def read(
    session: AsyncSession,
    grievance: Grievance,
    case: Any,  # noqa: ANN401 a row that has `intake.service.STATUS_COLUMNS`
    *,
    in_clear: bool = True,
) -> ProgressOut:
    """Return where the grievance stands, as it may be told outside its case."""
    organisation_id, case_id, state = grievance.organisation_id, grievance.case_id, CaseState(case.state)
    told_on = await _told_on(session, organisation_id, case_id)
    raised = (await session.scalars(of_grievance(RaisedAllegation, organisation_id, [grievance.id]))).all()
    became = outcomes.what_became(
        [one.id for one in raised],
        await _arranged(session, organisation_id, case_id),
        await _final(session, organisation_id, case_id),
        state,
        is_told=told_on is not None,
    )
    explained = await _explanations(session, grievance)
    shown = status.told(state)
    owed = await queries.owed_to(session, organisation_id, case_id, OwedTo.REPORTER)
    return ProgressOut(
        reference=case.reference,
        status=shown,
        status_in_words=status.IN_WORDS[shown],
        duties=_owed(duties.duties_of(owed)),
        outcomes_told_on=told_on,
        allegations=[
            _answer(one.id, became[one.id], explained.get(one.id) if told_on else None, in_clear=in_clear)
            for one in raised
        ],
    )


def _owed(owed: Iterable[duties.Owed]) -> list[OwedOut]:
    today = clock.today()
    return [
        OwedOut(
            kind=one.kind,
            owed=duties.OWED[one.kind],
            due_on=one.due_on,
            kept_on=one.kept_on,
            state=one.state(today),
            in_words=one.in_words(today),
        )
        for one in owed
    ]


def _answer(raised_id: UUID, told: Told, explanation: Any, *, in_clear: bool) -> AnswerToAllegationOut:  # noqa: ANN401 the columns that Sealed makes have no type
    sealed = None
    if explanation is not None and not in_clear:
        sealed = SealedExplanationOut(id=explanation.id, text=spell(explanation.text_sealed))
    return AnswerToAllegationOut(
        raised_allegation_id=raised_id,
        standing=told.standing,
        in_words=outcomes.STANDING_IN_WORDS[told.standing],
        outcomes=[
            OutcomeOut(outcome=found[0], no_view_reason=found[1], in_words=outcomes.OUTCOME_IN_WORDS[found])
            for found in told.outcomes
        ],
        explanation=explanation.text if explanation is not None and in_clear else None,
        sealed=sealed,
    )


async def _arranged(session: AsyncSession, organisation_id: UUID, case_id: UUID) -> list[Arranged]:
    statement = select(
        Allegation.id, Allegation.state, Allegation.raised_allegation_id, Allegation.merged_into_id
    ).where(Allegation.organisation_id == organisation_id, Allegation.case_id == case_id)
    return [
        Arranged(row.id, AllegationState(row.state), row.raised_allegation_id, row.merged_into_id)
        for row in (await session.execute(statement)).all()
    ]


async def _final(session: AsyncSession, organisation_id: UUID, case_id: UUID) -> dict[UUID, Found]:
    statement = select(Finding.allegation_id, Finding.outcome, Finding.no_view_reason).where(
        Finding.organisation_id == organisation_id, Finding.case_id == case_id, Finding.state == FindingState.FINAL
    )
    return {
        row.allegation_id: (
            Outcome(row.outcome),
            None if row.no_view_reason is None else NoViewReason(row.no_view_reason),
        )
        for row in (await session.execute(statement)).all()
    }


async def _told_on(session: AsyncSession, organisation_id: UUID, case_id: UUID) -> date | None:
    """Return the day on which a case officer told the outcomes, or on which what was learned was first released."""
    recorded = select(OutcomesTold.told_on).where(
        OutcomesTold.organisation_id == organisation_id, OutcomesTold.case_id == case_id
    )
    released = (
        select(Transition.made_on)
        .where(
            Transition.organisation_id == organisation_id,
            Transition.case_id == case_id,
            Transition.to_state == CaseState.RELEASED,
        )
        .order_by(Transition.position)
        .limit(1)
    )
    days = [await session.scalar(recorded), await session.scalar(released)]
    return min((day for day in days if day is not None), default=None)


async def _explanations(session: AsyncSession, grievance: Grievance) -> dict[UUID, OutcomeExplanation]:
    """Return the newest explanation of each thing raised that has one."""
    statement = of_grievance(OutcomeExplanation, grievance.organisation_id, [grievance.id])
    return {one.raised_allegation_id: one for one in await session.scalars(statement)}
