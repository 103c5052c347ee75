"""Redactions hide what they cover and touch nothing else, whatever the text and whatever the order."""

from datetime import date
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.detection.folding import fold, key, squeeze
from app.detection.names import initials, name_parts, without_possessive
from app.detection.vague_dates import DatePrecision, generalise_date
from app.learning.redaction import (
    InconsistentReplacement,
    Mention,
    OverlappingRedactions,
    Redaction,
    RedactionKind,
    RedactionRefused,
    ReplacementRepeatsOriginal,
    Span,
    SpanOutOfRange,
    apply,
    missed_occurrences,
    propose_pseudonyms,
)


def redact(
    paragraphs: list[str], surface: str, replacement: str, kind: RedactionKind = RedactionKind.PERSON, nth: int = 0
) -> Redaction:
    """Return the redaction of the nth place where the surface stands."""
    places = [
        Span(number, start, start + len(surface))
        for number, text in enumerate(paragraphs)
        for start in range(len(text))
        if text.startswith(surface, start)
    ]
    return Redaction(places[nth], kind, "identifies a witness", replacement)


def mention(paragraphs: list[str], surface: str, role: str, nth: int = 0) -> Mention:
    return Mention(redact(paragraphs, surface, "x", nth=nth).span, role)


@st.composite
def redacted_texts(draw: st.DrawFn) -> tuple[list[str], list[Redaction]]:
    """Draw paragraphs of lower-case letters with redactions whose replacements are of digits, so that none repeats."""
    paragraphs = draw(st.lists(st.text("abcd é", min_size=1, max_size=40), min_size=1, max_size=4))
    agreed: dict[str, str] = {}
    redactions = []
    for number, text in enumerate(paragraphs):
        cuts = draw(st.sets(st.integers(0, len(text)), max_size=8))
        for start, end in list(pairwise(sorted(cuts)))[::2]:
            replacement = agreed.setdefault(key(text[start:end]), draw(st.text("123", min_size=1, max_size=6)))
            redactions.append(Redaction(Span(number, start, end), RedactionKind.OTHER, "", replacement))
    return paragraphs, redactions


@given(redacted_texts())
def test_outside_the_spans_no_character_changes(example: tuple[list[str], list[Redaction]]) -> None:
    paragraphs, redactions = example
    for number, text in enumerate(apply(paragraphs, redactions)):
        here = sorted((r for r in redactions if r.span.paragraph == number), key=lambda r: r.span)
        edges = [0, *(edge for r in here for edge in (r.span.start, r.span.end)), len(paragraphs[number])]
        kept = [paragraphs[number][start:end] for start, end in list(pairwise(edges))[::2]]
        expected = kept[0] + "".join(r.replacement + after for r, after in zip(here, kept[1:], strict=True))
        assert text == expected


@given(redacted_texts(), st.randoms())
def test_the_order_of_the_redactions_makes_no_difference(
    example: tuple[list[str], list[Redaction]], chance: Random
) -> None:
    paragraphs, redactions = example
    shuffled = list(redactions)
    chance.shuffle(shuffled)
    assert apply(paragraphs, shuffled) == apply(paragraphs, redactions)


@given(redacted_texts())
def test_no_surface_stands_anywhere_once_the_missed_ones_are_redacted_too(
    example: tuple[list[str], list[Redaction]],
) -> None:
    paragraphs, redactions = example
    complete = [*redactions, *missed_occurrences(paragraphs, redactions)]
    assert missed_occurrences(paragraphs, complete) == []
    left = [fold(text) for text in apply(paragraphs, complete)]
    for redaction in redactions:
        surface = paragraphs[redaction.span.paragraph][redaction.span.start : redaction.span.end]
        assert [at for text in left for at in text.occurrences(squeeze(surface))] == []


@given(st.lists(st.text(max_size=30), max_size=3))
def test_a_text_without_redactions_stays_as_it_is(paragraphs: list[str]) -> None:
    assert apply(paragraphs, []) == paragraphs


@given(st.text(min_size=1, max_size=30))
def test_a_folded_text_finds_itself_where_it_stands(text: str) -> None:
    wanted = squeeze(text)
    found = list(fold(f"- {text} -").occurrences(wanted))
    assert (len(found) == 1 and found[0][0] >= 2) if wanted else found == []


def test_redactions_of_neighbouring_characters_do_not_disturb_each_other() -> None:
    text = ["Anna Rowe told Malik Shah."]
    redactions = [redact(text, "Malik Shah", "Manager B"), redact(text, "Anna Rowe", "Manager A")]
    assert apply(text, redactions) == ["Manager A told Manager B."]
    touching = [
        Redaction(Span(0, 0, 4), RedactionKind.OTHER, "", "x"),
        Redaction(Span(0, 4, 9), RedactionKind.OTHER, "", "y"),
    ]
    assert apply(text, touching) == ["xy told Malik Shah."]


