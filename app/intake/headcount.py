"""What a claim about the number of people behind a grievance must say. Pure.

Several claims may stand beside each other: 31 signatures and a newspaper's "about 35" are both true of one grievance.
"""

from enum import StrEnum

MOST_PEOPLE = 1_000_000


class Basis(StrEnum):
    """What a headcount claim rests on."""

    ASSERTED = "asserted"
    SIGNED = "signed"
    VERIFIED = "verified"
    PRESS = "press"


COUNTED = frozenset({Basis.SIGNED, Basis.VERIFIED})
"""The bases that were counted, one by one, so that they have an exact number."""


class HeadcountUnclear(ValueError):
    """The claim does not say how many. The message is the rule."""


def check(basis: Basis, number: int | None, wording: str | None) -> None:
    """Return if the claim says how many.

    Raises:
        HeadcountUnclear: it has neither number nor wording, or was counted and has no number.

    """
    if basis in COUNTED and number is None:
        raise HeadcountUnclear("what was signed or verified was counted: give its number")
    if number is None and wording is None:
        raise HeadcountUnclear("needs a number, a wording such as 'about 35', or both")


def in_words(number: int | None, wording: str | None) -> str:
    """Return the claim as people say it: its own wording, or else its number."""
    return str(number) if wording is None else wording
