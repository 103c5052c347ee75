"""Who is told that there is something in a case, and whom a wall keeps from it."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases.models import Appointment, Wall
from app.notifications import outbox
from app.policy.actors import Capacity


async def barred(
    session: AsyncSession, organisation_id: UUID, account_id: UUID, case_ids: Collection[UUID]
) -> set[UUID]:
    """Return those of the cases that a wall bars the account from."""
    statement = select(Wall.case_id).where(
        Wall.organisation_id == organisation_id, Wall.account_id == account_id, Wall.case_id.in_(case_ids)
    )
    return set((await session.scalars(statement)).all())


async def appointed_to(
    session: AsyncSession, organisation_id: UUID, case_id: UUID, *capacities: Capacity
) -> list[UUID]:
    """Return the accounts that play one of those parts in the case now, without repetition."""
    statement = select(Appointment.account_id).where(
        Appointment.organisation_id == organisation_id,
        Appointment.case_id == case_id,
        Appointment.capacity.in_(capacities),
        Appointment.ended_on.is_(None),
    )
    return sorted(set((await session.scalars(statement)).all()))


async def tell_appointed(
    session: AsyncSession,
    organisation_id: UUID,
    case_id: UUID,
    *capacities: Capacity,
    but: UUID | None = None,
    by_reporter: bool = False,
) -> None:
    """Those who play one of those parts in the case will be told that there is something for them; `but` not who did it.

    `by_reporter`: a reporter or supporter did it, of whom no slot may tell in which half of a day.
    """
    told = [one for one in await appointed_to(session, organisation_id, case_id, *capacities) if one != but]
    await outbox.tell(session, organisation_id, told, case_id, by_reporter=by_reporter)
