"""What goes over the wire about evidence."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.evidence.models import Bearing, Exhibit, ExhibitChange, ExhibitKind, ExhibitLink, Reliability
from app.evidence.requests import EXPLAINED, RECORDABLE, ExhibitState
from app.kernel.days import Day
from app.kernel.texts import Label, Line, Prose, Statement

NumberField = Annotated[Label, Field(description="The number printed on it, unique in the case.", examples=["A12"])]
TitleField = Annotated[Line, Field(description="What it is.", examples=["ChAT data on caseloads, 2019"])]
DescriptionField = Annotated[
    Prose, Field(description="What it says, or a record of the interview.", examples=["Average caseload: 31."])
]
NoteField = Annotated[
    Statement,
    Field(
        description="Who said so, and why. Required where evidence does not exist, was refused or is withdrawn.",
        examples=["The head of performance answered that no such reports exist."],
    ),
]


class ExhibitIn(BaseModel):
    """An exhibit, or a request for one, to record."""

    model_config = ConfigDict(extra="forbid")
    number: NumberField | None = Field(default=None, description="Its number; the next free one if left out.")
    kind: ExhibitKind
    state: ExhibitState = Field(
        default=ExhibitState.RECEIVED, description="Received, or what came of asking; never withdrawn."
    )
    reliability: Reliability | None = Field(default=None, description="How near to what happened its source was.")
    dated_on: Day | None = Field(default=None, description="The day it is dated.", examples=["2020-01-09"])
    title: TitleField
    description: DescriptionField | None = None
    state_note: NoteField | None = None

    @model_validator(mode="after")
    def _state_is_explained(self) -> Self:
        if self.state not in RECORDABLE:
            raise ValueError("must not be withdrawn from the start")
        if self.state in EXPLAINED and self.state_note is None:
            raise ValueError("must say in state_note who said so, and why")
        return self


class ExhibitPatch(BaseModel):
    """What to change of an exhibit; what is left out stays. Null empties what may be empty."""

    model_config = ConfigDict(extra="forbid")
    number: NumberField | None = None
    kind: ExhibitKind | None = None
    reliability: Reliability | None = Field(default=None, description="How near to what happened its source was.")
    dated_on: Day | None = Field(default=None, description="The day it is dated.", examples=["2020-01-09"])
    title: TitleField | None = None
    description: DescriptionField | None = None

    @model_validator(mode="after")
    def _keeps_what_is_required(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must change something")
        if any(getattr(self, name) is None for name in ("number", "kind", "title") if name in self.model_fields_set):
            raise ValueError("must not empty the number, the kind or the title")
        return self


class ExhibitStateIn(BaseModel):
    """What became of the exhibit."""

    model_config = ConfigDict(extra="forbid")
    state: ExhibitState
    note: NoteField | None = None

    @model_validator(mode="after")
    def _state_is_explained(self) -> Self:
        if self.state in EXPLAINED and self.note is None:
            raise ValueError("must say in note who said so, and why")
        return self


class LinkIn(BaseModel):
    """What an exhibit does to an allegation."""

    model_config = ConfigDict(extra="forbid")
    bearing: Bearing
    note: Statement | None = Field(
        default=None, description="How, in a few words.", examples=["Shows a mean of 31 cases."]
    )


class LinkOut(BaseModel):
    """What an exhibit does to an allegation."""

    exhibit_id: UUID
    allegation_id: UUID
    bearing: Bearing
    note: str | None
    version: int

    @classmethod
    def of(cls, link: ExhibitLink) -> Self:
        """Return it as it is now."""
        return cls(
            exhibit_id=link.exhibit_id,
            allegation_id=link.allegation_id,
            bearing=link.bearing,
            note=link.note,
            version=link.version,
        )


class ExhibitChangeOut(BaseModel):
    """One change of an exhibit's state."""

    sequence: int
    from_state: ExhibitState | None
    to_state: ExhibitState
    made_by: UUID
    made_on: date
    note: str | None

    @classmethod
    def of(cls, change: ExhibitChange) -> Self:
        """Return it."""
        return cls(
            sequence=change.sequence,
            from_state=change.from_state,
            to_state=change.to_state,
            made_by=change.made_by,
            made_on=change.made_on,
            note=change.note,
        )


class ExhibitOut(BaseModel):
    """An exhibit, and what it bears on."""

    id: UUID
    number: str
    kind: ExhibitKind
    state: ExhibitState
    reliability: Reliability | None
    dated_on: date | None
    title: str
    description: str | None
    state_note: str | None
    is_cited: bool = Field(description="Whether a final finding rests on it, so that it stays as it is.")
    links: list[LinkOut]
    version: int

    @classmethod
    def of(cls, exhibit: Exhibit, links: Sequence[ExhibitLink]) -> Self:
        """Return it as it is now, with those of the links that are its own."""
        return cls(
            id=exhibit.id,
            number=exhibit.number,
            kind=exhibit.kind,
            state=exhibit.state,
            reliability=exhibit.reliability,
            dated_on=None if exhibit.dated_on is None else date.fromisoformat(exhibit.dated_on),
            title=exhibit.title,
            description=exhibit.description,
            state_note=exhibit.state_note,
            is_cited=exhibit.is_cited,
            links=[LinkOut.of(link) for link in links if link.exhibit_id == exhibit.id],
            version=exhibit.version,
        )


class ExhibitList(BaseModel):
    """The exhibits of a case, in the order of their numbers."""

    items: list[ExhibitOut]


class ExhibitHistory(BaseModel):
    """Every change of an exhibit's state, oldest first."""

    items: list[ExhibitChangeOut]
