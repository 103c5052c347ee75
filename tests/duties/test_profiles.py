"""When things are due: by law, by the calendar, and by what moved them."""

import calendar
import json
import random
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.duties.calendar import Nation, add_months, add_working_days, is_working_day, working_day_from
from app.duties.escalation import THE_CASE, THE_CHANNEL, steps
from app.duties.profiles import (
    PROFILES,
    DutyKind,
    LawProfile,
    Stop,
    acknowledge_by,
    acknowledge_personally_by,
    due,
    feedback_by,
    is_late,
    longest,
    may_stop,
    merged,
)

ROOT = Path(__file__).parents[2]
DAYS = some.dates(min_value=date(1990, 1, 1), max_value=date(2190, 12, 31))
WORKDAYS_KNOWN = some.dates(min_value=date(2000, 1, 1), max_value=date(2098, 12, 31))
ANY_PROFILE = some.sampled_from(LawProfile)
ANY_NATION = some.sampled_from(Nation)
UK, EU, EU_OUTSIDE, NHS = (
    LawProfile.UK_PIDA,
    LawProfile.EU_2019_1937,
    LawProfile.EU_2019_1937_EXTERNAL,
    LawProfile.NHS_FTSU,
)


def on(day: str) -> date:
    """The day written so."""
    return date.fromisoformat(day)


@pytest.mark.parametrize(
    ("profile", "received", "by"),
    [
        (UK, "2020-01-27", "2020-02-03"),
        (UK, "2024-02-22", "2024-02-29"),
        (UK, "2023-02-22", "2023-03-01"),
        (UK, "2025-12-29", "2026-01-05"),
        (UK, "2025-12-18", "2025-12-25"),  # nothing moves it
        (EU, "2020-01-27", "2020-02-03"),
        (EU, "2025-12-18", "2025-12-29"),  # Christmas Day, Boxing Day, a weekend
        (EU, "2026-03-27", "2026-04-07"),  # Good Friday to Easter Monday
        (NHS, "2026-04-02", "2026-04-08"),  # a Thursday before Easter: two working days
        (NHS, "2026-03-02", "2026-03-04"),
    ],
)
def test_an_acknowledgement_is_due_when_the_law_says(profile: LawProfile, received: str, by: str) -> None:
    assert acknowledge_by(profile, on(received)) == on(by)


@pytest.mark.parametrize(
    ("nation", "received", "by"),
    [
        (Nation.ENGLAND_AND_WALES, "2026-03-16", "2026-03-19"),
        (Nation.NORTHERN_IRELAND, "2026-03-16", "2026-03-20"),  # Saint Patrick's Day
        (Nation.ENGLAND_AND_WALES, "2025-12-31", "2026-01-06"),
        (Nation.SCOTLAND, "2025-12-31", "2026-01-07"),  # 2 January
        (Nation.ENGLAND_AND_WALES, "2022-09-16", "2022-09-22"),  # the funeral of a queen
        (Nation.ENGLAND_AND_WALES, "2026-11-28", "2026-12-02"),  # a Saturday
        (Nation.SCOTLAND, "2026-11-28", "2026-12-03"),  # Saint Andrew's Day
    ],
)
def test_a_person_acknowledges_within_three_working_days_of_the_nation(nation: Nation, received: str, by: str) -> None:
    for profile in LawProfile:
        assert acknowledge_personally_by(profile, on(received), nation) == on(by)


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
    ("profile", "received", "acknowledged", "by"),
    [
        (UK, "2020-01-27", None, "2020-05-03"),
        (UK, "2020-01-27", "2020-01-27", "2020-04-27"),
        (UK, "2020-01-27", "2020-01-30", "2020-04-30"),
        (UK, "2020-01-27", "2020-02-03", "2020-05-03"),
        (UK, "2020-01-27", "2020-03-01", "2020-05-03"),
        (UK, "2023-11-27", "2023-11-30", "2024-02-29"),
        (EU, "2020-01-27", None, "2020-05-04"),  # 3 May is a Sunday
        (EU, "2023-11-27", "2023-11-30", "2024-02-29"),
        (EU, "2025-12-18", None, "2026-03-25"),  # from the end of seven days, not from the working day after it
        (NHS, "2026-03-02", None, "2026-06-04"),
    ],
)
def test_feedback_is_due_three_months_after_the_acknowledgement_or_after_its_term(
    profile: LawProfile, received: str, acknowledged: str | None, by: str
) -> None:
    assert feedback_by(profile, on(received), None if acknowledged is None else on(acknowledged)) == on(by)


