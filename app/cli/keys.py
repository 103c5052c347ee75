"""The service's own keys: which there are, and turning them over."""

import asyncio
import logging
from collections import Counter
from typing import Annotated, Literal

import typer
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from app import rotation
from app.cli.console import console, in_database, needing_keys
from app.kernel import logs
from app.kernel.key_providers import key_files, provider_of
from app.kernel.runtime import Runtime
from app.kernel.settings import Settings

app = typer.Typer(no_args_is_help=True, help="The service's own keys: which there are, and turning them over.")


@app.command("status")
def show_keys() -> None:
    """Say which versions of the service key there are, who wraps them, and how many values each seals."""
    settings = Settings()

    async def read(_: Runtime, session: AsyncSession) -> tuple[Counter[int], list[int]]:
        return await rotation.count(session), key_files(settings).versions()

    counted, versions = in_database(settings, "Not read", read)
    table = Table("version", "key file", "values", "")
    for version in sorted({*counted, *versions}):
        use = "seals" if version == max(versions) else "opens only"
        table.add_row(str(version), "yes" if version in versions else "missing", str(counted[version]), use)
    console.print(f"Key files: wrapped by {settings.key_provider}, in {settings.keys_folder}")
    console.print(table)


@app.command("rotate")
def rotate_keys(
    *,
    despite_faults: Annotated[
        bool,
        typer.Option("--despite-faults", help="Also if the log does not verify. Keep what `audit verify` says first."),
    ] = False,
) -> None:
    """Make the next service key, seal everything anew under it, and remove what is no longer needed. The service goes on."""
    logs.configure()
    logging.getLogger("candour").setLevel(logging.WARNING)
    settings = Settings()
    console.print(f"A version that is replaced is kept for {rotation.GRACE_SECONDS} seconds, for what is under way.")

    async def run() -> rotation.Outcome:
        runtime = Runtime.from_settings(settings)
        try:
            async with runtime.database.session(write=False) as session:
                total = sum((await rotation.count(session)).values())
            with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=console) as progress:
                task = progress.add_task("sealed anew", total=total)
                return await rotation.rotate(
                    runtime, lambda values: progress.advance(task, values), despite_faults=despite_faults
                )
        finally:
            await runtime.close()

    try:
        with needing_keys(settings, "Not rotated"):
            outcome = asyncio.run(run())
    except rotation.LogDoesNotVerify as faults:
        console.print("[bold red]Not rotated:[/] the log does not verify, and would vouch for what was altered.")
        console.print("Run `audit verify`, keep what it says, and then use --despite-faults.")
        raise typer.Exit(1) from faults
    made = "Made" if outcome.is_new else "Went on with"
    console.print(f"{made} version {outcome.version}; {outcome.resealed} values were sealed anew under it.")
    if outcome.removed:
        removed = ", ".join(map(str, outcome.removed))
        console.print(f"Removed the key files of versions that nothing is sealed under any more: {removed}.")
    if outcome.rewrapped:
        console.print(f"{outcome.rewrapped} key files are wrapped anew by {settings.key_provider}.")
    if outcome.broken:
        console.print(
            "[bold red]Not complete:[/] these rows do not open, stay as they are, and keep their version of the key."
        )
        for table, row in outcome.broken:
            console.print(f"  {table} {row}")
        raise typer.Exit(1)


@app.command("rewrap")
def rewrap_keys(
    earlier: Annotated[
        Literal["file", "aws-kms", "vault-transit"],
        typer.Option("--from", help="Who wrapped the files so far; its settings must still be there."),
    ],
) -> None:
    """Have the key files wrapped by the provider of the settings, which may be another than before. The keys stay."""
    settings = Settings()
    with needing_keys(settings, "Not rewrapped"):
        done = rotation.rewrap(key_files(settings), provider_of(settings, earlier))
    console.print(f"{done} key files are wrapped by {settings.key_provider}.")
