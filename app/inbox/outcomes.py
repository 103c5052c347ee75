"""What may be told of an allegation to whoever raised it, and in which words. Pure.

Never evidence, never a name, and no outcome before the outcomes of the case are told.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.allegations.arrangement import STANDING, AllegationState, standing_for
from app.cases.lifecycle import CaseState
from app.findings.outcomes import NoViewReason, Outcome


class Standing(StrEnum):
    """Where one thing stands that somebody alleged."""

    WAITING = "waiting"
    UNDER_INVESTIGATION = "under_investigation"
    NOT_INVESTIGATED = "not_investigated"
    DECIDED = "decided"
    NO_FINDING = "no_finding"


STANDING_IN_WORDS: dict[Standing, str] = {
    Standing.WAITING: "Nobody has begun to look into this yet.",
    Standing.UNDER_INVESTIGATION: "This is under investigation.",
    Standing.NOT_INVESTIGATED: "This was not investigated.",
    Standing.DECIDED: "A finding was made on this.",
    Standing.NO_FINDING: "The investigation is over, and no finding was made on this by itself.",
}
OUTCOME_IN_WORDS: dict[tuple[Outcome, NoViewReason | None], str] = {
    (Outcome.UPHELD, None): "Upheld: the evidence shows that it is so.",
    (Outcome.PARTLY_UPHELD, None): "Partly upheld: the evidence shows some of it.",
    (Outcome.NOT_UPHELD, None): "Not upheld: the evidence does not show that it is so.",
    (Outcome.NO_VIEW, NoViewReason.INSUFFICIENT_EVIDENCE): "No view: there was too little evidence to tell.",
    (Outcome.NO_VIEW, NoViewReason.OUT_OF_SCOPE): "No view: it lay outside what was to be investigated.",
    (Outcome.NO_VIEW, NoViewReason.WITHDRAWN): "No view: it was withdrawn.",
}


@dataclass(frozen=True)
class Arranged:
    """An allegation as the investigator arranged it: no text of it."""

    id: UUID
    state: AllegationState
    raised_allegation_id: UUID | None
    merged_into_id: UUID | None


Found = tuple[Outcome, NoViewReason | None]
"""A final finding."""


@dataclass(frozen=True)
class Told:
    """What whoever raised one thing is told of it."""

    standing: Standing
    outcomes: tuple[Found, ...] = ()


_NOT_INVESTIGATED = frozenset({CaseState.REDIRECTED, CaseState.DECLINED, CaseState.CLOSED, CaseState.UNREADABLE})
_INVESTIGATED = frozenset(
    {
        CaseState.INVESTIGATING,
        CaseState.FINDINGS_COMPLETE,
        CaseState.REPORTED,
        CaseState.RELEASED,
        CaseState.MONITORED,
    }
)


def what_became(
    raised: Sequence[UUID],
    arranged: Collection[Arranged],
    findings: Mapping[UUID, Found],
    state: CaseState,
    *,
    is_told: bool,
) -> dict[UUID, Told]:
    """Return what may be told of each thing that was raised; `findings` are the final ones, by allegation.

    Until the outcomes of the case are told it is the same for all of them, so that nobody learns how it is arranged.
    """
    if not is_told:
        standing = Standing.WAITING
        if state in _INVESTIGATED:
            standing = Standing.UNDER_INVESTIGATION
        elif state in _NOT_INVESTIGATED:
            standing = Standing.NOT_INVESTIGATED
        return dict.fromkeys(raised, Told(standing))
    by_id = {one.id: one for one in arranged}
    merged = {one.id: one.merged_into_id for one in arranged}
    answers: dict[UUID, dict[UUID, Found | None]] = {one: {} for one in raised}
    for one in arranged:
        standing_id = standing_for(one.id, merged)
        if one.raised_allegation_id in answers and by_id[standing_id].state in STANDING:
            answers[one.raised_allegation_id][standing_id] = findings.get(standing_id)
    return {one: _told(list(found.values())) for one, found in answers.items()}


def _told(found: Sequence[Found | None]) -> Told:
    order = list(Outcome)
    decided = sorted((one for one in found if one is not None), key=lambda one: (order.index(one[0]), one[1] or ""))
    if not found:
        return Told(Standing.NO_FINDING)
    return Told(Standing.DECIDED if len(decided) == len(found) else Standing.UNDER_INVESTIGATION, tuple(decided))
