"""Many surfaces are looked for at once, and what is found is what one would find by looking for each in turn."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.detection.folding import Folded, Lexicon, Taken, fold, fold_capitals, squeeze
from app.learning.leaks import KnownSurface, check
from app.learning.redaction import Redaction, RedactionKind, Span, apply, missed_occurrences
from app.learning.residues import Slips

Place = tuple[str, int, int, int]
words = st.text("ab\u00e9 -.'", max_size=40)
surfaces_of_words = st.sets(st.text("abe", max_size=7), max_size=12)


def one_by_one(surfaces: set[str], texts: list[Folded], taken: Taken) -> list[Place]:
    """Return what stands where by the definition: from each word on, the longest surface that ends with a word and is free."""
    found: list[Place] = []
    for number, text in enumerate(texts):
        for at in text.words:
            standing = [surface for surface in surfaces if surface and text.letters[at:].startswith(surface)]
            for surface in sorted(standing, key=len, reverse=True):
                end = at + len(surface)
                place = (number, text.offsets[at], text.offsets[end - 1] + 1)
                if end in text.ends and taken.is_free(*place):
                    taken.take(*place)
                    found.append((surface, *place))
                    break
    return found


@given(surfaces_of_words, st.lists(words, max_size=3), st.lists(st.tuples(st.integers(0, 39), st.integers(0, 9))))
def test_what_is_found_at_once_is_what_is_found_one_by_one(
    surfaces: set[str], paragraphs: list[str], holes: list[tuple[int, int]]
) -> None:
    taken, again = (Taken([len(text) for text in paragraphs]) for _ in range(2))
    for start, length in holes:
        for each in (taken, again):
            for number, text in enumerate(paragraphs):
                each.take(number, min(start, len(text)), min(start + length, len(text)))
    folded = [fold(text) for text in paragraphs]
    assert list(Lexicon(surfaces).occurrences(folded, taken)) == one_by_one(surfaces, folded, again)


@given(surfaces_of_words, words)
def test_afterwards_no_surface_stands_anywhere_that_is_free(surfaces: set[str], text: str) -> None:
    taken, folded = Taken([len(text)]), fold(text)
    found = list(Lexicon(surfaces).occurrences([folded], taken))
    for surface in surfaces - {""}:
        for start, end in folded.occurrences(surface):
            assert not taken.is_free(0, start, end)
    assert all(squeeze(text[start:end]) == surface for surface, _, start, end in found)


def test_of_surfaces_that_begin_alike_the_longest_that_is_free_stands() -> None:
    text = "Anna Rowe Hale Anna Rowe Anna"
    taken = Taken([len(text)])
    taken.take(0, 10, 14)
    lexicon = Lexicon(["anna", "annarowe", "annarowehale", "rowe"])
    assert [text[start:end] for _, _, start, end in lexicon.occurrences([fold(text)], taken)] == [
        "Anna Rowe",
        "Anna Rowe",
        "Anna",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("said M.N. and M N, MN", ["M.N", "M N", "MN"]),
        ("J M N", ["M N"]),
        ("M and N, M, N; M . N; M-N; MNO; M1 N", []),
        ("M.Newsam", []),
    ],
)
def test_initials_stand_in_capitals_with_a_stop_and_a_blank_between_them_at_most(text: str, found: list[str]) -> None:
    places = Lexicon(["MN"]).occurrences([fold_capitals(text)], Taken([len(text)]))
    assert [text[start:end] for _, _, start, end in places] == found


def is_within_one_slip(one: str, other: str) -> bool:
    """Tell it by the definition: the restricted Damerau-Levenshtein distance is at most one."""
    short, long = sorted((one, other), key=len)
    at = next((place for place, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(long) - len(short) > 1:
        return False
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    return short[at + 1 :] == long[at + 1 :] or (
        short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
    )


@given(st.sets(st.text("abc", min_size=1, max_size=6), max_size=5), st.text("abc", max_size=7))
def test_a_word_is_held_against_all_names_at_once_as_against_each(names: set[str], word: str) -> None:
    assert Slips(names).make(word) is any(is_within_one_slip(name, word) for name in names)


def test_a_thousand_surfaces_in_a_long_text_are_all_found_and_nothing_else() -> None:
    chance = Random(1)  # noqa: S311 an example
    names = ["".join(chance.choices("bcdfghklmnprst", k=9)).title() for _ in range(1_000)]
    paragraphs = [
        " and ".join(f"{name} met {name}" for name in names[at : at + 100]) for at in range(0, len(names), 100)
    ]
    redactions = [
        Redaction(Span(number, start, start + 9), RedactionKind.PERSON, "", f"Person {number} {start}")
        for number, text in enumerate(paragraphs)
        for start in range(0, len(text), 28)
    ]
    assert len(redactions) == len(names)
    missed = missed_occurrences(paragraphs, redactions)
    assert [(one.span.paragraph, one.span.start) for one in missed] == [
        (one.span.paragraph, one.span.start + 14) for one in redactions
    ]
    leaks = check(apply(paragraphs, redactions), paragraphs, redactions)
    assert [leak.check for leak in leaks] == ["surface"] * len(names)
    everything = [*redactions, *missed]
    known = [KnownSurface(RedactionKind.PERSON, name) for name in names]
    assert check(apply(paragraphs, everything), paragraphs, everything, known) == []


def test_surfaces_that_hold_each_other_are_found_the_longest_first() -> None:
    text = " ".join(["a"] * 5_000)
    redactions = [
        Redaction(Span(0, start, start + 2 * length - 1), RedactionKind.OTHER, "", "b" * length)
        for length, start in ((length, 2 * length * (length - 1)) for length in range(1, 30))
    ]
    missed = missed_occurrences([text], redactions)
    assert missed_occurrences([text], [*redactions, *missed]) == []
    assert max(one.span.end - one.span.start for one in missed) == 57
    assert "a" not in apply([text], [*redactions, *missed])[0]
