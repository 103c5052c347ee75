"""Acknowledging a grievance, over HTTP."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest

from tests.builders import cases
from tests.conftest import Clock, Service


async def test_the_first_acknowledgement_sets_the_day_and_the_term_for_feedback(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_open_file(service, received_on=date(2026, 2, 27))
    before = await cases.read(actors.case_officer, case)
    assert (before["acknowledge_by"], before["feedback_by"]) == ("2026-03-06", "2026-06-06")

    after = await cases.acknowledge(actors.case_officer, case)
    assert (after["state"], after["acknowledged_on"]) == ("acknowledged", "2026-03-02")
    assert (after["acknowledge_by"], after["feedback_by"]) == ("2026-03-06", "2026-06-02")
    assert after["is_acknowledged_late"] is False


async def test_acknowledging_again_on_another_day_changes_nothing(
    service: Service, actors: SimpleNamespace, clock: Clock
) -> None:
    case = await cases.an_open_file(service)
    first = await cases.acknowledge(actors.case_officer, case)
    events = await cases.events_of(service, case)
    clock.advance(timedelta(days=3))
    await actors.other_case_officer.sign_in()
    again = await cases.acknowledge(actors.other_case_officer, case)
    assert again == first
    assert await cases.events_of(service, case) == events


async def test_acknowledging_later_in_the_life_of_the_case_changes_nothing(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_investigation(service)
    before = await cases.read(actors.case_officer, case)
    again = await cases.acknowledge(actors.case_officer, case)
    assert again == {name: before[name] for name in again}
    assert again["state"] == "investigating"


async def test_a_late_acknowledgement_is_flagged_and_wins_no_time(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service, received_on=date(2026, 2, 1))
    assert (await cases.read(actors.case_officer, case))["is_acknowledged_late"] is True
    after = await cases.acknowledge(actors.case_officer, case)
    assert after["is_acknowledged_late"] is True
    assert (after["acknowledged_on"], after["feedback_by"]) == ("2026-03-02", "2026-05-08")


async def test_the_file_shows_who_acknowledged_and_the_log_keeps_it(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    await cases.acknowledge(actors.case_officer, case)
    [step] = (await cases.read(actors.case_officer, case))["transitions"]
    assert step == {
        "position": 1,
        "from_state": "received",
        "to_state": "acknowledged",
        "made_by": {"account_id": str(actors.case_officer.account_id), "display_name": "Case Officer"},
        "made_on": "2026-03-02",
        "reason": None,
    }
    assert await cases.events_of(service, case) == ["grievance.submitted", "case.acknowledged", "read.read_case"]
    assert await cases.faults_of(service, case) == []


@pytest.mark.parametrize("capacity", ["investigator", "assistant", "reviewer"])
async def test_who_sees_the_case_but_is_not_its_officer_is_refused(
    service: Service, actors: SimpleNamespace, capacity: str
) -> None:
    case = await cases.an_investigation(service)
    answer = await getattr(actors, capacity).post(f"{case.url}/acknowledgement")
    assert answer.status_code == 403
    assert (await cases.events_of(service, case))[-1] == "refused.case:acknowledge"


async def test_for_a_stranger_a_case_looks_like_one_that_does_not_exist(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_open_file(service)
    for stranger in (actors.investigator, actors.administrator, actors.auditor, actors.hr, actors.representative):
        hidden = await stranger.post(f"{case.url}/acknowledgement")
        missing = await stranger.post(f"/v1/cases/{uuid4()}/acknowledgement")
        assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content) == (404, hidden.content)
        assert hidden.headers == missing.headers


async def test_who_guesses_at_cases_is_in_the_log(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    before = await cases.events_of(service, replace(case, id=case.organisation_id))
    await actors.investigator.get(f"/v1/cases/{uuid4()}")
    await actors.investigator.get(case.url)
    after = await cases.events_of(service, replace(case, id=case.organisation_id))
    assert after[len(before) :] == ["refused.case:read"]
    assert (await cases.events_of(service, case))[-1] == "refused.case:read"
    assert await cases.faults_of(service, case) == []


async def test_without_the_unlock_secret_nothing_opens(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    del actors.case_officer.headers["X-Unlock"]
    assert (await actors.case_officer.get(case.url)).status_code == 423
    actors.case_officer.headers["X-Unlock"] = actors.other_case_officer.headers["X-Unlock"]
    assert (await actors.case_officer.get(case.url)).status_code == 423
    assert (await actors.case_officer.post(f"{case.url}/acknowledgement")).status_code == 423


async def test_without_a_token_nobody_is_let_in(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    async with service.client() as nobody:
        assert (await nobody.get(case.url)).status_code == 401
