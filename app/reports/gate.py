"""Whether a report may be sealed, and what it has to own up to. Pure: it knows no tables and no texts.

Nothing leaves unanswered: an allegation in scope without a final finding stops the report. Nothing is dropped silently:
what was grouped, asked for or received and led nowhere is listed in the report.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from app.allegations.arrangement import STANDING, AllegationState
from app.evidence.requests import ExhibitState

Key = TypeVar("Key")


class OrphanKind(StrEnum):
    """What led nowhere."""

    RAISED_AND_NOT_TAKEN_UP = "raised_and_not_taken_up"
    THEME_WITHOUT_ALLEGATION = "theme_without_allegation"
    ALLEGATION_WITHOUT_THEME = "allegation_without_theme"
    EXHIBIT_CITED_NOWHERE = "exhibit_cited_nowhere"
    EVIDENCE_NEVER_RECEIVED = "evidence_never_received"


@dataclass(frozen=True)
class RaisedFacts(Generic[Key]):
    """What the gate needs to know of something the grievance said."""

    id: Key
    label: str


@dataclass(frozen=True)
class ThemeFacts(Generic[Key]):
    """What the gate needs to know of a theme."""

    id: Key
    label: str
    is_merged: bool = False


@dataclass(frozen=True)
class AllegationFacts(Generic[Key]):
    """What the gate needs to know of an allegation."""

    id: Key
    label: str
    state: AllegationState
    theme_id: Key | None = None
    raised_id: Key | None = None


@dataclass(frozen=True)
class ExhibitFacts(Generic[Key]):
    """What the gate needs to know of an exhibit."""

    id: Key
    number: str
    state: ExhibitState


@dataclass(frozen=True)
class Orphan(Generic[Key]):
    """One thing that led nowhere. `label` is that of the theme or allegation, or the number of the exhibit."""

    kind: OrphanKind
    id: Key
    label: str


def orphans(
    raised: Iterable[RaisedFacts[Key]],
    themes: Iterable[ThemeFacts[Key]],
    allegations: Collection[AllegationFacts[Key]],
    exhibits: Iterable[ExhibitFacts[Key]],
    cited: Collection[Key],
) -> list[Orphan[Key]]:
    """Return what led nowhere: what was raised first, then themes, allegations and exhibits, each in the order given.

    What the grievance said is taken up by any allegation that was made of it, whatever became of that allegation since.
    `cited` holds the ids of the exhibits that a final finding cites. An exhibit that is merely linked to an allegation
    was put in the file and then passed over, so that it is listed. Evidence that was refused or does not exist has been
    answered; the report shows it elsewhere.
    """
    standing = [allegation for allegation in allegations if allegation.state in STANDING]
    grouped = {allegation.theme_id for allegation in standing}
    taken_up = {allegation.raised_id for allegation in allegations}
    found = [
        Orphan(OrphanKind.RAISED_AND_NOT_TAKEN_UP, said.id, said.label) for said in raised if said.id not in taken_up
    ]
    found += [
        Orphan(OrphanKind.THEME_WITHOUT_ALLEGATION, theme.id, theme.label)
        for theme in themes
        if not theme.is_merged and theme.id not in grouped
    ]
    found += [
        Orphan(OrphanKind.ALLEGATION_WITHOUT_THEME, allegation.id, allegation.label)
        for allegation in standing
        if allegation.state == AllegationState.IN_SCOPE and allegation.theme_id is None
    ]
    for exhibit in exhibits:
        if exhibit.state == ExhibitState.REQUESTED:
            found.append(Orphan(OrphanKind.EVIDENCE_NEVER_RECEIVED, exhibit.id, exhibit.number))
        elif exhibit.state == ExhibitState.RECEIVED and exhibit.id not in cited:
            found.append(Orphan(OrphanKind.EXHIBIT_CITED_NOWHERE, exhibit.id, exhibit.number))
    return found
