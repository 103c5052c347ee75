"""Whoever reports bars people before anything is stored: no key, no list, no page of the case is ever theirs."""

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from app.cases.models import Appointment, CaseKeyGrant, Wall
from app.crypto import receipts
from app.intake import barring
from app.intake.models import Channel
from tests.builders import cases
from tests.builders.custody import a_chain_in_force
from tests.builders.intake import (
    a_collective_grievance,
    a_grievance,
    case_called,
    collective_grievances_of,
    created,
    grievances_of,
    how_many_grievances,
    submitted,
)
from tests.builders.reports import slug_of
from tests.builders.sealed import SEALED, sealed_body
from tests.conftest import CHANNEL, Actor, Service


async def handle(service: Service, somebody: Actor) -> str:
    """Return the id by which the channel's page shows an officer."""
    async with service.runtime.database.session(write=False) as session:
        channel = (await session.execute(select(Channel).where(Channel.slug == CHANNEL))).scalar_one()
    found = barring.handle_of(service.runtime.keys, channel.organisation_id, channel.id, somebody.account_id)
    return str(found)


async def bound_to(service: Service, case_id: str, somebody: Actor) -> dict[str, int]:
    """Return how many appointments, grants and walls bind somebody to a case."""
    async with service.runtime.database.session(write=False) as session:
        return {
            model.__tablename__: len(
                (
                    await session.execute(
                        select(model.id).where(model.case_id == UUID(case_id), model.account_id == somebody.account_id)
                    )
                ).all()
            )
            for model in (Appointment, CaseKeyGrant, Wall)
        }


async def require_barred(service: Service, reference: str, *, everywhere: bool = True) -> str:
    """Return the id of the case, after looking that the other case officer has no part in it."""
    actors = service.actors
    case_id = await case_called(actors.case_officer, reference)
    barred: Actor = actors.other_case_officer
    assert await bound_to(service, case_id, barred) == {"appointments": 0, "case_key_grants": 0, "walls": 1}
    listed = (await barred.get("/v1/cases")).json()["items"]
    assert reference not in {one["reference"] for one in listed}
    nowhere = await barred.get(f"/v1/cases/{uuid4()}")
    for path in ("", "/grievances", "/conflicts", "/key", "/allegations") if everywhere else ("",):
        answer = await barred.get(f"/v1/cases/{case_id}{path}")
        assert (answer.status_code, answer.content) == (404, nowhere.content)
    return case_id


