"""Every revision goes up, down and up again on both databases, and the last one makes what the models say."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

import app.models  # noqa: F401 every table has to be known
from app.kernel.db import Base

CONFIG = Config(Path(__file__).parents[2] / "alembic.ini")
REVISIONS = [script.revision for script in ScriptDirectory.from_config(CONFIG).walk_revisions()][::-1]


@pytest.fixture(params=["sqlite", "postgresql"])
async def address(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """An empty database, which the settings name."""
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'migrated.db'}"
        monkeypatch.setenv("CANDOUR_DATABASE_URL", url)
        yield url
        return
    given = os.environ.get("TEST_DATABASE_URL")
    if given is None:
        pytest.skip("TEST_DATABASE_URL is not set")
    name = f"candour_migrations_{uuid4().hex}"
    server = create_async_engine(given, isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(given).set(database=name).render_as_string(hide_password=False)
    monkeypatch.setenv("CANDOUR_DATABASE_URL", url)
    yield url
    async with server.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {name}"))
    await server.dispose()


async def upgrade(revision: str) -> None:
    """The database has that revision and all before it."""
    await asyncio.to_thread(command.upgrade, CONFIG, revision)


async def downgrade(revision: str) -> None:
    """The database has that revision and none after it."""
    await asyncio.to_thread(command.downgrade, CONFIG, revision)


async def seen(address: str, look: Callable[[Connection], Any]) -> Any:  # noqa: ANN401 whatever the look answers
    """Answers what the look found; whatever it changed is kept."""
    engine = create_async_engine(address)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(look)
    finally:
        await engine.dispose()


def described(connection: Connection) -> set[str]:
    """Answers all that the database can tell of each table but alembic's own, a line for each thing."""
    inspector = inspect(connection)
    look: dict[str, Callable[[str], Any]] = {
        "column": inspector.get_columns,
        "primary key": lambda table: [inspector.get_pk_constraint(table)],
        "foreign key": inspector.get_foreign_keys,
        "unique": inspector.get_unique_constraints,
        "check": inspector.get_check_constraints,
        "index": inspector.get_indexes,
    }
    return {
        f"{table}: {kind}: {json.dumps(one, default=str, sort_keys=True)}"
        for table in inspector.get_table_names()
        if table != "alembic_version"
        for kind, find in look.items()
        for one in find(table)
    }


def test_revisions_are_numbered_without_a_gap_and_without_a_branch() -> None:
    assert REVISIONS == [f"{number:04}" for number in range(1, len(REVISIONS) + 1)] != []


@pytest.mark.parametrize(("before", "revision"), list(pairwise(["base", *REVISIONS])))
async def test_a_revision_goes_up_down_and_up_again(address: str, before: str, revision: str) -> None:
    if before != "base":
        await upgrade(before)
    without = await seen(address, described)
    await upgrade(revision)
    with_it = await seen(address, described)
    assert with_it != without

    await downgrade(before)
    assert await seen(address, described) ^ without == set()

    await upgrade(revision)
    assert await seen(address, described) ^ with_it == set()


async def test_the_last_revision_makes_the_tables_of_the_models(address: str) -> None:
    await upgrade("head")
    migrated = await seen(address, described)
    differences = await seen(
        address,
        lambda connection: compare_metadata(
            MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True}),
            Base.metadata,
        ),
    )
    assert differences == []

    await downgrade("base")
    await seen(address, Base.metadata.create_all)
    assert migrated ^ await seen(address, described) == set()
