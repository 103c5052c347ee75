"""Seals a case anew after its key was turned: in the background, in batches, while people go on reading and writing.

The service has no case key of its own. So the work is done with the keys of a request that held the old and the new one:
the one that turned the key, or, if that process ended before it was done, the next that comes by. Every batch is a
transaction of its own and can be cut at any moment; doing a batch twice changes nothing.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol
from uuid import UUID

from sqlalchemy import Table, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.audit.log import Entry
from app.cases.holding import hold
from app.cases.models import Case, CaseKeyEscrow, CaseKeyGrant, CaseKeyShare
from app.kernel import clock, resealing
from app.kernel.db import Base, Database, table_of
from app.kernel.keyring import ServiceKeys
from app.kernel.logs import log as logger
from app.kernel.resealing import OldRow, SealedTable
from app.kernel.runtime import Runtime
from app.kernel.sealed import OpenKeys, open_keys
from app.kernel.slow import SlowPool

BATCH = 100
"""How many rows a batch changes at most."""


@dataclass(frozen=True)
class Work:
    """A case to be sealed anew, every version of its key that is at hand, and who held them."""

    organisation_id: UUID
    case_id: UUID
    keys: Mapping[int, bytes] = field(repr=False)
    account_id: UUID

    @property
    def newest(self) -> int:
        """The version to seal under."""
        return max(self.keys)


class Part(Protocol):
    """One kind of thing that stands under case keys. `main` lists them on app.state.sealed_parts, so that none is forgotten."""

    async def progress(
        self, session: AsyncSession, organisation_id: UUID, case_id: UUID, version: int
    ) -> tuple[int, int]:
        """Return how many of it the case has, and how many of those are under that version."""

    async def fits(self, session: AsyncSession, case: Case, key: bytes) -> bool:
        """Whether that key opens what is under the present version and came from outside the service."""

    def batches(self, process: "Process", work: Work) -> AsyncGenerator[None]:
        """Seal it anew, one batch at each step; each step leaves the case whole."""


class Turned(Exception):
    """The key was turned again, so that somebody else has the newest one and this work."""


@dataclass(frozen=True)
class Process:
    """What the work needs of the process that it runs in."""

    database: Database
    service_keys: ServiceKeys
    slow: SlowPool

    async def alone(self, session: AsyncSession, work: Work) -> None:
        """No other act on the case runs until the transaction ends.

        Raises:
            Turned: the newest key is not at hand.

        """
        if await hold(session, work.organisation_id, work.case_id) != work.newest:
            raise Turned

    async def record(self, session: AsyncSession, work: Work, entry: Entry) -> None:
        """The event is on the chain of the case, by who held the keys."""
        at = clock.to_the_minute()
        with self.own_keys():
            await log.append(session, work.organisation_id, work.case_id, [entry], actor_id=work.account_id, at=at)

    @contextmanager
    def own_keys(self) -> Iterator[None]:
        """What runs inside may use the service's keys, and those of no case."""
        token = open_keys.set(OpenKeys(self.service_keys))
        try:
            yield
        finally:
            open_keys.reset(token)


@cache
def _tables() -> tuple[SealedTable, ...]:
    classes = [mapper.class_ for mapper in Base.registry.mappers]
    return tuple(sorted(resealing.tables_under(classes, "case_id", Case), key=lambda one: one.table.name))


