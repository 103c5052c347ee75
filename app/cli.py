"""The commands of an administrator on the service's own machine."""

import asyncio
import logging
import threading
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from pydantic import HttpUrl
from rich.console import Console
from rich.table import Table

from app import setup
from app.audit import verify as audit_verify
from app.crypto import hpke
from app.kernel import logs
from app.kernel.keyring import KeyFilesUnsafe, write_private
from app.kernel.runtime import Runtime
from app.kernel.settings import Settings
from app.main import create_app

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
audit = typer.Typer(no_args_is_help=True, help="Check the audit log.")
app.add_typer(audit, name="audit")
console = Console(soft_wrap=True)


def _show_invitation(invitation: setup.Invitation, address: str) -> None:
    console.print("[bold]First start.[/bold] The first administrator's one-time password is shown this once:")
    console.print(f"  username           {invitation.username}")
    console.print(f"  one-time password  {invitation.one_time_password}")
    console.print(f"  Set a password with POST {address}/v1/auth/activation; the README has the commands.")


def _settings_at(address: str, *, demo: bool) -> Settings:
    """Return the settings; where the operator said nothing, problems point to `address`, and the demo names its council."""
    settings = Settings()
    changes: dict[str, object] = {}
    if "public_url" not in settings.model_fields_set:
        changes["public_url"] = HttpUrl(address)
    if demo and "organisation_name" not in settings.model_fields_set:
        changes["organisation_name"] = "Southampton City Council"
    return settings.model_copy(update=changes)


def _set_up(settings: Settings) -> setup.Invitation | None:
    """Make everything ready, or say why that must not be and end with 1."""
    try:
        return setup.set_up(settings)
    except KeyFilesUnsafe as unsafe:
        console.print(f"[bold red]Not started:[/] {unsafe}. The keys are in {settings.keys_folder}")
        raise typer.Exit(1) from unsafe


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    *,
    demo: Annotated[bool, typer.Option("--demo", help="Also play the Southampton case through the API.")] = False,
) -> None:
    """Make everything ready if it is not, and serve. A second start changes nothing."""
    logs.configure()
    address = f"http://{host}:{port}"
    settings = _settings_at(address, demo=demo)
    invitation = _set_up(settings)
    if invitation is not None:
        _show_invitation(invitation, address)
    console.print(f"Serving on {address}. The documentation page is {address}/docs")
    if demo:
        from app.demo import telling  # noqa: PLC0415 only the demo needs it

        password = None if invitation is None else invitation.one_time_password
        threading.Thread(target=telling.tell, args=(address, password, settings.data_folder), daemon=True).start()
    uvicorn.run(
        create_app(settings), host=host, port=port, log_config=None, access_log=False,
        server_header=False, date_header=False, proxy_headers=False, timeout_graceful_shutdown=10,
    )  # fmt: skip


@app.command("setup")
def set_up() -> None:
    """Make folders, keys, schema and first administrator, without serving."""
    logs.configure()
    invitation = _set_up(Settings())
    if invitation is None:
        console.print("Everything was ready already.")
    else:
        _show_invitation(invitation, "")


@app.command("custodian-key")
def make_custodian_key(
    file: Annotated[Path, typer.Argument(help="New file for the private key, mode 0400. Keep it off this service.")],
) -> None:
    """Make a custodian's key pair: the private key goes to the file, the public key is printed for the channel."""
    seed = hpke.new_seed()
    write_private(file, seed)
    typer.echo(setup.encode_key(hpke.public_key(seed)))


@audit.command("verify")
def verify_audit() -> None:
    """Check every chain and every row that the log vouches for. Ends with 1 if anything is wrong."""
    logs.configure()
    logging.getLogger("candour").setLevel(logging.WARNING)

    async def run() -> audit_verify.Result:
        runtime = Runtime.from_settings(Settings())
        try:
            async with runtime.database.session(write=False) as session:
                return await audit_verify.verify(session, runtime.keys)
        finally:
            await runtime.close()

    result = asyncio.run(run())
    table = Table("chain", "event", "what is wrong")
    for fault in result.faults:
        table.add_row(str(fault.chain_id), str(fault.sequence), fault.what)
    if result.faults:
        console.print(table)
    console.print(
        f"{result.chains} chains, {result.events} events, {result.rows} rows checked: {len(result.faults)} faults"
    )
    raise typer.Exit(1 if result.faults else 0)
