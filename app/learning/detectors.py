"""What a program can suggest for redaction without reading: each detector says where it would redact, and why.

A detector only suggests; a person decides. What the detectors do not find is not therefore safe.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.detection import dates, patterns
from app.detection.folding import Taken
from app.learning.redaction import RedactionKind, Span


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A place to redact. Nothing in it repeats what stands there."""

    span: Span
    kind: RedactionKind
    explanation: str
    score: float
    """How sure the detector is, from 0 to 1. It orders a list; it never hides a suggestion."""
    is_direct: bool
    """Whether the find alone leads to a person or a day, so that no summary may be released with it."""
    replacement: str
    detector: str


class Detector(Protocol):
    """Whoever can tell where a text gives somebody away."""

    @property
    def name(self) -> str:
        """The name under which its suggestions are listed; it never changes."""

    def find(self, paragraphs: Sequence[str]) -> list[Suggestion]:
        """Return the suggestions in reading order, none overlapping another of the same detector."""


@dataclass(frozen=True, slots=True)
class PatternDetector:
    """A detector whose finds have a shape."""

    name: str
    kind: RedactionKind
    explanation: str
    score: float
    is_direct: bool
    proposals: Callable[[str], Iterator[tuple[int, int, str]]]
    """Start, end and proposed replacement of each find in one paragraph; finds may overlap."""

    def find(self, paragraphs: Sequence[str]) -> list[Suggestion]:
        """Return the suggestions in reading order; of two that overlap, the longer."""
        return without_overlaps(
            Suggestion(
                Span(number, start, end),
                self.kind,
                self.explanation,
                self.score,
                self.is_direct,
                replacement,
                self.name,
            )
            for number, text in enumerate(paragraphs)
            for start, end, replacement in self.proposals(text)
        )


def suggest(paragraphs: Sequence[str]) -> list[Suggestion]:
    """Return what all detectors suggest in reading order; of finds that overlap, the longest, then the surest."""
    return without_overlaps(suggestion for detector in DETECTORS for suggestion in detector.find(paragraphs))


def without_overlaps(suggestions: Iterable[Suggestion]) -> list[Suggestion]:
    """Return the suggestions in reading order; of any that overlap the longest, then the surest, then the first."""
    in_order = sorted(suggestions, key=lambda found: (found.span.start - found.span.end, -found.score))
    ends: dict[int, int] = defaultdict(int)
    for found in in_order:
        ends[found.span.paragraph] = max(ends[found.span.paragraph], found.span.end)
    taken = Taken([ends[number] for number in range(max(ends, default=-1) + 1)])
    kept = []
    for found in in_order:
        place = found.span.paragraph, found.span.start, found.span.end
        if taken.is_free(*place):
            taken.take(*place)
            kept.append((place, found))
    return [found for _, found in sorted(kept, key=lambda one: one[0])]


def _replaced_by(
    replacement: str, find: Callable[[str], Iterator[tuple[int, int]]]
) -> Callable[[str], Iterator[tuple[int, int, str]]]:
    return lambda text: ((start, end, replacement) for start, end in find(text))


DETECTORS: tuple[Detector, ...] = (
    PatternDetector(
        "email-address",
        RedactionKind.EMAIL,
        "An e-mail address leads to its holder.",
        0.99,
        is_direct=True,
        proposals=_replaced_by("[e-mail address withheld]", patterns.find_email_addresses),
    ),
    PatternDetector(
        "telephone-number",
        RedactionKind.TELEPHONE,
        "A telephone number leads to its holder.",
        0.9,
        is_direct=True,
        proposals=_replaced_by("[telephone number withheld]", patterns.find_telephone_numbers),
    ),
    PatternDetector(
        "national-number",
        RedactionKind.REFERENCE,
        "A health, pupil, tax or insurance number belongs to one person.",
        0.95,
        is_direct=True,
        proposals=_replaced_by("[number withheld]", patterns.find_national_numbers),
    ),
    PatternDetector(
        "reference",
        RedactionKind.REFERENCE,
        "Whoever may open the file behind a reference learns whom it is about.",
        0.8,
        is_direct=True,
        proposals=_replaced_by("[reference withheld]", patterns.find_references),
    ),
    PatternDetector(
        "postcode",
        RedactionKind.PLACE,
        "A full postcode is shared by about fifteen addresses.",
        0.9,
        is_direct=True,
        proposals=_replaced_by("[address withheld]", patterns.find_postcodes),
    ),
    PatternDetector(
        "day",
        RedactionKind.DATE,
        "A day can be matched with diaries, rotas and minutes.",
        0.95,
        is_direct=True,
        proposals=dates.find_days,
    ),
    PatternDetector(
        "month",
        RedactionKind.DATE,
        "A month can single out an event in a small service.",
        0.7,
        is_direct=False,
        proposals=dates.find_months,
    ),
)
"""Everything that looks at a text. Whatever finds names joins here."""