def test_a_replacement_may_start_a_sentence_with_a_capital() -> None:
    text = ["On 27 January 2020 it began, and on 27 January 2020 it ended."]
    redactions = [
        redact(text, "On 27 January 2020", "In early 2020", RedactionKind.DATE),
        redact(text, "on 27 January 2020", "in early 2020", RedactionKind.DATE),
    ]
    assert apply(text, redactions) == ["In early 2020 it began, and in early 2020 it ended."]


@pytest.mark.parametrize(
    "span", [Span(1, 0, 1), Span(-1, 0, 1), Span(0, -1, 2), Span(0, 2, 2), Span(0, 3, 1), Span(0, 0, 99)]
)
def test_a_span_that_covers_nothing_of_the_text_is_refused(span: Span) -> None:
    fine = Redaction(Span(0, 0, 1), RedactionKind.OTHER, "", "x")
    wrong = Redaction(span, RedactionKind.OTHER, "", "x")
    for refuse in (apply, missed_occurrences):
        with pytest.raises(SpanOutOfRange) as refused:
            refuse(["secret"], [fine, wrong])
        assert refused.value.index == 1
    with pytest.raises(SpanOutOfRange):
        propose_pseudonyms(["secret"], [Mention(span, "manager")])


def test_two_redactions_of_one_character_are_refused() -> None:
    first, second = (Redaction(Span(0, start, start + 3), RedactionKind.OTHER, "", "x") for start in (2, 0))
    with pytest.raises(OverlappingRedactions):
        apply(["secret"], [first, second])


def test_one_person_may_not_have_two_pseudonyms() -> None:
    text = ["Mary-Anne Rowe said what MARY ANNE ROWE wrote."]
    redactions = [redact(text, "Mary-Anne Rowe", "Manager A"), redact(text, "MARY ANNE ROWE", "Manager B")]
    with pytest.raises(InconsistentReplacement) as refused:
        apply(text, redactions)
    assert refused.value.index == 1


def test_the_same_word_may_be_a_person_here_and_an_organisation_there() -> None:
    text = ["Rowe left Rowe."]
    redactions = [redact(text, "Rowe", "Manager A"), redact(text, "Rowe", "a firm", RedactionKind.ORGANISATION, nth=1)]
    assert apply(text, redactions) == ["Manager A left a firm."]


@pytest.mark.parametrize("replacement", ["ROWE", "Manager Rowe", "the Rowe team", "R.o.w.e"])
def test_a_replacement_that_says_the_original_again_is_refused(replacement: str) -> None:
    with pytest.raises(ReplacementRepeatsOriginal):
        apply(["Rowe left."], [Redaction(Span(0, 0, 4), RedactionKind.PERSON, "", replacement)])


def test_letters_of_the_original_within_another_word_do_not_repeat_it() -> None:
    assert apply(["he left"], [Redaction(Span(0, 0, 2), RedactionKind.OTHER, "", "they")]) == ["they left"]


def test_signs_alone_may_be_redacted_but_not_by_themselves() -> None:
    assert apply(["a \u2014 b"], [Redaction(Span(0, 2, 3), RedactionKind.OTHER, "", "to")]) == ["a to b"]
    with pytest.raises(ReplacementRepeatsOriginal):
        apply(["a \u2014 b"], [Redaction(Span(0, 2, 3), RedactionKind.OTHER, "", "\u2014")])


@pytest.mark.parametrize("refusal", RedactionRefused.__subclasses__())
def test_no_refusal_and_no_redaction_prints_what_it_is_about(refusal: type[RedactionRefused]) -> None:
    assert str(refusal(3)) == f"{refusal.__name__}: redaction 3"
    assert refusal.__doc__
    shown = repr(Redaction(Span(0, 0, 1), RedactionKind.PERSON, "because Rowe", "not Rowe"))
    assert "Rowe" not in shown


def test_missed_occurrences_are_found_in_other_writings_and_take_the_same_replacement() -> None:
    text = ["Anna Rowe spoke.", "Then ANNA\u00a0ROWE and Anna-Rowe, and Annabel Rowena, and A\u00adnna Rowe's team."]
    missed = missed_occurrences(text, [redact(text, "Anna Rowe", "Manager A")])
    assert [text[m.span.paragraph][m.span.start : m.span.end] for m in missed] == [
        "ANNA\u00a0ROWE",
        "Anna-Rowe",
        "A\u00adnna Rowe",
    ]
    assert {(m.kind, m.replacement, m.reason) for m in missed} == {
        (RedactionKind.PERSON, "Manager A", "identifies a witness")
    }


def test_of_missed_occurrences_the_longest_surface_goes_first() -> None:
    text = ["Rowe. Anna Rowe. Anna Rowe and Rowe."]
    redactions = [redact(text, "Rowe", "Manager A"), redact(text, "Anna Rowe", "Manager A")]
    missed = missed_occurrences(text, redactions)
    assert [text[0][m.span.start : m.span.end] for m in missed] == ["Anna Rowe", "Rowe"]


