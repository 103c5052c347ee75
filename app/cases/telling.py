"""Whom a wall keeps from being told anything of a case."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases.models import Wall


async def barred(
    session: AsyncSession, organisation_id: UUID, account_id: UUID, case_ids: Collection[UUID]
) -> set[UUID]:
    """Return those of the cases that a wall bars the account from."""
    statement = select(Wall.case_id).where(
        Wall.organisation_id == organisation_id, Wall.account_id == account_id, Wall.case_id.in_(case_ids)
    )
    return set((await session.scalars(statement)).all())
