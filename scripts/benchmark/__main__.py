"""Compares the service with its floors in one run, on each database, and says whether it is as fast as it is held to be."""

import asyncio
import os
import statistics
import tempfile
import timeit
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import typer
from rich.console import Console

from app import setup
from app.policy.actors import Capacity, CaseFacts, Role, Staff
from app.policy.permissions import Permission
from app.policy.rules import decide
from scripts.benchmark import files_command, instructions, report, sealing_command
from scripts.benchmark.floor import Script
from scripts.benchmark.measuring import CLIENTS, DatabaseWatch, Meter, Scenario, measure
from scripts.benchmark.places import database_of_its_own, settings_of
from scripts.benchmark.play import Play
from scripts.benchmark.processes import Clients, Place, Server, memory_mib, the_floor, the_service
from scripts.benchmark.report import Counted, OnDatabase
from scripts.benchmark.scenarios import NAMES, Stage, scenarios
from scripts.benchmark.seeding import add_cases
from scripts.benchmark.targets import TARGETS, Verdict, plain_verdict

MANY_CASES = 20_000
STARTS = 3
SECONDS_TO_READY, MOST_MEMORY_MIB, MOST_MICROSECONDS = 2, 150, 50
WARM_UP_SECONDS = 0.5
UNITS_COUNTED, CLIENTS_COUNTED, SECONDS_COUNTED = 24, 8, 30
_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Options:
    """How much is measured."""

    seconds: float
    rounds: int
    clients: tuple[int, ...]
    only: tuple[str, ...]
    cases: int
    valgrind: bool


def prepare(place: Place, cases: int) -> Stage:
    """Return what there is to ask about: a deployment whose case went all the way, and many cases more."""
    settings = settings_of(place)
    invitation = setup.set_up(settings)
    if invitation is None:
        raise RuntimeError("the place was used before")
    with the_service(place) as service, Play(f"http://127.0.0.1:{service.port}") as play:
        play.gather(invitation.one_time_password)
        case_id, specimen = play.submit(), play.submit()
        play.investigate(case_id)
        release_id = play.release(case_id)
        organisation = asyncio.run(add_cases(settings, UUID(play.busy_investigator.id), UUID(specimen), cases))
        answer = play.read_release(release_id)
        Script(
            organisation_id=str(organisation),
            specimen_case_id=specimen,
            busy_account_id=play.busy_investigator.id,
            release_id=release_id,
            release=answer.text,
            release_type=answer.headers["content-type"],
        ).write(place.folder.parent)
        return Stage(case_id, release_id, answer.headers["etag"], play.investigator, play.busy_investigator, play.hr)


def start_and_weigh(place: Place) -> list[Verdict]:
    """Return how long the service takes to be ready, and how much memory it has then."""
    seconds, memory = [], []
    for _ in range(STARTS):
        with the_service(place) as service:
            seconds.append(service.seconds_to_ready)
            memory.append(memory_mib(service.pid))
    return [
        plain_verdict("start to ready", statistics.median(seconds), "s", SECONDS_TO_READY),
        plain_verdict("memory when ready", statistics.median(memory), "MiB", MOST_MEMORY_MIB),
    ]


def time_a_decision() -> Verdict:
    """Return how long the slowest permission takes to decide."""
    staff = Staff(uuid4(), uuid4(), uuid4(), frozenset(Role))
    facts = CaseFacts(frozenset(Capacity))
    slowest = max(
        min(timeit.repeat(lambda one=one: decide(one, staff, facts, on_case=True), number=100, repeat=20)) / 100  # type: ignore[misc]
        for one in Permission
    )
    return plain_verdict("permission decision", slowest * _MICROSECONDS, "µs", MOST_MICROSECONDS)


@contextmanager
def serving(place: Place, wrapper: Iterable[str] = ()) -> Iterator[tuple[Server, Server, Server]]:
    """The service and its floors run: on bare Starlette, on bare FastAPI."""
    with (
        the_service(place, wrapper) as service,
        the_floor(place, "starlette", wrapper) as starlette,
        the_floor(place, "fastapi", wrapper) as fastapi,
    ):
        yield service, starlette, fastapi


def count(place: Place, stage: Stage, wanted: tuple[str, ...], clients: Clients, url: str | None) -> list[Counted]:
    """Return the instructions of each scenario, counted by Valgrind: everything runs once more, under it."""
    wrapper = instructions.under_valgrind(place.folder.parent)
    bounds = {one.scenario: one.bound for one in TARGETS if one.what.startswith("instructions")}
    counted: list[Counted] = []
    with serving(place, wrapper) as servers:
        meter = Meter(clients, DatabaseWatch(url), seconds=SECONDS_COUNTED, counts=False)
        for scenario in scenarios(stage, *servers):
            if scenario.name not in wanted:
                continue
            floor, ours = (
                _count_one(meter, scenario, subject, place.folder.parent) for subject in ("floor", "service")
            )
            if floor and ours:
                counted.append(Counted(scenario.name, floor, ours, bounds.get(scenario.name)))
    return counted


