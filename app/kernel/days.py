"""The days that come in from outside: as RFC 3339 writes a full-date, and nothing that is like one."""

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from app.kernel import clock

EARLIEST_DAY = date(1970, 1, 1)
_FULL_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _only_full_dates(value: object) -> object:
    if not isinstance(value, str) or not _FULL_DATE.fullmatch(value):
        raise ValueError("must be a date, YYYY-MM-DD")
    return value


def _not_to_come(day: date) -> date:
    if day > clock.today():
        raise ValueError("must not be a day to come")
    return day


Day = Annotated[date, BeforeValidator(_only_full_dates)]
"""A day. Seconds since an epoch, which are numbers, are no days."""

PastDay = Annotated[Day, Field(ge=EARLIEST_DAY), AfterValidator(_not_to_come)]
"""A day from 1970 on that has begun, in UTC."""


def start_of(day: date) -> datetime:
    """Return the first instant of a day in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
