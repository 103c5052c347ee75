"""Where a case may go in its life."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.cases.lifecycle import NEXT, UNDER_INVESTIGATION, CaseState, may_follow

LIVES = [
    "received acknowledged triaged accepted investigating findings_complete reported released monitored closed",
    "received acknowledged triaged accepted investigating findings_complete reported released closed",
    "received acknowledged triaged redirected closed investigating",
    "received acknowledged triaged declined closed investigating",
    "investigating findings_complete investigating findings_complete reported",
]


@pytest.mark.parametrize("life", LIVES)
def test_a_life_is_possible(life: str) -> None:
    states = [CaseState(state) for state in life.split()]
    assert all(may_follow(before, after) for before, after in itertools.pairwise(states))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (CaseState.RECEIVED, CaseState.TRIAGED),
        (CaseState.RECEIVED, CaseState.DECLINED),
        (CaseState.ACKNOWLEDGED, CaseState.ACCEPTED),
        (CaseState.TRIAGED, CaseState.INVESTIGATING),
        (CaseState.ACCEPTED, CaseState.CLOSED),
        (CaseState.INVESTIGATING, CaseState.REPORTED),
        (CaseState.INVESTIGATING, CaseState.CLOSED),
        (CaseState.REPORTED, CaseState.INVESTIGATING),
        (CaseState.REPORTED, CaseState.CLOSED),
        (CaseState.RELEASED, CaseState.INVESTIGATING),
        (CaseState.CLOSED, CaseState.RECEIVED),
    ],
)
def test_a_case_cannot_skip_or_undo_what_matters(before: CaseState, after: CaseState) -> None:
    assert not may_follow(before, after)


def test_every_state_leads_somewhere_and_none_to_itself() -> None:
    assert set(NEXT) == set(CaseState)
    assert [state for state, following in NEXT.items() if not following or state in following] == []


def test_every_state_can_be_reached_from_receipt_and_every_case_can_be_closed() -> None:
    for start, wanted in ((CaseState.RECEIVED, set(CaseState)), *((state, {CaseState.CLOSED}) for state in CaseState)):
        reached, waiting = {start}, [start]
        while waiting:
            for state in NEXT[waiting.pop()] - reached:
                reached.add(state)
                waiting.append(state)
        assert wanted <= reached


@given(some.lists(some.sampled_from(CaseState), max_size=40))
def test_whatever_is_tried_a_case_is_never_reported_before_its_findings_are_complete(tries: list[CaseState]) -> None:
    life = [CaseState.RECEIVED]
    for state in tries:
        if may_follow(life[-1], state):
            life.append(state)
    for position, state in enumerate(life):
        if state == CaseState.REPORTED:
            assert life[position - 1] == CaseState.FINDINGS_COMPLETE
        if state in UNDER_INVESTIGATION:
            assert {CaseState.ACKNOWLEDGED, CaseState.TRIAGED} <= set(life[:position])


def test_text_from_the_database_is_as_good_as_the_state() -> None:
    assert "investigating" in UNDER_INVESTIGATION
    assert may_follow(CaseState("received"), CaseState.ACKNOWLEDGED)
