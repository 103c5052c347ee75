"""What goes over the wire about learning summaries and releases. What a release's readers get names no case and no account."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.findings.outcomes import Outcome
from app.kernel.texts import Line, Prose, Statement
from app.learning.leaks import Severity
from app.learning.manuscript import Place
from app.learning.models import SummaryState
from app.learning.redaction import RedactionKind
from app.learning.release import ReleaseContent, ReleaseState
from app.policy.actors import Role

MOST_PARAGRAPHS = 500
MOST_REDACTIONS = 1_000
MOST_CHARACTERS = 100_000
"""Of all headings and paragraphs of a summary together: some thirty-five pages. Looking for leaks takes the longer the more there are."""
LONGEST_REPLACEMENT = 80
MOST_LEAKS = 1_000
"""Of one answer. Those that block come first; what is not shown is shown once others are gone."""
_FURTHEST = 1_000_000
_LEAK_ID = r"^[0-9a-f]{16}$"
_SHA256_HEX = "SHA-256 of the text as released, hexadecimal."

Audience = Literal[Role.HR, Role.LEADERSHIP, Role.PANEL, Role.STAFF, Role.REPRESENTATIVE]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SummaryIn(_In):
    """From which report a summary is to be cut."""

    report_id: UUID = Field(description="The sealed report that stands.")
    title: Line | None = Field(
        default=None, description='Without one it is "Learning summary".', examples=["Learning from a review"]
    )


class ParagraphText(_In):
    """A paragraph of a summary."""

    section: Line = Field(description="The heading it stands under.", examples=["1. Children are not kept safe"])
    text: Prose = Field(
        description="The text. In a paragraph that gives a finding the first line says what was alleged.",
        examples=["Allegation 1.1: Decisions were unsafe\nThirteen of the records show so."],
    )
    finding: int | None = Field(
        default=None,
        ge=1,
        le=MOST_PARAGRAPHS,
        description="Which finding of the report it gives, counted from 1 in the report's order. The outcome is the finding's.",
    )


def _are_not_too_long(paragraphs: list[ParagraphText]) -> list[ParagraphText]:
    if sum(len(paragraph.section) + len(paragraph.text) for paragraph in paragraphs) > MOST_CHARACTERS:
        raise ValueError(f"must have at most {MOST_CHARACTERS} characters together, headings included")
    return paragraphs


class SummaryTextIn(_In):
    """The text of a summary. Every finding of the report is given in exactly one paragraph."""

    title: Line = Field(examples=["Learning summary"])
    paragraphs: Annotated[list[ParagraphText], AfterValidator(_are_not_too_long)] = Field(
        min_length=1, max_length=MOST_PARAGRAPHS
    )


class SpanText(_In):
    """Characters of one paragraph."""

    paragraph: int = Field(ge=0, le=_FURTHEST, description="Which paragraph, from 0.")
    start: int = Field(ge=0, le=_FURTHEST, description="First character, from 0, in Unicode code points.")
    end: int = Field(ge=0, le=_FURTHEST, description="The character after the last.")


class RedactionText(SpanText):
    """A redaction: what is put where, and why."""

    type: RedactionKind = Field(description="What the redacted words say about somebody.")
    reason: Line = Field(description="Why; for those who work the case.", examples=["Names a manager."])
    replacement: Line = Field(
        max_length=LONGEST_REPLACEMENT, description="What is read instead.", examples=["Manager A"]
    )


class RedactionsIn(_In):
    """All redactions of a summary. They replace those that it has."""

    redactions: list[RedactionText] = Field(max_length=MOST_REDACTIONS)


class MentionIn(SpanText):
    """A place where a person is named, and the role under which they may appear."""

    role: Line = Field(max_length=LONGEST_REPLACEMENT // 2, examples=["manager"])


class SuggestionsIn(_In):
    """People that you found by reading: each gets one replacement throughout, such as "Manager A"."""

    mentions: list[MentionIn] = Field(default=[], max_length=MOST_REDACTIONS)


class AcceptedLeakIn(_In):
    """A leak that you read and let pass."""

    id: str = Field(pattern=_LEAK_ID, description="The id of the leak. It changes with every edit of its paragraph.")
    reason: Line = Field(description="Why it gives nobody away.", examples=["The count is already public."])


class ChecksIn(_In):
    """Which leaks you let pass."""

    accepted: list[AcceptedLeakIn] = Field(default=[], max_length=MOST_REDACTIONS)


class ApprovalIn(_In):
    """What the reviewer states."""

    statement: Statement = Field(examples=["I read every paragraph and found nobody identifiable."])


class ReleaseIn(_In):
    """To whom a summary is released."""

    audiences: set[Audience] = Field(
        min_length=1, description="Roles. Whoever holds one may read it; of representatives, who raised the grievance."
    )


class WithdrawalIn(_In):
    """Why a release is withdrawn."""

    reason: Statement = Field(
        description="Sealed under the case key.", examples=["A reader could tell who an interviewee was."]
    )


class ParagraphOut(BaseModel):
    """A paragraph as written and as it would be released."""

    section: str
    text: str
    finding: int | None
    outcome: Outcome | None
    redacted: str = Field(description="The text with its redactions applied.")


_AT_MOST = f"In reading order. At most {MOST_LEAKS}, blocking ones first; the rest is shown once these are gone."


class LeakOut(BaseModel):
    """A place that still gives something away. It does not repeat what stands there."""

    id: str
    check: str = Field(description="What was looked for.", examples=["near-name"])
    place: Place
    paragraph: int | None = Field(description="The paragraph, or the first under the section; null for the title.")
    start: int = Field(description="First character in the redacted text of the paragraph, section or title.")
    end: int
    severity: Severity
    is_acceptable: bool = Field(description="Whether a person may let it pass.")
    is_accepted: bool
    explanation: str


class AcceptedLeakOut(BaseModel):
    """A leak that somebody let pass."""

    id: str
    reason: str
    accepted_by: UUID


class ApprovalOut(BaseModel):
    """A reviewer's agreement."""

    id: UUID
    summary_version: int = Field(description="Which version was read.")
    reviewer_id: UUID
    made_on: date
    voided_on: date | None = Field(description="Day of the edit that voided it.")
    content_hash: str = Field(description=_SHA256_HEX)
    statement: str


