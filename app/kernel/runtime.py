"""What one process holds from start to end: settings, database, service keys, the pools for slow work."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from app.kernel.background import Background
from app.kernel.db import Database
from app.kernel.key_providers import key_files
from app.kernel.keyring import ServiceKeys, read_log_seed
from app.kernel.settings import Settings
from app.kernel.slow import SlowPool


@dataclass(frozen=True)
class Runtime:
    """What one process holds. Who floods the sign-in, which needs no account, keeps no reporter and no colleague waiting."""

    settings: Settings
    database: Database
    keys: ServiceKeys
    log_seed: bytes = field(repr=False)
    """What signs the checkpoints of the proof log: an Ed25519 seed."""
    signing_in: SlowPool
    """Stretches passwords."""
    reporting: SlowPool
    """Seals what people report, and stretches their receipts."""
    slow: SlowPool
    """Whatever else is slow, for people who are signed in."""
    files: SlowPool
    """Seals and opens parts of files, and brings them to where they are kept."""
    examining: SlowPool
    """Looks at whole files that have arrived, which can take a minute each."""
    background: Background = field(default_factory=Background)
    """What goes on after its request was answered."""

    @classmethod
    def from_settings(cls, settings: Settings) -> "Runtime":
        """Return what a process with these settings holds. Nothing connects yet.

        Raises:
            KeyFilesUnsafe: a key file is missing, open to others, or does not open.

        """
        return cls(
            settings,
            Database(settings.effective_database_url, settings.database_connections),
            ServiceKeys.from_files(key_files(settings)),
            read_log_seed(settings.keys_folder),
            signing_in=SlowPool(settings.slow_workers, settings.slow_queue),
            reporting=SlowPool(settings.slow_workers, settings.slow_queue),
            slow=SlowPool(settings.slow_workers, settings.slow_queue),
            files=SlowPool(settings.slow_workers, settings.slow_queue),
            examining=SlowPool(settings.slow_workers, settings.slow_queue),
        )

    async def close(self) -> None:
        """End what goes on in the background, the threads once their work is done, and every connection."""
        await self.background.close()
        for pool in (self.signing_in, self.reporting, self.slow, self.files, self.examining):
            pool.close()
        await self.database.close()


async def _of_request(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


RuntimeOf = Annotated[Runtime, Depends(_of_request)]
"""The process's runtime, for routes that need more than the session."""
