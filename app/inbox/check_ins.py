"""When somebody who spoke up is asked how they fare. Pure: it follows from the steps of the case.

Source: ISO 37002:2021, 8.3.2 and 8.4.3 (R-ISO-3): the risk of detriment is assessed again at milestones and after closing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.cases.lifecycle import CaseState


class Milestone(StrEnum):
    """At what somebody is asked. The reporter is not told which: some of these steps are not told outside the case."""

    ACCEPTED = "accepted"
    FINDINGS_COMPLETE = "findings_complete"
    CLOSED = "closed"
    THREE_MONTHS_ON = "three_months_on"
    HALF_A_YEAR_ON = "half_a_year_on"


AFTER_CLOSING = {
    Milestone.CLOSED: timedelta(),
    Milestone.THREE_MONTHS_ON: timedelta(days=90),
    Milestone.HALF_A_YEAR_ON: timedelta(days=180),
}
_AT = {CaseState.ACCEPTED: Milestone.ACCEPTED, CaseState.FINDINGS_COMPLETE: Milestone.FINDINGS_COMPLETE}


@dataclass(frozen=True)
class CheckIn:
    """One time of asking. Its number never changes, whatever the case does afterwards."""

    number: int
    milestone: Milestone
    due_on: date


@dataclass(frozen=True)
class Step:
    """A step of the case: to which state, on which day. Steps come in their order."""

    to: CaseState
    made_on: date


def due(steps: Iterable[Step], today: date) -> list[CheckIn]:
    """Return every time of asking that has come, oldest first.

    Those that follow a closing end with its reopening, but for those that had come by then.
    """
    taken = list(steps)
    found: list[tuple[date, int, timedelta, Milestone]] = []
    for place, step in enumerate(taken):
        if step.to in _AT:
            found.append((step.made_on, place, timedelta(), _AT[step.to]))
        if step.to is CaseState.CLOSED:
            until = taken[place + 1].made_on if place + 1 < len(taken) else date.max
            found += [
                (step.made_on + after, place, after, milestone)
                for milestone, after in AFTER_CLOSING.items()
                if step.made_on + after <= until
            ]
    come = sorted(one for one in found if one[0] <= today)
    return [CheckIn(number, milestone, day) for number, (day, _, _, milestone) in enumerate(come, 1)]
