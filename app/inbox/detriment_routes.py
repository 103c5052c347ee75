"""HTTP for detriment: what reporters say of it, asked or unasked, and what those who protect them do."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from app.cases.access import DOOR, on_case
from app.cases.models import Case
from app.inbox import chronology, detriments
from app.inbox.detriment_schemas import (
    AnswerIn,
    AssessmentIn,
    AssessmentOut,
    CaseDetrimentsOut,
    CheckInIn,
    ChronologyOut,
    DetrimentIn,
    InboxCheckInsOut,
    InboxDetrimentsOut,
)
from app.inbox.detriments import CheckInAnswered
from app.inbox.routes import CONVERSATIONS, CREATES, OPEN, WRITES, InInbox, padded
from app.inbox.schemas import InboxSentOut, SentOut
from app.kernel import routing
from app.kernel.db import DbSession, reads
from app.kernel.http import problems
from app.kernel.problems import NotFound
from app.policy.guard import CurrentActor
from app.policy.permissions import Permission

reporter_router = routing.router("reporting", prefix="/v1/inbox")
staff_router = routing.router(CONVERSATIONS, prefix="/v1/cases/{case_id}")
Protected = Annotated[Case, on_case(Permission.DETRIMENT_READ)]
Assessed = Annotated[Case, on_case(Permission.DETRIMENT_ASSESS)]


@reporter_router.get("/detriments", response_model=InboxDetrimentsOut, responses=problems(*OPEN))
@reads
async def read_inbox_detriments(visit: InInbox, session: DbSession) -> Response:
    """Read what you said of how you fare, and what was answered."""
    found = await detriments.read(session, visit.grievance, in_clear=not visit.opens_for_itself)
    return padded(InboxDetrimentsOut(items=found))


@reporter_router.post("/detriments", status_code=201, response_model=InboxSentOut, responses=problems(*WRITES))
async def report_detriment(draft: DetrimentIn, visit: InInbox, session: DbSession) -> Response:
    """Say that you are treated worse, or threatened, for having spoken up.

    The case officers read it, who protect you; those who investigate do not.
    """
    sent = await detriments.report(session, visit, draft)
    return padded(InboxSentOut(**sent.model_dump()), 201)


@reporter_router.get("/check-ins", response_model=InboxCheckInsOut, responses=problems(*OPEN))
@reads
async def read_check_ins(visit: InInbox, session: DbSession) -> Response:
    """Read when you were asked how you fare, and whether you answered."""
    return padded(InboxCheckInsOut(items=await detriments.asked(session, visit.grievance)))


@reporter_router.post(
    "/check-ins/{number}",
    status_code=201,
    response_model=InboxSentOut,
    responses=problems(*WRITES, NotFound, CheckInAnswered),
)
async def answer_check_in(
    number: Annotated[int, Path(ge=1, le=10_000, description="Which check-in.")],
    draft: CheckInIn,
    visit: InInbox,
    session: DbSession,
) -> Response:
    """Say how you fare: fine, or what you suffer for having spoken up."""
    sent = await detriments.answer_check_in(session, visit, number, draft)
    return padded(InboxSentOut(**sent.model_dump()), 201)


@staff_router.get("/detriments", responses=problems(*DOOR))
async def list_detriments(case: Protected, session: DbSession) -> CaseDetrimentsOut:
    """Read what the reporters of the case say of how they fare, what was done about it, and when they were asked."""
    return await detriments.in_case(session, case)


@staff_router.post("/detriments/{detriment_id}/answers", status_code=201, responses=problems(*CREATES))
async def answer_detriment(
    detriment_id: UUID, draft: AnswerIn, case: Assessed, actor: CurrentActor, session: DbSession
) -> SentOut:
    """Answer somebody who reports detriment. They read it in their inbox."""
    return await detriments.answer(session, actor, case, await detriments.find(session, case, detriment_id), draft)


@staff_router.post("/detriments/{detriment_id}/assessments", status_code=201, responses=problems(*CREATES))
async def assess_detriment(
    detriment_id: UUID, draft: AssessmentIn, case: Assessed, actor: CurrentActor, session: DbSession
) -> AssessmentOut:
    """Record how great the risk is and what is done about it. Earlier assessments stand; the newest counts."""
    return await detriments.assess(session, actor, case, await detriments.find(session, case, detriment_id), draft)


@staff_router.get("/detriment-chronology", responses=problems(*DOOR))
async def read_detriment_chronology(case: Protected, session: DbSession) -> ChronologyOut:
    """Read all of it by day: to be put before whoever has to decide whether it was because somebody spoke up."""
    return await chronology.of(session, case)
