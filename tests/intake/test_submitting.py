"""A grievance is taken once, sealed, and can be read back by its receipt; what is refused leaves nothing."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import delete, select, text, update

from app.accounts.models import Account, AccountState
from app.audit.models import AuditEvent
from app.audit.verify import verify
from app.custody.models import Custodian
from app.intake import doors
from app.intake.models import Channel, ChannelOfficer, Grievance, RaisedAllegation
from app.kernel.db import table_of
from app.kernel.sealed import OpenKeys, open_keys
from tests.builders import intake
from tests.builders.intake import a_grievance, grievances_of
from tests.conftest import CHANNEL, Clock, Service


async def nothing_is_stored(service: Service, before: set[UUID]) -> bool:
    """Whether there is no grievance, and no erasure key that was not there before."""
    async with service.runtime.database.session(write=False) as session:
        grievances = await intake.how_many_grievances(session)
    return grievances == 0 and set(intake.erasure_keys_in(service.runtime.settings.erasure_folder)) == before


@pytest.fixture
def erasure_keys(service: Service) -> set[UUID]:
    """The identities whose erasure key there was before the test."""
    return set(intake.erasure_keys_in(service.runtime.settings.erasure_folder))


@pytest.mark.parametrize("confidentiality", ["anonymous", "confidential", "open"])
async def test_a_receipt_reads_back_exactly_what_was_said(anonymous: httpx.AsyncClient, confidentiality: str) -> None:
    answer = await intake.submitted(anonymous, a_grievance(confidentiality))
    assert (answer["acknowledge_by"], answer["feedback_by"]) == ("2026-03-09", "2026-06-09")
    inbox = await intake.inbox_of(anonymous, receipt=answer["receipt"])
    assert (inbox["headline"], inbox["narrative"], inbox["capacity"]) == (
        intake.HEADLINE,
        intake.NARRATIVE,
        "employee",
    )
    assert [(one["label"], one["statement"]) for one in inbox["allegations"]] == [
        ("1.1", intake.STATEMENTS[0]),
        ("1.2", intake.STATEMENTS[1]),
    ]
    assert (inbox["reference"], inbox["status"], inbox["submitted_on"]) == (
        answer["reference"],
        "received",
        "2026-03-02",
    )
    assert (inbox["acknowledge_by"], inbox["acknowledged_on"]) == ("2026-03-09", None)


async def test_a_grievance_needs_no_more_than_a_headline_and_a_narrative(anonymous: httpx.AsyncClient) -> None:
    body = {"confidentiality": "anonymous", "headline": "Short", "narrative": "Very short."}
    inbox = await intake.inbox_of(anonymous, receipt=(await intake.submitted(anonymous, body))["receipt"])
    assert (inbox["narrative"], inbox["capacity"], inbox["allegations"]) == ("Very short.", None, [])


@pytest.mark.parametrize(("confidentiality", "held"), [("anonymous", 0), ("confidential", 1), ("open", 1)])
async def test_those_who_work_the_case_read_what_was_said_and_never_who_said_it(
    anonymous: httpx.AsyncClient, actors: SimpleNamespace, confidentiality: str, held: int
) -> None:
    answer = await intake.submitted(anonymous, a_grievance(confidentiality))
    for officer in (actors.case_officer, actors.other_case_officer):
        raised = await intake.raised_in(officer, answer["reference"])
        assert (raised["kind"], raised["confidentiality"], raised["identities_held"]) == (
            "individual",
            confidentiality,
            held,
        )
        assert (raised["headline"], raised["narrative"]) == (intake.HEADLINE, intake.NARRATIVE)
        assert [one["statement"] for one in raised["allegations"]] == intake.STATEMENTS
        assert intake.IDENTITY["name"] not in json.dumps(raised)
        assert (raised["headcount_claims"], raised["representative_id"]) == ([], None)


async def test_only_the_channels_officers_know_of_the_case(
    anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    answer = await intake.submitted(anonymous)
    case_id = await intake.case_called(actors.case_officer, answer["reference"])
    for nobody in (actors.administrator, actors.investigator, actors.hr, actors.representative, actors.custodian):
        assert (await nobody.get(f"/v1/cases/{case_id}/grievances")).status_code == 404


async def test_anonymous_and_named_grievances_look_alike_in_the_database(
    service: Service, anonymous: httpx.AsyncClient
) -> None:
    for confidentiality in ("anonymous", "confidential", "open"):
        await intake.submitted(anonymous, a_grievance(confidentiality))
    async with service.runtime.database.session(write=False) as session:
        rows = (await session.execute(select(table_of(Grievance)))).mappings().all()
        identities = await intake.identities_in(session)
    shapes = {
        tuple((name, len(value) if isinstance(value, bytes) else value is None) for name, value in row.items())
        for row in rows
    }
    assert len(rows) == len(identities) == 3
    assert len(shapes) == 1
    assert len({len(one.row.ciphertext) for one in identities}) == 1


async def test_no_row_that_a_reporter_causes_tells_the_hour(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    clock.advance(timedelta(hours=5, minutes=17, seconds=3))
    receipt = (await intake.submitted(anonymous))["receipt"]
    await intake.inbox_of(anonymous, receipt=receipt)
    async with service.runtime.database.session(write=False) as session:
        statement = (
            select(AuditEvent.event, AuditEvent.at)
            .where(AuditEvent.chain_id != AuditEvent.organisation_id)
            .order_by(AuditEvent.sequence)
        )
        events = (await session.execute(statement)).all()
    assert [event.event for event in events] == ["case.opened", "identity.sealed", "grievance.received"]
    assert {event.at for event in events} == {datetime(2026, 3, 2, tzinfo=UTC)}


async def test_looking_into_the_inbox_leaves_no_event_for_anybody_to_watch(
    anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    before = (await actors.auditor.get("/v1/audit/chains?limit=200")).json()["items"]
    await intake.inbox_of(anonymous, receipt=receipt)
    assert (await actors.auditor.get("/v1/audit/chains?limit=200")).json()["items"] == before


async def test_every_row_of_a_submission_is_vouched_for_by_the_log(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    await intake.submitted(anonymous)
    await intake.submitted_for_many(actors.representative)
    async with service.runtime.database.session(write=False) as session:
        assert (await verify(session, service.runtime.keys)).faults == []
        moved = (await session.execute(select(RaisedAllegation.id))).scalars().first()
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(RaisedAllegation).where(RaisedAllegation.id == moved).values(position=9))
    async with service.runtime.database.session(write=False) as session:
        assert (await verify(session, service.runtime.keys)).faults != []


async def test_what_was_stored_in_another_row_does_not_open_here(
    service: Service, anonymous: httpx.AsyncClient
) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    async with service.runtime.database.session(write=True) as session:
        first, second = (await session.execute(select(RaisedAllegation).order_by(RaisedAllegation.position))).scalars()
        await session.execute(
            update(table_of(RaisedAllegation))
            .where(RaisedAllegation.id == second.id)
            .values(statement_sealed=first.statement_sealed)  # type: ignore[attr-defined]
        )
    answer = await anonymous.get("/v1/inbox", headers=await intake.inbox_opened(anonymous, receipt=receipt))
    assert (answer.status_code, answer.json()["title"]) == (500, "A sealed value does not open")


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("anonymous with an identity", a_grievance("anonymous", identity=intake.IDENTITY)),
    ("confidential without one", a_grievance("anonymous", confidentiality="confidential")),
    ("open without one", a_grievance("anonymous", confidentiality="open")),
    ("an unknown field", a_grievance(reporter="me")),
    ("an unknown field within", a_grievance(identity={"name": "Robin", "born_on": "1980-01-01"})),
    ("a headline too long", a_grievance(headline="x" * 301)),
    ("a narrative too long", a_grievance(narrative="x" * 50_001)),
    ("a statement too long", a_grievance(allegations=[{"statement": "x" * 4_001}])),
    ("too many allegations", a_grievance(allegations=[{"statement": "x"}] * 51)),
    ("a blank headline", a_grievance(headline=" \n ")),
    ("a NUL", a_grievance(narrative="a\x00b")),
    ("no narrative", {name: value for name, value in a_grievance().items() if name != "narrative"}),
    ("an unknown confidentiality", a_grievance("secret")),
    ("a short lookup", a_grievance(reporter_keys=intake.ReporterClient().keys() | {"lookup": "AAAA"})),
    ("no base64", a_grievance(reporter_keys=intake.ReporterClient().keys() | {"lookup": "é" * 44})),
    ("a number for a key", a_grievance(reporter_keys=intake.ReporterClient().keys() | {"lookup": 7})),
    (
        "a degenerate public key",
        a_grievance(reporter_keys=intake.ReporterClient().keys() | {"inbox_public_key": intake.encode(bytes(1216))}),
    ),
]


async def test_what_breaks_a_rule_is_refused_without_a_trace(
    service: Service, anonymous: httpx.AsyncClient, erasure_keys: set[UUID]
) -> None:
    for what, body in REFUSED:
        answer = await anonymous.post(grievances_of(), json=body)
        assert (answer.status_code, answer.json()["title"]) == (422, "The request breaks a rule of its format"), what
        assert all(canary not in answer.text for canary in ("Robin", "xxx", "oversight", "1980", "secret")), what
    assert await nothing_is_stored(service, erasure_keys)


async def test_a_body_over_the_bound_is_refused_without_a_trace(
    service: Service, anonymous: httpx.AsyncClient, erasure_keys: set[UUID]
) -> None:
    body = json.dumps(a_grievance(headline="x" * service.runtime.settings.body_bytes))
    answer = await anonymous.post(grievances_of(), content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert await nothing_is_stored(service, erasure_keys)


async def test_there_is_no_door_where_there_is_no_channel(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.post(grievances_of("no-such-channel"), json=a_grievance())).status_code == 404


async def with_broken_custodian(service: Service) -> None:
    """One custodian's key is degenerate, so that sealing to it fails, and the service believes that it wrote it so."""
    async with service.runtime.database.session(write=True) as session:
        custodian = (await session.execute(select(Custodian.id))).scalars().first()
        await session.execute(update(Custodian).where(Custodian.id == custodian).values(public_key=bytes(1216)))
        await session.execute(text("UPDATE channels SET version = version + 1000"))
        token = open_keys.set(OpenKeys(service.runtime.keys))
        doors.put_tag(
            (await session.execute(select(Channel))).scalars().one(),
            (await session.execute(select(Custodian))).scalars(),
            (await session.execute(select(ChannelOfficer.account_id))).scalars(),
        )
        open_keys.reset(token)


