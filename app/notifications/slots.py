"""When mail goes: at fixed hours of each day, so that the hour of a mail tells nothing. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=4)
_MOST_DOUBLINGS = 16


def newest_slot(now: datetime, hours: Iterable[int]) -> datetime:
    """Return the last slot that began by now; `hours` are those of the day in UTC, at least one."""
    today = now.astimezone(UTC).date()
    begun = (datetime.combine(day, time(hour), UTC) for day in (today, today - timedelta(days=1)) for hour in hours)
    return max(slot for slot in begun if slot <= now)


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many tries that failed: a minute, then twice as long each time, four hours at most."""
    doubled: int = 2 ** min(attempts - 1, _MOST_DOUBLINGS)
    return min(_FIRST_WAIT * doubled, _LONGEST_WAIT)
