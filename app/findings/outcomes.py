"""What a finding may say, and who may agree with it. Pure."""

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from app.allegations.arrangement import AllegationState
from app.evidence.requests import ExhibitState


class Outcome(StrEnum):
    """What the evidence shows about an allegation."""

    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    NOT_UPHELD = "not_upheld"
    NO_VIEW = "no_view"


class NoViewReason(StrEnum):
    """Why no view could be formed."""

    INSUFFICIENT_EVIDENCE = "insufficient_evidence"
    OUT_OF_SCOPE = "out_of_scope"
    WITHDRAWN = "withdrawn"


class StandardOfProof(StrEnum):
    """How sure the investigator had to be."""

    BALANCE_OF_PROBABILITIES = "balance_of_probabilities"
    BEYOND_REASONABLE_DOUBT = "beyond_reasonable_doubt"


class FindingState(StrEnum):
    """How far a finding is."""

    DRAFT = "draft"
    FINAL = "final"
    SUPERSEDED = "superseded"


def rests_on_evidence(outcome: Outcome, cited: Iterable[ExhibitState]) -> bool:
    """Whether the outcome cites what it needs: one received exhibit at least, unless no view was formed."""
    return outcome == Outcome.NO_VIEW or ExhibitState.RECEIVED in set(cited)


def is_within_scope(outcome: Outcome, allegation: AllegationState) -> bool:
    """Whether the outcome may be found on an allegation in that state: out of scope, no view can be formed."""
    return outcome == Outcome.NO_VIEW or allegation == AllegationState.IN_SCOPE


def may_review(reviewer: UUID, author: UUID, contributors: Iterable[UUID]) -> bool:
    """Whether `reviewer` is a second pair of eyes: nobody who wrote a word of the finding is."""
    return reviewer != author and reviewer not in set(contributors)
