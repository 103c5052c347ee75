"""How days are written where a person reads them. Pure."""

from datetime import date

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def written(day: date) -> str:
    """Return a day as people write it: 2 March 2026."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def how_many(days: int) -> str:
    """Return a number of days in words: 1 day, 3 days."""
    return "1 day" if days == 1 else f"{days} days"
