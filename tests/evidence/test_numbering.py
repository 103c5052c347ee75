"""How exhibits are numbered and put in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.evidence.numbering import in_order, next_number


@pytest.mark.parametrize(
    "numbers", [["2", "10"], ["A2", "A10"], ["1", "1a", "1b", "2"], ["7", "A1"], ["A1.2", "A1.10"], ["A", "A1"]]
)
def test_numbers_are_put_in_the_order_that_people_expect(numbers: list[str]) -> None:
    assert sorted(set(numbers), key=in_order) == numbers


@given(st.sets(st.text(max_size=20)))
def test_any_numbers_have_one_order(numbers: set[str]) -> None:
    assert len({in_order(number) for number in numbers}) == len(numbers)
    assert sorted(sorted(numbers), key=in_order) == sorted(sorted(numbers, reverse=True), key=in_order)


@given(st.lists(st.one_of(st.integers(0, 10**19).map(str), st.text(max_size=20))))
def test_the_next_number_is_free(taken: list[str]) -> None:
    assert next_number(taken) not in taken


@pytest.mark.parametrize(("taken", "following"), [([], "1"), (["A1", "B"], "1"), (["2", "10", "A11"], "11")])
def test_the_next_number_comes_after_the_largest(taken: list[str], following: str) -> None:
    assert next_number(taken) == following
