"""Counts days, working days and months. Pure: the bank holidays are a table beside it, which scripts/bank_holidays.py makes.

Source of the bank holidays: the library `holidays`, whose rules follow the Banking and Financial Dealings Act 1971,
Schedule 1, and the proclamations under it. A test holds the table equal to the library.
"""

import calendar
import json
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).parent / "bank_holidays.json"
_FRIDAY = 4
_A_DAY = timedelta(days=1)


class Nation(StrEnum):
    """Whose bank holidays count: Wales has those of England."""

    ENGLAND_AND_WALES = "ENG"
    NORTHERN_IRELAND = "NIR"
    SCOTLAND = "SCT"


DEFAULT_NATION = Nation.ENGLAND_AND_WALES
"""The nation of a channel that names none."""


@cache
def _bank_holidays(nation: Nation) -> frozenset[date]:
    years: dict[str, list[str]] = json.loads(_TABLE.read_text())[nation.value]
    return frozenset(date.fromisoformat(f"{year}-{day}") for year, days in years.items() for day in days)


def is_working_day(day: date, nation: Nation) -> bool:
    """Whether the day is neither of a weekend nor a bank holiday. Outside the years of the table only weekends are known."""
    return day.weekday() <= _FRIDAY and day not in _bank_holidays(nation)


def working_day_from(day: date, nation: Nation) -> date:
    """Return the day itself, or the next working day if it is none."""
    while not is_working_day(day, nation):
        day += _A_DAY
    return day


def add_working_days(day: date, count: int, nation: Nation) -> date:
    """Return the working day that many working days after `day`, which itself does not count."""
    for _ in range(count):
        day = working_day_from(day + _A_DAY, nation)
    return day


def add_months(day: date, months: int) -> date:
    """Return the same day so many months on, or the last day of that month where it is shorter."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
