"""How two writings of one surface are recognised as the same; knows no redactions and no detectors."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
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
