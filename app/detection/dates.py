"""Where a text gives a date finer than a year, and how to say it more vaguely."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache

from dateutil import parser

from app.detection.vague_dates import DatePrecision, generalise_date

_MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b"
)
_ALSO_A_VERB = frozenset({"mar", "march", "may"})
_TO = r"\s{0,3}(?:-|\u2013|\u2014|/|&|,|\bto\b|\band\b|\bor\b)\s{0,3}"
_THROUGH = r"\s{0,3}(?:-|\u2013|\u2014|\bto\b|\band\b|\buntil\b)\s{0,3}"
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
    rf"{_NO_NUMBER_BEFORE}{_LEAD}(?:{_ARTICLE}{_WEEKDAY}{_ARTICLE}{_NUMBER}{_ORDINAL}?{_TO}){{0,3}}"
    rf"{_ARTICLE}{_WEEKDAY}{_ARTICLE}(?P<day>{_NUMBER}){_ORDINAL}?(?:{_BLANK}day)?(?:{_BLANK}of)?(?:-|{_BLANK})(?P<month>{_MONTHS})"
    rf"(?:\.?,?(?:-|{_BLANK})(?P<year>{_FULL_YEAR}|{_SHORT_YEAR}|{_BARE_YEAR}))?",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"(?<!\w){_LEAD}{_WEEKDAY}(?P<month>{_MONTHS})\.?{_BLANK}(?:the{_BLANK})?(?P<day>{_NUMBER}){_ORDINAL}?"
    rf"(?![\w/:]|\.\d)(?:{_THROUGH}(?:the{_BLANK})?{_NUMBER}{_ORDINAL}?(?![\w/:]|\.\d))?(?:,?(?:{_BLANK})?(?P<year>{_FULL_YEAR}|{_SHORT_YEAR}))?",
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
_JOINED = re.compile(_THROUGH, re.IGNORECASE)
_REMEMBERED = 4_096
"""How many days are not read again: the library takes a tenth of a millisecond for each, and texts repeat themselves."""
_CENTURY = 100
_FIRST_OF_LAST_CENTURY = 69
_UNDATED_YEAR = 2000
"""A leap year, so that 29 February without a year is a day."""
_WITHOUT_YEAR = {
    f"in early {_UNDATED_YEAR}": "early in the year",
    f"in mid {_UNDATED_YEAR}": "in the middle of the year",
    f"in late {_UNDATED_YEAR}": "late in the year",
}


class _Reading(parser.parserinfo):
    """How the library reads: as it does, but for years of two figures."""

    def convertyear(self, year: int, century_specified: bool = False) -> int:  # noqa: FBT001, FBT002 the library's
        """Return the year from 1969 to 2068 that ends so. Source: POSIX.1-2024, strptime, %y."""
        if century_specified or year >= _CENTURY:
            return year
        return year + (1900 if year >= _FIRST_OF_LAST_CENTURY else 2000)


_READING = _Reading()


@dataclass(frozen=True, slots=True)
class _Dated:
    """A place in a text that gives a date, or the first and the last of some."""

    start: int
    end: int
    first: date
    last: date
    has_year: bool
    has_lead: bool
    is_capital: bool

    def vaguer(self) -> tuple[int, int, str]:
        """Return start, end and a wording that says no more than the part of the year."""
        vague, until = (generalise_date(day, DatePrecision.PART_OF_YEAR) for day in (self.first, self.last))
        if not self.has_year:
            vague = _WITHOUT_YEAR[vague] if vague == until else "during the year"
        else:
            vague = vague if self.has_lead else vague.removeprefix("in ")
            if not until.endswith(vague.removeprefix("in ")):
                vague = f"{vague} to {until.removeprefix('in ')}"
        return self.start, self.end, vague[0].upper() + vague[1:] if self.is_capital and self.has_lead else vague

    def to(self, other: "_Dated") -> "_Dated":
        """Return both as one. A year that only one of them has is the year of both, unless New Year lies between."""
        first, last = self.first, other.last
        if other.has_year and not self.has_year:
            first = _in_year(last.year, first, before=last) or other.first
        elif self.has_year and not other.has_year:
            last = _in_year(first.year, last, after=first) or self.last
        return replace(self, end=other.end, first=first, last=last, has_year=self.has_year or other.has_year)


def find_days(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and a vaguer wording of every date that gives the day, with or without its year.

    Two that are joined, as in "3 March to 5 April 2020", are one.
    """
    before: _Dated | None = None
    for found in sorted((*_days_in_words(text), *_days_in_figures(text)), key=lambda day: (day.start, -day.end)):
        if before is not None and _JOINED.fullmatch(text, before.end, found.start) and found.start >= before.end:
            before = before.to(found)
            continue
        if before is not None:
            yield before.vaguer()
        before = found
    if before is not None:
        yield before.vaguer()


def find_months(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and a vaguer wording of every month that is given with its year."""
    for match in _MONTH_AND_YEAR.finditer(text):
        if not _reads_as_a_verb(match["month"]):
            yield from (found.vaguer() for found in _in_words(match, "1"))
    for match in _NUMERIC_MONTH.finditer(text):
        yield from (found.vaguer() for found in _dated(match, _parse(f"1/{match['date']}", day_first=True)))


def _days_in_words(text: str) -> Iterator[_Dated]:
    for match in _DAY_FIRST.finditer(text):
        yield from _in_words(match, match["day"])
    for match in _MONTH_FIRST.finditer(text):
        if not _reads_as_a_verb(match["month"]):
            yield from _in_words(match, match["day"])


def _days_in_figures(text: str) -> Iterator[_Dated]:
    for match in _NUMERIC.finditer(text):
        yield from _dated(match, _parse(match["date"], day_first=True))
    for match in _YEAR_FIRST.finditer(text):
        yield from _dated(match, _parse(match["date"], day_first=False))


def _reads_as_a_verb(month: str) -> bool:
    return month in _ALSO_A_VERB


def _in_words(match: re.Match[str], day: str) -> Iterator[_Dated]:
    year = match["year"] and match["year"].lstrip("'\u2019")
    when = _parse(f"{day} {match['month']} {year or _UNDATED_YEAR}", day_first=True)
    yield from _dated(match, when, has_year=year is not None)


@lru_cache(_REMEMBERED)
def _parse(written: str, *, day_first: bool) -> date | None:
    """Return the day, or nothing where the calendar has no such day.

    ISO dates are read with `day_first` false: dateutil would swap their day and month otherwise.
    """
    first_day = datetime(_UNDATED_YEAR, 1, 1)  # noqa: DTZ001 a day in a text has no zone
    try:
        return parser.parse(written, _READING, dayfirst=day_first, default=first_day).date()
    except (ValueError, OverflowError):
        return None


def _in_year(year: int, day: date, *, before: date | None = None, after: date | None = None) -> date | None:
    """Return that day in the year, or in the one next to it if only that is not on the wrong side of the other day."""
    try:
        moved = day.replace(year=year)
        if before is not None and moved > before:
            return moved.replace(year=year - 1)
        if after is not None and moved < after:
            return moved.replace(year=year + 1)
    except ValueError:
        return None
    return moved


def _dated(match: re.Match[str], when: date | None, *, has_year: bool = True) -> Iterator[_Dated]:
    if when is not None:
        start, end = match.span()
        yield _Dated(start, end, when, when, has_year, match["lead"] is not None, match.group()[0].isupper())
