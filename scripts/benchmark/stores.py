"""The floors' databases: the bare drivers, asyncpg and sqlite3, doing what an act says in one transaction.

An act is a generator that yields statements and is sent the rows that each brings. Placeholders are written $1, $2, …
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy import make_url

from app.kernel.db import BUSY_SECONDS, SQLITE_READERS
from app.kernel.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Ask:
    """A statement that brings rows, and keeps other writers off them where `locks`."""

    sql: str
    values: tuple[Any, ...]
    locks: bool = False


@dataclass(frozen=True)
class Put:
    """A statement that is done once for each row of values."""

    sql: str
    rows: Sequence[tuple[Any, ...]]


Statement = Ask | Put
Act = Generator[Statement, Any, T]


class Store(Protocol):
    """A database that does acts, each in one transaction."""

    async def open(self) -> None:
        """Connect."""

    async def write(self, act: Callable[[], Act[T]]) -> T:
        """Return what the act returns, its changes committed."""

    async def read(self, act: Callable[[], Act[T]]) -> T:
        """Return what the act returns, which only reads."""

    async def close(self) -> None:
        """Hang up, once nothing is asked any more."""


class PostgresStore:
    """asyncpg, with as many connections as the service."""

    def __init__(self, address: str, connections: int) -> None:
        """Connect to `address`, later."""
        self._address, self._connections = address, connections

    async def open(self) -> None:
        """Connect."""
        self._pool = await asyncpg.create_pool(self._address, min_size=1, max_size=self._connections)

    async def write(self, act: Callable[[], Act[T]]) -> T:
        """Return what the act returns, its changes committed."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await self._do(connection, act())

    async def read(self, act: Callable[[], Act[T]]) -> T:
        """Return what the act returns, read in one transaction."""
        return await self.write(act)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    @staticmethod
    async def _do(connection: Any, act: Act[T]) -> T:  # noqa: ANN401 the pool's connection
        rows: Any = None
        try:
            while True:
                statement = act.send(rows)
                if isinstance(statement, Put):
                    await connection.executemany(statement.sql, statement.rows)
                    rows = None
                else:
                    sql = f"{statement.sql} FOR UPDATE" if statement.locks else statement.sql
                    rows = await connection.fetch(sql, *statement.values)
        except StopIteration as end:
            result: T = end.value
            return result


class SqliteStore:
    """sqlite3: one thread that writes, a few that read, one hop to a thread for each request."""

    def __init__(self, path: Path) -> None:
        """Connect to the file at `path`, later."""
        self._path = path
        self._writer = ThreadPoolExecutor(1)
        self._readers = ThreadPoolExecutor(SQLITE_READERS)
        self._own = threading.local()

    async def open(self) -> None:
        """Teach the driver the types that the service stores."""
        sqlite3.register_adapter(UUID, lambda value: value.hex)
        sqlite3.register_adapter(date, date.isoformat)
        sqlite3.register_adapter(datetime, lambda value: value.strftime("%Y-%m-%d %H:%M:%S.%f"))

    async def write(self, act: Callable[[], Act[T]]) -> T:
        """Return what the act returns, its changes committed."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._do, act, "BEGIN IMMEDIATE")

    async def read(self, act: Callable[[], Act[T]]) -> T:
        """Return what the act returns, read in one transaction."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._do, act, "BEGIN")

    async def close(self) -> None:
        """End the threads; their connections end with them."""
        for pool in (self._writer, self._readers):
            pool.shutdown()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, isolation_level=None)
            for pragma in (
                "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", f"busy_timeout={BUSY_SECONDS * 1000}",
                "temp_store=MEMORY",
            ):  # fmt: skip
                connection.execute(f"PRAGMA {pragma}")
            self._own.connection = connection
        return connection

    def _do(self, act: Callable[[], Act[T]], begin: str) -> T:
        connection = self._connection()
        connection.execute(begin)
        try:
            result = self._answer(connection, act())
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        return result

    @staticmethod
    def _answer(connection: sqlite3.Connection, act: Act[T]) -> T:
        rows: Any = None
        try:
            while True:
                statement = act.send(rows)
                sql = statement.sql.replace("$", "?")
                if isinstance(statement, Put):
                    connection.executemany(sql, statement.rows)
                    rows = None
                else:
                    rows = connection.execute(sql, statement.values).fetchall()
        except StopIteration as end:
            result: T = end.value
            return result


def store_of(settings: Settings) -> Store:
    """Return the bare driver of the service's database."""
    url = make_url(settings.effective_database_url)
    if url.drivername.startswith("sqlite"):
        return SqliteStore(Path(str(url.database)))
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return PostgresStore(address, settings.database_connections)


def uuid_of(value: UUID | str) -> UUID:
    """Return the UUID that a driver brought as what it has for one."""
    return value if isinstance(value, UUID) else UUID(value)
