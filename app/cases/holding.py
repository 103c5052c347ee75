"""Keeps acts on one case apart: what holds the row of a case is alone with it until its transaction ends."""

from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases.models import Case

_HOLD = (
    select(Case.key_version)
    .where(Case.organisation_id == bindparam("organisation"), Case.id == bindparam("case"))
    .with_for_update(key_share=True)
)
# Made once: every act on a case comes by here, and making a statement costs more than running it.


async def hold(session: AsyncSession, organisation_id: UUID, case_id: UUID) -> int | None:
    """Keep other acts off the case until this transaction ends; return the version of its key, None if there is no case.

    On SQLite every transaction that writes is alone anyway. The lock does not stand in the way of rows that only refer to
    the case (KEY SHARE).
    """
    version: int | None = await session.scalar(_HOLD, {"organisation": organisation_id, "case": case_id})
    return version
