"""Tells the time. The one thing, with outgoing mail, that tests may replace."""

from collections.abc import Callable
from datetime import UTC, date, datetime


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """Return this instant, aware and in UTC."""
    return _source()


def today() -> date:
    """Return this day in UTC."""
    return now().date()


def to_the_minute() -> datetime:
    """Return this instant without seconds: as exact as the audit log is about staff."""
    return now().replace(second=0, microsecond=0)


def start_of_day() -> datetime:
    """Return the first instant of this day in UTC: as exact as any record is about a reporter."""
    return now().replace(hour=0, minute=0, second=0, microsecond=0)


def replace(source: Callable[[], datetime] | None) -> None:
    """Make `source` the clock of this process; None brings the system's back. For tests only."""
    global _source  # noqa: PLW0603 the clock is the one replaceable global, named in style.md
    _source = source or _system_time
