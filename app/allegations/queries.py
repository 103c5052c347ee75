"""Reads the themes and allegations of one case. An id of another case is as unknown as one that never was."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.allegations.models import Allegation, ArrangementChange, Theme
from app.cases.models import Case
from app.cases.queries import of_case
from app.kernel.problems import NotFound


async def themes_of(session: AsyncSession, case: Case) -> list[Theme]:
    """Return every theme of the case in order, merged ones too (`merged_into_id` is set on those)."""
    return sorted(await of_case(session, case, Theme), key=lambda theme: theme.position)


async def all_of(session: AsyncSession, case: Case) -> list[Allegation]:
    """Return every allegation of the case in order, whatever its state; `arrangement.STANDING` tells which stand."""
    found = await of_case(session, case, Allegation)
    return sorted(found, key=lambda allegation: (allegation.position, allegation.label, allegation.id))


async def history_of(session: AsyncSession, case: Case) -> list[ArrangementChange]:
    """Return every change of the arrangement, oldest first."""
    return sorted(await of_case(session, case, ArrangementChange), key=lambda change: change.sequence)


async def find_theme(session: AsyncSession, case: Case, theme_id: UUID) -> Theme:
    """Return one theme of the case.

    Raises:
        NotFound: the case has no such theme.

    """
    theme = await session.get(Theme, (case.organisation_id, theme_id))
    if theme is None or theme.case_id != case.id:
        raise NotFound
    return theme


async def find(session: AsyncSession, case: Case, allegation_id: UUID) -> Allegation:
    """Return one allegation of the case.

    Raises:
        NotFound: the case has no such allegation.

    """
    allegation = await session.get(Allegation, (case.organisation_id, allegation_id))
    if allegation is None or allegation.case_id != case.id:
        raise NotFound
    return allegation
