"""Learning summaries and releases over HTTP: those who work the case write and release, audiences read."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response

from app.cases.access import DOOR, on_case
from app.cases.models import Case
from app.cases.service import TransitionNotPossible
from app.kernel import routing
from app.kernel.db import DbSession, reads
from app.kernel.http import IfMatch, etag, problems, require_version
from app.kernel.pages import NumberedPageOf, Page, PageOf
from app.kernel.problems import (
    Busy,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Unauthenticated,
)
from app.learning import access, presentation, queries, reading, release, service, shelf
from app.learning.models import Release, Summary
from app.learning.release import Form
from app.learning.schemas import (
    ApprovalIn,
    ChecksIn,
    ChecksOut,
    RedactionsIn,
    ReleaseIn,
    ReleaseItem,
    ReleaseMade,
    ReleaseOut,
    SuggestionsIn,
    SuggestionsOut,
    SummaryIn,
    SummaryItem,
    SummaryOut,
    SummaryTextIn,
    WithdrawalIn,
)
from app.policy.actors import Staff
from app.policy.guard import CurrentActor, requires
from app.policy.permissions import Permission

summaries = routing.router("summaries", prefix="/v1/cases/{case_id}")
summaries.route_class = access.ApartRoute
releases = routing.router("releases", prefix="/v1/releases")
Worker = Annotated[Case, on_case(Permission.CASE_READ)]
Writer = Annotated[Case, on_case(Permission.SUMMARY_WRITE)]
Releaser = Annotated[Case, on_case(Permission.SUMMARY_RELEASE)]
Reader = Annotated[Staff, requires(Permission.RELEASE_READ)]
_CHANGED = (PreconditionRequired, PreconditionFailed)


@summaries.get("/summaries", response_model=Page[SummaryItem], responses=problems(*DOOR))
async def list_summaries(case: Worker, session: DbSession, page: PageOf) -> Page[SummaryItem]:
    """List the learning summaries of the case, newest first, released ones too."""
    found, following = await queries.page_of(session, case, page)
    return Page(items=[presentation.summary_item(summary) for summary in found], next=following)


@summaries.post(
    "/summaries", status_code=201, response_model=SummaryOut, responses=problems(*DOOR, service.ReportNotStanding)
)
async def draft_summary(
    wanted: SummaryIn, case: Writer, actor: CurrentActor, session: DbSession, response: Response
) -> SummaryOut:
    """Draft a learning summary from the sealed report, passage by passage.

    The draft has an overview, a section for each theme with a paragraph for each finding, and the conclusions. Nothing in
    it is redacted yet.
    """
    return await _answer(session, case, await service.draft(session, actor, case, wanted), response)


@summaries.get("/summaries/{summary_id}", response_model=SummaryOut, responses=problems(*DOOR))
async def read_summary(summary_id: UUID, case: Worker, session: DbSession, response: Response) -> SummaryOut:
    """Read a summary: its text, its redactions, what would be released, and what that still gives away."""
    return await _answer(session, case, await queries.find(session, case, summary_id), response)


@summaries.put(
    "/summaries/{summary_id}",
    response_model=SummaryOut,
    responses=problems(*DOOR, service.SummaryIsReleased, *_CHANGED),
)
async def rewrite_summary(
    summary_id: UUID,
    draft: SummaryTextIn,
    case: Writer,
    actor: CurrentActor,
    session: DbSession,
    response: Response,
    expected: IfMatch,
) -> SummaryOut:
    """Change the title and text of a summary.

    Every finding of the report stays in it, once. Its redactions are dropped, since they were made for the text before,
    and an approval is void.
    """
    summary = await _found(session, case, summary_id, expected)
    await service.rewrite(session, actor, case, summary, draft)
    return await _answer(session, case, summary, response)


@summaries.post("/summaries/{summary_id}/suggestions", response_model=SuggestionsOut, responses=problems(*DOOR))
async def suggest_redactions(
    summary_id: UUID, wanted: SuggestionsIn, case: Writer, actor: CurrentActor, session: DbSession
) -> SuggestionsOut:
    """Ask what could be redacted.

    Detectors look for addresses, numbers, references and dates that are not redacted yet. What is redacted in one place
    and stands in another is listed. People that you name get one replacement each. Whatever you agree with, put among the
    redactions of the summary as it stands here.
    """
    summary = await queries.find(session, case, summary_id)
    return presentation.suggestions_out(await service.suggest(session, actor, summary, wanted))


@summaries.put(
    "/summaries/{summary_id}/redactions",
    response_model=SummaryOut,
    responses=problems(*DOOR, service.SummaryIsReleased, *_CHANGED),
)
async def redact_summary(
    summary_id: UUID,
    draft: RedactionsIn,
    case: Writer,
    actor: CurrentActor,
    session: DbSession,
    response: Response,
    expected: IfMatch,
) -> SummaryOut:
    """Set all redactions of a summary. An approval is void.

    They must not overlap, and one wording of one type is replaced alike wherever it is redacted.
    """
    summary = await _found(session, case, summary_id, expected)
    await service.redact(session, actor, summary, draft)
    return await _answer(session, case, summary, response)


@summaries.post(
    "/summaries/{summary_id}/checks",
    response_model=ChecksOut,
    responses=problems(*DOOR, service.SummaryIsReleased, PreconditionFailed),
)
async def check_summary(
    summary_id: UUID,
    wanted: ChecksIn,
    case: Writer,
    actor: CurrentActor,
    session: DbSession,
    response: Response,
    expected: IfMatch,
) -> ChecksOut:
    """Look for what the redacted text still gives away, and let acceptable leaks pass with a reason.

    Nothing is approved or released while a blocking leak stands. Letting one pass is an edit: an approval is void.
    """
    summary = await queries.find(session, case, summary_id)
    require_version(summary.version, expected, optional=True)
    leaks = await service.check(session, actor, case, summary, wanted.accepted)
    response.headers["ETag"] = etag(summary.version)
    return ChecksOut(leaks=presentation.leaks_out(leaks), blocking=sum(leak.is_blocking for leak in leaks))


@summaries.post(
    "/summaries/{summary_id}/approval",
    response_model=SummaryOut,
    responses=problems(
        *DOOR, service.SummaryIsReleased, service.SummaryIsApproved, service.SecondPersonRequired,
        service.ReportNotStanding, service.SummaryLeaks, *_CHANGED,
    ),
)  # fmt: skip
async def approve_summary(
    summary_id: UUID,
    draft: ApprovalIn,
    case: Annotated[Case, on_case(Permission.SUMMARY_APPROVE)],
    actor: CurrentActor,
    session: DbSession,
    response: Response,
    expected: IfMatch,
) -> SummaryOut:
    """Approve the exact text that would be released. If-Match says which version you read.

    Whoever wrote in the summary cannot approve it. Any later edit voids the approval.
    """
    summary = await _found(session, case, summary_id, expected)
    await service.approve(session, actor, case, summary, draft.statement)
    return await _answer(session, case, summary, response)


@summaries.post(
    "/summaries/{summary_id}/release",
    status_code=201,
    response_model=ReleaseMade,
    responses=problems(
        *DOOR, service.SummaryIsReleased, service.SummaryNotApproved, service.SecondPersonRequired,
        service.ReportNotStanding, service.SummaryLeaks, TransitionNotPossible, PreconditionFailed,
    ),
)  # fmt: skip
async def release_summary(
    summary_id: UUID, draft: ReleaseIn, case: Releaser, actor: CurrentActor, session: DbSession, expected: IfMatch
) -> ReleaseMade:
    """Release an approved summary to audiences, exactly as it was approved.

    It never changes afterwards. It supersedes the release before, which nobody reads any more.
    """
    summary = await queries.find(session, case, summary_id)
    require_version(summary.version, expected, optional=True)
    made = await service.let_out(session, actor, case, summary, draft.audiences)
    return presentation.release_made(made, sorted(draft.audiences))


@summaries.get("/releases", response_model=Page[ReleaseMade], responses=problems(*DOOR))
async def list_case_releases(case: Worker, session: DbSession, page: NumberedPageOf) -> Page[ReleaseMade]:
    """List what was released from the case, newest first, superseded and withdrawn releases too."""
    made, following = await queries.page_of_releases(session, case, page)
    audiences = await queries.audiences_of(session, made)
    return Page(items=[presentation.release_made(each, audiences[each.id]) for each in made], next=following)


@summaries.post(
    "/releases/{release_id}/withdrawal",
    response_model=ReleaseMade,
    responses=problems(*DOOR, service.ReleaseEnded),
)
async def withdraw_release(
    release_id: UUID, draft: WithdrawalIn, case: Releaser, actor: CurrentActor, session: DbSession
) -> ReleaseMade:
    """Withdraw a release, so that nobody reads it any more. Its audiences see that it was withdrawn, and when."""
    made = await queries.find_release(session, case, release_id)
    await service.withdraw(session, actor, made, draft.reason)
    return presentation.release_made(made, (await queries.audiences_of(session, [made]))[made.id])


@releases.get("", response_model=Page[ReleaseItem], responses=problems(InvalidInput, Unauthenticated, NotFound, Busy))
@reads
async def list_releases(actor: Reader, session: DbSession, page: PageOf) -> Page[ReleaseItem]:
    """List the learning summaries that were released to you, newest first.

    One that was superseded or withdrawn stays in the list, without its title: nothing that was released vanishes.
    """
    statement, parameters = access.readable_releases(actor)
    found = list(await session.scalars(page.apply(statement, Release.id), parameters))
    rows, following = page.cut(found)
    return Page(items=[presentation.release_item(made) for made in rows], next=following)


_READ_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The release, as JSON or as a page by what Accept prefers.",
        "content": {Form.HTML.value: {"schema": {"type": "string"}}},
        "headers": {"ETag": {"schema": {"type": "string"}}},
    },
    304: {"description": "You hold it already: If-None-Match names its entity tag."},
    **problems(InvalidInput, Unauthenticated, NotFound, Busy),
}
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of what you hold. If that is still the release, the answer is 304 without a body.",
    "schema": {"type": "string"},
}


@releases.get(
    "/{release_id}",
    response_model=ReleaseOut,
    responses=_READ_RESPONSES,
    openapi_extra={"parameters": [_IF_NONE_MATCH]},
)
@reads
async def read_release(release_id: UUID, request: Request, actor: Reader, session: DbSession) -> Response:
    """Read a learning summary that was released to you, as JSON or, if you accept `text/html`, as a page.

    A release never changes. One that was superseded or withdrawn is not found.
    """
    content_hash = await access.readable_hash(session, actor, release_id)
    form = release.preferred_form(request.headers.get("accept"))
    rendered = shelf.find(release_id, content_hash, form)
    if rendered is None:
        rendered = shelf.render(await access.readable(session, actor, release_id), form)
    if release.is_held(request.headers.get("if-none-match"), rendered.entity_tag):
        return Response(status_code=304, headers=rendered.headers)
    return Response(rendered.body, headers=rendered.headers)


async def _found(session: DbSession, case: Case, summary_id: UUID, expected: int | None) -> Summary:
    summary = await queries.find(session, case, summary_id)
    require_version(summary.version, expected)
    return summary


async def _answer(session: DbSession, case: Case, summary: Summary, response: Response) -> SummaryOut:
    response.headers["ETag"] = etag(summary.version)
    found = await reading.read(session, case, summary)
    return presentation.summary_out(summary, found, await queries.approvals_of(session, summary))


router = routing.router()
for _part in (releases, summaries):  # what is read most is looked for first
    router.include_router(_part)
