"""What people say about where they are told: their own mail address, and an organisation's webhooks."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.kernel import clock
from app.kernel.pages import Page, PageQuery
from app.kernel.problems import InvalidInput
from app.notifications import hosts, outbox, webhooks
from app.notifications.hosts import UrlRefused
from app.notifications.models import MailAddress, WebhookEndpoint
from app.notifications.schemas import MailAddressIn, MailAddressOut, NewWebhookOut, WebhookIn, WebhookOut
from app.notifications.templates import Language
from app.policy.actors import Staff


async def _own(session: AsyncSession, actor: Staff) -> MailAddress | None:
    statement = select(MailAddress).where(
        MailAddress.organisation_id == actor.organisation_id, MailAddress.account_id == actor.account_id
    )
    return (await session.scalars(statement)).one_or_none()


async def read_address(session: AsyncSession, actor: Staff) -> MailAddressOut:
    """Return where the actor gets mail."""
    own = await _own(session, actor)
    if own is None:
        return MailAddressOut(address=None, language=Language.ENGLISH, always=False)
    return MailAddressOut(address=own.address, language=Language(own.language), always=own.is_always)


async def set_address(session: AsyncSession, actor: Staff, draft: MailAddressIn) -> MailAddressOut:
    """Return where the actor gets mail from now on. One mail goes there in the next slot, so that they see that it arrives."""
    own = await _own(session, actor)
    if own is None:
        own = MailAddress(organisation_id=actor.organisation_id, account_id=actor.account_id)
        session.add(own)
    own.address, own.language, own.is_always = draft.address, draft.language, draft.always
    own.set_on = clock.today()
    await log.record(session, actor, "mail-address.set", own)
    await outbox.tell(session, actor.organisation_id, [actor.account_id])
    return await read_address(session, actor)


async def remove_address(session: AsyncSession, actor: Staff) -> None:
    """The actor gets no mail any more. Again changes nothing."""
    own = await _own(session, actor)
    if own is not None:
        await session.delete(own)
        await log.record(session, actor, "mail-address.removed", removed=[own])


async def add_webhook(session: AsyncSession, actor: Staff, draft: WebhookIn, listed: Collection[str]) -> NewWebhookOut:
    """Return a new webhook with its secret.

    Raises:
        InvalidInput: the operator does not let anything be sent there.

    """
    try:
        hosts.read_url(draft.url, listed)
    except UrlRefused as refused:
        raise InvalidInput(errors=[{"in": "body", "pointer": "/url", "rule": str(refused)}]) from refused
    endpoint = WebhookEndpoint(
        organisation_id=actor.organisation_id, made_on=clock.today(), url=draft.url, secret=webhooks.new_secret()
    )
    session.add(endpoint)
    await log.record(session, actor, "webhook.added", endpoint)
    return NewWebhookOut(id=endpoint.id, url=endpoint.url, made_on=endpoint.made_on, secret=endpoint.secret)


async def list_webhooks(session: AsyncSession, actor: Staff, page: PageQuery) -> Page[WebhookOut]:
    """Return one page of the webhooks that have not ended."""
    statement = select(WebhookEndpoint).where(
        WebhookEndpoint.organisation_id == actor.organisation_id, WebhookEndpoint.ended_on.is_(None)
    )
    found, following = page.cut((await session.scalars(page.apply(statement, WebhookEndpoint.id))).all())
    return Page(items=[WebhookOut(id=one.id, url=one.url, made_on=one.made_on) for one in found], next=following)


async def end_webhook(session: AsyncSession, actor: Staff, webhook_id: UUID) -> None:
    """The webhook is called no more. Where there is none, nothing changes."""
    endpoint = await session.get(WebhookEndpoint, (actor.organisation_id, webhook_id))
    if endpoint is not None and endpoint.ended_on is None:
        endpoint.ended_on = clock.today()
        await log.record(session, actor, "webhook.ended", endpoint)
