"""The worker: it goes on whatever fails, runs inside the service or beside it, and says nothing of content."""

import asyncio
import logging
import signal
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app import worker
from app.kernel.runtime import Runtime
from app.kernel.settings import Settings
from app.main import create_app
from app.prooflog.models import LogHead
from app.worker import Job
from tests.conftest import EmptyService, Service
from tests.promises.process import ServiceProcess

ROOT = Path(__file__).parents[2]


async def test_a_job_that_fails_is_logged_without_content_and_the_others_go_on(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = {"failing": 0, "other": 0}

    async def fail(_: Runtime) -> None:
        tried["failing"] += 1
        raise RuntimeError("the canary sings")

    async def succeed(_: Runtime) -> None:
        tried["other"] += 1

    at_once = timedelta(0)
    jobs = (Job("failing", lambda _: at_once, fail), Job("other", lambda _: at_once, succeed))
    monkeypatch.setattr(worker, "JOBS", jobs)
    working = asyncio.create_task(worker.work(service.runtime))
    for _ in range(1_000):
        await asyncio.sleep(0)
    assert min(tried.values()) > 1
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    lines = [vars(record) for record in caplog.records if record.levelno == logging.ERROR]
    assert {line["job"] for line in lines} == {"failing"}
    assert {line["failure"] for line in lines} == {"RuntimeError"}
    assert "canary" not in "".join(line["message"] for line in lines)


async def test_every_job_runs(service: Service) -> None:
    assert len({job.name for job in worker.JOBS}) == len(worker.JOBS) > 1
    for job in worker.JOBS:
        assert job.period(service.runtime.settings) > timedelta(0)
        assert await worker.run(service.runtime, job)


@pytest.mark.parametrize("runs", [True, False])
async def test_the_service_runs_the_jobs_itself_unless_it_is_told_not_to(
    empty_service: EmptyService, runs: bool
) -> None:
    settings = empty_service.runtime.settings.model_copy(update={"runs_jobs": runs})
    app = create_app(settings)
    done = asyncio.Event()

    async def note(_: Runtime) -> None:
        done.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "JOBS", (Job("noting", lambda _: timedelta(hours=1), note),))
        async with app.router.lifespan_context(app):
            if runs:
                await asyncio.wait_for(done.wait(), 10)
            else:
                await asyncio.sleep(0.05)
    assert done.is_set() == runs


async def _has_sequenced(runtime: Runtime) -> bool:
    async with runtime.database.session(write=False) as session:
        return (await session.execute(select(LogHead.organisation_id))).first() is not None


async def test_a_worker_beside_the_service_does_the_jobs_and_ends_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANDOUR_RUNS_JOBS", "false")
    service = ServiceProcess(tmp_path, None)
    await service.start()
    runtime = Runtime.from_settings(Settings(data_folder=service.data, database_url=None))
    assert not await _has_sequenced(runtime)
    beside = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", "worker", cwd=ROOT, env=service.environment
    )
    try:
        for _ in range(600):
            if await _has_sequenced(runtime):
                break
            await asyncio.sleep(0.05)
        assert await _has_sequenced(runtime)
        beside.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(beside.wait(), 20) == 0
    finally:
        if beside.returncode is None:
            beside.kill()
        await runtime.close()
        await service.end(signal.SIGTERM)
