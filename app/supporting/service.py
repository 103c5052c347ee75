"""What a representative does with the count of their grievance: opens it, changes its days, ends it, draws codes for it."""

import secrets
from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.crypto import hpke
from app.intake.models import Grievance, RaisedAllegation
from app.kernel import clock
from app.kernel.http import require_version
from app.kernel.ids import new_id
from app.kernel.problems import Conflict, InvalidInput
from app.kernel.sealed import open_keys
from app.policy.actors import Staff
from app.supporting import codes, counts, schemas, tallies
from app.supporting.counts import Count
from app.supporting.models import CountedAllegation, Mode, SupportCount, SupporterCode
from app.supporting.schemas import SupportCountIn, SupportCountPatch, SupporterCodesIn, SupporterCodesOut

T = TypeVar("T")


class NoSupportCount(Conflict):
    """Nobody has opened a count of the supporters of this grievance. POST to its support-count opens one."""

    title = "There is no count of supporters"


class SupportCountExists(Conflict):
    """A grievance has one count of its supporters, and this one has it: two could be subtracted from each other."""

    title = "There is a count of supporters already"


class SupportCountOver(Conflict):
    """The count has ended: what was told of it is told once, so that it is neither opened again nor changed."""

    title = "The count is over"


class SupportCountBegun(Conflict):
    """The count has opened already, so that its first day stays as it is."""

    title = "The count has begun"


class NotCountedByCodes(Conflict):
    """The supporters of this grievance are counted by tokens that the union signs, so that no codes are drawn for it."""

    title = "This count takes no codes"


class TooManyCodes(Conflict):
    """A count has at most 5,000 codes, those that were used among them."""

    title = "No more codes can be drawn"


async def open_count(session: AsyncSession, actor: Staff, grievance: Grievance, draft: SupportCountIn) -> Count:
    """Return the new count of a grievance, with a key of its own to which choices are sealed.

    Raises:
        SupportCountExists: the grievance has one.
        InvalidInput: an allegation is not one of the grievance.

    """
    raised = select(RaisedAllegation.id).where(
        RaisedAllegation.organisation_id == grievance.organisation_id, RaisedAllegation.grievance_id == grievance.id
    )
    known = set((await session.execute(raised)).scalars())
    for place, one in enumerate(draft.allegations):
        if one.allegation_id not in known:
            where = f"/allegations/{place}/allegation_id"
            raise InvalidInput(errors=[{"in": "body", "pointer": where, "rule": "must be of this grievance"}])
    if await session.scalar(select(SupportCount.id).where(SupportCount.grievance_id == grievance.id)) is not None:
        raise SupportCountExists
    seed = hpke.new_seed()
    row = SupportCount(
        organisation_id=grievance.organisation_id,
        id=new_id(),
        case_id=grievance.case_id,
        grievance_id=grievance.id,
        mode=draft.mode,
        opens_on=draft.opens_on,
        closes_on=draft.closes_on,
        threshold=draft.threshold,
        roll=draft.roll or 0,
        statement=draft.statement,
        issuer_key=draft.issuer_key,
        counting_key=hpke.public_key(seed),
        counting_seed=seed.hex(),
    )
    allegations = [
        CountedAllegation(
            organisation_id=row.organisation_id,
            id=new_id(),
            case_id=row.case_id,
            count_id=row.id,
            raised_id=one.allegation_id,
            position=position,
            wording=one.wording,
            issuer_key=one.issuer_key,
        )
        for position, one in enumerate(draft.allegations, 1)
    ]
    row.tag = counts.tag_of(row, allegations)
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as error:  # another request was faster
        raise SupportCountExists from error
    session.add_all(allegations)
    await log.record(session, actor, "support.count_opened", row, *allegations, case_id=row.case_id)
    return Count(row, tuple(allegations))


async def held(session: AsyncSession, grievance: Grievance) -> Count:
    """Return the count of a grievance, held until this act is committed.

    Raises:
        NoSupportCount: none was opened.
        SupportCountAltered: it is not as the service wrote it down.

    """
    statement = select(SupportCount).where(SupportCount.grievance_id == grievance.id).with_for_update()
    row = (await session.execute(statement)).scalar_one_or_none()
    if row is None:
        raise NoSupportCount
    return await counts.whole(session, row)


async def change_days(
    session: AsyncSession, actor: Staff, grievance: Grievance, draft: SupportCountPatch, expected: int | None
) -> Count:
    """Return the count with other days.

    Raises:
        NoSupportCount: none was opened.
        PreconditionFailed: it was changed since.
        SupportCountOver: it has ended.
        SupportCountBegun: its first day has come.
        InvalidInput: it would close before it opens, or last for more than a year.

    """
    count = await held(session, grievance)
    row = count.row
    require_version(row.version, expected)
    _require_going_on(row)
    if draft.opens_on is not None and draft.opens_on != row.opens_on and row.opens_on <= clock.today():
        raise SupportCountBegun
    opens_on, closes_on = draft.opens_on or row.opens_on, draft.closes_on or row.closes_on
    try:
        schemas.days(opens_on, closes_on)
    except ValueError as error:
        raise InvalidInput(errors=[{"in": "body", "pointer": "/closes_on", "rule": str(error)}]) from error
    row.opens_on, row.closes_on = opens_on, closes_on
    await log.record(session, actor, "support.count_changed", row, case_id=row.case_id)
    return count


async def end(session: AsyncSession, actor: Staff, grievance: Grievance, expected: int | None) -> Count:
    """Return the count, which counts nobody any more from this moment on.

    Raises:
        NoSupportCount: none was opened.
        PreconditionFailed: it was changed since.
        SupportCountOver: it has ended.

    """
    count = await held(session, grievance)
    require_version(count.row.version, expected)
    _require_going_on(count.row)
    count.row.ended_on = clock.today()
    await log.record(session, actor, "support.count_ended", count.row, case_id=count.row.case_id)
    return count


def _require_going_on(row: SupportCount) -> None:
    if tallies.is_over(row.closes_on, row.ended_on, clock.today()):
        raise SupportCountOver


async def draw_codes(
    session: AsyncSession, actor: Staff, grievance: Grievance, draft: SupporterCodesIn
) -> SupporterCodesOut:
    """Return fresh codes. What is kept of them is in another order, and has no place among those of other days.

    Raises:
        NoSupportCount: no count was opened.
        NotCountedByCodes: it takes tokens.
        SupportCountOver: it has ended.
        TooManyCodes: it has as many as it may have.

    """
    count = await held(session, grievance)
    row = count.row
    if count.mode is not Mode.CODES:
        raise NotCountedByCodes
    _require_going_on(row)
    if row.roll + draft.number > codes.MOST_OF_A_COUNT:
        raise TooManyCodes
    row.roll += draft.number
    drawn = [codes.new_code() for _ in range(draft.number)]
    keys = open_keys.get().service
    kept = [
        SupporterCode(
            organisation_id=row.organisation_id, count_id=row.id, lookup=codes.stored_lookup(keys, row.id, code)
        )
        for code in drawn
    ]
    session.add_all(in_random_order(kept))
    await log.record(session, actor, "support.codes_drawn", row, case_id=row.case_id)
    return SupporterCodesOut(codes=drawn)


def in_random_order(things: Sequence[T]) -> list[T]:
    """Return the things in an order that nobody can foresee or find out."""
    return sorted(things, key=lambda _: secrets.token_bytes(16))
