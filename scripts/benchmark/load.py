"""The clients of the benchmark: a process of their own that asks one address on this machine, for a bounded time, and says how it went.

It reads one job as JSON from each line of its input and answers each by one line of JSON. It ends with its input. It
knows nothing of the service: requests arrive as finished bytes, in which a mark is replaced to make each one unique.
"""

import asyncio
import base64
import json
import os
import statistics
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import httptools
import uvloop

HOST = "127.0.0.1"
MARK = "=" * 44
"""What is replaced in a request by 32 fresh random bytes in base64, which are as long."""
MOST_SECONDS = 60
MOST_UNITS = 1_000_000
SECONDS_OF_GRACE = 40
"""How long the last answers are waited for. Whoever takes longer has failed."""
LONGEST_EXCERPT = 300


@dataclass
class Step:
    """One request and the status it must be answered with."""

    request: str
    status: int


@dataclass
class Job:
    """What to ask, by how many clients at once, for how long. Each client goes through all steps, again and again.

    One unit of work is one round through the steps; its latency is that of the whole round.
    """

    port: int
    clients: int
    seconds: float
    steps: list[Step]
    most: int = MOST_UNITS
    """Units after which no more are begun, however much time is left."""


@dataclass
class Result:
    """What came of a job."""

    units: int
    seconds: float
    failures: int = 0
    failure: str | None = None
    latencies: list[float] = field(default_factory=list)
    client_cpu: float = 0.0


class Crowd:
    """All clients of one job, and what they have in common."""

    def __init__(self, job: Job) -> None:
        """Prepare the requests."""
        self.clients, self.most = job.clients, job.most
        self.steps = [(_cut(step.request), step.status) for step in job.steps]
        self.until = 0.0
        self.begun = 0
        self.busy = 0
        self.result = Result(0, 0.0)
        self.done = asyncio.Event()

    def another(self) -> bool:
        """Whether one more unit is to be begun; if so, it counts as begun."""
        if self.result.failures or self.begun >= self.most or time.perf_counter() >= self.until:
            return False
        self.begun += 1
        return True

    def fail(self, what: str) -> None:
        """Keep the first failure; every client stops after its answer."""
        self.result.failures += 1
        self.result.failure = self.result.failure or what

    def leave(self) -> None:
        """One client has no more to do."""
        self.busy -= 1
        if self.busy == 0:
            self.done.set()


def _cut(request: str) -> tuple[bytes, bytes | None]:
    """Return the bytes before and after the mark, or (all, None) where there is none."""
    before, mark, after = request.encode().partition(MARK.encode())
    return before, after if mark else None


class Client(asyncio.Protocol):
    """One connection that asks, waits for the answer, and asks again."""

    def __init__(self, crowd: Crowd) -> None:
        """Join the crowd."""
        self.crowd = crowd
        self.parser = httptools.HttpResponseParser(self)
        self.body: list[bytes] = []
        self.step = 0
        self.is_busy = False
        self.began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the start, which is the same for all."""
        self.transport = cast("asyncio.Transport", transport)

    def start(self) -> None:
        """Begin the first unit."""
        self.is_busy = True
        self.crowd.busy += 1
        self._next_unit()

    def _next_unit(self) -> None:
        if not self.crowd.another():
            self._leave()
            return
        self.step = 0
        self.began = time.perf_counter()
        self._ask()

    def _leave(self) -> None:
        if self.is_busy:
            self.is_busy = False
            self.crowd.leave()
        self.transport.close()

    def _ask(self) -> None:
        (before, after), _ = self.crowd.steps[self.step]
        if after is None:
            self.transport.write(before)
        else:
            self.transport.write(before + base64.b64encode(os.urandom(32)) + after)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Keep the body, in case it explains a failure."""
        self.body.append(body)

    def on_message_complete(self) -> None:
        """Go on to the next step, or to the next unit."""
        status = self.parser.get_status_code()
        if status != self.crowd.steps[self.step][1]:
            self.crowd.fail(f"{status}: {b''.join(self.body)[:LONGEST_EXCERPT]!r}")
            self._leave()
            return
        self.body.clear()
        self.step += 1
        if self.step < len(self.crowd.steps):
            self._ask()
            return
        self.crowd.result.latencies.append(time.perf_counter() - self.began)
        self._next_unit()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 asyncio's interface
        """An end before the answer is a failure."""
        if self.is_busy:
            self.crowd.fail("the connection was closed before the answer")
            self._leave()


async def run(job: Job) -> Result:
    """Return what came of the job. Every client is connected before the first one asks."""
    if not 0 < job.seconds <= MOST_SECONDS:
        raise ValueError("a job is over after a minute")
    loop = asyncio.get_running_loop()
    crowd = Crowd(job)
    clients = [Client(crowd) for _ in range(job.clients)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, HOST, job.port)  # type: ignore[misc]
    began, cpu = time.perf_counter(), time.process_time()
    crowd.until = began + job.seconds
    for client in clients:
        client.start()
    try:
        await asyncio.wait_for(crowd.done.wait(), job.seconds + SECONDS_OF_GRACE)
    except TimeoutError:
        crowd.fail("no answer in time")
        for client in clients:
            client.transport.abort()
    result = crowd.result
    result.seconds = time.perf_counter() - began
    result.client_cpu = time.process_time() - cpu
    result.units = len(result.latencies)
    return result


def percentile(values: list[float], per_cent: int) -> float:
    """Return the value under which `per_cent` of the values lie."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[per_cent - 1]


def read_job(line: str) -> Job:
    """Return the job that a line of JSON says."""
    job: dict[str, Any] = json.loads(line)
    return Job(**{**job, "steps": [Step(**step) for step in job["steps"]]})


def main() -> None:
    """Answer job after job until there are no more."""
    for line in sys.stdin:
        print(json.dumps(asdict(uvloop.run(run(read_job(line))))), flush=True)


if __name__ == "__main__":
    main()