async def test_whom_the_reporter_bars_has_no_key_and_finds_no_case(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    body = a_grievance(barred=[await handle(service, actors.other_case_officer)])
    reference = (await submitted(anonymous, body))["reference"]
    case_id = await require_barred(service, reference)
    [wall] = (await actors.case_officer.get(f"/v1/cases/{case_id}")).json()["walls"]
    assert (wall["account_id"], wall["raised_by"], wall["reason"]) == (
        str(actors.other_case_officer.account_id),
        None,
        None,
    )
    assert wall["raised_on"] == "2026-03-02"
    file = cases.OpenFile(UUID(case_id), reference, UUID(int=0), f"/v1/cases/{case_id}")
    assert await cases.faults_of(service, file) == []


async def test_the_wall_is_in_the_event_that_begins_the_case(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    body = a_grievance(barred=[await handle(service, actors.other_case_officer)])
    case_id = await case_called(actors.case_officer, (await submitted(anonymous, body))["reference"])
    events = (await actors.auditor.get("/v1/audit/events", params={"chain_id": case_id})).json()["items"]
    first = min(events, key=lambda one: one["sequence"])
    assert first["event"] == "case.opened"
    assert "walls" in str(first)
    assert {one["at"] for one in events if one["actor_id"] is None} == {"2026-03-02T00:00:00Z"}


async def test_a_barred_officer_is_not_appointed_later(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    body = a_grievance(barred=[await handle(service, actors.other_case_officer)])
    case_id = await case_called(actors.case_officer, (await submitted(anonymous, body))["reference"])
    again = {"account_id": str(actors.other_case_officer.account_id), "capacity": "case_officer"}
    refused = await actors.case_officer.post(f"/v1/cases/{case_id}/appointments", json=again)
    assert slug_of(refused, 409) == "account-is-walled"


async def test_a_barred_officer_who_acts_at_the_same_moment_gets_nothing(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    body = a_grievance(barred=[await handle(service, actors.other_case_officer)])
    barred: Actor = actors.other_case_officer
    sent = [anonymous.post(grievances_of(), json=body) for _ in range(4)]
    looks = [barred.get("/v1/cases") for _ in range(8)]
    answers = await asyncio.gather(*sent, *looks)
    references = {created(answer)["reference"] for answer in answers[:4]}
    seen = {one["reference"] for answer in answers[4:] for one in answer.json()["items"]}
    assert not references & seen
    ids = [await require_barred(service, reference, everywhere=False) for reference in sorted(references)]
    acts = await asyncio.gather(*(barred.post(f"/v1/cases/{one}/acknowledgement") for one in ids))
    assert {answer.status_code for answer in acts} == {404}


async def test_who_bars_everybody_is_told_where_else_to_turn_and_nothing_is_stored(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    path = f"/v1/channels/{CHANNEL}"
    elsewhere = "The prescribed person for social care, 1 Example Street."
    settled = await actors.administrator.patch(path, json={"elsewhere": elsewhere}, headers={"If-Match": '"1"'})
    assert settled.status_code == 200, settled.text
    kept = sorted(service.runtime.settings.erasure_folder.rglob("*"))
    everybody = [await handle(service, one) for one in (actors.case_officer, actors.other_case_officer)]
    sealed = await sealed_body(service, receipts.new_receipt())
    for place, body in ((grievances_of(), a_grievance(barred=everybody)), (SEALED, sealed | {"barred": everybody})):
        refused = await anonymous.post(place, json=body)
        assert slug_of(refused, 409) == "every-officer-barred"
        assert (refused.json()["channels"], refused.json()["elsewhere"]) == ([], elsewhere)
    async with service.runtime.database.session(write=False) as session:
        assert await how_many_grievances(session) == 0
    assert sorted(service.runtime.settings.erasure_folder.rglob("*")) == kept


async def test_who_is_nobody_of_the_channel_cannot_be_barred(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    body = a_grievance(barred=[str(uuid4()), str(actors.investigator.account_id)])
    refused = await anonymous.post(grievances_of(), json=body)
    assert slug_of(refused, 422) == "invalid-input"
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/barred/0", "/barred/1"]
    assert str(actors.investigator.account_id) not in refused.text


@pytest.mark.parametrize("has_manifest", [False, True])
async def test_a_barred_custodian_is_walled_off_and_keeps_nothing_but_a_sealed_share(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, has_manifest: bool
) -> None:
    if has_manifest:
        await a_chain_in_force(service)
    page = (await anonymous.get(f"/v1/channels/{CHANNEL}")).json()
    custodian = next(one["id"] for one in page["custodians"] if one["label"] == "custodian")
    sent = await submitted(anonymous, a_grievance(barred=[custodian]))
    case_id = await case_called(actors.case_officer, sent["reference"])
    assert await bound_to(service, case_id, actors.custodian) == {"appointments": 0, "case_key_grants": 0, "walls": 1}
    assert await bound_to(service, case_id, actors.other_case_officer) == {
        "appointments": 1,
        "case_key_grants": 1,
        "walls": 0,
    }


async def test_a_representative_bars_an_officer_too(service: Service, actors: SimpleNamespace) -> None:
    body = a_collective_grievance(3, barred=[await handle(service, actors.other_case_officer)])
    made = created(await actors.representative.post(collective_grievances_of(), json=body))
    await require_barred(service, made["reference"])


def without(body: dict[str, Any], somebody: Actor) -> dict[str, Any]:
    """Return a sealed submission that grants somebody nothing."""
    return body | {"grants": [one for one in body["grants"] if one["account_id"] != str(somebody.account_id)]}


async def test_a_client_bars_by_account_and_seals_them_nothing(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    body = await sealed_body(service, receipts.new_receipt(), barred=(actors.other_case_officer.account_id,))
    assert str(actors.other_case_officer.account_id) not in {one["account_id"] for one in body["grants"]}
    await require_barred(service, created(await anonymous.post(SEALED, json=body))["reference"])


async def test_what_is_sealed_to_somebody_who_is_barred_is_refused(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    body = await sealed_body(service, receipts.new_receipt())
    for name in (await handle(service, actors.other_case_officer), str(actors.other_case_officer.account_id)):
        refused = await anonymous.post(SEALED, json=body | {"barred": [name]})
        assert slug_of(refused, 409) == "sealed-to-barred"
    refused = await anonymous.post(SEALED, json=without(body, actors.other_case_officer))
    assert slug_of(refused, 409) == "sealed-to-others"
    async with service.runtime.database.session(write=False) as session:
        assert await how_many_grievances(session) == 0


async def test_the_key_that_the_first_act_makes_is_not_granted_to_the_barred_either(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    body = await sealed_body(service, receipts.new_receipt(), barred=(actors.other_case_officer.account_id,))
    reference = created(await anonymous.post(SEALED, json=body))["reference"]
    case_id = await case_called(actors.case_officer, reference)
    assert (await actors.case_officer.post(f"/v1/cases/{case_id}/acknowledgement")).status_code == 200
    await service.runtime.background.settled()
    await require_barred(service, reference)
