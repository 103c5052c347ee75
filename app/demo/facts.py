"""Reads the facts of the case from southampton.json. It knows no service and no invented person."""

import json
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

FACTS: dict[str, Any] = json.loads((files("app.demo") / "southampton.json").read_text(encoding="utf-8"))
"""The whole file, as it stands."""


@dataclass(frozen=True)
class AllegationFacts:
    """One allegation, what was found on it, and what the finding rests on."""

    label: str
    paragraphs: tuple[str, ...]
    statement: str
    outcome: str
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class ThemeFacts:
    """One theme and its allegations."""

    label: str
    title: str
    allegations: tuple[AllegationFacts, ...]


THEMES = tuple(
    ThemeFacts(
        str(theme["number"]),
        theme["title"],
        tuple(
            AllegationFacts(
                one["number"], tuple(one["paragraphs"]), one["statement"], one["outcome"], tuple(one["evidence"])
            )
            for one in theme["allegations"]
        ),
    )
    for theme in FACTS["themes"]
)
"""The themes in the order of the public learning report."""

ALLEGATIONS = tuple(allegation for theme in THEMES for allegation in theme.allegations)
"""All allegations, theme after theme."""


def in_words(day: str) -> str:
    """Return an ISO date as prose says it: "27 January 2020"; a month alone as "May 2020"."""
    if day.count("-") == 1:
        return f"{date.fromisoformat(day + '-01'):%B %Y}"
    when = date.fromisoformat(day)
    return f"{when.day} {when:%B %Y}"
