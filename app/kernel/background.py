"""Work that goes on after its request was answered. It belongs to the process, and ends cleanly with it."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable

from app.kernel.logs import describe_failure, log


class Background:
    """Tasks of this process, one for each key at a time. Work that failed is tried again when it is next begun."""

    def __init__(self) -> None:
        """Have nothing to do yet."""
        self._running: dict[Hashable, asyncio.Task[None]] = {}
        self.is_closing = False
        """Whether the process is about to end: whatever is at work stops at its next good place, and nothing is begun."""

    def begin(self, key: Hashable, work: Callable[[], Awaitable[None]]) -> None:
        """`work` runs from now on, unless work of that key is running, or the process is about to end."""
        if self.is_closing or key in self._running:
            return
        self._running[key] = task = asyncio.create_task(_tell_of_failure(work))
        task.add_done_callback(lambda _task: self._running.pop(key, None))

    async def settled(self) -> None:
        """Return when nothing is running."""
        while self._running:
            await asyncio.wait([*self._running.values()])

    async def close(self) -> None:
        """Nothing is begun any more, and what was at work has stopped at a good place."""
        self.is_closing = True
        await self.settled()


async def _tell_of_failure(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception as failure:  # noqa: BLE001 nobody waits for the work; the log must keep content out
        log.error("background work failed", extra={"event": "background work failed", **describe_failure(failure)})
