"""What one process holds from start to end: settings, database, service keys, the pools for slow work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from app.crypto import notes
from app.kernel.background import Background
from app.kernel.db import Database
from app.kernel.key_providers import key_files
from app.kernel.keyring import KeyNotHeld, ServiceKeys, read_log_public_key, read_log_seed
from app.kernel.pressure import Bucket, Entrance, Group
from app.kernel.settings import Settings
from app.kernel.slow import SlowPool


@dataclass(frozen=True)
class Runtime:
    """What one process holds. Who floods the sign-in, which needs no account, keeps no reporter and no colleague waiting."""

    settings: Settings
    database: Database
    keys: ServiceKeys
    log_public_key: bytes
    """The public key of the proof log."""
    signing_in: SlowPool
    """Stretches passwords."""
    reporting: SlowPool
    """Seals what people report."""
    opening_inboxes: SlowPool
    """Stretches the receipts of people who come back."""
    slow: SlowPool
    """Whatever else is slow, for people who are signed in."""
    files: SlowPool
    """Seals and opens parts of files, and brings them to where they are kept."""
    examining: SlowPool
    """Looks at whole files that have arrived, which can take a minute each."""
    entrances: Mapping[Group, Entrance]
    """The budgets of doors that are open to anybody."""
    background: Background = field(default_factory=Background)
    """What goes on after its request was answered."""
    held_log_seed: bytes | None = field(default=None, repr=False)

    @classmethod
    def from_settings(cls, settings: Settings, *, for_reporters: bool = False) -> "Runtime":
        """Return what a process with these settings holds. Nothing connects yet.

        One that serves reporters alone reads the pepper and `log.pub`, and no other key file.

        Raises:
            KeyFilesUnsafe: a key file is missing, open to others, or does not open.

        """
        files = key_files(settings)
        seed = None if for_reporters else read_log_seed(settings.keys_folder)
        return cls(
            settings,
            Database(settings.effective_database_url, settings.database_connections),
            ServiceKeys.for_reporters(files) if for_reporters else ServiceKeys.from_files(files),
            read_log_public_key(settings.keys_folder) if seed is None else notes.public_key(seed),
            signing_in=SlowPool(settings.slow_workers, settings.slow_queue),
            reporting=SlowPool(settings.slow_workers, settings.slow_queue),
            opening_inboxes=SlowPool(settings.slow_workers, settings.slow_queue),
            slow=SlowPool(settings.slow_workers, settings.slow_queue),
            files=SlowPool(settings.slow_workers, settings.slow_queue),
            examining=SlowPool(settings.slow_workers, settings.slow_queue),
            entrances={group: _entrance(settings, group) for group in Group},
            held_log_seed=seed,
        )

    @property
    def log_seed(self) -> bytes:
        """What signs the checkpoints of the proof log: an Ed25519 seed.

        Raises:
            KeyNotHeld: this process serves reporters alone.

        """
        if self.held_log_seed is None:
            raise KeyNotHeld
        return self.held_log_seed

    async def close(self) -> None:
        """End what goes on in the background, the threads once their work is done, and every connection."""
        await self.background.close()
        for pool in (self.signing_in, self.reporting, self.opening_inboxes, self.slow, self.files, self.examining):
            pool.close()
        await self.database.close()


def _entrance(settings: Settings, group: Group) -> Entrance:
    own = {Group.INTAKE: settings.intake_per_minute, Group.INBOX: settings.inbox_per_minute}
    return Entrance(Bucket(own.get(group, settings.public_per_minute)), Bucket(settings.slow_lane_per_minute))


async def _of_request(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


RuntimeOf = Annotated[Runtime, Depends(_of_request)]
"""The process's runtime, for routes that need more than the session."""
