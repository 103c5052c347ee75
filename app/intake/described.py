"""Reads descriptions of people who must not see a case, which are under the key of the conversation, and has them resolved."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases import conflicts
from app.cases.escrow import FindHolders
from app.cases.models import Case, DescribedConflict
from app.cases.queries import names_of
from app.cases.schemas import PersonOut, WallIn
from app.intake.before_sending_schemas import ConflictOut, ConflictResolutionIn
from app.intake.models import Grievance
from app.intake.service import open_conversation
from app.policy.actors import Staff


async def of_case(session: AsyncSession, case: Case) -> list[ConflictOut]:
    """Return every description of the case, in the order in which they were given.

    Raises:
        Locked: the request does not hold the case key of a grievance.
        SealedContentBroken: a row was altered.

    """
    await _open_conversations(session, case)
    return await _shown(session, case, await conflicts.of_case(session, case))


async def resolve(
    session: AsyncSession,
    actor: Staff,
    case: Case,
    conflict_id: UUID,
    draft: ConflictResolutionIn,
    find_holders: FindHolders,
) -> ConflictOut:
    """Return the description, resolved as the draft says. It raises as `conflicts.resolve` does."""
    await _open_conversations(session, case)
    wall = None if draft.account_id is None else WallIn(account_id=draft.account_id, reason=draft.reason)
    resolved = await conflicts.resolve(session, actor, case, conflict_id, wall, draft.reason, find_holders)
    [shown] = await _shown(session, case, [resolved])
    return shown


async def _open_conversations(session: AsyncSession, case: Case) -> None:
    statement = select(Grievance).where(Grievance.organisation_id == case.organisation_id, Grievance.case_id == case.id)
    for grievance in await session.scalars(statement):
        open_conversation(grievance)


async def _shown(session: AsyncSession, case: Case, found: list[DescribedConflict]) -> list[ConflictOut]:
    names = await names_of(session, case.organisation_id, {one.resolved_by for one in found if one.resolved_by})
    return [
        ConflictOut(
            id=one.id,
            grievance_id=one.grievance_id,
            description=one.description,
            outcome=one.outcome,
            wall_id=one.wall_id,
            resolved_by=None
            if one.resolved_by is None
            else PersonOut(account_id=one.resolved_by, display_name=names[one.resolved_by]),
            resolved_on=one.resolved_on,
            reason=one.reason,
        )
        for one in found
    ]
