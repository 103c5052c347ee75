"""How a date is said more vaguely; knows no texts."""

from datetime import date
from enum import StrEnum


class DatePrecision(StrEnum):
    """How much of a date may remain."""

    MONTH = "month"
    PART_OF_YEAR = "part_of_year"
    YEAR = "year"


def generalise_date(day: date, precision: DatePrecision) -> str:
    """Return the date as a phrase that says no more than `precision` allows, such as "in early 2019" or "in 2019".

    Early is January to April, mid is May to August, late is September to December.
    """
    if precision is DatePrecision.MONTH:
        return f"in {MONTHS[day.month - 1]} {day.year}"
    if precision is DatePrecision.PART_OF_YEAR:
        return f"in {('early', 'mid', 'late')[(day.month - 1) // 4]} {day.year}"
    return f"in {day.year}"


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
"""English names whatever the locale of the machine, since summaries are English prose."""
