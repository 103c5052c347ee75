"""What may become of a piece of evidence that was asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.evidence.requests import EXPLAINED, NEXT, RECORDABLE, ExhibitState, may_follow

REQUESTED, RECEIVED, ABSENT, REFUSED, WITHDRAWN = ExhibitState
STATES = st.sampled_from(list(ExhibitState))


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [
        (REQUESTED, RECEIVED, True),
        (REQUESTED, ABSENT, True),
        (REQUESTED, REFUSED, True),
        (REQUESTED, WITHDRAWN, True),
        (RECEIVED, WITHDRAWN, True),
        (RECEIVED, ABSENT, False),
        (RECEIVED, REQUESTED, False),
        (ABSENT, RECEIVED, True),
        (ABSENT, REFUSED, False),
        (REFUSED, RECEIVED, True),
        (REFUSED, ABSENT, False),
        (WITHDRAWN, RECEIVED, True),
        (WITHDRAWN, REFUSED, False),
    ],
)
def test_each_answer_follows_from_what_was_before(before: ExhibitState, after: ExhibitState, may: bool) -> None:
    assert may_follow(before, after) is may


def test_every_state_has_its_answers_and_none_follows_itself() -> None:
    assert set(NEXT) == set(ExhibitState)
    assert not any(may_follow(state, state) for state in ExhibitState)


@given(STATES)
def test_whatever_is_missing_may_still_turn_up(state: ExhibitState) -> None:
    assert state == RECEIVED or may_follow(state, RECEIVED)


@given(STATES)
def test_what_is_absent_is_explained(state: ExhibitState) -> None:
    assert (state in EXPLAINED) is (state not in {REQUESTED, RECEIVED})


def test_nothing_is_withdrawn_from_the_start() -> None:
    assert set(ExhibitState) - RECORDABLE == {WITHDRAWN}
