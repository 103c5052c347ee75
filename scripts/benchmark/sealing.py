"""What sealing and proving cost, each act beside the bare primitives that it cannot do without, in one process and one run.

The floor of an act calls the cryptography library directly, with keys loaded and buffers ready: what is left to compare is
our framing, checking and bookkeeping. Acts on a database have the same rows by the same driver in their floor.
"""

import statistics
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
from inspect import isawaitable

MICROSECONDS = 1_000_000
Call = Callable[[], object | Awaitable[object]]


@dataclass(frozen=True)
class Work:
    """One act and its floor; each call does `units` of it."""

    name: str
    what: str
    ours: Call
    floor: Call
    units: int = 1
    before: Call | None = None
    """What is done before each call of either, and not measured."""
    counted: int = 0
    """How often it is repeated to count its instructions; 0 if a database works beside it, whose instructions nobody would count."""


@dataclass(frozen=True)
class Cost:
    """What one unit of an act cost, and how many of its floor's that is: the middle of the pairs, and how far they lie apart."""

    name: str
    what: str
    ours_us: float
    floor_us: float
    ratio: float
    least: float
    most: float
    cpu: float
    """CPU time of this process for each of the floor's: it does not count the waiting, for a disk or for other work's turn."""
    instructions: float | None = None
    """Instructions of ours for each of the floor's."""

    def as_row(self) -> tuple[str, ...]:
        """Return the cells of a table."""
        counted = "-" if self.instructions is None else f"{self.instructions:.2f}"
        spread = f"{self.ratio:.2f} ({self.least:.2f} to {self.most:.2f})"
        return self.name, self.what, f"{self.ours_us:,.0f}", f"{self.floor_us:,.0f}", spread, f"{self.cpu:.2f}", counted

    def as_json(self) -> dict[str, object]:
        """Return it for machines."""
        return asdict(self)


async def _do(call: Call) -> None:
    answer = call()
    if isawaitable(answer):
        await answer


@dataclass(frozen=True)
class _Spent:
    """Seconds by the clock, and of this process's CPU, all threads."""

    clock: float
    cpu: float


async def _time(work: Work, call: Call, times: int) -> _Spent:
    clock = cpu = 0.0
    at_once = times if work.before is None else 1
    for _ in range(times // at_once):
        if work.before is not None:
            await _do(work.before)
        began, cpu_before = time.perf_counter(), time.process_time()
        for _ in range(at_once):
            await _do(call)
        clock += time.perf_counter() - began
        cpu += time.process_time() - cpu_before
    return _Spent(clock / times / work.units, cpu / times / work.units)


async def measure(works: Iterable[Work], *, rounds: int, seconds: float, say: Callable[[str], None]) -> list[Cost]:
    """Return what each act costs. Act and floor take turns, `rounds` times, for about `seconds` each."""
    found = []
    for work in works:
        say(f"{work.name}, {work.what}: once, to see how long it takes")
        once = max((await _time(work, work.ours, 1)).clock, (await _time(work, work.floor, 1)).clock) * work.units
        times = max(1, int(seconds / max(once, 1 / MICROSECONDS)))
        pairs: list[dict[str, _Spent]] = []
        for turn in range(rounds):
            say(f"{work.name}, {work.what}: round {turn + 1} of {rounds}")
            sides = ("ours", "floor") if turn % 2 else ("floor", "ours")
            pairs.append({side: await _time(work, getattr(work, side), times) for side in sides})
        ratios = [pair["ours"].clock / pair["floor"].clock for pair in pairs]
        found.append(
            Cost(
                work.name,
                work.what,
                statistics.median(pair["ours"].clock for pair in pairs) * MICROSECONDS,
                statistics.median(pair["floor"].clock for pair in pairs) * MICROSECONDS,
                statistics.median(ratios),
                min(ratios),
                max(ratios),
                statistics.median(pair["ours"].cpu / pair["floor"].cpu for pair in pairs),
            )
        )
    return found
