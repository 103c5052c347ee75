"""What is left in a text of surfaces that should not be there; knows neither redactions nor their severity."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.detection.folding import Folded, squeeze
from app.detection.names import initials, name_parts, without_possessive
from app.learning.redaction import RedactionKind, Span

_NAMING_KINDS = frozenset(
    {
        RedactionKind.PERSON,
        RedactionKind.PLACE,
        RedactionKind.ORGANISATION,
        RedactionKind.DATE,
        RedactionKind.EMAIL,
        RedactionKind.TELEPHONE,
        RedactionKind.REFERENCE,
    }
)
_FEWEST_LETTERS = 2
_FUZZY_FROM = 6
"""Letters of a name from which on a slip of one letter is looked for; shorter names have too many neighbours."""
_FUZZY_TO = 40
"""Letters of a name up to which it is: no name is longer, and a text without blanks must not take hours."""
_LEADING = re.compile(r"(?:a|an|at|by|from|her|his|in|its|my|of|on|our|since|the|their)\s+(?=\S+\s+\S)", re.IGNORECASE)
_MAILBOX_WORD = re.compile(r"[^\W\d_]{3,}")
_SHARED_MAILBOXES = frozenset({"admin", "contact", "enquiries", "enquiry", "info", "mail", "office", "post", "team"})


@dataclass(frozen=True, slots=True)
class Hidden:
    """What must not be found, each in the form that a folded text is searched for."""

    names: frozenset[str]
    """Whole names, dates, numbers and references."""
    wordings: frozenset[str]
    """Other words that were redacted, which may be harmless in another place."""
    parts: frozenset[str]
    """First names, surnames, and the words of personal e-mail addresses."""
    initials: frozenset[str]
    """In capitals, as written."""


def gather(surfaces: Iterable[tuple[RedactionKind, str]]) -> Hidden:
    """Return what to look for so that no surface is found again, whole or in part."""
    names: set[str] = set()
    wordings: set[str] = set()
    parts: set[str] = set()
    letters: set[str] = set()
    for kind, surface in surfaces:
        own = _parts(kind, surface)
        bare = without_possessive(surface)
        if kind in _NAMING_KINDS or kind is RedactionKind.ROLE:
            bare = _LEADING.sub("", bare, count=1)
        is_name = kind in _NAMING_KINDS and bool(own or kind is not RedactionKind.PERSON)
        (names if is_name else wordings).add(squeeze(bare))
        parts.update(squeeze(part) for part in own)
        if kind is RedactionKind.PERSON:
            letters |= initials(surface)
    wordings -= names
    return Hidden(_searchable(names), _searchable(wordings), frozenset(parts), frozenset(letters))


def near(parts: Collection[str], paragraphs: Sequence[Folded]) -> Iterator[Span]:
    """Yield every word that is one slip away from a part of a name: a letter more, less, other, or two swapped.

    Source: the restricted Damerau-Levenshtein distance, at most one.
    """
    slips = Slips(part for part in parts if _FUZZY_FROM <= len(part) <= _FUZZY_TO)
    judged: dict[str, bool] = {}
    for number, text in enumerate(paragraphs):
        for start, end in text.words.items():
            word = text.letters[start:end]
            if word not in judged:
                judged[word] = len(word) <= _FUZZY_TO + 1 and slips.make(word)
            if judged[word]:
                yield Span(number, text.offsets[start], text.offsets[end - 1] + 1)


class Slips:
    """What becomes of some words by one slip, so that a word is held against all of them at once."""

    def __init__(self, words: Iterable[str]) -> None:
        """Make every slip of each word once."""
        self._words = set(words)
        self._lengths = {length for word in self._words for length in (len(word) - 1, len(word), len(word) + 1)}
        self._shortened = {left for word in self._words for left in _with_a_letter_less(word)}
        self._holed = {left for word in self._words for left in _with_a_hole(word)}

    def make(self, word: str) -> bool:
        """Whether one letter added, left out, changed, or swapped with its neighbour makes one of the words into this."""
        return len(word) in self._lengths and (
            word in self._shortened
            or not self._words.isdisjoint(_with_a_letter_less(word))
            or not self._holed.isdisjoint(_with_a_hole(word))
            or not self._words.isdisjoint(_with_a_swap(word))
        )


def _with_a_letter_less(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


def _with_a_hole(word: str) -> Iterator[str]:
    return (f"{word[:at]}\x00{word[at + 1 :]}" for at in range(len(word)))


def _with_a_swap(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1))


def _searchable(surfaces: set[str]) -> frozenset[str]:
    return frozenset(surface for surface in surfaces if len(surface) >= _FEWEST_LETTERS)


def _parts(kind: RedactionKind, surface: str) -> list[str]:
    if kind is RedactionKind.PERSON:
        return name_parts(surface)
    if kind is RedactionKind.EMAIL:
        words = _MAILBOX_WORD.findall(surface.partition("@")[0])
        return [word for word in words if word.casefold() not in _SHARED_MAILBOXES]
    return []
