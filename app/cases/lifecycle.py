"""Where in its life a case may go from where it is. Pure."""

from enum import StrEnum


class CaseState(StrEnum):
    """The life of a case (docs/life-of-a-case in the README)."""

    RECEIVED = "received"
    UNREADABLE = "unreadable"
    ACKNOWLEDGED = "acknowledged"
    TRIAGED = "triaged"
    ACCEPTED = "accepted"
    REDIRECTED = "redirected"
    DECLINED = "declined"
    INVESTIGATING = "investigating"
    FINDINGS_COMPLETE = "findings_complete"
    REPORTED = "reported"
    RELEASED = "released"
    MONITORED = "monitored"
    CLOSED = "closed"


NEXT: dict[CaseState, frozenset[CaseState]] = {
    CaseState.RECEIVED: frozenset({CaseState.ACKNOWLEDGED, CaseState.UNREADABLE}),
    CaseState.UNREADABLE: frozenset({CaseState.ACKNOWLEDGED}),
    CaseState.ACKNOWLEDGED: frozenset({CaseState.TRIAGED}),
    CaseState.TRIAGED: frozenset({CaseState.ACCEPTED, CaseState.REDIRECTED, CaseState.DECLINED}),
    CaseState.ACCEPTED: frozenset({CaseState.INVESTIGATING}),
    CaseState.REDIRECTED: frozenset({CaseState.CLOSED}),
    CaseState.DECLINED: frozenset({CaseState.CLOSED}),
    CaseState.INVESTIGATING: frozenset({CaseState.FINDINGS_COMPLETE}),
    CaseState.FINDINGS_COMPLETE: frozenset({CaseState.REPORTED, CaseState.INVESTIGATING}),
    CaseState.REPORTED: frozenset({CaseState.RELEASED}),
    CaseState.RELEASED: frozenset({CaseState.MONITORED, CaseState.CLOSED}),
    CaseState.MONITORED: frozenset({CaseState.CLOSED}),
    CaseState.CLOSED: frozenset({CaseState.INVESTIGATING}),
}
"""Each state and those that may follow. Closed goes back to investigating when a case is reopened.

Unreadable leads on if an officer's key opens the case after all: that of another officer, or of a backup.
"""

UNDER_INVESTIGATION = frozenset({CaseState.INVESTIGATING, CaseState.FINDINGS_COMPLETE})
"""The states in which allegations, evidence and findings may change."""


def may_follow(before: CaseState, after: CaseState) -> bool:
    """Whether a case in state `before` may go to `after`."""
    return after in NEXT[before]
