"""The leak check finds what a redacted text still gives away, says so without repeating it, and lets the rest pass."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.learning.counts import low_counts
from app.learning.leaks import KnownSurface, Leak, Severity, check
from app.learning.manuscript import Place, PlacedLeak, let_pass
from app.learning.redaction import Redaction, RedactionKind, Span, SpanOutOfRange, apply
from app.learning.residues import Slips

BLOCKING, WARNING = Severity.BLOCKING, Severity.WARNING
NEWSAM = KnownSurface(RedactionKind.PERSON, "Malcolm Newsam")


def leaks_of(text: str, *known: KnownSurface) -> list[Leak]:
    return check([text], [text], [], known)


def found(text: str, *known: KnownSurface) -> list[tuple[str, str, Severity]]:
    """Return check, surface and severity of every leak."""
    return [(leak.check, text[leak.start : leak.end], leak.severity) for leak in leaks_of(text, *known)]


def redaction(text: str, surface: str, replacement: str, kind: RedactionKind) -> Redaction:
    start = text.index(surface)
    return Redaction(Span(0, start, start + len(surface)), kind, "", replacement)


def test_a_well_redacted_paragraph_gives_nothing_away() -> None:
    original = "On 27 January 2020 Malcolm Newsam (newsam@council.example) suspended two middle managers in Hedge End."
    redactions = [
        redaction(original, "On 27 January 2020", "In early 2020", RedactionKind.DATE),
        redaction(original, "Malcolm Newsam", "Manager A", RedactionKind.PERSON),
        redaction(original, " (newsam@council.example)", "", RedactionKind.EMAIL),
        redaction(original, "two middle managers", "several colleagues", RedactionKind.SMALL_COUNT),
        redaction(original, "Hedge End", "one area", RedactionKind.PLACE),
    ]
    redacted = apply([original], redactions)
    assert redacted == ["In early 2020 Manager A suspended several colleagues in one area."]
    assert check(redacted, [original], redactions) == []


@pytest.mark.parametrize(
    ("text", "surface"),
    [
        ("Then Malcolm Newsam left", "Malcolm Newsam"),
        ("MALCOLM NEWSAM", "MALCOLM NEWSAM"),
        ("Malcolm\u00a0New\u200bsam's car", "Malcolm\u00a0New\u200bsam"),
        ("Malcolm-Newsam", "Malcolm-Newsam"),
        ("malcolm.newsam", "malcolm.newsam"),
        ("M\u00e1lcolm New-\nsam", "M\u00e1lcolm New-\nsam"),
        (
            "\uff2d\uff41\uff4c\uff43\uff4f\uff4c\uff4d \uff2e\uff45\uff57\uff53\uff41\uff4d",
            "\uff2d\uff41\uff4c\uff43\uff4f\uff4c\uff4d \uff2e\uff45\uff57\uff53\uff41\uff4d",
        ),
    ],
)
def test_a_known_name_is_found_however_it_is_written(text: str, surface: str) -> None:
    assert found(text, NEWSAM) == [("surface", surface, BLOCKING)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr Newsam's note", ("name-part", "Newsam's", BLOCKING)),
        ("the Newsams", ("name-part", "Newsams", BLOCKING)),
        ("dear malcolm", ("name-part", "malcolm", BLOCKING)),
        ("Malcolm Newsom", ("near-name", "Newsom", BLOCKING)),
        ("Neswam", ("near-name", "Neswam", BLOCKING)),
        ("Newssam", ("near-name", "Newssam", BLOCKING)),
        ("Ewsam", ("near-name", "Ewsam", BLOCKING)),
        ("the newsan", ("near-name", "newsan", WARNING)),
        ("said M.N. to us", ("initials", "M.N", BLOCKING)),
        ("said M N to us", ("initials", "M N", BLOCKING)),
        ("MN said", ("initials", "MN", BLOCKING)),
    ],
)
def test_parts_slips_and_initials_of_a_name_are_found(text: str, expected: tuple[str, str, Severity]) -> None:
    assert expected in found(text, NEWSAM)


@pytest.mark.parametrize("text", ["news and ransom", "mn", "HMN", "newts sample", "malcontent", "New rules. Same aim"])
def test_words_that_only_resemble_a_name_are_left_alone(text: str) -> None:
    assert found(text, NEWSAM) == []


def test_a_name_in_full_is_one_leak_and_not_also_its_parts() -> None:
    assert [leak.check for leak in leaks_of("Malcolm Newsam and Newsam", NEWSAM)] == ["surface", "name-part"]


def test_a_short_name_has_no_neighbours() -> None:
    assert found("the row over Rows and Bowes", KnownSurface(RedactionKind.PERSON, "Ann Rowe")) == []


def test_what_somebody_does_is_no_part_of_their_name() -> None:
    known = KnownSurface(RedactionKind.PERSON, "Service Manager Anna Rowe")
    assert found("Manager A improved the service", known) == []


def test_a_person_named_by_what_they_do_is_found_by_those_words_which_may_be_accepted() -> None:
    known = KnownSurface(RedactionKind.PERSON, "the deputy chief executive")
    [leak] = leaks_of("Our deputy chief executive decided", known)
    assert (leak.check, leak.severity, leak.is_acceptable) == ("wording", BLOCKING, True)


def test_a_single_word_in_small_letters_may_be_another_word() -> None:
    known = KnownSurface(RedactionKind.PERSON, "Young")
    assert [(leak.check, leak.is_acceptable) for leak in leaks_of("Young", known)] == [("surface", False)]
    assert [(leak.check, leak.is_acceptable) for leak in leaks_of("young people", known)] == [("wording", True)]


@pytest.mark.parametrize(
    ("known", "text", "surface"),
    [
        (KnownSurface(RedactionKind.TELEPHONE, "83 3000"), "on 833000", "833000"),
        (KnownSurface(RedactionKind.REFERENCE, "A/12"), "A-12", "A-12"),
        (KnownSurface(RedactionKind.PLACE, "the Hedge End office"), "near Hedge End office", "Hedge End office"),
        (KnownSurface(RedactionKind.ORGANISATION, "Unite"), "Unite wrote", "Unite"),
        (KnownSurface(RedactionKind.DATE, "on Shrove Tuesday"), "before Shrove Tuesday", "Shrove Tuesday"),
    ],
)
def test_other_known_surfaces_are_found_whole(known: KnownSurface, text: str, surface: str) -> None:
    assert found(text, known) == [("surface", surface, BLOCKING)]


@pytest.mark.parametrize(
    "kind", [RedactionKind.ROLE, RedactionKind.SMALL_COUNT, RedactionKind.QUOTATION, RedactionKind.OTHER]
)
def test_other_redacted_words_block_until_somebody_accepts_them(kind: RedactionKind) -> None:
    [leak] = leaks_of("It was a hub team.", KnownSurface(kind, "hub team"))
    assert (leak.check, leak.severity, leak.is_acceptable) == ("wording", BLOCKING, True)


def test_the_words_of_a_personal_mailbox_point_at_its_holder_and_those_of_a_shared_one_at_nobody() -> None:
    assert found("Ask Jane", KnownSurface(RedactionKind.EMAIL, "jane.rowe@council.example")) == [
        ("name-part", "Jane", BLOCKING)
    ]
    assert found("office info", KnownSurface(RedactionKind.EMAIL, "info@council.example")) == []


def test_a_surface_of_signs_or_of_one_letter_is_not_looked_for() -> None:
    assert (
        found("A \u2014 b", KnownSurface(RedactionKind.OTHER, "\u2014"), KnownSurface(RedactionKind.OTHER, "b")) == []
    )
    assert found("A \u2014 b", KnownSurface(RedactionKind.PLACE, "\u2014")) == []


def test_a_surface_that_was_redacted_once_and_left_elsewhere_is_found() -> None:
    original = ["Anna Rowe spoke.", "Then Rowe left."]
    redactions = [Redaction(Span(0, 0, 9), RedactionKind.PERSON, "", "Manager A")]
    [leak] = check(apply(original, redactions), original, redactions)
    assert (leak.check, leak.paragraph, leak.start, leak.end) == ("name-part", 1, 5, 9)


@pytest.mark.parametrize(
    ("text", "name", "severity"),
    [
        ("jane@council.example", "email-address", BLOCKING),
        ("07700 900123", "telephone-number", BLOCKING),
        ("CS/2019/1234", "reference", BLOCKING),
        ("943 476 5919", "national-number", BLOCKING),
        ("SO14 7LY", "postcode", BLOCKING),
        ("on 27 January 2020", "day", BLOCKING),
        ("in January 2020", "month", WARNING),
    ],
)
def test_what_the_detectors_still_find_blocks_but_for_months(text: str, name: str, severity: Severity) -> None:
    assert found(text) == [(name, text, severity)]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("the manner in which two middle managers were suspended", "two middle managers"),
        ("repeated to me by two interviewees.", "two interviewees"),
        ("I was given one example", "one example"),
        ("to bring a young person into care", "a young person"),
        ("for a few staff to be asked", "a few staff"),
        ("On the one case drawn to my attention", "one case"),
        ("Three of the social workers resigned", "Three of the social workers"),
        ("about 4 nurses", "4 nurses"),
        ("a couple of newly qualified officers", "a couple of newly qualified officers"),
        ("an agency worker said", "an agency worker"),
        ("Neither manager agreed", "Neither manager"),
        ("both women left", "both women"),
        ("Both were suspended.", "Both"),
        ("she was the only one who knew", "the only"),
        ("one of the managers", "one of the managers"),
        ("one of them", "one of them"),
        ("another whistle-blower, a whistleblower", "a whistleblower"),
        ("a single witness", "a single witness"),
        ("two-person", "two-person"),
        ("between one and two children", "two children"),
    ],
)
def test_counts_below_five_are_found(text: str, count: str) -> None:
    assert count in [text[start:end] for start, end in low_counts(text)]


@pytest.mark.parametrize(
    "text",
    [
        "on behalf of 31 managers and staff",
        "25 current and previous employees; five managers; ten case examples",
        "twenty-two managers, thirty one nurses and a hundred and three staff",
        "two hundred staff, four thousand children, two dozen officers",
        "reduced from four to three shortly afterwards",
        "several managers and a small number of children",
        "which provide both support and challenge to practitioners",
        "one theme, two allegations and three findings",
        "paragraph 2.3 managers, 1/2 staff",
        "the managers and the child",
    ],
)
def test_larger_counts_and_counts_of_other_things_are_not(text: str) -> None:
    assert list(low_counts(text)) == []


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ('He said "you will not work here again" twice.', '"you will not work here again"'),
        ("He said \u201cyou won\u2019t be working here again", "\u201cyou won\u2019t be working here again"),
        (
            "\u2018You won\u2019t be working here again\u2019 he said",
            "\u2018You won\u2019t be working here again\u2019",
        ),
    ],
)
def test_a_quotation_of_six_words_is_a_warning(text: str, quoted: str) -> None:
    assert found(text) == [("quotation", quoted, WARNING)]


@pytest.mark.parametrize(
    "text", ['the "Hub" teams and "wrap around support"', "the staff\u2019s", "\u2018\u2019", '""']
)
def test_a_term_in_quotation_marks_is_no_quotation(text: str) -> None:
    assert found(text) == []


def test_only_what_is_acceptable_becomes_a_warning_when_it_is_accepted() -> None:
    text = "Two managers told Malcolm Newsam on 27 January 2020."
    before = [PlacedLeak(leak, Place.PARAGRAPH, 0) for leak in leaks_of(text, NEWSAM)]
    assert [(placed.leak.check, placed.leak.severity) for placed in before] == [
        ("small-count", BLOCKING),
        ("surface", BLOCKING),
        ("day", BLOCKING),
    ]
    after = let_pass(before, {placed.leak.id for placed in before})
    assert [placed.leak.severity for placed in after] == [WARNING, BLOCKING, BLOCKING]
    assert [placed.is_accepted for placed in after] == [True, False, False]
    assert [placed.leak.id for placed in after] == [placed.leak.id for placed in before]


def test_a_leak_has_another_id_once_its_paragraph_was_edited() -> None:
    [before] = leaks_of("Two managers left.")
    [after] = leaks_of("Two managers wept.")
    assert (after.start, after.end) == (before.start, before.end)
    assert after.id != before.id


def test_a_leak_keeps_its_id_when_another_paragraph_is_edited() -> None:
    [before] = check(["Two managers left.", "Then."], ["", ""], [])
    [after] = check(["Two managers left.", "Later."], ["", ""], [])
    assert after.id == before.id


def test_redactions_of_another_text_are_refused() -> None:
    with pytest.raises(SpanOutOfRange):
        check(["short"], ["short"], [Redaction(Span(0, 0, 99), RedactionKind.OTHER, "", "x")])


def test_no_leak_and_no_known_surface_prints_what_it_is_about() -> None:
    text = (
        'Two managers told Malcolm Newsom, MN, on 27 January 2020: "you will not work here again". newsan 07700 900123'
    )
    leaks = leaks_of(text, NEWSAM)
    assert len({leak.check for leak in leaks}) > 6
    for leak in leaks:
        assert text[leak.start : leak.end] not in repr(leak)
        assert len(leak.id) == 16
    assert len({leak.id for leak in leaks}) == len(leaks)
    assert "Newsam" not in repr(NEWSAM)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("newsam", "newsam", True),
        ("newsam", "newsom", True),
        ("newsam", "newsa", True),
        ("ewsam", "newsam", True),
        ("newsam", "nwesam", True),
        ("newsam", "newsma", True),
        ("newsam", "nwesom", False),
        ("newsam", "news", False),
        ("newsam", "nesawm", False),
        ("", "n", True),
    ],
)
def test_a_slip_is_one_letter_more_less_other_or_swapped(one: str, other: str, expected: bool) -> None:
    assert Slips([one]).make(other) is Slips([other]).make(one) is expected


@given(st.text("abc", min_size=1, max_size=8), st.data())
def test_every_single_slip_is_recognised(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.sampled_from("abcd"))
    for slip in (
        name[:at] + letter + name[at:],
        name[:at] + name[at + 1 :],
        name[:at] + letter + name[at + 1 :],
        name[:at] + name[at : at + 2][::-1] + name[at + 2 :],
    ):
        assert Slips([name]).make(slip)


@given(st.lists(st.text(max_size=60), max_size=3), st.text(min_size=1, max_size=12), st.sampled_from(RedactionKind))
def test_leaks_lie_within_the_text_in_reading_order(paragraphs: list[str], surface: str, kind: RedactionKind) -> None:
    leaks = check([*paragraphs, f"x {surface} y"], [], [], [KnownSurface(kind, surface)])
    assert leaks == sorted(leaks, key=lambda leak: (leak.paragraph, leak.start, leak.end, leak.check))
    for leak in leaks:
        assert 0 <= leak.start < leak.end <= len([*paragraphs, f"x {surface} y"][leak.paragraph])


PATIENCE = 5
"""Seconds of computing; far more than a check takes, far less than a pattern that backtracks without bound."""
HOSTILE = [
    "a",
    "a ",
    "A.",
    "1 ",
    '"',
    "\u2018",
    "\u201ca ",
    "two ",
    "one of the ",
    "both ",
    "a-",
    "\u200b",
    "Newsan ",
    "M.N. ",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_text_of_100_000_characters_is_checked_in_the_end(unit: str) -> None:
    known = [
        NEWSAM,
        KnownSurface(RedactionKind.OTHER, "a a a a"),
        KnownSurface(RedactionKind.PERSON, "aaaaaaa aaaaaaab"),
    ]
    started = process_time()
    check([(unit * 100_000)[:100_000]], [""], [], known)
    assert process_time() - started < PATIENCE
