"""What whoever raised a grievance is owed by when, and whether it was kept, in plain words. Pure.

`duties_of` is the one place that says where duties come from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.inbox.days import how_many, written


class DutyKind(StrEnum):
    """What is owed."""

    ACKNOWLEDGE = "acknowledge"
    FEED_BACK = "feed_back"


class DutyState(StrEnum):
    """Whether it was kept."""

    DUE = "due"
    OVERDUE = "overdue"
    KEPT = "kept"
    KEPT_LATE = "kept_late"


OWED: dict[DutyKind, str] = {
    DutyKind.ACKNOWLEDGE: "Somebody confirms to you that it arrived.",
    DutyKind.FEED_BACK: "You are told what is being done about it, or what came of it.",
}


@dataclass(frozen=True)
class Owed:
    """One thing owed by a day."""

    kind: DutyKind
    due_on: date
    kept_on: date | None

    def state(self, today: date) -> DutyState:
        """Return whether it was kept. What is due today is not overdue."""
        if self.kept_on is not None:
            return DutyState.KEPT_LATE if self.kept_on > self.due_on else DutyState.KEPT
        return DutyState.OVERDUE if today > self.due_on else DutyState.DUE

    def in_words(self, today: date) -> str:
        """Return the same for a person to read."""
        by, late = written(self.due_on), (self.kept_on or today) - self.due_on
        match self.state(today):
            case DutyState.DUE:
                return f"It is due by {by}."
            case DutyState.OVERDUE:
                return f"It was due by {by} and has not been done: it is {how_many(late.days)} overdue."
            case DutyState.KEPT:
                return f"It was done on {written(self.kept_on or today)}, in time: it was due by {by}."
            case DutyState.KEPT_LATE:
                return (
                    f"It was done on {written(self.kept_on or today)}, {how_many(late.days)} late: it was due by {by}."
                )


def duties_of(
    acknowledge_by: date, acknowledged_on: date | None, feedback_by: date, fed_back_on: date | None
) -> Sequence[Owed]:
    """Return what is owed to whoever raised a grievance, in the order in which it is due."""
    return (
        Owed(DutyKind.ACKNOWLEDGE, acknowledge_by, acknowledged_on),
        Owed(DutyKind.FEED_BACK, feedback_by, fed_back_on),
    )
