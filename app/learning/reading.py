"""Reads a summary in clear: what would be released, and what that gives away. It changes nothing."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.cases.models import Case
from app.kernel.canonical import canonical, digest
from app.learning import apart, drafting, queries
from app.learning.manuscript import Manuscript, PlacedLeak, let_pass
from app.learning.models import Summary
from app.learning.release import ReleaseContent
from app.reports import content as report_content
from app.reports import queries as reports
from app.reports.content import ReportContent


@dataclass(frozen=True)
class Reading:
    """A summary in clear: its text, what would be released, and what that gives away."""

    manuscript: Manuscript
    report: ReportContent
    preview: ReleaseContent
    canonical: str
    leaks: list[PlacedLeak]

    @property
    def digest(self) -> bytes:
        """The hash of what would be released."""
        return digest(self.canonical)

    @property
    def blocking(self) -> list[PlacedLeak]:
        """The leaks that stop an approval and a release."""
        return [leak for leak in self.leaks if leak.is_blocking]


async def read(session: AsyncSession, case: Case, summary: Summary) -> Reading:
    """Return the summary in clear.

    Raises:
        Outstanding: it was not read for leaks yet in this request.

    """
    report = await report_of(session, case, summary)
    manuscript = Manuscript.of_stored(summary.title, summary.paragraphs, summary.redactions)
    organisation = await queries.organisation_name(session, case)
    preview = manuscript.composed(organisation, drafting.findings_in_order(report))
    found = apart.result_of(Manuscript.leaks, manuscript, await queries.known_surfaces(session, case))
    leaks = let_pass(found, {accepted["id"] for accepted in summary.accepted})
    return Reading(manuscript, report, preview, canonical(preview), leaks)


async def report_of(session: AsyncSession, case: Case, summary: Summary) -> ReportContent:
    """Return the sealed report that the summary is cut from."""
    report = await reports.find(session, case, summary.report_id)
    assert report.content is not None  # noqa: S101 a summary is cut from a sealed report alone
    return report_content.read(report.content)
