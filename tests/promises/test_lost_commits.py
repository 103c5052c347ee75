"""A connection that breaks during the commit is answered by what is true: it may be stored. A repeat with its key is safe."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import make_url

from app.main import create_app
from tests import conftest
from tests.builders import intake
from tests.builders.intake import a_grievance, grievances_of
from tests.conftest import Service

HEADERS = {"Idempotency-Key": "a-fresh-random-key-0006"}
WRITTEN, COMMIT = b"INSERT INTO grievances", b"COMMIT;"


@dataclass
class Wire:
    """The way to PostgreSQL, which can be told to break at the next commit of a grievance, or before the answer to it."""

    address: tuple[str, int]
    breaks: str | None = None

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until it ends or breaks."""
        answers, onwards = await asyncio.open_connection(*self.address)
        back = asyncio.create_task(self._copy(answers, writer))
        has_written = False
        while data := await reader.read(65_536):
            has_written |= WRITTEN in data
            if has_written and COMMIT in data and self.breaks is not None:
                when, self.breaks = self.breaks, None
                if when == "before the answer":
                    back.cancel()
                    await asyncio.gather(back, return_exceptions=True)
                    onwards.write(data)
                    assert b"COMMIT" in await answers.read(65_536)
                break
            onwards.write(data)
        onwards.close()
        writer.close()
        await asyncio.gather(back, return_exceptions=True)

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()


@pytest.fixture
async def wired(service: Service) -> AsyncIterator[tuple[httpx.AsyncClient, Wire]]:
    """A client of a second process of the service, and the wire between that and the database."""
    if service.runtime.database.is_sqlite:
        pytest.skip("nothing stands between the service and the embedded database that could break")
    settings = service.runtime.settings
    url = make_url(settings.effective_database_url)
    wire = Wire((url.host or "127.0.0.1", url.port or 5432))
    async with await asyncio.start_server(wire.carry, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        through = url.set(host=host, port=port).update_query_dict({"ssl": "disable"})
        address = through.render_as_string(hide_password=False)
        app = create_app(conftest._settings(settings.data_folder, address))
        async with conftest._client(app) as client:
            yield client, wire
        await app.state.runtime.close()


@pytest.mark.parametrize(("breaks", "stored"), [("before the commit", 0), ("before the answer", 1)])
async def test_who_may_have_been_stored_is_told_so_and_a_repeat_creates_nothing_twice(
    service: Service,
    wired: tuple[httpx.AsyncClient, Wire],
    caplog: pytest.LogCaptureFixture,
    breaks: str,
    stored: int,
) -> None:
    caplog.set_level(logging.ERROR, "candour")
    client, wire = wired
    wire.breaks = breaks
    doubtful = await client.post(grievances_of(), json=a_grievance(), headers=HEADERS)
    assert doubtful.status_code == 500
    assert doubtful.json()["type"].endswith("/problems/outcome-unknown")
    assert "It may have been stored" in doubtful.json()["detail"]
    (line,) = [record for record in caplog.records if record.message == "request failed"]
    assert doubtful.json()["instance"] == f"urn:uuid:{vars(line)['request']}"
    async with service.runtime.database.session(write=False) as session:
        assert await intake.how_many_grievances(session) == stored

    again = await client.post(grievances_of(), json=a_grievance(), headers=HEADERS)
    assert again.status_code == 201, again.text
    assert ("Idempotent-Replayed" in again.headers) == bool(stored)
    async with service.runtime.database.session(write=False) as session:
        assert await intake.how_many_grievances(session) == 1
    inbox = await intake.inbox_of(client, receipt=again.json()["receipt"])
    assert inbox["headline"] == intake.HEADLINE
