"""The page of a release can be read by everybody: by screen reader, on a small screen, without script or anything from elsewhere."""

import base64
import re
from collections import Counter
from datetime import date
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from app.findings.outcomes import NoViewReason, Outcome
from app.kernel.canonical import canonical, digest
from app.learning import pages
from app.learning.release import ReleaseContent, ReleasedParagraph, SectionCounts
from app.reports.content import count
from tests.builders.reports import a_release, a_reported_case, release_url
from tests.conftest import Service

VOID = {"meta", "link"}
HOSTILE = "<script>alert(1)</script> & \"quoted\" 'single'"


class Outline(HTMLParser):
    """What a page is made of, as a browser would see it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in self.open:
            self.texts[tag][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of every element of that name."""
        return [attributes for name, attributes in self.elements if name == tag]


def content_of(
    *paragraphs: ReleasedParagraph, title: str = "Learning summary", organisation: str = "A & B"
) -> ReleaseContent:
    outcomes: dict[str, list[Outcome]] = {}
    for paragraph in paragraphs:
        if paragraph.outcome is not None:
            outcomes.setdefault(paragraph.section, []).append(paragraph.outcome)
    return ReleaseContent(
        format=1,
        organisation=organisation,
        title=title,
        counts=count(outcome for found in outcomes.values() for outcome in found),
        findings=[SectionCounts(section=section, counts=count(found)) for section, found in outcomes.items()],
        paragraphs=list(paragraphs),
    )


def a_paragraph(
    section: str, text: str, outcome: Outcome | None = None, reason: NoViewReason | None = None
) -> ReleasedParagraph:
    return ReleasedParagraph(section=section, text=text, outcome=outcome, no_view_reason=reason)


CONTENT = content_of(
    a_paragraph("Overview", "What was done.\nAnd how."),
    a_paragraph("1. Safety", "Allegation 1.1: It was unsafe\nIt was.", Outcome.UPHELD),
    a_paragraph("1. Safety", "Allegation 1.2: It was hidden", Outcome.NOT_UPHELD),
    a_paragraph(
        "2. Fear", "Allegation 2.1: It was feared\nWho knows.", Outcome.NO_VIEW, NoViewReason.INSUFFICIENT_EVIDENCE
    ),
)


def page_of(content: ReleaseContent = CONTENT, number: int = 1) -> str:
    return pages.page(content, number, date(2020, 7, 31), digest(canonical(content)))


def test_the_page_has_a_language_one_main_heading_and_landmarks() -> None:
    outline = Outline(page_of())
    assert outline.all("html") == [{"lang": "en-GB"}]
    assert outline.texts["h1"] == ["Learning summary"]
    assert outline.texts["title"] == ["Learning summary - A & B"]
    for landmark in ("header", "main", "footer"):
        assert len(outline.all(landmark)) == 1


def test_headings_go_down_one_level_at_a_time_and_name_their_sections() -> None:
    outline = Outline(page_of())
    levels = [int(tag[1]) for tag, _ in outline.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert outline.texts["h2"] == ["Findings at a glance", "Overview", "1. Safety", "2. Fear"]
    assert outline.texts["h3"] == [
        "Allegation 1.1: It was unsafe",
        "Allegation 1.2: It was hidden",
        "Allegation 2.1: It was feared",
    ]
    ids = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert max(Counter(ids).values()) == 1
    labelled = [attributes["aria-labelledby"] for _, attributes in outline.elements if "aria-labelledby" in attributes]
    assert set(labelled) <= set(ids)


def test_the_table_has_a_caption_and_every_number_its_headers() -> None:
    outline = Outline(page_of())
    assert outline.texts["caption"] == ["Allegations by section and by what was found"]
    assert [(cell["scope"], cell["role"]) for cell in outline.all("th")] == [
        *[("col", "columnheader")] * 5,
        *[("row", "rowheader")] * 3,
    ]
    assert outline.texts["th"] == [
        "Section", "Upheld", "Not upheld", "No view formed", "All", "1. Safety", "2. Fear", "All sections",
    ]  # fmt: skip
    assert outline.texts["td"] == [*"1102", *"0011", *"1113"]
    assert {cell["role"] for cell in outline.all("td")} == {"cell"}


def test_partly_upheld_has_a_column_where_there_is_one() -> None:
    partly = content_of(a_paragraph("S", "Allegation 1: A", Outcome.PARTLY_UPHELD))
    assert "Partly upheld" in Outline(page_of(partly)).texts["th"]


def test_every_finding_says_its_outcome_in_words() -> None:
    findings = Outline(page_of()).texts["article"]
    assert ["Finding: Upheld" in findings[0], "Finding: Not upheld" in findings[1]] == [True, True]
    assert "Finding: No view formed: insufficient evidence" in findings[2]


@pytest.mark.parametrize(("number", "is_said"), [(1, False), (2, True)])
def test_a_later_edition_says_that_it_replaces_one(number: int, is_said: bool) -> None:
    assert ("it replaces the one before" in page_of(number=number)) is is_said


def test_the_page_tells_its_day_and_its_hash() -> None:
    outline = Outline(page_of())
    assert outline.all("time") == [{"datetime": "2020-07-31"}]
    assert outline.texts["time"] == ["31 July 2020"]
    assert outline.texts["code"] == [digest(canonical(CONTENT)).hex()]


def test_nothing_that_was_written_becomes_markup() -> None:
    hostile = content_of(a_paragraph(HOSTILE, HOSTILE, Outcome.UPHELD), title=HOSTILE, organisation=HOSTILE)
    outline = Outline(page_of(hostile))
    assert outline.texts["h1"] == outline.texts["h3"] == [HOSTILE]
    assert outline.all("script") == []


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = page_of()
    assert Outline(page).all("script") == []
    assert not re.search(r"https?:|url\(|@import|style=|\son\w+=", page)
    style = Outline(page).texts["style"][0]
    expected = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{expected}'" in pages.POLICY
    assert "default-src 'none'" in pages.POLICY
    assert "unsafe" not in pages.POLICY


def _luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("background", ["#fff", "wash"])
@pytest.mark.parametrize("text", ["ink", "soft", "link"])
def test_every_text_stands_out_from_what_is_behind_it(text: str, background: str) -> None:
    """Source: WCAG 2.2, success criterion 1.4.6, a contrast of 7 to 1."""
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6})", pages._STYLE))
    one, other = sorted((_luminance(colours[text]), _luminance(colours.get(background, background))))
    assert (other + 0.05) / (one + 0.05) >= 7


async def test_the_page_is_served_with_its_own_policy(service: Service) -> None:
    worked = await a_reported_case(service)
    answer = await service.actors.hr.get(release_url(await a_release(worked)), headers={"Accept": "text/html"})
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == pages.POLICY
    assert Outline(answer.text).texts["h2"][0] == "Findings at a glance"
