"""Turning the key of a case of FIELDS sealed fields, and sealing them anew, beside the bare cipher and the same updates."""

import secrets
from collections.abc import Callable
from contextlib import aclosing
from typing import Any
from uuid import UUID, uuid4

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor

from app.cases import resealing, turning
from app.cases.models import Case
from app.crypto import contexts
from app.crypto.columns import VERSION_BYTES
from app.crypto.fields import FORMAT
from app.kernel.db import Base
from app.kernel.resealing import SealedTable, tables_under
from scripts.benchmark.deployment import FIELDS, Deployment, OpenCase
from scripts.benchmark.sealing import Work
from scripts.benchmark.stores import Act, Ask, Put, uuid_of

HEADER = bytes(VERSION_BYTES) + FORMAT


class Rotation:
    """The service's own functions, from the turned key to the last batch: grants, shares, one conversation, the log."""

    def __init__(self, deployment: Deployment, case: OpenCase) -> None:
        """Begin with the case as it is."""
        self.deployment, self.case = deployment, case
        runtime = deployment.runtime
        self.process = resealing.Process(runtime.database, runtime.keys, runtime.slow)

    async def rotate(self) -> None:
        """The case has a new key, and everything in it is under that: as if somebody without a grant had left."""
        deployment, case_id = self.deployment, self.case.id
        keys = deployment.use(self.case)
        async with deployment.runtime.database.session(write=True) as session:
            case = await session.get_one(Case, (deployment.organisation_id, case_id))
            await turning.turn(session, deployment.officer, case, uuid4(), deployment.find_holders)
        held = keys.held(case_id)
        work = resealing.Work(deployment.organisation_id, case_id, held, deployment.officer.account_id)
        async with aclosing(resealing.batches(self.process, deployment.parts, work)) as steps:
            async for _ in steps:
                pass
        self.case = OpenCase(case_id, work.newest, held[work.newest])


class Bare:
    """The same fields of another case, opened and sealed by the library, read and written by the driver, in the same batches.

    What it writes is in no log and opens nowhere else: its case is of no use to anybody else afterwards.
    """

    def __init__(self, deployment: Deployment, case_id: UUID) -> None:
        """Plan the statements."""
        self.store, self.place = deployment.store, (deployment.organisation_id, case_id)
        self.key = secrets.token_bytes(32)
        self.contexts: dict[tuple[str, str, UUID], bytes] = {}
        classes = [mapper.class_ for mapper in Base.registry.mappers]
        self.tables = tables_under(classes, "case_id", Case)

    async def prepare(self) -> None:
        """Every field of the case is sealed as the floor does it, at the length that it had."""

        def emptied(sealed: bytes, context: bytes) -> bytes:
            return _sealed(self.key, context, bytes(len(sealed) - len(_sealed(self.key, context, b""))))

        await self._replace(emptied)

    async def rotate(self) -> None:
        """Open each field with the old key, seal it with a new one."""
        old, new = self.key, secrets.token_bytes(32)
        await self._replace(lambda sealed, context: _sealed(new, context, _opened(old, context, sealed)))
        self.key = new

    async def _replace(self, change: Callable[[bytes, bytes], bytes]) -> None:
        rows: list[tuple[SealedTable, tuple[Any, ...]]] = []
        for table in self.tables:
            for row_id, *values in await self.store.read(lambda table=table: self._read(table)):  # type: ignore[misc]
                row = uuid_of(row_id)
                changed = [
                    None if value is None else change(bytes(value), self._context(table.table.name, name, row))
                    for name, value in zip(table.names(), values, strict=True)
                ]
                rows.append((table, (*changed, self.place[0], row)))
        for start in range(0, len(rows), resealing.BATCH):
            batch = rows[start : start + resealing.BATCH]
            await self.store.write(lambda batch=batch: self._write(batch))  # type: ignore[misc]

    def _read(self, table: SealedTable) -> Act[Any]:
        names = ", ".join(["id", *table.names()])
        where = f"organisation_id = $1 AND {table.scope} = $2"
        return (yield Ask(f"SELECT {names} FROM {table.table.name} WHERE {where}", self.place))  # noqa: S608 our own names

    @staticmethod
    def _write(batch: list[tuple[SealedTable, tuple[Any, ...]]]) -> Act[None]:
        for table in dict.fromkeys(of for of, _ in batch):
            names = table.names()
            values = ", ".join(f"{name} = ${place}" for place, name in enumerate(names, start=1))
            where = f"organisation_id = ${len(names) + 1} AND id = ${len(names) + 2}"
            statement = f"UPDATE {table.table.name} SET {values} WHERE {where}"  # noqa: S608 names of our own tables
            yield Put(statement, [row for of, row in batch if of is table])

    def _context(self, table: str, column: str, row: UUID) -> bytes:
        known = self.contexts.get((table, column, row))
        if known is None:
            known = contexts.encode("field", *self.place, table, column.removesuffix("_sealed"), row, 1)
            self.contexts[table, column, row] = known
        return known


def _sealed(key: bytes, context: bytes, content: bytes) -> bytes:
    encryptor = Cobblestone256Encryptor(key, context)
    return HEADER + encryptor.update(content) + encryptor.finalize()


def _opened(key: bytes, context: bytes, sealed: bytes) -> bytes:
    decryptor = Cobblestone256Decryptor(key, context)
    return decryptor.update(sealed[len(HEADER) :]) + decryptor.finalize()


async def works(deployment: Deployment) -> list[Work]:
    """Return the turning of a key. Afterwards `audit verify` finds the floor's case altered, as it should."""
    rotation = Rotation(deployment, await deployment.fill(deployment.cast.rotated))
    await deployment.fill(deployment.cast.floor)
    bare = Bare(deployment, deployment.cast.floor)
    await bare.prepare()
    return [Work("rotate", f"a case of {FIELDS} sealed fields", rotation.rotate, bare.rotate)]