def _count_one(meter: Meter, scenario: Scenario, subject: str, folder: Path) -> float | None:
    asked = scenario.subjects[subject]
    meter.burst(subject, asked, CLIENTS_COUNTED, 0, most=UNITS_COUNTED)
    with instructions.counted_by_valgrind(asked.server, folder) as found:
        burst = meter.burst(subject, asked, CLIENTS_COUNTED, 0, most=UNITS_COUNTED)
    return None if found.instructions is None else found.instructions / burst.units


def run(kind: str, url: str | None, options: Options, console: Console) -> OnDatabase:
    """Return what was measured on one database."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="candour-bench-")))
        if url is not None:
            url = stack.enter_context(database_of_its_own(url))
        place = Place(folder / "data", url)
        status = stack.enter_context(console.status(f"{kind}: preparing"))
        stage = prepare(place, options.cases)
        process = start_and_weigh(place)
        clients = stack.enter_context(Clients())
        counts = instructions.perf_works()
        with serving(place) as servers:
            chosen = [one for one in scenarios(stage, *servers) if one.name in options.only]
            warm_up(chosen, clients, url)
            meter = Meter(clients, DatabaseWatch(url), seconds=options.seconds, counts=counts)
            found = measure(
                meter, chosen, options.rounds, options.clients, lambda what: status.update(f"{kind}: {what}")
            )
            memory = memory_mib(servers[0].pid, "VmHWM")
        process += [plain_verdict("memory at its highest", memory, "MiB", MOST_MEMORY_MIB), time_a_decision()]
        counted: list[Counted] = []
        if options.valgrind and not counts:
            status.update(f"{kind}: counting instructions by Valgrind")
            counted = count(place, stage, options.only, clients, url)
        return OnDatabase(kind, found, process, counted)


def warm_up(chosen: list[Scenario], clients: Clients, url: str | None) -> None:
    """Every statement was prepared and every cache filled once."""
    meter = Meter(clients, DatabaseWatch(url), seconds=WARM_UP_SECONDS, counts=False)
    for scenario in chosen:
        for name, subject in scenario.subjects.items():
            meter.burst(name, subject, max(CLIENTS), 0)


app = typer.Typer(add_completion=False)
app.command("sealing")(sealing_command.command)
app.command("files")(files_command.command)


@app.callback(invoke_without_command=True)
def main(  # noqa: PLR0913 each is an option of the command
    context: typer.Context,
    *,
    seconds: Annotated[float, typer.Option(min=0.2, max=30, help="How long each burst is.")] = 0.8,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="How often everything is measured.")] = 3,
    clients: Annotated[str, typer.Option(help="How many clients at once, by commas.")] = "1,8,32",
    only: Annotated[list[str] | None, typer.Option(help="Only this work (repeat the option).")] = None,
    database: Annotated[str, typer.Option(help="postgresql, sqlite or both.")] = "both",
    cases: Annotated[int, typer.Option(min=50, max=1_000_000, help="How many cases to list from.")] = MANY_CASES,
    valgrind: Annotated[bool, typer.Option(help="Count instructions by Valgrind where perf cannot.")] = True,
    output: Annotated[Path, typer.Option(help="Where the JSON goes.")] = Path(".data/bench.json"),
) -> None:
    """Compare the service with its floors; `sealing` compares sealing and proving with the bare primitives instead."""
    if context.invoked_subcommand is not None:
        return
    console = Console(width=None if os.isatty(1) else report.WIDTH)
    options = Options(
        seconds, rounds, tuple(int(number) for number in clients.split(",")), tuple(only or NAMES),
        cases, valgrind and instructions.valgrind_works(),
    )  # fmt: skip
    server = os.environ.get("TEST_DATABASE_URL")
    measured: list[OnDatabase] = []
    if database in {"both", "postgresql"}:
        if server is None:
            console.print("[bold red]NOT MEASURED ON POSTGRESQL: there is none. Run scripts/bench.[/]")
        else:
            measured.append(run("PostgreSQL", server, options, console))
    if database in {"both", "sqlite"}:
        measured.append(run("SQLite", None, options, console))
    if not measured:
        raise typer.Exit(1)
    said = report.conditions(counts=instructions.perf_works(), counts_by_valgrind=any(one.counted for one in measured))
    report.show(console, measured, said)
    output.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    output.write_text(report.as_json(measured, said))
    console.print(f"All bursts are in {output}.")


if __name__ == "__main__":
    app()
