"""Runs what blocks (key derivation, sealing for many) in a bounded pool of threads, never inside a transaction."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from app.kernel.problems import Busy

P = ParamSpec("P")
T = TypeVar("T")


class SlowPool:
    """A few threads and a short queue. Who finds the queue full is told so at once."""

    def __init__(self, workers: int, queue: int) -> None:
        """Make the threads: `workers` at work, `queue` more callers may wait."""
        self._threads = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="slow")
        self._most = workers + queue
        self._inside = 0

    def load(self, on_their_way: int = 0) -> float:
        """Return how full it is, queue and all, from 0 to 1 and more, once those who are on their way to it have come too."""
        return max(self._inside, on_their_way) / self._most if self._most else 1.0

    async def run(self, work: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Return what `work` returns, run in a thread.

        Raises:
            Busy: the queue is full.

        """
        if self._inside >= self._most:
            raise Busy
        self._inside += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, lambda: work(*args, **options))
        finally:
            self._inside -= 1

    def close(self) -> None:
        """End the threads once their work is done."""
        self._threads.shutdown(wait=True)
