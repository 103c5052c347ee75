"""The full report over HTTP. Who works the case may read it; it never leaves the case."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from app.cases.access import DOOR, on_case
from app.cases.models import Case
from app.cases.service import TransitionNotPossible
from app.kernel import routing
from app.kernel.db import DbSession
from app.kernel.http import IfMatch, etag, problems, require_version
from app.kernel.pages import NumberedPageOf, Page
from app.kernel.problems import PreconditionFailed, PreconditionRequired
from app.policy.guard import CurrentActor
from app.policy.permissions import Permission
from app.reports import assembly, content, queries, service
from app.reports.models import Report, ReportState
from app.reports.schemas import GapOut, GapsOut, OrphanOut, ReportIn, ReportItem, ReportOut

router = routing.router("reports", prefix="/v1/cases/{case_id}/reports")
Reader = Annotated[Case, on_case(Permission.CASE_READ)]
Writer = Annotated[Case, on_case(Permission.REPORT_WRITE)]


@router.get("", response_model=Page[ReportItem], responses=problems(*DOOR))
async def list_reports(case: Reader, session: DbSession, page: NumberedPageOf) -> Page[ReportItem]:
    """List the full reports of the case, newest first."""
    reports, following = await queries.page_of(session, case, page)
    return Page(items=[_item(report) for report in reports], next=following)


@router.post("", status_code=201, response_model=ReportOut, responses=problems(*DOOR, service.ReportBeingWritten))
async def write_report(
    draft: ReportIn, case: Writer, actor: CurrentActor, session: DbSession, response: Response
) -> ReportOut:
    """Begin a full report: its title, introduction, method and conclusions.

    Allegations, findings and evidence are not written here; sealing takes them from the case. A case has one draft at a
    time. After a report was sealed, a new one corrects it.
    """
    return _answer(await service.write(session, actor, case, draft), response)


@router.get("/{report_id}", response_model=ReportOut, responses=problems(*DOOR))
async def read_report(report_id: UUID, case: Reader, session: DbSession, response: Response) -> ReportOut:
    """Read a report: the chapters of a draft, or the whole of a sealed one.

    `content_hash` is the SHA-256 of `content` as JSON in UTF-8 with its keys sorted, no blanks between tokens and no
    escapes but those that JSON needs.
    """
    return _answer(await queries.find(session, case, report_id), response)


@router.put(
    "/{report_id}",
    response_model=ReportOut,
    responses=problems(*DOOR, service.ReportIsSealed, PreconditionRequired, PreconditionFailed),
)
async def rewrite_report(
    report_id: UUID,
    draft: ReportIn,
    case: Writer,
    actor: CurrentActor,
    session: DbSession,
    response: Response,
    expected: IfMatch,
) -> ReportOut:
    """Change the chapters of a draft."""
    report = await queries.find(session, case, report_id)
    require_version(report.version, expected)
    await service.rewrite(session, actor, report, draft)
    return _answer(report, response)


@router.get("/{report_id}/gaps", response_model=GapsOut, responses=problems(*DOOR))
async def list_report_gaps(report_id: UUID, case: Reader, session: DbSession) -> GapsOut:
    """List what keeps the report from being sealed, and what it would own up to.

    A gap is an allegation in scope without a final finding. An orphan stops nothing, but the report lists it: what
    the grievance said and no allegation takes up, a theme without an allegation, an allegation in no theme, an exhibit
    that no finding cites, evidence that was asked for and never came.
    """
    await queries.find(session, case, report_id)
    investigation = await assembly.gather(session, case)
    gaps = investigation.gaps()
    return GapsOut(
        may_seal=not gaps,
        gaps=[GapOut(allegation_id=gap.allegation_id, label=gap.label, missing=gap.missing) for gap in gaps],
        orphans=[OrphanOut(kind=orphan.kind, id=orphan.id, label=orphan.label) for orphan in investigation.orphans()],
    )


@router.post(
    "/{report_id}/seal",
    response_model=ReportOut,
    responses=problems(*DOOR, service.ReportHasGaps, service.ReportIsSealed, TransitionNotPossible, PreconditionFailed),
)
async def seal_report(
    report_id: UUID, case: Writer, actor: CurrentActor, session: DbSession, response: Response, expected: IfMatch
) -> ReportOut:
    """Seal the report, with every allegation, finding and cited exhibit in it.

    Every allegation in scope must have a final finding. A sealed report never changes; it supersedes the one before, and
    the case is reported.
    """
    report = await queries.find(session, case, report_id)
    require_version(report.version, expected, optional=True)
    await service.seal(session, actor, case, report)
    return _answer(report, response)


def _item(report: Report) -> ReportItem:
    digest = report.content_hash
    return ReportItem(
        id=report.id,
        number=report.number,
        state=ReportState(report.state),
        title=report.title,
        sealed_on=report.sealed_on,
        content_hash=None if digest is None else digest.hex(),
        version=report.version,
    )


def _answer(report: Report, response: Response) -> ReportOut:
    response.headers["ETag"] = etag(report.version)
    return ReportOut(
        **_item(report).model_dump(),
        author_id=report.author_id,
        introduction=report.introduction,
        method=report.method,
        conclusions=report.conclusions,
        content=None if report.content is None else content.read(report.content),
    )
