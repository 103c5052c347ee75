"""Where a text counts people, or cases about people, so low that the count singles them out; knows no redactions."""

import re
from collections.abc import Iterator

from app.detection.names import PEOPLE

_IRREGULAR = {"child": "children", "man": "men", "person": "people", "woman": "women"}
_ALWAYS_MANY = {"staff", "personnel", "youths"}
_COUNTED_THINGS = {"case", "example", "incident", "instance", "placement"}
"""Each of these stands for the person it is about."""


def _plural(noun: str) -> str:
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    return noun[:-1] + "ies" if noun.endswith("y") else noun + "s"


def _either(words: set[str] | frozenset[str]) -> str:
    return "(?:" + "|".join(sorted(words, key=lambda word: (-len(word), word))) + r")\b"


_COUNTED = PEOPLE | _COUNTED_THINGS
_NOUN = _either(_COUNTED | {_plural(noun) for noun in _COUNTED} | _ALWAYS_MANY)
_ONE_PERSON = _either(PEOPLE)
_BLANK = r"[\s-]{1,3}"
_NOT_AN_ADJECTIVE = (
    r"(?!(?:a|about|an|and|are|as|at|be|been|but|by|dozen|for|from|had|has|have|hundred|if|in|is|it|million|nor|not|of"
    r"|on|or|so|than|that|the|then|they|this|thousand|to|was|were|when|where|which|while|who|whom|whose|with)\b)"
)
_ADJECTIVES = rf"(?:{_NOT_AN_ADJECTIVE}[^\W\d_][\w'\u2019]{{0,30}},?{_BLANK}){{0,3}}?"
_GROUP = rf"(?:of{_BLANK}(?:the|these|those|my|our|their|its|his|her|your){_BLANK})?"
_LARGER = r"(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|(?:hundred|thousand)\s{1,3}and)[\s-]{1,3})"
_LOW_NUMBER = (
    rf"(?:one|two|three|four|(?<![.,/])[1-4]|a{_BLANK}(?:few|couple{_BLANK}of|pair{_BLANK}of|single|sole)"
    r"|few|single|sole|neither|either|another|both)"
)

_LOW_COUNTS = (
    # "two middle managers", "3 of the interviewees", "a few staff", "neither manager", "another young person"
    rf"{_LOW_NUMBER}{_BLANK}{_GROUP}{_ADJECTIVES}{_NOUN}",
    # "a young person", "an agency worker"
    rf"an?{_BLANK}{_ADJECTIVES}{_ONE_PERSON}",
    # "both" for two people named before, not "both support and challenge"
    rf"both\b(?!(?:{_BLANK}[\w'\u2019]{{1,30}}){{1,6}}?{_BLANK}and\b)",
    # whoever is the only one is named by being so
    rf"the{_BLANK}(?:only|sole)\b",
    rf"(?:one|two|three|four|neither|either|each){_BLANK}of{_BLANK}(?:them|us|whom)\b",
)
_LOW_COUNT = re.compile(rf"(?<![\w-])(?P<larger>{_LARGER})?(?:{'|'.join(_LOW_COUNTS)})", re.IGNORECASE)


def low_counts(text: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets of every count of people, or of cases about people, that is below five."""
    for match in _LOW_COUNT.finditer(text):
        if match["larger"] is None:
            yield match.span()
