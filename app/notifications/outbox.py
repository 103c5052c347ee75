"""What waits to be told, written in the transaction of what it announces, and taken from there by whoever sends.

A notice waits for a slot. At the slot all notices of one person become one delivery, which is tried until it succeeds or
has failed too often. A delivery is at least once: who was killed after sending and before saying so has sent it, and it is
sent once more, with the same id, when the lease is over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account, AccountState
from app.kernel import clock
from app.kernel.db import Database, insert_rows, read_one_moment, table_of
from app.kernel.ids import new_id
from app.notifications.models import Delivery, DeliveryState, MailAddress, Notice, NoticeSlot, WebhookEndpoint
from app.notifications.slots import wait_after

AT_ONCE = 20
"""How many deliveries a worker takes at a time."""
LEASE = timedelta(minutes=15)
"""How long it has them for itself: longer than it can take to try them all."""
KEPT_DAYS = 7
"""How long it is remembered which slots there were and what was sent in them."""
_NOTICES, _DELIVERIES = table_of(Notice), table_of(Delivery)


async def tell(
    session: AsyncSession,
    organisation_id: UUID,
    account_ids: Iterable[UUID],
    case_id: UUID | None = None,
    *,
    by_reporter: bool = False,
) -> None:
    """Each of those accounts will be told, in the next slot, that there is something for them: never what, nor by whom.

    Call it in the transaction of the act. Name the case that it is about, if there is one: whoever a wall bars from it by
    the time of sending is told nothing. What a reporter or supporter did is told from the next day on, so that no slot says
    in which half of a day they did it. Who has given no mail address is told nothing, and loses nothing.
    """
    today = clock.today()
    from_on = today + timedelta(days=1) if by_reporter else today
    rows = [
        {
            "organisation_id": organisation_id,
            "id": new_id(),
            "account_id": account_id,
            "about_id": case_id,
            "from_on": from_on,
            "delivery_id": None,
        }
        for account_id in dict.fromkeys(account_ids)
    ]
    await insert_rows(session, [(_NOTICES, rows)])


@dataclass(frozen=True)
class Leased:
    """A delivery that this worker has for itself until then."""

    organisation_id: UUID
    id: UUID
    account_id: UUID | None
    attempts: int
    """How often it was tried, this time included."""
    until: datetime


async def gather(database: Database, organisation_id: UUID, slot_at: datetime, *, by_mail: bool) -> None:
    """What waited for this slot is on its way: at most one mail to a person and one call to a webhook. Again changes nothing."""
    async with database.session(write=False) as session:
        done = select(NoticeSlot.id).where(NoticeSlot.organisation_id == organisation_id, NoticeSlot.slot_at == slot_at)
        if (await session.execute(done)).first() is not None:
            return
    try:
        async with database.session(write=True) as session:
            await read_one_moment(session)  # what is told meanwhile is neither seen nor removed
            session.add(NoticeSlot(organisation_id=organisation_id, slot_at=slot_at))
            await session.flush()  # whoever is second finds the slot taken before it writes anything else
            await _gather(session, organisation_id, slot_at, by_mail=by_mail)
    except IntegrityError:  # another worker gathers
        return


async def _gather(session: AsyncSession, organisation_id: UUID, slot_at: datetime, *, by_mail: bool) -> None:
    due = and_(
        _NOTICES.c.organisation_id == organisation_id,
        _NOTICES.c.delivery_id.is_(None),
        _NOTICES.c.from_on <= clock.today(),
    )
    told = set((await session.scalars(select(_NOTICES.c.account_id).where(due).distinct())).all())
    reachable = (
        select(MailAddress.account_id, MailAddress.is_always)
        .join(
            Account, and_(Account.organisation_id == MailAddress.organisation_id, Account.id == MailAddress.account_id)
        )
        .where(MailAddress.organisation_id == organisation_id, Account.state == AccountState.ACTIVE)
    )
    people = (await session.execute(reachable)).all() if by_mail else []
    rows = [
        _delivery(organisation_id, slot_at, account_id=person.account_id)
        for person in people
        if person.is_always or person.account_id in told
    ]
    endpoints = select(WebhookEndpoint.id).where(
        WebhookEndpoint.organisation_id == organisation_id, WebhookEndpoint.ended_on.is_(None)
    )
    called = (await session.scalars(endpoints)).all() if told else []
    rows += [_delivery(organisation_id, slot_at, endpoint_id=endpoint_id) for endpoint_id in called]
    await insert_rows(session, [(_DELIVERIES, rows)])
    for row in rows:
        if row["account_id"] in told:
            of_person = update(_NOTICES).where(due, _NOTICES.c.account_id == row["account_id"])
            await session.execute(of_person.values(delivery_id=row["id"]))
    await session.execute(delete(_NOTICES).where(due))


def _delivery(
    organisation_id: UUID, slot_at: datetime, account_id: UUID | None = None, endpoint_id: UUID | None = None
) -> dict[str, Any]:
    return {
        "organisation_id": organisation_id,
        "id": new_id(),
        "slot_at": slot_at,
        "account_id": account_id,
        "endpoint_id": endpoint_id,
        "event_id": uuid4(),
        "state": DeliveryState.WAITING.value,
        "attempts": 0,
        "next_try_at": slot_at,
        "leased_until": None,
    }


async def claim(session: AsyncSession) -> list[Leased]:
    """Return deliveries that are to be tried now, which nobody else tries until their lease is over."""
    now = clock.now()
    waiting = (
        select(_DELIVERIES.c.organisation_id, _DELIVERIES.c.id, _DELIVERIES.c.account_id, _DELIVERIES.c.attempts)
        .where(
            _DELIVERIES.c.state == DeliveryState.WAITING,
            _DELIVERIES.c.next_try_at <= now,
            or_(_DELIVERIES.c.leased_until.is_(None), _DELIVERIES.c.leased_until <= now),
        )
        .order_by(_DELIVERIES.c.next_try_at, _DELIVERIES.c.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    found = (await session.execute(waiting)).all()
    for row in found:
        place = (_DELIVERIES.c.organisation_id == row.organisation_id, _DELIVERIES.c.id == row.id)
        leased = {"leased_until": now + LEASE, "attempts": row.attempts + 1}
        await session.execute(update(_DELIVERIES).where(*place).values(leased))
    return [Leased(row.organisation_id, row.id, row.account_id, row.attempts + 1, now + LEASE) for row in found]


async def settle(session: AsyncSession, leased: Leased, state: DeliveryState) -> None:
    """What became of a try is known. Whoever lost the lease meanwhile changes nothing.

    What waits on is tried again later; what does not has no notices any more.
    """
    place = and_(
        _DELIVERIES.c.organisation_id == leased.organisation_id,
        _DELIVERIES.c.id == leased.id,
        _DELIVERIES.c.leased_until == leased.until,
    )
    if (await session.execute(select(_DELIVERIES.c.id).where(place).with_for_update())).first() is None:
        return
    values: dict[str, Any] = {"state": state.value, "leased_until": None}
    if state is DeliveryState.WAITING:
        values["next_try_at"] = clock.now() + wait_after(leased.attempts)
    await session.execute(update(_DELIVERIES).where(place).values(values))
    if state is not DeliveryState.WAITING:
        of_it = (_NOTICES.c.organisation_id == leased.organisation_id, _NOTICES.c.delivery_id == leased.id)
        await session.execute(delete(_NOTICES).where(*of_it))


async def remove_old(session: AsyncSession) -> None:
    """Nothing is left of slots that were more than a few days ago, but what is still on its way."""
    before = clock.now() - timedelta(days=KEPT_DAYS)
    is_over = and_(Delivery.slot_at < before, Delivery.state != DeliveryState.WAITING)
    await session.execute(delete(Delivery).where(is_over))
    await session.execute(delete(NoticeSlot).where(NoticeSlot.slot_at < before))
