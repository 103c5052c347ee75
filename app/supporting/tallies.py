"""What may be told of a count without telling what any one supporter chose. Pure.

Two rules, and no third:

1. The number of people is shown at the threshold or above, and moves only by the threshold or more at a time. It says nothing of what
   anybody chose.
2. How many support each allegation is told once, after the count has ended, and never again. There is nothing to subtract from it. Of it
   a number is told exactly if at least as many as the threshold support the allegation and at least as many do not; if fewer do not,
   so much is told that nobody can be named: the number of people less the threshold, plus one, or more. If fewer support it, nothing is
   told, and that is what is told of none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

LEAST_THRESHOLD = 5
"""Source: crypto.md of the field notes, section 3, and what official statistics call small: cells under five are not published."""
MOST_THRESHOLD = 100


@dataclass(frozen=True)
class Told:
    """A number that may be told: exactly that, or that or more."""

    number: int
    is_exact: bool


def is_open(opens_on: date, closes_on: date, ended_on: date | None, today: date) -> bool:
    """Whether supporters are counted today. First and last day count."""
    return ended_on is None and opens_on <= today <= closes_on


def is_over(closes_on: date, ended_on: date | None, today: date) -> bool:
    """Whether nobody will be counted any more."""
    return ended_on is not None or today > closes_on


def people(shown: int | None, present: int, threshold: int) -> int | None:
    """Return how many people are shown, if `shown` are shown so far and there are `present`. None is what is shown of few and of none."""
    if present < threshold:
        return None
    if shown is None or abs(present - shown) >= threshold:
        return present
    return shown


def of_allegation(supporting: int, of: int, threshold: int) -> Told | None:
    """Return what is told of an allegation that `supporting` of `of` people support, the one time that it is told."""
    if of < threshold or supporting < threshold:
        return None
    if of - supporting >= threshold:
        return Told(supporting, is_exact=True)
    least = of - threshold + 1
    # Among fewer than twice the threshold the two bounds meet, and any number would say on which side of them it is.
    return Told(least, is_exact=False) if least >= threshold else None


def by_allegation(choices: Sequence[Sequence[bool]], allegations: int, threshold: int) -> list[Told | None]:
    """Return what is told of each allegation, of what every person chose."""
    supporting = [sum(chosen[number] for chosen in choices) for number in range(allegations)]
    return [of_allegation(count, len(choices), threshold) for count in supporting]
