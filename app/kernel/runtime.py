"""What one process holds from start to end: settings, database, service keys, the pools for slow work."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.kernel.db import Database
from app.kernel.keyring import ServiceKeys
from app.kernel.settings import Settings
from app.kernel.slow import SlowPool


@dataclass(frozen=True)
class Runtime:
    """What one process holds. Who floods the sign-in, which needs no account, keeps no reporter and no colleague waiting."""

    settings: Settings
    database: Database
    keys: ServiceKeys
    signing_in: SlowPool
    """Stretches passwords."""
    reporting: SlowPool
    """Seals what people report, and stretches their receipts."""
    slow: SlowPool
    """Whatever else is slow, for people who are signed in."""

    @classmethod
    def from_settings(cls, settings: Settings) -> "Runtime":
        """Return what a process with these settings holds. Nothing connects yet.

        Raises:
            KeyFilesUnsafe: a key file is missing or open to others.

        """
        return cls(
            settings,
            Database(settings.effective_database_url, settings.database_connections),
            ServiceKeys.from_folder(settings.keys_folder),
            *(SlowPool(settings.slow_workers, settings.slow_queue) for _ in range(3)),
        )

    async def close(self) -> None:
        """End the threads once their work is done, and every connection."""
        for pool in (self.signing_in, self.reporting, self.slow):
            pool.close()
        await self.database.close()


async def _of_request(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


RuntimeOf = Annotated[Runtime, Depends(_of_request)]
"""The process's runtime, for routes that need more than the session."""
