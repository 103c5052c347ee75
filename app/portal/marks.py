"""A text with the places marked that may tell who wrote it, and what to do about each kind of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.intake.hints_schemas import HintOut


@dataclass(frozen=True)
class Piece:
    """A part of a text."""

    text: str = field(repr=False)
    is_marked: bool


@dataclass(frozen=True)
class Advice:
    """What to do about some places of a text."""

    places: Sequence[str] = field(repr=False)
    advice: str


@dataclass(frozen=True)
class Marked:
    """A text, cut where its marks begin and end."""

    pieces: Sequence[Piece]
    advice: Sequence[Advice]


def marked(text: str, hints: Sequence[HintOut]) -> Marked:
    """Return a text with the places of its hints marked, which overlap nowhere; together the pieces are the text."""
    pieces, places, at = [], dict[str, dict[str, None]](), 0
    for hint in sorted(hints, key=lambda one: one.start):
        place = text[hint.start : hint.end]
        pieces += [Piece(text[at : hint.start], is_marked=False), Piece(place, is_marked=True)]
        places.setdefault(hint.advice, {})[" ".join(place.split())] = None
        at = hint.end
    pieces.append(Piece(text[at:], is_marked=False))
    return Marked([one for one in pieces if one.text], [Advice(list(named), one) for one, named in places.items()])
