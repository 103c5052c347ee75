"""Which acts tell whom that there is something: over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from types import SimpleNamespace
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from app.notifications.models import Notice
from tests.builders import cases, files
from tests.builders.conversations import an_inbox, investigated
from tests.builders.intake import submitted, submitted_for_many
from tests.builders.notices import nothing_waits
from tests.builders.openings import asks_in
from tests.builders.whole import WholeCase, a_released_case, a_reported_case
from tests.conftest import FROZEN, Service

TODAY = FROZEN.date()


async def waiting(service: Service) -> set[tuple[UUID, date]]:
    """Who is to be told, and from when."""
    async with service.runtime.database.session(write=False) as session:
        rows = (await session.execute(select(Notice.account_id, Notice.from_on))).all()
    return {(row.account_id, row.from_on) for row in rows}


async def test_a_grievance_is_told_to_its_officers_from_the_next_day_and_that_of_a_colleague_at_once(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    officers = (actors.case_officer.account_id, actors.other_case_officer.account_id)
    await submitted(anonymous)
    assert await waiting(service) == {(one, TODAY + timedelta(days=1)) for one in officers}
    await nothing_waits(service)
    await submitted_for_many(actors.representative)
    assert await waiting(service) == {(one, TODAY) for one in officers}


async def test_an_appointment_is_told_to_who_is_appointed(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_accepted_case(service)
    await nothing_waits(service)
    await cases.appoint(actors.case_officer, case, actors.investigator, "investigator")
    assert await waiting(service) == {(actors.investigator.account_id, TODAY)}


async def test_a_finding_to_review_is_told_to_the_reviewer(service: Service, actors: SimpleNamespace) -> None:
    await a_reported_case(actors)
    told = {account_id for account_id, _ in await waiting(service)}
    assert actors.reviewer.account_id in told
    assert actors.hr.account_id not in told


@pytest.fixture
async def asking(service: Service) -> Callable[[WholeCase], Awaitable[None]]:
    """What makes people of a case ask the custodians."""
    return await asks_in(service)


async def test_a_request_to_open_an_identity_is_told_to_the_custodians(
    service: Service, actors: SimpleNamespace, asking: Callable[[WholeCase], Awaitable[None]]
) -> None:
    case = await a_released_case(actors)
    await nothing_waits(service)
    await asking(case)
    told = {account_id for account_id, _ in await waiting(service)}
    assert told >= {one.account_id for one in (actors.custodian, actors.second_custodian, actors.third_custodian)}
    assert not told & {
        one.account_id for one in (actors.investigator, actors.reviewer, actors.hr, actors.administrator)
    }


async def test_that_somebody_is_in_danger_is_told_to_the_officers_of_the_case_but_not_to_who_said_so(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_open_file(service)
    answer = await actors.case_officer.post(f"{case.url}/escalations", json={"reason": "She was threatened."})
    assert answer.status_code == 201
    assert await waiting(service) == {(actors.other_case_officer.account_id, TODAY)}


@pytest.mark.parametrize("answer", ["fine", "detriment"])
async def test_what_a_reporter_writes_is_told_from_the_next_day_to_who_may_read_it(
    service: Service, actors: SimpleNamespace, answer: str
) -> None:
    inbox, tomorrow = await an_inbox(service), TODAY + timedelta(days=1)
    await investigated(inbox)
    officers = {(one.account_id, tomorrow) for one in (actors.case_officer, actors.other_case_officer)}
    investigator = {(actors.investigator.account_id, tomorrow), (actors.assistant.account_id, tomorrow)}
    sender = files.Sender(inbox.client)
    inbox.client.headers.update(inbox.headers)
    harm = {"what": "My shifts were cut.", "happened_on": "2026-03-01", "since_speaking_up": "yes"}
    await nothing_waits(service)
    await inbox.post("/messages", {"text": "There is more."})
    to_readers = await waiting(service)
    await nothing_waits(service)
    await sender.send(files.a_text())
    assert await waiting(service) == to_readers
    assert officers < to_readers <= officers | investigator
    await nothing_waits(service)
    await inbox.post("/detriments", harm)
    assert await waiting(service) == officers
    await nothing_waits(service)
    await inbox.post("/check-ins/1", {"answer": answer, "text": "So it is."})
    assert await waiting(service) == officers


async def test_what_a_representative_writes_is_told_at_once(service: Service, actors: SimpleNamespace) -> None:
    sent = await submitted_for_many(actors.representative)
    await nothing_waits(service)
    own = f"/v1/collective-grievances/{sent['id']}"
    assert (await actors.representative.post(f"{own}/messages", json={"text": "There is more."})).status_code == 201
    told = {(one.account_id, TODAY) for one in (actors.case_officer, actors.other_case_officer)}
    assert await waiting(service) == told
    await nothing_waits(service)
    await files.a_representative(actors.representative, sent["id"]).send(files.a_text())
    assert await waiting(service) == told