class SummaryItem(BaseModel):
    """A summary as a list shows it."""

    id: UUID
    report_id: UUID
    state: SummaryState
    title: str
    author_ids: list[UUID] = Field(description="Who wrote in it. None of them may approve or release it.")
    version: int = Field(description="The ETag without its quotes.")


class SummaryOut(SummaryItem):
    """A summary: the text, its redactions, what would be released, and what that still gives away."""

    paragraphs: list[ParagraphOut]
    redactions: list[RedactionText]
    preview: ReleaseContent = Field(description="What would be released.")
    content_hash: str = Field(description=_SHA256_HEX)
    leaks: list[LeakOut] = Field(description=_AT_MOST)
    blocking: int = Field(description="How many leaks stop an approval and a release.")
    accepted: list[AcceptedLeakOut]
    approvals: list[ApprovalOut]


class SuggestionOut(BaseModel):
    """A redaction that a program would make. A person decides: put `redaction` among the summary's as it is, or not."""

    redaction: RedactionText = Field(description="What would be redacted, why and how; as it is put.")
    detector: str
    score: float = Field(description="How sure the detector is, from 0 to 1.")
    is_direct: bool = Field(description="Whether nothing may be released with it.")


class SuggestionsOut(BaseModel):
    """What could be redacted. What is not suggested is not therefore safe."""

    suggestions: list[SuggestionOut] = Field(
        description=f"What detectors find and is not redacted yet; the first {MOST_REDACTIONS}."
    )
    missed: list[RedactionText] = Field(
        description=f"Other places of what is redacted already, as they are put; the first {MOST_REDACTIONS}."
    )
    pseudonyms: list[str] = Field(description="A replacement for each of your mentions, in their order.")


class ChecksOut(BaseModel):
    """What the redacted text still gives away."""

    leaks: list[LeakOut] = Field(description=_AT_MOST)
    blocking: int = Field(description="How many of them stop an approval and a release.")


class ReleaseMade(BaseModel):
    """A release as those who work the case see it."""

    id: UUID
    number: int = Field(description="Which release of the case it is, from 1.")
    summary_id: UUID
    state: ReleaseState
    title: str
    audiences: list[Role]
    content_hash: str = Field(description=_SHA256_HEX)
    released_on: date
    released_by: UUID
    ended_on: date | None = Field(description="Day it was superseded or withdrawn.")
    ended_by: UUID | None
    withdrawal_reason: str | None


class ReleaseItem(BaseModel):
    """A release as its audience's list shows it."""

    id: UUID
    number: int = Field(description="1 for the first; a later one replaced one before.")
    state: ReleaseState
    title: str | None = Field(description="Null unless it stands.")
    released_on: date
    ended_on: date | None = Field(description="Day it was superseded or withdrawn: then it is not read any more.")


class ReleaseOut(BaseModel):
    """A release as its audience reads it."""

    id: UUID
    number: int = Field(description="1 for the first; a later one replaced one before.")
    released_on: date
    content_hash: str = Field(
        description="SHA-256 of `content` as JSON in UTF-8 with its keys sorted, no blanks between tokens and no escapes but "
        "those that JSON needs. It is what the reviewer approved."
    )
    content: ReleaseContent
