"""When an acknowledgement and feedback are due, by law. Pure."""

import calendar
from datetime import date, timedelta
from enum import StrEnum


class LawProfile(StrEnum):
    """Which law sets the clocks of a channel."""

    UK_PIDA = "uk_pida"
    EU_2019_1937 = "eu_2019_1937"
    CUSTOM = "custom"


ACKNOWLEDGE_WITHIN_DAYS = 7
"""Source: Directive (EU) 2019/1937, Article 9(1)(b). United Kingdom law sets no term; Candour keeps the same one there."""
FEED_BACK_WITHIN_MONTHS = 3
"""Source: Directive (EU) 2019/1937, Article 9(1)(f): from the acknowledgement, or from its term where none was sent."""


def add_months(day: date, months: int) -> date:
    """Return the same day so many months on, or the last day of that month where it is shorter."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def acknowledge_by(received_on: date) -> date:
    """Return the last day for an acknowledgement."""
    return received_on + timedelta(days=ACKNOWLEDGE_WITHIN_DAYS)


def feedback_by(received_on: date, acknowledged_on: date | None) -> date:
    """Return the last day for feedback. A late acknowledgement does not win time: the term of seven days counts then."""
    starts = acknowledge_by(received_on)
    if acknowledged_on is not None:
        starts = min(acknowledged_on, starts)
    return add_months(starts, FEED_BACK_WITHIN_MONTHS)


def is_late(due: date, done_on: date | None, today: date) -> bool:
    """Whether what was due was done after its day, or is not done yet and its day is over."""
    return (today if done_on is None else done_on) > due
