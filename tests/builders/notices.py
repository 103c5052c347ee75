"""People with a mail address, and something to tell them."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from app.accounts.models import Account
from app.notifications import outbox
from app.notifications.models import Notice
from tests.conftest import FROZEN, Actor, Service

OFFICER, OTHER = "officer@northmoor.example", "other.officer@northmoor.example"
NEXT_SLOT = FROZEN.replace(hour=15)
MORNING = FROZEN.replace(hour=7) + timedelta(days=1)


async def has_address(actor: Actor, address: str, **more: Any) -> None:  # noqa: ANN401 any JSON
    """The actor gets mail there."""
    answer = await actor.put("/v1/me/mail-address", json={"address": address, **more})
    assert answer.status_code == 200, answer.text


async def nothing_waits(service: Service) -> None:
    """No notice is left from making the scene."""
    async with service.runtime.database.session(write=True) as session:
        for notice in (await session.scalars(select(Notice))).all():
            await session.delete(notice)


async def counted(service: Service, model: Any) -> int:  # noqa: ANN401 a table
    """How many rows there are."""
    async with service.runtime.database.session(write=False) as session:
        return (await session.scalar(select(func.count()).select_from(model))) or 0


async def told(service: Service, *actors: Actor, **more: Any) -> None:  # noqa: ANN401 as `tell`
    """There is something for those."""
    async with service.runtime.database.session(write=True) as session:
        organisation = await session.scalar(select(Account.organisation_id).limit(1))
        assert organisation is not None
        await outbox.tell(session, organisation, [one.account_id for one in actors], **more)
