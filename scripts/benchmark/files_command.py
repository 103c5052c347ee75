"""`scripts/bench files`: one large file sent to the service, beside a process that reads, seals, writes and brings to the disk."""

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Self
from uuid import uuid4

import typer
from rich.console import Console

from app import setup
from app.crypto import blobs
from app.crypto.blobs import PART_BYTES
from scripts.benchmark.places import settings_of
from scripts.benchmark.play import CHANNEL, Play, grievance
from scripts.benchmark.processes import HOST, ROOT, Place, Server, memory_mib, the_service

LEAST_RATIO, MOST_GROWTH_MIB = 0.5, 64
_LINE = b"The rota was altered after the fact, on the Monday.\n"
_READ = 256 * 1024
_SLEEP = 0.05


def make_source(path: Path, mib: int) -> int:
    """Return the length of the text that stands at `path` now."""
    block = (_LINE * (PART_BYTES // len(_LINE) + 1))[:PART_BYTES]
    with path.open("wb") as file:
        for _ in range(mib):
            file.write(block)
    return mib * PART_BYTES


def floor(source: Path, target: Path) -> float:
    """Return how many seconds one process takes that does the same work and nothing else."""
    began = time.perf_counter()
    organisation, blob, key = uuid4(), uuid4(), blobs.new_key()
    parts = blobs.parts_of(source.stat().st_size)
    with source.open("rb") as file, target.open("wb") as out:
        for number in range(parts):
            part = file.read(PART_BYTES)
            is_last = number == parts - 1
            out.write(blobs.seal_part(key, organisation, blob, number, is_last=is_last, content=part))
        out.flush()
        os.fsync(out.fileno())
    return time.perf_counter() - began


class Peak:
    """The highest memory of a process while a block runs, above what it was before."""

    def __init__(self, pid: int) -> None:
        """Watch that process."""
        self.pid, self.most, self._ended = pid, 0.0, threading.Event()

    def __enter__(self) -> Self:
        """Begin."""
        self.before = self.most = memory_mib(self.pid)
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_SLEEP):
            self.most = max(self.most, memory_mib(self.pid))

    @property
    def growth(self) -> float:
        """How many MiB it grew by at most."""
        return self.most - self.before


@contextmanager
def _inbox(server: Server) -> Iterator[tuple[http.client.HTTPConnection, dict[str, str]]]:
    """An open inbox: its connection, and the header that opens it."""
    with Play(f"http://{HOST}:{server.port}") as play:
        submitted = play.nobody.post(f"/v1/channels/{CHANNEL}/grievances", grievance(with_client_keys=False))
        token = play.nobody.post("/v1/inbox/sessions", {"receipt": submitted["receipt"]})["token"]
    connection = http.client.HTTPConnection(HOST, server.port, timeout=300, blocksize=_READ)
    yield connection, {"Authorization": f"Bearer {token}"}
    connection.close()


def _ask(connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str], body: Any) -> Any:  # noqa: ANN401
    is_json = isinstance(body, dict)
    kind = {"Content-Type": "application/json"} if is_json else {}
    connection.request(method, path, json.dumps(body) if is_json else body, {**headers, **kind})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status >= http.client.BAD_REQUEST:
        raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
    return json.loads(content) if content else None


def send(server: Server, source: Path, size: int) -> tuple[float, float, float]:
    """Return the seconds that the bytes took, the seconds of the completion, and the growth in MiB over both."""
    with _inbox(server) as (connection, headers), Peak(server.pid) as peak:
        begun = _ask(connection, "POST", "/v1/inbox/files", headers, {"name": "bench.txt", "size": size})
        at = f"/v1/inbox/files/{begun['id']}"
        began = time.perf_counter()
        with source.open("rb") as file:
            more = {"Upload-Offset": "0", "Content-Length": str(size)}
            _ask(connection, "PATCH", at, {**headers, **more}, file)
        sent = time.perf_counter()
        _ask(connection, "POST", f"{at}/completion", headers, {})
        completed = time.perf_counter()
    return sent - began, completed - sent, peak.growth


def command(
    mib: Annotated[int, typer.Option(min=1, max=4096, help="How large the file is, in MiB.")] = 1024,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="How often both are measured, in turn.")] = 3,
    output: Annotated[Path, typer.Option(help="Where the JSON goes.")] = Path(".data/bench-files.json"),
) -> None:
    """Send one large file, resumable and sealed, beside the floor: read, seal, write, bring to the disk, in one process."""
    console = Console()
    measured: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="candour-bench-") as name:
        folder = Path(name)
        place, source = Place(folder / "data", None), folder / "source"
        invitation = setup.set_up(settings_of(place))
        if invitation is None:
            raise RuntimeError("the place was used before")
        size = make_source(source, mib)
        with the_service(place) as service:
            with Play(f"http://{HOST}:{service.port}") as play:
                play.gather(invitation.one_time_password)
            for number in range(rounds):
                console.print(f"round {number + 1} of {rounds}: {mib} MiB")
                floor_seconds = _floor_in_a_process(source, folder / "target")
                sent, completed, growth = send(service, source, size)
                measured.append({"floor": floor_seconds, "sent": sent, "completed": completed, "growth_mib": growth})
    ratios = [one["floor"] / one["sent"] for one in measured]
    growth = max(one["growth_mib"] for one in measured)
    ratio = statistics.median(ratios)
    completing = statistics.median(one["completed"] for one in measured)
    for what, is_met in (
        (f"sending, the floor being 1: {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}), target ≥ {LEAST_RATIO}",
         ratio >= LEAST_RATIO),
        (f"memory growth: {growth:.0f} MiB, target ≤ {MOST_GROWTH_MIB} MiB", growth <= MOST_GROWTH_MIB),
    ):  # fmt: skip
        console.print(f"{what}: {'met' if is_met else 'MISSED'}")
    console.print(f"completing (read back, opened, hashed, typed): {completing:.2f} s, {mib / completing:.0f} MiB/s")
    output.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    output.write_text(json.dumps({"mib": mib, "ratio": ratio, "growth_mib": growth, "rounds": measured}, indent=2))


def _floor_in_a_process(source: Path, target: Path) -> float:
    code = (
        "import sys; from pathlib import Path; from scripts.benchmark.files_command import floor; "
        "print(floor(Path(sys.argv[1]), Path(sys.argv[2])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(source), str(target)], cwd=ROOT, check=True, capture_output=True, text=True
    )
    target.unlink()
    return float(done.stdout)
