"""Plays the case before somebody's eyes, and says how to look at it as each actor."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.demo import cast, looking
from app.demo.player import INVITING, STAGES, Played, play

_PATIENCE_SECONDS = 60
_PAUSE_SECONDS = 0.2
_TIMEOUT_SECONDS = 60.0
_WIDTH = 110
_NO_WAY_IN = (
    "The demo cannot be played here: this data folder was in use before, and its administrator's one-time password "
    "was shown then. Name a new folder and start again: CANDOUR_DATA_FOLDER=demo-data scripts/serve --demo"
)


def tell(base_url: str, one_time_password: str | None, data_folder: Path) -> None:
    """The case has been played at that address, unless it was before, and the terminal says how to look at it."""
    asyncio.run(_tell(base_url, one_time_password, data_folder.absolute()))


async def _tell(address: str, one_time_password: str | None, data_folder: Path) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=_TIMEOUT_SECONDS) as client:
        await _wait_for(client)
        await show(client, address, one_time_password, data_folder, Console())


async def show(
    client: httpx.AsyncClient,
    address: str,
    one_time_password: str | None,
    data_folder: Path,
    console: Console,
    now: Callable[[], datetime] = cast.system_time,
) -> None:
    """The same, through a client of the service that answers already."""
    file = data_folder / looking.FILE
    if looking.move_to(file, address):
        console.print("The Southampton case is there already, from an earlier start.")
    elif one_time_password is None:
        console.print(_NO_WAY_IN, soft_wrap=True)
        return
    else:
        try:
            played = await _play(client, one_time_password, console, now)
        except (cast.Unexpected, httpx.HTTPError) as error:
            console.print(f"The demo stopped: {type(error).__name__}: {error}", soft_wrap=True, markup=False)
            return
        looking.keep(file, address, played)
    _say_how_to_look(file, console)


async def _wait_for(client: httpx.AsyncClient) -> None:
    for _ in range(int(_PATIENCE_SECONDS / _PAUSE_SECONDS)):
        try:
            await client.get("/readyz")
        except httpx.TransportError:
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return


async def _play(
    client: httpx.AsyncClient, one_time_password: str, console: Console, now: Callable[[], datetime]
) -> Played:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as display:
        task = display.add_task(INVITING, total=len(STAGES) + 1)
        under_way = INVITING

        def progress(stage: str, act: str) -> None:
            nonlocal under_way
            if stage != under_way:
                display.console.print(f"  [green]done[/green]  {under_way}")
                display.advance(task)
                under_way = stage
            display.update(task, description=f"{stage}: {act}")

        played = await play(client, one_time_password, progress, now)
        display.console.print(f"  [green]done[/green]  {under_way}")
    return played


def _say_how_to_look(file: Path, console: Console) -> None:
    kept = looking.recall(file)
    table = Table("who", "does", "username", title=f"The cast of {kept['reference']}", title_justify="left")
    table.add_column("password", overflow="fold")
    for name, account in kept["accounts"].items():
        table.add_row(f"{name}\n{account['display_name']}", account["does"], account["username"], account["password"])
    console.print(table, width=_WIDTH)
    console.print("This is a demo: nobody should ever see these together. They are kept in", str(file), soft_wrap=True)
    console.print("\nA code of somebody's authenticator, for instance to sign in on the documentation page:")
    console.print(f"  {looking.command(file, 'code', 'hr')}", soft_wrap=True, markup=False, highlight=False)
    console.print(f"\nTo look as each of them, in {Path.cwd()}:", soft_wrap=True, highlight=False)
    for name in kept["accounts"]:
        console.print(f"  {looking.curl(file, name, kept)}", soft_wrap=True, markup=False, highlight=False)
    console.print("\nThe release as a page for people: the same as hr, with -H 'Accept: text/html'.", highlight=False)
    console.print(f"The case has been played. Its documentation page is {kept['address']}/docs", soft_wrap=True)
