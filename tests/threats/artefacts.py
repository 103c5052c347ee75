"""Takes what can be taken of a service that runs or ran: its database, logs of the database, key folders, memory."""

import asyncio
import ctypes
import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from uuid import uuid4

from sqlalchemy import make_url, select
from sqlalchemy.ext.asyncio import create_async_engine

from app.kernel.db import Base
from tests.promises.process import ROOT, ServiceProcess
from tests.threats.primitives import Tables


async def tables_of(address: str) -> Tables:
    """Return every row of a database that somebody has."""
    engine = create_async_engine(address)
    async with engine.connect() as connection:
        found = {
            table.name: [dict(row) for row in (await connection.execute(select(table))).mappings()]
            for table in Base.metadata.sorted_tables
        }
    await engine.dispose()
    return found


async def program(*command: str) -> bytes:
    """Return what a program says."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0, command
    return said


def _place(address: str) -> list[str]:
    url = make_url(address)
    return ["--host", url.host or "", "--port", str(url.port or 5432), "--username", url.username or ""]


async def dump_of(address: str) -> bytes:
    """Return a dump of a PostgreSQL database."""
    return await program("pg_dump", *_place(address), make_url(address).database or "")


async def restored(dump: bytes, address: str, folder: Path) -> Tables:
    """Return the rows of a dump, restored into a database of its own beside the one it was taken of."""
    name, file = f"candour_{uuid4().hex}", folder / f"{uuid4().hex}.sql"
    file.write_bytes(dump)
    await program("createdb", *_place(address), name)
    try:
        await program("psql", "--quiet", *_place(address), "--file", str(file), name)
        return await tables_of(make_url(address).set(database=name).render_as_string(hide_password=False))
    finally:
        await program("dropdb", *_place(address), name)


def sqlite_address(file: Path) -> str:
    """Return how SQLAlchemy names a file."""
    return f"sqlite+aiosqlite:///{file.absolute()}"


def tree_of(data: Path, folder: Path) -> Path:
    """Return a copy of a whole data folder."""
    shutil.copytree(data, folder)
    return folder


def backup_of(file: Path, to: Path) -> Path:
    """Return a backup of an SQLite database, made as its own backup command makes it."""
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
    return to


class Watch:
    """Sees whatever is made, moved or opened in a folder, a file without a name too."""

    _EVENTS = 0x20 | 0x80 | 0x100
    """IN_OPEN, IN_MOVED_TO, IN_CREATE. Source: inotify(7)."""

    def __init__(self, folder: Path) -> None:
        """Watch from now on."""
        library = ctypes.CDLL(None, use_errno=True)
        self._handle = library.inotify_init1(os.O_NONBLOCK)
        assert library.inotify_add_watch(self._handle, str(folder).encode(), self._EVENTS) > 0

    def seen(self) -> bytes:
        """Return what was seen, none if nothing happened in the folder."""
        try:
            return os.read(self._handle, 65_536)
        except BlockingIOError:
            return b""


class ObservedProcess(ServiceProcess):
    """A service that logs all there is to log, and lets its memory be read when it is asked to: see observed.py."""

    program: Sequence[str] = (str(ROOT / "tests" / "threats" / "observed.py"),)

    async def memory(self) -> bytes:
        """Return all that the process holds in memory that it could write to."""
        assert self.process is not None
        self.process.send_signal(signal.SIGUSR2)
        async with self.client() as client:
            await client.get("/healthz")  # it has heard the signal when it answers
        return b"\0".join(writable_memory(self.process.pid))


def writable_memory(pid: int) -> Iterator[bytes]:
    """Yield each part of a process's memory that it may write to."""
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", 0) as memory:
        for line in maps:
            span, mode, *_ = line.split()
            if mode.startswith("rw"):
                start, end = (int(bound, 16) for bound in span.split("-"))
                try:
                    memory.seek(start)
                    yield memory.read(end - start).strip(b"\0")
                except OSError:  # such as the kernel's own pages
                    continue
