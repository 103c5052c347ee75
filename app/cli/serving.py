"""Making everything ready, serving, and the worker."""

import asyncio
import contextlib
import ctypes
import resource
import signal
import sys
import threading
from typing import Annotated

import typer
import uvicorn
from pydantic import HttpUrl

from app import setup, worker
from app.cli.console import console, needing_keys
from app.kernel import logs
from app.kernel.runtime import Runtime
from app.kernel.settings import Settings
from app.main import create_app

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_PR_SET_DUMPABLE = 4
"""Source: prctl(2)."""


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
    """Make everything ready, or say why that must not be and end with 1. A face for reporters alone makes nothing ready."""
    with needing_keys(settings, "Not started"):
        if "staff" in settings.faces:
            return setup.set_up(settings)
        try:
            setup.require_set_up(settings)
        except setup.NotSetUp as unready:
            console.print(
                f"[bold red]Not started:[/] {unready}. Start the staff's side, or run `setup`, with this release first"
            )
            raise typer.Exit(1) from unready
    return None


def _keep_memory_to_oneself() -> None:
    """No core of this process is dumped and, on Linux, no other process of its user reads its memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    *,
    demo: Annotated[bool, typer.Option("--demo", help="Also play the Southampton case through the API.")] = False,
) -> None:
    """Make everything ready if it is not, and serve. A second start changes nothing."""
    _keep_memory_to_oneself()
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
    with needing_keys(settings, "Not started"):
        service = create_app(settings)
    uvicorn.run(
        service, host=host, port=port, log_config=None, access_log=False,
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


@app.command("worker")
def work() -> None:
    """Run the jobs of the worker until told to stop: for deployments where `serve` does not (CANDOUR_RUNS_JOBS=false)."""
    logs.configure()
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_work(Runtime.from_settings(Settings())))


async def _work(runtime: Runtime) -> None:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 it runs in one
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        await worker.work(runtime)
    finally:
        await runtime.close()
