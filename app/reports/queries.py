"""Reads the reports of one case. An id of another case is as unknown as one that never was."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases.models import Case
from app.kernel.pages import NumberedPageQuery
from app.kernel.problems import NotFound
from app.reports.models import Report, ReportState


async def all_of(session: AsyncSession, case: Case) -> list[Report]:
    """Return every report of the case, oldest first."""
    statement = select(Report).where(Report.organisation_id == case.organisation_id, Report.case_id == case.id)
    return list(await session.scalars(statement.order_by(Report.number)))


async def page_of(session: AsyncSession, case: Case, page: NumberedPageQuery) -> tuple[Sequence[Report], str | None]:
    """Return a page of the case's reports, newest first, and the cursor of the next."""
    statement = select(Report).where(Report.organisation_id == case.organisation_id, Report.case_id == case.id)
    return page.cut(list(await session.scalars(page.apply(statement, Report.number))))


async def standing(session: AsyncSession, case: Case) -> Report | None:
    """Return the sealed report that no later one supersedes."""
    statement = select(Report).where(
        Report.organisation_id == case.organisation_id, Report.case_id == case.id, Report.state == ReportState.SEALED
    )
    return (await session.scalars(statement)).one_or_none()


async def find(session: AsyncSession, case: Case, report_id: UUID) -> Report:
    """Return one report of the case.

    Raises:
        NotFound: the case has no such report.

    """
    report = await session.get(Report, (case.organisation_id, report_id))
    if report is None or report.case_id != case.id:
        raise NotFound
    return report
