"""The processes of the benchmark: started here, watched from outside, and ended by whoever started them."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from scripts.benchmark.load import Job, Result

HOST = "127.0.0.1"
ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 120
SECONDS_TO_END = 15
_BETWEEN_LOOKS = 0.02
_KIB_A_MIB = 1024
_IDLE_FIELDS = (3, 4)
"""idle and iowait in the first line of /proc/stat. Source: proc(5)."""


class ProcessFailed(Exception):
    """A process of the benchmark did not start, or ended by itself."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used, all threads, exact to the scheduler; 0 if it has ended.

    Source: the kernel's clock ids of processes, as clock_getcpuclockid(3) makes them.
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def cpu_of(pids: Iterable[int]) -> float:
    """Return the CPU time that these processes have used together."""
    return sum(cpu_seconds(pid) for pid in pids)


def busy_seconds() -> float:
    """Return the CPU time that the whole machine has used since it started, but for waiting."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    busy = sum(ticks for place, ticks in enumerate(fields) if place not in _IDLE_FIELDS)
    return busy / os.sysconf("SC_CLK_TCK")


def memory_mib(pid: int, line: str = "VmRSS") -> float:
    """Return a process's resident memory, now (VmRSS) or at its highest (VmHWM)."""
    for each in Path(f"/proc/{pid}/status").read_text().splitlines():
        if each.startswith(line):
            return int(each.split()[1]) / _KIB_A_MIB
    raise ProcessFailed(f"process {pid} has no {line}")


class Server:
    """A process that listens on a port of this machine, from the start of the block to its end."""

    def __init__(self, name: str, command: list[str], port: int, log: Path, environment: Mapping[str, str]) -> None:
        """Remember what to start."""
        self.name, self.command, self.port, self.log = name, command, port, log
        self.environment = {**os.environ, **environment}
        self.seconds_to_ready = 0.0

    def __enter__(self) -> Self:
        """It is ready.

        Raises:
            ProcessFailed: it ended, or does not answer in time.

        """
        began = time.perf_counter()
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL
            )
        try:
            while not self._is_ready():
                if self.process.poll() is not None or time.perf_counter() - began > SECONDS_TO_START:
                    raise ProcessFailed(f"{self.name} did not start:\n{self.log.read_text()[-2000:]}")
                time.sleep(_BETWEEN_LOOKS)
        except BaseException:
            self.__exit__()
            raise
        self.seconds_to_ready = time.perf_counter() - began
        return self

    def __exit__(self, *_: object) -> None:
        """It has ended."""
        self.process.terminate()
        try:
            self.process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.process.pid

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)  # noqa: PLR2004 OK
        except (urllib.error.URLError, OSError):
            return False


@dataclass(frozen=True)
class Place:
    """Where a deployment lives: its data folder, and PostgreSQL's address unless SQLite in the folder is meant."""

    folder: Path
    url: str | None

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a service that lives here."""
        address = {} if self.url is None else {"CANDOUR_DATABASE_URL": self.url}
        return {
            "CANDOUR_DATA_FOLDER": str(self.folder),
            "CANDOUR_ACCESS_TOKEN_MINUTES": "15",
            "CANDOUR_PASSWORD_MEMORY_KIB": "19456",
            "CANDOUR_PASSWORD_ITERATIONS": "2",
            "CANDOUR_INTAKE_PER_MINUTE": "10000000",  # what the machine can do is measured, and not what an operator allows
            "CANDOUR_INBOX_PER_MINUTE": "10000000",
            "CANDOUR_PUBLIC_PER_MINUTE": "10000000",
            **address,
        }


def the_service(place: Place, wrapper: Iterable[str] = ()) -> Server:
    """Return the service itself, as an operator starts it."""
    port = free_port()
    command = [*wrapper, sys.executable, "-m", "app", "serve", "--port", str(port)]
    environment = {**place.environment, "CANDOUR_PUBLIC_URL": "http://127.0.0.1:8000"}
    return Server("service", command, port, place.folder.parent / "service.log", environment)


def the_floor(place: Place, framework: str, wrapper: Iterable[str] = ()) -> Server:
    """Return the floor on the bare framework ("starlette" or "fastapi")."""
    port = free_port()
    command = [
        *wrapper,
        sys.executable,
        "-m",
        "scripts.benchmark.floor",
        framework,
        str(port),
        str(place.folder.parent),
    ]
    return Server(f"floor on {framework}", command, port, place.folder.parent / f"{framework}.log", place.environment)


class Clients:
    """The process that makes the load, from the start of the block to its end."""

    def __enter__(self) -> Self:
        """It waits for jobs."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scripts.benchmark.load"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        """It has ended."""
        self.process.communicate()

    def run(self, job: Job) -> Result:
        """Return what came of the job.

        Raises:
            ProcessFailed: the process ended.

        """
        if self.process.stdin is None or self.process.stdout is None:
            raise ProcessFailed("the clients have no pipes")
        self.process.stdin.write(json.dumps(asdict(job)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise ProcessFailed("the clients ended")
        return Result(**json.loads(line))
