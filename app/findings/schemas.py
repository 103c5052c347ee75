"""What goes over the wire about findings."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from app.allegations.arrangement import AllegationState
from app.evidence.models import Bearing, ExhibitKind
from app.evidence.requests import ExhibitState
from app.findings.completeness import Missing
from app.findings.models import Finding, FindingReview
from app.findings.outcomes import FindingState, NoViewReason, Outcome, StandardOfProof
from app.kernel.texts import Label, Prose, Statement

MOST_PARAGRAPHS = 100
MOST_CITATIONS = 500


class FindingIn(BaseModel):
    """A finding to record."""

    model_config = ConfigDict(extra="forbid")
    outcome: Outcome = Field(description="What the evidence shows.", examples=["upheld"])
    no_view_reason: NoViewReason | None = Field(
        default=None,
        description="Why no view could be formed: required with no_view, refused otherwise.",
        examples=[None],
    )
    standard_of_proof: StandardOfProof = Field(
        default=StandardOfProof.BALANCE_OF_PROBABILITIES, description="How sure the investigator had to be."
    )
    paragraphs: list[Label] = Field(
        default=[],
        max_length=MOST_PARAGRAPHS,
        description="Labels of the paragraphs of the report that give it.",
        examples=[["2.15"]],
    )
    reasons: Prose = Field(description="Why the evidence shows it.", examples=["The data and every account agree."])
    exhibit_ids: list[UUID] = Field(
        default=[],
        max_length=MOST_CITATIONS,
        description="The exhibits it cites: one received one at least, unless no_view.",
    )

    @model_validator(mode="after")
    def _no_view_has_its_reason(self) -> Self:
        if (self.outcome == Outcome.NO_VIEW) != (self.no_view_reason is not None):
            raise ValueError("must give no_view_reason with no_view, and only then")
        return self


class SupersessionIn(BaseModel):
    """The finding that is to replace a final one, and why."""

    model_config = ConfigDict(extra="forbid")
    draft: FindingIn
    reason: Annotated[
        Statement, Field(description="Why the final finding is replaced.", examples=["New data came in."])
    ]


class ReviewIn(BaseModel):
    """What the reviewer says of a draft."""

    model_config = ConfigDict(extra="forbid")
    agrees: StrictBool = Field(description="Whether the reviewer agrees, which makes the finding final.")
    note: Statement | None = Field(
        default=None, description="What has to change; required without agreement.", examples=["Cite the ChAT data."]
    )

    @model_validator(mode="after")
    def _disagreement_is_explained(self) -> Self:
        if not self.agrees and self.note is None:
            raise ValueError("must say in note what has to change")
        return self


class FindingReviewOut(BaseModel):
    """What a reviewer said of one version of a draft."""

    finding_version: int
    reviewer_id: UUID
    agrees: bool
    note: str | None
    made_on: date

    @classmethod
    def of(cls, review: FindingReview) -> Self:
        """Return it."""
        return cls(
            finding_version=review.finding_version,
            reviewer_id=review.reviewer_id,
            agrees=review.agrees,
            note=review.note,
            made_on=review.made_on,
        )


class FindingOut(BaseModel):
    """A finding, with what it cites and what reviewers said of it."""

    id: UUID
    allegation_id: UUID
    outcome: Outcome
    no_view_reason: NoViewReason | None
    standard_of_proof: StandardOfProof
    paragraphs: list[str]
    reasons: str
    exhibit_ids: list[UUID]
    state: FindingState
    author_id: UUID
    contributor_ids: list[UUID] = Field(description="Who else changed the draft.")
    reviewer_id: UUID | None
    recorded_on: date
    final_on: date | None
    supersedes_id: UUID | None
    supersession_reason: str | None
    reviews: list[FindingReviewOut]
    version: int

    @classmethod
    def of(cls, finding: Finding, exhibit_ids: Sequence[UUID], reviews: Sequence[FindingReview]) -> Self:
        """Return it as it is now."""
        return cls(
            id=finding.id,
            allegation_id=finding.allegation_id,
            outcome=finding.outcome,
            no_view_reason=finding.no_view_reason,
            standard_of_proof=finding.standard_of_proof,
            paragraphs=finding.paragraphs,
            reasons=finding.reasons,
            exhibit_ids=list(exhibit_ids),
            state=finding.state,
            author_id=finding.author_id,
            contributor_ids=[UUID(contributor) for contributor in finding.contributor_ids],
            reviewer_id=finding.reviewer_id,
            recorded_on=finding.recorded_on,
            final_on=finding.final_on,
            supersedes_id=finding.supersedes_id,
            supersession_reason=finding.supersession_reason,
            reviews=[FindingReviewOut.of(review) for review in reviews],
            version=finding.version,
        )


class FindingList(BaseModel):
    """Findings, those of one allegation in the order they were recorded."""

    items: list[FindingOut]


class MatrixExhibit(BaseModel):
    """An exhibit in the matrix."""

    id: UUID
    number: str
    kind: ExhibitKind
    state: ExhibitState
    title: str
    bearing: Bearing | None = Field(
        description="What it does to the allegation; null for an exhibit that has no place."
    )


class MatrixFinding(BaseModel):
    """A finding in the matrix."""

    id: UUID
    outcome: Outcome
    no_view_reason: NoViewReason | None
    state: FindingState
    exhibit_ids: list[UUID]


class MatrixRow(BaseModel):
    """One allegation that stands, the exhibits that bear on it, its finding, and what is missing."""

    allegation_id: UUID
    label: str
    statement: str
    state: AllegationState
    theme_id: UUID | None
    exhibits: list[MatrixExhibit]
    finding: MatrixFinding | None = Field(description="The final finding, or the draft where none is final.")
    missing: list[Missing]


class Matrix(BaseModel):
    """Every allegation that stands against the evidence and the findings."""

    rows: list[MatrixRow]
    exhibits_without_allegation: list[MatrixExhibit] = Field(
        description="Exhibits that bear on no allegation that stands; those of an allegation that was split are among them."
    )
