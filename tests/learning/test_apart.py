"""Reading a draft for leaks holds up nobody: it is done between transactions, and the act then begins again."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from app.learning import access, leaks
from tests.builders.cases import events_of, faults_of, wall_off
from tests.builders.reports import (
    a_reported_case,
    a_summary,
    approve,
    body_of,
    read_summary,
    redact,
    release,
    slug_of,
    version_of,
)
from tests.conftest import Service


class Held:
    """A reading for leaks waits until it may go on; others meanwhile do not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.may_go_on, self.is_reading = threading.Event(), threading.Event()
        self._check = leaks.check
        monkeypatch.setattr(leaks, "check", self._held)

    def _held(self, *arguments: Any) -> list[leaks.Leak]:  # noqa: ANN401 as check
        if not self.is_reading.is_set():
            self.is_reading.set()
            assert self.may_go_on.wait(10)
        return self._check(*arguments)

    async def meanwhile(self, asked: Awaitable[httpx.Response], act: Callable[[], Awaitable[Any]]) -> httpx.Response:
        """Return the answer to what is asked, if the act is done within the reading that it waits for."""
        self.may_go_on.clear()
        self.is_reading.clear()
        waiting = asyncio.ensure_future(asked)
        await asyncio.to_thread(self.is_reading.wait, 10)
        await asyncio.wait_for(act(), 5)
        self.may_go_on.set()
        return await waiting


async def test_no_draft_is_read_for_leaks_while_the_case_waits(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    investigator, officer, at = service.actors.investigator, service.actors.case_officer, worked.summaries
    held = Held(monkeypatch)
    asked: tuple[Callable[[dict[str, Any]], Awaitable[httpx.Response]], ...] = (
        lambda _: investigator.post(at, json={"report_id": worked.report_id}),
        lambda _: investigator.get(f"{at}/{summary['id']}"),
        lambda newest: redact(worked, newest),
        lambda newest: approve(worked, newest),
        lambda newest: release(worked, newest),
    )
    newest = summary
    barred = ("leadership", "panel", "staff", "other_investigator", "other_representative")
    for ask, name in zip(asked, barred, strict=True):

        async def bar(name: str = name) -> None:
            await wall_off(officer, worked.case, getattr(service.actors, name))

        answer = await held.meanwhile(ask(newest), bar)
        assert answer.status_code in {200, 201}, answer.text
        newest = await read_summary(worked, summary)
    assert newest["state"] == "released"
    assert await faults_of(service, worked.case) == []


async def test_who_is_walled_off_while_the_draft_is_read_gets_404(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked = await a_reported_case(service)
    at = f"{worked.summaries}/{(await a_summary(worked))['id']}"
    before, assistant = await events_of(service, worked.case), service.actors.assistant

    async def bar() -> None:
        await wall_off(service.actors.case_officer, worked.case, assistant)

    assert slug_of(await Held(monkeypatch).meanwhile(assistant.get(at), bar), 404) == "not-found"
    after = await events_of(service, worked.case)
    assert "read.read_summary" not in after[len(before) :]


async def test_what_is_edited_while_it_is_read_is_not_approved(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)

    async def edit() -> None:
        body_of(await redact(worked, summary))

    assert slug_of(await Held(monkeypatch).meanwhile(approve(worked, summary), edit), 412) == "precondition-failed"
    assert (await read_summary(worked, summary))["approvals"] == []


async def test_an_act_that_begins_twice_is_done_and_recorded_once(service: Service) -> None:
    worked = await a_reported_case(service)
    before = await events_of(service, worked.case)
    headers, body = {"Idempotency-Key": "0123456789abcdef"}, {"report_id": worked.report_id}
    made = body_of(await service.actors.investigator.post(worked.summaries, json=body, headers=headers), 201)
    await read_summary(worked, made)
    assert (await events_of(service, worked.case))[len(before) :] == ["summary.drafted", "read.read_summary"]
    assert body_of(await service.actors.investigator.post(worked.summaries, json=body, headers=headers), 201) == made


async def test_an_act_that_begins_too_often_asks_for_patience(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    monkeypatch.setattr(access, "MOST_BEGINNINGS", 1)
    answer = await redact(worked, summary)
    assert slug_of(answer, 503) == "busy"
    assert int(answer.headers["Retry-After"]) > 0
    monkeypatch.undo()
    assert version_of(await read_summary(worked, summary)) == version_of(summary)