@pytest.mark.parametrize(
    ("stops", "by"),
    [
        ([], "2026-05-30"),
        ([("2026-03-10", "2026-03-15")], "2026-06-04"),
        ([("2026-03-10", "2026-03-15"), ("2026-03-12", "2026-03-14")], "2026-06-04"),  # within
        ([("2026-03-10", "2026-03-15"), ("2026-03-13", "2026-03-20")], "2026-06-09"),  # overlapping
        ([("2026-03-10", "2026-03-15"), ("2026-03-15", "2026-03-20")], "2026-06-09"),  # touching
        ([("2026-03-10", "2026-03-10")], "2026-05-30"),  # for no day
        ([("2026-05-30", "2026-06-02")], "2026-06-02"),  # on the last day
        ([("2026-05-31", "2026-06-20")], "2026-05-30"),  # when it was late
        ([("2026-03-10", None)], "2026-05-30"),  # as long as it lasts
        ([("2026-05-20", "2026-05-30"), ("2026-06-05", "2026-06-10")], "2026-06-14"),  # the second only by the first
        ([("2026-02-20", "2026-03-05")], "2026-06-03"),  # counted from the day the term began
    ],
)
def test_the_days_stood_still_are_added_once(stops: list[tuple[str, str | None]], by: str) -> None:
    given_stops = [Stop(on(start), None if end is None else on(end)) for start, end in stops]
    assert due(UK, on("2026-05-30"), given_stops, starts_on=on("2026-03-01")) == on(by)


@given(DAYS, some.integers(min_value=0, max_value=60))
def test_adding_months_lands_in_that_month_on_that_day_or_its_last(day: date, months: int) -> None:
    later = add_months(day, months)
    assert later.year * 12 + later.month == day.year * 12 + day.month + months
    assert later.day == min(day.day, calendar.monthrange(later.year, later.month)[1])


@given(DAYS, DAYS)
def test_a_later_start_never_ends_earlier(one: date, other: date) -> None:
    earlier, later = sorted((one, other))
    assert add_months(earlier, 3) <= add_months(later, 3)


@given(ANY_PROFILE, DAYS, some.integers(min_value=0, max_value=400))
def test_a_late_acknowledgement_wins_no_time(profile: LawProfile, received: date, after_days: int) -> None:
    by = feedback_by(profile, received, received + timedelta(days=after_days))
    assert feedback_by(profile, received, received) <= by <= feedback_by(profile, received, None)


@given(ANY_PROFILE, DAYS, some.integers(min_value=0, max_value=100), some.integers(min_value=0, max_value=400))
def test_the_day_on_which_one_asks_again_plays_no_part(
    profile: LawProfile, received: date, after_days: int, again_days: int
) -> None:
    first = received + timedelta(days=after_days)
    by = feedback_by(profile, received, first)
    assert feedback_by(profile, received, min(first, first + timedelta(days=again_days))) == by


STOPS = some.lists(
    some.tuples(some.integers(min_value=-30, max_value=200), some.one_of(some.none(), some.integers(0, 90))), max_size=6
)


def stops_from(start: date, drawn: list[tuple[int, int | None]]) -> list[Stop]:
    """Stops so many days after `start`, for so many days."""
    begun = [(start + timedelta(days=after), days) for after, days in drawn]
    return [Stop(day, None if days is None else day + timedelta(days=days)) for day, days in begun]


@given(ANY_PROFILE, ANY_NATION, DAYS, STOPS, some.integers(min_value=0, max_value=90))
def test_nothing_that_moves_a_term_shortens_it(
    profile: LawProfile, nation: Nation, start: date, drawn: list[tuple[int, int | None]], extended: int
) -> None:
    ends, stops = add_months(start, 3), stops_from(start, drawn)
    plain = due(profile, ends, nation=nation, starts_on=start)
    stopped = due(profile, ends, stops, nation=nation, starts_on=start)
    both = due(profile, ends, stops, extended, nation, starts_on=start)
    assert ends <= plain <= stopped <= both
    more = [*stops, Stop(start, start + timedelta(days=5))]
    assert due(profile, ends, more, nation=nation, starts_on=start) >= stopped or any(
        one.ended_on is None for one in merged(more)
    )


@given(DAYS, STOPS)
def test_no_day_is_added_that_the_clock_did_not_stand_still(start: date, drawn: list[tuple[int, int | None]]) -> None:
    stops, ends = stops_from(start, drawn), add_months(start, 3)
    stood = {
        stop.started_on + timedelta(days=n)
        for stop in stops
        if stop.ended_on is not None
        for n in range((stop.ended_on - stop.started_on).days)
    }
    assert (due(UK, ends, stops, starts_on=start) - ends).days <= len({day for day in stood if day >= start})


