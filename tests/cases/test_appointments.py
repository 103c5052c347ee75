"""Appointing to a case, and ending appointments, over HTTP."""

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.cases.models import Appointment, CaseKeyGrant
from app.policy.actors import Role
from tests.builders import cases
from tests.builders.reports import slug_of
from tests.conftest import Actor, Service


async def grants_of(service: Service, case: cases.OpenFile, account_id: UUID) -> list[int]:
    """The versions of the case key that the account was granted."""
    async with service.runtime.database.session(write=False) as session:
        statement = select(CaseKeyGrant.key_version).where(
            CaseKeyGrant.case_id == case.id, CaseKeyGrant.account_id == account_id
        )
        return list((await session.scalars(statement)).all())


async def give_roles(actors: SimpleNamespace, account_id: UUID, *roles: Role) -> None:
    """The account holds these roles and no others."""
    account = await actors.administrator.get(f"/v1/accounts/{account_id}")
    answer = await actors.administrator.put(
        f"/v1/accounts/{account_id}/roles",
        json={"roles": list(roles)},
        headers={"If-Match": account.headers["ETag"]},
    )
    assert answer.status_code == 200, answer.text


async def refusal(officer: Actor, case: cases.OpenFile, account_id: UUID, capacity: str) -> str:
    """The name of the problem that stops an appointment."""
    body = {"account_id": str(account_id), "capacity": capacity}
    answer = await officer.post(f"{case.url}/appointments", json=body)
    assert answer.status_code == 409, answer.text
    return str(answer.json()["type"].rsplit("/", 1)[-1])


