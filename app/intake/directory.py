"""The open channels of the service, for whoever looks for one."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Organisation
from app.intake.models import Channel

MOST = 500


async def open_channels(session: AsyncSession) -> list[Any]:
    """Return `slug`, `name` and `organisation` of each channel that takes grievances, by organisation and name."""
    statement = (
        select(Channel.slug, Channel.name, Organisation.name.label("organisation"))
        .join(Organisation, Organisation.id == Channel.organisation_id)
        .where(Channel.is_open)
        .order_by(Organisation.name, Channel.name, Channel.slug)
        .limit(MOST)
    )
    return list((await session.execute(statement)).all())
