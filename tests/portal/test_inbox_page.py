"""What an inbox can hold is shown in every state, in every language."""

from collections.abc import Sequence
from datetime import date
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from app.cases.lifecycle import CaseState
from app.duties.profiles import DutyKind
from app.inbox.duties import OwedState
from app.inbox.outcomes import OUTCOME_IN_WORDS, Standing
from app.inbox.schemas import AnswerToAllegationOut, OutcomeOut, OwedOut
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

TODAY = date(2026, 3, 13)
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


def an_answer(**changes: Any) -> AnswerToAllegationOut:  # noqa: ANN401 its members
    """Return what became of the one point."""
    members: dict[str, Any] = {
        "raised_allegation_id": SOMEBODY,
        "standing": Standing.WAITING,
        "in_words": "",
        "outcomes": [],
        "explanation": None,
        "sealed": None,
    }
    return AnswerToAllegationOut(**members | changes)


def raw(inbox: InboxOut, language: Language, duties: Sequence[OwedOut], answer: AnswerToAllegationOut) -> str:
    """Return the page of an inbox."""
    return pages.page(
        "inbox.html", language, elsewhere="/inbox", here="", inbox=inbox, form_token="t", minutes=15, duties=duties,
        answers={SOMEBODY: answer}, today=TODAY,
    )  # fmt: skip


def shown(inbox: InboxOut, language: Language, *duties: OwedOut, answer: AnswerToAllegationOut | None = None) -> str:
    """Return the page of an inbox, as it is read."""
    return unescape(raw(inbox, language, duties, answer or an_answer()))


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
@pytest.mark.parametrize("kind", list(DutyKind))
@pytest.mark.parametrize(
    ("state", "kept_on", "name"),
    [
        (OwedState.DUE, None, "inbox.awaited"),
        (OwedState.OVERDUE, None, "duty.overdue"),
        (OwedState.KEPT, date(2026, 3, 5), "inbox.done_on"),
        (OwedState.KEPT_LATE, date(2026, 3, 12), "inbox.done_late"),
    ],
)
def test_a_duty_says_whether_it_was_kept(
    language: Language, kind: DutyKind, state: OwedState, kept_on: date | None, name: str
) -> None:
    t = words.of(language)
    duty = OwedOut(kind=kind, owed="", due_on=date(2026, 3, 9), kept_on=kept_on, state=state, in_words="")
    text = shown(an_inbox(), language, duty)
    assert t(f"duty.{kind.value}") in text
    assert t(name, day=t.day(kept_on) if kept_on else "", days=4) in text
    assert (t("duty.overdue_hint") in text) == (state is OwedState.OVERDUE)


@languages
@pytest.mark.parametrize("standing", list(Standing))
def test_where_a_point_stands_is_told_in_words(language: Language, standing: Standing) -> None:
    assert words.of(language)(f"standing.{standing.value}") in shown(
        an_inbox(), language, answer=an_answer(standing=standing)
    )


@languages
def test_what_was_found_on_a_point_is_told_with_its_explanation(language: Language) -> None:
    t = words.of(language)
    found = [OutcomeOut(outcome=outcome, no_view_reason=reason, in_words="") for outcome, reason in OUTCOME_IN_WORDS]
    answer = an_answer(standing=Standing.DECIDED, outcomes=found, explanation="Two of <the> months.")
    text = shown(an_inbox(), language, answer=answer)
    for outcome, reason in OUTCOME_IN_WORDS:
        assert t(f"outcome.{(reason or outcome).value}") in text
    assert "Two of <the> months." in text
    assert "<the>" not in raw(an_inbox(), language, [], answer)


@languages
def test_a_long_inbox_fills_the_next_length(language: Language) -> None:
    held = an_inbox(narrative="Words. " * 4_000)
    assert len(raw(held, language, [], an_answer()).encode()) == 128 * 1024 // 4
