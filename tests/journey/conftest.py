"""What journeys have besides the cast: a mail server of their own, and the service at an address for the client's process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest
import uvicorn

from app.kernel import clock as kernel_clock
from tests.client.people import Person
from tests.conftest import Actor, Service
from tests.notifications.conftest import mail_server, papers, sending, start_mail_server
from tests.promises.process import free_port

__all__ = ["mail_server", "papers", "sending", "start_mail_server"]
ENOUGH = 600
"""More tries than a server needs to start."""


class Machines:
    """The machines of people who use the client: each a folder, each command a process that asks the service by HTTP."""

    def __init__(self, address: str, folder: Path) -> None:
        """Know where the service is."""
        self.address = address
        self._folder = folder

    def of(self, name: str) -> Person:
        """Return somebody with an empty machine."""
        return Person(name, self._folder / name)

    async def of_account(self, actor: Actor) -> Person:
        """Return somebody with an account, signed in at their machine."""
        person = self.of(actor.username)
        code = pyotp.TOTP(actor.totp_secret).at(kernel_clock.now())
        typed = f"{actor.username}\n{actor.password}\n{code}\n"
        await person.runs("login", "--server", self.address, typed=typed)
        return person


@pytest.fixture
async def machines(service: Service, tmp_path: Path) -> AsyncIterator[Machines]:
    """The service of the other fixtures, its clock and its database, at an address of the loopback."""
    port = free_port()
    config = uvicorn.Config(service.app, "127.0.0.1", port, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())  # `serve` would take the signals of the test's process
    for _ in range(ENOUGH):
        if server.started:
            break
        await asyncio.sleep(0.05)
    assert server.started
    yield Machines(f"http://127.0.0.1:{port}", tmp_path / "machines")
    server.should_exit = True
    await serving
