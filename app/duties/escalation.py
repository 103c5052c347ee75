"""With whom a duty that was not kept is raised, and when again. Pure.

Level 1 are the case officers of the case, from the first day on which it is late; level 2 are case officers of the channel
beside them, a week later. Each is told again every week. What is owed in hours has days in place of weeks.
"""

from datetime import date, datetime

THE_CASE, THE_CHANNEL = 1, 2
"""The levels."""
WEEK = 7
SECONDS_OF_A_DAY = 86_400


def steps(due_on: date | None, due_at: datetime | None, now: datetime) -> dict[int, int]:
    """Return, by level, which time (from 0) it is to be raised by now; no level where it is not late."""
    if due_on is not None:
        late, period = (now.date() - due_on).days - 1, WEEK
    elif due_at is not None:
        late, period = int((now - due_at).total_seconds() // SECONDS_OF_A_DAY), 1
    else:
        raise ValueError("a duty is due by a day or at an instant")
    found = {THE_CASE: late // period, THE_CHANNEL: late // period - 1}
    return {level: step for level, step in found.items() if step >= 0}
