"""The acts on learning summaries and releases. Every act supposes that its guard holds the row of the case."""

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.cases import clocks
from app.cases.lifecycle import CaseState
from app.cases.models import Case
from app.cases.service import advance
from app.duties.profiles import DutyKind
from app.kernel import clock
from app.kernel.db import Base
from app.kernel.problems import Conflict, InvalidInput
from app.learning import apart, drafting, queries
from app.learning.manuscript import Manuscript, PlacedLeak, Suggested
from app.learning.models import Approval, Release, ReleaseAudience, Summary, SummaryState
from app.learning.reading import Reading, read, report_of
from app.learning.redaction import (
    InconsistentReplacement,
    Mention,
    OverlappingRedactions,
    RedactionRefused,
    ReplacementRepeatsOriginal,
    Span,
    SpanOutOfRange,
    surfaces,
)
from app.learning.release import ReleaseState
from app.learning.schemas import (
    MOST_CHARACTERS,
    MOST_LEAKS,
    MOST_PARAGRAPHS,
    AcceptedLeakIn,
    RedactionsIn,
    SuggestionsIn,
    SummaryIn,
    SummaryTextIn,
)
from app.policy.actors import Role, Staff
from app.reports import content as report_content
from app.reports import queries as reports
from app.reports.models import ReportState

ALREADY_RELEASED = frozenset({CaseState.RELEASED, CaseState.MONITORED})
"""The states in which a further release replaces one, and moves nothing."""
_RULES: dict[type[RedactionRefused], str] = {
    SpanOutOfRange: "must lie within its paragraph and hold a character",
    OverlappingRedactions: "must not overlap another redaction",
    InconsistentReplacement: "must replace the same words of the same type as elsewhere",
    ReplacementRepeatsOriginal: "must have a replacement that does not hold the words it replaces",
}


class ReportNotStanding(Conflict):
    """The report is a draft, or a later one supersedes it. A summary is cut from the sealed report that stands."""

    title = "The report is not the one that stands"


class SummaryIsReleased(Conflict):
    """A released summary never changes. Draft a new one: once it is released, it supersedes this one."""

    title = "The summary is released"


class SummaryIsApproved(Conflict):
    """The summary has an approval that stands. Release it, or edit it, which voids the approval."""

    title = "The summary is approved already"


class SummaryNotApproved(Conflict):
    """What would be released is not what a reviewer approved. Ask for an approval of the text as it is now."""

    title = "This text is not approved"


class SecondPersonRequired(Conflict):
    """Who wrote in a summary can neither approve nor release it. Ask somebody else."""

    title = "Somebody else must do this"


class SummaryLeaks(Conflict):
    """The redacted text still gives something away: `leaks` says where. Redact it, or let it pass with a reason where that may be."""

    title = "The text gives something away"


class ReleaseEnded(Conflict):
    """The release was superseded or withdrawn before."""

    title = "The release does not stand any more"


async def draft(session: AsyncSession, actor: Staff, case: Case, wanted: SummaryIn) -> Summary:
    """The case has a new summary, cut from its sealed report passage by passage.

    Raises:
        NotFound: the case has no such report.
        ReportNotStanding: the report is a draft, or superseded.

    """
    report = await reports.find(session, case, wanted.report_id)
    if report.state != ReportState.SEALED or report.content is None:
        raise ReportNotStanding
    paragraphs = drafting.draft(report_content.read(report.content), MOST_PARAGRAPHS, MOST_CHARACTERS)
    summary = Summary(
        organisation_id=case.organisation_id,
        case_id=case.id,
        report_id=report.id,
        state=SummaryState.DRAFT,
        author_ids=[str(actor.account_id)],
        title=wanted.title or drafting.TITLE,
        paragraphs=[{"section": each.section, "text": each.text, "finding": each.finding} for each in paragraphs],
        redactions=[],
        accepted=[],
    )
    session.add(summary)
    await log.record(session, actor, "summary.drafted", summary, case_id=case.id)
    return summary


async def rewrite(session: AsyncSession, actor: Staff, case: Case, summary: Summary, draft: SummaryTextIn) -> None:
    """The summary has this text and no redactions: they were made for the text before.

    Raises:
        SummaryIsReleased: it cannot change any more.
        InvalidInput: a finding of the report is missing or given twice.

    """
    report = await report_of(session, case, summary)
    paragraphs = [paragraph.model_dump() for paragraph in draft.paragraphs]
    manuscript = Manuscript.of_stored(draft.title, paragraphs, [])
    misplaced = manuscript.misplaced_findings(len(drafting.findings_in_order(report)))
    if misplaced:
        rule = f"must give each finding of the report exactly once, which is not so of {', '.join(map(str, misplaced))}"
        raise InvalidInput(errors=[{"in": "body", "pointer": "/paragraphs", "rule": rule}])
    touched = await _begin_edit(session, actor, summary)
    summary.title, summary.paragraphs, summary.redactions = draft.title, paragraphs, []
    await log.record(session, actor, "summary.rewritten", summary, *touched, case_id=case.id)


