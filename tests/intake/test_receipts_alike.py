"""What the service does for a receipt tells nothing but its answer: no receipt is refused sooner or dearer than another."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event, update

from app.crypto import passwords, receipts
from app.intake import receipts as service_receipts
from app.intake.models import Grievance
from app.intake.receipts import InboxToken
from tests.builders import intake
from tests.conftest import Clock, Service


@contextmanager
def work_done(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What the service does meanwhile, in order: each stretching with its cost, each statement as it is sent."""
    seen: list[Any] = []
    stretch = passwords.stretch

    def watched(password: str, salt: bytes, memory_kib: int, iterations: int) -> bytes:
        seen.append((memory_kib, iterations))
        return stretch(password, salt, memory_kib, iterations)

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    with monkeypatch.context() as patch:
        patch.setattr(passwords, "stretch", watched)
        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(Engine, "before_cursor_execute", note)


async def take_away(service: Service, receipt: str) -> None:
    """No grievance belongs to this receipt any more."""
    keys = service.runtime.keys
    lookup = service_receipts.stored_lookup(keys, service_receipts.derive(keys, receipt).lookup)
    async with service.runtime.database.session(write=True) as session:
        belonging = update(Grievance).where(Grievance.receipt_lookup == lookup)
        await session.execute(belonging.values(receipt_lookup=bytes(32)))


async def test_a_wrong_receipt_is_stretched_and_looked_up_as_a_right_one_is(
    service: Service, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, gone = [(await intake.submitted(anonymous))["receipt"] for _ in range(2)]
    await take_away(service, gone)
    done = []
    for receipt, status in ((right, 201), (receipts.new_receipt(), 401), (gone, 401)):
        with work_done(monkeypatch) as seen:
            answer = await anonymous.post("/v1/inbox/sessions", json={"receipt": receipt})
        assert answer.status_code == status
        done.append(seen)
    for_right, *refused = done
    assert refused[0] == refused[1] == for_right[: len(refused[0])]
    assert [one for one in refused[0] if not isinstance(one, str)] == [(receipts.MEMORY_KIB, receipts.ITERATIONS)]
    assert [one for one in for_right if not isinstance(one, str)] == [(receipts.MEMORY_KIB, receipts.ITERATIONS)]
    assert sum("FROM grievances" in one for one in refused[0] if isinstance(one, str)) == 1


async def test_every_inbox_that_is_not_open_is_refused_alike_to_the_byte(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    """One whose minutes are over, one that was closed, one that never was, one whose end was put off, and no token at all."""
    receipt = (await intake.submitted(anonymous))["receipt"]
    over = await intake.inbox_opened(anonymous, receipt=receipt)
    clock.advance(timedelta(minutes=service.runtime.settings.inbox_session_minutes))
    closed, standing = [await intake.inbox_opened(anonymous, receipt=receipt) for _ in range(2)]
    assert (await anonymous.delete("/v1/inbox/sessions", headers=closed)).status_code == 204
    token = InboxToken.read(standing["Authorization"].removeprefix("Bearer "))
    never = InboxToken.fresh(clock.at, timedelta(minutes=5))
    put_off = replace(token, ends_at=token.ends_at + timedelta(minutes=5))
    forged = [{"Authorization": f"Bearer {one.text()}"} for one in (never, put_off)]
    answers = [await anonymous.get("/v1/inbox", headers=one) for one in (over, closed, *forged, {})]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1
    assert (await anonymous.get("/v1/inbox", headers=standing)).status_code == 200