async def test_a_seal_that_fails_stores_nothing_and_leaves_no_erasure_key(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace, erasure_keys: set[UUID]
) -> None:
    await with_broken_custodian(service)
    for client, path, body in (
        (anonymous, grievances_of(), a_grievance()),
        (actors.representative, intake.collective_grievances_of(), intake.a_collective_grievance(3)),
    ):
        answer = await client.post(path, json=body)
        assert answer.status_code == 500
        assert set(answer.json()) == {"type", "title", "status", "instance"}
    assert await nothing_is_stored(service, erasure_keys)


async def test_a_transaction_that_fails_takes_the_erasure_keys_with_it(
    service: Service, anonymous: httpx.AsyncClient, erasure_keys: set[UUID]
) -> None:
    async with service.runtime.database.session(write=True) as session:
        await session.execute(text("ALTER TABLE audit_heads RENAME TO lost_heads"))
    answer = await anonymous.post(grievances_of(), json=a_grievance())
    async with service.runtime.database.session(write=True) as session:
        await session.execute(text("ALTER TABLE lost_heads RENAME TO audit_heads"))
    assert (answer.status_code, answer.json()["title"]) == (503, "The audit log cannot be written")
    assert await nothing_is_stored(service, erasure_keys)


async def test_a_commit_that_fails_takes_the_erasure_keys_with_it(
    service: Service, anonymous: httpx.AsyncClient, erasure_keys: set[UUID]
) -> None:
    # A reference to no row, checked at the commit alone, stands for whatever may fail there.
    async with service.runtime.database.session(write=True) as session:
        if service.runtime.database.is_sqlite:
            column = "REFERENCES channels (slug) DEFERRABLE INITIALLY DEFERRED DEFAULT 'none'"
            await session.execute(text("CREATE TABLE late (slug VARCHAR(60) " + column + ")"))
            await session.execute(
                text("CREATE TRIGGER fail_late AFTER INSERT ON grievances BEGIN INSERT INTO late VALUES ('none'); END")
            )
        else:
            await session.execute(
                text(
                    "CREATE FUNCTION fail_late() RETURNS trigger LANGUAGE plpgsql"
                    " AS 'BEGIN RAISE foreign_key_violation; END'"
                )
            )
            await session.execute(
                text(
                    "CREATE CONSTRAINT TRIGGER fail_late AFTER INSERT ON grievances DEFERRABLE INITIALLY DEFERRED"
                    " FOR EACH ROW EXECUTE FUNCTION fail_late()"
                )
            )
    try:
        answer = await anonymous.post(grievances_of(), json=a_grievance())
    finally:
        async with service.runtime.database.session(write=True) as session:
            if service.runtime.database.is_sqlite:
                await session.execute(text("DROP TRIGGER fail_late"))
                await session.execute(text("DROP TABLE late"))
            else:
                await session.execute(text("DROP TRIGGER fail_late ON grievances"))
                await session.execute(text("DROP FUNCTION fail_late"))
    assert answer.status_code == 409
    assert await nothing_is_stored(service, erasure_keys)
    assert await intake.submitted(anonymous), "the next one is taken"