async def redact(session: AsyncSession, actor: Staff, summary: Summary, draft: RedactionsIn) -> None:
    """The summary has these redactions and no others.

    Raises:
        SummaryIsReleased: it cannot change any more.
        InvalidInput: a redaction does not fit the text or another one.

    """
    redactions = [redaction.model_dump(mode="json") for redaction in draft.redactions]
    try:
        Manuscript.of_stored(summary.title, summary.paragraphs, redactions).redacted()
    except RedactionRefused as refused:
        place = f"/redactions/{refused.index}"
        raise InvalidInput(errors=[{"in": "body", "pointer": place, "rule": _RULES[type(refused)]}]) from refused
    touched = await _begin_edit(session, actor, summary)
    summary.redactions = redactions
    await log.record(session, actor, "summary.redacted", summary, *touched, case_id=summary.case_id)


async def suggest(session: AsyncSession, actor: Staff, summary: Summary, wanted: SuggestionsIn) -> Suggested:
    """Return what could be redacted, and a replacement for each person that was named.

    Raises:
        InvalidInput: a mention lies outside its paragraph.
        Outstanding: the summary was not read for suggestions yet in this request.

    """
    manuscript = Manuscript.of_stored(summary.title, summary.paragraphs, summary.redactions)
    mentions = tuple(Mention(Span(one.paragraph, one.start, one.end), one.role) for one in wanted.mentions)
    try:
        surfaces(manuscript.texts, mentions)
    except SpanOutOfRange as refused:
        raise InvalidInput(
            errors=[{"in": "body", "pointer": f"/mentions/{refused.index}", "rule": _RULES[SpanOutOfRange]}]
        ) from refused
    await log.record(session, actor, "summary.suggestions_read", case_id=summary.case_id)
    return apart.result_of(Manuscript.suggested, manuscript, mentions)


async def check(
    session: AsyncSession, actor: Staff, case: Case, summary: Summary, accepted: Sequence[AcceptedLeakIn]
) -> list[PlacedLeak]:
    """Return what the redacted text gives away, once the leaks of `accepted` are let pass.

    Raises:
        SummaryIsReleased: leaks were to be let pass, and it cannot change any more.
        InvalidInput: one of `accepted` is no leak of this text, or may not be let pass.

    """
    leaks = (await read(session, case, summary)).leaks
    if not accepted:
        await log.record(session, actor, "summary.checked", case_id=case.id)
        return leaks
    acceptable = {placed.leak.id for placed in leaks if placed.leak.is_acceptable}
    errors = [
        {"in": "body", "pointer": f"/accepted/{index}/id", "rule": "must name a leak of this text that may be let pass"}
        for index, leak in enumerate(accepted)
        if leak.id not in acceptable
    ]
    if errors:
        raise InvalidInput(errors=errors)
    touched = await _begin_edit(session, actor, summary)
    given = {leak.id: {**leak.model_dump(), "accepted_by": str(actor.account_id)} for leak in accepted}
    kept = [leak for leak in summary.accepted if leak["id"] in acceptable - given.keys()]
    summary.accepted = [*kept, *given.values()]
    await log.record(session, actor, "summary.leaks_accepted", summary, *touched, case_id=case.id)
    return (await read(session, case, summary)).leaks


async def approve(session: AsyncSession, actor: Staff, case: Case, summary: Summary, statement: str) -> Approval:
    """The summary is approved: this reviewer agrees to the exact text that would be released.

    Raises:
        SummaryIsReleased: it is released already.
        InvalidInput: it is to be released to a representative, and none raised the case.
        SummaryIsApproved: it is approved already.
        SecondPersonRequired: the reviewer wrote in it.
        ReportNotStanding: a later report supersedes the one it is cut from.
        SummaryLeaks: it gives something away that nobody may let pass, or has let pass.

    """
    _require_unreleased(summary)
    if summary.state == SummaryState.APPROVED:
        raise SummaryIsApproved
    reading = await _ready_to_leave(session, actor, case, summary)
    approval = Approval(
        organisation_id=case.organisation_id,
        case_id=case.id,
        summary_id=summary.id,
        summary_version=summary.version,
        reviewer_id=actor.account_id,
        made_on=clock.today(),
        voided_on=None,
        content_hash=reading.digest,
        statement=statement,
    )
    session.add(approval)
    summary.state = SummaryState.APPROVED
    await log.record(session, actor, "summary.approved", summary, approval, case_id=case.id)
    return approval


