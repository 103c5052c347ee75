"""The receipt is the only way back: what it opens, for how long, and what all others are told."""

import base64
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select, update

from app.crypto import contexts, fields, receipts
from app.intake.inbox import remove_old
from app.intake.models import Grievance, InboxSession
from app.intake.receipts import InboxToken
from app.kernel.db import table_of
from tests.builders import intake
from tests.builders.intake import a_grievance
from tests.conftest import Clock, Service

KIB = 1024


async def test_a_receipt_opens_the_inbox_however_it_is_typed(anonymous: httpx.AsyncClient) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    for typed in (receipt.title(), f"  {receipt.upper().replace(' ', '-')}\n"):
        assert (await intake.inbox_of(anonymous, receipt=typed))["headline"] == intake.HEADLINE


async def test_a_receipt_is_seven_words(anonymous: httpx.AsyncClient) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    assert receipts.normalise(receipt) == receipt
    assert len(receipt.split()) == 7


async def test_unknown_wrong_and_malformed_receipts_are_answered_alike_to_the_byte(
    anonymous: httpx.AsyncClient,
) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    first, *others = receipt.split()
    wrong = [
        {"receipt": receipts.new_receipt()},
        {"receipt": " ".join([*others, first])},
        {"receipt": " ".join(others)},
        {"receipt": "these are not seven words of any list at all"},
        {"receipt": ""},
        {"lookup": intake.encode(bytes(32))},
    ]
    answers = [await anonymous.post("/v1/inbox/sessions", json=body) for body in wrong]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1


async def test_a_proof_that_is_none_is_refused(anonymous: httpx.AsyncClient) -> None:
    bodies: list[dict[str, Any]] = [
        {},
        {"receipt": "a", "lookup": intake.encode(bytes(32))},
        {"receipt": "x" * 401},
        {"lookup": "x"},
        {"receipt": "a", "remember": True},
    ]
    for body in bodies:
        assert (await anonymous.post("/v1/inbox/sessions", json=body)).status_code == 422, body


async def test_the_length_of_the_inbox_tells_a_bucket(anonymous: httpx.AsyncClient) -> None:
    for narrative in ("Short.", "x" * 49_000, "é\n" * 24_000):
        receipt = (await intake.submitted(anonymous, a_grievance(narrative=narrative)))["receipt"]
        answer = await anonymous.get("/v1/inbox", headers=await intake.inbox_opened(anonymous, receipt=receipt))
        assert len(answer.content) in {8 * KIB, 32 * KIB, 128 * KIB, 512 * KIB}
        assert answer.json()["narrative"] == narrative.strip()


async def test_the_longest_grievance_that_is_taken_can_be_read(anonymous: httpx.AsyncClient) -> None:
    allegations = [{"label": "\N{OGHAM LETTER BEITH}" * 20, "statement": "\N{OGHAM LETTER BEITH}" * 4_000}] * 50
    body = a_grievance(narrative="\N{OGHAM LETTER BEITH}" * 50_000, allegations=allegations)
    reporter = intake.ReporterClient()
    answer = await intake.submitted(anonymous, body)
    assert (await intake.inbox_of(anonymous, receipt=answer["receipt"]))["allegations"][49]["label"]
    await intake.submitted(anonymous, body | {"reporter_keys": reporter.keys()})
    sealed = await anonymous.get("/v1/inbox", headers=await intake.inbox_opened(anonymous, lookup=reporter.lookup))
    assert len(sealed.content) == 2048 * KIB


async def test_a_client_with_keys_of_its_own_opens_the_inbox_itself(
    service: Service, anonymous: httpx.AsyncClient
) -> None:
    reporter = intake.ReporterClient()
    answer = await intake.submitted(anonymous, a_grievance(reporter_keys=reporter.keys()))
    assert answer["receipt"] is None
    inbox = await intake.inbox_of(anonymous, lookup=reporter.lookup)
    assert (inbox["reference"], inbox["headline"], inbox["allegations"]) == (answer["reference"], None, [])
    sealed = inbox["sealed"]
    organisation_id, grievance_id = UUID(sealed["organisation_id"]), UUID(sealed["grievance_id"])
    info = contexts.encode("conversation", organisation_id, grievance_id, reporter.private.public)
    key = reporter.private.open(base64.b64decode(sealed["sealed_key"]), info)

    def opened(table: str, column: str, row: UUID, text: str) -> str:
        content = base64.b64decode(text)
        version = int.from_bytes(content[:4])
        context = contexts.encode("field", organisation_id, grievance_id, table, column, row, version)
        return fields.open_(key, context, content[4:]).decode()

    assert opened("grievances", "headline", grievance_id, sealed["headline"]) == intake.HEADLINE
    assert opened("grievances", "narrative", grievance_id, sealed["narrative"]) == intake.NARRATIVE
    assert opened("grievances", "capacity", grievance_id, sealed["capacity"]) == "employee"
    said = [
        opened("raised_allegations", "statement", UUID(one["id"]), one["statement"]) for one in sealed["allegations"]
    ]
    assert said == intake.STATEMENTS
    assert opened(
        "raised_allegations", "label", UUID(sealed["allegations"][0]["id"]), sealed["allegations"][0]["label"]
    )


async def test_a_client_can_derive_from_the_public_page_what_the_server_derives(
    anonymous: httpx.AsyncClient, channel: str
) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    page = (await anonymous.get(f"/v1/channels/{channel}")).json()["receipt"]
    assert (page["words"], page["memory_kib"], page["iterations"]) == (7, receipts.MEMORY_KIB, receipts.ITERATIONS)
    derived = receipts.derive(receipt, base64.b64decode(page["salt"]))
    inbox = await intake.inbox_of(anonymous, lookup=intake.encode(derived.lookup))
    assert inbox["sealed"]["headline"]


