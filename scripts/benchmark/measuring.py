"""Measures: short bursts of load, floor and service in turn, every number beside what else the machine was doing."""

import asyncio
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import asyncpg
from sqlalchemy import make_url

from scripts.benchmark import instructions
from scripts.benchmark.load import MOST_UNITS, Job, Step, percentile
from scripts.benchmark.processes import Clients, Server, busy_seconds, cpu_of, cpu_seconds

CLIENTS = (1, 8, 32)
MILLISECONDS = 1_000


class RequestsFailed(Exception):
    """Some request was not answered as it should be: no number of such a run means anything."""


@dataclass(frozen=True)
class Subject:
    """What is asked: a server, and the requests that make one unit of work."""

    server: Server
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Scenario:
    """One kind of work: the service, the floor it is held to, and what else is measured beside them."""

    name: str
    what: str
    service: Subject
    floor: Subject
    beside: dict[str, Subject] = field(default_factory=dict)

    @property
    def subjects(self) -> dict[str, Subject]:
        """Everything that is asked, floor first."""
        return {"floor": self.floor, "service": self.service, **self.beside}


@dataclass(frozen=True)
class Burst:
    """One short load on one subject."""

    subject: str
    clients: int
    repetition: int
    units: int
    per_second: float
    latencies_ms: list[float]
    cpu_ms: float
    database_cpu_ms: float | None
    client_share: float
    others: float
    instructions: float | None

    def at(self, per_cent: int) -> float:
        """Return a percentile of the latency in milliseconds."""
        return percentile(self.latencies_ms, per_cent)


@dataclass(frozen=True)
class Ratio:
    """What came of comparing pairs: the middle of their ratios and how far they lie apart."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, pairs: Sequence[tuple[float, float]]) -> "Ratio":
        """Return the ratio of the first to the second of each pair."""
        ratios = [first / second for first, second in pairs if second]
        if not ratios:
            return cls(math.nan, math.nan, math.nan)
        return cls(statistics.median(ratios), min(ratios), max(ratios))


class DatabaseWatch:
    """Knows which processes of a PostgreSQL on this machine work for one database."""

    def __init__(self, url: str | None) -> None:
        """Watch the database at `url`; None is SQLite, which works within the server."""
        self.address = None if url is None else make_url(url).set(drivername="postgresql").render_as_string(False)  # noqa: FBT003 SQLAlchemy's

    def pids(self) -> set[int]:
        """Return the process ids of its connections; none where they cannot be seen."""
        return set() if self.address is None else asyncio.run(self._pids(self.address))

    @staticmethod
    async def _pids(address: str) -> set[int]:
        connection = await asyncpg.connect(address)
        try:
            rows = await connection.fetch(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        finally:
            await connection.close()
        return {row["pid"] for row in rows}


class Meter:
    """Makes bursts and keeps them."""

    def __init__(self, clients: Clients, watch: DatabaseWatch, *, seconds: float, counts: bool) -> None:
        """Measure for `seconds` at a time; `counts` if the processor's counter of instructions works."""
        self.clients, self.watch, self.seconds, self.counts = clients, watch, seconds, counts

    def burst(self, name: str, subject: Subject, clients: int, repetition: int, most: int = MOST_UNITS) -> Burst:
        """Return what one burst showed.

        Raises:
            RequestsFailed: an answer was not what it should be.

        """
        server = subject.server
        own = [server.pid, self.clients.process.pid]
        databases = self.watch.pids()
        before = {pid: cpu_seconds(pid) for pid in databases}
        cpu, mine, busy = cpu_seconds(server.pid), cpu_of(own), busy_seconds()
        with instructions.counted_by_perf(server, wanted=self.counts) as count:
            result = self.clients.run(Job(server.port, clients, self.seconds, list(subject.steps), most))
        cpu = cpu_seconds(server.pid) - cpu
        mine, busy = cpu_of(own) - mine, busy_seconds() - busy
        database = sum(cpu_seconds(pid) - before.get(pid, 0.0) for pid in self.watch.pids())
        if result.failures or not result.units:
            raise RequestsFailed(f"{name} of {server.name}, {clients} clients: {result.failure}")
        return Burst(
            name,
            clients,
            repetition,
            result.units,
            result.units / result.seconds,
            [latency * MILLISECONDS for latency in result.latencies],
            cpu / result.units * MILLISECONDS,
            database / result.units * MILLISECONDS if databases else None,
            result.client_cpu / result.seconds,
            max(0.0, busy - mine - database) / result.seconds,
            None if count.instructions is None else count.instructions / result.units,
        )


@dataclass
class Findings:
    """All bursts of one scenario."""

    scenario: Scenario
    bursts: list[Burst] = field(default_factory=list)

    def of(self, subject: str, clients: int) -> list[Burst]:
        """Return the bursts of one subject at one number of clients, by repetition."""
        return [burst for burst in self.bursts if burst.subject == subject and burst.clients == clients]

    def ratio(
        self, measure: Callable[[Burst], float], clients: int, first: str = "service", to: str = "floor"
    ) -> Ratio:
        """Return how `first` compares with `to`, burst by burst of the same repetition."""
        pairs = zip(self.of(first, clients), self.of(to, clients), strict=True)
        return Ratio.of([(measure(one), measure(other)) for one, other in pairs])

    def holds_up(self, subject: str, few: int, many: int) -> Ratio:
        """Return throughput with many clients to that with few."""
        pairs = zip(self.of(subject, many), self.of(subject, few), strict=True)
        return Ratio.of([(one.per_second, other.per_second) for one, other in pairs])


def measure(
    meter: Meter, scenarios: Sequence[Scenario], repetitions: int, clients: Sequence[int], tell: Callable[[str], None]
) -> list[Findings]:
    """Return what was found of each scenario: repetitions outermost, floor and service taking turns to be first."""
    found = [Findings(scenario) for scenario in scenarios]
    for repetition in range(repetitions):
        for findings in found:
            subjects = list(findings.scenario.subjects.items())
            for number in clients:
                tell(f"{findings.scenario.name}, {number} clients, round {repetition + 1} of {repetitions}")
                for name, subject in subjects if repetition % 2 == 0 else reversed(subjects):
                    findings.bursts.append(meter.burst(name, subject, number, repetition))
    return found
