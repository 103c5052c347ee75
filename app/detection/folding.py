"""How two writings of one surface are recognised as the same; knows no redactions and no detectors."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
_WORD_OF_CAPITALS = re.compile(r"(?<!\w)(?:(?![a-z\d_])\w)+(?!\w)")
_BETWEEN_INITIALS = re.compile(r"\.?\s?")
_APART = "\x00"
_IGNORED = frozenset({"Mn", "Me", "Cf"})
"""Unicode categories that are no letters: combining marks, and invisible characters such as the zero-width space."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A text reduced to its letters and digits, each of which remembers where in the text it stood."""

    letters: str
    offsets: Sequence[int]
    words: dict[int, int]
    """Where in `letters` each word of the text starts, and where it ends."""
    ends: frozenset[int]

    def occurrences(self, wanted: str) -> Iterator[tuple[int, int]]:
        """Yield the offsets of `wanted` (letters as `squeeze` gives them) wherever it stands as whole words.

        Blanks, hyphens, stops and other signs between the letters make no difference, so that "Mary-Anne" is found as
        "mary anne" and "07700 900123" as "07700900123". Occurrences may overlap.
        """
        at = self.letters.find(wanted) if wanted else -1
        while at >= 0:
            end = at + len(wanted)
            if at in self.words and end in self.ends:
                yield self.offsets[at], self.offsets[end - 1] + 1
            at = self.letters.find(wanted, at + 1)


class Taken:
    """Which characters of some paragraphs are spoken for."""

    def __init__(self, lengths: Sequence[int]) -> None:
        """Start with paragraphs of these lengths, all free."""
        self._paragraphs = [bytearray(length) for length in lengths]

    def is_free(self, paragraph: int, start: int, end: int) -> bool:
        """Whether none of these characters is taken."""
        return self._paragraphs[paragraph].find(1, start, end) < 0

    def take(self, paragraph: int, start: int, end: int) -> None:
        """These characters are taken."""
        self._paragraphs[paragraph][start:end] = b"\x01" * (end - start)


class Lexicon:
    """Surfaces (letters as `squeeze` gives them) that are looked for all at once: the cost hardly grows with their number."""

    def __init__(self, surfaces: Collection[str]) -> None:
        """Put them in order, each beside the longest other one that it begins with."""
        self._ordered = sorted(set(surfaces) - {""})
        self._longest = max(map(len, self._ordered), default=0)
        self._shorter: dict[str, str] = {}
        beginnings = [""]
        for surface in self._ordered:
            while not surface.startswith(beginnings[-1]):
                beginnings.pop()
            self._shorter[surface] = beginnings[-1]
            beginnings.append(surface)

    def occurrences(self, texts: Sequence[Folded], taken: Taken) -> Iterator[tuple[str, int, int, int]]:
        """Take every place where a surface stands as whole words; yield the surface, which text, start and end.

        In reading order. No two overlap, nor anything that was taken before; of two that do, the first stands, and of
        two that start together the longer.
        """
        for number, text in enumerate(texts):
            free_from = 0
            for at in text.words:
                if at >= free_from and (surface := self._at(number, text, at, taken)):
                    free_from = at + len(surface)
                    start, end = text.offsets[at], text.offsets[free_from - 1] + 1
                    taken.take(number, start, end)
                    yield surface, number, start, end

    def _at(self, number: int, text: Folded, at: int, taken: Taken) -> str:
        """Return the longest surface that stands there and is free, or the empty string.

        All that a text begins with is found from the last surface in order that is not behind the text.
        """
        place = bisect_right(self._ordered, text.letters[at : at + self._longest])
        surface = self._ordered[place - 1] if place else ""
        while surface:
            end = at + len(surface)
            if (
                end in text.ends
                and text.letters.startswith(surface, at)
                and taken.is_free(number, text.offsets[at], text.offsets[end - 1] + 1)
            ):
                break
            surface = self._shorter[surface]
        return surface


def fold(text: str) -> Folded:
    """Return `text` without case, accents, invisible characters and signs, ready to be searched."""
    plain, origin = _plain(text)
    letters: list[str] = []
    offsets: list[int] = []
    words: dict[int, int] = {}
    for word in _WORD.finditer(plain):
        letters.append(word.group())
        words[len(offsets)] = len(offsets) + len(letters[-1])
        offsets.extend(origin[word.start() : word.end()])
    return Folded("".join(letters), offsets, words, frozenset(words.values()))


def fold_capitals(text: str) -> Folded:
    """Return `text` reduced to its words in capitals, ready to be searched for initials.

    Between two of them, or of their letters, a stop and a blank make no difference. Anything else keeps them apart.
    """
    letters: list[str] = []
    offsets: list[int] = []
    words: dict[int, int] = {}
    before = 0
    for word in _WORD_OF_CAPITALS.finditer(text):
        if not _BETWEEN_INITIALS.fullmatch(text, before, word.start()):
            letters.append(_APART)
            offsets.append(word.start())
        before = word.end()
        letters.append(word.group())
        words[len(offsets)] = len(offsets) + len(letters[-1])
        offsets.extend(range(word.start(), before))
    return Folded("".join(letters), offsets, words, frozenset(words.values()))


def squeeze(text: str) -> str:
    """Return the letters and digits of `text` in one case and one form, in which surfaces are compared."""
    return "".join(_WORD.findall(_plain(text)[0]))


def key(text: str) -> str:
    """Return the same string for every writing of one surface; a surface of signs alone is its own key."""
    return squeeze(text) or text


def _plain(text: str) -> tuple[str, Sequence[int]]:
    """Return the text in lower case and compatibility form, and the offset in `text` that each character came from."""
    if text.isascii():
        return text.lower(), range(len(text))
    characters: list[str] = []
    origin: list[int] = []
    for offset, character in enumerate(text):
        for part in unicodedata.normalize("NFKD", character).casefold():
            if unicodedata.category(part) not in _IGNORED:
                characters.append(part)
                origin.append(offset)
    return "".join(characters), origin
