"""Detectors find what has a shape, propose a wording, and are not lured by what only looks like it."""

from collections.abc import Callable, Iterator
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.detection import dates, patterns
from app.learning.detectors import DETECTORS, Suggestion, suggest, without_overlaps
from app.learning.redaction import RedactionKind, Span


def found(text: str) -> list[tuple[str, str]]:
    """Return what is suggested as pairs of detector and surface."""
    return [(s.detector, text[s.span.start : s.span.end]) for s in suggest([text])]


@pytest.mark.parametrize(
    ("text", "surface"),
    [
        ("Write to jane.smith@council.gov.uk.", "jane.smith@council.gov.uk"),
        ("<jane+x@a.example>", "jane+x@a.example"),
        ("O'Brien@nhs.net wrote", "O'Brien@nhs.net"),
        ("at jane@intranet or later", "jane@intranet"),
        ("jane@council.local, jim@localhost", "jane@council.local"),
        ("jane..smith@council.gov.uk", "smith@council.gov.uk"),
        ("mailto:jane@council.test?subject=x", "jane@council.test"),
        ("j\u00f6rg@b\u00fccher.example", "j\u00f6rg@b\u00fccher.example"),
    ],
)
def test_email_addresses_are_found(text: str, surface: str) -> None:
    assert ("email-address", surface) in found(text)


@pytest.mark.parametrize("text", ["at 5 pm @ the office", "@unite", "jane@", "a@-b.uk", "x@a_b.uk and so on"])
def test_what_no_mail_programme_accepts_is_no_address(text: str) -> None:
    assert "email-address" not in dict(found(text))


@pytest.mark.parametrize(
    "number",
    [
        "07700 900123",
        "07700900123",
        "07700\u2013900123",
        "07700\u2011900123",
        "07700\n900123",
        "+44 7700\n900123",
        "07700\t900123",
        "07700 -- 900123",
        "+353\u20131\u2013679\u20135755",
        "+44 7700 900 123",
        "(023) 8083 3000",
        "02380 833000",
        "01632 960 123",
        "0800 123 4567",
        "0161/496 0000",
        "077 00 90 01 23",
        "0033 1 23 45 67 89",
        "+ 49 (0) 30 1234567",
        "+353 1 679 5755",
        "\uff10\uff17\uff17\uff10\uff10 \uff19\uff10\uff10\uff11\uff12\uff13",
    ],
)
def test_telephone_numbers_are_found_also_where_nobody_holds_them(number: str) -> None:
    assert found(f"Ring {number} after five.") == [("telephone-number", number)]


def test_a_telephone_number_is_found_between_other_digits() -> None:
    assert found("07700 900123 2 days later") == [("telephone-number", "07700 900123")]
    for both in ("0161 496 0000 0161 496 0001", "0161 496 0000/0161 496 0001"):
        assert found(both) == [("telephone-number", "0161 496 0000"), ("telephone-number", "0161 496 0001")]
    assert ("telephone-number", "+44 (0)7700 900124") in found("07700 900123 +44 (0)7700 900124 6")


@pytest.mark.parametrize(
    "text",
    [
        "The sum of 1234567890 pounds and 9876543210 pence",
        "between 2018/19 and 2019/20 there were 300 cases in 2019, 2020 and 2021",
        "Childline is 0800 1111",
        "1, 2, 3, 4, 5, 6, 7, 8, 9, 10",
        "at 02.09.2019 10:30 and 02-09-2019 1030",
    ],
)
def test_sums_and_years_are_no_telephone_numbers(text: str) -> None:
    assert "telephone-number" not in dict(found(text))


