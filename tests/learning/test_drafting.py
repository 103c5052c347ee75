"""A learning summary is drafted from the sealed report, finding by finding."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto.texts import LINE_LENGTH
from app.findings.outcomes import NoViewReason, Outcome, StandardOfProof
from app.kernel.texts import PROSE_LENGTH
from app.learning import drafting
from app.learning.manuscript import Manuscript, Paragraph
from app.reports.content import LeftOut, ReportContent, ReportedAllegation, ReportedTheme, count


def reported(
    label: str, outcome: Outcome, statement: str = "It was unsafe", reasons: str = "So."
) -> ReportedAllegation:
    return ReportedAllegation(
        label=label,
        statement=statement,
        paragraphs=[],
        outcome=outcome,
        no_view_reason=NoViewReason.WITHDRAWN if outcome == Outcome.NO_VIEW else None,
        standard_of_proof=StandardOfProof.BALANCE_OF_PROBABILITIES,
        reasons=reasons,
        found_on=date(2020, 5, 1),
        exhibits=[],
    )


def drafted(report: ReportContent, most_paragraphs: int = 500, most_characters: int = 100_000) -> list[Paragraph]:
    return drafting.draft(report, most_paragraphs, most_characters)


def a_theme(label: str | None, title: str | None, *allegations: ReportedAllegation) -> ReportedTheme:
    counts = count(allegation.outcome for allegation in allegations)
    return ReportedTheme(label=label, title=title, counts=counts, allegations=list(allegations))


def a_sealed_report(*themes: ReportedTheme, conclusions: str = "Change.", left_out: int = 0) -> ReportContent:
    return ReportContent(
        format=1,
        salt="00" * 16,
        case_reference="CAN-0000-0000",
        number=1,
        sealed_on=date(2020, 5, 1),
        title="T",
        introduction="I",
        method="M",
        counts=count(allegation.outcome for theme in themes for allegation in theme.allegations),
        themes=list(themes),
        out_of_scope=[LeftOut(label="9", statement="S", reason="R")] * left_out,
        not_available=[],
        orphans=[],
        conclusions=conclusions,
    )


some_allegations = st.lists(
    st.builds(reported, st.text(min_size=1, max_size=20), st.sampled_from(Outcome), st.text(min_size=1)), max_size=4
)
some_themes = st.lists(
    st.tuples(some_allegations).map(lambda found: a_theme("1", "Theme", *found[0])), min_size=1, max_size=4
)


@given(some_themes)
def test_a_draft_gives_every_finding_once_and_in_order(themes: list[ReportedTheme]) -> None:
    report = a_sealed_report(*themes)
    paragraphs = drafted(report)
    findings = drafting.findings_in_order(report)
    given_findings = [paragraph.finding for paragraph in paragraphs if paragraph.finding is not None]
    assert given_findings == list(range(1, len(findings) + 1))
    manuscript = Manuscript("T", tuple(paragraphs), ())
    assert manuscript.misplaced_findings(len(findings)) == []
    assert manuscript.composed("O", findings).counts == report.counts


def test_a_draft_reads_as_an_overview_sections_and_conclusions() -> None:
    report = a_sealed_report(
        a_theme("1", "Safety", reported("1.1", Outcome.UPHELD), reported("1.2", Outcome.PARTLY_UPHELD)),
        a_theme("2", "Fear", reported("2.1", Outcome.NO_VIEW)),
        a_theme(None, None, reported("9", Outcome.NOT_UPHELD)),
        conclusions="One.\n \n\nTwo.\nStill two.",
        left_out=2,
    )
    assert drafted(report) == [
        Paragraph(
            "Overview",
            "The investigation considered 4 allegations under 2 themes. Upheld: 1. Partly upheld: 1. Not upheld: 1. "
            "No view could be formed: 1. 2 further allegations lay outside its scope.",
            None,
        ),
        Paragraph("1. Safety", "Allegation 1.1: It was unsafe\nSo.", 1),
        Paragraph("1. Safety", "Allegation 1.2: It was unsafe\nSo.", 2),
        Paragraph("2. Fear", "Allegation 2.1: It was unsafe\nSo.", 3),
        Paragraph("Other allegations", "Allegation 9: It was unsafe\nSo.", 4),
        Paragraph("Conclusions", "One.", None),
        Paragraph("Conclusions", "Two.\nStill two.", None),
    ]


def test_a_draft_of_one_of_each_uses_the_singular() -> None:
    overview = drafted(a_sealed_report(a_theme("1", "T", reported("1", Outcome.UPHELD)), left_out=1))[0].text
    assert overview == (
        "The investigation considered 1 allegation under 1 theme. Upheld: 1. 1 further allegation lay outside its scope."
    )


def test_a_draft_of_the_longest_texts_can_be_sent_back_unchanged() -> None:
    long = reported("1", Outcome.UPHELD, reasons="r" * PROSE_LENGTH)
    paragraphs = drafted(a_sealed_report(a_theme("1" * 20, "t" * LINE_LENGTH, long)))
    assert all(len(paragraph.section) <= LINE_LENGTH for paragraph in paragraphs)
    assert all(len(paragraph.text) <= PROSE_LENGTH for paragraph in paragraphs)
    assert [paragraph.finding for paragraph in paragraphs] == [None, 1, None, None]


@pytest.mark.parametrize(
    ("most_characters", "most_paragraphs", "texts"),
    [
        (2_000, 9, ["Allegation 1.1: It was unsafe\n" + "r" * 500, "One.", "Two."]),
        (400, 9, ["Allegation 1.1: It was unsafe", "One.", "Two."]),
        (2_000, 3, ["Allegation 1.1: It was unsafe"]),
        (80, 9, ["Allegation 1.1"]),
        (1, 1, ["Allegation 1.1"]),
    ],
)
def test_a_report_too_long_for_a_summary_is_drafted_as_far_as_it_fits(
    most_characters: int, most_paragraphs: int, texts: list[str]
) -> None:
    finding = reported("1.1", Outcome.UPHELD, reasons="r" * 500)
    report = a_sealed_report(a_theme("1", "Safety", finding), conclusions="One.\n\nTwo.")
    written = drafted(report, most_paragraphs, most_characters)
    assert [paragraph.text for paragraph in written[1:]] == texts
    assert [paragraph.finding for paragraph in written if paragraph.finding] == [1]


@pytest.mark.parametrize(
    ("findings", "misplaced"),
    [((1, 2), []), ((2, 1), []), ((1,), [2]), ((1, 2, 2), [2]), ((1, 2, 3), [3]), ((), [1, 2])],
)
def test_a_finding_left_out_or_repeated_is_named(findings: tuple[int, ...], misplaced: list[int]) -> None:
    paragraphs = tuple(Paragraph("S", "T", finding) for finding in (None, *findings))
    assert Manuscript("T", paragraphs, ()).misplaced_findings(2) == misplaced
