"""A learning summary as text: its paragraphs, what is redacted in them, and what that still gives away. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from app.detection.folding import Taken
from app.learning import detectors, leaks, redaction
from app.learning.redaction import Mention, Redaction, RedactionKind, Span
from app.learning.release import ReleaseContent, compose
from app.reports.content import ReportedAllegation


class Place(StrEnum):
    """Which text of a summary."""

    PARAGRAPH = "paragraph"
    SECTION = "section"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph under one heading. `finding` is the place of the finding that it gives, from 1, in the sealed report."""

    section: str
    text: str
    finding: int | None


@dataclass(frozen=True, slots=True)
class PlacedLeak:
    """A leak, and where it is. `paragraph` is the paragraph, or the first one under the section; none for the title."""

    leak: leaks.Leak
    place: Place
    paragraph: int | None
    is_accepted: bool = False

    @property
    def is_blocking(self) -> bool:
        """Whether nothing may be released with it."""
        return self.leak.severity == leaks.Severity.BLOCKING


def let_pass(placed: Iterable[PlacedLeak], accepted: Collection[str]) -> list[PlacedLeak]:
    """Return the leaks once a person has read and accepted those with these ids: an acceptable one becomes a warning."""
    return [
        replace(one, leak=replace(one.leak, severity=leaks.Severity.WARNING), is_accepted=True)
        if one.leak.is_acceptable and one.leak.id in accepted
        else one
        for one in placed
    ]


@dataclass(frozen=True, slots=True)
class Manuscript:
    """The text of a summary with its redactions."""

    title: str
    paragraphs: tuple[Paragraph, ...]
    redactions: tuple[Redaction, ...]

    @staticmethod
    def of_stored(
        title: str, paragraphs: Iterable[Mapping[str, Any]], redactions: Iterable[Mapping[str, Any]]
    ) -> "Manuscript":
        """Return the manuscript that was stored as these values."""
        return Manuscript(
            title, tuple(Paragraph(**paragraph) for paragraph in paragraphs), tuple(map(redaction_of, redactions))
        )

    @property
    def texts(self) -> list[str]:
        """The paragraphs as written."""
        return [paragraph.text for paragraph in self.paragraphs]

    def redacted(self) -> list[str]:
        """Return the paragraphs as they would be released.

        Raises:
            RedactionRefused: the redactions do not fit the paragraphs.

        """
        return redaction.apply(self.texts, self.redactions)

    def composed(self, organisation: str, findings: Sequence[ReportedAllegation]) -> ReleaseContent:
        """Return what would be released. Every paragraph's finding is one of `findings`."""
        pairs = zip(self.paragraphs, self.redacted(), strict=True)
        return compose(
            organisation,
            self.title,
            [
                (paragraph.section, text, None if paragraph.finding is None else findings[paragraph.finding - 1])
                for paragraph, text in pairs
            ],
        )

    def suggestions(self) -> list[detectors.Suggestion]:
        """Return what detectors would redact and is not redacted yet."""
        taken = Taken([len(text) for text in self.texts])
        for redacted in self.redactions:
            taken.take(redacted.span.paragraph, redacted.span.start, redacted.span.end)
        return [
            found
            for found in detectors.suggest(self.texts)
            if taken.is_free(found.span.paragraph, found.span.start, found.span.end)
        ]

    def missed(self) -> list[Redaction]:
        """Return the redactions to add so that nothing redacted in one place stands in another."""
        return redaction.missed_occurrences(self.texts, self.redactions)

    def suggested(self, mentions: Sequence[Mention]) -> "Suggested":
        """Return what could be redacted besides, and a replacement for each mention. Mentions lie within the paragraphs."""
        pseudonyms = redaction.propose_pseudonyms(self.texts, mentions)
        return Suggested(self.suggestions(), self.missed(), pseudonyms)

    def leaks(self, known: Iterable[leaks.KnownSurface]) -> list[PlacedLeak]:
        """Return what would still be given away by paragraphs, headings and title, which is released as it is."""
        sections: dict[str, int] = {}
        for number, paragraph in enumerate(self.paragraphs):
            sections.setdefault(paragraph.section, number)
        texts = [*self.redacted(), self.title, *sections]
        places = [(Place.PARAGRAPH, number) for number in range(len(self.paragraphs))]
        everywhere = [*places, (Place.TITLE, None), *((Place.SECTION, first) for first in sections.values())]
        return [
            PlacedLeak(leak, *everywhere[leak.paragraph])
            for leak in leaks.check(texts, self.texts, self.redactions, known)
        ]

    def misplaced_findings(self, findings: int) -> list[int]:
        """Return the numbers of findings that are missing, given twice, or not in a report of that many findings."""
        given = [paragraph.finding for paragraph in self.paragraphs if paragraph.finding is not None]
        expected = range(1, findings + 1)
        times = Counter(given)
        return sorted({number for number in (*expected, *given) if times[number] != (number in expected)})


@dataclass(frozen=True, slots=True)
class Suggested:
    """What could be redacted in a manuscript."""

    suggestions: list[detectors.Suggestion]
    missed: list[Redaction]
    pseudonyms: list[str]


def redaction_of(stored: Mapping[str, Any]) -> Redaction:
    """Return the redaction that was stored as these values, which have the names of the wire."""
    span = Span(stored["paragraph"], stored["start"], stored["end"])
    return Redaction(span, RedactionKind(stored["type"]), stored["reason"], stored["replacement"])
