"""What whoever raised a grievance is owed by when, and whether it was kept, in plain words. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from app.duties.profiles import DutyKind
from app.inbox.days import how_many, written


class OwedState(StrEnum):
    """Whether it was kept."""

    DUE = "due"
    STOPPED = "stopped"
    OVERDUE = "overdue"
    KEPT = "kept"
    KEPT_LATE = "kept_late"


OWED: dict[DutyKind, str] = {
    DutyKind.ACKNOWLEDGE: "Somebody confirms to you that it arrived.",
    DutyKind.ACKNOWLEDGE_PERSONALLY: "A person who deals with it confirms that to you, not a program alone.",
    DutyKind.FEED_BACK: "You are told what is being done about it, or what came of it.",
    DutyKind.ESCALATE_IMMEDIATE_RISK: "Somebody deals with the danger that was seen.",
    DutyKind.SHARE: "What came of it is shared with those who spoke up.",
    DutyKind.PUBLISH: "What was learned from it is published.",
    DutyKind.REASSESS_DETRIMENT: "Somebody looks again at how you fare.",
}


@dataclass(frozen=True)
class Owed:
    """One thing owed by a day."""

    kind: DutyKind
    due_on: date
    kept_on: date | None
    stopped_on: date | None = None
    """The day since which its clock stands still."""

    def state(self, today: date) -> OwedState:
        """Return whether it was kept. What is due today is not overdue."""
        if self.kept_on is not None:
            return OwedState.KEPT_LATE if self.kept_on > self.due_on else OwedState.KEPT
        if self.stopped_on is not None:
            return OwedState.STOPPED
        return OwedState.OVERDUE if today > self.due_on else OwedState.DUE

    def in_words(self, today: date) -> str:
        """Return the same for a person to read."""
        by, late = written(self.due_on), (self.kept_on or today) - self.due_on
        match self.state(today):
            case OwedState.DUE:
                return f"It is due by {by}."
            case OwedState.STOPPED:
                since = written(self.stopped_on or today)
                return f"The clock is stopped since {since}: what was due by {by} is due later by as many days."
            case OwedState.OVERDUE:
                return f"It was due by {by} and has not been done: it is {how_many(late.days)} overdue."
            case OwedState.KEPT:
                return f"It was done on {written(self.kept_on or today)}, in time: it was due by {by}."
            case OwedState.KEPT_LATE:
                return (
                    f"It was done on {written(self.kept_on or today)}, {how_many(late.days)} late: it was due by {by}."
                )


def duties_of(duties: Iterable[Any]) -> list[Owed]:
    """Return what is owed, of rows of duties in their order. What is owed by an hour is told by its day."""
    return [
        Owed(DutyKind(one.kind), one.due_at.date() if one.due_on is None else one.due_on, one.kept_on, one.stopped_on)
        for one in duties
    ]