@pytest.mark.parametrize(
    ("text", "surface", "replacement"),
    [
        ("It began on 27 January 2020.", "on 27 January 2020", "in early 2020"),
        ("On 27 January 2020, it began.", "On 27 January 2020", "In early 2020"),
        ("from 27 January 2020 to", "27 January 2020", "early 2020"),
        ("on the 27th of Jan 20 it", "on the 27th of Jan 20", "in early 2020"),
        ("the 27th day of January, 2020", "the 27th day of January, 2020", "early 2020"),
        ("on Monday the 27th January '20", "on Monday the 27th January '20", "in early 2020"),
        ("by 30 th Sept 2020", "30 th Sept 2020", "late 2020"),
        ("on 27/01/2020", "on 27/01/2020", "in early 2020"),
        ("on 1/5/19", "on 1/5/19", "in mid 2019"),
        ("on 02.09.2019", "on 02.09.2019", "in late 2019"),
        ("dated 2020-02-09T10:15:00Z", "2020-02-09T10:15:00Z", "early 2020"),
        ("dated 2020-02-09", "2020-02-09", "early 2020"),
        ("On February 10, 2020 it", "On February 10, 2020", "In early 2020"),
        ("In Feb. 10th", "In Feb. 10th", "Early in the year"),
        ("on 10 February it", "on 10 February", "early in the year"),
        ("on 29 February", "on 29 February", "early in the year"),
        ("on 10 June", "on 10 June", "in the middle of the year"),
        ("10 DECEMBER", "10 DECEMBER", "late in the year"),
        ("18 to 29 November 2019", "18 to 29 November 2019", "late 2019"),
        ("27 January 10 managers", "27 January", "early in the year"),
        ("27\u00a0January\n2020", "27\u00a0January\n2020", "early 2020"),
        ("27-Jan-2020", "27-Jan-2020", "early 2020"),
        ("on 27 may 2020", "on 27 may 2020", "in mid 2020"),
        ("from 3 to 5 March 2020", "3 to 5 March 2020", "early 2020"),
        ("on 3\u20135 March 2020", "on 3\u20135 March 2020", "in early 2020"),
        ("On the 3rd, the 4th and the 5th of March", "On the 3rd, the 4th and the 5th of March", "Early in the year"),
        ("Monday 3 to Friday 5 March 2020", "Monday 3 to Friday 5 March 2020", "early 2020"),
        ("March 3 to 5, 2020", "March 3 to 5, 2020", "early 2020"),
        ("3 March to 5 April 2020", "3 March to 5 April 2020", "early 2020"),
        ("30 December and 2 January 2021", "30 December and 2 January 2021", "late 2020 to early 2021"),
        ("3 March 2019 and 5 April", "3 March 2019 and 5 April", "early 2019"),
        ("between 3 March and 5 June 2020", "3 March and 5 June 2020", "early 2020 to mid 2020"),
        ("On 18 November 2019 to 9 May 2020", "On 18 November 2019 to 9 May 2020", "In late 2019 to mid 2020"),
        ("29 February to 3 March 2019", "29 February to 3 March 2019", "early 2019"),
        ("3 March to 5 December", "3 March to 5 December", "during the year"),
        ("03/03/2020 - 05/03/2020", "03/03/2020 - 05/03/2020", "early 2020"),
        ("on 03/27/2020", "on 03/27/2020", "in early 2020"),
        ("on 3 March 1971", "on 3 March 1971", "in early 1971"),
        ("on 3/3/71", "on 3/3/71", "in early 1971"),
    ],
)
def test_days_are_found_and_made_vague(text: str, surface: str, replacement: str) -> None:
    suggestions = suggest([text])
    assert [(text[s.span.start : s.span.end], s.replacement, s.detector) for s in suggestions] == [
        (surface, replacement, "day")
    ]


@pytest.mark.parametrize(
    ("text", "surface", "replacement"),
    [
        ("in November 2019", "in November 2019", "in late 2019"),
        ("In May 2020", "In May 2020", "In mid 2020"),
        ("since Sept. 2019", "Sept. 2019", "late 2019"),
        ("in Jan '20", "in Jan '20", "in early 2020"),
        ("in January of 2020", "in January of 2020", "in early 2020"),
        ("in late November 2019", "in late November 2019", "in late 2019"),
        ("March to May 2020", "March to May 2020", "mid 2020"),
        ("in 05/2020", "in 05/2020", "in mid 2020"),
        ("31 June 2019", "June 2019", "mid 2019"),
        ("December/2019", "December/2019", "late 2019"),
    ],
)
def test_months_with_their_year_are_found_and_made_vague(text: str, surface: str, replacement: str) -> None:
    suggestions = suggest([text])
    assert [(text[s.span.start : s.span.end], s.replacement, s.detector) for s in suggestions] == [
        (surface, replacement, "month")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "in 2019",
        "in early 2019 and in the year 2020",
        "in January",
        "2018/19",
        "they may 2020 be remembered, and march 4 abreast",
        "33/44/2020 and 00/00/00",
        "section 2.1.19",
        "on 99/2020",
        "Version 1.2.2020.4",
    ],
)
def test_a_bare_year_and_what_no_calendar_knows_are_no_dates(text: str) -> None:
    assert found(text) == []


def test_the_cells_of_a_table_are_not_read_as_one_date() -> None:
    assert found("4 June\t11") == [("day", "4 June")]


@pytest.mark.parametrize(
    ("text", "surface"),
    [
        ("case CS/2019/1234 was", "CS/2019/1234"),
        ("REF-00123", "REF-00123"),
        ("2019/CS/0012", "2019/CS/0012"),
        ("CAN-7F3K-9QXZ", "CAN-7F3K-9QXZ"),
        ("CAN-ABCD-EFGH", "CAN-ABCD-EFGH"),
        ("can-7f3k-9qxz", "can-7f3k-9qxz"),
        ("HR123456", "HR123456"),
        ("ref-00123", "00123"),
        ("Reference: 12345/67", "12345/67"),
        ("Complaint no. 4711-b", "4711-b"),
        ("employee number 004512", "004512"),
        ("our ref no: abc/77/12", "abc/77/12"),
    ],
)
def test_references_are_found_by_shape_or_by_the_word_before(text: str, surface: str) -> None:
    assert ("reference", surface) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "COVID-19, the M27 and a G7 summit; 24/7, post-2015, mid-2019, OFSTED-2019",
        "S.117 meetings under s.47 and s.111",
        "reference 2019 and reference to staff numbers",
        "the case file of 2019; a file number of pages; refers 12345",
        "four-year trend of 3,000 cases; 2018/19",
        "multi-agency decision-makers, NHS/CCG and MASH; CANDIDATURE CAN HAVE MORE",
    ],
)
def test_ordinary_words_with_numbers_are_no_references(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "surface"),
    [
        ("NHS number 943 476 5919.", "943 476 5919"),
        ("NHS 943-476-5919", "943-476-5919"),
        ("pupil H801200001001 left", "H801200001001"),
        ("UTR 1955839661", "1955839661"),
        ("NI QQ 12 34 56 C", "QQ 12 34 56 C"),
        ("ni qq123456c", "qq123456c"),
    ],
)
def test_numbers_of_the_state_are_found(text: str, surface: str) -> None:
    assert ("national-number", surface) in found(text)


