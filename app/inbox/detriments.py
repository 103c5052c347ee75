"""What reporters say of being harmed for speaking up, asked or unasked, and what those who protect them answer and record.

Source: ISO 37002:2021, 8.4.3 (R-ISO-3); Directive (EU) 2019/1937, Articles 19 and 21(5) (R-EU-9). Who investigates does not read
it (R-ISO-4).
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.cases import telling
from app.cases.lifecycle import CaseState
from app.cases.models import Case, Transition
from app.cases.queries import of_case
from app.crypto.messages import Said
from app.inbox import check_ins, conversation
from app.inbox.check_ins import CheckIn, Step
from app.inbox.conversation import Sent
from app.inbox.detriment_schemas import (
    AnswerIn,
    AssessmentIn,
    AssessmentOut,
    CaseCheckInOut,
    CaseDetrimentOut,
    CaseDetrimentsOut,
    CheckInIn,
    CheckInOut,
    DetrimentAnswerOut,
    DetrimentIn,
    DetrimentOut,
    Faring,
    SealedFaringIn,
    SealedFaringOut,
    Since,
)
from app.inbox.models import DetrimentAnswer, DetrimentAssessment, DetrimentReport
from app.inbox.schemas import SentOut
from app.intake import service as intake
from app.intake.inbox import Visit
from app.intake.models import Grievance, GrievanceKind
from app.intake.service import of_grievance
from app.kernel import clock
from app.kernel.octets import spell
from app.kernel.problems import Conflict, NotFound
from app.policy.actors import Capacity, Staff

QUESTION = "How are you? Has anybody treated you worse since you spoke up, or threatened to?"
_NUMBER_BYTES = 4


class CheckInAnswered(Conflict):
    """You answered this check-in before. If something happened since, report it as detriment by itself."""

    title = "You answered this before"


async def report(session: AsyncSession, visit: Visit, draft: DetrimentIn) -> SentOut:
    """Return that what a reporter suffers is stored. It raises as `messages.write_as_reporter` does."""
    await conversation.hold(session, visit.grievance)
    if draft.sealed is not None:
        sent = Sent(Said.DETRIMENT, draft.sealed.id, draft.sealed.signature)
        parts = draft.sealed.parts()
        await conversation.require_theirs(session, visit, DetrimentReport, sent, *parts)
        return await _store(session, visit.grievance, None, **_columns(draft.sealed))
    conversation.require_in_clear(visit)
    return await _store(
        session,
        visit.grievance,
        None,
        answer=Faring.DETRIMENT.initial,
        what=draft.what,
        happened_on=None if draft.happened_on is None else draft.happened_on.isoformat(),
        since_speaking_up=None if draft.since_speaking_up is None else draft.since_speaking_up.initial,
    )


async def answer_check_in(session: AsyncSession, visit: Visit, number: int, draft: CheckInIn) -> SentOut:
    """Return that the reporter's answer to a check-in is stored.

    It raises as `messages.write_as_reporter` does, and besides:

    Raises:
        NotFound: there is no such check-in yet.
        CheckInAnswered: it was answered before.

    """
    grievance = visit.grievance
    await conversation.hold(session, grievance)
    if number not in {one.number for one in await _due(session, grievance)}:
        raise NotFound
    if number in await _answered(session, grievance):
        raise CheckInAnswered
    if draft.sealed is not None:
        sent, parts = Sent(Said.CHECK_IN, draft.sealed.id, draft.sealed.signature), draft.sealed.parts()
        signed = (number.to_bytes(_NUMBER_BYTES), *parts)
        await conversation.require_theirs(session, visit, DetrimentReport, sent, *signed, under_key=parts)
        return await _store(session, grievance, number, **_columns(draft.sealed))
    conversation.require_in_clear(visit)
    answer = None if draft.answer is None else draft.answer.initial
    return await _store(session, grievance, number, answer=answer, what=draft.text)


def _columns(sealed: SealedFaringIn) -> dict[str, Any]:
    return {
        "id": sealed.id,
        "answer_sealed": sealed.answer,
        "what_sealed": sealed.what,
        "happened_on_sealed": sealed.happened_on,
        "since_speaking_up_sealed": sealed.since_speaking_up,
    }


async def _store(session: AsyncSession, grievance: Grievance, check_in: int | None, **said: Any) -> SentOut:  # noqa: ANN401 text or ciphertext
    stored = DetrimentReport(
        **conversation.place_of(grievance),
        position=await conversation.next_position(session, DetrimentReport, grievance),
        check_in=check_in,
        reported_on=clock.today(),
        **said,
    )
    session.add(stored)
    await conversation.record(session, grievance, "detriment.reported", stored)
    place = (grievance.organisation_id, grievance.case_id)  # also of who is fine: a notice must not tell which it is
    await telling.tell_appointed(session, *place, Capacity.CASE_OFFICER, by_reporter=True)
    return SentOut(id=stored.id, position=stored.position, on=stored.reported_on)


async def asked(session: AsyncSession, grievance: Grievance) -> list[CheckInOut]:
    """Return the check-ins that have come, as the reporter reads them: not at which step of the case."""
    answered = await _answered(session, grievance)
    return [
        CheckInOut(number=one.number, due_on=one.due_on, question=QUESTION, is_answered=one.number in answered)
        for one in await _due(session, grievance)
    ]


async def read(session: AsyncSession, grievance: Grievance, *, in_clear: bool = True) -> list[DetrimentOut]:
    """Return all that a reporter said of how they fare, with what was answered."""
    place = (grievance.organisation_id, [grievance.id])
    answers: dict[UUID, list[DetrimentAnswerOut]] = defaultdict(list)
    for one in await session.scalars(of_grievance(DetrimentAnswer, *place)):
        answers[one.detriment_id].append(_answer(one, in_clear=in_clear))
    reports = (await session.scalars(of_grievance(DetrimentReport, *place))).all()
    return [_shown(one, answers[one.id], in_clear=in_clear) for one in reports]


def _answer(answer: Any, *, in_clear: bool) -> DetrimentAnswerOut:  # noqa: ANN401 the columns that Sealed makes have no type
    return DetrimentAnswerOut(
        id=answer.id,
        written_on=answer.written_on,
        text=answer.text if in_clear else None,
        sealed=None if in_clear else spell(answer.text_sealed),
    )


def _shown(row: Any, answers: list[DetrimentAnswerOut], *, in_clear: bool) -> DetrimentOut:  # noqa: ANN401 the same
    heading: dict[str, Any] = {
        "id": row.id,
        "position": row.position,
        "check_in": row.check_in,
        "reported_on": row.reported_on,
    }
    if not in_clear:
        names = ("answer", "what", "happened_on", "since_speaking_up")
        found = {name: getattr(row, f"{name}_sealed") for name in names}
        spelt: dict[str, Any] = {name: None if one is None else spell(one) for name, one in found.items()}
        sealed = SealedFaringOut(**spelt)
        nothing: dict[str, Any] = dict.fromkeys(names)
        return DetrimentOut(**heading, **nothing, answers=answers, sealed=sealed)
    since = row.since_speaking_up
    return DetrimentOut(
        **heading,
        answer=Faring.from_initial(row.answer),
        what=row.what,
        happened_on=row.happened_on,
        since_speaking_up=None if since is None else Since.from_initial(since),
        answers=answers,
        sealed=None,
    )


async def reporters_of(session: AsyncSession, case: Case) -> Sequence[Grievance]:
    """Return the grievances of the case that one person raised, their conversations' keys open for this request.

    Raises:
        Locked: the request does not hold the key of the case.

    """
    found = [one for one in await of_case(session, case, Grievance) if one.kind == GrievanceKind.INDIVIDUAL]
    for grievance in found:
        intake.open_conversation(grievance)
    return sorted(found, key=lambda one: one.id)


async def in_case(session: AsyncSession, case: Case) -> CaseDetrimentsOut:
    """Return what the reporters of the case say of how they fare, what was done about it, and which check-ins have come."""
    assessments: dict[UUID, list[AssessmentOut]] = defaultdict(list)
    for one in sorted(await of_case(session, case, DetrimentAssessment), key=lambda one: one.position):
        assessed = AssessmentOut(id=one.id, risk=one.risk, measures=one.measures, assessed_on=one.assessed_on)
        assessments[one.detriment_id].append(assessed)
    items: list[CaseDetrimentOut] = []
    due: list[CaseCheckInOut] = []
    for grievance in await reporters_of(session, case):
        said = await read(session, grievance)
        items += [
            CaseDetrimentOut(**one.model_dump(), grievance_id=grievance.id, assessments=assessments[one.id])
            for one in said
        ]
        answered = {one.check_in: one.reported_on for one in said}
        due += [
            CaseCheckInOut(
                grievance_id=grievance.id,
                number=one.number,
                milestone=one.milestone,
                due_on=one.due_on,
                answered_on=answered.get(one.number),
            )
            for one in await _due(session, grievance)
        ]
    return CaseDetrimentsOut(items=items, check_ins=due)


async def find(session: AsyncSession, case: Case, detriment_id: UUID) -> DetrimentReport:
    """Return what a reporter of the case said of how they fare.

    Raises:
        NotFound: the case has no such report.

    """
    found = await session.get(DetrimentReport, (case.organisation_id, detriment_id))
    if found is None or found.case_id != case.id:
        raise NotFound
    return found


async def answer(session: AsyncSession, actor: Staff, case: Case, said: DetrimentReport, draft: AnswerIn) -> SentOut:
    """Return that an answer to a reporter is stored.

    Raises:
        KeyTurned: the key of the conversation was turned meanwhile.

    """
    grievance = await conversation.of_case(session, case, said.grievance_id)
    await conversation.hold(session, grievance)
    stored = DetrimentAnswer(
        **conversation.place_of(grievance),
        detriment_id=said.id,
        position=await conversation.next_position(session, DetrimentAnswer, grievance),
        written_by=actor.account_id,
        written_on=clock.today(),
        text=draft.text,
    )
    session.add(stored)
    await conversation.record(session, grievance, "detriment.answered", stored)
    return SentOut(id=stored.id, position=stored.position, on=stored.written_on)


async def assess(
    session: AsyncSession, actor: Staff, case: Case, said: DetrimentReport, draft: AssessmentIn
) -> AssessmentOut:
    """Return one more assessment of the risk; those before it stand."""
    before = select(func.max(DetrimentAssessment.position)).where(
        DetrimentAssessment.organisation_id == case.organisation_id, DetrimentAssessment.case_id == case.id
    )
    stored = DetrimentAssessment(
        organisation_id=case.organisation_id,
        case_id=case.id,
        detriment_id=said.id,
        position=(await session.scalar(before) or 0) + 1,
        risk=draft.risk,
        assessed_by=actor.account_id,
        assessed_on=clock.today(),
        measures=draft.measures,
    )
    session.add(stored)
    await log.record(session, actor, "detriment.assessed", stored, case_id=case.id)
    return AssessmentOut(id=stored.id, risk=stored.risk, measures=draft.measures, assessed_on=stored.assessed_on)


async def _due(session: AsyncSession, grievance: Grievance) -> list[CheckIn]:
    statement = (
        select(Transition.to_state, Transition.made_on)
        .where(Transition.organisation_id == grievance.organisation_id, Transition.case_id == grievance.case_id)
        .order_by(Transition.position)
    )
    steps = [Step(CaseState(row.to_state), row.made_on) for row in (await session.execute(statement)).all()]
    return check_ins.due(steps, clock.today())


async def _answered(session: AsyncSession, grievance: Grievance) -> set[int | None]:
    statement = select(DetrimentReport.check_in).where(
        DetrimentReport.organisation_id == grievance.organisation_id, DetrimentReport.grievance_id == grievance.id
    )
    return set(await session.scalars(statement))
