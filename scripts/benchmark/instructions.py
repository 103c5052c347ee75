"""Counts the instructions that a server executes: by the processor's own counter where the kernel lets us, else by Valgrind.

The counter (perf) counts beside the measurement, user and kernel together. Valgrind interprets every instruction in a
pass of its own, about fifty times slower: it counts the user's side alone, exactly, and says nothing of time.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmark.processes import Server

_SECONDS_TO_DUMP = 120


@dataclass
class Count:
    """How many instructions were counted; none if they could not be."""

    instructions: int | None = None


def perf_works() -> bool:
    """Whether this kernel and processor let us count instructions of another process."""
    if shutil.which("perf") is None:
        return False
    probe = subprocess.run(
        ["perf", "stat", "-x,", "-e", "instructions", "--", "true"], check=False, capture_output=True, text=True
    )
    return _read_perf(probe.stderr) is not None


def _read_perf(text: str) -> int | None:
    for line in text.splitlines():
        value, _, rest = line.partition(",")
        if "instructions" in rest and value.isdigit():
            return int(value)
    return None


@contextmanager
def counted_by_perf(server: Server, *, wanted: bool) -> Iterator[Count]:
    """The instructions of the server during the block are in the count afterwards, if wanted."""
    count = Count()
    if not wanted:
        yield count
        return
    perf = subprocess.Popen(
        ["perf", "stat", "-x,", "-e", "instructions", "-p", str(server.pid)], stderr=subprocess.PIPE, text=True
    )
    try:
        yield count
    finally:
        perf.send_signal(2)
        _, report = perf.communicate(timeout=30)
        count.instructions = _read_perf(report)


def valgrind_works() -> bool:
    """Whether Valgrind is here."""
    return shutil.which("valgrind") is not None and shutil.which("vgdb") is not None


def under_valgrind(folder: Path) -> list[str]:
    """Return what to put before a command so that its instructions can be counted, from when it is asked."""
    return [
        "valgrind", "--tool=callgrind", "--instr-atstart=no", "--vgdb=yes", "--trace-children=no", "--fair-sched=try",
        f"--callgrind-out-file={folder}/callgrind.%p", "-q",
    ]  # fmt: skip


@contextmanager
def counted_by_valgrind(server: Server, folder: Path) -> Iterator[Count]:
    """The instructions of the server, which runs under Valgrind, during the block are in the count afterwards."""
    count = Count()
    _tell(server, "instrumentation", "on")
    _tell(server, "zero")
    yield count
    _tell(server, "dump", "bench")
    _tell(server, "instrumentation", "off")
    newest = max(folder.glob(f"callgrind.{server.pid}*"), key=lambda path: path.stat().st_mtime, default=None)
    if newest is not None:
        count.instructions = read_callgrind(newest)


def read_callgrind(path: Path) -> int:
    """Return how many instructions a file of Callgrind counts.

    Raises:
        ValueError: it counts none.

    """
    match = re.search(r"^(?:summary|totals):\s*(\d+)", path.read_text(), re.MULTILINE)
    if match is None:
        raise ValueError("the file counts no instructions")
    return int(match[1])


def _tell(server: Server, *command: str) -> None:
    subprocess.run(["vgdb", f"--pid={server.pid}", *command], check=True, capture_output=True, timeout=_SECONDS_TO_DUMP)