async def let_out(
    session: AsyncSession, actor: Staff, case: Case, summary: Summary, audiences: Collection[Role]
) -> Release:
    """The summary is released to these audiences as it was approved, and supersedes the release before.

    Raises:
        SummaryIsReleased: it is released already.
        InvalidInput: it is to be released to a representative, and none raised the case.
        SummaryNotApproved: no approval stands, or what would be released is not what was approved.
        SecondPersonRequired: the actor wrote in it.
        ReportNotStanding: a later report supersedes the one it is cut from.
        SummaryLeaks: something has become known since the approval that it gives away.
        TransitionNotPossible: the case is not reported, or is closed.

    """
    _require_unreleased(summary)
    if Role.REPRESENTATIVE in audiences and case.representative_id is None:
        rule = "must not name the representative of a case that none raised"
        raise InvalidInput(errors=[{"in": "body", "pointer": "/audiences", "rule": rule}])
    standing = [approval for approval in await queries.approvals_of(session, summary) if approval.voided_on is None]
    if summary.state != SummaryState.APPROVED or not standing:
        raise SummaryNotApproved
    reading = await _ready_to_leave(session, actor, case, summary)
    if reading.digest != standing[0].content_hash:
        raise SummaryNotApproved
    touched: list[Base] = [summary]
    if case.state not in ALREADY_RELEASED:
        touched += [await advance(session, actor, case, CaseState.RELEASED, None), case]
        touched += await clocks.keep(session, actor, case, DutyKind.FEED_BACK)
    before = await queries.releases_of(session, case)
    for old in before:
        if old.state == ReleaseState.STANDING:
            _end(old, actor, ReleaseState.SUPERSEDED)
            touched.append(old)
    await session.flush()  # one release stands at a time: the index sees the old one go first
    made = Release(
        organisation_id=case.organisation_id,
        case_id=case.id,
        summary_id=summary.id,
        number=len(before) + 1,
        state=ReleaseState.STANDING,
        content_hash=reading.digest,
        released_on=clock.today(),
        released_by=actor.account_id,
        ended_on=None,
        ended_by=None,
        title=reading.preview.title,
        content=reading.canonical,
    )
    session.add(made)
    await session.flush()
    made_to = [
        ReleaseAudience(organisation_id=case.organisation_id, release_id=made.id, role=role)
        for role in sorted(audiences)
    ]
    session.add_all(made_to)
    summary.state = SummaryState.RELEASED
    await log.record(session, actor, "summary.released", made, *made_to, *touched, case_id=case.id)
    return made


async def withdraw(session: AsyncSession, actor: Staff, made: Release, reason: str) -> None:
    """The release is read by nobody any more.

    Raises:
        ReleaseEnded: it was superseded or withdrawn before.

    """
    if made.state != ReleaseState.STANDING:
        raise ReleaseEnded
    _end(made, actor, ReleaseState.WITHDRAWN)
    made.withdrawal_reason = reason
    await log.record(session, actor, "release.withdrawn", made, case_id=made.case_id)


def _end(made: Release, actor: Staff, state: ReleaseState) -> None:
    made.state, made.ended_on, made.ended_by = state, clock.today(), actor.account_id


async def _ready_to_leave(session: AsyncSession, actor: Staff, case: Case, summary: Summary) -> Reading:
    """Return the summary in clear if it may be approved or released by the actor."""
    if str(actor.account_id) in summary.author_ids:
        raise SecondPersonRequired
    standing = await reports.standing(session, case)
    if standing is None or standing.id != summary.report_id:
        raise ReportNotStanding
    reading = await read(session, case, summary)
    if reading.blocking:
        raise SummaryLeaks(
            leaks=[
                {
                    "id": placed.leak.id,
                    "check": placed.leak.check,
                    "place": placed.place,
                    "paragraph": placed.paragraph,
                    "start": placed.leak.start,
                    "end": placed.leak.end,
                }
                for placed in reading.blocking[:MOST_LEAKS]
            ]
        )
    return reading


def _require_unreleased(summary: Summary) -> None:
    if summary.state == SummaryState.RELEASED:
        raise SummaryIsReleased


async def _begin_edit(session: AsyncSession, actor: Staff, summary: Summary) -> list[Approval]:
    """The actor is among the authors, and no approval stands; return those that this voids."""
    _require_unreleased(summary)
    summary.author_ids = list(dict.fromkeys([*summary.author_ids, str(actor.account_id)]))
    summary.state = SummaryState.DRAFT
    voided = [approval for approval in await queries.approvals_of(session, summary) if approval.voided_on is None]
    for approval in voided:
        approval.voided_on = clock.today()
    return voided
