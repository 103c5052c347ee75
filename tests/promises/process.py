"""The service as a process of its own: started, killed, its leavings read."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from pathlib import Path
from time import monotonic

import httpx

ROOT = Path(__file__).parents[2]
START_WITHIN_SECONDS = 60


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class ServiceProcess:
    """`python -m app serve` in a folder of its own, with its own temporary folder and its log in a file."""

    def __init__(self, folder: Path, database_url: str | None) -> None:
        """Choose where it lives; nothing starts yet."""
        self.folder = folder
        self.data = folder / "data"
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True, exist_ok=True)
        self.log = folder / "service.log"
        self.database_url = database_url
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
            "TMPDIR": str(self.temporary),
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
                sys.executable, "-m", "app", "serve", "--port", str(self.port),
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
        return httpx.AsyncClient(base_url=self.address, timeout=30)

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Return the exit code and output of one of the service's commands."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app", *arguments,
            cwd=ROOT, env=self.environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()
