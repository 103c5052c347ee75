"""One played service for each database, killed in the middle of its work; and what was taken of it before and after."""

import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import Any

import httpx
import pytest

from tests import conftest
from tests.promises.process import UNKEPT, ServiceProcess
from tests.threats import artefacts, play
from tests.threats.adversary import Loot, erasure_keys, keys_folder
from tests.threats.artefacts import ObservedProcess, Watch
from tests.threats.people import Played
from tests.threats.primitives import Tables


@dataclass(frozen=True)
class Taken:
    """A played service that runs again, and what was taken of it when it was killed."""

    played: Played
    process: ObservedProcess
    address: str
    """Of the database, as SQLAlchemy writes it."""
    crashed: Path
    """A copy of the data folder as the killed process left it."""
    database: tuple[bytes, ...]
    """Every byte of the database: the file and its write-ahead log, or a dump."""
    tables: Tables
    log: bytes
    """What the process wrote to its standard output and error."""
    watch: Watch
    """Of the folder for temporary files, since before the process was first started."""
    began: float
    """When it was, in seconds since 1970."""

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file."""
        return self.address.startswith("sqlite")

    def opened(self, **loot: Any) -> set[str]:  # noqa: ANN401 whatever can be taken
        """Return the names of all that the database and some more loot open together."""
        return self.played.planted.found_in(*Loot(**{"tables": self.tables, **loot}).open_everything())

    @property
    def keys_folder(self) -> dict[str, Any]:
        """What the keys folder gives."""
        return keys_folder(self.crashed / "keys")

    @property
    def erasure_keys(self) -> dict[Any, bytes]:
        """What the folder of erasure keys gives."""
        return erasure_keys(self.crashed / "erasure-keys")


@pytest.fixture(scope="session", params=conftest.DATABASES)
async def taken(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Taken]:
    """Two cases played on a process that logs everything, which was killed at once and started again."""
    folder = tmp_path_factory.mktemp(f"threats-{request.param}")
    url, name = await conftest._fresh_database(request.param)
    process = ObservedProcess(folder, url, access_token_minutes="15")
    code, said = await process.command("setup")
    (password,) = re.findall(r"one-time password\s+(\S+)\n", said)
    assert code == 0
    watch, began = Watch(process.temporary), time.time()
    await process.start()

    def client(kind: type[httpx.AsyncClient]) -> httpx.AsyncClient:
        return kind(base_url=process.address, timeout=60, limits=UNKEPT)

    played = await play.play(client, password)
    await process.end(SIGKILL)
    address = url or artefacts.sqlite_address(process.data / "candour.db")
    crashed = artefacts.tree_of(process.data, folder / "crashed")
    if url is None:
        database = tuple(path.read_bytes() for path in crashed.glob("candour.db*"))
        tables = await artefacts.tables_of(
            artefacts.sqlite_address(artefacts.tree_of(crashed, folder / "opened") / "candour.db")
        )
    else:
        database = (await artefacts.dump_of(address),)
        tables = await artefacts.restored(database[0], address, folder)
    log = process.log.read_bytes()
    process.program = ServiceProcess.program  # what it does from now on is not recorded
    await process.start()
    yield Taken(played, process, address, crashed, database, tables, log, watch, began)
    await process.end(SIGKILL)
    for person in played.people().values():
        await person.aclose()
    await conftest._drop(name)
