"""Whoever reports describes people who must not see it: a case officer says whom that means before anybody is appointed."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import select

from app.cases.models import DescribedConflict
from app.crypto import receipts
from app.kernel.db import table_of
from tests.builders import cases
from tests.builders.intake import a_grievance, case_called, created, submitted
from tests.builders.reports import slug_of
from tests.builders.sealed import SEALED, sealed_body
from tests.conftest import Actor, Service

WHO = ["The head of the night service", "Whoever wrote the rota of January"]
REASON = "The rota shows who that is."


async def a_case(actors: SimpleNamespace, anonymous: httpx.AsyncClient) -> cases.OpenFile:
    """Return the case of a grievance that describes two people."""
    reference = (await submitted(anonymous, a_grievance(conflicted=WHO)))["reference"]
    case_id = await case_called(actors.case_officer, reference)
    return cases.OpenFile(UUID(case_id), reference, UUID(int=0), f"/v1/cases/{case_id}")


async def described(officer: Actor, case: cases.OpenFile) -> list[dict[str, Any]]:
    """Return the descriptions that an officer reads."""
    answer = await officer.get(f"{case.url}/conflicts")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def resolve(officer: Actor, case: cases.OpenFile, conflict: str, **changes: Any) -> httpx.Response:  # noqa: ANN401
    """Return the answer to a resolution, that nobody is meant unless changes say otherwise."""
    body = {"outcome": "nobody_here", "reason": REASON} | changes
    return await officer.post(f"{case.url}/conflicts/{conflict}/resolution", json=body)


async def test_nobody_is_appointed_until_every_description_is_resolved(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    officer = actors.case_officer
    case = await a_case(actors, anonymous)
    found = await described(officer, case)
    assert [(one["description"], one["outcome"]) for one in found] == [(who, None) for who in WHO]
    investigator = {"account_id": str(actors.investigator.account_id), "capacity": "investigator"}
    refused = await officer.post(f"{case.url}/appointments", json=investigator)
    assert slug_of(refused, 409) == "conflicts-unresolved"
    assert refused.json()["conflicts"] == [one["id"] for one in found]

    second = found[1]["id"]
    walled = await resolve(officer, case, found[0]["id"], outcome="wall_raised", account_id=str(actors.hr.account_id))
    assert walled.status_code == 200, walled.text
    assert (walled.json()["outcome"], walled.json()["reason"]) == ("wall_raised", REASON)
    assert walled.json()["resolved_by"]["display_name"] == "Case Officer"
    refused = await officer.post(f"{case.url}/appointments", json=investigator)
    assert refused.json()["conflicts"] == [second]
    assert (await resolve(officer, case, second)).status_code == 200
    assert (await officer.post(f"{case.url}/appointments", json=investigator)).status_code == 201
    walls = (await officer.get(case.url)).json()["walls"]
    assert [(one["account_id"], one["reason"]) for one in walls] == [(str(actors.hr.account_id), REASON)]
    assert walls[0]["id"] == walled.json()["wall_id"]
    assert await cases.faults_of(service, case) == []


async def test_who_is_meant_and_has_the_key_loses_it_by_the_resolution(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    case = await a_case(actors, anonymous)
    officer = actors.case_officer
    first, second = [one["id"] for one in await described(officer, case)]
    await resolve(officer, case, first)
    await resolve(officer, case, second)
    await cases.appoint(officer, case, actors.third_case_officer, "case_officer")
    more = await a_case(actors, anonymous)
    assert (await actors.third_case_officer.get(more.url)).status_code == 404
    body = {"account_id": str(actors.other_case_officer.account_id), "reason": REASON}
    assert (await officer.post(f"{case.url}/walls", json=body)).status_code == 201
    assert (await actors.other_case_officer.get(f"{case.url}/conflicts")).status_code == 404
    await service.runtime.background.settled()
    assert [one["description"] for one in await described(officer, case)] == WHO
    assert [one["reason"] for one in await described(officer, case)] == [REASON, REASON]
    assert await cases.faults_of(service, case) == []


async def test_a_description_may_mean_the_only_other_officer_and_the_last_one_may_call_a_second_and_step_back(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    officer, case = actors.case_officer, await a_case(actors, anonymous)
    [first, second] = [one["id"] for one in await described(officer, case)]
    meant = {"outcome": "wall_raised", "account_id": str(actors.other_case_officer.account_id)}
    assert (await resolve(officer, case, first, **meant)).status_code == 200
    assert (await actors.other_case_officer.get(case.url)).status_code == 404
    myself = {"outcome": "wall_raised", "account_id": str(officer.account_id)}
    assert slug_of(await resolve(officer, case, second, **myself), 409) == "last-case-officer"
    reviewer = {"account_id": str(actors.reviewer.account_id), "capacity": "reviewer"}
    refused = await officer.post(f"{case.url}/appointments", json=reviewer)
    assert slug_of(refused, 409) == "conflicts-unresolved"
    await cases.appoint(officer, case, actors.third_case_officer, "case_officer")
    assert (await resolve(officer, case, second, **myself)).status_code == 200
    await service.runtime.background.settled()
    assert (await officer.get(case.url)).status_code == 404
    assert [one["description"] for one in await described(actors.third_case_officer, case)] == WHO
    assert await cases.faults_of(service, case) == []


async def test_a_wall_that_stands_is_taken_for_the_one_that_is_meant(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    case = await a_case(actors, anonymous)
    wall = await cases.wall_off(actors.case_officer, case, actors.hr)
    [first, _] = await described(actors.case_officer, case)
    body = {"outcome": "wall_raised", "account_id": str(actors.hr.account_id)}
    answer = await resolve(actors.case_officer, case, first["id"], **body)
    assert answer.json()["wall_id"] == wall["id"]


async def test_a_description_is_resolved_once_and_by_a_whole_answer(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    case = await a_case(actors, anonymous)
    [first, second] = await described(actors.case_officer, case)
    assert (await resolve(actors.case_officer, case, first["id"])).status_code == 200
    again = await resolve(actors.other_case_officer, case, first["id"])
    assert slug_of(again, 409) == "conflict-resolved"
    nobody = str(actors.hr.account_id)
    for changes in ({"account_id": nobody}, {"outcome": "wall_raised"}, {"reason": None}):
        assert (await resolve(actors.case_officer, case, second["id"], **changes)).status_code == 422
    unknown = await resolve(actors.case_officer, case, second["id"], outcome="wall_raised", account_id=str(uuid4()))
    assert slug_of(unknown, 409) == "account-unknown"
    assert (await resolve(actors.case_officer, case, str(uuid4()))).status_code == 404
    other = await a_case(actors, anonymous)
    assert (await resolve(actors.case_officer, other, second["id"])).status_code == 404


async def test_only_case_officers_read_whom_the_reporter_described(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    case = await a_case(actors, anonymous)
    for one in await described(actors.case_officer, case):
        await resolve(actors.case_officer, case, one["id"])
    await cases.appoint(actors.case_officer, case, actors.investigator, "investigator")
    assert (await actors.investigator.get(f"{case.url}/conflicts")).status_code == 403
    assert (await actors.administrator.get(f"{case.url}/conflicts")).status_code == 404
    read = (await actors.investigator.get(f"{case.url}/grievances")).text
    assert not [who for who in WHO if who in read]


async def test_a_client_seals_descriptions_with_the_rest(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    body = await sealed_body(service, receipts.new_receipt(), conflicted=tuple(WHO))
    assert not [who for who in WHO if who in str(body)]
    reference = created(await anonymous.post(SEALED, json=body))["reference"]
    case_id = await case_called(actors.case_officer, reference)
    case = cases.OpenFile(UUID(case_id), reference, UUID(int=0), f"/v1/cases/{case_id}")
    found = await described(actors.case_officer, case)
    assert [one["description"] for one in found] == WHO
    assert (await resolve(actors.case_officer, case, found[0]["id"])).status_code == 200
    await service.runtime.background.settled()
    assert [one["description"] for one in await described(actors.case_officer, case)] == WHO
    async with service.runtime.database.session(write=False) as session:
        stored = (await session.execute(select(table_of(DescribedConflict).c.description_sealed))).scalars().all()
    assert len(stored) == 2
    assert not [who for who in WHO for one in stored if who.encode() in one]
