"""How far an opening is, who is told of it from when, and when what was approved may be released. Pure: the clock is an argument."""

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from app.vault.opening_models import Opening, OpeningNotice, OpeningState

STANDING = frozenset({OpeningState.REQUESTED, OpeningState.RELEASED})
"""The states in which custodians may answer and the requester may fetch."""
PEOPLE_TO_WITHHOLD = 2


class NoticeState(StrEnum):
    """Whether the reporter is told."""

    GIVEN = "given"
    WITHHELD = "withheld"
    WITHHELD_PENDING = "withheld_pending"


def state_of(opening: Opening, now: datetime) -> OpeningState:
    """Return the state as the clock has it: what was asked for and given out to nobody is expired from its minute on.

    What was released stays so until its requester says what came of it: nobody is told that nothing was given out.
    """
    state = OpeningState(opening.state)
    return OpeningState.EXPIRED if state is OpeningState.REQUESTED and opening.expires_at <= now else state


def notice_state(opening: Opening, notice: OpeningNotice, withheld_by: Collection[UUID], now: datetime) -> NoticeState:
    """Return whether the reporter is told now.

    They are, from the moment of the request. Two people's reasons put it off until a day; one person's reason alone puts it off
    while the request stands, during which nothing is released.
    """
    if notice.withheld_until is None or notice.withheld_until <= now.date():
        return NoticeState.GIVEN
    if len(withheld_by) >= PEOPLE_TO_WITHHOLD:
        return NoticeState.WITHHELD
    return NoticeState.GIVEN if opening.expires_at <= now else NoticeState.WITHHELD_PENDING


def release_after(
    opening: Opening, notice: OpeningNotice, withheld_by: Collection[UUID], now: datetime, hours: int
) -> datetime | None:
    """Return the first instant at which shares may be given out; None while a second person's reason is missing.

    It is `hours` after the reporter was told, or at once where two people recorded why not.
    """
    if notice.withheld_until is None:
        return opening.made_at + timedelta(hours=hours)
    if len(withheld_by) >= PEOPLE_TO_WITHHOLD:
        return opening.made_at
    if notice_state(opening, notice, withheld_by, now) is NoticeState.WITHHELD_PENDING:
        return None
    return datetime.combine(notice.withheld_until, time(), UTC) + timedelta(hours=hours)
