"""A reporter gives a name later or takes it back; the database shows that a record was replaced, and not which of the two it was."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from app.audit.models import AuditEvent
from app.crypto import identity
from app.crypto.ids import id_of
from app.crypto.messages import Said
from app.kernel import clock as kernel_clock
from app.kernel.db import table_of
from app.kernel.octets import spell
from app.vault.models import IdentityShare, SealedIdentity
from app.vault.opening_models import Opening
from tests.builders import cases, conversations, intake, sealed
from tests.builders.conversations import Inbox, SealedInbox, a_sealed_inbox, an_inbox, events_by_day
from tests.builders.intake import IDENTITY, a_grievance
from tests.builders.openings import a_ceremony
from tests.builders.reports import slug_of
from tests.conftest import CAST, CHANNEL, Service

KIB = 1024
NEW_NAME = {"name": "Robin Ashe-Lindqvist", "contact": "robin@example.net"}
GIVES = {"identity": NEW_NAME}


async def stands_for(inbox: Inbox, seeds: Sequence[bytes]) -> Any:  # noqa: ANN401 any JSON
    """Return who the record is that stands for the reporter, as enough custodians learn it; None for nobody."""
    kept = intake.erasure_keys_in(inbox.service.runtime.settings.erasure_folder)
    async with inbox.service.runtime.database.session(write=False) as session:
        (record,) = await _standing(session, inbox)
    custodians = sorted(record.shares)
    held = dict(zip(custodians, await _seeds_of(inbox, seeds, custodians), strict=True))
    return record.open(dict(list(held.items())[:2]), kept[record.id])


async def _standing(session: Any, inbox: Inbox) -> list[intake.OfflineIdentity]:  # noqa: ANN401 a session
    shares: dict[UUID, dict[UUID, bytes]] = {}
    for share in (await session.execute(select(IdentityShare))).scalars():
        shares.setdefault(share.identity_id, {})[share.custodian_id] = share.share
    of_case = (SealedIdentity.case_id == inbox.case.id, SealedIdentity.erased_on.is_(None))
    rows = (await session.execute(select(*SealedIdentity.__table__.columns).where(*of_case))).all()
    return [intake.OfflineIdentity(row, shares[row.id]) for row in rows]


async def _seeds_of(inbox: Inbox, seeds: Sequence[bytes], custodians: Sequence[UUID]) -> list[bytes]:
    page = (await inbox.client.get(f"/v1/channels/{CHANNEL}")).json()
    labels = sorted(name for name in CAST if name.endswith("custodian"))
    by_label = dict(zip(["custodian", "second_custodian", "third_custodian"], seeds, strict=True))
    assert {one["label"] for one in page["custodians"]} == set(labels)
    by_id = {UUID(one["id"]): by_label[one["label"]] for one in page["custodians"]}
    return [by_id[one] for one in custodians]


async def records_of(inbox: Inbox) -> list[dict[str, Any]]:
    """Return every record of an identity in the case, as the database has it, by whether it stands."""
    table = table_of(SealedIdentity)
    async with inbox.service.runtime.database.session(write=False) as session:
        rows = await session.execute(select(table).where(table.c.case_id == inbox.case.id))
        return sorted((dict(row) for row in rows.mappings()), key=lambda row: row["erased_on"] is not None)


async def test_who_was_anonymous_gives_a_name_that_custodians_together_can_open(
    service: Service, actors: SimpleNamespace, custodian_seeds: Sequence[bytes]
) -> None:
    inbox = await an_inbox(service, a_grievance("anonymous"))
    assert await stands_for(inbox, custodian_seeds) is None
    answer = await inbox.send("PUT", "/identity", GIVES)
    assert (answer.status_code, len(answer.content)) == (200, 8 * KIB)
    assert (answer.json()["confidentiality"], answer.json()["was_opened_before"]) == ("confidential", False)
    assert await stands_for(inbox, custodian_seeds) == NEW_NAME
    assert (await inbox.read(""))["confidentiality"] == "confidential"
    raised = await intake.raised_in(actors.case_officer, inbox.case.reference)
    assert (raised["confidentiality"], raised["identities_held"]) == ("confidential", 1)
    listed = (await actors.case_officer.get(f"{inbox.case.url}/identities")).json()["items"]
    assert [(one["of"], one["erased_on"]) for one in listed] == [("reporter", None)]
    assert await conversations.faults(service) == []


async def test_who_gave_a_name_withdraws_it_and_its_erasure_key_is_gone(
    service: Service, actors: SimpleNamespace, custodian_seeds: Sequence[bytes]
) -> None:
    inbox = await an_inbox(service)
    assert await stands_for(inbox, custodian_seeds) == IDENTITY
    folder = service.runtime.settings.erasure_folder
    before = set(intake.erasure_keys_in(folder))
    answer = await inbox.send("DELETE", "/identity")
    assert (answer.status_code, answer.json()["confidentiality"]) == (200, "anonymous")
    assert len(answer.content) == 8 * KIB
    assert await stands_for(inbox, custodian_seeds) is None
    standing, erased = await records_of(inbox)
    after = set(intake.erasure_keys_in(folder))
    assert erased["id"] in before - after
    assert after - before == {standing["id"]}
    raised = await intake.raised_in(actors.case_officer, inbox.case.reference)
    assert (raised["confidentiality"], raised["identities_held"]) == ("anonymous", 0)
    assert (await actors.case_officer.get(f"{inbox.case.url}/identities")).json()["items"] == []
    assert await conversations.faults(service) == []


async def test_the_database_does_not_show_whether_a_name_was_given_or_withdrawn(service: Service) -> None:
    gave, withdrew = await an_inbox(service, a_grievance("anonymous")), await an_inbox(service)
    await gave.send("PUT", "/identity", GIVES | {"confidentiality": "open"})
    await withdrew.send("DELETE", "/identity")
    shapes = []
    for inbox in (gave, withdrew):
        rows = [
            {name: len(value) if isinstance(value, bytes) else value for name, value in row.items()}
            for row in await records_of(inbox)
        ]
        for row in rows:
            del row["id"], row["case_id"]
        shapes.append((rows, await cases.events_of(service, inbox.case)))
    assert shapes[0] == shapes[1]
    assert shapes[0][1][-2:] == ["identity.sealed", "identity.replaced"]


async def test_the_log_tells_the_day_of_it_and_nobody(service: Service) -> None:
    inbox = await an_inbox(service)
    await inbox.send("PUT", "/identity", GIVES)
    async with service.runtime.database.session(write=False) as session:
        event = AuditEvent
        rows = select(event.at, event.actor_id).where(
            event.chain_id == inbox.case.id, event.event == "identity.replaced"
        )
        assert (await session.execute(rows)).all() == [(kernel_clock.start_of_day(), None)]
    assert await events_by_day(service, inbox.case) == []


@pytest.mark.parametrize(
    ("state", "status"), [("requested", 200), ("released", 409), ("opened", 200), ("expired", 200)]
)
async def test_an_identity_that_was_released_cannot_be_withdrawn_until_it_is_said_what_came_of_it(
    service: Service, state: str, status: int
) -> None:
    ceremony = await a_ceremony(service)
    await ceremony.asked()
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(Opening).values(state=state))
    case = await conversations.case_of(service, (await ceremony.inbox())["reference"])
    inbox = await conversations.opened(service, service.client(), case, ceremony.receipt)
    for method, body in (("PUT", GIVES), ("DELETE", None)):
        answer = await inbox.send(method, "/identity", body)
        assert answer.status_code == status, answer.text
    if status == 409:
        assert slug_of(answer, 409) == "identity-released"
        assert len(await records_of(inbox)) == 1


async def test_who_was_opened_is_told_that_it_may_be_remembered(service: Service) -> None:
    ceremony = await a_ceremony(service)
    await ceremony.asked()
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(Opening).values(state="opened"))
    case = await conversations.case_of(service, (await ceremony.inbox())["reference"])
    inbox = await conversations.opened(service, service.client(), case, ceremony.receipt)
    answer = (await inbox.send("DELETE", "/identity")).json()
    assert answer["was_opened_before"]
    assert "may remember it" in answer["in_words"]


async def a_sealed_record(reporter: SealedInbox, person: bytes, letter: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 any JSON
    """Return the body by which a client replaces the record that stands for its reporter."""
    case, to, row = reporter.inbox.case, await sealed.recipients_of(reporter.inbox.service), id_of(kernel_clock.today())
    reference = identity.reference_of(case.organisation_id, case.id, row)
    made = identity.seal_identity(person, reference, to.custodians, to.threshold, bytes(32))
    confidentiality = reporter.sealed("grievances", "confidentiality", reporter.inbox.grievance_id, letter)
    body = {
        "confidentiality": spell(confidentiality),
        "signature": reporter.signed(Said.IDENTITY, row, confidentiality, made.ciphertext),
        "identity": {
            "id": str(row),
            "ciphertext": spell(made.ciphertext),
            "check": spell(made.check),
            "commitments": [spell(one) for one in made.commitments],
            "shares": [{"custodian_id": str(one), "share": spell(share)} for one, share in sorted(made.shares.items())],
            "shred_key": spell(bytes(32)),
        },
    }
    return body | changes


async def test_a_client_replaces_the_record_by_one_that_it_sealed(
    service: Service, actors: SimpleNamespace, custodian_seeds: Sequence[bytes]
) -> None:
    reporter = await a_sealed_inbox(service)
    for person, letter, found in ((b'{"name":"Robin"}', "c", {"name": "Robin"}), (b"", "a", None)):
        answer = await reporter.inbox.send("PUT", "/sealed-identity", await a_sealed_record(reporter, person, letter))
        assert answer.status_code == 200, answer.text
        assert (answer.json()["confidentiality"], len(answer.content)) == (None, 8 * KIB)
        assert await stands_for(reporter.inbox, custodian_seeds) == found
    raised = await intake.raised_in(actors.case_officer, reporter.inbox.case.reference)
    assert raised["confidentiality"] == "anonymous"
    assert await conversations.faults(service) == []


async def test_a_sealed_record_is_taken_only_as_the_reporter_signed_it_for_the_custodians(service: Service) -> None:
    reporter = await a_sealed_inbox(service)
    good, other = await a_sealed_record(reporter, b"", "a"), await a_sealed_record(reporter, b"x", "c")
    fewer = good["identity"] | {"shares": good["identity"]["shares"][:2]}
    refused = {
        "not-signed-by-reporter": [good | {"signature": None}, good | {"signature": other["signature"]}],
        "sealed-to-others": [good | {"identity": fewer}],
    }
    for slug, bodies in refused.items():
        for body in bodies:
            assert slug_of(await reporter.inbox.send("PUT", "/sealed-identity", body), 409) == slug
    assert (await reporter.inbox.send("PUT", "/sealed-identity", good)).status_code == 200
    assert slug_of(await reporter.inbox.send("PUT", "/sealed-identity", good), 409) == "sent-before"


async def test_who_opens_the_inbox_for_themselves_gives_no_name_in_clear(service: Service) -> None:
    reporter = await a_sealed_inbox(service)
    for method, body in (("PUT", GIVES), ("DELETE", None)):
        assert slug_of(await reporter.inbox.send(method, "/identity", body), 409) == "inbox-sealed"
