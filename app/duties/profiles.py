"""Which law sets which clock, as data with the clause each comes from, and when a duty is due by it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.duties.calendar import DEFAULT_NATION, Nation, add_months, add_working_days, working_day_from


class LawProfile(StrEnum):
    """Which law sets the clocks of a channel."""

    UK_PIDA = "uk_pida"
    EU_2019_1937 = "eu_2019_1937"
    EU_2019_1937_EXTERNAL = "eu_2019_1937_external"
    NHS_FTSU = "nhs_ftsu"
    CUSTOM = "custom"


class DutyKind(StrEnum):
    """What is owed. Later stages of a case owe more kinds: it is a code, not a closed list of the database."""

    ACKNOWLEDGE = "acknowledge"
    ACKNOWLEDGE_PERSONALLY = "acknowledge_personally"
    FEED_BACK = "feed_back"
    ESCALATE_IMMEDIATE_RISK = "escalate_immediate_risk"
    SHARE = "share"
    PUBLISH = "publish"
    REASSESS_DETRIMENT = "reassess_detriment"


class OwedTo(StrEnum):
    """Who is owed it, and may see whether it was kept."""

    REPORTER = "reporter"
    SUPPORTERS = "supporters"
    COMMISSIONER = "commissioner"
    PANEL = "panel"
    STAFF = "staff"
    PUBLIC = "public"


class Unit(StrEnum):
    """What a term is counted in."""

    DAYS = "days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"


@dataclass(frozen=True)
class Term:
    """So many days, working days or months, and the clause that says so. The day that it starts from does not count."""

    count: int
    unit: Unit
    source: str

    def after(self, day: date, nation: Nation) -> date:
        """Return the last day of the term that starts on `day`, before any rule about days on which nobody works."""
        match self.unit:
            case Unit.DAYS:
                return day + timedelta(days=self.count)
            case Unit.WORKING_DAYS:
                return add_working_days(day, self.count, nation)
            case Unit.MONTHS:
                return add_months(day, self.count)


@dataclass(frozen=True)
class Rules:
    """What one law profile says."""

    acknowledge: Term
    acknowledge_personally: Term
    feed_back: Term
    longest_feed_back: Term | None
    """The longest term for feedback, extensions included; None where the law lets nobody extend it."""
    ends_on_working_day: bool
    """Whether a term that ends on a weekend or bank holiday ends on the next working day instead."""
    unstoppable: frozenset[DutyKind]
    """Whose clocks no reason stops."""
    immediate_risk_hours: int = 24
    """Source: Candour's own. ISO 37002:2021, 8.3.1, asks that an immediate risk be dealt with, and sets no hour."""


_PERSONALLY = Term(3, Unit.WORKING_DAYS, "ISO 37002:2021, 8.2: a personal acknowledgement beside the automatic one")
_AT_RISK = frozenset({DutyKind.ESCALATE_IMMEDIATE_RISK})
_OF_THE_DIRECTIVE = frozenset({DutyKind.ACKNOWLEDGE, DutyKind.FEED_BACK}) | _AT_RISK
_LIKE_THE_DIRECTIVE = "No term in the Employment Rights Act 1996; Candour keeps that of Directive (EU) 2019/1937, "

UNITED_KINGDOM = Rules(
    acknowledge=Term(7, Unit.DAYS, _LIKE_THE_DIRECTIVE + "Article 9(1)(b)"),
    acknowledge_personally=_PERSONALLY,
    feed_back=Term(3, Unit.MONTHS, _LIKE_THE_DIRECTIVE + "Article 9(1)(f)"),
    longest_feed_back=Term(6, Unit.MONTHS, _LIKE_THE_DIRECTIVE + "Article 11(2)(d)"),
    ends_on_working_day=False,
    unstoppable=_AT_RISK,
)
PROFILES: dict[LawProfile, Rules] = {
    LawProfile.UK_PIDA: UNITED_KINGDOM,
    LawProfile.EU_2019_1937: Rules(
        acknowledge=Term(7, Unit.DAYS, "Directive (EU) 2019/1937, Article 9(1)(b)"),
        acknowledge_personally=_PERSONALLY,
        feed_back=Term(3, Unit.MONTHS, "Directive (EU) 2019/1937, Article 9(1)(f): not exceeding three months"),
        longest_feed_back=None,
        ends_on_working_day=True,
        unstoppable=_OF_THE_DIRECTIVE,
    ),
    LawProfile.EU_2019_1937_EXTERNAL: Rules(
        acknowledge=Term(7, Unit.DAYS, "Directive (EU) 2019/1937, Article 11(2)(b)"),
        acknowledge_personally=_PERSONALLY,
        feed_back=Term(3, Unit.MONTHS, "Directive (EU) 2019/1937, Article 11(2)(d)"),
        longest_feed_back=Term(
            6, Unit.MONTHS, "Directive (EU) 2019/1937, Article 11(2)(d): six months in duly justified cases"
        ),
        ends_on_working_day=True,
        unstoppable=_OF_THE_DIRECTIVE,
    ),
    LawProfile.NHS_FTSU: Rules(
        acknowledge=Term(
            2,
            Unit.WORKING_DAYS,
            "Freedom to speak up: raising concerns (whistleblowing) policy for the NHS (2016): within two working days",
        ),
        acknowledge_personally=_PERSONALLY,
        feed_back=Term(3, Unit.MONTHS, "No term in the policy; " + _LIKE_THE_DIRECTIVE + "Article 9(1)(f)"),
        longest_feed_back=UNITED_KINGDOM.longest_feed_back,
        ends_on_working_day=False,
        unstoppable=_AT_RISK,
    ),
    LawProfile.CUSTOM: UNITED_KINGDOM,
}
"""Law profile → rules. Where terms of the Union end on a day that is no working day, they end on the next: Regulation (EEC,
Euratom) No 1182/71, Article 3(4). No rule of the United Kingdom moves the others."""