async def test_an_appointee_is_granted_the_key_and_reads_the_case(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_accepted_case(service)
    assert (await actors.reviewer.get(case.url)).status_code == 404
    appointment = await cases.appoint(actors.case_officer, case, actors.reviewer, "reviewer")
    assert appointment == {
        "id": appointment["id"],
        "account_id": str(actors.reviewer.account_id),
        "display_name": "Reviewer",
        "capacity": "reviewer",
        "appointed_on": "2026-03-02",
        "ended_on": None,
    }
    assert await grants_of(service, case, actors.reviewer.account_id) == [1]
    seen = await cases.read(actors.reviewer, case)
    assert seen["triage"]["reason"] == cases.TRIAGE["reason"]
    assert appointment in seen["appointments"]
    assert await cases.faults_of(service, case) == []


async def test_the_first_investigator_of_an_accepted_case_starts_the_investigation(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_accepted_case(service)
    await cases.appoint(actors.case_officer, case, actors.assistant, "assistant")
    assert (await cases.read(actors.case_officer, case))["state"] == "accepted"
    await cases.appoint(actors.case_officer, case, actors.investigator, "investigator")
    assert (await cases.read(actors.case_officer, case))["state"] == "investigating"
    await cases.appoint(actors.case_officer, case, actors.other_investigator, "investigator")
    seen = await cases.read(actors.case_officer, case)
    assert [step["to_state"] for step in seen["transitions"]].count("investigating") == 1
    assert await cases.faults_of(service, case) == []


@pytest.mark.parametrize(
    ("name", "capacity"),
    [
        ("hr", "investigator"),
        ("investigator", "reviewer"),
        ("investigator", "case_officer"),
        ("reviewer", "assistant"),
        ("administrator", "case_officer"),
        ("representative", "investigator"),
    ],
)
async def test_an_appointment_needs_the_fitting_role(
    service: Service, actors: SimpleNamespace, name: str, capacity: str
) -> None:
    case = await cases.an_open_file(service)
    somebody = getattr(actors, name)
    assert await refusal(actors.case_officer, case, somebody.account_id, capacity) == "account-not-eligible"
    assert await grants_of(service, case, somebody.account_id) == []


async def test_an_account_that_is_unknown_invited_or_suspended_is_not_appointed(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_open_file(service)
    body = {"username": "new", "display_name": "New", "roles": ["reviewer"]}
    invited = (await actors.administrator.post("/v1/accounts", json=body)).json()
    suspended = await actors.administrator.post(f"/v1/accounts/{actors.reviewer.account_id}/suspension")
    assert suspended.is_success, suspended.text
    for account_id in (uuid4(), UUID(invited["id"]), actors.reviewer.account_id):
        assert await refusal(actors.case_officer, case, account_id, "reviewer") == "account-not-eligible"


async def test_nobody_is_appointed_twice_in_one_capacity(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_investigation(service)
    account_id = actors.investigator.account_id
    assert await refusal(actors.case_officer, case, account_id, "investigator") == "appointment-stands"


@pytest.mark.parametrize(
    ("standing", "wanted"),
    [
        ("case_officer", "investigator"),
        ("case_officer", "reviewer"),
        ("investigator", "case_officer"),
        ("assistant", "reviewer"),
        ("reviewer", "investigator"),
    ],
)
async def test_protection_investigation_and_review_are_done_by_different_people(
    service: Service, actors: SimpleNamespace, standing: str, wanted: str
) -> None:
    case = await cases.an_open_file(service)
    somebody = actors.other_investigator
    await give_roles(actors, somebody.account_id, Role.CASE_OFFICER, Role.INVESTIGATOR, Role.REVIEWER)
    await cases.appoint(actors.case_officer, case, somebody, standing)
    assert await refusal(actors.case_officer, case, somebody.account_id, wanted) == "different-people-required"


async def test_who_submitted_the_grievance_is_not_appointed_to_its_case(
    service: Service, actors: SimpleNamespace
) -> None:
    await give_roles(actors, actors.representative.account_id, Role.REPRESENTATIVE, Role.INVESTIGATOR)
    case = await cases.an_open_file(service, representative=actors.representative)
    account_id = actors.representative.account_id
    assert await refusal(actors.case_officer, case, account_id, "investigator") == "different-people-required"
    elsewhere = await cases.an_open_file(service)
    await cases.appoint(actors.case_officer, elsewhere, actors.representative, "investigator")


async def test_a_representative_who_is_an_officer_of_the_channel_gets_no_key_of_their_own_case(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_open_file(service, representative=actors.other_case_officer)
    assert await grants_of(service, case, actors.other_case_officer.account_id) == []
    assert (await actors.other_case_officer.get(case.url)).status_code == 404


async def test_a_case_is_not_opened_without_anyone_who_could_open_it(service: Service, actors: SimpleNamespace) -> None:
    with pytest.raises(ValueError, match="officer"):
        await cases.an_open_file(service, officers=[actors.case_officer], representative=actors.case_officer)


async def test_an_ended_appointment_hides_the_case_and_leaves_no_key(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_investigation(service)
    appointments = (await cases.read(actors.case_officer, case))["appointments"]
    [mine] = [one for one in appointments if one["capacity"] == "investigator"]
    address = f"{case.url}/appointments/{mine['id']}"

    answer = await actors.case_officer.delete(address)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await grants_of(service, case, actors.investigator.account_id) == []
    assert (await actors.investigator.get(case.url)).status_code == 404
    seen = await cases.read(actors.case_officer, case)
    assert mine | {"ended_on": "2026-03-02"} in seen["appointments"]

    await service.runtime.background.settled()
    events = await cases.events_of(service, case)
    assert (await actors.case_officer.delete(address)).status_code == 204
    await service.runtime.background.settled()
    assert await cases.events_of(service, case) == events
    assert await cases.faults_of(service, case) == []


async def test_who_plays_another_part_keeps_the_key(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_investigation(service)
    first = await cases.appoint(actors.case_officer, case, actors.assistant, "investigator")
    assert await grants_of(service, case, actors.assistant.account_id) == [1]
    assert (await actors.case_officer.delete(f"{case.url}/appointments/{first['id']}")).status_code == 204
    assert await grants_of(service, case, actors.assistant.account_id) == [1]
    await cases.read(actors.assistant, case)


async def test_who_was_taken_off_may_be_appointed_again(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    for _ in range(2):
        appointment = await cases.appoint(actors.case_officer, case, actors.reviewer, "reviewer")
        await cases.read(actors.reviewer, case)
        await actors.case_officer.delete(f"{case.url}/appointments/{appointment['id']}")
    assert (await actors.reviewer.get(case.url)).status_code == 404
    assert await cases.faults_of(service, case) == []


async def test_an_appointment_of_another_case_is_not_ended_from_here(service: Service, actors: SimpleNamespace) -> None:
    case, other = await cases.an_open_file(service), await cases.an_open_file(service)
    appointment = await cases.appoint(actors.case_officer, other, actors.reviewer, "reviewer")
    for appointment_id in (appointment["id"], uuid4()):
        answer = await actors.case_officer.delete(f"{case.url}/appointments/{appointment_id}")
        assert answer.status_code == 404
    await cases.read(actors.reviewer, other)


async def test_who_investigated_once_never_reviews_the_case(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_investigation(service)
    await give_roles(actors, actors.other_investigator.account_id, Role.INVESTIGATOR, Role.REVIEWER)
    appointment = await cases.appoint(actors.case_officer, case, actors.other_investigator, "investigator")
    ended = await actors.case_officer.delete(f"{case.url}/appointments/{appointment['id']}")
    assert ended.status_code == 204
    body = {"account_id": str(actors.other_investigator.account_id), "capacity": "reviewer"}
    answer = await actors.case_officer.post(f"{case.url}/appointments", json=body)
    assert slug_of(answer, 409) == "different-people-required"


async def test_who_is_or_was_a_custodian_works_no_case(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    body = {"account_id": str(actors.custodian.account_id), "capacity": "assistant"}
    for roles in ([Role.CUSTODIAN, Role.INVESTIGATOR], [Role.INVESTIGATOR]):
        await give_roles(actors, actors.custodian.account_id, *roles)
        answer = await actors.case_officer.post(f"{case.url}/appointments", json=body)
        assert slug_of(answer, 409) == "different-people-required"


async def officer_appointments(actors: SimpleNamespace, case: cases.OpenFile) -> dict[str, str]:
    """The addresses of the case officers' appointments, by account."""
    seen: dict[str, Any] = await cases.read(actors.case_officer, case)
    return {one["account_id"]: f"{case.url}/appointments/{one['id']}" for one in seen["appointments"]}


async def test_a_case_keeps_a_case_officer(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    addresses = await officer_appointments(actors, case)
    own, others = (addresses[str(one.account_id)] for one in (actors.case_officer, actors.other_case_officer))
    assert slug_of(await actors.case_officer.delete(others), 409) == "last-case-officer"
    assert (await actors.case_officer.delete(own)).status_code == 204
    assert slug_of(await actors.other_case_officer.delete(others), 409) == "last-case-officer"


@pytest.mark.parametrize("lost", ["role", "account"])
async def test_a_case_officer_who_could_not_act_is_not_counted(
    service: Service, actors: SimpleNamespace, lost: str
) -> None:
    case = await cases.an_open_file(service)
    addresses = await officer_appointments(actors, case)
    if lost == "role":
        await give_roles(actors, actors.other_case_officer.account_id, Role.STAFF)
    else:
        await actors.administrator.post(f"/v1/accounts/{actors.other_case_officer.account_id}/suspension")
    last = await actors.case_officer.delete(addresses[str(actors.case_officer.account_id)])
    assert last.status_code == 409


async def test_two_officers_who_take_each_other_off_at_once_leave_one(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_open_file(service)
    await cases.appoint(actors.case_officer, case, actors.third_case_officer, "case_officer")
    addresses = await officer_appointments(actors, case)
    answers = await asyncio.gather(
        actors.case_officer.delete(addresses[str(actors.other_case_officer.account_id)]),
        actors.other_case_officer.delete(addresses[str(actors.case_officer.account_id)]),
    )
    assert sorted(answer.status_code for answer in answers) == [204, 404]


async def test_of_many_same_appointments_at_once_one_is_made(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_accepted_case(service)
    body = {"account_id": str(actors.investigator.account_id), "capacity": "investigator"}
    answers = await asyncio.gather(
        *(
            officer.post(f"{case.url}/appointments", json=body)
            for officer in [actors.case_officer, actors.other_case_officer] * 3
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert await grants_of(service, case, actors.investigator.account_id) == [1]
    assert await cases.faults_of(service, case) == []


async def test_the_same_idempotency_key_appoints_once_and_answers_alike(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_open_file(service)
    body = {"account_id": str(actors.reviewer.account_id), "capacity": "reviewer"}
    once = {"Idempotency-Key": uuid4().hex}
    first = await actors.case_officer.post(f"{case.url}/appointments", json=body, headers=once)
    again = await actors.case_officer.post(f"{case.url}/appointments", json=body, headers=once)
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (201, first.json())


async def test_one_grant_does_not_open_under_another_account(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_investigation(service)
    async with service.runtime.database.session(write=True) as session:
        grants = (await session.scalars(select(CaseKeyGrant).where(CaseKeyGrant.case_id == case.id))).all()
        by_account = {grant.account_id: grant for grant in grants}
        stolen = by_account[actors.investigator.account_id].sealed_key
        by_account[actors.reviewer.account_id].sealed_key = stolen
    assert (await actors.reviewer.get(case.url)).status_code == 423
    assert await cases.faults_of(service, case) != []


async def test_an_appointment_made_in_the_database_alone_opens_nothing(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_open_file(service)
    async with service.runtime.database.session(write=True) as session:
        mine = Appointment(
            organisation_id=case.organisation_id,
            case_id=case.id,
            account_id=actors.other_investigator.account_id,
            capacity="investigator",
            appointed_on=(await session.scalars(select(Appointment.appointed_on))).first(),
        )
        session.add(mine)
    assert (await actors.other_investigator.get(case.url)).status_code == 423
