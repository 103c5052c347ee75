"""The catalogues: every sentence in every language, with the same places, each of them used, and none written into a template."""

import re
from pathlib import Path
from string import Formatter

import pytest

from app import main, reporter_face
from app.cases.lifecycle import CaseState
from app.duties.profiles import PROFILES, DutyKind
from app.findings.outcomes import NoViewReason, Outcome
from app.inbox.detriment_schemas import Faring, Since
from app.inbox.models import Side
from app.inbox.outcomes import OUTCOME_IN_WORDS, STANDING_IN_WORDS, Standing
from app.intake.categories import Relation
from app.intake.models import Confidentiality
from app.intake.status import IN_WORDS
from app.kernel.problems import Problem
from app.policy.actors import Capacity
from app.portal import offers, words
from app.portal.languages import Language, preferred
from app.vault.opening_models import OpeningState

__all__ = ["main", "reporter_face"]
PORTAL = Path(words.__file__).parent
TEMPLATES = {
    path.relative_to(PORTAL / "templates").as_posix(): path.read_text("utf-8")
    for path in PORTAL.glob("templates/**/*.html")
}
CODE = {path.name: path.read_text("utf-8") for path in PORTAL.glob("*.py")}
MADE_UP = {
    *(f"month.{number}" for number in range(1, 13)),
    *(f"status.{state.value}" for state in IN_WORDS),
    *(f"capacity.{capacity.value}" for capacity in Capacity),
    *(f"opening.{state.value}" for state in OpeningState),
    *(f"form.{one.value}{ending}" for one in Confidentiality for ending in ("", "_hint")),
    "sign_in.closed",
    *(offers.name_of_term(term) for rules in PROFILES.values() for term in (rules.acknowledge, rules.feed_back)),
    *(f"relation.{relation.value}" for relation in Relation),
    *(f"before.{name}{ending}" for name in ("qualifying", "others") for ending in ("", "_hint")),
    *("support.changed", "support.withdrawn", "support.unknown"),
    *(f"duty.{kind.value}" for kind in DutyKind),
    *(f"standing.{standing.value}" for standing in Standing),
    *(f"outcome.{one.value}" for one in (*Outcome, *NoViewReason) if one is not Outcome.NO_VIEW),
    *(f"side.{side.value}" for side in Side),
    *(f"identity.is_{one.value}" for one in Confidentiality),
    *(f"detriment.is_{one.value}" for one in Faring),
    *(f"detriment.answer_{one.value}{ending}" for one in Faring for ending in ("", "_hint")),
    *(f"detriment.since_{one.value}" for one in Since),
}
"""Names that templates put together."""


def places(text: str) -> set[str | None]:
    """Return the places of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_text_is_in_every_language_with_the_same_places() -> None:
    english, welsh = words.of(Language.ENGLISH), words.of(Language.WELSH)
    assert list(english) == list(welsh)
    assert len(list(english)) > 150
    for name in english:
        assert places(english.raw(name)) == places(welsh.raw(name)), name


def test_no_text_was_left_untranslated_or_empty() -> None:
    english, welsh = words.of(Language.ENGLISH), words.of(Language.WELSH)
    assert [name for name in english if english.raw(name) == welsh.raw(name)] == []
    assert [name for texts in (english, welsh) for name in texts if not texts.raw(name).strip()] == []


def test_every_text_that_a_page_takes_is_there_and_every_text_is_taken() -> None:
    source = "\n".join((*TEMPLATES.values(), *CODE.values()))
    taken = set(re.findall(r"\bt\(['\"]([a-z_.]+)['\"][,)]", source)) | MADE_UP
    texts = set(words.of(Language.ENGLISH))
    assert taken - texts == set()
    assert {name for name in texts - taken if not name.startswith(("error.", "problem."))} == set()


def test_what_is_told_of_a_case_is_what_the_api_tells() -> None:
    assert {state: words.of(Language.ENGLISH)(f"status.{state.value}") for state in IN_WORDS} == IN_WORDS
    assert set(IN_WORDS) <= set(CaseState)


def test_what_became_of_a_point_is_what_the_api_tells() -> None:
    t = words.of(Language.ENGLISH)
    assert {one: t(f"standing.{one.value}") for one in STANDING_IN_WORDS} == STANDING_IN_WORDS
    assert {found: t(f"outcome.{(found[1] or found[0]).value}") for found in OUTCOME_IN_WORDS} == OUTCOME_IN_WORDS


def test_every_problem_that_is_worded_exists() -> None:
    worded = {name.split(".")[1] for name in words.of(Language.ENGLISH) if name.count(".") == 2 and "problem." in name}
    assert worded - {kind.slug() for kind in Problem.all()} == {"other"}


@pytest.mark.parametrize("name", sorted(set(TEMPLATES) - {"fields.html"}))  # attributes stand there by themselves
def test_no_sentence_stands_in_a_template(name: str) -> None:
    source = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", TEMPLATES[name], flags=re.DOTALL)
    assert re.findall(r"[A-Za-z]{2,}", source) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_holds_a_script_a_style_or_an_address_elsewhere(name: str) -> None:
    assert re.findall(r"<script|<style|\sstyle=|\son[a-z]+=|//|javascript:|\|safe", TEMPLATES[name]) == []


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"), ("cy", "cy"), ("cy-GB,cy;q=0.9,en;q=0.8", "cy"), ("en-US,en;q=0.5", "en"), ("en;q=0.4, cy;q=0.7", "cy"),
        ("de,fr", "en"), ("cy;q=x", "en"), ("cy;q=0", "en"), ("*", "en"), (";;,,q=", "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_one_that_the_browser_prefers(header: str, language: str) -> None:
    assert preferred(header) == language


def test_a_place_that_is_not_given_is_a_defect() -> None:
    with pytest.raises(KeyError):
        words.of(Language.WELSH)("form.point")
