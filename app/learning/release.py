"""What a release says, and in which form a reader wants it. Pure.

Format: the JSON of `ReleaseContent` as `kernel.canonical` writes it. A reviewer approves the hash of that, and the
release carries it.
"""

import re
from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from app.findings.outcomes import NoViewReason, Outcome
from app.reports.content import OutcomeCounts, ReportedAllegation, count

FORMAT = 1
_LONGEST_HEADER = 1_000
_QUALITY = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")


class ReleaseState(StrEnum):
    """Whether a release is read by its audiences."""

    STANDING = "standing"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Form(StrEnum):
    """A form in which a release can be had, by its media type."""

    JSON = "application/json"
    HTML = "text/html"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReleasedParagraph(_Part):
    """One paragraph. One that gives a finding says which; others have no outcome."""

    section: str = Field(description="The heading it stands under.", examples=["1. Children are not kept safe"])
    text: str = Field(
        description="Lines are separated by line feeds.", examples=["Allegation 1.1: Decisions were unsafe"]
    )
    outcome: Outcome | None
    no_view_reason: NoViewReason | None


class SectionCounts(_Part):
    """The findings under one heading, counted."""

    section: str
    counts: OutcomeCounts


class ReleaseContent(_Part):
    """A learning summary as it is released."""

    format: int = Field(description="Version of this format.", examples=[FORMAT])
    organisation: str = Field(description="The body whose conduct was reported.", examples=["Northmoor Council"])
    title: str = Field(examples=["Learning summary"])
    counts: OutcomeCounts
    findings: list[SectionCounts] = Field(description="The same by section, in order.")
    paragraphs: list[ReleasedParagraph]


def compose(
    organisation: str,
    title: str,
    paragraphs: Sequence[tuple[str, str, ReportedAllegation | None]],
) -> ReleaseContent:
    """Return the release of (section, redacted text, finding) paragraphs. Outcomes and counts are the findings' own."""
    outcomes: dict[str, list[Outcome]] = {}
    released = []
    for section, text, finding in paragraphs:
        outcome = None if finding is None else finding.outcome
        if outcome is not None:
            outcomes.setdefault(section, []).append(outcome)
        reason = None if finding is None else finding.no_view_reason
        released.append(ReleasedParagraph(section=section, text=text, outcome=outcome, no_view_reason=reason))
    return ReleaseContent(
        format=FORMAT,
        organisation=organisation,
        title=title,
        counts=count(outcome for found in outcomes.values() for outcome in found),
        findings=[SectionCounts(section=section, counts=count(found)) for section, found in outcomes.items()],
        paragraphs=released,
    )


def read(canonical_text: str) -> ReleaseContent:
    """Return the release that has this canonical text."""
    return ReleaseContent.model_validate_json(canonical_text)


def preferred_form(accept: str | None) -> Form:
    """Return the form that an Accept header asks for; JSON where it has no preference.

    Source: RFC 9110 section 12.5.1, the most specific range that fits decides.
    """
    ranges = _ranges(accept or "")
    return Form.HTML if _quality(ranges, Form.HTML) > _quality(ranges, Form.JSON) else Form.JSON


def _ranges(accept: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for item in accept[:_LONGEST_HEADER].split(","):
        media, *parameters = (part.strip().lower() for part in item.split(";"))
        qualities = [match for parameter in parameters if (match := _QUALITY.fullmatch(parameter))]
        found[media] = float(qualities[0][1]) if qualities else 1.0
    return found


def _quality(ranges: dict[str, float], form: Form) -> float:
    whole_type = form.value.partition("/")[0] + "/*"
    return next((ranges[media] for media in (form.value, whole_type, "*/*") if media in ranges), 0.0)


def is_held(if_none_match: str | None, entity_tag: str) -> bool:
    """Whether the reader holds what has this entity tag already. Source: RFC 9110 section 13.1.2, weak comparison."""
    if if_none_match is None:
        return False
    held = [tag.strip().removeprefix("W/") for tag in if_none_match[:_LONGEST_HEADER].split(",")]
    return entity_tag in held or held == ["*"]
