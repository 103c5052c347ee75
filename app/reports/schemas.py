"""What goes over the wire about a full report."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.findings.completeness import Missing
from app.kernel.texts import Line, Prose
from app.reports.content import ReportContent
from app.reports.gate import OrphanKind
from app.reports.models import ReportState


class ReportIn(BaseModel):
    """The chapters that the investigator writes. Allegations, findings and evidence are added when it is sealed."""

    model_config = ConfigDict(extra="forbid")
    title: Line = Field(description="The title.", examples=["Report of the independent investigation"])
    introduction: Prose = Field(
        description="How the case came about.", examples=["A collective grievance was received."]
    )
    method: Prose = Field(description="How it was investigated.", examples=["Twenty-six people were interviewed."])
    conclusions: Prose = Field(
        description="What follows. A blank line begins a new paragraph.",
        examples=["Change was made without consultation."],
    )


class ReportItem(BaseModel):
    """A report as a list shows it."""

    id: UUID
    number: int = Field(description="Which report of the case it is, from 1.")
    state: ReportState
    title: str
    sealed_on: date | None
    content_hash: str | None = Field(description="SHA-256 of the sealed content, hexadecimal; null for a draft.")
    version: int = Field(description="The ETag without its quotes.")


class ReportOut(ReportItem):
    """A report. `content` is the whole of it as sealed; null for a draft."""

    author_id: UUID
    introduction: str
    method: str
    conclusions: str
    content: ReportContent | None


class GapOut(BaseModel):
    """What keeps the report from being sealed."""

    allegation_id: UUID | None = Field(description="At which allegation; null where the case has none.")
    label: str | None
    missing: Missing


class OrphanOut(BaseModel):
    """What led nowhere. The sealed report lists it."""

    kind: OrphanKind
    id: UUID
    label: str = Field(
        description="Label of the theme or allegation, number of the exhibit, or place in the grievance."
    )


class GapsOut(BaseModel):
    """Whether the report could be sealed now, and what it would own up to."""

    may_seal: bool = Field(description="Whether every allegation in scope has a final finding.")
    gaps: list[GapOut]
    orphans: list[OrphanOut]
