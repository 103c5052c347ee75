"""Cuts the first draft of a learning summary from a sealed report, passage by passage. Pure.

Nothing is redacted yet. Nothing is left out either where it fits: every finding with its reasons, and the conclusions.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from app.crypto.texts import LINE_LENGTH
from app.kernel.texts import PROSE_LENGTH
from app.learning.manuscript import Paragraph
from app.reports.content import OutcomeCounts, ReportContent, ReportedAllegation, ReportedTheme

TITLE = "Learning summary"
"""The title where none is chosen. The report's own is as confidential as the report."""
OVERVIEW, OTHERS, CONCLUSIONS = "Overview", "Other allegations", "Conclusions"
_BLANK_LINES = re.compile(r"\n\s*\n")


def draft(report: ReportContent, most_paragraphs: int, most_characters: int) -> list[Paragraph]:
    """Return the paragraphs of the first draft: an overview in numbers, a paragraph per finding, the conclusions.

    Of a report that is too long for a summary it has what fits: the findings without their reasons, or without even
    their statements.
    """
    fitting = (written for written in _drafts(report) if _fits(written, most_paragraphs, most_characters))
    return next(fitting, [*_drafts(report)][-1])


def _drafts(report: ReportContent) -> Iterator[list[Paragraph]]:
    """Yield the draft, then ever shorter ones."""
    overview = Paragraph(OVERVIEW, _overview(report), None)
    conclusions = [Paragraph(CONCLUSIONS, text.strip(), None) for text in _BLANK_LINES.split(report.conclusions)]
    bare = [
        Paragraph(each.section, each.text.partition("\n")[0], each.finding)
        for each in _findings(report)
        if each.finding
    ]
    labels = [Paragraph(each.section, each.text.partition(":")[0], each.finding) for each in bare]
    for findings in ([*_findings(report), *conclusions], [*bare, *conclusions], bare, labels):
        yield [Paragraph(_one(each.section), _one(each.text), each.finding) for each in (overview, *findings)]


def _fits(written: Sequence[Paragraph], most_paragraphs: int, most_characters: int) -> bool:
    characters = sum(len(each.section) + len(each.text) for each in written)
    return len(written) <= most_paragraphs and characters <= most_characters


def findings_in_order(report: ReportContent) -> list[ReportedAllegation]:
    """Return the findings in the order that numbers them: a paragraph names its finding by its place here, from 1."""
    return [allegation for theme in report.themes for allegation in theme.allegations]


def _findings(report: ReportContent) -> Iterator[Paragraph]:
    number = 0
    for theme in report.themes:
        for allegation in theme.allegations:
            number += 1
            statement = f"Allegation {allegation.label}: {allegation.statement}"
            whole = f"{statement}\n{allegation.reasons}"
            if len(whole) <= PROSE_LENGTH:
                yield Paragraph(_section(theme), whole, number)
            else:
                yield Paragraph(_section(theme), statement, number)
                yield Paragraph(_section(theme), allegation.reasons, None)


def _section(theme: ReportedTheme) -> str:
    if theme.title is None:
        return OTHERS
    numbered = f"{theme.label}. {theme.title}"
    return numbered if len(numbered) <= LINE_LENGTH else theme.title


def _overview(report: ReportContent) -> str:
    themes = sum(theme.title is not None for theme in report.themes)
    considered, grouped = _number(report.counts.allegations, "allegation"), _number(themes, "theme")
    sentences = [f"The investigation considered {considered} under {grouped}.", *_results(report.counts)]
    if report.out_of_scope:
        sentences.append(f"{_number(len(report.out_of_scope), 'further allegation')} lay outside its scope.")
    return " ".join(sentences)


def _results(counts: OutcomeCounts) -> Iterator[str]:
    """Yield a sentence for each outcome that there is. "Upheld: 8", since "8 were upheld" would need a plural."""
    named = (
        ("Upheld", counts.upheld),
        ("Partly upheld", counts.partly_upheld),
        ("Not upheld", counts.not_upheld),
        ("No view could be formed", counts.no_view),
    )
    yield from (f"{name}: {number}." for name, number in named if number)


def _number(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _one(text: str) -> str:
    """Return the text in the form in which redactions count its characters."""
    return unicodedata.normalize("NFC", text)