def test_pseudonyms_follow_the_order_of_appearance_and_stay_with_the_person() -> None:
    text = ["Anna Rowe met Malik Shah.", "Ms Rowe wrote to Malik Shah's nurse Jo Hill; ROWE signed."]
    mentions = [
        mention(text, "ROWE", "manager"),
        mention(text, "Malik Shah", "manager"),
        mention(text, "Anna Rowe", "manager"),
        mention(text, "Ms Rowe", "manager"),
        mention(text, "Malik Shah's", "manager"),
        mention(text, "Jo Hill", "nurse "),
    ]
    assert propose_pseudonyms(text, mentions) == [
        "Manager A",
        "Manager B",
        "Manager A",
        "Manager A",
        "Manager B's",
        "Nurse A",
    ]


def test_a_surname_that_two_people_share_is_not_given_to_either() -> None:
    text = ["Anna Rowe, John Rowe, Rowe, Rowe"]
    mentions = [mention(text, name, "manager") for name in ("Anna Rowe", "John Rowe")]
    mentions += [mention(text, "Rowe", "manager", nth=2), mention(text, "Rowe", "manager", nth=3)]
    assert propose_pseudonyms(text, mentions) == ["Manager A", "Manager B", "Manager C", "Manager C"]


def test_those_who_are_named_by_what_they_do_are_told_apart_by_their_words() -> None:
    text = ["The nurse told the teacher what the nurse saw."]
    mentions = [mention(text, "The nurse", "worker"), mention(text, "the teacher", "worker")]
    mentions.append(mention(text, "the nurse", "worker"))
    assert propose_pseudonyms(text, mentions) == ["Worker A", "Worker B", "Worker A"]


def test_after_z_pseudonyms_go_on_with_two_letters() -> None:
    names = [f"{first}{second}x" for first in "BCDFGH" for second in "aeiou"]
    text = [" ".join(names)]
    proposed = propose_pseudonyms(text, [mention(text, name, "manager") for name in names])
    assert proposed[25:28] == ["Manager Z", "Manager AA", "Manager AB"]
    assert len(set(proposed)) == len(names)


@pytest.mark.parametrize(
    ("day", "precision", "phrase"),
    [
        (date(2020, 1, 27), DatePrecision.MONTH, "in January 2020"),
        (date(2019, 4, 30), DatePrecision.PART_OF_YEAR, "in early 2019"),
        (date(2019, 5, 1), DatePrecision.PART_OF_YEAR, "in mid 2019"),
        (date(2019, 8, 31), DatePrecision.PART_OF_YEAR, "in mid 2019"),
        (date(2019, 9, 1), DatePrecision.PART_OF_YEAR, "in late 2019"),
        (date(2019, 12, 31), DatePrecision.YEAR, "in 2019"),
    ],
)
def test_a_date_says_no_more_than_its_precision_allows(day: date, precision: DatePrecision, phrase: str) -> None:
    assert generalise_date(day, precision) == phrase


@given(st.dates(min_value=date(1900, 1, 1)), st.sampled_from(DatePrecision))
def test_all_days_of_a_month_are_generalised_alike(day: date, precision: DatePrecision) -> None:
    assert generalise_date(day, precision) == generalise_date(day.replace(day=1), precision)


@pytest.mark.parametrize(
    ("name", "parts", "letters"),
    [
        ("Malcolm Newsam", ["Malcolm", "Newsam"], {"MN"}),
        ("Councillor J. Taggart", ["Taggart"], {"JT"}),
        ("Service Manager Anna Rowe", ["Anna", "Rowe"], {"AR"}),
        ("Anna Rowe, Service Manager", ["Anna", "Rowe"], {"AR"}),
        ("Anna Maria van der Berg", ["Anna", "Maria", "Berg"], {"AMB", "AB"}),
        ("Jean O\u2019Brien-Smith's", ["Jean", "O\u2019Brien", "Smith"], {"JOS", "JS"}),
        ("sue from finance", ["sue", "from", "finance"], {"SFF", "SF"}),
        ("Sue from Finance", ["Sue", "Finance"], {"SF"}),
        ("Newsam", ["Newsam"], set()),
        ("the deputy chief executive", [], set()),
        ("she", [], set()),
        ("", [], set()),
    ],
)
def test_the_parts_of_a_name_are_neither_titles_nor_duties(name: str, parts: list[str], letters: set[str]) -> None:
    assert name_parts(name) == parts
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("surface", "bare"), [("Rowe's", "Rowe"), ("Jones\u2019", "Jones"), ("Rowe", "Rowe"), ("'s", "'s")]
)
def test_a_possessive_is_told_from_a_name(surface: str, bare: str) -> None:
    assert without_possessive(surface) == bare


@pytest.mark.parametrize(
    "written", ["Zo\u00eb Stra\u00dfe", "ZOE STRASSE", "zo\u200be-strasse", "\uff3a\uff4f\uff45 Stra\u00dfe"]
)
def test_a_name_is_the_same_in_capitals_without_accents_and_with_invisible_characters(written: str) -> None:
    assert squeeze(written) == "zoestrasse"
    found = list(fold(f"({written})").occurrences("zoestrasse"))
    assert found == [(1, 1 + len(written))]
