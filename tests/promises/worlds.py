"""Two worlds that begin alike: copies of one deployment. What is left of each afterwards is compared but for what chance drew."""

import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from tests.promises.process import UNKEPT, ServiceProcess
from tests.threats import artefacts

REFERENCE = re.compile(r"CAN-[0-9A-Z]{4}-[0-9A-Z]{4}")
AN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
A_HASH = re.compile(r"[0-9a-f]{64}")
A_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}")
Known = frozenset[UUID | bytes]


@dataclass(frozen=True)
class Somebody:
    """Who reports, and all that they bring along without saying it."""

    address: str
    headers: tuple[tuple[str, str], ...]
    confidentiality: str
    identity: dict[str, str] | None

    def client(self, process: ServiceProcess) -> httpx.AsyncClient:
        """Return a client that sends from their address."""
        transport = httpx.AsyncHTTPTransport(local_address=self.address, limits=UNKEPT)
        return httpx.AsyncClient(base_url=process.address, transport=transport, headers=list(self.headers), timeout=60)


@dataclass
class Left:
    """What is left of a world, in a form that chance does not change."""

    answers: list[Any] = field(default_factory=list)
    rows: dict[str, Counter[str]] = field(default_factory=dict)
    files: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    raw: bytes = b""
    """Every byte of it, as it is."""


def values_of(tables: Mapping[str, list[dict[str, Any]]]) -> Known:
    """Return every id and every byte string that a deployment holds before anybody reports."""
    return frozenset(
        value for rows in tables.values() for row in rows for value in row.values() if isinstance(value, UUID | bytes)
    )


def plain(value: Any, known: Known) -> Any:  # noqa: ANN401 any value of a column or of JSON
    """Return a value in which chance is replaced by how much of it there was; of a new id the time that it tells stays."""
    if isinstance(value, bytes):
        return value.hex() if value in known else f"{len(value)} bytes"
    if isinstance(value, UUID):
        return str(value) if value in known else f"an id of {value.int >> 80}"
    if isinstance(value, list):
        return [plain(one, known) for one in value]
    if isinstance(value, str):
        text = AN_ID.sub(lambda match: str(plain(UUID(match[0]), known)), value)
        return A_HASH.sub("a hash", REFERENCE.sub("CAN-XXXX-XXXX", text))
    return value


def rows_of(tables: Mapping[str, list[dict[str, Any]]], known: Known) -> dict[str, Counter[str]]:
    """Return what each table holds, in no order."""
    return {
        name: Counter(repr({column: plain(value, known) for column, value in row.items()}) for row in rows)
        for name, rows in tables.items()
    }


def files_of(folder: Path, known: Known) -> Iterator[str]:
    """Yield the name, kind, mode, size and day of each file; of the folders that chance names, that they are there."""
    for path in sorted(folder.rglob("*")):
        state = path.stat()
        name = re.sub(r"erasure-keys/[0-9a-f]{2}", "erasure-keys/XX", path.relative_to(folder).as_posix())
        size = state.st_size if path.is_file() else 0
        changed = datetime.fromtimestamp(state.st_mtime, UTC)
        of_a_report = "erasure-keys" in name
        yield f"{plain(name, known)} {oct(state.st_mode)} {size} {changed if of_a_report else changed.date()}"


def log_of(process: ServiceProcess) -> list[str]:
    """Return the lines that the process wrote, without the second they were written in."""
    text = process.log.read_text().replace(str(process.folder), "FOLDER")
    return [A_TIME.sub(r"\1", line) for line in text.splitlines()]


def answer_of(answer: httpx.Response) -> tuple[Any, ...]:
    """Return the status, the headers and the length of an answer, but for the length of the words that chance drew."""
    drawn = 0
    if answer.content and answer.headers.get("content-type") == "application/json":
        drawn = len(answer.json().get("receipt") or "")
    length = len(answer.content) - drawn
    headers = [
        (name, int(value) - drawn if name == "content-length" else value) for name, value in answer.headers.items()
    ]
    return answer.request.method, answer.url.path, answer.status_code, headers, length


async def taken_of(process: ServiceProcess, known: Known, left: Left) -> Left:
    """Return all that a process has left, once it has ended."""
    address = process.database_url or artefacts.sqlite_address(process.data / "candour.db")
    every = [process.log.read_bytes(), *(path.read_bytes() for path in process.data.rglob("*") if path.is_file())]
    if process.database_url is not None:
        every.append(await artefacts.dump_of(address))
    left.raw = b"\0".join(every)
    left.files = Counter([*files_of(process.data, known), *files_of(process.temporary, known)])
    left.log = log_of(process)
    opened = artefacts.tree_of(process.data, process.folder / "opened") / "candour.db"
    left.rows = rows_of(await artefacts.tables_of(process.database_url or artefacts.sqlite_address(opened)), known)
    shutil.rmtree(process.folder / "opened")
    return left
