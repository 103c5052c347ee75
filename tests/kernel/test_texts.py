"""Texts from outside are kept in one form, within their bounds, and without what no person types."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from app.crypto.texts import LINE_LENGTH, tidy_line, tidy_lines
from app.kernel.texts import LABEL_LENGTH, PROSE_LENGTH, STATEMENT_LENGTH, Label, Line, Prose, Statement

LABEL, LINE, STATEMENT, PROSE = (TypeAdapter[str](kind) for kind in (Label, Line, Statement, Prose))
EVERY = [(LABEL, LABEL_LENGTH), (LINE, LINE_LENGTH), (STATEMENT, STATEMENT_LENGTH), (PROSE, PROSE_LENGTH)]


class Draft(BaseModel):
    """As schemas use the types."""

    title: Line = Field(description="What it is about.")
    narrative: Prose | None = None
    labels: list[Label] = []


@pytest.mark.parametrize(("kind", "longest"), EVERY)
def test_a_text_has_from_one_character_to_its_bound(kind: TypeAdapter[str], longest: int) -> None:
    assert kind.validate_python("x" * longest) == "x" * longest
    for bad in ("", " ", "\u00a0\u2003", "x" * (longest + 1)):
        with pytest.raises(ValidationError):
            kind.validate_python(bad)


@pytest.mark.parametrize(("kind", "longest"), EVERY)
def test_a_text_that_normalising_lengthens_over_its_bound_is_refused(kind: TypeAdapter[str], longest: int) -> None:
    assert len(unicodedata.normalize("NFC", "\u0958")) == 2
    with pytest.raises(ValidationError, match=f"at most {longest} characters"):
        kind.validate_python("\u0958" * longest)


@pytest.mark.parametrize(("kind", "longest"), EVERY)
@pytest.mark.parametrize("character", [*map(chr, range(9)), "\x0b", "\x0c", "\x0e", "\x1b", "\x7f", "\x85", "\x9f"])
def test_no_text_holds_a_control_character(kind: TypeAdapter[str], longest: int, character: str) -> None:
    with pytest.raises(ValidationError, match="control characters"):
        kind.validate_python(f"a{character}b")


@pytest.mark.parametrize("kind", [LABEL, LINE])
@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\r\nb", "a\rb"])
def test_a_line_is_one_line(kind: TypeAdapter[str], text: str) -> None:
    with pytest.raises(ValidationError):
        kind.validate_python(text)


@pytest.mark.parametrize("kind", [STATEMENT, PROSE])
def test_lines_end_alike_whatever_machine_typed_them(kind: TypeAdapter[str]) -> None:
    assert kind.validate_python("\r\none\r\n\ttwo\rthree\n\n") == "one\n\ttwo\nthree"


def test_what_looks_the_same_is_the_same() -> None:
    assert LINE.validate_python(" Ame\u0301lie ") == LINE.validate_python("Am\u00e9lie") == "Am\u00e9lie"


def test_half_a_character_is_refused() -> None:
    with pytest.raises(ValidationError):
        PROSE.validate_json('"\\ud800"')


@given(st.text(max_size=60))
def test_a_kept_text_is_kept_unchanged_when_it_comes_again(text: str) -> None:
    for tidy in (tidy_line, tidy_lines):
        try:
            kept = tidy(text, 40)
        except ValueError:
            continue
        assert tidy(kept, 40) == kept
        assert 1 <= len(kept) <= 40


@given(st.text(min_size=1, max_size=20))
@example("\u00ad")
@example("\u200b \ufeff")
@example("a\u00ad")
def test_openapi_says_which_texts_are_taken(text: str) -> None:
    """But for how normalising changes the length, which a pattern cannot say."""
    properties = Draft.model_json_schema()["properties"]
    patterns = (properties["title"]["pattern"], properties["narrative"]["anyOf"][0]["pattern"])
    for kind, pattern in zip((LINE, PROSE), patterns, strict=True):
        try:
            kind.validate_python(text)
        except ValidationError:
            taken = False
        else:
            taken = True
        assert taken == (re.fullmatch(pattern, text) is not None)


def test_openapi_says_the_bounds() -> None:
    properties = Draft.model_json_schema()["properties"]
    assert (properties["title"]["minLength"], properties["title"]["maxLength"]) == (1, LINE_LENGTH)
    assert properties["narrative"]["anyOf"][0]["maxLength"] == PROSE_LENGTH
    assert properties["labels"]["items"]["maxLength"] == LABEL_LENGTH