@dataclass(frozen=True)
class Stop:
    """The clock stood still from the first day until the day before the second; without a second it stands still."""

    started_on: date
    ended_on: date | None


def acknowledge_by(profile: LawProfile, received_on: date, nation: Nation = DEFAULT_NATION) -> date:
    """Return the last day for an acknowledgement."""
    return due(profile, PROFILES[profile].acknowledge.after(received_on, nation), nation=nation)


def acknowledge_personally_by(profile: LawProfile, received_on: date, nation: Nation = DEFAULT_NATION) -> date:
    """Return the last day for an acknowledgement by a person."""
    return due(profile, PROFILES[profile].acknowledge_personally.after(received_on, nation), nation=nation)


def feedback_starts(
    profile: LawProfile, received_on: date, acknowledged_on: date | None, nation: Nation = DEFAULT_NATION
) -> date:
    """Return the day from which the term for feedback runs: the acknowledgement, or the end of its term if that is earlier.

    A late acknowledgement wins no time. Source: Directive (EU) 2019/1937, Article 9(1)(f).
    """
    term_ends = PROFILES[profile].acknowledge.after(received_on, nation)
    return term_ends if acknowledged_on is None else min(acknowledged_on, term_ends)


def feedback_by(
    profile: LawProfile, received_on: date, acknowledged_on: date | None, nation: Nation = DEFAULT_NATION
) -> date:
    """Return the last day for feedback."""
    starts = feedback_starts(profile, received_on, acknowledged_on, nation)
    return due(profile, PROFILES[profile].feed_back.after(starts, nation), nation=nation)


def due(
    profile: LawProfile,
    term_ends: date,
    stops: Iterable[Stop] = (),
    extended_days: int = 0,
    nation: Nation = DEFAULT_NATION,
    *,
    starts_on: date | None = None,
) -> date:
    """Return the day on which a duty is due whose term ends on `term_ends`, moved by stops and extension, never back.

    Days stood still count once, however many stops they are in, and only from `starts_on` on; a stop that began after the
    duty was due moves nothing, and one that still lasts moves it only when it ends.
    """
    last = end = term_ends + timedelta(days=extended_days)
    if PROFILES[profile].ends_on_working_day:
        last = working_day_from(end, nation)
    for stop in merged(stops):
        first = stop.started_on if starts_on is None else max(stop.started_on, starts_on)
        if stop.ended_on is None or stop.started_on > last:
            break
        end += max(stop.ended_on - first, timedelta())
        last = working_day_from(end, nation) if PROFILES[profile].ends_on_working_day else end
    return last


def merged(stops: Iterable[Stop]) -> list[Stop]:
    """Return the days on which the clock stood still as stops that neither overlap nor touch, in order."""
    found: list[Stop] = []
    for stop in sorted(stops, key=lambda one: one.started_on):
        before = found[-1] if found else None
        if before is None or (before.ended_on is not None and before.ended_on < stop.started_on):
            found.append(stop)
        elif before.ended_on is not None:
            ended_on = None if stop.ended_on is None else max(before.ended_on, stop.ended_on)
            found[-1] = Stop(before.started_on, ended_on)
    return found


def may_stop(profile: LawProfile, kind: str) -> bool:
    """Whether the clock of such a duty may be stopped."""
    return kind not in PROFILES[profile].unstoppable


def longest(profile: LawProfile, kind: str, starts_on: date, nation: Nation = DEFAULT_NATION) -> date | None:
    """Return the day on which the longest extended term ends, before any stop; None where nothing may be extended."""
    term = PROFILES[profile].longest_feed_back
    return None if kind != DutyKind.FEED_BACK or term is None else term.after(starts_on, nation)


def is_late(due_on: date, done_on: date | None, today: date) -> bool:
    """Whether what was due was done after its day, or is not done yet and its day is over."""
    return (today if done_on is None else done_on) > due_on
