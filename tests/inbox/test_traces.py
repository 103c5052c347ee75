"""What a reporter leaves behind: nothing by reading, and one refusal for every inbox that is not open."""

import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from app.intake.receipts import InboxToken
from app.kernel import clock as kernel_clock
from app.kernel.db import Base
from app.policy.guard import Operation, operations
from tests.builders import conversations, intake
from tests.builders.conversations import an_inbox, investigated, write
from tests.conftest import Clock, Service, _snapshot

READS = ("", "/messages", "/progress", "/detriments", "/check-ins")
ACTS: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/messages", {"text": "I found the list."}),
    ("POST", "/detriments", {"what": "My shifts were cut."}),
    ("POST", "/check-ins/1", {"answer": "fine"}),
    ("PUT", "/identity", {"identity": {"name": "Robin Ashe"}}),
    ("DELETE", "/identity", None),
)


def of_reporters(service: Service) -> list[Operation]:
    """Return every operation of an open inbox."""
    found = [one for one in operations(service.app) if one.guards[0].relation == "reporter" and not one.is_page]
    assert len(found) >= 12
    return found


async def test_reading_changes_nothing_in_the_database(service: Service, actors: SimpleNamespace) -> None:
    """So that nobody who takes it learns that a reporter read, or when."""
    inbox = await an_inbox(service)
    await investigated(inbox)
    await write(actors.case_officer, inbox, "Thank you.")
    await service.runtime.background.settled()
    before = await _snapshot(service.runtime)
    for path in READS:
        await inbox.read(path)
    assert await _snapshot(service.runtime) == before


@pytest.mark.parametrize("at", [timedelta(hours=1, minutes=13, seconds=7), timedelta(hours=14, minutes=59)])
async def test_nothing_that_a_reporter_does_is_dated_to_the_minute(
    service: Service, actors: SimpleNamespace, clock: Clock, at: timedelta
) -> None:
    inbox = await an_inbox(service)
    await investigated(inbox)
    known = {(table, str(row)) for table, rows in (await _snapshot(service.runtime)).items() for row in rows}
    clock.set(clock.at.replace(hour=0) + at)
    now = await conversations.opened(service, inbox.client, inbox.case, inbox.receipt)
    for method, path, body in ACTS:
        assert (await now.send(method, path, body)).is_success, path
    after = await _snapshot(service.runtime)
    for table, rows in after.items():
        for row in rows:
            if (table, str(row)) in known:
                continue
            for name, value in row.items():
                if hasattr(value, "hour"):
                    assert (value.hour, value.minute, value.second) == (0, 0, 0), (table, name)
    assert len(Base.metadata.sorted_tables) == len(after)


async def test_every_door_of_an_inbox_refuses_what_is_not_open_alike_to_the_byte(
    service: Service, anonymous: httpx.AsyncClient
) -> None:
    inbox = await an_inbox(service)
    closed = await intake.inbox_opened(anonymous, receipt=inbox.receipt)
    await anonymous.delete("/v1/inbox/sessions", headers=closed)
    never = InboxToken.fresh(kernel_clock.now(), timedelta(minutes=5)).text()
    headers: list[dict[str, str]] = [closed, {"Authorization": f"Bearer {never}"}, {"Authorization": "Bearer x"}, {}]
    answers = []
    for operation in of_reporters(service):
        path = re.sub(r"\{\w+\}", "1", operation.path)
        body: Any = None if operation.method in {"GET", "DELETE"} else {}
        answers += [await anonymous.request(operation.method, path, json=body, headers=one) for one in headers]
    assert {one.status_code for one in answers} == {401}
    assert len({one.content for one in answers}) == 1
    assert len({tuple(one.headers.items()) for one in answers}) == 1


async def test_opening_an_inbox_and_being_refused_have_one_length(anonymous: httpx.AsyncClient) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    answers = [
        await anonymous.post("/v1/inbox/sessions", json={"receipt": one}) for one in (receipt, "no receipt at all")
    ]
    assert [one.status_code for one in answers] == [201, 401]
    assert {len(one.content) for one in answers} == {8 * 1024}
