"""A grievance that came by post, by telephone or in person makes the same record, and nobody reads more of it for having entered it."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text

from app.intake.relay_models import Relay
from app.kernel.db import table_of
from tests.builders.intake import ReporterClient, a_grievance, case_called, created, inbox_of, raised_in, submitted
from tests.builders.reports import slug_of
from tests.conftest import CHANNEL, PASSWORD, Clock, Service
from tests.intake.test_barring import handle

RELAYED = f"/v1/channels/{CHANNEL}/relayed-grievances"
POST = {"how": "post"}
CALL = {"how": "telephone", "recording": "agreed", "recording_note": "Agreed at the start.", "is_read_back": True}


def relayed(relay: dict[str, Any] | None = None, received_on: str = "2026-02-20", /, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the body of a relayed grievance."""
    return a_grievance(**changes) | {"relay": relay or POST, "received_on": received_on}


async def rows_by_table(service: Service) -> dict[str, int]:
    """Return how many rows each table of cases has."""
    tables = ("cases", "appointments", "case_key_grants", "case_key_escrows", "case_key_shares", "grievances", "raised_allegations",
              "sealed_identities", "identity_shares")  # fmt: skip
    async with service.runtime.database.session(write=False) as session:
        return {
            table: (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()  # noqa: S608 names above
            for table in tables
        }


async def test_a_letter_makes_the_rows_that_its_writer_would_have_made(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    await submitted(anonymous)
    written = await rows_by_table(service)
    created(await actors.case_officer.post(RELAYED, json=relayed()))
    assert await rows_by_table(service) == {table: 2 * count for table, count in written.items()}


async def test_the_clocks_start_on_the_day_of_receipt_and_the_receipt_opens_the_inbox(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    sent = created(await actors.case_officer.post(RELAYED, json=relayed()))
    assert (sent["acknowledge_by"], sent["feedback_by"]) == ("2026-02-27", "2026-05-27")
    inbox = await inbox_of(anonymous, receipt=sent["receipt"])
    assert (inbox["submitted_on"], inbox["headline"]) == ("2026-02-20", a_grievance()["headline"])
    raised = await raised_in(actors.case_officer, sent["reference"])
    assert raised["relayed"] == {
        "entered_by": str(actors.case_officer.account_id),
        "entered_on": "2026-03-02",
        "how": "post",
        "recording": None,
        "recording_note": None,
        "is_read_back": False,
    }


async def test_the_category_is_judged_by_the_day_on_which_the_letter_came(
    service: Service, actors: SimpleNamespace, clock: Clock
) -> None:
    clock.set(datetime(2026, 4, 8, 9, tzinfo=UTC))
    officer = actors.case_officer
    await officer.sign_in()
    for day, qualifies in (("2026-04-05", False), ("2026-04-06", True)):
        body = relayed(POST, day, categories=["sexual_harassment"])
        sent = created(await officer.post(RELAYED, json=body))
        raised = await raised_in(officer, sent["reference"])
        assert [one["is_qualifying"] for one in raised["classification"]["categories"]] == [qualifies]


async def test_the_act_is_in_the_log_by_the_officer_with_what_was_entered(
    service: Service, actors: SimpleNamespace
) -> None:
    sent = created(await actors.case_officer.post(RELAYED, json=relayed(CALL)))
    case_id = await case_called(actors.case_officer, sent["reference"])
    events = (await actors.auditor.get("/v1/audit/events", params={"chain_id": case_id})).json()["items"]
    first = [one for one in events if one["event"] in {"case.opened", "identity.sealed", "grievance.received"}]
    assert len(first) == 3
    assert {one["actor_id"] for one in first} == {str(actors.case_officer.account_id)}
    assert "relays" in str(next(one for one in first if one["event"] == "grievance.received"))
    raised = await raised_in(actors.case_officer, sent["reference"])
    assert {name: raised["relayed"][name] for name in CALL} == CALL


async def test_who_enters_it_reads_no_more_than_before(service: Service, actors: SimpleNamespace) -> None:
    stranger = actors.third_case_officer  # of no channel
    sent = created(await stranger.post(RELAYED, json=relayed()))
    case_id = await case_called(actors.case_officer, sent["reference"])
    assert (await stranger.get(f"/v1/cases/{case_id}")).status_code == 404
    assert (await stranger.get("/v1/cases")).json()["items"] == []
    barred = relayed(barred=[await handle(service, actors.other_case_officer)])
    sent = created(await actors.other_case_officer.post(RELAYED, json=barred))
    assert sent["reference"] not in str((await actors.other_case_officer.get("/v1/cases")).json())


@pytest.mark.parametrize(
    "relay",
    [
        {"how": "telephone"},
        {"how": "post", "recording": "agreed"},
        {"how": "post", "is_read_back": True},
        {"how": "pigeon"},
        {"how": "in_person", "is_read_back": 1},
    ],
)
async def test_how_it_came_is_said_whole(actors: SimpleNamespace, relay: dict[str, Any]) -> None:
    answer = await actors.case_officer.post(RELAYED, json=relayed(relay))
    assert slug_of(answer, 422) == "invalid-input"
    assert "pigeon" not in answer.text


async def test_a_day_to_come_is_no_day_of_receipt(actors: SimpleNamespace) -> None:
    answer = await actors.case_officer.post(RELAYED, json=relayed(POST, "2026-03-03"))
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/received_on"]


async def test_only_case_officers_enter_what_others_said(actors: SimpleNamespace, anonymous: httpx.AsyncClient) -> None:
    for other in (actors.administrator, actors.investigator, actors.representative, actors.custodian):
        assert (await other.post(RELAYED, json=relayed())).status_code == 404
    assert (await anonymous.post(RELAYED, json=relayed())).status_code == 401


async def test_a_client_may_make_the_keys_of_the_receipt_here_too(actors: SimpleNamespace) -> None:
    body = relayed(reporter_keys=ReporterClient().keys())
    assert created(await actors.case_officer.post(RELAYED, json=body))["receipt"] is None
    assert slug_of(await actors.case_officer.post(RELAYED, json=body), 409) == "receipt-taken"


async def test_the_same_request_again_enters_it_once(actors: SimpleNamespace) -> None:
    key = {"Idempotency-Key": "a-letter-entered-once-0001"}
    first, again = [await actors.case_officer.post(RELAYED, json=relayed(), headers=key) for _ in range(2)]
    assert created(first) == created(again)
    assert len((await actors.case_officer.get("/v1/cases")).json()["items"]) == 1


async def test_how_it_came_is_sealed_in_one_length(service: Service, actors: SimpleNamespace) -> None:
    for relay in (POST, CALL, {"how": "in_person", "recording": "not_asked"}):
        created(await actors.case_officer.post(RELAYED, json=relayed(relay)))
    async with service.runtime.database.session(write=False) as session:
        stored = (await session.execute(select(table_of(Relay).c.how_sealed))).scalars().all()
    assert len({len(one) for one in stored}) == 1 != len(stored)
    assert not [one for one in stored if b"telephone" in one or PASSWORD.encode() in one]
