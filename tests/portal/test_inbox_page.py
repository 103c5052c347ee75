"""What an inbox can hold is shown in every state, in every language."""

from datetime import date
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from app.cases.lifecycle import CaseState
from app.intake.models import Confidentiality
from app.intake.schemas import (
    InboxOut,
    OpeningNoticeOut,
    OpeningNoticesOut,
    ProvenEventOut,
    RaisedAllegationOut,
    ReceiptProofOut,
)
from app.intake.status import IN_WORDS
from app.policy.actors import Capacity
from app.portal import pages, words
from app.portal.languages import Language
from app.vault.opening_models import OpeningState

SOMEBODY = UUID(int=7)
NOTICE = "The case officer asks who you are, to <protect> you."
languages = pytest.mark.parametrize("language", list(Language))


def an_inbox(**changes: Any) -> InboxOut:  # noqa: ANN401 its members
    """Return an inbox as the service tells it."""
    event = ProvenEventOut(
        chain=SOMEBODY, sequence=1, event="grievance.received", actor=None, at="2026-03-02T00:00:00Z", touched=[]
    )
    proof = ReceiptProofOut(
        organisation=SOMEBODY, event=event, previous="", blind="", not_before=date(2026, 3, 3), index=None, path=[],
        checkpoint=None,
    )  # fmt: skip
    members: dict[str, Any] = {
        "reference": "CAN-55RF-80C6",
        "status": CaseState.RECEIVED,
        "status_in_words": "",
        "submitted_on": date(2026, 3, 2),
        "acknowledge_by": date(2026, 3, 9),
        "acknowledged_on": None,
        "feedback_by": date(2026, 6, 9),
        "confidentiality": Confidentiality.CONFIDENTIAL,
        "headline": "A line",
        "narrative": "A text",
        "capacity": None,
        "allegations": [RaisedAllegationOut(id=SOMEBODY, label="2.1", statement="A point")],
        "statement_salt": None,
        "proof": proof,
        "openings": OpeningNoticesOut(count=0, items=[]),
        "sealed": None,
        "padding": "",
    }
    return InboxOut(**members | changes)


def shown(inbox: InboxOut, language: Language, *, is_late: bool = False) -> str:
    """Return the page of an inbox, as it is read."""
    html = pages.page(
        "inbox.html", language, elsewhere="/inbox", inbox=inbox, form_token="t", minutes=15,
        acknowledgement_is_late=is_late,
    )  # fmt: skip
    return unescape(html)


@languages
@pytest.mark.parametrize("state", list(IN_WORDS))
def test_every_step_is_told_in_words(language: Language, state: CaseState) -> None:
    assert words.of(language)(f"status.{state.value}") in shown(an_inbox(status=state), language)


@languages
@pytest.mark.parametrize("state", list(OpeningState))
@pytest.mark.parametrize("by", list(Capacity))
def test_every_opening_is_counted_and_told(language: Language, state: OpeningState, by: Capacity) -> None:
    one = OpeningNoticeOut(
        requested_on=date(2026, 3, 4), by=by, notice=NOTICE, state=state, expires_on=date(2026, 3, 18)
    )
    t = words.of(language)
    text = shown(an_inbox(openings=OpeningNoticesOut(count=2, items=[one, one])), language)
    assert t("inbox.openings_count", count=2) in text
    assert text.count(t(f"opening.{state.value}")) == 2
    assert text.count(t(f"capacity.{by.value}")) >= 2
    assert text.count(NOTICE) == 2
    assert (t.day(date(2026, 3, 18)) in text) == (state is OpeningState.REQUESTED)


@languages
@pytest.mark.parametrize(
    ("acknowledged_on", "is_late", "name"),
    [(None, False, "awaited"), (None, True, "overdue"), (date(2026, 3, 5), False, "done_on"), (date(2026, 3, 12), True, "done_late")],
)  # fmt: skip
def test_a_duty_says_whether_it_was_kept(
    language: Language, acknowledged_on: date | None, is_late: bool, name: str
) -> None:
    t = words.of(language)
    text = shown(an_inbox(acknowledged_on=acknowledged_on), language, is_late=is_late)
    day = t.day(acknowledged_on) if acknowledged_on else ""
    assert t(f"inbox.{name}", day=day) in text


@languages
def test_a_long_inbox_fills_the_next_length(language: Language) -> None:
    held = an_inbox(narrative="Words. " * 4_000)
    assert len(pages.page(
        "inbox.html", language, elsewhere=None, inbox=held, form_token="t", minutes=15, acknowledgement_is_late=False
    ).encode()) == 128 * 1024 // 4  # fmt: skip
