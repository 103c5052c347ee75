"""A deployment that older code wrote, put where today's code finds it: tests/migrations/deployment_0005/README.md."""

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from alembic import command
from alembic.config import Config
from fastapi import FastAPI
from sqlalchemy import Column, MetaData, Table, create_engine, insert, select
from sqlalchemy.ext.asyncio import create_async_engine

from app import setup
from app.audit.verify import verify
from app.kernel.db import Base, read_one_moment
from app.kernel.runtime import Runtime
from app.kernel.settings import Settings
from app.main import create_app
from app.prooflog import verify as log_verify
from tests.conftest import Actor

KEPT = Path(__file__).parents[1] / "migrations" / "deployment_0005"
REVISION = "0005"


@dataclass
class Older:
    """A deployment whose database is at REVISION until `start`, or `setup.migrate`, is called."""

    settings: Settings
    kept: dict[str, Any]
    app: FastAPI | None = None

    @property
    def runtime(self) -> Runtime:
        """What today's process holds."""
        assert self.app is not None
        runtime: Runtime = self.app.state.runtime
        return runtime

    async def start(self) -> None:
        """Make everything ready as a start does; today's service runs on it."""
        assert await asyncio.to_thread(setup.set_up, self.settings) is None
        if self.app is None:
            self.app = create_app(self.settings)

    async def end(self) -> None:
        """The process, if there is one, is no more."""
        if self.app is not None:
            await self.runtime.close()

    def client(self) -> httpx.AsyncClient:
        """Return a client that is nobody."""
        assert self.app is not None
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://127.0.0.1:8000")

    async def signed_in(self, name: str) -> Actor:
        """Return somebody of then, signed in today."""
        assert self.app is not None
        actor = Actor(transport=httpx.ASGITransport(app=self.app), base_url="http://127.0.0.1:8000")
        known = self.kept["accounts"][name]
        actor.username, actor.password, actor.totp_secret = known["username"], known["password"], known["totp_secret"]
        await actor.sign_in()
        return actor

    def case(self, name: str) -> UUID:
        """Return the id of a case of then."""
        return UUID(self.kept["cases"][name]["id"])

    def account(self, name: str) -> UUID:
        """Return the id of an account of then."""
        return UUID(self.kept["ids"][name])

    async def faults(self) -> list[str]:
        """Return what `audit verify` finds wrong."""
        async with self.runtime.database.session(write=False) as session:
            await read_one_moment(session)
            found = await verify(session, self.runtime.keys)
            return [fault.what for fault in (await log_verify.verify(session, self.runtime.log_seed, found)).faults]


async def put_down(settings: Settings) -> Older:
    """Return the kept deployment: its files in the data folder, its rows in the database of the settings."""
    kept: dict[str, Any] = json.loads((KEPT / "deployment.json").read_text())
    setup.prepare_folder(settings)
    for name, content in kept["files"].items():
        path = settings.data_folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(bytes.fromhex(content))
        path.chmod(0o400)
    file = settings.data_folder / "candour.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((KEPT / "candour.sql").read_text())
    if settings.database_url is not None:
        await _copy(file, settings.effective_database_url)
        file.unlink()
    return Older(settings, kept)


async def _copy(file: Path, address: str) -> None:
    """The rows of the embedded database are in the other one, at the same revision."""
    config = Config(Path(__file__).parents[2] / "alembic.ini")
    config.attributes["address"] = address
    await asyncio.to_thread(command.upgrade, config, REVISION)
    source = create_engine(f"sqlite:///{file}")
    with source.connect() as connection:
        rows = {
            table: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in _tables_then(connection)
        }
    source.dispose()
    target = create_async_engine(address)
    async with target.begin() as copying:
        for table, found in rows.items():
            if found:
                await copying.execute(insert(table), found)
    await target.dispose()


def _tables_then(connection: Any) -> list[Table]:  # noqa: ANN401 a connection
    """Return today's tables, with the columns that they had then."""
    then = MetaData()
    found = []
    for table in Base.metadata.sorted_tables:
        names = {row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table.name})")}
        if names:
            found.append(
                Table(table.name, then, *(Column(one.name, one.type) for one in table.columns if one.name in names))
            )
    return found
