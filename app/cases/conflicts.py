"""Those whom whoever raised a grievance described as people who must not see it, and what a case officer found of each.

A description has no account: only a person can tell whom it means. Until each is resolved nobody is appointed to the case, so that
nobody who is described gets its key by an appointment.
"""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.cases import service, walls
from app.cases.escrow import FindHolders
from app.cases.models import Case, ConflictOutcome, DescribedConflict, Wall
from app.cases.schemas import WallIn
from app.cases.turning import LastCaseOfficer
from app.kernel import clock
from app.kernel.problems import Conflict, NotFound
from app.policy.actors import Capacity, Staff


class ConflictsUnresolved(Conflict):
    """Whoever raised the grievance described people who must not see it. Resolve each description first.

    The member `conflicts` names those that are left. A case officer reads them at `/v1/cases/{case_id}/conflicts` and says of each by POST on
    its `resolution` whom it means, which raises a wall, or that nobody here is meant.
    """

    title = "Somebody who must not see this was described"


class ConflictResolved(Conflict):
    """A case officer resolved this description already. To bar somebody besides, raise a wall."""

    title = "This description is resolved"


async def of_case(session: AsyncSession, case: Case) -> list[DescribedConflict]:
    """Return every description of the case, in the order in which they were given."""
    statement = (
        select(DescribedConflict)
        .where(DescribedConflict.organisation_id == case.organisation_id, DescribedConflict.case_id == case.id)
        .order_by(DescribedConflict.grievance_id, DescribedConflict.position)
    )
    return list((await session.scalars(statement)).all())


async def require_resolved(session: AsyncSession, actor: Staff, case: Case, capacity: Capacity) -> None:
    """Return if a case officer resolved every description of the case.

    The only case officer left may appoint a second: it may be they who are described, and who cannot step back alone.

    Raises:
        ConflictsUnresolved: otherwise.

    """
    left = [str(one.id) for one in await of_case(session, case) if one.outcome is None]
    if left and not (capacity == Capacity.CASE_OFFICER and await _is_alone(session, actor, case)):
        raise ConflictsUnresolved(conflicts=left)


async def _is_alone(session: AsyncSession, actor: Staff, case: Case) -> bool:
    try:
        await walls.require_another_officer(session, case, actor.account_id)
    except LastCaseOfficer:
        return True
    return False


async def resolve(
    session: AsyncSession,
    actor: Staff,
    case: Case,
    conflict_id: UUID,
    wall: WallIn | None,
    reason: str,
    find_holders: FindHolders,
) -> DescribedConflict:
    """The description is resolved: a wall stands before whom it means, or nobody here is meant. With the reason.

    A wall that stands already is taken for the one that is meant.

    Raises:
        NotFound: the case has no such description.
        ConflictResolved: it is resolved already.
        AccountUnknown: the organisation has no such account.
        LastCaseOfficer: nobody else could act as case officer than the one barred.

    """
    conflict = await session.get(DescribedConflict, (case.organisation_id, conflict_id))
    if conflict is None or conflict.case_id != case.id:
        raise NotFound
    if conflict.outcome is not None:
        raise ConflictResolved
    wall_id = None if wall is None else await _wall(session, actor, case, wall, find_holders)
    conflict.outcome = ConflictOutcome.NOBODY_HERE if wall is None else ConflictOutcome.WALL_RAISED
    conflict.wall_id, conflict.resolved_by, conflict.resolved_on = wall_id, actor.account_id, clock.today()
    conflict.reason = reason
    service.count_change(case)
    await log.record(session, actor, "conflict.resolved", case, conflict, case_id=case.id)
    return conflict


async def _wall(session: AsyncSession, actor: Staff, case: Case, draft: WallIn, find_holders: FindHolders) -> UUID:
    standing = select(Wall.id).where(
        Wall.organisation_id == case.organisation_id, Wall.case_id == case.id, Wall.account_id == draft.account_id
    )
    found = await session.scalar(standing)
    if found is not None:
        return found
    return (await walls.raise_wall(session, actor, case, draft, find_holders, is_asked_for=True)).id
