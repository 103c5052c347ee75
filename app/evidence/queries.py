"""Reads the evidence of one case. An id of another case is as unknown as one that never was."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.allegations.models import Allegation
from app.cases.models import Case
from app.cases.queries import of_case
from app.evidence import numbering
from app.evidence.models import Exhibit, ExhibitChange, ExhibitLink
from app.kernel.problems import NotFound


async def exhibits_of(session: AsyncSession, case: Case) -> list[Exhibit]:
    """Return every exhibit of the case, whatever its state, in the order of their numbers."""
    return sorted(await of_case(session, case, Exhibit), key=lambda exhibit: numbering.in_order(exhibit.number))


async def links_of(session: AsyncSession, case: Case) -> list[ExhibitLink]:
    """Return what every exhibit of the case bears on, in no particular order."""
    statement = select(ExhibitLink).where(
        ExhibitLink.organisation_id == case.organisation_id, ExhibitLink.case_id == case.id
    )
    return list(await session.scalars(statement))


async def changes_of(session: AsyncSession, exhibit: Exhibit) -> list[ExhibitChange]:
    """Return every change of the exhibit's state, oldest first."""
    statement = select(ExhibitChange).where(
        ExhibitChange.organisation_id == exhibit.organisation_id, ExhibitChange.exhibit_id == exhibit.id
    )
    return list(await session.scalars(statement.order_by(ExhibitChange.sequence)))


async def find(session: AsyncSession, case: Case, exhibit_id: UUID) -> Exhibit:
    """Return one exhibit of the case.

    Raises:
        NotFound: the case has no such exhibit.

    """
    exhibit = await session.get(Exhibit, (case.organisation_id, exhibit_id))
    if exhibit is None or exhibit.case_id != case.id:
        raise NotFound
    return exhibit


async def link_between(session: AsyncSession, exhibit: Exhibit, allegation: Allegation) -> ExhibitLink | None:
    """Return what the exhibit does to the allegation, if that was recorded."""
    statement = select(ExhibitLink).where(
        ExhibitLink.organisation_id == exhibit.organisation_id,
        ExhibitLink.exhibit_id == exhibit.id,
        ExhibitLink.allegation_id == allegation.id,
    )
    return (await session.scalars(statement)).one_or_none()
