"""Walls: a conflict of interest beats everything, at once."""

import asyncio
from types import SimpleNamespace
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.cases.models import Appointment, CaseKeyGrant, Wall
from tests.builders import cases
from tests.builders.reports import slug_of
from tests.conftest import Actor, Service


async def bound_to(service: Service, case: cases.OpenFile, somebody: Actor) -> tuple[int, int]:
    """How many standing appointments and how many grants somebody has in the case."""
    await service.runtime.background.settled()
    async with service.runtime.database.session(write=False) as session:
        standing = select(Appointment).where(
            Appointment.case_id == case.id,
            Appointment.account_id == somebody.account_id,
            Appointment.ended_on.is_(None),
        )
        grants = select(CaseKeyGrant).where(
            CaseKeyGrant.case_id == case.id, CaseKeyGrant.account_id == somebody.account_id
        )
        return len((await session.scalars(standing)).all()), len((await session.scalars(grants)).all())


@pytest.mark.parametrize("name", ["investigator", "assistant", "reviewer", "other_case_officer"])
async def test_behind_a_wall_the_case_does_not_exist(service: Service, actors: SimpleNamespace, name: str) -> None:
    case = await cases.an_investigation(service)
    await cases.appoint(actors.case_officer, case, actors.third_case_officer, "case_officer")
    somebody = getattr(actors, name)
    await cases.read(somebody, case)
    wall = await cases.wall_off(actors.case_officer, case, somebody)
    assert wall == {
        "id": wall["id"],
        "account_id": str(somebody.account_id),
        "display_name": name.replace("_", " ").title(),
        "raised_by": {"account_id": str(actors.case_officer.account_id), "display_name": "Case Officer"},
        "raised_on": "2026-03-02",
        "reason": "A close relative of a person named.",
    }
    hidden, missing = await somebody.get(case.url), await somebody.get(f"/v1/cases/{uuid4()}")
    assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content) == (404, hidden.content)
    assert hidden.headers == missing.headers
    assert (await somebody.get("/v1/cases")).json()["items"] == []
    assert await bound_to(service, case, somebody) == (0, 0)
    assert wall in (await cases.read(actors.case_officer, case))["walls"]
    assert await cases.faults_of(service, case) == []


async def test_a_wall_hides_the_log_of_the_case_from_an_auditor(service: Service, actors: SimpleNamespace) -> None:
    case, other = await cases.an_investigation(service), await cases.an_investigation(service)
    await cases.wall_off(actors.case_officer, case, actors.auditor)
    chains = {one["chain_id"] for one in (await actors.auditor.get("/v1/audit/chains?limit=200")).json()["items"]}
    assert str(case.id) not in chains
    assert str(other.id) in chains
    for chain_id, is_hidden in ((case.id, True), (other.id, False)):
        events = (await actors.auditor.get(f"/v1/audit/events?chain_id={chain_id}")).json()["items"]
        assert (events == []) is is_hidden


