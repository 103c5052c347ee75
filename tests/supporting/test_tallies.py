"""Who sees every number that is ever told learns nobody's choice: shown by looking for another world that tells the same."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.supporting import tallies
from app.supporting.tallies import LEAST_THRESHOLD, Told

thresholds = st.integers(LEAST_THRESHOLD, 12)
worlds = st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=40)


@given(worlds, thresholds, st.data())
def test_whatever_is_told_fits_a_world_in_which_any_one_person_chose_otherwise(
    world: list[tuple[bool, bool, bool]], threshold: int, data: st.DataObject
) -> None:
    """The person is one, the choice about one allegation; another person, where there must be one, chose otherwise too."""
    told = tallies.by_allegation(world, 3, threshold)
    if not world:
        assert told == [None, None, None]
        return
    person = data.draw(st.integers(0, len(world) - 1))
    allegation = data.draw(st.integers(0, 2))
    others = [one for one in range(len(world)) if world[one][allegation] != world[person][allegation]]
    exchanged = [set_in(world, allegation, {person, other}) for other in others]
    alone = set_in(world, allegation, {person})
    assert any(tallies.by_allegation(one, 3, threshold) == told for one in (alone, *exchanged))


@given(worlds, thresholds, st.data())
def test_at_least_as_many_as_the_threshold_could_have_chosen_either_way(
    world: list[tuple[bool, bool, bool]], threshold: int, data: st.DataObject
) -> None:
    """What is told holds too in a world in which `threshold` people, or all where none are told of, chose the other."""
    allegation = data.draw(st.integers(0, 2))
    supporting = sum(one[allegation] for one in world)
    told = tallies.of_allegation(supporting, len(world), threshold)
    same = [count for count in range(len(world) + 1) if tallies.of_allegation(count, len(world), threshold) == told]
    if told is not None and told.is_exact:
        assert same == [supporting]
        assert threshold <= supporting <= len(world) - threshold
    else:
        assert len(same) >= min(threshold, len(world) + 1)


def set_in(world: list[tuple[bool, bool, bool]], allegation: int, people: set[int]) -> list[tuple[bool, ...]]:
    """The world in which those people chose the other way about that allegation."""
    return [
        tuple(chosen != (number == allegation and person in people) for number, chosen in enumerate(one))
        for person, one in enumerate(world)
    ]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=30), thresholds)
def test_the_number_of_people_moves_by_the_threshold_or_more_and_is_never_below_it(
    presents: list[int], threshold: int
) -> None:
    shown: int | None = None
    for present in presents:
        before, shown = shown, tallies.people(shown, present, threshold)
        if shown is None:
            assert present < threshold
        else:
            assert shown >= threshold
            assert before is None or shown == before or abs(shown - before) >= threshold
            assert abs(shown - present) < threshold


@given(st.integers(0, 4), st.integers(0, 4), thresholds)
def test_few_are_told_as_none_are(few: int, others: int, threshold: int) -> None:
    assert tallies.people(None, few, threshold) is tallies.people(None, 0, threshold) is None
    assert tallies.of_allegation(few, few + others, threshold) is None


@pytest.mark.parametrize(
    ("supporting", "of", "told"),
    [
        (31, 31, Told(27, is_exact=False)),
        (27, 31, Told(27, is_exact=False)),
        (26, 31, Told(26, is_exact=True)),
        (5, 31, Told(5, is_exact=True)),
        (4, 31, None),
        (5, 10, Told(5, is_exact=True)),
        (10, 10, Told(6, is_exact=False)),
        (6, 9, Told(5, is_exact=False)),
        (5, 8, None),
        (5, 5, None),
        (0, 0, None),
    ],
)
def test_what_is_told_of_an_allegation(supporting: int, of: int, told: Told | None) -> None:
    assert tallies.of_allegation(supporting, of, 5) == told


@pytest.mark.parametrize(
    ("today", "ended_on", "is_open", "is_over"),
    [
        (1, None, False, False), (2, None, True, False), (4, None, True, False), (5, None, False, True),
        (3, 3, False, True), (2, 1, False, True),
    ],
)  # fmt: skip
def test_the_first_and_last_day_count(today: int, ended_on: int | None, is_open: bool, is_over: bool) -> None:
    opens, closes, day = date(2026, 3, 2), date(2026, 3, 4), date(2026, 3, today)
    ended = None if ended_on is None else date(2026, 3, ended_on)
    assert tallies.is_open(opens, closes, ended, day) is is_open
    assert tallies.is_over(closes, ended, day) is is_over
