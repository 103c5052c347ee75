"""`scripts/bench sealing`: what sealing and proving cost beside the bare primitives, without a database and on each."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.kernel.settings import Settings
from scripts.benchmark import counting, instructions, proving_works, report, sealing_report, turning_works
from scripts.benchmark.deployment import Cast, play, running
from scripts.benchmark.places import database_of_its_own, settings_of
from scripts.benchmark.processes import Place, busy_seconds
from scripts.benchmark.sealing import Cost, Work, measure
from scripts.benchmark.sealing_report import Measured

EVENTS = 5_000


@dataclass(frozen=True)
class Amount:
    """How much is measured."""

    rounds: int
    seconds: float
    events: int
    valgrind: bool


class Watch:
    """How busy the machine is with what is not this process."""

    def __init__(self) -> None:
        """Begin."""
        self.began, self.busy, self.own = time.perf_counter(), busy_seconds(), time.process_time()

    def others(self) -> float:
        """Return how many cores the others have taken since."""
        busy = busy_seconds() - self.busy - (time.process_time() - self.own)
        return max(0.0, busy / (time.perf_counter() - self.began))


def without_database(amount: Amount, say: Callable[[str], None]) -> Measured:
    """Return what the acts cost that touch no database, with their instructions where Valgrind is here."""
    watch, works = Watch(), counting.countable()
    costs = asyncio.run(measure(works, rounds=amount.rounds, seconds=amount.seconds, say=say))
    others = watch.others()
    counted = counting.count_all(works, say) if amount.valgrind else {}
    return Measured("Without a database", [replace(one, instructions=counted.get(one.name)) for one in costs], others)


async def _on(settings: Settings, cast: Cast, amount: Amount, say: Callable[[str], None]) -> list[Cost]:
    costs = []
    async with running(settings, cast) as deployment:

        async def all_works() -> AsyncIterator[list[Work]]:
            async for work in proving_works.works(deployment, amount.events):
                yield [work]
            yield await turning_works.works(deployment)  # last: its floor's case is of no use afterwards

        async for works in all_works():
            costs += await measure(works, rounds=amount.rounds, seconds=amount.seconds, say=say)
    return costs


def on_database(kind: str, server: str | None, amount: Amount, say: Callable[[str], None]) -> Measured:
    """Return what the acts cost on a database of their own: on the PostgreSQL at `server`, or on SQLite."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="candour-bench-")))
        url = None if server is None else stack.enter_context(database_of_its_own(server))
        place = Place(folder / "data", url)
        settings = settings_of(place)
        say("playing three cases")
        cast = play(place, settings)
        watch = Watch()
        costs = asyncio.run(_on(settings, cast, amount, say))
        return Measured(f"On {kind}", costs, watch.others())


def command(
    *,
    seconds: Annotated[float, typer.Option(min=0.01, max=30, help="How long each side of a round is.")] = 0.5,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="How often everything is measured.")] = 5,
    database: Annotated[str, typer.Option(help="postgresql, sqlite, both or none.")] = "both",
    events: Annotated[int, typer.Option(min=1, help="How many events are sequenced and verified.")] = EVENTS,
    valgrind: Annotated[bool, typer.Option(help="Count instructions by Valgrind where no database is touched.")] = True,
    output: Annotated[Path, typer.Option(help="Where the JSON goes.")] = Path(".data/bench-sealing.json"),
) -> None:
    """Compare sealing, turning keys and proving with the bare primitives."""
    console = Console(width=None if os.isatty(1) else report.WIDTH)
    amount = Amount(rounds, seconds, events, valgrind and instructions.valgrind_works())
    server = os.environ.get("TEST_DATABASE_URL")
    with console.status("preparing") as status:
        measured = [without_database(amount, status.update)]
        if database in {"both", "postgresql"}:
            if server is None:
                console.print("[bold red]NOT MEASURED ON POSTGRESQL: there is none. Run scripts/bench.[/]")
            else:
                measured.append(
                    on_database("PostgreSQL", server, amount, lambda what: status.update(f"PostgreSQL: {what}"))
                )
        if database in {"both", "sqlite"}:
            measured.append(on_database("SQLite", None, amount, lambda what: status.update(f"SQLite: {what}")))
    said = [
        f"{rounds} rounds of {seconds:g} s; medians, and the least and the greatest ratio of a round in brackets.",
        *report.conditions(counts=False, counts_by_valgrind=amount.valgrind)[:1],
    ]
    sealing_report.show(console, measured, said)
    output.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    output.write_text(sealing_report.as_json(measured, said))
    console.print(f"Everything is in {output}.")
