"""Sends what is on its way: takes it under a lease, sends it outside any transaction, and says what became of it."""

from collections.abc import Awaitable, Callable, Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account, AccountState, Organisation
from app.kernel import clock
from app.kernel.logs import describe_failure, log
from app.kernel.runtime import Runtime
from app.kernel.settings import Settings
from app.notifications import mail, outbox, templates, webhooks
from app.notifications.models import Delivery, DeliveryState, MailAddress, Notice, WebhookEndpoint
from app.notifications.outbox import Leased
from app.notifications.slots import newest_slot
from app.notifications.templates import Language

Barred = Callable[[AsyncSession, UUID, UUID, Collection[UUID]], Awaitable[set[UUID]]]
"""Of those cases, the ones that a wall bars the account of the organisation from."""
Send = Callable[[], Awaitable[None]]


async def deliver(runtime: Runtime, barred: Barred) -> None:
    """What waited for the slot that began last is on its way, and what is to be tried now was tried."""
    settings = runtime.settings
    slot_at = newest_slot(clock.now(), settings.notice_slots)
    async with runtime.database.session(write=False) as session:
        organisations = (await session.scalars(select(Organisation.id))).all()
    for organisation_id in organisations:
        await outbox.gather(runtime.database, organisation_id, slot_at, by_mail=settings.smtp_host is not None)
    while leased := await _claim(runtime):
        for one in leased:
            await _try(runtime, one, barred)


async def _claim(runtime: Runtime) -> list[Leased]:
    async with runtime.database.session(write=True) as session:
        return await outbox.claim(session)


async def _try(runtime: Runtime, leased: Leased, barred: Barred) -> None:
    state = DeliveryState.DROPPED
    try:
        async with runtime.database.session(write=False) as session:
            delivery = await session.get_one(Delivery, (leased.organisation_id, leased.id))
            send = await _what(session, runtime.settings, delivery, barred)
        if send is not None:
            await send()
            state = DeliveryState.SENT
    except Exception as failure:  # noqa: BLE001 whatever stops one delivery stops no other; the log names no address
        is_last = leased.attempts >= runtime.settings.notice_attempts
        state = DeliveryState.DEAD if is_last else DeliveryState.WAITING
        event = "a notice was given up" if is_last else "a notice was not delivered"
        account = None if leased.account_id is None else str(leased.account_id)
        log.error(event, extra={"event": event, "account": account, **describe_failure(failure)})
    async with runtime.database.session(write=True) as session:
        await outbox.settle(session, leased, state)


async def _what(session: AsyncSession, settings: Settings, delivery: Delivery, barred: Barred) -> Send | None:
    """Return what sends the delivery, with all that it needs; None if it is not to be sent any more."""
    if delivery.account_id is not None:
        return await _mail(session, settings, delivery, delivery.account_id, barred)
    endpoint = await session.get_one(WebhookEndpoint, (delivery.organisation_id, delivery.endpoint_id))
    if endpoint.ended_on is not None:
        return None
    url, secret, event_id = endpoint.url, endpoint.secret, delivery.event_id
    return lambda: webhooks.call(settings, url, secret, event_id)


async def _mail(
    session: AsyncSession, settings: Settings, delivery: Delivery, account_id: UUID, barred: Barred
) -> Send | None:
    organisation_id = delivery.organisation_id
    account = await session.get_one(Account, (organisation_id, account_id))
    statement = select(MailAddress).where(
        MailAddress.organisation_id == organisation_id, MailAddress.account_id == account_id
    )
    to = await session.scalar(statement)
    if to is None or account.state != AccountState.ACTIVE or settings.smtp_host is None:
        return None
    if not to.is_always and not await _has_something(session, delivery, account_id, barred):
        return None
    assert settings.mail_from is not None  # noqa: S101 the settings ask for it beside the host
    sender, recipient = settings.mail_from, to.address
    raw = templates.mail(Language(to.language), sender, recipient, delivery.slot_at, delivery.event_id)
    return lambda: mail.send(settings, recipient, raw)


async def _has_something(session: AsyncSession, delivery: Delivery, account_id: UUID, barred: Barred) -> bool:
    """Whether any notice is of no case, or of one that no wall bars the account from by now."""
    statement = select(Notice.about_id).where(
        Notice.organisation_id == delivery.organisation_id, Notice.delivery_id == delivery.id
    )
    about = set((await session.scalars(statement)).all())
    cases = {case_id for case_id in about if case_id is not None}
    hidden = await barred(session, delivery.organisation_id, account_id, cases) if cases else set()
    return None in about or bool(cases - hidden)
