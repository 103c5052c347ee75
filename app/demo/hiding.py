"""What a reader must redact because no detector can know it, and the spans that follow. It knows no service."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Named:
    """Somebody who is named, and the role noun under which they may appear instead."""

    name: str
    role: str
    reason: str


@dataclass(frozen=True)
class Hidden:
    """Words that must not leave, why, and what stands in their place wherever they occur."""

    words: str
    type: str
    reason: str
    replacement: str


_ACCUSED = "Names a manager who is accused."
_FEW = "So few that colleagues would know who they are."

NAMED = (
    Named("Derek Halloway", "manager", _ACCUSED),
    Named("Mr Halloway", "manager", _ACCUSED),
    Named("Lorna Prynne", "manager", _ACCUSED),
    Named("Victor Amsel", "consultant", "Names a consultant whose conduct was examined."),
)
"""Who is named in the report. The service gives each one replacement throughout, such as "Manager A"."""

HIDDEN = (
    Hidden("One example of a requested amendment", "small_count", _FEW, "A requested amendment"),
    Hidden("A few staff", "small_count", _FEW, "Some staff"),
    Hidden("The one case named", "small_count", _FEW, "What was named"),
    Hidden("Two middle managers were", "small_count", _FEW, "Some middle managers were"),
    Hidden("two interviewees", "small_count", _FEW, "a small part of those interviewed"),
    Hidden("from 18 November 2019 to 29 November 2019", "date", "The days can be matched with rotas.", "in late 2019"),
)
"""What else the reader of the draft marks by hand."""


def mentions(paragraphs: Sequence[str]) -> list[dict[str, Any]]:
    """Return every place where somebody is named, with the role noun."""
    return [span | {"role": named.role} for named in NAMED for span in _places(paragraphs, named.name)]


def redactions(paragraphs: Sequence[str], suggested: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the redactions of a draft: who is named, what is hidden by hand, and what detectors suggest besides.

    `suggested` is what the service answered to the mentions: a pseudonym for each, and what its detectors found.
    """
    reasons = [named.reason for named in NAMED for _ in _places(paragraphs, named.name)]
    marked = [
        {name: mention[name] for name in ("paragraph", "start", "end")}
        | {"type": "person", "reason": reason, "replacement": pseudonym}
        for mention, reason, pseudonym in zip(mentions(paragraphs), reasons, suggested["pseudonyms"], strict=True)
    ]
    marked += [
        span | {"type": hidden.type, "reason": hidden.reason, "replacement": hidden.replacement}
        for hidden in HIDDEN
        for span in _places(paragraphs, hidden.words)
    ]
    marked += [
        found["redaction"]
        for found in suggested["suggestions"]
        if not any(_overlap(found["redaction"], one) for one in marked)
    ]
    return sorted(marked, key=lambda one: (one["paragraph"], one["start"]))


def _places(paragraphs: Sequence[str], words: str) -> Iterator[dict[str, Any]]:
    for number, text in enumerate(paragraphs):
        for match in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", text):
            yield {"paragraph": number, "start": match.start(), "end": match.end()}


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    same: bool = one["paragraph"] == other["paragraph"]
    return same and one["start"] < other["end"] and other["start"] < one["end"]
