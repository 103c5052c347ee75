"""Says what was measured: tables for people, JSON for machines."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.bar import Bar
from rich.console import Console, Group
from rich.table import Table

from scripts.benchmark.load import percentile
from scripts.benchmark.measuring import Burst, Findings, Ratio
from scripts.benchmark.targets import Verdict, verdicts

WIDTH = 150
NOISY_CORES = 0.3
"""Above this much of other work a time means little. Ratios of pairs suffer less, since both of a pair suffer."""
BAR_WIDTH = 30


@dataclass
class OnDatabase:
    """Everything that was measured on one database."""

    database: str
    found: list[Findings]
    process: list[Verdict]
    counted: list["Counted"] = field(default_factory=list)


@dataclass(frozen=True)
class Counted:
    """The user's instructions for one unit of a scenario, counted by Valgrind in a pass of its own."""

    scenario: str
    floor: float
    service: float
    bound: float | None

    @property
    def ratio(self) -> float:
        """How many the service needs for each of the floor's."""
        return self.service / self.floor


def conditions(*, counts: bool, counts_by_valgrind: bool) -> list[str]:
    """Return the sentences without which the numbers mean nothing."""
    processor = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    machine = (
        f"{os.cpu_count()} cores of {processor}, Linux {platform.release()}, Python {platform.python_version()}. Clients,"
        " server and database share them; everything is on the loopback interface, without TLS."
    )
    said = [machine]
    if not counts:
        instead = (
            "Valgrind counted the user's side of each request in a pass of its own."
            if counts_by_valgrind
            else "CPU TIME STANDS IN FOR THEM, and it is not as steady."
        )
        said.append(f"NO HARDWARE INSTRUCTION COUNTER: this kernel does not let perf count instructions. {instead}")
    return said


def _span(ratio: Ratio) -> str:
    return f"{ratio.middle:.2f} ({ratio.least:.2f} to {ratio.most:.2f})"


def _middle(values: Sequence[float]) -> float:
    return statistics.median(values)


def _pooled(bursts: Sequence[Burst], per_cent: int) -> float:
    return percentile([latency for burst in bursts for latency in burst.latencies_ms], per_cent)


def _cpu(bursts: Sequence[Burst]) -> str:
    server = f"{_middle([burst.cpu_ms for burst in bursts]):.2f}"
    databases = [burst.database_cpu_ms for burst in bursts if burst.database_cpu_ms is not None]
    return f"{server} + {_middle(databases):.2f}" if databases else server


def _table(measured: OnDatabase) -> Table:
    table = Table(
        title=f"On {measured.database}: units of work, medians of the rounds", title_justify="left", width=WIDTH
    )
    table.add_column("work")
    for heading in (
        "clients",
        "asked",
        "per second",
        "of the floor's",
        "p50 / p95 / p99 ms",
        "CPU ms",
        "CPU, of the floor's",
        "others",
    ):
        table.add_column(heading, justify="right")
    for found in measured.found:
        table.add_section()
        for clients in sorted({burst.clients for burst in found.bursts}):
            for name in found.scenario.subjects:
                bursts = found.of(name, clients)
                is_floor = name == "floor"
                table.add_row(
                    found.scenario.name if is_floor else "",
                    str(clients) if is_floor else "",
                    name,
                    f"{_middle([burst.per_second for burst in bursts]):,.0f}",
                    "" if is_floor else _span(found.ratio(lambda burst: burst.per_second, clients, name)),
                    " / ".join(f"{_pooled(bursts, part):.1f}" for part in (50, 95, 99)),
                    _cpu(bursts),
                    "" if is_floor else _span(found.ratio(lambda burst: burst.cpu_ms, clients, name)),
                    f"{_middle([burst.others for burst in bursts]):.2f}",
                    style="bold" if name == "service" else "",
                )
    return table


