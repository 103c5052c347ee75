"""Nothing echoed: what people send appears in no refusal, log, header or temporary file, nor in the database in clear."""

import asyncio
import json
import logging
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import make_url, text

from app.audit import log
from app.kernel.logs import SafeFormatter
from app.policy.guard import Operation, operations
from app.policy.permissions import Permission
from tests.builders import intake
from tests.builders.openings import asks_in
from tests.builders.whole import WholeCase, a_released_case, an_investigated_case
from tests.conftest import Actor, Service
from tests.promises.canaries import Canaries, Filler

WHO = {
    Permission.ACCOUNT_MANAGE: "administrator",
    Permission.CHANNEL_MANAGE: "administrator",
    Permission.AUDIT_READ: "auditor",
    Permission.RELEASE_READ: "hr",
    Permission.SELF_MANAGE: "staff",
    Permission.GRIEVANCE_SUBMIT_COLLECTIVE: "representative",
    Permission.GRIEVANCE_FOLLOW: "representative",
    Permission.ALLEGATION_ARRANGE: "investigator",
    Permission.EVIDENCE_RECORD: "investigator",
    Permission.FINDING_RECORD: "investigator",
    Permission.REPORT_WRITE: "investigator",
    Permission.SUMMARY_WRITE: "investigator",
    Permission.FINDING_REVIEW: "reviewer",
    Permission.SUMMARY_APPROVE: "reviewer",
    Permission.OPENING_REQUEST: "investigator",
    Permission.OPENING_WITHHOLD: "reviewer",
    Permission.OPENING_ANSWER: "custodian",
    Permission.CONVERSATION_READ: "investigator",
    Permission.CONVERSATION_WRITE: "investigator",
}
"""Who is let in at a door; a case officer where nobody is named."""


class Sender:
    """Sends canaries to every operation and looks at what comes back."""

    def __init__(
        self,
        service: Service,
        actors: SimpleNamespace,
        anonymous: httpx.AsyncClient,
        reporter: httpx.AsyncClient,
        case: WholeCase,
    ) -> None:
        """Aim at one case."""
        self.document: dict[str, Any] = json.loads(json.dumps(service.app.openapi()))
        self.canaries = Canaries()
        self.filler = Filler(self.document, self.canaries)
        self.actors, self.anonymous, self.reporter, self.case = actors, anonymous, reporter, case
        self.echoes: list[str] = []
        self.operations = [operation for operation in operations(service.app) if not operation.is_page]
        """Pages keep what was written in their forms, on purpose: tests/portal/test_problems.py sends canaries to them."""
        self.statuses: set[int] = set()

    def who(self, operation: Operation) -> httpx.AsyncClient:
        """Return the client that is let in."""
        permission = operation.guards[0].permission
        if operation.guards[0].relation == "reporter" and "sessions" not in operation.path:
            return self.reporter
        if permission is None:
            return self.anonymous
        actor: Actor = getattr(self.actors, WHO.get(permission, "case_officer"))
        return actor

    def schema(self, operation: Operation) -> dict[str, Any] | None:
        """Return the schema of the operation's body, if it has one."""
        described = self.document["paths"][operation.path][operation.method.lower()]
        found: dict[str, Any] | None = (
            described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        )
        return found

    def address(self, operation: Operation) -> str:
        """Return the path with real ids; what the case has none of gets one that is nobody's."""
        return re.sub(r"\{(\w+)\}", lambda match: self.case.ids.get(match[1], str(uuid4())), operation.path)

    def look(self, answer: httpx.Response, operation: Operation) -> None:
        """Remember any canary in a refusal, or in the headers of any answer."""
        self.statuses.add(answer.status_code)
        seen = str(answer.headers) + ("" if answer.is_success else answer.text)
        self.echoes += [
            f"{operation.method} {operation.path} {answer.status_code}: {where}"
            for where in self.canaries.in_text(seen)
        ]

    async def send(self, operation: Operation, body: Any, **options: Any) -> None:  # noqa: ANN401 any JSON
        """Send one body."""
        client = self.who(operation)
        self.look(await client.request(operation.method, self.address(operation), json=body, **options), operation)

    async def valid(self, operation: Operation) -> None:
        """Send a body that fits, with a canary in each text."""
        if (schema := self.schema(operation)) is not None:
            public = operation.guards[0].permission is Permission.CHANNEL_MANAGE
            body = self.filler.fill(schema, operation.path, public=public)
            if operation.guards[0].relation == "reporter":
                body.pop("sealed", None)  # in its place comes the clear text
            await self.send(operation, body)

    async def invalid(self, operation: Operation) -> None:
        """Send bodies that break rules, with canaries where they do."""
        schema = self.schema(operation)
        if schema is None:
            return
        for body in self.filler.spoilt(self.filler.fill(schema, operation.path), operation.path):
            await self.send(operation, body)
        broken = b'{"' + self.canaries.new(f"{operation.path} broken").encode() + b'": "'
        client = self.who(operation)
        answer = await client.request(
            operation.method, self.address(operation), content=broken, headers={"Content-Type": "application/json"}
        )
        self.look(answer, operation)

    async def around(self, operation: Operation) -> None:
        """Send canaries in the path, the query and every header that the service reads."""
        canary = self.canaries.new(f"{operation.path} around")
        path = re.sub(r"\{\w+\}", canary, operation.path)
        headers = {
            "Idempotency-Key": f"{canary}-{canary}", "If-Match": canary, "X-Unlock": canary, "If-None-Match": canary,
            "Accept": canary, "User-Agent": canary, "Cookie": canary, "Referer": canary, "X-Forwarded-For": canary,
        }  # fmt: skip
        query = {
            "cursor": canary,
            "state": canary,
            "chain_id": canary,
            "after": canary,
            "limit": canary,
            "receipt": canary,
        }
        for client, extra in ((self.who(operation), {}), (self.anonymous, {"Authorization": f"Bearer {canary}"})):
            answer = await client.request(operation.method, path, params=query, headers={**headers, **extra})
            self.look(answer, operation)


