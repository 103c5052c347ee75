"""What may become of a piece of evidence that was asked for. Pure.

"Does not exist" and "refused" are answers that the report shows; so is a request that nobody answered.
"""

from enum import StrEnum


class ExhibitState(StrEnum):
    """How far a piece of evidence is."""

    REQUESTED = "requested"
    RECEIVED = "received"
    DOES_NOT_EXIST = "does_not_exist"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


NEXT: dict[ExhibitState, frozenset[ExhibitState]] = {
    ExhibitState.REQUESTED: frozenset(
        {ExhibitState.RECEIVED, ExhibitState.DOES_NOT_EXIST, ExhibitState.REFUSED, ExhibitState.WITHDRAWN}
    ),
    ExhibitState.RECEIVED: frozenset({ExhibitState.WITHDRAWN}),
    ExhibitState.DOES_NOT_EXIST: frozenset({ExhibitState.REQUESTED, ExhibitState.RECEIVED}),
    ExhibitState.REFUSED: frozenset({ExhibitState.REQUESTED, ExhibitState.RECEIVED}),
    ExhibitState.WITHDRAWN: frozenset({ExhibitState.REQUESTED, ExhibitState.RECEIVED}),
}
"""Each state and those that may follow. Whatever was missing may still turn up; nothing received can become unwritten."""

EXPLAINED = frozenset({ExhibitState.DOES_NOT_EXIST, ExhibitState.REFUSED, ExhibitState.WITHDRAWN})
"""The states that need a note: who said so, and why."""


RECORDABLE = frozenset(ExhibitState) - {ExhibitState.WITHDRAWN}
"""The states in which an exhibit may be recorded: what is withdrawn was there before."""


def may_follow(before: ExhibitState, after: ExhibitState) -> bool:
    """Whether an exhibit in state `before` may become `after`."""
    return after in NEXT[before]
