"""What goes over the wire about what is owed."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.duties.profiles import DutyKind, OwedTo
from app.kernel.texts import Statement

_REASON = Field(
    description="Why, in your own words. Sealed under the case key.",
    examples=["We wait for the records that the reporter promised."],
)
Reason = Annotated[Statement, _REASON]


class DutyState(StrEnum):
    """How a duty stands."""

    OWED = "owed"
    STOPPED = "stopped"
    OVERDUE = "overdue"
    KEPT = "kept"
    KEPT_LATE = "kept_late"


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClockStopIn(_In):
    """Why the clocks of the case are to stand still."""

    reason: Reason


class KeepingIn(_In):
    """How a duty was kept."""

    note: Statement = Field(
        description="How it was kept, in your own words. Sealed under the case key.",
        examples=["Told them by telephone what was found, and what is done about it."],
    )


class EscalationIn(_In):
    """Why somebody is in danger now."""

    reason: Reason


class ExtensionIn(_In):
    """More time for one duty."""

    until: date = Field(description="The day by which it is to be owed.", examples=["2026-06-05"])
    reason: Reason


class DutyItem(BaseModel):
    """Something owed, as a list shows it: no content."""

    id: UUID
    case_id: UUID
    reference: str = Field(description="What people call the case.", examples=["CAN-55RF-80C6"])
    kind: DutyKind
    owed_to: OwedTo
    state: DutyState
    due_on: date | None = Field(description="The day by which it is owed; null if it is owed by an hour.")
    due_at: datetime | None = Field(description="The instant by which it is owed; null if it is owed by a day.")
    kept_on: date | None
    version: int


class ExtensionOut(BaseModel):
    """More time that was given."""

    id: UUID
    duty_id: UUID
    due_before: date
    due_since: date
    extended_by: UUID
    extended_on: date
    reason: str


class DutyOut(BaseModel):
    """Something owed in a case, and what it rests on."""

    id: UUID
    kind: DutyKind
    owed_to: OwedTo
    state: DutyState
    source: str | None = Field(description="The clause that sets its term, where a law profile does.")
    starts_on: date = Field(description="The day from which its term runs.")
    due_on: date | None
    due_at: datetime | None
    stopped_on: date | None = Field(description="The day since which its clock stands still.")
    kept_on: date | None
    kept_by: UUID | None
    note: str | None = Field(description="How it was kept, or why it is owed.")
    extensions: list[ExtensionOut]
    version: int = Field(description="The ETag of the duty without its quotes.")


class ClockStopOut(BaseModel):
    """A time in which the clocks of a case stood still."""

    id: UUID
    started_on: date
    started_by: UUID
    ended_on: date | None = Field(description="The first day that counts again; null while it lasts.")
    ended_by: UUID | None
    reason: str


class DutiesOut(BaseModel):
    """All that is or was owed in a case, and every stop of its clocks."""

    duties: list[DutyOut]
    clock_stops: list[ClockStopOut]
