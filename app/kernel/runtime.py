"""What one process holds from start to end: settings, database, service keys, the pool for slow work."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.kernel.db import Database
from app.kernel.keyring import ServiceKeys
from app.kernel.settings import Settings
from app.kernel.slow import SlowPool


@dataclass(frozen=True)
class Runtime:
    """What one process holds."""

    settings: Settings
    database: Database
    keys: ServiceKeys
    slow: SlowPool


async def _of_request(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


RuntimeOf = Annotated[Runtime, Depends(_of_request)]
"""The process's runtime, for routes that need more than the session."""