@pytest.mark.parametrize("text", ["943 476 5918", "H801200001001x", "B801200001001", "QQ 12 34 56 E"])
def test_a_wrong_check_digit_is_no_national_number(text: str) -> None:
    assert "national-number" not in dict(found(text))


@pytest.mark.parametrize("postcode", ["SO14 7LY", "so14 7ly", "M1 1AA", "EC1A1BB"])
def test_postcodes_are_found_as_places(postcode: str) -> None:
    [suggestion] = suggest([f"She lives in {postcode}."])
    assert (suggestion.detector, suggestion.kind) == ("postcode", RedactionKind.PLACE)
    assert (suggestion.span.start, suggestion.span.end) == (13, 13 + len(postcode))


def test_the_public_report_style_of_prose_yields_only_its_dates() -> None:
    text = (
        "On 27 January 2020, a collective grievance was submitted on behalf of 31 managers and staff. It was completed "
        "in May 2020. I reviewed 21 cases and upheld the complaint in 13 of them; see paragraph 2.13 and section 47."
    )
    assert found(text) == [("day", "On 27 January 2020"), ("month", "in May 2020")]


def test_of_overlapping_finds_the_longest_stands_and_then_the_surest() -> None:
    assert found("ring+07700900123@council.example") == [("email-address", "ring+07700900123@council.example")]

    def suggestion(start: int, end: int, score: float, detector: str) -> Suggestion:
        return Suggestion(
            Span(0, start, end), RedactionKind.OTHER, "", score, is_direct=True, replacement="", detector=detector
        )

    long, sure, unsure = suggestion(0, 9, 0.1, "long"), suggestion(9, 12, 0.9, "sure"), suggestion(9, 12, 0.8, "unsure")
    inside, across = suggestion(2, 5, 1.0, "inside"), suggestion(8, 10, 1.0, "across")
    assert without_overlaps([inside, across, unsure, sure, long]) == [long, sure]


def test_suggestions_come_in_reading_order_with_the_paragraph_they_are_of() -> None:
    suggestions = suggest(["", "on 27 January 2020 and SO14 7LY", "in May 2020"])
    assert [(s.span.paragraph, s.detector) for s in suggestions] == [(1, "day"), (1, "postcode"), (2, "month")]


def test_every_detector_has_its_own_name_and_says_why() -> None:
    assert len({detector.name for detector in DETECTORS}) == len(DETECTORS)
    samples = ["jane@council.example 07700 900123; 943 476 5919, REF-00123 SO14 7LY on 27 January 2020, in May 2020"]
    suggestions = suggest(samples)
    assert {s.detector for s in suggestions} == {detector.name for detector in DETECTORS}
    for suggestion in suggestions:
        surface = samples[0][suggestion.span.start : suggestion.span.end]
        assert suggestion.explanation.endswith(".")
        assert surface not in suggestion.explanation
        assert suggestion.replacement
        assert surface not in suggestion.replacement
        assert 0 < suggestion.score <= 1


@given(st.text(st.sampled_from("0123456789+(). -/@aAjJnNuU\u00e9\u200b,"), max_size=80))
def test_spans_lie_within_the_text_and_never_overlap(text: str) -> None:
    for detector in DETECTORS:
        end = 0
        for suggestion in detector.find([text]):
            assert suggestion.span.start >= end
            end = suggestion.span.end
        assert end <= len(text)


FINDERS = [
    dates.find_days,
    dates.find_months,
    patterns.find_email_addresses,
    patterns.find_telephone_numbers,
    patterns.find_references,
    patterns.find_national_numbers,
    patterns.find_postcodes,
]
PATIENCE = 5
"""Seconds of computing; far more than any of them takes, far less than a pattern that backtracks without bound."""
HOSTILE = [
    "a", "1", " ", "@", "a.", "a@", "@a.", "1 ", "1-", "1/", "(0", "A1/", "A-", "REF ", "case no. ", "on the 27th ",
    "27 January ", "Mon ", "A", "AA11", "\u200b", "'", "-", "0.0.", "9/", "jan to ",
]  # fmt: skip


@pytest.mark.parametrize("finder", FINDERS)
@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_paragraph_of_100_000_characters_ends(finder: Callable[[str], Iterator[object]], unit: str) -> None:
    started = process_time()
    list(finder((unit * 100_000)[:100_000]))
    assert process_time() - started < PATIENCE