@pytest.fixture
async def sender(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> Sender:
    """A sender that aims at a case under investigation, with ids of a released one for what that lacks."""
    released = await a_released_case(actors)
    case = await an_investigated_case(actors)
    ask = await asks_in(service)
    await ask(case)
    reporter = service.client()
    receipt = (await intake.submitted(reporter))["receipt"]
    reporter.headers.update(await intake.inbox_opened(reporter, receipt=receipt))
    caplog.set_level(logging.INFO)
    return Sender(service, actors, anonymous, reporter, WholeCase({**released.ids, **case.ids}))


def lines_of(caplog: pytest.LogCaptureFixture) -> str:
    """Return what the process would have written to its log."""
    own = [
        record for record in caplog.records if not record.name.startswith(("httpx", "httpcore", "asyncio", "aiosqlite"))
    ]
    return "\n".join(SafeFormatter().format(record) for record in own)


async def stored_bytes(service: Service) -> bytes:
    """Return every byte that the database keeps: the file and its write-ahead log, or a dump."""
    if service.runtime.database.is_sqlite:
        return b"".join(path.read_bytes() for path in service.folder.glob("candour.db*"))
    url = make_url(service.runtime.settings.effective_database_url)
    command = ["pg_dump", "--host", url.host or "", "--username", url.username or "", url.database or ""]
    dump = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    content, _ = await dump.communicate()
    assert dump.returncode == 0
    return content


async def test_nothing_that_is_sent_is_echoed_logged_or_stored_in_clear(
    sender: Sender, service: Service, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for operation in sender.operations:
        await sender.valid(operation)
        await sender.invalid(operation)
        await sender.around(operation)
    assert sender.echoes == []
    assert {200, 201, 401, 404, 409, 422} <= sender.statuses
    assert max(sender.statuses) < 500
    assert len(sender.canaries.sent) > 1000
    assert sender.canaries.in_text(lines_of(caplog)) == []
    assert os.listdir(tmp_path) == []  # noqa: PTH208 a folder of the test's own
    assert sender.canaries.in_bytes(await stored_bytes(service)) == []


async def test_a_defect_in_the_middle_of_an_act_tells_nothing_and_leaves_nothing(
    sender: Sender, service: Service, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*arguments: object, **options: object) -> None:
        raise RuntimeError(f"{arguments} {options} {list(sender.canaries.sent)}")

    before = await stored_bytes(service)
    monkeypatch.setattr(log, "append", fail)
    for operation in sender.operations:
        await sender.valid(operation)
    monkeypatch.undo()
    assert sender.echoes == []
    assert 500 in sender.statuses
    assert sender.canaries.in_text(lines_of(caplog)) == []
    assert sender.canaries.in_bytes(await stored_bytes(service)) == []
    assert before != b""


async def test_a_database_that_fails_at_every_door_tells_nothing(
    sender: Sender, service: Service, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading or writing, with canaries in body, path, query and headers: whatever goes wrong is a number in the log."""

    @asynccontextmanager
    async def fail(*_: object, **options: object) -> AsyncIterator[None]:
        if sender.canaries.sent:
            raise RuntimeError(f"{options} {list(sender.canaries.sent)}")
        yield

    monkeypatch.setattr(service.runtime.database, "session", fail)
    for operation in sender.operations:
        await sender.valid(operation)
        await sender.around(operation)
    monkeypatch.undo()
    assert sender.echoes == []
    assert 500 in sender.statuses
    lines = lines_of(caplog)
    assert lines.count("request failed") > 50
    assert sender.canaries.in_text(lines) == []


async def test_what_is_looked_for_would_be_found(service: Service) -> None:
    """The search itself works: a secret that is put into the database in clear is seen."""
    canaries = Canaries()
    canary = canaries.new("planted")
    async with service.runtime.database.session(write=True) as session:
        await session.execute(text("UPDATE organisations SET name = :name"), {"name": canary})
    assert canaries.in_bytes(await stored_bytes(service)) == ["planted"]
