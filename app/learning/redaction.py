"""What a redaction is and what a text reads like once it is applied; knows no detectors, cases or accounts.

Offsets count Unicode code points of paragraphs in normalisation form C. No error carries a piece of the text.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from app.detection.folding import Lexicon, Taken, fold, key, squeeze
from app.detection.names import name_parts, without_possessive


class RedactionKind(StrEnum):
    """What a redacted surface says about somebody."""

    PERSON = "person"
    ROLE = "role"
    PLACE = "place"
    ORGANISATION = "organisation"
    DATE = "date"
    EMAIL = "email"
    TELEPHONE = "telephone"
    REFERENCE = "reference"
    SMALL_COUNT = "small_count"
    QUOTATION = "quotation"
    OTHER = "other"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The characters from `start` up to, not including, `end` of one paragraph."""

    paragraph: int
    start: int
    end: int

    def overlaps(self, other: "Span") -> bool:
        """Tell whether both spans hold a character in common."""
        return self.paragraph == other.paragraph and self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Redaction:
    """A decision to put `replacement` where a surface stood, and why."""

    span: Span
    kind: RedactionKind
    reason: str = field(repr=False)
    replacement: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mention:
    """A place where a person is named, and the role noun under which they may appear instead."""

    span: Span
    role: str


class RedactionRefused(ValueError):
    """A list of redactions cannot be applied. `index` is the place in the list of the one that is at fault."""

    def __init__(self, index: int) -> None:
        """Keep the place of the redaction at fault, and nothing of what it covers."""
        super().__init__(f"{type(self).__name__}: redaction {index}")
        self.index = index


class SpanOutOfRange(RedactionRefused):
    """A span is empty or reaches outside its paragraph."""


class OverlappingRedactions(RedactionRefused):
    """Two redactions cover the same character."""


class InconsistentReplacement(RedactionRefused):
    """One surface of one kind was given two replacements."""


class ReplacementRepeatsOriginal(RedactionRefused):
    """A replacement holds the very words that it should hide."""


def apply(paragraphs: Sequence[str], redactions: Sequence[Redaction]) -> list[str]:
    """Return the paragraphs with every redacted surface replaced and every other character as it was.

    The order of the redactions makes no difference. Surfaces and replacements are compared without regard to case, so
    that a replacement may start a sentence.

    Raises:
        SpanOutOfRange: a span is empty or outside its paragraph.
        OverlappingRedactions: two redactions cover the same character.
        InconsistentReplacement: the same surface of the same kind would be replaced in two ways.
        ReplacementRepeatsOriginal: a replacement contains the surface it replaces.

    """
    originals = surfaces(paragraphs, redactions)
    in_order = sorted(range(len(redactions)), key=lambda index: redactions[index].span)
    for before, after in pairwise(in_order):
        if redactions[before].span.overlaps(redactions[after].span):
            raise OverlappingRedactions(after)
    _refuse_inconsistency(originals, redactions)
    pieces: list[list[str]] = [[] for _ in paragraphs]
    ends = [0] * len(paragraphs)
    for index in in_order:
        span = redactions[index].span
        pieces[span.paragraph] += (
            paragraphs[span.paragraph][ends[span.paragraph] : span.start],
            redactions[index].replacement,
        )
        ends[span.paragraph] = span.end
    return ["".join(before) + text[end:] for before, text, end in zip(pieces, paragraphs, ends, strict=True)]


def surfaces(paragraphs: Sequence[str], redactions: Sequence[Redaction | Mention]) -> list[str]:
    """Return what each redaction or mention covers, in their order.

    Raises:
        SpanOutOfRange: a span is empty or outside its paragraph.

    """
    for index, redaction in enumerate(redactions):
        if not _is_within(paragraphs, redaction.span):
            raise SpanOutOfRange(index)
    return [_text(paragraphs, redaction.span) for redaction in redactions]


def missed_occurrences(paragraphs: Sequence[str], redactions: Sequence[Redaction]) -> list[Redaction]:
    """Return the redactions to add, in reading order, so that no redacted surface stands whole anywhere else.

    Where two surfaces overlap, the first is taken, and where they start together the longer.

    Raises:
        SpanOutOfRange: a span is empty or outside its paragraph.

    """
    originals = surfaces(paragraphs, redactions)
    taken = Taken([len(text) for text in paragraphs])
    for redaction in redactions:
        taken.take(redaction.span.paragraph, redaction.span.start, redaction.span.end)
    models = {
        squeeze(surface): redaction
        for surface, redaction in zip(reversed(originals), reversed(redactions), strict=True)
    }
    missed = []
    for surface, *place in Lexicon(models).occurrences([fold(text) for text in paragraphs], taken):
        model = models[surface]
        missed.append(Redaction(Span(*place), model.kind, model.reason, model.replacement))
    return missed


def propose_pseudonyms(paragraphs: Sequence[str], mentions: Sequence[Mention]) -> list[str]:
    """Return a replacement for each mention: role noun and letter, in order of appearance, one letter for one person.

    A mention that is part of the name of exactly one person named before ("Ms Rowe" after "Anna Rowe") is that person.
    A possessive stays one.

    Raises:
        SpanOutOfRange: the span of a mention is empty or outside its paragraph.

    """
    people: list[tuple[set[str], str]] = []
    by_surface: dict[str, str] = {}
    issued: dict[str, int] = defaultdict(int)
    proposed: dict[int, str] = {}
    for index in sorted(range(len(mentions)), key=lambda index: mentions[index].span):
        mention = mentions[index]
        if not _is_within(paragraphs, mention.span):
            raise SpanOutOfRange(index)
        surface = _text(paragraphs, mention.span)
        name = without_possessive(surface)
        if key(name) not in by_surface:
            parts = {squeeze(part) for part in name_parts(name)}
            same = [person for person in people if parts and (parts <= person[0] or person[0] <= parts)]
            if len(same) == 1:
                same[0][0].update(parts)
                by_surface[key(name)] = same[0][1]
            else:
                role = mention.role.strip()
                label = role[:1].upper() + role[1:]
                by_surface[key(name)] = f"{label} {_letter(issued[label])}"
                issued[label] += 1
                if parts:
                    people.append((parts, by_surface[key(name)]))
        proposed[index] = by_surface[key(name)] + surface[len(name) :]
    return [proposed[index] for index in range(len(mentions))]


def _refuse_inconsistency(originals: Sequence[str], redactions: Sequence[Redaction]) -> None:
    agreed: dict[tuple[RedactionKind, str], str] = {}
    for index, (surface, redaction) in enumerate(zip(originals, redactions, strict=True)):
        replacement = redaction.replacement.casefold()
        if agreed.setdefault((redaction.kind, key(surface)), replacement) != replacement:
            raise InconsistentReplacement(index)
        if any(fold(replacement).occurrences(squeeze(surface))) or surface == redaction.replacement:
            raise ReplacementRepeatsOriginal(index)


def _is_within(paragraphs: Sequence[str], span: Span) -> bool:
    return 0 <= span.paragraph < len(paragraphs) and 0 <= span.start < span.end <= len(paragraphs[span.paragraph])


def _text(paragraphs: Sequence[str], span: Span) -> str:
    return paragraphs[span.paragraph][span.start : span.end]


def _letter(number: int) -> str:
    """Return A to Z, then AA, AB and so on."""
    before, last = divmod(number, 26)
    return (_letter(before - 1) if before else "") + chr(ord("A") + last)
