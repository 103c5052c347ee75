"""What an allegation still lacks, and whether all of them together lack anything that keeps the findings open. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.allegations.arrangement import AllegationState


class Missing(StrEnum):
    """What is not there yet."""

    ALLEGATION = "allegation"
    """No allegation is in scope, and of none a reviewer agreed that it is out of scope, so that nothing was considered."""
    THEME = "theme"
    """It is grouped under no theme."""
    EVIDENCE = "evidence"
    """No received exhibit bears on it. That may be why no view could be formed."""
    FINDING = "finding"
    """Nothing was found yet."""
    AGREEMENT = "agreement"
    """A finding is drafted, and no reviewer has agreed to it."""


@dataclass(frozen=True)
class Standing:
    """How far one allegation is."""

    id: UUID
    label: str
    state: AllegationState
    has_theme: bool
    has_evidence: bool
    has_final: bool
    has_draft: bool
    is_without_view: bool = False
    """Whether its finding is that no view could be formed."""


@dataclass(frozen=True)
class Gap:
    """One thing that keeps the findings from being complete, and at which allegation; at none where the case has none."""

    allegation_id: UUID | None
    label: str | None
    missing: Missing


def missing(allegation: Standing) -> list[Missing]:
    """Return what an allegation in scope lacks; what is out of scope, merged or split lacks nothing."""
    if allegation.state != AllegationState.IN_SCOPE:
        return []
    lacks: list[Missing] = []
    if not allegation.has_theme:
        lacks.append(Missing.THEME)
    if not (allegation.has_evidence or (allegation.has_final and allegation.is_without_view)):
        lacks.append(Missing.EVIDENCE)
    if not allegation.has_final:
        lacks.append(Missing.AGREEMENT if allegation.has_draft else Missing.FINDING)
    return lacks


BLOCKING = frozenset({Missing.ALLEGATION, Missing.FINDING, Missing.AGREEMENT})
"""What keeps the findings from being complete."""


def gaps(allegations: Iterable[Standing]) -> list[Gap]:
    """Return what keeps the findings from being complete, in the order of the allegations. Empty: they are complete."""
    considered: Collection[Standing] = [
        one
        for one in allegations
        if one.state == AllegationState.IN_SCOPE or (one.state == AllegationState.OUT_OF_SCOPE and one.has_final)
    ]
    if not considered:
        return [Gap(None, None, Missing.ALLEGATION)]
    return [Gap(one.id, one.label, lack) for one in considered for lack in missing(one) if lack in BLOCKING]
