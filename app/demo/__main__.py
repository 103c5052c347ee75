"""Lets somebody look at the played case as one of its cast: `python -m app.demo headers data/demo-cast.json hr`."""

import asyncio
from pathlib import Path
from typing import Annotated

import httpx
import typer

from app.demo import cast, looking

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="demo-cast.json of the data folder.")]
Name = Annotated[str, typer.Argument(help='Who looks, such as "hr".')]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def code(file: File, name: Name) -> None:
    """Print the code that somebody's authenticator shows now."""
    try:
        typer.echo(looking.code(file, name, cast.system_time()))
    except looking.NoSuchPart as error:
        raise typer.BadParameter(str(error)) from error


@app.command()
def headers(file: File, name: Name) -> None:
    """Sign somebody in and print the headers of the session, for `curl -K -`."""

    async def sign_in() -> str:
        async with httpx.AsyncClient(base_url=looking.recall(file)["address"]) as client:
            return await looking.headers(file, name, client, cast.system_time)

    try:
        typer.echo(asyncio.run(sign_in()))
    except (looking.NoSuchPart, cast.Unexpected, httpx.HTTPError) as error:
        raise typer.BadParameter(str(error)) from error


if __name__ == "__main__":
    app(prog_name="python -m app.demo")