@given(DAYS, STOPS, some.randoms(use_true_random=False))
def test_the_order_and_repetition_of_stops_play_no_part(
    start: date, drawn: list[tuple[int, int | None]], chance: random.Random
) -> None:
    stops, ends = stops_from(start, drawn), add_months(start, 3)
    shuffled = [*stops, *stops]
    chance.shuffle(shuffled)
    assert due(UK, ends, shuffled, starts_on=start) == due(UK, ends, stops, starts_on=start)
    found = merged(stops)
    assert merged(found) == found


@given(WORKDAYS_KNOWN, ANY_NATION, some.integers(min_value=0, max_value=30))
def test_working_days_are_counted_one_by_one(day: date, nation: Nation, count: int) -> None:
    last = add_working_days(day, count, nation)
    between = [day + timedelta(days=n) for n in range(1, (last - day).days + 1)]
    assert sum(is_working_day(one, nation) for one in between) == count
    assert count == 0 or is_working_day(last, nation)
    assert is_working_day(working_day_from(day, nation), nation)


@given(ANY_NATION, DAYS)
def test_terms_of_the_union_end_on_working_days_and_those_of_the_kingdom_as_they_fall(
    nation: Nation, received: date
) -> None:
    assert is_working_day(acknowledge_by(EU, received, nation), nation)
    assert is_working_day(feedback_by(EU_OUTSIDE, received, None, nation), nation)
    assert acknowledge_by(UK, received, nation) == received + timedelta(days=7)


def test_who_may_extend_is_for_the_law_to_say() -> None:
    start = on("2026-03-02")
    assert longest(EU, DutyKind.FEED_BACK, start) is None
    assert longest(EU_OUTSIDE, DutyKind.FEED_BACK, start) == on("2026-09-02")
    assert longest(UK, DutyKind.FEED_BACK, start) == on("2026-09-02")
    assert all(longest(profile, DutyKind.ACKNOWLEDGE, start) is None for profile in LawProfile)


def test_no_reason_stops_the_clocks_of_the_directive_or_of_somebody_in_danger() -> None:
    assert not may_stop(EU, DutyKind.FEED_BACK)
    assert may_stop(UK, DutyKind.FEED_BACK)
    assert not any(may_stop(profile, DutyKind.ESCALATE_IMMEDIATE_RISK) for profile in LawProfile)


def test_every_profile_says_where_its_terms_come_from() -> None:
    assert set(PROFILES) == set(LawProfile)
    for rules in PROFILES.values():
        for term in (rules.acknowledge, rules.acknowledge_personally, rules.feed_back, rules.longest_feed_back):
            assert term is None or any(word in term.source for word in ("Article", "ISO", "policy"))


def test_the_table_of_bank_holidays_is_that_of_the_library() -> None:
    made = subprocess.run([sys.executable, "scripts/bank_holidays.py", "--check"], cwd=ROOT, check=False)
    assert made.returncode == 0
    table = json.loads((ROOT / "app" / "duties" / "bank_holidays.json").read_text())
    assert set(table) == set(Nation)


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


@pytest.mark.parametrize(
    ("days", "raised"),
    [
        (0, {}),
        (1, {THE_CASE: 0}),
        (7, {THE_CASE: 0}),
        (8, {THE_CASE: 1, THE_CHANNEL: 0}),
        (15, {THE_CASE: 2, THE_CHANNEL: 1}),
    ],
)
def test_what_is_late_is_raised_every_week_and_after_a_week_beside_the_case(days: int, raised: dict[int, int]) -> None:
    due_on = on("2026-03-02")
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC) + timedelta(days=days)
    assert steps(due_on, None, now) == raised


@pytest.mark.parametrize(
    ("hours", "raised"), [(-1, {}), (0, {THE_CASE: 0}), (23, {THE_CASE: 0}), (24, {THE_CASE: 1, THE_CHANNEL: 0})]
)
def test_what_is_owed_in_hours_is_raised_in_days(hours: int, raised: dict[int, int]) -> None:
    due_at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert steps(None, due_at, due_at + timedelta(hours=hours)) == raised


def test_what_has_no_time_cannot_be_late() -> None:
    with pytest.raises(ValueError, match="due by a day or at an instant"):
        steps(None, None, datetime(2026, 3, 2, tzinfo=UTC))
