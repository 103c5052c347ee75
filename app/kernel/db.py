"""Engines, sessions and the base of all tables. The one place that knows which database it is."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import Connection, Dialect, ForeignKeyConstraint, MetaData, String, Table, Uuid, event, insert
from sqlalchemy import DateTime as SqlDateTime
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from app.kernel.ids import new_id

CODE_LENGTH = 40
"""Longest code (state, kind, outcome) in characters."""
SQLITE_READERS = 4
BUSY_SECONDS = 30
_RETRIABLE_SQLSTATES = frozenset({"40001", "40P01", "55P03"})


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC, on both databases."""

    impl = SqlDateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 the interface
        """Store UTC; a naive instant is a defect of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "naive datetime"
            raise ValueError(message)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 the interface
        """Return UTC; SQLite forgets the zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of all tables. A column is either `plain(because=…)` or sealed: a test enumerates them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {UUID: Uuid(), datetime: Instant()}  # noqa: RUF012 SQLAlchemy reads it so

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 columns are of any type
        """Set what identifies the row first: sealed columns are bound to it."""
        if "id" in type(self).__mapper__.columns and "id" not in values:
            values["id"] = new_id()
        columns = type(self).__mapper__.columns
        plain_first = [name for name in values if name in columns]
        for name in (*plain_first, *(name for name in values if name not in columns)):
            if not hasattr(type(self), name):
                message = f"{type(self).__name__} has no {name}"
                raise TypeError(message)
            setattr(self, name, values[name])


def plain(*arguments: Any, because: str, **options: Any) -> MappedColumn[Any]:  # noqa: ANN401 as mapped_column
    """Return a column that a database reader may read (Tier 0), with the reason why that is right."""
    return mapped_column(*arguments, info={"plain": because}, **options)


def sealed_otherwise(how: str, *arguments: Any, **options: Any) -> MappedColumn[Any]:  # noqa: ANN401 as mapped_column
    """Return a column of bytes that is sealed by other means than the descriptor; `how` says by which."""
    return mapped_column(*arguments, info={"sealed": how}, **options)


def code(because: str, **options: Any) -> MappedColumn[Any]:  # noqa: ANN401 as mapped_column
    """Return a plain column for a code: a member of a StrEnum, stored as its text."""
    return plain(String(CODE_LENGTH), because=because, **options)


