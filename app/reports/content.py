"""What a sealed report says. Pure. A format of its own: a report can be read whatever becomes of the tables.

Format: the JSON of `ReportContent` as `kernel.canonical` writes it. The report carries its hash.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from app.evidence.requests import ExhibitState
from app.findings.outcomes import NoViewReason, Outcome, StandardOfProof
from app.reports.gate import OrphanKind

FORMAT = 1
SALT_BYTES = 16


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OutcomeCounts(_Part):
    """How many allegations had which outcome."""

    allegations: int = Field(description="All of them.", examples=[15])
    upheld: int = Field(examples=[8])
    partly_upheld: int = Field(examples=[0])
    not_upheld: int = Field(examples=[6])
    no_view: int = Field(description="No view could be formed.", examples=[1])


class ReportedExhibit(_Part):
    """An exhibit that a finding cites."""

    number: str = Field(examples=["E4"])
    kind: str = Field(examples=["interview"])
    reliability: str | None = Field(description="Direct, hearsay or anecdotal, where that was judged.")
    title: str


class ReportedAllegation(_Part):
    """An allegation in scope and what was found."""

    label: str = Field(description="Its number in the report; text.", examples=["2.1"])
    statement: str
    paragraphs: list[str] = Field(description="Labels of the paragraphs that treat it.", examples=[["2.4"]])
    outcome: Outcome
    no_view_reason: NoViewReason | None
    standard_of_proof: StandardOfProof
    reasons: str
    found_on: date
    exhibits: list[ReportedExhibit] = Field(description="What the finding cites.")


class ReportedTheme(_Part):
    """A theme with its allegations; label and title are null for allegations that no theme holds."""

    label: str | None
    title: str | None
    counts: OutcomeCounts
    allegations: list[ReportedAllegation]


class LeftOut(_Part):
    """An allegation that is out of scope, and why."""

    label: str
    statement: str
    reason: str | None


class NotAvailable(_Part):
    """Evidence that was asked for and cannot be had, and who said so."""

    number: str
    kind: str
    title: str
    state: ExhibitState
    note: str | None


class LedNowhere(_Part):
    """An orphan of the case."""

    kind: OrphanKind
    label: str = Field(
        description="Label of the theme or allegation, number of the exhibit, or place in the grievance."
    )


class ReportContent(_Part):
    """The whole report, as sealed."""

    format: int = Field(description="Version of this format.", examples=[FORMAT])
    salt: str = Field(description="Random, so that the hash tells nothing of the text. Hexadecimal.")
    case_reference: str
    number: int
    sealed_on: date
    title: str
    introduction: str
    method: str
    counts: OutcomeCounts
    themes: list[ReportedTheme]
    out_of_scope: list[LeftOut]
    not_available: list[NotAvailable]
    orphans: list[LedNowhere] = Field(description="What was grouped, asked for or received and led nowhere.")
    conclusions: str


def count(outcomes: Iterable[Outcome]) -> OutcomeCounts:
    """Return how many there are of each outcome."""
    found = Counter(outcomes)
    return OutcomeCounts(allegations=found.total(), **{outcome.value: found[outcome] for outcome in Outcome})


def read(canonical_text: str) -> ReportContent:
    """Return the report that was sealed as this text."""
    return ReportContent.model_validate_json(canonical_text)
