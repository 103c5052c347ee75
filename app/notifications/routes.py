"""Where people and other systems are told that there is something to see, over HTTP."""

from typing import Annotated
from uuid import UUID

from app.kernel import routing
from app.kernel.db import DbSession, reads
from app.kernel.http import problems
from app.kernel.pages import Page, PageOf
from app.kernel.problems import Busy, InvalidInput, NotFound, Unauthenticated
from app.kernel.runtime import RuntimeOf
from app.notifications import service
from app.notifications.schemas import MailAddressIn, MailAddressOut, NewWebhookOut, WebhookIn, WebhookOut
from app.policy.actors import Staff
from app.policy.guard import requires
from app.policy.permissions import Permission

router = routing.router("notices", prefix="/v1")
_GUARDED = (Unauthenticated, NotFound, Busy)
Oneself = Annotated[Staff, requires(Permission.SELF_MANAGE)]
Administrator = Annotated[Staff, requires(Permission.WEBHOOK_MANAGE)]


@router.get("/me/mail-address", response_model=MailAddressOut, responses=problems(*_GUARDED))
@reads
async def read_own_mail_address(actor: Oneself, session: DbSession) -> MailAddressOut:
    """See where you get mail."""
    return await service.read_address(session, actor)


@router.put("/me/mail-address", response_model=MailAddressOut, responses=problems(*_GUARDED, InvalidInput))
async def set_own_mail_address(draft: MailAddressIn, actor: Oneself, session: DbSession) -> MailAddressOut:
    """Say where you get mail. One goes there in the next slot, so that you see that it arrives."""
    return await service.set_address(session, actor, draft)


@router.delete("/me/mail-address", status_code=204, responses=problems(*_GUARDED))
async def remove_own_mail_address(actor: Oneself, session: DbSession) -> None:
    """Get no mail any more."""
    await service.remove_address(session, actor)


@router.post("/webhooks", status_code=201, response_model=NewWebhookOut, responses=problems(*_GUARDED, InvalidInput))
async def add_webhook(draft: WebhookIn, actor: Administrator, session: DbSession, runtime: RuntimeOf) -> NewWebhookOut:
    """Register another system to be told, in the slots of mail, that there is something new, and nothing else.

    The secret that signs each call is shown this once.
    """
    return await service.add_webhook(session, actor, draft, runtime.settings.webhook_hosts)


@router.get("/webhooks", response_model=Page[WebhookOut], responses=problems(*_GUARDED, InvalidInput))
@reads
async def list_webhooks(actor: Administrator, session: DbSession, page: PageOf) -> Page[WebhookOut]:
    """List the webhooks that have not ended."""
    return await service.list_webhooks(session, actor, page)


@router.delete("/webhooks/{webhook_id}", status_code=204, responses=problems(*_GUARDED, InvalidInput))
async def end_webhook(webhook_id: UUID, actor: Administrator, session: DbSession) -> None:
    """Call a webhook no more. Where there is no such one, nothing changes."""
    await service.end_webhook(session, actor, webhook_id)
