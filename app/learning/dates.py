"""Where a text gives a date finer than a year, and how to say it more vaguely; knows no redactions."""

import re
from collections.abc import Iterator
from datetime import date, datetime

from dateutil import parser

from app.learning.redaction import DatePrecision, generalise_date

_MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b"
)
_ALSO_A_VERB = frozenset({"mar", "march", "may"})
_TO = r"\s{0,3}(?:-|\u2013|\u2014|/|&|,|\bto\b|\band\b|\bor\b)\s{0,3}"
_BLANK = r"[^\S\t]{1,3}"  # lines may wrap within a date; the cells of a table are kept apart by tabs
_LEAD = rf"(?:\b(?P<lead>on|in){_BLANK})?"
_WEEKDAY = rf"(?:(?:mon|tue(?:s)?|wed(?:nes)?|thu(?:r)?(?:s)?|fri|sat(?:ur)?|sun)(?:day)?,?{_BLANK})?"
_NUMBER = r"(?:0?[1-9]|[12]\d|3[01])"
_ORDINAL = r"(?: ?(?:st|nd|rd|th)\b)"
_ARTICLE = rf"(?:the{_BLANK}(?={_NUMBER}{_ORDINAL}))?"
_FULL_YEAR = r"(?:19|20)\d{2}(?!\d)"
_SHORT_YEAR = r"['\u2019]\d{2}(?!\d)"
_BARE_YEAR = r"\d{2}(?!\d|[.,:/%]\d|\s[a-z]+s\b)"  # not the number of "27 January 10 managers left"
_NO_NUMBER_BEFORE = r"(?<![\w/])(?<!\d[.,:])"

_DAY_FIRST = re.compile(
    rf"{_NO_NUMBER_BEFORE}{_LEAD}{_ARTICLE}{_WEEKDAY}{_ARTICLE}(?:{_NUMBER}{_ORDINAL}?{_TO})?"
    rf"(?P<day>{_NUMBER}){_ORDINAL}?(?:{_BLANK}day)?(?:{_BLANK}of)?(?:-|{_BLANK})(?P<month>{_MONTHS})"
    rf"(?:\.?,?(?:-|{_BLANK})(?P<year>{_FULL_YEAR}|{_SHORT_YEAR}|{_BARE_YEAR}))?",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"(?<!\w){_LEAD}{_WEEKDAY}(?P<month>{_MONTHS})\.?{_BLANK}(?:the{_BLANK})?(?P<day>{_NUMBER}){_ORDINAL}?"
    rf"(?![\w/:]|\.\d)(?:,?(?:{_BLANK})?(?P<year>{_FULL_YEAR}|{_SHORT_YEAR}))?",
    re.IGNORECASE,
)
_NUMERIC = re.compile(
    rf"{_NO_NUMBER_BEFORE}(?<![-.]){_LEAD}(?P<date>\d{{1,2}}(?P<sign>[/-])\d{{1,2}}(?P=sign)(?:\d{{4}}|\d{{2}})"
    r"|\d{1,2}\.\d{1,2}\.\d{4}|\d{2}\.\d{2}\.\d{2})(?![\w/-]|\.\d)",
    re.IGNORECASE,
)
_YEAR_FIRST = re.compile(
    rf"{_NO_NUMBER_BEFORE}(?<![-.]){_LEAD}(?P<date>(?:19|20)\d{{2}}(?P<sign>[-/.])\d{{1,2}}(?P=sign)\d{{1,2}})"
    r"(?:[T\s]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?(?![\w/-])",
    re.IGNORECASE,
)
_MONTH_AND_YEAR = re.compile(
    rf"(?<!\w){_LEAD}(?:(?:early|mid|late)(?:-|{_BLANK}))?(?:{_MONTHS}{_TO})?(?P<month>{_MONTHS})"
    rf"(?:\.?,?(?:-|{_BLANK})(?:of{_BLANK})?|/)(?P<year>{_FULL_YEAR}|{_SHORT_YEAR})",
    re.IGNORECASE,
)
_NUMERIC_MONTH = re.compile(
    rf"{_NO_NUMBER_BEFORE}(?<![-.]){_LEAD}(?P<date>(?:0?[1-9]|1[0-2])/(?:19|20)\d{{2}})(?![\w/-])", re.IGNORECASE
)
_UNDATED_YEAR = 2000
"""A leap year, so that 29 February without a year is a day."""
_WITHOUT_YEAR = {
    f"in early {_UNDATED_YEAR}": "early in the year",
    f"in mid {_UNDATED_YEAR}": "in the middle of the year",
    f"in late {_UNDATED_YEAR}": "late in the year",
}


def find_days(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and a vaguer wording of every date that gives the day, with or without its year."""
    for match in _DAY_FIRST.finditer(text):
        yield from _in_words(match, match["day"])
    for match in _MONTH_FIRST.finditer(text):
        if not _reads_as_a_verb(match["month"]):
            yield from _in_words(match, match["day"])
    for match in _NUMERIC.finditer(text):
        yield from _proposal(match, _parse(match["date"], day_first=True))
    for match in _YEAR_FIRST.finditer(text):
        yield from _proposal(match, _parse(match["date"], day_first=False))


def find_months(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and a vaguer wording of every month that is given with its year."""
    for match in _MONTH_AND_YEAR.finditer(text):
        if not _reads_as_a_verb(match["month"]):
            yield from _in_words(match, "1")
    for match in _NUMERIC_MONTH.finditer(text):
        yield from _proposal(match, _parse(f"1/{match['date']}", day_first=True))


def _reads_as_a_verb(month: str) -> bool:
    return month in _ALSO_A_VERB


def _in_words(match: re.Match[str], day: str) -> Iterator[tuple[int, int, str]]:
    year = match["year"] and match["year"].lstrip("'\u2019")
    when = _parse(f"{day} {match['month']} {year or _UNDATED_YEAR}", day_first=True)
    yield from _proposal(match, when, has_year=year is not None)


def _parse(written: str, *, day_first: bool) -> date | None:
    """Return the day, or nothing where the calendar has no such day.

    ISO dates are read with `day_first` false: dateutil would swap their day and month otherwise.
    """
    first_day = datetime(_UNDATED_YEAR, 1, 1)  # noqa: DTZ001 (a day in a text has no zone)
    try:
        return parser.parse(written, dayfirst=day_first, default=first_day).date()
    except (ValueError, OverflowError):
        return None


def _proposal(match: re.Match[str], when: date | None, *, has_year: bool = True) -> Iterator[tuple[int, int, str]]:
    if when is None:
        return
    vague = generalise_date(when, DatePrecision.PART_OF_YEAR)
    if not has_year:
        vague = _WITHOUT_YEAR[vague]
    elif match["lead"] is None:
        vague = vague.removeprefix("in ")
    if match.group()[0].isupper() and match["lead"]:
        vague = vague[0].upper() + vague[1:]
    yield match.start(), match.end(), vague
