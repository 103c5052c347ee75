"""What all commands share: where they print, and how they read settings, keys and database."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from sqlalchemy.ext.asyncio import AsyncSession

from app.kernel import logs
from app.kernel.db import read_one_moment
from app.kernel.keyring import KeyFilesUnsafe
from app.kernel.runtime import Runtime
from app.kernel.settings import Settings

console = Console(soft_wrap=True)
T = TypeVar("T")


@contextmanager
def needing_keys(settings: Settings, what: str) -> Iterator[None]:
    """Say why the keys do not allow what is done within, and end with 1."""
    try:
        yield
    except KeyFilesUnsafe as unsafe:
        console.print(f"[bold red]{what}:[/] {escape(str(unsafe))}. The keys are in {settings.keys_folder}")
        raise typer.Exit(1) from unsafe


def in_database(settings: Settings, what: str, read: Callable[[Runtime, AsyncSession], Awaitable[T]]) -> T:
    """Return what `read` makes of one moment of the database, which it does not change; `what` was not done if the keys forbid."""
    logs.configure()
    logging.getLogger("candour").setLevel(logging.WARNING)

    async def run() -> T:
        runtime = Runtime.from_settings(settings)
        try:
            async with runtime.database.session(write=False) as session:
                await read_one_moment(session)
                return await read(runtime, session)
        finally:
            await runtime.close()

    with needing_keys(settings, what):
        return asyncio.run(run())
