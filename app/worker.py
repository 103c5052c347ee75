"""What is done without anybody asking: one table of jobs. Several workers at once do no harm."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from app.cases import telling
from app.custodianship import custody, erasing
from app.files import sweeping
from app.intake import inbox, overdue
from app.kernel import idempotency
from app.kernel.logs import describe_failure, log
from app.kernel.runtime import Runtime
from app.kernel.sealed import OpenKeys, open_keys
from app.kernel.settings import Settings
from app.notifications import delivery, outbox
from app.openings import ending
from app.prooflog import anchoring, sequencer
from app.supporting import rounds


@dataclass(frozen=True)
class Job:
    """Something to do at the start and after each period. What it writes, it writes in transactions of its own."""

    name: str
    period: Callable[[Settings], timedelta]
    run: Callable[[Runtime], Awaitable[None]]


async def keep_house(runtime: Runtime) -> None:
    """What is only kept for days is removed, and erasure keys that a crash left; requests that ended are emptied; low custody is told."""
    async with runtime.database.session(write=True) as session:
        await idempotency.remove_old(session)
        await inbox.remove_old(session)
        await outbox.remove_old(session)
    async with runtime.database.session(write=False) as session:
        await erasing.sweep(session, runtime.settings.erasure_folder)
        await custody.watch(session)
    await ending.empty_all_ended(runtime.database)


async def send_notices(runtime: Runtime) -> None:
    """Whoever has something to see was told so, if the slot for it has begun."""
    await delivery.deliver(runtime, telling.barred)


JOBS = (
    Job("files", lambda _: timedelta(hours=1), sweeping.sweep),
    Job("housekeeping", lambda _: timedelta(hours=1), keep_house),
    Job("supporters", lambda _: timedelta(hours=1), rounds.run_all),
    Job("proof log", lambda settings: timedelta(seconds=settings.worker_seconds), sequencer.sequence_all),
    Job("overdue duties", lambda _: timedelta(hours=1), overdue.raise_all),
    Job("notices", lambda _: timedelta(seconds=30), send_notices),
    Job("timestamps", lambda _: timedelta(hours=1), anchoring.stamp_all),
)


async def run(runtime: Runtime, job: Job) -> bool:
    """The job was tried. Return whether it succeeded; what fails is logged without content, and is tried again next time."""
    token = open_keys.set(OpenKeys(runtime.keys))
    try:
        await job.run(runtime)
    except Exception as failure:  # noqa: BLE001 one job that fails must not end the others
        log.error("job failed", extra={"event": "job failed", "job": job.name, **describe_failure(failure)})
        return False
    finally:
        open_keys.reset(token)
    return True


async def _repeat(runtime: Runtime, job: Job) -> None:
    while True:
        await run(runtime, job)
        await asyncio.sleep(job.period(runtime.settings).total_seconds())


async def work(runtime: Runtime) -> None:
    """Run every job again and again, until cancelled."""
    await asyncio.gather(*(_repeat(runtime, job) for job in JOBS))