async def test_a_commit_whose_outcome_is_unknown_leaves_the_erasure_keys(
    service: Service, anonymous: httpx.AsyncClient, erasure_keys: set[UUID]
) -> None:
    if service.runtime.database.is_sqlite:
        pytest.skip("nothing stands between the service and the embedded database that could break")
    async with service.runtime.database.session(write=True) as session:
        await session.execute(
            text(
                "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql"
                " AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'"
            )
        )
        await session.execute(
            text(
                "CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON grievances DEFERRABLE INITIALLY DEFERRED"
                " FOR EACH ROW EXECUTE FUNCTION cut()"
            )
        )
    try:
        answer = await anonymous.post(grievances_of(), json=a_grievance())
    finally:
        async with service.runtime.database.session(write=True) as session:
            await session.execute(text("DROP TRIGGER cut ON grievances"))
            await session.execute(text("DROP FUNCTION cut"))
    assert answer.status_code == 500
    kept = set(intake.erasure_keys_in(service.runtime.settings.erasure_folder)) - erasure_keys
    assert len(kept) == 1, "the rows may have been stored: their key must not be lost"


async def test_the_same_idempotency_key_gives_the_same_receipt_and_one_grievance(
    service: Service, anonymous: httpx.AsyncClient
) -> None:
    headers = {"Idempotency-Key": "a-fresh-random-key-0001"}
    first = await anonymous.post(grievances_of(), json=a_grievance(), headers=headers)
    again = await anonymous.post(grievances_of(), json=a_grievance(), headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    async with service.runtime.database.session(write=False) as session:
        assert await intake.how_many_grievances(session) == 1
    assert (await intake.inbox_of(anonymous, receipt=again.json()["receipt"]))["headline"] == intake.HEADLINE


async def test_an_idempotency_key_serves_one_body(service: Service, anonymous: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "a-fresh-random-key-0002"}
    await anonymous.post(grievances_of(), json=a_grievance(), headers=headers)
    other = await anonymous.post(grievances_of(), json=a_grievance(headline="Another"), headers=headers)
    assert (other.status_code, other.json()["title"]) == (422, "This Idempotency-Key belongs to another request")
    async with service.runtime.database.session(write=False) as session:
        assert await intake.how_many_grievances(session) == 1


async def test_an_officer_who_is_suspended_gets_no_further_grievance(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    suspended = actors.other_case_officer
    async with service.runtime.database.session(write=True) as session:
        await session.execute(
            update(table_of(Account))
            .where(Account.id == suspended.account_id)
            .values(state=AccountState.SUSPENDED.value)
        )
    reference = (await intake.submitted(anonymous))["reference"]
    assert await intake.raised_in(actors.case_officer, reference)
    async with service.runtime.database.session(write=True) as session:
        await session.execute(
            update(table_of(Account)).where(Account.id == suspended.account_id).values(state=AccountState.ACTIVE.value)
        )
    cases = (await suspended.get("/v1/cases")).json()["items"]
    assert reference not in [case["reference"] for case in cases]


async def test_nothing_is_taken_that_nobody_could_read(
    service: Service, anonymous: httpx.AsyncClient, erasure_keys: set[UUID]
) -> None:
    async with service.runtime.database.session(write=True) as session:
        await session.execute(text("UPDATE role_grants SET ended_on = '2026-03-02' WHERE role = 'case_officer'"))
    answer = await anonymous.post(grievances_of(), json=a_grievance())
    assert (answer.status_code, answer.json()["title"]) == (503, "Nobody could read this at present")
    assert await nothing_is_stored(service, erasure_keys)


async def test_what_the_database_holds_of_a_receipt_depends_on_the_pepper(
    service: Service, anonymous: httpx.AsyncClient
) -> None:
    reporter = intake.ReporterClient()
    await intake.submitted(anonymous, a_grievance(reporter_keys=reporter.keys()))
    async with service.runtime.database.session(write=False) as session:
        stored = (await session.execute(select(Grievance.receipt_lookup))).scalar_one()
    assert intake.encode(stored or b"") != reporter.lookup


async def test_reporting_sets_no_cookie_and_names_no_one(anonymous: httpx.AsyncClient, channel: str) -> None:
    answer = await anonymous.post(grievances_of(channel), json=a_grievance())
    assert not {"set-cookie", "etag", "location", "date", "server"} & set(answer.headers)
    assert channel == CHANNEL


async def test_a_grievance_whose_case_is_gone_from_the_log_is_found(
    service: Service, anonymous: httpx.AsyncClient
) -> None:
    await intake.submitted(anonymous)
    async with service.runtime.database.session(write=True) as session:
        await session.execute(delete(table_of(AuditEvent)).where(AuditEvent.event == "grievance.received"))
    async with service.runtime.database.session(write=False) as session:
        assert (await verify(session, service.runtime.keys)).faults != []
