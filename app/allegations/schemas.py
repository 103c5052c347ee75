"""What goes over the wire about themes and allegations."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.allegations.arrangement import AllegationState
from app.allegations.models import Allegation, ArrangementChange, ChangeKind, Theme
from app.kernel.texts import Label, Line, Statement

MOST_PARAGRAPHS = 100
MOST_PARTS = 20

LabelField = Annotated[Label, Field(description="The number it has in the report: text, may repeat.", examples=["5.3"])]
StatementField = Annotated[
    Statement,
    Field(description="What is alleged, in the investigator's words.", examples=["Caseloads were unmanageably high"]),
]
Paragraphs = Annotated[
    list[Label],
    Field(
        max_length=MOST_PARAGRAPHS,
        description="Labels of the paragraphs of the report that treat it.",
        examples=[["2.16", "2.17"]],
    ),
]
Reason = Annotated[Statement, Field(description="Why. Kept in the arrangement's history.", examples=["Same events."])]


class Scope(StrEnum):
    """Whether an allegation is investigated."""

    IN_SCOPE = "in_scope"
    OUT_OF_SCOPE = "out_of_scope"


class ThemeIn(BaseModel):
    """A theme to record."""

    model_config = ConfigDict(extra="forbid")
    label: LabelField
    title: Line = Field(
        description="What its allegations have in common.", examples=["A culture of fear was allowed to grow"]
    )


class ThemePatch(BaseModel):
    """What to change of a theme; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    label: LabelField | None = None
    title: Line | None = Field(default=None, description="The new title.", examples=["A culture of fear"])
    reason: Reason

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.label is None and self.title is None:
            raise ValueError("must change the label or the title")
        return self


class MergeIn(BaseModel):
    """What takes it in, and why."""

    model_config = ConfigDict(extra="forbid")
    into: UUID = Field(description="Id of the one that stays.")
    reason: Reason


class ThemeOut(BaseModel):
    """A theme."""

    id: UUID
    label: str
    position: int
    title: str
    merged_into_id: UUID | None
    version: int

    @classmethod
    def of(cls, theme: Theme) -> Self:
        """Return it as it is now."""
        return cls(
            id=theme.id,
            label=theme.label,
            position=theme.position,
            title=theme.title,
            merged_into_id=theme.merged_into_id,
            version=theme.version,
        )


class ThemeList(BaseModel):
    """The themes of a case, in order."""

    items: list[ThemeOut]


class AllegationIn(BaseModel):
    """An allegation to record."""

    model_config = ConfigDict(extra="forbid")
    label: LabelField
    statement: StatementField
    theme_id: UUID | None = Field(default=None, description="The theme it is grouped under.")
    paragraphs: Paragraphs = []
    raised_allegation_id: UUID | None = Field(default=None, description="What the grievance said that it stands for.")
    scope: Scope = Field(default=Scope.IN_SCOPE, description="Whether it is investigated.")
    scope_reason: Statement | None = Field(
        default=None,
        description="Why it is out of scope: required if it is, refused if not.",
        examples=["Education teams are outside the terms of reference."],
    )

    @model_validator(mode="after")
    def _scope_has_its_reason(self) -> Self:
        if (self.scope == Scope.OUT_OF_SCOPE) != (self.scope_reason is not None):
            raise ValueError("must give scope_reason if out of scope, and only then")
        return self


class AllegationPatch(BaseModel):
    """What to change of an allegation; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    label: LabelField | None = None
    statement: StatementField | None = None
    paragraphs: Paragraphs | None = None
    scope: Scope | None = Field(default=None, description="Whether it is investigated.")
    reason: Reason

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.label is None and self.statement is None and self.paragraphs is None and self.scope is None:
            raise ValueError("must change the label, the statement, the paragraphs or the scope")
        return self


class MoveIn(BaseModel):
    """The theme it goes to, and why."""

    model_config = ConfigDict(extra="forbid")
    theme_id: UUID | None = Field(description="The theme it is grouped under from now on; null for none.")
    reason: Reason


class PartIn(BaseModel):
    """One part of an allegation that is split."""

    model_config = ConfigDict(extra="forbid")
    label: LabelField
    statement: StatementField
    paragraphs: Paragraphs = []


class SplitIn(BaseModel):
    """What it is split into, and why."""

    model_config = ConfigDict(extra="forbid")
    parts: list[PartIn] = Field(min_length=2, max_length=MOST_PARTS, description="The allegations that stand for it.")
    reason: Reason


class AllegationOut(BaseModel):
    """An allegation."""

    id: UUID
    label: str
    position: int
    theme_id: UUID | None
    state: AllegationState
    statement: str
    paragraphs: list[str]
    scope_reason: str | None
    raised_allegation_id: UUID | None
    merged_into_id: UUID | None
    split_from_id: UUID | None
    is_decided: bool = Field(description="Whether a finding on it is final.")
    version: int

    @classmethod
    def of(cls, allegation: Allegation) -> Self:
        """Return it as it is now."""
        return cls(
            id=allegation.id,
            label=allegation.label,
            position=allegation.position,
            theme_id=allegation.theme_id,
            state=allegation.state,
            statement=allegation.statement,
            paragraphs=allegation.paragraphs,
            scope_reason=allegation.scope_reason,
            raised_allegation_id=allegation.raised_allegation_id,
            merged_into_id=allegation.merged_into_id,
            split_from_id=allegation.split_from_id,
            is_decided=allegation.is_decided,
            version=allegation.version,
        )


class AllegationList(BaseModel):
    """Allegations, in order."""

    items: list[AllegationOut]


class ArrangementChangeOut(BaseModel):
    """One change of the arrangement."""

    sequence: int
    kind: ChangeKind
    allegation_id: UUID | None
    other_id: UUID | None = Field(description="The allegation it was merged into or split into.")
    from_theme_id: UUID | None
    to_theme_id: UUID | None
    made_by: UUID
    made_on: date
    reason: str | None
    before: str | None = Field(description="What the changed text said before.")

    @classmethod
    def of(cls, change: ArrangementChange) -> Self:
        """Return it."""
        return cls(
            sequence=change.sequence,
            kind=change.kind,
            allegation_id=change.allegation_id,
            other_id=change.other_id,
            from_theme_id=change.from_theme_id,
            to_theme_id=change.to_theme_id,
            made_by=change.made_by,
            made_on=change.made_on,
            reason=change.reason,
            before=change.before,
        )


class ArrangementHistory(BaseModel):
    """Every change of the arrangement, oldest first."""

    items: list[ArrangementChangeOut]
