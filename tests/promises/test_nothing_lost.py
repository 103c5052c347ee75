"""Nothing lost: what was answered 201 survives a kill at any instant, and what was not answered left nothing half done."""

import asyncio
import base64
import secrets
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from app import setup
from app.crypto import hpke
from app.kernel.db import Database
from app.kernel.settings import Settings
from app.main import create_app
from app.vault.models import SealedIdentity
from tests import conftest
from tests.promises.process import ServiceProcess

KILLS = 10
CLIENTS = 16
ANSWERED_WITHIN_SECONDS = 60
PUBLIC_KEY = base64.b64encode(hpke.public_key(hpke.new_seed())).decode()


@dataclass(frozen=True)
class Deployed:
    """A service process whose database has a channel."""

    process: ServiceProcess
    settings: Settings


@pytest.fixture(params=conftest.DATABASES)
async def deployed(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Deployed]:
    """A deployment with a cast and a channel, not yet running."""
    url, name = await conftest._fresh_database(request.param)
    process = ServiceProcess(tmp_path, url)
    settings = conftest._settings(process.data, url)
    setup.prepare_folder(settings)
    setup.make_keys(settings)
    await asyncio.to_thread(setup.migrate, settings)
    app = create_app(settings)
    cast = await conftest._make_cast(app, app.state.runtime)
    await conftest._open_channel(cast, [hpke.new_seed() for _ in range(3)])
    await app.state.runtime.close()
    yield Deployed(process, settings)
    await process.end(signal.SIGKILL)
    await conftest._drop(name)


def grievance(lookup: bytes) -> dict[str, Any]:
    """A grievance of somebody whose client made the keys, so that the server derives none."""
    return {
        "confidentiality": "confidential",
        "headline": "Visits were recorded that nobody made",
        "narrative": "Since January. " * 20,
        "allegations": [{"statement": f"Allegation number {number}."} for number in range(10)],
        "identity": {"name": "Robin Ashe"},
        "reporter_keys": {"lookup": base64.b64encode(lookup).decode(), "inbox_public_key": PUBLIC_KEY},
    }


async def submit_until_cut(client: httpx.AsyncClient, answered: dict[str, str], heard: asyncio.Semaphore) -> None:
    """Submit one after the other; keep what was answered. Ends when the service does."""
    while True:
        lookup = secrets.token_bytes(32)
        try:
            answer = await client.post(f"/v1/channels/{conftest.CHANNEL}/grievances", json=grievance(lookup))
        except httpx.TransportError:
            return
        assert answer.status_code == 201, answer.text
        answered[base64.b64encode(lookup).decode()] = answer.json()["reference"]
        heard.release()


async def test_whatever_was_answered_survives_kill_9_in_the_middle_of_a_load(deployed: Deployed) -> None:
    process, answered = deployed.process, dict[str, str]()
    for _ in range(KILLS):
        await process.start()
        async with process.client() as client:
            heard = asyncio.Semaphore(0)
            load = [asyncio.create_task(submit_until_cut(client, answered, heard)) for _ in range(CLIENTS)]
            for _ in range(1 + secrets.randbelow(2 * CLIENTS)):
                await asyncio.wait_for(heard.acquire(), ANSWERED_WITHIN_SECONDS)
            await asyncio.sleep(secrets.randbelow(60) / 1000)
            await process.end(signal.SIGKILL)
            await asyncio.gather(*load)
    assert len(answered) >= KILLS
    assert len(set(answered.values())) == len(answered), "two grievances got one reference"
    await process.start()
    async with process.client() as client:
        for lookup, reference in answered.items():
            session = await client.post("/v1/inbox/sessions", json={"lookup": lookup})
            assert session.status_code == 201, session.text
            inbox = await client.get("/v1/inbox", headers={"Authorization": f"Bearer {session.json()['token']}"})
            assert inbox.json()["reference"] == reference
    await process.end(signal.SIGTERM)
    code, output = await process.command("audit", "verify")
    assert (code, "0 faults" in output) == (0, True), output
    await no_identity_lacks_its_erasure_key(deployed, len(answered))


async def no_identity_lacks_its_erasure_key(deployed: Deployed, at_least: int) -> None:
    """An identity without its key could never be opened: it would be lost."""
    database = Database(deployed.settings.effective_database_url)
    async with database.session(write=False) as session:
        identities = (await session.execute(select(SealedIdentity.id))).scalars().all()
        assert (await session.execute(select(func.count()).select_from(SealedIdentity))).scalar_one() >= at_least
    await database.close()
    names = {path.name for path in deployed.settings.erasure_folder.rglob("*") if path.is_file()}
    assert all(any(str(identity) in name or identity.hex in name for name in names) for identity in identities)
