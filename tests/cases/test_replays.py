"""An answer that is given again holds what the case holds, so that giving it is recorded like any reading."""

from types import SimpleNamespace

from sqlalchemy import select

from app.audit.models import AuditEvent
from tests.builders import intake
from tests.builders.cases import an_investigation, events_of, faults_of, wall_off
from tests.conftest import Service

HEADERS = {"Idempotency-Key": "a-fresh-random-key-0007"}


async def test_an_answer_given_again_is_recorded_in_the_log_of_the_case(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await an_investigation(service)
    draft = {"kind": "document", "title": "Once"}
    first = await actors.investigator.post(f"{case.url}/exhibits", json=draft, headers=HEADERS)
    before = await events_of(service, case)
    again = await actors.investigator.post(f"{case.url}/exhibits", json=draft, headers=HEADERS)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (await events_of(service, case))[len(before) :] == ["read.replayed"]
    async with service.runtime.database.session(write=False) as session:
        statement = select(AuditEvent.actor_id).where(AuditEvent.event == "read.replayed")
        assert list(await session.scalars(statement)) == [actors.investigator.account_id]
    assert await faults_of(service, case) == []


async def test_no_answer_is_given_again_through_a_wall(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    draft = {"kind": "document", "title": "Once"}
    made = await actors.assistant.post(f"{case.url}/exhibits", json=draft, headers=HEADERS)
    assert made.status_code == 201
    await wall_off(actors.case_officer, case, actors.assistant)
    again = await actors.assistant.post(f"{case.url}/exhibits", json=draft, headers=HEADERS)
    assert again.status_code == 404
    assert "read.replayed" not in await events_of(service, case)


async def test_what_a_representative_is_answered_again_is_recorded_too(
    service: Service, actors: SimpleNamespace
) -> None:
    grievance = await intake.submitted_for_many(actors.representative)
    path = f"/v1/collective-grievances/{grievance['id']}/headcount-claims"
    first = await actors.representative.post(path, json=intake.CLAIMS[1], headers=HEADERS)
    again = await actors.representative.post(path, json=intake.CLAIMS[1], headers=HEADERS)
    assert (first.status_code, again.content) == (201, first.content)
    case_id = await intake.case_called(actors.case_officer, grievance["reference"])
    listed = await actors.auditor.get("/v1/audit/events", params={"chain_id": case_id})
    assert [one["event"] for one in listed.json()["items"]].count("read.replayed") == 1