def _plot(measured: OnDatabase) -> Table:
    plot = Table.grid(padding=(0, 1))
    plot.title, plot.title_justify = (
        f"On {measured.database}: the service's throughput, the floor's being the whole bar",
        "left",
    )
    for found in measured.found:
        for clients in sorted({burst.clients for burst in found.bursts}):
            ratio = found.ratio(lambda burst: burst.per_second, clients)
            bar = Bar(size=1.0, begin=0, end=min(1.0, ratio.middle), width=BAR_WIDTH, bgcolor="grey37")
            plot.add_row(found.scenario.name, f"{clients}", bar, f"{ratio.middle:.2f}")
    return plot


def _counted(measured: OnDatabase) -> Table:
    title = f"On {measured.database}: million instructions for one unit, user's side, counted by Valgrind"
    table = Table("work", "floor", "service", "of the floor's", "target", title=title, title_justify="left")
    for one in measured.counted:
        target = "" if one.bound is None else f"≤ {one.bound:g} {'met' if one.ratio <= one.bound else 'MISSED'}"
        table.add_row(one.scenario, f"{one.floor / 1e6:.2f}", f"{one.service / 1e6:.2f}", f"{one.ratio:.2f}", target)
    return table


def _verdicts(measured: OnDatabase) -> Table:
    table = Table("target", "", "measured", "", title=f"On {measured.database}: targets", title_justify="left")
    by_name = {found.scenario.name: found for found in measured.found}
    for verdict in (*verdicts(by_name), *measured.process):
        shown = f"{verdict.measured.middle:.2f} {verdict.unit}".strip()
        if verdict.measured.least != verdict.measured.most:
            shown += f" ({verdict.measured.least:.2f} to {verdict.measured.most:.2f})"
        table.add_row(verdict.target, verdict.bound, shown, "[green]met[/]" if verdict.is_met else "[red]MISSED[/]")
    return table


def _noise(all_measured: Sequence[OnDatabase]) -> str:
    others = [burst.others for measured in all_measured for found in measured.found for burst in found.bursts]
    loud = sum(1 for load in others if load > NOISY_CORES)
    return (
        f"Other work on this machine took {_middle(others):.2f} cores in the middle burst and {max(others):.2f} in the"
        f" loudest; {loud} of {len(others)} bursts had more than {NOISY_CORES} cores of it. Believe instructions first,"
        " ratios second, times last. CPU ms is the server's for one unit, + the database's."
    )


def show(console: Console, all_measured: Sequence[OnDatabase], said: Sequence[str]) -> None:
    """Everything stands on the console."""
    for measured in all_measured:
        parts: list[Any] = [_table(measured), "", _plot(measured), ""]
        if measured.counted:
            parts += [_counted(measured), ""]
        console.print(Group(*parts, _verdicts(measured), ""))
    for sentence in (*said, _noise(all_measured)):
        console.print(sentence, highlight=False)


def as_json(all_measured: Sequence[OnDatabase], said: Sequence[str]) -> str:
    """Return everything, for later comparison."""
    document = {
        "conditions": list(said),
        "databases": [
            {
                "database": measured.database,
                "bursts": [
                    {"scenario": found.scenario.name, **_burst(burst)}
                    for found in measured.found
                    for burst in found.bursts
                ],
                "instructions_by_valgrind": [{**asdict(one), "ratio": one.ratio} for one in measured.counted],
                "targets": [
                    asdict(verdict)
                    for verdict in (*verdicts({one.scenario.name: one for one in measured.found}), *measured.process)
                ],
            }
            for measured in all_measured
        ],
    }
    return json.dumps(document, indent=1)


def _burst(burst: Burst) -> dict[str, Any]:
    kept = {name: value for name, value in asdict(burst).items() if name != "latencies_ms"}
    return {
        **kept,
        "p50_ms": burst.at(50),
        "p95_ms": burst.at(95),
        "p99_ms": burst.at(99),
        "longest_ms": max(burst.latencies_ms),
    }