def belongs_to(table: str, column: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """Return the key from (organisation, `column`) to a row of `table` in the same organisation."""
    return ForeignKeyConstraint(
        ["organisation_id", column], [f"{table}.organisation_id", f"{table}.id"], ondelete=ondelete
    )


def table_of(model: type[Base]) -> Table:
    """Return the table of a mapped class: for Core statements on hot paths, which cost a third of the unit of work."""
    return cast("Table", model.__table__)


class InOrganisation:
    """A row that belongs to one organisation. The organisation leads the key, so that tables can be distributed by it."""

    organisation_id: Mapped[UUID] = plain(
        primary_key=True, sort_order=-20, because="which organisation the row belongs to"
    )
    id: Mapped[UUID] = plain(
        primary_key=True, sort_order=-19, because="random key; it tells the day of making, not the minute"
    )


class OfCase(InOrganisation):
    """A row of a case."""

    case_id: Mapped[UUID] = plain(sort_order=-18, index=False, because="which case the row belongs to")


class Versioned:
    """A row whose changes are counted: a change of an older version is refused."""

    version: Mapped[int] = plain(sort_order=90, because="counts changes; the ETag")

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 SQLAlchemy's interface
        """Let SQLAlchemy count and check."""
        return {"version_id_col": cls.version}


def _prepare_sqlite(engine: AsyncEngine, begin: str) -> None:
    """Make every connection durable, private and strict, and begin every transaction by `begin`."""

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:  # noqa: ANN401 the driver's
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:  # noqa: ANN401 the driver's
        connection.exec_driver_sql(begin)

    @event.listens_for(engine.sync_engine, "handle_error")
    def _failed(failure: ExceptionContext) -> None:
        """End the transaction where its commit failed: SQLite leaves it open, and the next request would find it so."""
        if failure.statement is None and failure.connection is not None:
            failure.connection.connection.rollback()


class Database:
    """The database of a process. On SQLite one connection writes and others wait their turn for it, in order."""

    def __init__(self, url: str, connections: int = 20) -> None:
        """Make the engines; nothing connects yet. `hide_parameters`: an error must never print what was stored."""
        if url.startswith("sqlite"):
            self._writer = create_async_engine(
                url, hide_parameters=True, pool_size=1, max_overflow=0, pool_timeout=BUSY_SECONDS
            )
            self._reader = create_async_engine(url, hide_parameters=True, pool_size=SQLITE_READERS, max_overflow=0)
            _prepare_sqlite(self._writer, "BEGIN IMMEDIATE")
            _prepare_sqlite(self._reader, "BEGIN")
        else:
            self._writer = self._reader = create_async_engine(
                url, hide_parameters=True, pool_size=connections, max_overflow=0, pool_timeout=BUSY_SECONDS
            )
        self._write = async_sessionmaker(self._writer, expire_on_commit=False)
        self._read = async_sessionmaker(self._reader, expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self._writer is not self._reader

    @asynccontextmanager
    async def session(self, *, write: bool) -> AsyncIterator[AsyncSession]:
        """One transaction: it starts with the first statement, commits at the end, and rolls back on any exception."""
        make = self._write if write else self._read
        async with make() as session:
            yield session
            await session.commit()

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        await self._reader.dispose()


def is_outcome_unknown(failure: BaseException) -> bool:
    """Whether the connection was lost during a commit, so that its transaction may be stored or not. No statement is named then."""
    return isinstance(failure, DBAPIError) and failure.connection_invalidated and failure.statement is None


async def insert_rows(session: AsyncSession, tables: Iterable[tuple[Table, Sequence[Mapping[str, Any]]]]) -> None:
    """The rows are in their tables, in this order. Every row names every column of its table.

    For hot paths: the unit of work, or a statement made anew for each request, costs more than the database does.
    """
    connection = await session.connection()
    await connection.run_sync(_insert_rows, tables)


def _insert_rows(connection: Connection, tables: Iterable[tuple[Table, Sequence[Mapping[str, Any]]]]) -> None:
    for table, rows in tables:
        if rows:
            insertion = _insertion_into(table, connection.dialect)
            connection.exec_driver_sql(insertion.statement, [insertion.values_of(row) for row in rows])


@dataclass(frozen=True)
class _Insertion:
    """A statement that inserts one row, as one driver takes it, and how each column becomes what the driver takes."""

    statement: str
    columns: tuple[tuple[str, Callable[[Any], Any] | None], ...]

    def values_of(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(row[name] if convert is None else convert(row[name]) for name, convert in self.columns)


@cache
def _insertion_into(table: Table, dialect: Dialect) -> _Insertion:
    names = [column.name for column in table.columns]
    compiled = insert(table).compile(dialect=dialect, column_keys=names)
    columns = [table.columns[name] for name in compiled.positiontup or ()]
    return _Insertion(
        compiled.string,
        tuple((column.name, column.type.dialect_impl(dialect).bind_processor(dialect)) for column in columns),
    )


async def let_go(session: AsyncSession) -> None:
    """The transaction so far, which has only read, is over, so that slow work may follow; the next statement begins another.

    Rows that were loaded are stale afterwards: read what is needed of them before.
    """
    await session.rollback()


async def read_one_moment(session: AsyncSession) -> None:
    """Whatever this transaction, which has read nothing yet, reads is of one moment, whoever writes meanwhile."""
    if session.get_bind().dialect.name == "postgresql":  # on SQLite every transaction reads so
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


async def hold_tables(session: AsyncSession, tables: Iterable[Table]) -> None:
    """Nobody else writes to those tables until this transaction, which writes, ends; who is writing has ended before."""
    connection = await session.connection()
    if connection.dialect.name == "postgresql":  # on SQLite one connection writes
        for name in sorted(table.name for table in tables):
            await connection.exec_driver_sql(f'LOCK TABLE "{name}" IN SHARE MODE')


def may_be_repeated(error: DBAPIError) -> bool:
    """Whether the database gave up a transaction that may succeed if it is tried again: a deadlock, a lock held for long."""
    return getattr(error.orig, "sqlstate", None) in _RETRIABLE_SQLSTATES or "database is locked" in str(error.orig)


F = TypeVar("F", bound=Callable[..., Any])


def reads(endpoint: F) -> F:
    """Mark a route function whose transaction only reads: on SQLite it does not wait for the writer."""
    endpoint.only_reads = True  # type: ignore[attr-defined]
    return endpoint


async def _session_of_request(request: Request) -> AsyncIterator[AsyncSession]:
    database: Database = request.app.state.runtime.database
    only_reads = getattr(request.scope.get("endpoint"), "only_reads", False)
    async with database.session(write=not only_reads) as session:
        request.state.session = session
        yield session


DbSession = Annotated[AsyncSession, Depends(_session_of_request, scope="function")]
"""The request's one transaction. scope="function": it is committed before the answer leaves, so that no 2xx can be lost."""
