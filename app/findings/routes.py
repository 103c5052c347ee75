"""HTTP for findings."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Response

from app.allegations import queries as allegations
from app.allegations.service import AllegationNotStanding
from app.cases import queries as cases
from app.cases.access import DOOR, on_case
from app.cases.models import Case
from app.cases.schemas import CaseStatus
from app.cases.service import CaseNotUnderInvestigation, TransitionNotPossible
from app.findings import matrix, queries, service
from app.findings.models import Finding
from app.findings.schemas import FindingIn, FindingList, FindingOut, Matrix, ReviewIn, SupersessionIn
from app.findings.service import (
    AllegationOutOfScope,
    FindingAlreadyRecorded,
    FindingCitesNothing,
    FindingIsFinal,
    FindingNotFinal,
    FindingsIncomplete,
    ReviewerIsAuthor,
)
from app.kernel import routing
from app.kernel.db import DbSession
from app.kernel.http import IfMatch, etag, problems, require_version
from app.kernel.problems import PreconditionFailed, PreconditionRequired
from app.policy.guard import CurrentActor
from app.policy.permissions import Permission

router = routing.router("findings", prefix="/v1/cases/{case_id}")
Readable = Annotated[Case, on_case(Permission.CASE_READ)]
Recordable = Annotated[Case, on_case(Permission.FINDING_RECORD)]
FINDING = (*DOOR, CaseNotUnderInvestigation, AllegationNotStanding, AllegationOutOfScope, FindingCitesNothing)


@router.get("/findings", response_model=FindingList, responses=problems(*DOOR))
async def list_findings(case: Readable, session: DbSession) -> FindingList:
    """List the findings of the case: drafts, final and superseded ones."""
    return await _list(session, case, await queries.all_of(session, case))


@router.get("/findings/{finding_id}", response_model=FindingOut, responses=problems(*DOOR))
async def read_finding(finding_id: UUID, case: Readable, session: DbSession, response: Response) -> FindingOut:
    """Read one finding, with what it cites and what reviewers said of it."""
    return await _answer(session, case, await queries.find(session, case, finding_id), response)


@router.get("/allegations/{allegation_id}/findings", response_model=FindingList, responses=problems(*DOOR))
async def list_findings_of_allegation(allegation_id: UUID, case: Readable, session: DbSession) -> FindingList:
    """List the findings on one allegation, oldest first: each supersedes the one before it."""
    allegation = await allegations.find(session, case, allegation_id)
    return await _list(session, case, await queries.history_of(session, allegation))


@router.post(
    "/allegations/{allegation_id}/findings",
    status_code=201,
    response_model=FindingOut,
    responses=problems(*FINDING, FindingAlreadyRecorded),
)
async def record_finding(
    allegation_id: UUID,
    draft: FindingIn,
    case: Recordable,
    actor: CurrentActor,
    session: DbSession,
    response: Response,
) -> FindingOut:
    """Record what the evidence shows about an allegation: a draft, until a reviewer agrees."""
    allegation = await allegations.find(session, case, allegation_id)
    return await _answer(session, case, await service.record(session, actor, case, allegation, draft), response)


@router.put(
    "/findings/{finding_id}",
    response_model=FindingOut,
    responses=problems(*FINDING, FindingIsFinal, PreconditionRequired, PreconditionFailed),
)
async def revise_finding(
    finding_id: UUID,
    draft: FindingIn,
    case: Recordable,
    actor: CurrentActor,
    session: DbSession,
    expected: IfMatch,
    response: Response,
) -> FindingOut:
    """Revise a draft. A final finding never changes: supersede it."""
    finding = await queries.find(session, case, finding_id)
    require_version(finding.version, expected)
    await service.revise(session, actor, case, finding, draft)
    return await _answer(session, case, finding, response)


@router.post(
    "/findings/{finding_id}/review",
    response_model=FindingOut,
    responses=problems(*FINDING, FindingIsFinal, ReviewerIsAuthor, PreconditionRequired, PreconditionFailed),
)
async def review_finding(
    finding_id: UUID,
    draft: ReviewIn,
    case: Annotated[Case, on_case(Permission.FINDING_REVIEW)],
    actor: CurrentActor,
    session: DbSession,
    expected: IfMatch,
    response: Response,
) -> FindingOut:
    """Agree with a draft of somebody else, which makes it final, or say what has to change.

    If-Match names the version that you read: nothing becomes final that nobody else has seen.
    """
    finding = await queries.find(session, case, finding_id)
    require_version(finding.version, expected)
    await service.review(session, actor, case, finding, draft)
    return await _answer(session, case, finding, response)


@router.post(
    "/findings/{finding_id}/supersession",
    status_code=201,
    response_model=FindingOut,
    responses=problems(*FINDING, FindingNotFinal, FindingAlreadyRecorded, PreconditionFailed),
)
async def supersede_finding(
    finding_id: UUID,
    draft: SupersessionIn,
    case: Recordable,
    actor: CurrentActor,
    session: DbSession,
    expected: IfMatch,
    response: Response,
) -> FindingOut:
    """Draft the finding that is to replace a final one, which stands until a reviewer agrees to the new one."""
    finding = await queries.find(session, case, finding_id)
    require_version(finding.version, expected, optional=True)
    return await _answer(session, case, await service.supersede(session, actor, case, finding, draft), response)


@router.get("/matrix", response_model=Matrix, responses=problems(*DOOR))
async def read_matrix(case: Readable, session: DbSession) -> Matrix:
    """Read every allegation that stands against the exhibits that bear on it and its finding, and what is missing."""
    return await matrix.lay_out(session, case)


@router.post(
    "/findings-completion",
    response_model=CaseStatus,
    responses=problems(*DOOR, FindingsIncomplete, TransitionNotPossible, PreconditionFailed),
)
async def complete_findings(
    case: Recordable, actor: CurrentActor, session: DbSession, expected: IfMatch, response: Response
) -> CaseStatus:
    """Declare the findings complete, once every allegation in scope has a final one."""
    require_version(case.version, expected, optional=True)
    await service.complete(session, actor, case)
    response.headers["ETag"] = etag(case.version)
    return cases.status(case)


async def _list(session: DbSession, case: Case, findings: Sequence[Finding]) -> FindingList:
    citations = await queries.citations_of(session, case)
    reviews = await queries.reviews_of(session, case)
    return FindingList(items=[FindingOut.of(one, citations[one.id], reviews.get(one.id, [])) for one in findings])


async def _answer(session: DbSession, case: Case, finding: Finding, response: Response) -> FindingOut:
    response.headers["ETag"] = etag(finding.version)
    return (await _list(session, case, [finding])).items[0]
