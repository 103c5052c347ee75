"""Who was barred from a case may have kept the keys of its conversations: those turn with the key of the case."""

import base64
from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, update

from app.cases.models import Case
from app.crypto import case_keys, conversation_keys, hpke
from app.crypto.columns import version_of
from app.crypto.errors import SealBroken
from app.intake.models import InboxSession
from app.kernel.db import table_of
from tests.builders import cases, intake, turned
from tests.builders.cases import OpenFile
from tests.builders.reports import slug_of
from tests.conftest import Actor, Service

FOR_CASE = "conversation-for-case"


@pytest.fixture(autouse=True)
async def nothing_is_left_wrong(service: Service) -> AsyncIterator[None]:
    """Whatever a test did, the log has no fault in the end."""
    yield
    await service.runtime.background.settled()


async def case_of(service: Service, submitted: Mapping[str, Any]) -> OpenFile:
    """Return the case of a grievance that was taken, with an officer who may leave."""
    officer: Actor = service.actors.case_officer
    case_id = UUID(await intake.case_called(officer, submitted["reference"]))
    async with service.runtime.database.session(write=False) as session:
        organisation = await session.scalar(select(Case.organisation_id).where(Case.id == case_id))
    assert organisation is not None
    case = OpenFile(case_id, submitted["reference"], organisation, f"/v1/cases/{case_id}")
    await cases.appoint(officer, case, service.actors.third_case_officer, "case_officer")
    return case


async def test_a_conversations_key_that_was_kept_opens_nothing_afterwards(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    sent = await intake.submitted(anonymous)
    case = await case_of(service, sent)
    [grievance] = await turned.grievances(service, case)
    place = (case.organisation_id, case.id, grievance["id"])
    kept = await turned.keys_of(service, actors.other_case_officer, case)
    conversation = case_keys.open_under(kept[1], FOR_CASE, *place, grievance["key_for_case"])
    before = await turned.texts_of(service, grievance["id"])
    assert len(turned.what_opens(case, before, {1: conversation}, grievance["id"])) == len(before) == 10
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    await service.runtime.background.settled()
    [now] = await turned.grievances(service, case)
    assert (now["key_version"], now["case_key_version"]) == (2, 2)
    with pytest.raises(SealBroken):
        case_keys.open_under(kept[1], FOR_CASE, *place, now["key_for_case"])
    after = await turned.texts_of(service, grievance["id"])
    assert {version_of(sealed) for *_, sealed in after} == {2}
    opened = turned.what_opens(case, after, {1: conversation, 2: conversation}, grievance["id"])
    assert opened == []
    assert await cases.faults_of(service, case) == []
    assert (await turned.progress(actors.case_officer, case))["is_complete"]


async def test_the_reporter_reads_on_with_the_same_receipt_and_shows_it_once_more(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    sent = await intake.submitted(anonymous)
    case = await case_of(service, sent)
    inbox = await intake.inbox_opened(anonymous, receipt=sent["receipt"])
    read = (await anonymous.get("/v1/inbox", headers=inbox)).json()
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    await service.runtime.background.settled()
    assert slug_of(await anonymous.get("/v1/inbox", headers=inbox), 401) == "inbox-closed"
    again = await intake.inbox_of(anonymous, receipt=sent["receipt"])
    assert {**again, "padding": ""} == {**read, "padding": ""}
    assert again["narrative"] == intake.NARRATIVE
    raised = await intake.raised_in(actors.case_officer, sent["reference"])
    assert raised["narrative"] == intake.NARRATIVE


async def test_a_client_that_made_its_own_keys_opens_the_new_key_by_them(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    client = intake.ReporterClient()
    sent = await intake.submitted(anonymous, intake.a_grievance(reporter_keys=client.keys()))
    case = await case_of(service, sent)
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    await service.runtime.background.settled()
    lookup = client.keys()["lookup"]
    sealed = (await intake.inbox_of(anonymous, lookup=lookup))["sealed"]
    [grievance] = await turned.grievances(service, case)
    sealed_key = base64.b64decode(sealed["sealed_key"])
    key = conversation_keys.open_as_sender(sealed_key, case.organisation_id, grievance["id"], client.private)
    texts = await turned.texts_of(service, grievance["id"])
    assert len(turned.what_opens(case, texts, {2: key}, grievance["id"])) == len(texts)


async def test_a_representative_reads_on_what_they_wrote(service: Service, actors: SimpleNamespace) -> None:
    sent = await intake.submitted_for_many(actors.representative)
    case = await case_of(service, sent)
    url = f"/v1/collective-grievances/{sent['id']}"
    before = (await actors.representative.get(url)).json()
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    await service.runtime.background.settled()
    [grievance] = await turned.grievances(service, case)
    assert grievance["key_version"] == 2
    assert (await actors.representative.get(url)).json() == before
    assert await cases.faults_of(service, case) == []


async def test_no_conversation_is_sealed_to_a_reporters_key_that_was_written_into_the_database(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    """Else whoever writes to the database would only have to wait for the next wall to read the narrative."""
    sent = await intake.submitted(anonymous)
    case = await case_of(service, sent)
    [grievance] = await turned.grievances(service, case)
    mine = hpke.public_key(hpke.new_seed())
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(turned.GRIEVANCES).values(reporter_public_key=mine))
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    await service.runtime.background.settled()
    [now] = await turned.grievances(service, case)
    assert (now["key_version"], now["key_for_sender"]) == (1, grievance["key_for_sender"])
    assert "who raised a grievance was altered" in caplog.text
    assert not (await turned.progress(actors.case_officer, case))["is_complete"]
    assert (await intake.raised_in(actors.case_officer, sent["reference"]))["narrative"] == intake.NARRATIVE


async def test_turning_tells_of_no_inbox_that_was_open(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    """Neither the log nor the answers say whether a reporter was looking."""
    events = []
    for is_open in (False, True):
        sent = await intake.submitted(anonymous)
        case = await case_of(service, sent)
        if is_open:
            await intake.inbox_opened(anonymous, receipt=sent["receipt"])
        await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
        await service.runtime.background.settled()
        events.append(await cases.events_of(service, case))
        async with service.runtime.database.session(write=False) as session:
            assert (await session.scalars(select(table_of(InboxSession).c.id))).all() == []
    assert events[0] == events[1]
    assert events[0][-3:] == ["wall.raised", "conversation.key_turned", "case.older_keys_forgotten"]
