"""What goes over the wire besides what is said: what it is about, who must not see it, and how it came."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, model_validator

from app.cases.models import ConflictOutcome
from app.cases.schemas import PersonOut
from app.crypto.classifications import CODE_LENGTH, MOST_CATEGORIES
from app.intake.categories import Relation
from app.kernel.texts import Line, Statement

MOST_BARRED = 60
MOST_CONFLICTED = 20
CategoryCode = Annotated[str, StringConstraints(pattern="^[a-z][a-z_]*$", min_length=1, max_length=CODE_LENGTH)]


class How(StrEnum):
    """How somebody reported who did not write it here themselves."""

    POST = "post"
    TELEPHONE = "telephone"
    IN_PERSON = "in_person"


class Recording(StrEnum):
    """What became of the question whether a conversation may be recorded. Source: Directive (EU) 2019/1937, Article 18(2)-(4)."""

    AGREED = "agreed"
    REFUSED = "refused"
    NOT_ASKED = "not_asked"


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BeforeSendingIn(_In):
    """What whoever raises a grievance settles before it is sent."""

    categories: list[CategoryCode] = Field(
        default_factory=list,
        max_length=MOST_CATEGORIES,
        description="What it is about: any of the categories that the channel's page lists. Sealed.",
    )
    relation: Relation | None = Field(
        default=None, description="In which relation to the organisation you stand. Sealed, like `capacity`."
    )
    barred: list[UUID] = Field(
        default_factory=list,
        max_length=MOST_BARRED,
        description="Case officers and custodians of this channel, by the ids that its page shows, who must have no part in it. "
        "They get no key, and a wall stands before them from the first moment.",
    )
    conflicted: list[Line] = Field(
        default_factory=list,
        max_length=MOST_CONFLICTED,
        description="Others who must not see it, each described so that a case officer can tell whom you mean. Sealed.",
        examples=[["The head of the night service, and whoever stands in for them"]],
    )

    @model_validator(mode="after")
    def _names_nothing_twice(self) -> Self:
        for named in (self.categories, self.barred):
            if len(set(named)) != len(named):
                raise ValueError("a category, or somebody who is barred, is named twice")
        return self


class CategoryOut(BaseModel):
    """One category, judged by the law on the day of receipt."""

    code: str
    is_qualifying: bool = Field(description="Whether a disclosure of it qualifies by the law of that day.")
    source: str | None = Field(description="The law that names it. Null: it is the organisation's own.")


class ClassificationOut(BaseModel):
    """What a grievance is about, and in which relation to the organisation whoever raised it stands."""

    categories: list[CategoryOut]
    relation: str | None


class RelayOut(BaseModel):
    """How a grievance came that a case officer entered for somebody."""

    entered_by: UUID
    entered_on: date
    how: How
    recording: Recording | None
    recording_note: str | None
    is_read_back: bool


class ReclassificationIn(_In):
    """What a grievance is about, as a case officer sees it."""

    categories: list[CategoryCode] = Field(max_length=MOST_CATEGORIES)
    relation: Relation | None = None
    reason: Statement = Field(description="Why. Sealed under the case key.", examples=["The text is about safety too."])

    @model_validator(mode="after")
    def _names_nothing_twice(self) -> Self:
        if len(set(self.categories)) != len(self.categories):
            raise ValueError("a category is named twice")
        return self


class ReclassificationOut(ClassificationOut):
    """A correction. The newest counts."""

    id: UUID
    made_by: UUID
    made_on: date
    reason: str


class ConflictOut(BaseModel):
    """Somebody who must not see the case, as whoever raised it described them."""

    id: UUID
    grievance_id: UUID
    description: str
    outcome: ConflictOutcome | None = Field(
        description="Null: you, or another case officer, must resolve it first of all."
    )
    wall_id: UUID | None
    resolved_by: PersonOut | None
    resolved_on: date | None
    reason: str | None


class ConflictsOut(BaseModel):
    """Every description of a case, in the order in which they were given."""

    items: list[ConflictOut]


class ConflictResolutionIn(_In):
    """Whom a description means."""

    outcome: Literal[ConflictOutcome.WALL_RAISED, ConflictOutcome.NOBODY_HERE] = Field(
        description="wall_raised: it means the account, which is barred from now on. nobody_here: it means nobody who has an account."
    )
    account_id: UUID | None = Field(default=None, description="Whom it means, with wall_raised.")
    reason: Statement = Field(
        description="Why, in your own words. Sealed under the case key; it is the wall's reason too.",
        examples=["The rota shows that nobody else leads the night service."],
    )

    @model_validator(mode="after")
    def _names_whom_it_bars(self) -> Self:
        if (self.outcome == ConflictOutcome.WALL_RAISED) != (self.account_id is not None):
            raise ValueError("names an account with wall_raised, and none with nobody_here")
        return self


class RelayIn(_In):
    """How it came."""

    how: How = Field(description="By post, by telephone or in person.")
    recording: Recording | None = Field(
        default=None,
        description="With telephone and in person: whether the conversation may be recorded. Refused with post.",
    )
    recording_note: Line | None = Field(default=None, description="What was agreed about the recording, in a line.")
    is_read_back: StrictBool = Field(
        default=False,
        description="Whether what you wrote down was read back to who said it, and they agreed to it.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.how is How.TELEPHONE) and self.recording is None:
            raise ValueError("a telephone call needs to say whether a recording was agreed to")
        if self.how is How.POST and (self.recording is not None or self.is_read_back):
            raise ValueError("a letter is not recorded or read back")
        return self
