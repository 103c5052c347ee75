"""Triage, decision, title, closing and reopening, over HTTP."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from app.cases.models import Case, Transition, Triage
from tests.builders import cases
from tests.conftest import Clock, Service


async def test_a_triage_needs_an_acknowledged_case(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    answer = await actors.case_officer.post(f"{case.url}/triage", json=cases.TRIAGE)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/problems/transition-not-possible")
    assert (answer.json()["state"], answer.json()["possible"]) == ("received", ["acknowledged", "unreadable"])


async def test_a_triage_is_read_back_with_who_decided_and_why(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    await cases.acknowledge(actors.case_officer, case)
    status = await cases.triage(actors.other_case_officer, case)
    assert (status["state"], status["procedure"]) == ("triaged", "collective_grievance")

    decided_by = {"account_id": str(actors.other_case_officer.account_id), "display_name": "Other Case Officer"}
    seen = await cases.read(actors.case_officer, case)
    assert seen["triage"] == cases.TRIAGE | {"decided_by": decided_by, "decided_on": "2026-03-02"}
    assert await cases.faults_of(service, case) == []


async def test_a_case_is_triaged_once(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    await cases.acknowledge(actors.case_officer, case)
    await cases.triage(actors.case_officer, case)
    answer = await actors.case_officer.post(f"{case.url}/triage", json=cases.TRIAGE)
    assert answer.status_code == 409


@pytest.mark.parametrize("field", sorted(cases.TRIAGE))
async def test_a_triage_leaves_nothing_out(service: Service, actors: SimpleNamespace, field: str) -> None:
    case = await cases.an_open_file(service)
    await cases.acknowledge(actors.case_officer, case)
    body = {name: value for name, value in cases.TRIAGE.items() if name != field}
    answer = await actors.case_officer.post(f"{case.url}/triage", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"in": "body", "pointer": f"/{field}", "rule": "is required"}]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("triage", cases.TRIAGE | {"severity": "high"}),
        ("triage", cases.TRIAGE | {"likelihood": "certain"}),
        ("triage", cases.TRIAGE | {"reason": "   "}),
        ("triage", cases.TRIAGE | {"reason": "a" * 4001}),
        ("triage", cases.TRIAGE | {"reason": "nul \x00"}),
        ("decision", {"outcome": "closed", "reason": "No."}),
        ("decision", {"outcome": "declined"}),
        ("decision", {"outcome": "declined", "reason": ""}),
        ("closure", {}),
        ("reopening", {"reason": None}),
        ("walls", {"account_id": "me", "reason": "No."}),
        ("appointments", {"account_id": "00000000-0000-0000-0000-000000000000", "capacity": "custodian"}),
    ],
)
async def test_what_breaks_the_format_is_refused_and_changes_nothing(
    service: Service, actors: SimpleNamespace, path: str, body: dict[str, Any]
) -> None:
    case = await cases.an_open_file(service)
    answer = await actors.case_officer.post(f"{case.url}/{path}", json=body)
    assert answer.status_code == 422
    assert await cases.events_of(service, case) == ["grievance.submitted"]


@pytest.mark.parametrize("outcome", ["accepted", "redirected", "declined"])
async def test_a_decision_has_its_reason_in_the_file(service: Service, actors: SimpleNamespace, outcome: str) -> None:
    case = await cases.an_open_file(service)
    await cases.acknowledge(actors.case_officer, case)
    await cases.triage(actors.case_officer, case)
    status = await cases.decide(actors.case_officer, case, outcome)
    assert status["state"] == outcome
    steps = (await cases.read(actors.case_officer, case))["transitions"]
    assert [(step["position"], step["to_state"], step["reason"]) for step in steps] == [
        (1, "acknowledged", None),
        (2, "triaged", None),
        (3, outcome, cases.REASON),
    ]
    again = await actors.case_officer.post(f"{case.url}/decision", json={"outcome": "accepted", "reason": "No."})
    assert again.status_code == 409


async def test_a_case_whose_investigator_waits_is_investigated_as_soon_as_it_is_accepted(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_open_file(service)
    await cases.acknowledge(actors.case_officer, case)
    await cases.appoint(actors.case_officer, case, actors.investigator, "investigator")
    await cases.triage(actors.case_officer, case)
    assert (await cases.decide(actors.case_officer, case))["state"] == "investigating"
    steps = (await cases.read(actors.case_officer, case))["transitions"]
    assert [step["to_state"] for step in steps] == ["acknowledged", "triaged", "accepted", "investigating"]
    assert await cases.faults_of(service, case) == []


async def test_a_declined_case_is_closed_reopened_and_closed_again_on_its_own_day(
    service: Service, actors: SimpleNamespace, clock: Clock
) -> None:
    case = await cases.a_closed_case(service)
    assert (await cases.read(actors.case_officer, case))["closed_on"] == "2026-03-02"

    clock.advance(timedelta(days=2))
    await actors.case_officer.sign_in()
    answer = await actors.case_officer.post(f"{case.url}/reopening", json={"reason": "New evidence."})
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["closed_on"]) == ("investigating", None)

    again = await actors.case_officer.post(f"{case.url}/reopening", json={"reason": "Once more."})
    assert again.status_code == 409
    assert await cases.faults_of(service, case) == []


@pytest.mark.parametrize("path", ["closure", "reopening"])
async def test_a_case_under_investigation_is_neither_closed_nor_reopened(
    service: Service, actors: SimpleNamespace, path: str
) -> None:
    case = await cases.an_investigation(service)
    answer = await actors.case_officer.post(f"{case.url}/{path}", json={"reason": "Enough."})
    assert answer.status_code == 409
    assert answer.json()["state"] == "investigating"


async def test_a_case_with_complete_findings_is_not_reopened_by_its_officer(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_investigation(service)
    async with service.runtime.database.session(write=True) as session:
        stored = await session.get_one(Case, (case.organisation_id, case.id))
        stored.state = type(stored.state)("findings_complete")
    answer = await actors.case_officer.post(f"{case.url}/reopening", json={"reason": "Look again."})
    assert answer.status_code == 409
    assert answer.json()["possible"] == ["investigating", "reported"]


async def test_a_title_is_changed_only_on_the_version_that_was_read(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    address, officer = f"{case.url}/title", actors.case_officer
    etag = (await officer.get(case.url)).headers["ETag"]
    assert (await officer.put(address, json={"title": "Conduct"})).status_code == 428
    changed = await officer.put(address, json={"title": "Conduct"}, headers={"If-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] == f'"{changed.json()["version"]}"' != etag
    late = await officer.put(address, json={"title": "Other"}, headers={"If-Match": etag})
    assert late.status_code == 412
    assert (await cases.read(officer, case))["title"] == "Conduct"
    assert await cases.faults_of(service, case) == []


async def test_of_two_changes_of_one_version_at_once_one_is_refused(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    etag = (await actors.case_officer.get(case.url)).headers["ETag"]
    answers = await asyncio.gather(
        *(
            officer.put(f"{case.url}/title", json={"title": f"Title {number}"}, headers={"If-Match": etag})
            for number, officer in enumerate([actors.case_officer, actors.other_case_officer] * 3)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    assert await cases.faults_of(service, case) == []


@pytest.mark.parametrize("path", ["triage", "decision", "closure", "reopening", "appointments", "walls"])
async def test_an_act_on_a_version_that_has_gone_is_refused_if_the_version_is_named(
    service: Service, actors: SimpleNamespace, path: str
) -> None:
    case = await cases.a_closed_case(service)
    bodies = {
        "triage": cases.TRIAGE,
        "decision": {"outcome": "accepted", "reason": "Yes."},
        "appointments": {"account_id": str(actors.reviewer.account_id), "capacity": "reviewer"},
        "walls": {"account_id": str(actors.hr.account_id), "reason": "Related."},
    }
    body = bodies.get(path, {"reason": "Yes."})
    answer = await actors.case_officer.post(f"{case.url}/{path}", json=body, headers={"If-Match": '"1"'})
    assert answer.status_code == 412


async def test_two_decisions_at_once_make_one(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    await cases.acknowledge(actors.case_officer, case)
    await cases.triage(actors.case_officer, case)
    answers = await asyncio.gather(
        *(
            officer.post(f"{case.url}/decision", json={"outcome": outcome, "reason": "So."})
            for officer, outcome in [(actors.case_officer, "accepted"), (actors.other_case_officer, "declined")] * 2
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len((await cases.read(actors.case_officer, case))["transitions"]) == 3
    assert await cases.faults_of(service, case) == []


async def test_the_database_holds_no_reason_and_no_title_in_clear(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_accepted_case(service)
    etag = (await actors.case_officer.get(case.url)).headers["ETag"]
    await actors.case_officer.put(f"{case.url}/title", json={"title": "Canary title"}, headers={"If-Match": etag})
    async with service.runtime.database.session(write=False) as session:
        stored = [
            dict(row)
            for model in (Case, Triage, Transition)
            for row in (await session.execute(select(model.__table__))).mappings()
        ]
    held = b" ".join(
        value if isinstance(value, bytes) else str(value).encode() for row in stored for value in row.values()
    )
    for text in ("Canary title", cases.REASON, str(cases.TRIAGE["reason"])):
        assert text.encode() not in held
