"""Whoever's grievance was stored has its receipt, however the answer was lost: without it nobody comes back."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.liar import Liar, lying
from tests.client.people import CHANNEL, Council, Person, Ran
from tests.client.test_ceremony import NARRATIVE, written

BROKEN = (502, b"<html>Bad gateway</html>")
RUNNING = (409, json.dumps({"type": "/problems/same-request-running", "title": "The same request is running"}).encode())
REFUSED = (422, json.dumps({"type": "/problems/invalid-input", "title": "Wrong"}).encode())
RECEIPT = r"^[a-z]+(?: [a-z]+){6}$"
MAYBE = "It may have been stored."


@pytest.fixture
def liar(council: Council) -> Iterator[Liar]:
    """A liar in front of the council's service, honest at first."""
    with lying(council.address) as made:
        yield made


async def submitting(council: Council, liar: Liar, folder: Path) -> tuple[Person, Ran]:
    """Return somebody, and what their client did when it submitted a grievance."""
    reporter = council.visitor(folder / "reporter")
    arguments = ("--server", liar.address, "--channel", CHANNEL, "--root-key", await council.root_words())
    return reporter, await reporter.tries("submit", written(folder), *arguments)


async def comes_back(council: Council, reporter: Person, ran: Ran) -> None:
    """The receipt that was shown, once, opens the inbox of what was said."""
    [receipt] = re.findall(RECEIPT, ran.out, re.MULTILINE)
    place = ("--server", council.address, "--channel", CHANNEL)
    assert NARRATIVE in (await reporter.runs("inbox", "open", *place, typed=f"{receipt}\n")).out


@pytest.mark.parametrize(
    "first", [BROKEN, (503, b""), (500, b"{}"), (429, b""), (504, b""), RUNNING, None], ids=["502", "503", "500", "429", "504", "running", "cut"]
)  # fmt: skip
async def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_stored_twice(
    council: Council, liar: Liar, tmp_path: Path, first: tuple[int, bytes] | None
) -> None:
    liar.spoils = [first]
    reporter, ran = await submitting(council, liar, tmp_path)
    assert ran.code == 0, ran
    assert ran.value("reference")
    assert MAYBE not in ran.out
    keys = [key for (method, _), key in zip(liar.asked, liar.keys, strict=True) if method == "POST"]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    await comes_back(council, reporter, ran)


@pytest.mark.parametrize(
    "answers", [[BROKEN] * 9, [None] * 9, [RUNNING] * 9, [(201, b"<html>")], [(201, b"{}")], [REFUSED]],
    ids=["502", "cut", "running", "garbled", "empty", "refused"],
)  # fmt: skip
async def test_a_grievance_that_may_have_been_stored_leaves_its_receipt(
    council: Council, liar: Liar, tmp_path: Path, answers: list[tuple[int, bytes] | None]
) -> None:
    liar.spoils = answers
    reporter, ran = await submitting(council, liar, tmp_path)
    assert ran.code == 1, ran
    assert MAYBE in ran.out
    assert ran.errors.count("\n") == 1
    await comes_back(council, reporter, ran)


async def test_a_line_that_breaks_and_then_a_refusal_leave_the_receipt(
    council: Council, liar: Liar, tmp_path: Path
) -> None:
    liar.spoils = [None, RUNNING, (503, b""), REFUSED]
    reporter, ran = await submitting(council, liar, tmp_path)
    assert ran.code == 1, ran
    assert MAYBE in ran.out
    await comes_back(council, reporter, ran)


async def test_a_service_that_bids_wait_for_ever_does_not_keep_the_receipt(
    council: Council, liar: Liar, tmp_path: Path
) -> None:
    liar.later = {"Retry-After": "86400"}
    liar.spoils = [(503, b"")]
    reporter, ran = await submitting(council, liar, tmp_path)
    assert ran.code == 0, ran
    await comes_back(council, reporter, ran)


def told(folder: Path, name: str, **changes: object) -> str:
    """Return the path of a file with a grievance that says who wrote it, and whom it describes."""
    said = json.loads(Path(written(folder)).read_text()) | {
        "narrative": "I am the only nurse on nights.", "categories": ["health_and_safety"], "relation": "agency_worker",
        "conflicted": ["The head of the night service"],
    }  # fmt: skip
    file = folder / name
    file.write_text(json.dumps(said | changes))
    return str(file)


async def test_hints_are_shown_where_it_is_written_and_what_the_channel_has_not_is_not_sent(
    council: Council, tmp_path: Path
) -> None:
    reporter = council.visitor(tmp_path / "reporter")
    arguments = ("--server", council.address, "--channel", CHANNEL, "--root-key", await council.root_words())
    wrong: list[dict[str, object]] = [
        {"barred": ["Nobody of that name"]}, {"categories": ["astrology"]}, {"relation": "cousin"},
    ]  # fmt: skip
    for number, changes in enumerate(wrong):
        refused = await reporter.tries("submit", told(tmp_path, f"{number}.json", **changes), *arguments)
        assert (refused.code, refused.errors.count("\n")) == (1, 1), refused
        assert "reference" not in refused.out
    sent = await reporter.tries("submit", told(tmp_path, "told.json"), *arguments)
    assert sent.code == 0, sent
    assert re.search("narrative, 1 to 19 +This says that few people", sent.out)
    assert sent.value("reference")
