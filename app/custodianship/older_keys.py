"""What is left of re-sharings of older versions of a case key: it goes before those versions are forgotten."""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.log import Entry
from app.cases.models import Case, CaseKeyEscrow
from app.cases.resealing import Process, Work
from app.vault import resharing


class ResharingsOfOlderKeys:
    """The re-sharings of older versions. None is ever under the newest: they are removed, and none is begun any more."""

    async def progress(
        self, session: AsyncSession, organisation_id: UUID, case_id: UUID, version: int
    ) -> tuple[int, int]:
        """Return how many rows of them there are, and 0."""
        return len(await _rows(session, organisation_id, case_id, version)), 0

    async def fits(self, _session: AsyncSession, _case: Case, _key: bytes) -> bool:
        """Whether that key opens what came from outside: nothing of this is sealed under it."""
        return True

    async def batches(self, process: Process, work: Work) -> AsyncGenerator[None]:
        """Remove them all at one step. Where there are none there is no step, so that who is cut after each gets on."""
        async with process.database.session(write=True) as session:
            await process.alone(session, work)
            rows = await _rows(session, work.organisation_id, work.case_id, work.newest)
            if rows:
                removed = [(row.__tablename__, row.id) for row in rows]
                await resharing.remove(session, rows)
                await process.record(session, work, Entry("resharing.dropped", removed=removed))
        if rows:
            yield


async def _rows(
    session: AsyncSession, organisation_id: UUID, case_id: UUID, version: int
) -> list[Any]:  # rows of any of three tables
    older = select(CaseKeyEscrow.id).where(
        CaseKeyEscrow.organisation_id == organisation_id,
        CaseKeyEscrow.case_id == case_id,
        CaseKeyEscrow.key_version < version,
    )
    return [
        row
        for escrow_id in (await session.scalars(older)).all()
        for row in await resharing.everything_of(session, organisation_id, escrow_id)
    ]