async def test_a_wall_bars_from_every_act_whatever_the_appointment(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_investigation(service)
    await cases.appoint(actors.case_officer, case, actors.third_case_officer, "case_officer")
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    async with service.runtime.database.session(write=True) as session:
        statement = select(Appointment).where(
            Appointment.case_id == case.id, Appointment.account_id == actors.other_case_officer.account_id
        )
        (await session.scalars(statement)).one().ended_on = None
    somebody = actors.other_case_officer
    answers = [
        await somebody.get(case.url),
        await somebody.put(f"{case.url}/title", json={"title": "No"}, headers={"If-Match": '"1"'}),
        await somebody.post(f"{case.url}/acknowledgement"),
        await somebody.post(f"{case.url}/triage", json=cases.TRIAGE),
        await somebody.post(f"{case.url}/decision", json={"outcome": "accepted", "reason": "No."}),
        await somebody.post(f"{case.url}/closure", json={"reason": "No."}),
        await somebody.post(f"{case.url}/reopening", json={"reason": "No."}),
        await somebody.post(
            f"{case.url}/appointments", json={"account_id": str(somebody.account_id), "capacity": "case_officer"}
        ),
        await somebody.post(f"{case.url}/walls", json={"account_id": str(uuid4()), "reason": "No."}),
        await somebody.delete(f"{case.url}/appointments/{uuid4()}"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


async def test_who_is_walled_off_is_not_appointed(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    await cases.wall_off(actors.case_officer, case, actors.investigator)
    body = {"account_id": str(actors.investigator.account_id), "capacity": "investigator"}
    answer = await actors.case_officer.post(f"{case.url}/appointments", json=body)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/problems/account-is-walled")
    assert await bound_to(service, case, actors.investigator) == (0, 0)


async def test_a_wall_is_raised_once(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    await cases.wall_off(actors.case_officer, case, actors.hr)
    body = {"account_id": str(actors.hr.account_id), "reason": "Again."}
    answer = await actors.case_officer.post(f"{case.url}/walls", json=body)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/problems/account-is-walled")


async def test_a_wall_needs_an_account(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    body = {"account_id": str(uuid4()), "reason": "Nobody."}
    answer = await actors.case_officer.post(f"{case.url}/walls", json=body)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/problems/account-unknown")


async def test_only_a_case_officer_raises_walls(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_investigation(service)
    body = {"account_id": str(actors.hr.account_id), "reason": "Related."}
    for name, status in (("investigator", 403), ("assistant", 403), ("reviewer", 403), ("administrator", 404)):
        assert (await getattr(actors, name).post(f"{case.url}/walls", json=body)).status_code == status


async def test_a_case_officer_may_step_back_while_another_remains(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    await cases.wall_off(actors.case_officer, case, actors.case_officer)
    assert (await actors.case_officer.get(case.url)).status_code == 404
    body = {"account_id": str(actors.other_case_officer.account_id), "reason": "I know them too."}
    last = await actors.other_case_officer.post(f"{case.url}/walls", json=body)
    assert last.status_code == 409
    assert last.json()["type"].endswith("/problems/last-case-officer")
    assert await bound_to(service, case, actors.other_case_officer) == (1, 1)
    assert await cases.faults_of(service, case) == []


async def test_a_wall_of_one_case_does_not_stand_in_another(service: Service, actors: SimpleNamespace) -> None:
    case, other = await cases.an_investigation(service), await cases.an_investigation(service)
    await cases.wall_off(actors.case_officer, case, actors.investigator)
    await cases.read(actors.investigator, other)
    assert [item["id"] for item in (await actors.investigator.get("/v1/cases")).json()["items"]] == [str(other.id)]


async def test_a_wall_and_appointments_at_once_never_leave_a_key_behind_the_wall(
    service: Service, actors: SimpleNamespace
) -> None:
    for _ in range(5):
        case = await cases.an_open_file(service)
        appointments = [
            actors.other_case_officer.post(
                f"{case.url}/appointments",
                json={"account_id": str(actors.investigator.account_id), "capacity": capacity},
            )
            for capacity in ("investigator", "assistant")
        ]
        raised, *made = await asyncio.gather(
            actors.case_officer.post(
                f"{case.url}/walls", json={"account_id": str(actors.investigator.account_id), "reason": "Related."}
            ),
            *appointments,
        )
        assert raised.status_code == 201
        assert {answer.status_code for answer in made} <= {201, 409}
        assert await bound_to(service, case, actors.investigator) == (0, 0)
        assert await cases.faults_of(service, case) == []


async def test_an_officer_who_is_walled_off_at_the_same_moment_does_not_act_after_it(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_open_file(service)
    await cases.appoint(actors.case_officer, case, actors.third_case_officer, "case_officer")
    raised = [
        officer.post(f"{case.url}/walls", json={"account_id": str(other.account_id), "reason": "Related."})
        for officer, other in (
            (actors.case_officer, actors.other_case_officer),
            (actors.other_case_officer, actors.case_officer),
        )
    ]
    assert sorted(answer.status_code for answer in await asyncio.gather(*raised)) == [201, 404]
    async with service.runtime.database.session(write=False) as session:
        assert len((await session.scalars(select(Wall).where(Wall.case_id == case.id))).all()) == 1


async def test_no_case_officer_takes_a_case_for_themselves_alone(service: Service, actors: SimpleNamespace) -> None:
    """One who is named in the grievance would wall off the other, decline it and close it."""
    case = await cases.an_open_file(service)
    body = {"account_id": str(actors.other_case_officer.account_id), "reason": "So that I am alone."}
    assert slug_of(await actors.case_officer.post(f"{case.url}/walls", json=body), 409) == "last-case-officer"
    oneself = {"account_id": str(actors.case_officer.account_id), "reason": "I am named."}
    assert (await actors.case_officer.post(f"{case.url}/walls", json=oneself)).status_code == 201
    await cases.read(actors.other_case_officer, case)


async def test_the_database_holds_no_reason_of_a_wall_in_clear(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    await cases.wall_off(actors.case_officer, case, actors.hr)
    async with service.runtime.database.session(write=False) as session:
        [row] = (await session.execute(select(Wall.__table__).where(Wall.case_id == case.id))).mappings()
    assert b"relative" not in b" ".join(value for value in row.values() if isinstance(value, bytes))
