"""Sixteen people at once: everybody is answered, everything answered can be read, nothing is stored twice."""

import asyncio
from types import SimpleNamespace

from app.audit.verify import verify
from tests.builders import intake
from tests.builders.intake import a_grievance, grievances_of
from tests.conftest import Service

CLIENTS = 16
EACH = 2


async def test_sixteen_clients_submit_at_once_and_all_can_read_back(service: Service, actors: SimpleNamespace) -> None:
    async def one_after_the_other(who: int) -> list[tuple[str, dict[str, str]]]:
        found = []
        async with service.client() as client:
            for number in range(EACH):
                headline = f"Number {number} of client {who}"
                reporter = intake.ReporterClient()
                keys = {"reporter_keys": reporter.keys()} if number else {}
                answer = await client.post(grievances_of(), json=a_grievance(headline=headline, **keys))
                body = intake.created(answer)
                proof = {"lookup": reporter.lookup} if number else {"receipt": body["receipt"]}
                found.append((body["reference"], proof))
        return found

    made = [one for found in await asyncio.gather(*map(one_after_the_other, range(CLIENTS))) for one in found]
    assert len({reference for reference, _ in made}) == CLIENTS * EACH
    async with service.client() as client:
        inboxes = await asyncio.gather(*(intake.inbox_of(client, **proof) for _, proof in made))
    assert [inbox["reference"] for inbox in inboxes] == [reference for reference, _ in made]
    async with service.runtime.database.session(write=False) as session:
        assert await intake.how_many_grievances(session) == CLIENTS * EACH
        assert (await verify(session, service.runtime.keys)).faults == []


async def test_the_same_request_sent_sixteen_times_at_once_makes_one_grievance(service: Service) -> None:
    headers = {"Idempotency-Key": "a-fresh-random-key-0005"}
    body = a_grievance(reporter_keys=intake.ReporterClient().keys())
    before = set(intake.erasure_keys_in(service.runtime.settings.erasure_folder))
    async with service.client() as client:
        answers = await asyncio.gather(
            *(client.post(grievances_of(), json=body, headers=headers) for _ in range(CLIENTS))
        )
    assert {answer.status_code for answer in answers} <= {201, 409}
    others = {answer.json()["type"].rpartition("/")[2] for answer in answers if answer.status_code == 409}
    assert others <= {"same-request-running"}
    assert len({answer.json()["reference"] for answer in answers if answer.status_code == 201}) == 1
    async with service.runtime.database.session(write=False) as session:
        assert await intake.how_many_grievances(session) == 1
    assert len(set(intake.erasure_keys_in(service.runtime.settings.erasure_folder)) - before) == 1


async def test_who_finds_the_queue_full_is_told_to_come_back(service: Service) -> None:
    pool, most = service.runtime.reporting, service.runtime.reporting._most
    pool._most = 1
    try:
        async with service.client() as client:
            answers = await asyncio.gather(*(client.post(grievances_of(), json=a_grievance()) for _ in range(CLIENTS)))
    finally:
        pool._most = most
    assert {answer.status_code for answer in answers} == {201, 503}
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert int(refused.headers["Retry-After"]) > 0
    async with service.runtime.database.session(write=False) as session:
        assert await intake.how_many_grievances(session) == sum(answer.status_code == 201 for answer in answers)
