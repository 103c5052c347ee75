"""Checking the audit log and the proof log, and taking them elsewhere."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.exc import MultipleResultsFound
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Organisation
from app.audit import verify as audit_verify
from app.cli.console import console, in_database
from app.crypto.notes import Note, NoteMalformed
from app.kernel.keyring import write_private
from app.kernel.runtime import Runtime
from app.kernel.settings import Settings
from app.prooflog import bundle
from app.prooflog import verify as log_verify

app = typer.Typer(no_args_is_help=True, help="Check the audit log.")


@app.command("verify")
def verify_audit(
    since: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="A checkpoint kept elsewhere: the log must contain it."),
    ] = None,
) -> None:
    """Check every chain, every row that the log vouches for, and the proof log. Ends with 1 if anything is wrong."""
    try:
        kept = [Note.read(path.read_text()) for path in since or ()]
        result = in_database(Settings(), "Not verified", lambda runtime, session: _verify(runtime, session, kept))
    except (NoteMalformed, UnicodeDecodeError) as malformed:
        console.print("[bold red]Not checked:[/] the file is no checkpoint of a log of this service")
        raise typer.Exit(2) from malformed
    table = Table("chain", "event", "what is wrong")
    for fault in result.faults:
        table.add_row(str(fault.chain_id), str(fault.sequence), fault.what)
    if result.faults:
        console.print(table)
    console.print(
        f"{result.chains} chains, {result.events} events, {result.rows} rows, {result.leaves} leaves, {result.checkpoints} "
        f"checkpoints checked: {len(result.faults)} faults"
    )
    if result.unread_timestamps:
        console.print(f"{result.unread_timestamps} timestamps are of a form that only openssl ts -verify can judge")
    raise typer.Exit(1 if result.faults else 0)


async def _verify(runtime: Runtime, session: AsyncSession, kept: Sequence[Note]) -> log_verify.LogResult:
    found = await audit_verify.verify(session, runtime.keys)
    file = runtime.settings.log_timestamp_roots
    roots = None if file is None else await asyncio.to_thread(file.read_bytes)
    return await log_verify.verify(session, runtime.log_seed, found, kept, roots)


@app.command("export")
def export_audit(
    file: Annotated[Path, typer.Argument(help="New file for the bundle, mode 0400.")],
    organisation: Annotated[UUID | None, typer.Option(help="Which organisation, where there are several.")] = None,
) -> None:
    """Write the whole proof log of an organisation, its events included, to be checked without this service. No content."""

    async def export(_: Runtime, session: AsyncSession) -> dict[str, object]:
        wanted = organisation or (await session.execute(select(Organisation.id))).scalar_one()
        return await bundle.export(session, wanted)

    try:
        document = in_database(Settings(), "Not written", export)
    except MultipleResultsFound as several:
        console.print("[bold red]Not written:[/] there are several organisations, name one by --organisation")
        raise typer.Exit(2) from several
    write_private(file, json.dumps(document, separators=(",", ":")).encode())
