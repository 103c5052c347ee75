"""Puts summaries and releases into the words of the wire, for those who work the case."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from app.findings.outcomes import Outcome
from app.learning.detectors import Suggestion
from app.learning.manuscript import PlacedLeak, Suggested
from app.learning.models import Approval, Release, Summary, SummaryState
from app.learning.reading import Reading
from app.learning.redaction import Redaction
from app.learning.release import ReleaseState
from app.learning.schemas import (
    MOST_LEAKS,
    MOST_REDACTIONS,
    AcceptedLeakOut,
    ApprovalOut,
    LeakOut,
    ParagraphOut,
    RedactionText,
    ReleaseItem,
    ReleaseMade,
    SuggestionOut,
    SuggestionsOut,
    SummaryItem,
    SummaryOut,
)
from app.policy.actors import Role


def summary_item(summary: Summary) -> SummaryItem:
    """Return a summary as a list shows it."""
    return SummaryItem(
        id=summary.id,
        report_id=summary.report_id,
        state=SummaryState(summary.state),
        title=summary.title,
        author_ids=[UUID(author) for author in summary.author_ids],
        version=summary.version,
    )


def summary_out(summary: Summary, reading: Reading, approvals: Iterable[Approval]) -> SummaryOut:
    """Return a summary as those who work on it read it."""
    return SummaryOut(
        **summary_item(summary).model_dump(),
        paragraphs=_paragraphs(reading),
        redactions=[redaction_text(redaction) for redaction in reading.manuscript.redactions],
        preview=reading.preview,
        content_hash=reading.digest.hex(),
        leaks=leaks_out(reading.leaks),
        blocking=len(reading.blocking),
        accepted=[AcceptedLeakOut.model_validate(accepted) for accepted in summary.accepted],
        approvals=[
            ApprovalOut(
                id=approval.id,
                summary_version=approval.summary_version,
                reviewer_id=approval.reviewer_id,
                made_on=approval.made_on,
                voided_on=approval.voided_on,
                content_hash=approval.content_hash.hex(),
                statement=approval.statement,
            )
            for approval in approvals
        ],
    )


def _paragraphs(reading: Reading) -> list[ParagraphOut]:
    pairs = zip(reading.manuscript.paragraphs, reading.preview.paragraphs, strict=True)
    return [
        ParagraphOut(
            section=written.section,
            text=written.text,
            finding=written.finding,
            outcome=None if released.outcome is None else Outcome(released.outcome),
            redacted=released.text,
        )
        for written, released in pairs
    ]


def redaction_text(redaction: Redaction) -> RedactionText:
    """Return a redaction by the names of the wire."""
    return RedactionText(
        paragraph=redaction.span.paragraph,
        start=redaction.span.start,
        end=redaction.span.end,
        type=redaction.kind,
        reason=redaction.reason,
        replacement=redaction.replacement,
    )


def leaks_out(leaks: Sequence[PlacedLeak]) -> list[LeakOut]:
    """Return leaks by the names of the wire; where there are too many, those that block before others."""
    shown = leaks
    if len(leaks) > MOST_LEAKS:
        places = sorted(range(len(leaks)), key=lambda place: not leaks[place].is_blocking)
        shown = [leaks[place] for place in sorted(places[:MOST_LEAKS])]
    return [
        LeakOut(
            id=placed.leak.id,
            check=placed.leak.check,
            place=placed.place,
            paragraph=placed.paragraph,
            start=placed.leak.start,
            end=placed.leak.end,
            severity=placed.leak.severity,
            is_acceptable=placed.leak.is_acceptable,
            is_accepted=placed.is_accepted,
            explanation=placed.leak.explanation,
        )
        for placed in shown
    ]


def suggestions_out(suggested: Suggested) -> SuggestionsOut:
    """Return what could be redacted by the names of the wire."""
    return SuggestionsOut(
        suggestions=[_suggestion(found) for found in suggested.suggestions[:MOST_REDACTIONS]],
        missed=[redaction_text(missed) for missed in suggested.missed[:MOST_REDACTIONS]],
        pseudonyms=suggested.pseudonyms,
    )


def _suggestion(found: Suggestion) -> SuggestionOut:
    redaction = Redaction(found.span, found.kind, found.explanation, found.replacement)
    return SuggestionOut(
        redaction=redaction_text(redaction), detector=found.detector, score=found.score, is_direct=found.is_direct
    )


def release_item(release: Release) -> ReleaseItem:
    """Return a release as its audience's list shows it."""
    state = ReleaseState(release.state)
    return ReleaseItem(
        id=release.id,
        number=release.number,
        state=state,
        title=release.title if state is ReleaseState.STANDING else None,
        released_on=release.released_on,
        ended_on=release.ended_on,
    )


def release_made(release: Release, audiences: Sequence[Role]) -> ReleaseMade:
    """Return a release as those who work the case see it."""
    return ReleaseMade(
        id=release.id,
        number=release.number,
        summary_id=release.summary_id,
        state=ReleaseState(release.state),
        title=release.title,
        audiences=list(audiences),
        content_hash=release.content_hash.hex(),
        released_on=release.released_on,
        released_by=release.released_by,
        ended_on=release.ended_on,
        ended_by=release.ended_by,
        withdrawal_reason=release.withdrawal_reason,
    )
