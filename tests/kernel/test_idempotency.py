"""An Idempotency-Key gives its answer again for two days, to whoever has the key, and to nobody who has the database."""

import asyncio
import hmac
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256

import httpx
import pytest
from sqlalchemy import select, text

from app import worker
from app.crypto import contexts, fields
from app.crypto.errors import SealBroken
from app.kernel import idempotency
from app.kernel.db import Database
from app.kernel.idempotency import StoredAnswer
from tests.builders import intake
from tests.builders.intake import a_grievance, grievances_of
from tests.conftest import Clock, EmptyService, Service

GUESSABLE = "2026-03-02-grievance-1"
HEADERS = {"Idempotency-Key": GUESSABLE}


async def the_stored_answers(database: Database) -> list[StoredAnswer]:
    async with database.session(write=False) as session:
        return list((await session.execute(select(StoredAnswer))).scalars())


async def how_many_grievances(service: Service) -> int:
    async with service.runtime.database.session(write=False) as session:
        return await intake.how_many_grievances(session)


async def test_a_database_and_a_guessed_key_open_no_stored_answer(
    service: Service, anonymous: httpx.AsyncClient
) -> None:
    first = await anonymous.post(grievances_of(), json=a_grievance(), headers=HEADERS)
    (stored,) = await the_stored_answers(service.runtime.database)
    place = contexts.encode("idempotency-place", "public", "POST", grievances_of())
    context = contexts.encode("idempotency-answer")
    for guess in (sha256(GUESSABLE.encode()).digest(), hmac.digest(bytes(32), GUESSABLE.encode(), sha256)):
        with pytest.raises(SealBroken):
            fields.open_(fields.derive(guess, "idempotency-seal", place), context, stored.answer)
    secret = hmac.digest(service.runtime.keys.peppered("idempotency-secret"), GUESSABLE.encode(), sha256)
    opened = fields.open_(fields.derive(secret, "idempotency-seal", place), context, stored.answer)
    assert first.json()["receipt"].encode() in opened, "only who has the pepper too reads the receipt"


async def test_an_answer_is_given_again_to_the_last_day_it_is_kept(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    first = await anonymous.post(grievances_of(), json=a_grievance(), headers=HEADERS)
    clock.advance(idempotency.KEPT_FOR)
    again = await anonymous.post(grievances_of(), json=a_grievance(), headers=HEADERS)
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")


async def test_an_expired_answer_is_not_given_again_and_its_key_serves_anew(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    first = await anonymous.post(grievances_of(), json=a_grievance(), headers=HEADERS)
    clock.advance(idempotency.KEPT_FOR + timedelta(days=1))
    other = await anonymous.post(grievances_of(), json=a_grievance(headline="Another"), headers=HEADERS)
    assert (first.status_code, other.status_code) == (201, 201), other.text
    assert "Idempotent-Replayed" not in other.headers
    assert other.json()["reference"] != first.json()["reference"]
    again = await anonymous.post(grievances_of(), json=a_grievance(headline="Another"), headers=HEADERS)
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (other.json(), "true")
    assert await how_many_grievances(service) == 2
    (stored,) = await the_stored_answers(service.runtime.database)
    assert stored.made_on == clock.at.date()


async def test_of_many_who_use_an_expired_key_at_once_one_is_served(service: Service, clock: Clock) -> None:
    body = a_grievance(reporter_keys=intake.ReporterClient().keys())
    async with service.client() as client:
        await client.post(grievances_of(), json=a_grievance(), headers=HEADERS)
        clock.advance(idempotency.KEPT_FOR + timedelta(days=1))
        answers = await asyncio.gather(*(client.post(grievances_of(), json=body, headers=HEADERS) for _ in range(8)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["reference"] for answer in answers if answer.status_code == 201}) == 1
    assert await how_many_grievances(service) == 2


@pytest.fixture
async def housekeeping(empty_service: EmptyService, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EmptyService]:
    """A service whose housekeeping goes round every hundredth of a second."""
    often = worker.Job("housekeeping", lambda _: timedelta(seconds=0.01), worker.keep_house)
    monkeypatch.setattr(worker, "JOBS", (often,))
    task = asyncio.create_task(worker.work(empty_service.runtime))
    yield empty_service
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_housekeeping_outlives_a_database_that_fails(
    housekeeping: EmptyService, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    database = housekeeping.runtime.database
    async with database.session(write=True) as session:
        await session.execute(text("ALTER TABLE stored_answers RENAME TO lost_answers"))
    async with asyncio.timeout(20):
        while "job failed" not in caplog.messages:  # noqa: ASYNC110 the log has no event to wait for
            await asyncio.sleep(0.01)
    async with database.session(write=True) as session:
        await session.execute(text("ALTER TABLE lost_answers RENAME TO stored_answers"))
        session.add(StoredAnswer(lookup=b"l" * 32, fingerprint=b"f" * 32, answer=b"a", made_on=clock.at.date()))
    clock.advance(idempotency.KEPT_FOR + timedelta(days=1))
    async with asyncio.timeout(20):
        while await the_stored_answers(database):  # noqa: ASYNC110 nor has the database
            await asyncio.sleep(0.01)
    (told, *_) = [record for record in caplog.records if record.message == "job failed"]
    assert "stored_answers" not in str(vars(told)), "a log line names the failure and the place, not its text"
