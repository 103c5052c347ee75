"""What those who work a case read of its grievances and do about them: whom they describe, and what they are about."""

from typing import Annotated
from uuid import UUID

from app.cases.access import DOOR, HowToFindHolders, on_case
from app.cases.conflicts import ConflictResolved
from app.cases.models import Case
from app.cases.turning import LastCaseOfficer
from app.cases.walls import AccountUnknown
from app.intake import classifying, described, service
from app.intake.before_sending_schemas import (
    ConflictOut,
    ConflictResolutionIn,
    ConflictsOut,
    ReclassificationIn,
    ReclassificationOut,
)
from app.intake.case_schemas import CaseGrievancesOut
from app.kernel import routing
from app.kernel.db import DbSession
from app.kernel.http import problems
from app.kernel.idempotency import SameRequestRunning
from app.kernel.problems import BodyTooLarge, IdempotencyKeyReused
from app.policy.guard import CurrentActor
from app.policy.permissions import Permission

router = routing.router("cases", prefix="/v1/cases")
_CREATES = (IdempotencyKeyReused, SameRequestRunning, BodyTooLarge)


@router.get(
    "/{case_id}/grievances",
    response_model=CaseGrievancesOut,
    responses=problems(*DOOR),
)
async def list_case_grievances(
    case_id: UUID, case: Annotated[Case, on_case(Permission.CASE_READ)], session: DbSession
) -> CaseGrievancesOut:
    """Read what was raised in a case. Of identities it says how many are sealed, never whose."""
    return CaseGrievancesOut(items=await service.grievances_of(session, case))


@router.post(
    "/{case_id}/grievances/{grievance_id}/classifications",
    status_code=201,
    response_model=ReclassificationOut,
    responses=problems(*DOOR, *_CREATES),
)
async def reclassify_grievance(
    case_id: UUID,
    grievance_id: UUID,
    draft: ReclassificationIn,
    case: Annotated[Case, on_case(Permission.CASE_TRIAGE)],
    actor: CurrentActor,
    session: DbSession,
) -> ReclassificationOut:
    """Correct what a grievance is about. What was said stays beside it."""
    return await classifying.correct(session, actor, case, grievance_id, draft)


@router.get("/{case_id}/conflicts", response_model=ConflictsOut, responses=problems(*DOOR))
async def list_conflicts(
    case_id: UUID, case: Annotated[Case, on_case(Permission.CASE_WALL)], session: DbSession
) -> ConflictsOut:
    """Read whom whoever raised the grievance described as people who must not see it. Resolve these first of all."""
    return ConflictsOut(items=await described.of_case(session, case))


@router.post(
    "/{case_id}/conflicts/{conflict_id}/resolution",
    response_model=ConflictOut,
    responses=problems(*DOOR, ConflictResolved, AccountUnknown, LastCaseOfficer),
)
async def resolve_conflict(
    case_id: UUID,
    conflict_id: UUID,
    draft: ConflictResolutionIn,
    case: Annotated[Case, on_case(Permission.CASE_WALL)],
    actor: CurrentActor,
    session: DbSession,
    find_holders: HowToFindHolders,
) -> ConflictOut:
    """Say whom a description means, which raises a wall before them, or that nobody here is meant; with the reason.

    Until every description is resolved, nobody can be appointed to the case.
    """
    return await described.resolve(session, actor, case, conflict_id, draft, find_holders)
