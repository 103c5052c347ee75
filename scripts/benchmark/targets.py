"""What the service is held to, as data: which number of which scenario has to be how large."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from scripts.benchmark.measuring import Burst, Findings, Ratio

FEW, MANY = 8, 32
AT_LEAST, AT_MOST = "≥", "≤"
PER_CENT = 100


@dataclass(frozen=True)
class Target:
    """A bound on one number: the least it may be (AT_LEAST) or the most (AT_MOST)."""

    scenario: str
    what: str
    bound: float
    sign: str
    measured: Callable[[Findings], Ratio | None]


@dataclass(frozen=True)
class Verdict:
    """A target, what was measured, and whether that meets it."""

    target: str
    bound: str
    measured: Ratio
    unit: str
    is_met: bool


def _throughput(clients: int) -> Callable[[Findings], Ratio | None]:
    return lambda found: found.ratio(lambda burst: burst.per_second, clients) if found.of("floor", clients) else None


def _cpu(clients: int) -> Callable[[Findings], Ratio | None]:
    return lambda found: found.ratio(lambda burst: burst.cpu_ms, clients) if found.of("floor", clients) else None


def _instructions(clients: int) -> Callable[[Findings], Ratio | None]:
    def measured(found: Findings) -> Ratio | None:
        bursts = [*found.of("floor", clients), *found.of("service", clients)]
        if not bursts or any(burst.instructions is None for burst in bursts):
            return None
        return found.ratio(lambda burst: burst.instructions or math.nan, clients)

    return measured


def _holds_up(found: Findings) -> Ratio | None:
    return found.holds_up("service", FEW, MANY) if found.of("service", MANY) and found.of("service", FEW) else None


def audit_share(found: Findings) -> Ratio | None:
    """Return which part of the service's intake the log takes: what the floor saves without it, of the service's CPU."""
    with_log, without = found.of("floor", FEW), found.of("floor without log", FEW)
    if not with_log or not without:
        return None

    def cpu(burst: Burst) -> float:
        return burst.cpu_ms + (burst.database_cpu_ms or 0.0)

    parts = zip(with_log, without, found.of("service", FEW), strict=True)
    return Ratio.of([((cpu(one) - cpu(other)) * PER_CENT, cpu(service)) for one, other, service in parts])


TARGETS: tuple[Target, ...] = (
    Target("intake", "throughput of the floor's, 8 clients", 0.75, AT_LEAST, _throughput(FEW)),
    Target("intake", "throughput of the floor's, 32 clients", 0.75, AT_LEAST, _throughput(MANY)),
    Target("intake", "instructions of the floor's, 8 clients", 1.4, AT_MOST, _instructions(FEW)),
    Target("intake", "CPU time of the floor's, 8 clients", 1.4, AT_MOST, _cpu(FEW)),
    Target("intake", "throughput at 32 clients of that at 8", 0.9, AT_LEAST, _holds_up),
    Target("intake", "log, per cent of intake", 15, AT_MOST, audit_share),
    Target("open a case", "throughput of the floor's, 8 clients", 0.7, AT_LEAST, _throughput(FEW)),
    Target("open a case", "instructions of the floor's, 8 clients", 1.4, AT_MOST, _instructions(FEW)),
    Target("open a case", "CPU time of the floor's, 8 clients", 1.4, AT_MOST, _cpu(FEW)),
    Target("list 50 cases", "throughput of the floor's, 8 clients", 0.5, AT_LEAST, _throughput(FEW)),
    Target("read a release", "throughput of the floor's, 8 clients", 0.6, AT_LEAST, _throughput(FEW)),
)


def verdicts(found: Mapping[str, Findings]) -> Iterator[Verdict]:
    """Return whether each target is met, where what it needs was measured."""
    for target in TARGETS:
        measured = target.measured(found[target.scenario]) if target.scenario in found else None
        if measured is None or math.isnan(measured.middle):
            continue
        is_met = measured.middle >= target.bound if target.sign == AT_LEAST else measured.middle <= target.bound
        unit = "%" if "per cent" in target.what else ""
        yield Verdict(f"{target.scenario}: {target.what}", f"{target.sign} {target.bound:g}", measured, unit, is_met)


def plain_verdict(what: str, measured: float, unit: str, bound: float) -> Verdict:
    """Return the verdict on a number that has no floor and must not exceed its bound."""
    return Verdict(what, f"{AT_MOST} {bound:g}", Ratio(measured, measured, measured), unit, measured <= bound)
