"""Runs the migrations on the database of the settings, or on the address or open connection that the caller names.

Revisions are numbered 0001, 0002 and so on. The same revisions serve SQLite and PostgreSQL; on SQLite a change of a
table is made by copying it (batch mode), in one transaction as on PostgreSQL, with foreign keys checked at its end.
"""

import asyncio
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, create_engine, event, make_url, pool
from sqlalchemy.ext.asyncio import create_async_engine

import app.models  # noqa: F401 every table has to be known
from app.kernel.db import Base, Instant
from app.kernel.settings import Settings


def _number(_context: MigrationContext, _head: object, scripts: list[MigrationScript]) -> None:
    """A new revision gets the number after the last one."""
    for script in scripts:
        script.rev_id = f"{int(ScriptDirectory.from_config(context.config).get_current_head() or '0') + 1:04}"


def _render(kind: str, item: object, _autogenerate: AutogenContext) -> str | Literal[False]:
    """A revision names the database's types, not ours, which may change after it."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Instant) else False


def _migrate(connection: Connection) -> None:
    """The revisions asked for have run on this connection, or none of them has."""
    is_sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=is_sqlite,
        transactional_ddl=True,
        render_item=_render,
        process_revision_directives=_number,
    )
    with context.begin_transaction():
        context.run_migrations()
        if is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            message = "a row refers to one that does not exist"
            raise RuntimeError(message)


def _migrate_sqlite(url: URL) -> None:
    """The embedded database is migrated, through the standard library's driver."""
    engine = create_engine(url.set(drivername="sqlite"), poolclass=pool.NullPool, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:  # noqa: ANN401 the driver's
        connection.isolation_level = None  # the driver would end the transaction at every change of a table
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=OFF"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.connect() as connection:
        _migrate(connection)
    engine.dispose()


async def _migrate_postgresql(url: URL) -> None:
    """The server is migrated, through the driver that the service uses."""
    engine = create_async_engine(url, poolclass=pool.NullPool, hide_parameters=True)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


held = context.config.attributes.get("connection")
if held is not None:
    _migrate(held)
else:
    address = make_url(context.config.attributes.get("address") or Settings().effective_database_url)
    if address.get_backend_name() == "sqlite":
        _migrate_sqlite(address)
    else:
        asyncio.run(_migrate_postgresql(address))
