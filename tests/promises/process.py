"""The service as a process of its own: started, killed, its leavings read."""

import asyncio
import os
import secrets
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

import httpx

ROOT = Path(__file__).parents[2]
START_WITHIN_SECONDS = 60
UNKEPT = httpx.Limits(max_keepalive_connections=0)
"""For clients that rest between requests: a connection that is kept may be closed just when the next one goes out."""


def free_port() -> int:
    """Return a port that nobody listens on, below those that the kernel hands out, so that it stays free between two starts."""
    while True:
        port = 12_000 + secrets.randbelow(20_000)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


class ServiceProcess:
    """`python -m app serve` in a folder of its own, with its own temporary folder and its log in a file."""

    program: Sequence[str] = ("-m", "app")
    """What Python is given to start the service."""

    def __init__(self, folder: Path, database_url: str | None, **settings: str) -> None:
        """Choose where it lives, and settings besides, by their names in small letters; nothing starts yet."""
        self.folder = folder
        self.data = folder / "data"
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True, exist_ok=True)
        self.log = folder / "service.log"
        self.database_url = database_url
        self.settings = settings
        self.port = free_port()
        self.process: Process | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What the process sees."""
        found = {
            **os.environ,
            "CANDOUR_DATA_FOLDER": str(self.data),
            "CANDOUR_PASSWORD_MEMORY_KIB": "19456",
            "CANDOUR_PASSWORD_ITERATIONS": "2",
            "CANDOUR_PUBLIC_URL": self.address,
            "CANDOUR_INTAKE_PER_MINUTE": "1000000",
            "CANDOUR_INBOX_PER_MINUTE": "1000000",
            "CANDOUR_PUBLIC_PER_MINUTE": "1000000",
            "TMPDIR": str(self.temporary),
            **{f"CANDOUR_{name.upper()}": value for name, value in self.settings.items()},
        }
        if self.database_url is not None:
            found["CANDOUR_DATABASE_URL"] = self.database_url
        return found

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """The service answers."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, *self.program, "serve", "--port", str(self.port),
                cwd=ROOT, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = monotonic() + START_WITHIN_SECONDS
        async with self.client() as client:
            while monotonic() < deadline:
                assert self.process.returncode is None, self.log.read_text()
                try:
                    if (await client.get("/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        raise AssertionError("the service did not start")

    async def end(self, how: signal.Signals) -> None:
        """The process is gone."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(how)
            await self.process.wait()

    def client(self) -> httpx.AsyncClient:
        """Return a client of it."""
        return httpx.AsyncClient(base_url=self.address, timeout=30, limits=UNKEPT)

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Return the exit code and output of one of the service's commands."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app", *arguments,
            cwd=ROOT, env=self.environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()
