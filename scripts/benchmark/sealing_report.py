"""Says what sealing and proving cost: a table for people, JSON for machines."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.bar import Bar
from rich.console import Console
from rich.table import Table

from scripts.benchmark.sealing import Cost

BAR_WIDTH = 20


@dataclass(frozen=True)
class Measured:
    """The acts that were measured on one database, or on none, and how many cores other work took meanwhile."""

    where: str
    costs: list[Cost]
    others: float


def _table(measured: Measured) -> Table:
    table = Table(
        title=f"{measured.where}: one unit; the bar is the act, its dark part what the floor leaves",
        title_justify="left",
    )
    for heading in ("act", "of what"):
        table.add_column(heading)
    are_counted = any(cost.instructions is not None for cost in measured.costs)
    for heading in (
        "µs",
        "floor's µs",
        "of the floor's",
        "of its CPU",
        *(["of its instructions"] if are_counted else []),
    ):
        table.add_column(heading, justify="right")
    table.add_column("floor's part")
    for cost in measured.costs:
        bar = Bar(size=1.0, begin=0, end=min(1.0, 1 / cost.ratio), width=BAR_WIDTH, bgcolor="grey37")
        cells = cost.as_row() if are_counted else cost.as_row()[:-1]
        table.add_row(*cells, bar)
    return table


def show(console: Console, all_measured: Sequence[Measured], said: Sequence[str]) -> None:
    """Everything stands on the console."""
    for measured in all_measured:
        console.print(_table(measured))
        console.print(f"Other processes took {measured.others:.2f} cores meanwhile, the database's among them.\n")
    for sentence in said:
        console.print(sentence, highlight=False)


def as_json(all_measured: Sequence[Measured], said: Sequence[str]) -> str:
    """Return everything, for later comparison."""
    return json.dumps({"conditions": list(said), "measured": [asdict(one) for one in all_measured]}, indent=1)
