"""When things are due."""

import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.cases.deadlines import acknowledge_by, add_months, feedback_by, is_late

DAYS = some.dates(min_value=date(1990, 1, 1), max_value=date(2190, 12, 31))


def on(day: str) -> date:
    """The day written so."""
    return date.fromisoformat(day)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2020-01-27", "2020-02-03"),
        ("2024-02-22", "2024-02-29"),
        ("2023-02-22", "2023-03-01"),
        ("2025-12-29", "2026-01-05"),
    ],
)
def test_an_acknowledgement_is_due_seven_days_after_receipt(received: str, due: str) -> None:
    assert acknowledge_by(on(received)) == on(due)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ("2023-11-30", 3, "2024-02-29"),
        ("2022-11-30", 3, "2023-02-28"),
        ("1899-11-30", 3, "1900-02-28"),
        ("1999-11-30", 3, "2000-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2026-01-31", 3, "2026-04-30"),
        ("2026-10-31", 3, "2027-01-31"),
        ("2026-12-01", 1, "2027-01-01"),
        ("2026-05-15", 0, "2026-05-15"),
    ],
)
def test_months_end_where_the_month_ends(day: str, months: int, later: str) -> None:
    assert add_months(on(day), months) == on(later)


@pytest.mark.parametrize(
    ("received", "acknowledged", "due"),
    [
        ("2020-01-27", None, "2020-05-03"),
        ("2020-01-27", "2020-01-27", "2020-04-27"),
        ("2020-01-27", "2020-01-30", "2020-04-30"),
        ("2020-01-27", "2020-02-03", "2020-05-03"),
        ("2020-01-27", "2020-03-01", "2020-05-03"),
        ("2023-11-27", "2023-11-30", "2024-02-29"),
    ],
)
def test_feedback_is_due_three_months_after_the_acknowledgement_or_after_its_term(
    received: str, acknowledged: str | None, due: str
) -> None:
    assert feedback_by(on(received), None if acknowledged is None else on(acknowledged)) == on(due)


@given(DAYS, some.integers(min_value=0, max_value=60))
def test_adding_months_lands_in_that_month_on_that_day_or_its_last(day: date, months: int) -> None:
    later = add_months(day, months)
    assert later.year * 12 + later.month == day.year * 12 + day.month + months
    assert later.day == min(day.day, calendar.monthrange(later.year, later.month)[1])


@given(DAYS, DAYS)
def test_a_later_start_never_ends_earlier(one: date, other: date) -> None:
    earlier, later = sorted((one, other))
    assert add_months(earlier, 3) <= add_months(later, 3)


@given(DAYS, some.integers(min_value=0, max_value=400))
def test_a_late_acknowledgement_wins_no_time(received: date, after_days: int) -> None:
    due = feedback_by(received, received + timedelta(days=after_days))
    assert feedback_by(received, received) <= due <= feedback_by(received, None)
    assert due == feedback_by(received, None) or after_days < 7


@given(DAYS, some.integers(min_value=0, max_value=100), some.integers(min_value=0, max_value=400))
def test_the_day_on_which_one_asks_again_plays_no_part(received: date, after_days: int, again_days: int) -> None:
    first = received + timedelta(days=after_days)
    due = feedback_by(received, first)
    assert feedback_by(received, min(first, first + timedelta(days=again_days))) == due


@pytest.mark.parametrize(
    ("done", "today", "late"),
    [
        (None, "2020-02-03", False),
        (None, "2020-02-04", True),
        ("2020-02-03", "2021-01-01", False),
        ("2020-02-04", "2021-01-01", True),
    ],
)
def test_late_is_after_the_day_and_stays_what_it_was(done: str | None, today: str, late: bool) -> None:
    assert is_late(on("2020-02-03"), None if done is None else on(done), on(today)) is late
