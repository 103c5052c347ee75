"""Where a benchmark's deployments live: databases of their own, and settings that lead there."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from pydantic import SecretStr
from sqlalchemy import make_url

from app.kernel.settings import Settings
from scripts.benchmark.processes import Place


@contextmanager
def database_of_its_own(server: str) -> Iterator[str]:
    """A new database on the PostgreSQL at `server`, by its address; it is dropped afterwards."""
    name = f"candour_bench_{secrets.token_hex(6)}"
    address = make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)

    async def do(statement: str) -> str:
        connection = await asyncpg.connect(address)
        try:
            await connection.execute(statement)
            return str(await connection.fetchval("SELECT version() || ', fsync ' || current_setting('fsync')"))
        finally:
            await connection.close()

    asyncio.run(do(f"CREATE DATABASE {name}"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        asyncio.run(do(f"DROP DATABASE {name} WITH (FORCE)"))


def settings_of(place: Place) -> Settings:
    """Return the settings of a service at that place, as its process reads them from its environment."""
    return Settings(
        data_folder=place.folder,
        database_url=None if place.url is None else SecretStr(place.url),
        password_memory_kib=19_456,
        password_iterations=2,
    )