class ColumnsOfCases:
    """Every sealed column whose key is that of the case."""

    async def progress(
        self, session: AsyncSession, organisation_id: UUID, case_id: UUID, version: int
    ) -> tuple[int, int]:
        """Return how many values the case has, and how many of them are under that version."""
        counts = [await resealing.progress(session, one, organisation_id, case_id, version) for one in _tables()]
        return sum(total for total, _ in counts), sum(done for _, done in counts)

    async def fits(self, _session: AsyncSession, _case: Case, _key: bytes) -> bool:
        """Whether that key opens what came from outside: the service seals these columns itself."""
        return True

    async def batches(self, process: Process, work: Work) -> AsyncGenerator[None]:
        """Seal BATCH rows anew at each step. A row that does not open is left as it is, and the operator is told.

        A row that somebody changed meanwhile may have other values under the older key yet: so all is gone through again then.
        """
        is_missed = True
        while is_missed:
            is_missed = False
            async with aclosing(self._sealed_anew(process, work)) as steps:
                async for rows in steps:
                    is_missed |= await self._replace(process, work, rows) < len(rows)
                    yield

    @staticmethod
    async def _sealed_anew(process: Process, work: Work) -> AsyncGenerator[list[OldRow]]:
        """Give everything that is under older keys, sealed anew, BATCH rows at a time."""
        waiting: list[OldRow] = []
        for table in _tables():
            after: UUID | None = None
            while True:
                async with process.database.session(write=False) as session:
                    place = (table, work.organisation_id, work.case_id)
                    rows, after = await resealing.old_rows(session, *place, work.keys, after=after, limit=BATCH)
                done, broken = await process.slow.run(resealing.seal_all_anew, *place, rows, work.keys)
                tell_of_broken(table.table, broken)
                waiting += done
                if len(waiting) >= BATCH:
                    yield waiting[:BATCH]
                    del waiting[:BATCH]
                if after is None:
                    break
        if waiting:
            yield waiting

    @staticmethod
    async def _replace(process: Process, work: Work, rows: Sequence[OldRow]) -> int:
        """Return how many of the rows have their new ciphertexts; the others were changed meanwhile."""
        async with process.database.session(write=True) as session:
            await process.alone(session, work)
            changed = await resealing.replace(session, rows)
            if changed:
                await process.record(session, work, Entry("case.resealed", changed))
            return len(changed)


def tell_of_broken(table: Table, rows: Sequence[UUID]) -> None:
    """The operator knows that values of the table do not open, which was to be sealed anew."""
    for _ in rows:
        event = f"a sealed value of {table.name} does not open"
        logger.error(event, extra={"event": event})


async def progress(session: AsyncSession, parts: Sequence[Part], case: Case) -> tuple[int, int]:
    """Return how many sealed things the case has, and how many of them are under the present version of its key."""
    place = (case.organisation_id, case.id, case.key_version)
    counts = [await part.progress(session, *place) for part in parts]
    return sum(total for total, _ in counts), sum(done for _, done in counts)


async def batches(process: Process, parts: Sequence[Part], work: Work) -> AsyncGenerator[None]:
    """Seal the case anew, one batch at each step; the last step deletes the grants of the older versions, if none is needed.

    Raises:
        Turned: the key was turned again meanwhile.

    """
    for part in parts:
        async with aclosing(part.batches(process, work)) as steps:
            async for _ in steps:
                yield
    async with process.database.session(write=True) as session:
        await process.alone(session, work)
        place = (work.organisation_id, work.case_id, work.newest)
        if all(total == done for total, done in [await part.progress(session, *place) for part in parts]):
            await _forget_older(session, process, work)
    yield


async def _forget_older(session: AsyncSession, process: Process, work: Work) -> None:
    """Delete the grants and shares of every version but the newest: nothing is sealed under them any more."""
    grants, escrows, shares = (table_of(model) for model in (CaseKeyGrant, CaseKeyEscrow, CaseKeyShare))
    older = {
        table: (
            table.c.organisation_id == work.organisation_id,
            table.c.case_id == work.case_id,
            table.c.key_version < work.newest,
        )
        for table in (grants, escrows)
    }
    dealt = select(escrows.c.id).where(*older[escrows])
    conditions = (
        (shares, (shares.c.organisation_id == work.organisation_id, shares.c.escrow_id.in_(dealt))),
        *older.items(),
    )
    removed: list[tuple[str, UUID]] = []
    for table, condition in conditions:
        found = (await session.execute(select(table.c.id).where(*condition))).scalars()
        removed += [(table.name, row) for row in found]
        await session.execute(delete(table).where(*condition))
    if removed:
        await process.record(session, work, Entry("case.older_keys_forgotten", removed=removed))


def begin(runtime: Runtime, parts: Sequence[Part], work: Work) -> None:
    """The case is sealed anew from now on, in the background, as far as the keys at hand go."""

    async def run() -> None:
        process = Process(runtime.database, runtime.keys, runtime.slow)
        try:
            async with aclosing(batches(process, parts, work)) as steps:
                async for _ in steps:
                    if runtime.background.is_closing:
                        return
        except Turned:
            return

    runtime.background.begin((work.case_id, *sorted(work.keys)), run)
