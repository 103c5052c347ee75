"""A release as a page that anybody can read: with a screen reader, on a small screen, on paper. No script, nothing from elsewhere."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from importlib.resources import files
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from app.detection.vague_dates import MONTHS
from app.findings.outcomes import NoViewReason, Outcome
from app.learning.release import ReleaseContent, ReleasedParagraph
from app.reports.content import OutcomeCounts

OUTCOMES = {
    Outcome.UPHELD: "Upheld",
    Outcome.PARTLY_UPHELD: "Partly upheld",
    Outcome.NOT_UPHELD: "Not upheld",
    Outcome.NO_VIEW: "No view formed",
}
_REASONS = {
    NoViewReason.INSUFFICIENT_EVIDENCE: "insufficient evidence",
    NoViewReason.OUT_OF_SCOPE: "out of scope",
    NoViewReason.WITHDRAWN: "allegation withdrawn",
}
_STYLE = (files("app.learning") / "templates" / "release.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content security policy of the page: its own style, by its hash, and nothing else."""
_ENVIRONMENT = Environment(
    loader=PackageLoader("app.learning"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class _Passage:
    """A paragraph as it is laid out. One that gives a finding is headed by its first line."""

    heading: str | None
    verdict: str | None
    outcome: Outcome | None
    lines: Sequence[str]


def page(content: ReleaseContent, number: int, released_on: date, content_hash: bytes) -> str:
    """Return the whole page of a release."""
    sections = groupby(content.paragraphs, key=lambda paragraph: paragraph.section)
    return _ENVIRONMENT.get_template("release.html").render(
        style=Markup(_STYLE),  # noqa: S704 our own file
        content=content,
        number=number,
        released_on=released_on,
        released_in_words=f"{released_on.day} {MONTHS[released_on.month - 1]} {released_on.year}",
        content_hash=content_hash.hex(),
        columns=_columns(content.counts),
        rows=content.findings,
        sections=[(title, [_passage(paragraph) for paragraph in paragraphs]) for title, paragraphs in sections],
    )


def _columns(counts: OutcomeCounts) -> list[tuple[Outcome, str]]:
    """Return the columns of the table: a part of an allegation being upheld is rare, and has a column only where it occurs."""
    return [
        (outcome, name)
        for outcome, name in OUTCOMES.items()
        if outcome != Outcome.PARTLY_UPHELD or counts.partly_upheld
    ]


def _passage(paragraph: ReleasedParagraph) -> _Passage:
    lines = [line.strip() for line in paragraph.text.split("\n") if line.strip()]
    if paragraph.outcome is None:
        return _Passage(None, None, None, lines)
    verdict = OUTCOMES[paragraph.outcome]
    if paragraph.no_view_reason is not None:
        verdict = f"{verdict}: {_REASONS[paragraph.no_view_reason]}"
    return _Passage(lines[0], verdict, paragraph.outcome, lines[1:])
