"""What a redacted text still gives away, before anybody may release it; knows no cases and no accounts.

A leak says where to look and why. It never repeats what stands there, and neither does its id.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from app.detection.folding import Folded, Lexicon, Taken, fold, fold_capitals
from app.learning import residues
from app.learning.counts import low_counts
from app.learning.detectors import suggest
from app.learning.redaction import Redaction, RedactionKind, Span, surfaces


class Severity(StrEnum):
    """Whether a text may be released with the leak in it."""

    BLOCKING = "blocking"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class KnownSurface:
    """What the case knows and the summary must not say, such as the name of a witness."""

    kind: RedactionKind
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Leak:
    """A place in the redacted text that gives something away."""

    id: str
    """Changes with every edit of the paragraph, so that no acceptance outlives the words that were accepted."""
    check: str
    """What was looked for: the name of a check of this module, or of a detector."""
    paragraph: int
    start: int
    end: int
    severity: Severity
    is_acceptable: bool
    """Whether a person may let the text go in spite of the leak: a matter of reading, never of a name or number."""
    explanation: str


@dataclass(frozen=True, slots=True)
class _Check:
    name: str
    explanation: str
    severity: Severity = Severity.BLOCKING
    is_acceptable: bool = True


_SURFACE = _Check("surface", "A name, number or date that was redacted, or that the case knows.", is_acceptable=False)
_WORDING = _Check("wording", "Words that were redacted elsewhere.")
_NAME_PART = _Check("name-part", "A part of a name.")
_NEAR_NAME = _Check("near-name", "One letter away from a name: perhaps a slip of the pen.")
_LIKE_A_NAME = _Check("near-name", "One letter away from a name, but in small letters.", Severity.WARNING)
_INITIALS = _Check("initials", "The initials of a person.")
_SMALL_COUNT = _Check("small-count", "A count below five singles people out. 'Several' does not.")
_QUOTATION = _Check("quotation", "Those who know somebody know how they speak.", Severity.WARNING)

_IN_SMALL_LETTERS = {_SURFACE: _WORDING, _NEAR_NAME: _LIKE_A_NAME}
"""How a single word without capitals is judged, as "young" is where Ms Young was redacted."""
_QUOTED_WORDS = 6
_WORD = re.compile(r"\w+")
_QUOTED = re.compile(
    r"[\u201c\"\u00ab](?P<double>[^\u201d\"\u00bb]*)[\u201d\"\u00bb]?"
    r"|\u2018(?P<single>(?:[^\u2018\u2019]|\u2019(?=\w))*)\u2019"
)


def check(
    redacted: Sequence[str],
    original: Sequence[str],
    redactions: Sequence[Redaction],
    known_surfaces: Iterable[KnownSurface] = (),
) -> list[Leak]:
    """Return what `redacted` still gives away, in reading order; it may be released when nothing of it is blocking.

    `redactions` are those that made `redacted` of `original`; `known_surfaces` are what the case knows besides.

    Raises:
        SpanOutOfRange: a redaction does not fit `original`.

    """
    hidden = [
        (redaction.kind, text) for redaction, text in zip(redactions, surfaces(original, redactions), strict=True)
    ]
    hidden += [(known.kind, known.text) for known in known_surfaces]
    finds = [*_residual(residues.gather(hidden), redacted), *_detected(redacted), *_disclosed(redacted)]
    texts = [sha256(text.encode()).hexdigest() for text in redacted]
    once = {(span.paragraph, span.start, span.end, found.name): found for found, span in finds}
    return [_leak(once[place], place, texts[place[0]]) for place in sorted(once)]


def _residual(hidden: residues.Hidden, redacted: Sequence[str]) -> Iterator[tuple[_Check, Span]]:
    """Yield what is left of hidden surfaces; each place once, as the worst that is found there."""
    folded = [fold(text) for text in redacted]
    taken = Taken([len(text) for text in redacted])

    def whole(surfaces: Collection[str], texts: Sequence[Folded] = folded) -> Iterator[Span]:
        return (Span(*place) for _, *place in Lexicon(surfaces).occurrences(texts, taken))

    def near() -> Iterator[Span]:
        for span in residues.near(hidden.parts, folded):
            if taken.is_free(span.paragraph, span.start, span.end):
                taken.take(span.paragraph, span.start, span.end)
                yield span

    searches = (
        (_SURFACE, whole(hidden.names)),
        (_WORDING, whole(hidden.wordings)),
        (_NAME_PART, whole(hidden.parts | {f"{part}s" for part in hidden.parts})),
        (_NEAR_NAME, near()),
        (_INITIALS, whole(hidden.initials, [fold_capitals(text) for text in redacted])),
    )
    for found, spans in searches:
        for span in spans:
            text = redacted[span.paragraph][span.start : span.end]
            yield _IN_SMALL_LETTERS.get(found, found) if text.isalpha() and text.islower() else found, span


def _detected(redacted: Sequence[str]) -> Iterator[tuple[_Check, Span]]:
    for found in suggest(redacted):
        severity = Severity.BLOCKING if found.is_direct else Severity.WARNING
        yield _Check(found.detector, found.explanation, severity, is_acceptable=not found.is_direct), found.span


def _disclosed(redacted: Sequence[str]) -> Iterator[tuple[_Check, Span]]:
    for number, text in enumerate(redacted):
        for at in low_counts(text):
            yield _SMALL_COUNT, Span(number, *at)
        for quoted in _QUOTED.finditer(text):
            if len(_WORD.findall(quoted["double"] or quoted["single"] or "")) >= _QUOTED_WORDS:
                yield _QUOTATION, Span(number, *quoted.span())


def _leak(found: _Check, place: tuple[int, int, int, str], text: str) -> Leak:
    paragraph, start, end, name = place
    leak_id = sha256(f"{name}\n{paragraph}\n{start}\n{end}\n{text}".encode()).hexdigest()[:16]
    return Leak(leak_id, name, paragraph, start, end, found.severity, found.is_acceptable, found.explanation)
