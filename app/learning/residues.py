"""What is left in a text of surfaces that should not be there; knows neither redactions nor their severity."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.learning.folding import Folded, squeeze
from app.learning.names import initials, name_parts, without_possessive
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


def whole(wanted: Collection[str], paragraphs: Sequence[Folded]) -> Iterator[Span]:
    """Yield where one of the wanted stands in whole words, the longest first."""
    for letters in _longest_first(wanted):
        for number, text in enumerate(paragraphs):
            for at in text.occurrences(letters):
                yield Span(number, *at)


def near(parts: Collection[str], paragraphs: Sequence[Folded]) -> Iterator[Span]:
    """Yield every word that is one slip away from a part of a name: a letter more, less, other, or two swapped.

    Source: the restricted Damerau-Levenshtein distance, at most one.
    """
    words: dict[int, dict[str, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for number, text in enumerate(paragraphs):
        for start, end in text.words.items():
            words[end - start][text.letters[start:end]].append(
                Span(number, text.offsets[start], text.offsets[end - 1] + 1)
            )
    for part in _longest_first(parts):
        if len(part) >= _FUZZY_FROM:
            for length in (len(part) - 1, len(part), len(part) + 1):
                for word, spans in words[length].items():
                    if (word[0] == part[0] or word[-1] == part[-1]) and is_within_one_slip(word, part):
                        yield from spans


def initialled(wanted: Collection[str], paragraphs: Sequence[str]) -> Iterator[Span]:
    """Yield where initials stand in capitals, with or without stops and blanks between them."""
    for letters in _longest_first(wanted):
        pattern = re.compile(r"(?<!\w)" + r"\.?\s?".join(map(re.escape, letters)) + r"(?!\w)")
        for number, text in enumerate(paragraphs):
            for match in pattern.finditer(text):
                yield Span(number, *match.span())


def is_within_one_slip(one: str, other: str) -> bool:
    """Tell whether one letter added, left out, changed, or swapped with its neighbour makes the one into the other."""
    short, long = sorted((one, other), key=len)
    at = next((place for place, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    return short[at + 1 :] == long[at + 1 :] or (
        short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
    )


def _searchable(surfaces: set[str]) -> frozenset[str]:
    return frozenset(surface for surface in surfaces if len(surface) >= _FEWEST_LETTERS)


def _longest_first(wanted: Collection[str]) -> list[str]:
    return sorted(wanted, key=lambda letters: (-len(letters), letters))


def _parts(kind: RedactionKind, surface: str) -> list[str]:
    if kind is RedactionKind.PERSON:
        return name_parts(surface)
    if kind is RedactionKind.EMAIL:
        words = _MAILBOX_WORD.findall(surface.partition("@")[0])
        return [word for word in words if word.casefold() not in _SHARED_MAILBOXES]
    return []
