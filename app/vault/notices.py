"""What whoever raised a grievance is told of openings: that somebody asked, in which part, and what became of it. Days only."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kernel import clock
from app.policy.actors import Capacity
from app.vault.lifecycle import NoticeState, notice_state, state_of
from app.vault.opening_models import Opening, OpeningNotice, OpeningState, OpeningWithholding


@dataclass(frozen=True)
class Told:
    """One opening as it may be told. The text of its notice is opened by whoever holds the conversation's key."""

    notice: OpeningNotice
    requested_on: date
    by: Capacity
    state: OpeningState
    expires_on: date


async def told_in(session: AsyncSession, organisation_id: UUID, grievance_id: UUID) -> list[Told]:
    """Return every opening that the grievance's inbox shows now, oldest first. One that is withheld is not among them yet."""
    statement = (
        select(OpeningNotice, Opening)
        .join(
            Opening,
            (Opening.organisation_id == OpeningNotice.organisation_id) & (Opening.id == OpeningNotice.opening_id),
        )
        .where(OpeningNotice.organisation_id == organisation_id, OpeningNotice.grievance_id == grievance_id)
    )
    found = (await session.execute(statement)).all()
    if not found:
        return []
    withheld = await withheld_by(session, organisation_id, [opening.id for _, opening in found])
    now = clock.now()
    return [
        Told(notice, notice.made_on, Capacity(opening.capacity), state_of(opening, now), opening.expires_at.date())
        for notice, opening in sorted(found, key=lambda row: (row[0].made_on, row[0].id))
        if notice_state(opening, notice, withheld[opening.id], now) is NoticeState.GIVEN
    ]


async def withheld_by(session: AsyncSession, organisation_id: UUID, opening_ids: list[UUID]) -> dict[UUID, set[UUID]]:
    """Return, for each of those openings, who recorded why the reporter is not told yet."""
    statement = select(OpeningWithholding.opening_id, OpeningWithholding.account_id).where(
        OpeningWithholding.organisation_id == organisation_id, OpeningWithholding.opening_id.in_(opening_ids)
    )
    people: dict[UUID, set[UUID]] = {opening_id: set() for opening_id in opening_ids}
    for opening_id, account_id in (await session.execute(statement)).all():
        people[opening_id].add(account_id)
    return people
