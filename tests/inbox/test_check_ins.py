"""When somebody who spoke up is asked how they fare: a property of the steps of the case alone."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.cases.lifecycle import NEXT, CaseState
from app.inbox.check_ins import AFTER_CLOSING, CheckIn, Milestone, Step, due

FIRST = date(2026, 3, 2)
LAST = date(2031, 1, 1)


@st.composite
def lives(draw: st.DrawFn) -> list[Step]:
    """Steps that a case can take, on days that never go back."""
    state, day, steps = CaseState.RECEIVED, FIRST, []
    for _ in range(draw(st.integers(0, 25))):
        if not NEXT[state]:
            break
        state = draw(st.sampled_from(sorted(NEXT[state])))
        day += timedelta(days=draw(st.integers(0, 120)))
        steps.append(Step(state, day))
    return steps


@given(lives(), st.integers(0, 4_000))
def test_only_days_that_have_come_are_due_in_their_order(steps: list[Step], days: int) -> None:
    today = FIRST + timedelta(days=days)
    found = due(steps, today)
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert [one.due_on for one in found] == sorted(one.due_on for one in found)
    assert all(one.due_on <= today for one in found)


@given(lives(), st.integers(0, 3_000), st.integers(0, 3_000))
def test_what_was_due_once_stays_so_under_its_number_whatever_follows(steps: list[Step], first: int, more: int) -> None:
    """What a reporter answered stays the answer to what they were asked."""
    early, late = FIRST + timedelta(days=first), FIRST + timedelta(days=first + more)
    before = due([step for step in steps if step.made_on <= early], early)
    after = due([step for step in steps if step.made_on <= late], late)
    assert after[: len(before)] == before


@given(lives())
def test_each_acceptance_and_completion_asks_once_and_a_closing_that_stands_three_times(steps: list[Step]) -> None:
    found = [one.milestone for one in due(steps, LAST + timedelta(days=10_000))]
    taken = [step.to for step in steps]
    assert found.count(Milestone.ACCEPTED) == taken.count(CaseState.ACCEPTED)
    assert found.count(Milestone.FINDINGS_COMPLETE) == taken.count(CaseState.FINDINGS_COMPLETE)
    assert found.count(Milestone.CLOSED) == taken.count(CaseState.CLOSED)
    if taken and taken[-1] is CaseState.CLOSED:
        closed_on = steps[-1].made_on
        days = [one.due_on for one in due(steps, date.max)][-3:]
        assert days == [closed_on + after for after in AFTER_CLOSING.values()]


def test_a_closed_case_asks_again_after_90_and_180_days_unless_it_is_reopened() -> None:
    closed = Step(CaseState.CLOSED, FIRST)
    reopened = Step(CaseState.INVESTIGATING, FIRST + timedelta(days=100))
    much_later = FIRST + timedelta(days=400)
    assert [one.due_on - FIRST for one in due([closed], much_later)] == [timedelta(days=n) for n in (0, 90, 180)]
    assert [one.milestone for one in due([closed, reopened], much_later)] == [
        Milestone.CLOSED,
        Milestone.THREE_MONTHS_ON,
    ]
    assert due([], much_later) == []
    assert due([closed], FIRST) == [CheckIn(1, Milestone.CLOSED, FIRST)]
