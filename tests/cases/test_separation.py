"""Which parts one person may play."""

from itertools import chain, combinations

import pytest

from app.cases.separation import may_also_serve
from app.policy.actors import Capacity

C, I, A, R = Capacity.CASE_OFFICER, Capacity.INVESTIGATOR, Capacity.ASSISTANT, Capacity.REVIEWER  # noqa: E741 a table
EVERY = [frozenset(one) for one in chain.from_iterable(combinations(Capacity, size) for size in range(5))]


@pytest.mark.parametrize("capacity", list(Capacity))
def test_who_plays_no_part_may_play_any(capacity: Capacity) -> None:
    assert may_also_serve(frozenset(), capacity)


@pytest.mark.parametrize(
    ("standing", "capacity"), [(C, I), (C, A), (C, R), (I, C), (A, C), (R, C), (R, I), (R, A), (I, R), (A, R)]
)
def test_protection_investigation_and_review_are_done_by_different_people(
    standing: Capacity, capacity: Capacity
) -> None:
    assert not may_also_serve(frozenset({standing}), capacity)


@pytest.mark.parametrize(("standing", "capacity"), [(I, A), (A, I)])
def test_an_investigator_may_have_been_the_assistant(standing: Capacity, capacity: Capacity) -> None:
    assert may_also_serve(frozenset({standing}), capacity)


@pytest.mark.parametrize("standing", EVERY)
@pytest.mark.parametrize("capacity", list(Capacity))
def test_nobody_is_ever_let_into_two_parts_that_exclude_each_other(
    standing: frozenset[Capacity], capacity: Capacity
) -> None:
    both = standing | {capacity}
    if may_also_serve(standing, capacity):
        assert len(both) == 1 or both == {I, A}