async def test_without_a_capacity_or_labels_the_sealed_inbox_has_none(anonymous: httpx.AsyncClient) -> None:
    reporter = intake.ReporterClient()
    body = a_grievance(reporter_keys=reporter.keys(), capacity=None, allegations=[{"statement": "One thing."}])
    await intake.submitted(anonymous, body)
    sealed = (await intake.inbox_of(anonymous, lookup=reporter.lookup))["sealed"]
    assert (sealed["capacity"], sealed["allegations"][0]["label"]) == (None, None)


async def test_an_inbox_stays_open_for_its_minutes_and_no_longer(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    headers = await intake.inbox_opened(anonymous, receipt=receipt)
    minutes = service.runtime.settings.inbox_session_minutes
    clock.advance(timedelta(minutes=minutes, seconds=-1))
    assert (await anonymous.get("/v1/inbox", headers=headers)).status_code == 200
    clock.advance(timedelta(seconds=1))
    answer = await anonymous.get("/v1/inbox", headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (401, "Show your receipt again")


async def test_a_closed_inbox_stays_closed(anonymous: httpx.AsyncClient) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    headers = await intake.inbox_opened(anonymous, receipt=receipt)
    assert (await anonymous.delete("/v1/inbox/sessions", headers=headers)).status_code == 204
    for answer in (
        await anonymous.get("/v1/inbox", headers=headers),
        await anonymous.delete("/v1/inbox/sessions", headers=headers),
    ):
        assert answer.status_code == 401


async def test_no_other_token_opens_an_inbox(anonymous: httpx.AsyncClient) -> None:
    await intake.submitted(anonymous)
    for header in ("", "Bearer ", "Bearer x", f"Bearer {'A' * 48}", f"Bearer {'_' * 48}", "Basic eDp4"):
        assert (await anonymous.get("/v1/inbox", headers={"Authorization": header})).status_code == 401, header
    assert (await anonymous.get("/v1/inbox")).status_code == 401


async def test_a_signed_in_account_is_no_reporter(anonymous: httpx.AsyncClient, actors: SimpleNamespace) -> None:
    await intake.submitted(anonymous)
    assert (await actors.case_officer.get("/v1/inbox")).status_code == 401


async def test_the_database_alone_does_not_open_an_inbox(service: Service, anonymous: httpx.AsyncClient) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    headers = await intake.inbox_opened(anonymous, receipt=receipt)
    token = InboxToken.read(headers["Authorization"].removeprefix("Bearer "))
    async with service.runtime.database.session(write=False) as session:
        row = (await session.execute(select(table_of(InboxSession)))).mappings().one()
    assert token.secret not in b"".join(value for value in row.values() if isinstance(value, bytes))
    assert token.text() not in str(dict(row))


async def test_housekeeping_removes_old_sessions(service: Service, anonymous: httpx.AsyncClient, clock: Clock) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    for days in (0, 1, 1):
        clock.advance(timedelta(days=days))
        await intake.inbox_opened(anonymous, receipt=receipt)
    async with service.runtime.database.session(write=True) as session:
        await remove_old(session)
        days_left = (await session.execute(select(InboxSession.opened_on))).scalars().all()
    assert sorted(day.day for day in days_left) == [3, 4]


async def test_the_reporter_sees_that_the_case_moves(anonymous: httpx.AsyncClient, actors: SimpleNamespace) -> None:
    answer = await intake.submitted(anonymous)
    case_id = await intake.case_called(actors.case_officer, answer["reference"])
    acknowledged = await actors.case_officer.post(f"/v1/cases/{case_id}/acknowledgement")
    assert acknowledged.status_code in {200, 201, 204}
    inbox = await intake.inbox_of(anonymous, receipt=answer["receipt"])
    assert (inbox["status"], inbox["acknowledged_on"], inbox["feedback_by"]) == (
        "acknowledged",
        "2026-03-02",
        "2026-06-02",
    )
    assert inbox["status_in_words"]


async def test_two_reporters_read_their_own(anonymous: httpx.AsyncClient) -> None:
    first = await intake.submitted(anonymous, a_grievance(headline="The first"))
    second = await intake.submitted(anonymous, a_grievance(headline="The second"))
    assert (await intake.inbox_of(anonymous, receipt=first["receipt"]))["headline"] == "The first"
    assert (await intake.inbox_of(anonymous, receipt=second["receipt"]))["headline"] == "The second"


async def test_an_inbox_session_can_be_asked_for_again_with_its_idempotency_key(anonymous: httpx.AsyncClient) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    headers = {"Idempotency-Key": "a-fresh-random-key-0003"}
    first = await anonymous.post("/v1/inbox/sessions", json={"receipt": receipt}, headers=headers)
    again = await anonymous.post("/v1/inbox/sessions", json={"receipt": receipt}, headers=headers)
    assert first.json() == again.json()


async def test_a_key_that_was_altered_opens_nothing_and_says_nothing(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    answer = await intake.submitted(anonymous)
    headers = await intake.inbox_opened(anonymous, receipt=answer["receipt"])
    case_id = await intake.case_called(actors.case_officer, answer["reference"])
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(table_of(InboxSession)).values(sealed_key=bytes(200)))
        await session.execute(update(table_of(Grievance)).values(key_for_sender=bytes(1200), key_for_case=bytes(105)))
    for refused in (
        await anonymous.get("/v1/inbox", headers=headers),
        await anonymous.post("/v1/inbox/sessions", json={"receipt": answer["receipt"]}),
        await actors.case_officer.get(f"/v1/cases/{case_id}/grievances"),
    ):
        assert (refused.status_code, refused.json()["title"]) == (500, "A sealed value does not open")
