"""A grievance that was sealed where it was written: the service stores it and can open none of it."""

import base64
import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from app.cases.models import CaseKeyGrant
from app.crypto import case_keys, hpke, identity, logproofs, receipts
from app.crypto.errors import SealBroken
from app.intake.models import Grievance
from app.kernel.db import Base
from app.vault import erasure
from tests.builders import cases, turned
from tests.builders.intake import HEADLINE, NARRATIVE, STATEMENTS, case_called, created, inbox_of, raised_in
from tests.builders.sealed import PERSON, SEALED, organisation, sealed_body, taken
from tests.conftest import Service


async def rows_in(service: Service) -> dict[str, int]:
    """Return how many rows each table has."""
    async with service.runtime.database.session(write=False) as session:
        return {
            table.name: (await session.execute(select(func.count()).select_from(table))).scalar_one()
            for table in Base.metadata.sorted_tables
        }


def files_in(service: Service) -> set[str]:
    """Return every erasure key."""
    return {path.name for path in service.runtime.settings.erasure_folder.rglob("*") if path.is_file()}


async def test_officers_read_it_and_the_receipt_reads_it_back(service: Service) -> None:
    receipt = receipts.new_receipt()
    answer = created(await service.client().post(SEALED, json=await sealed_body(service, receipt)))
    assert answer["receipt"] is None
    for officer in (service.actors.case_officer, service.actors.other_case_officer):
        raised = await raised_in(officer, answer["reference"])
        assert (raised["headline"], raised["narrative"]) == (HEADLINE, NARRATIVE)
        assert [one["statement"] for one in raised["allegations"]] == STATEMENTS
        assert raised["confidentiality"] == "confidential"
    inbox = await inbox_of(service.client(), receipt=receipt)
    assert (inbox["headline"], inbox["narrative"]) == (HEADLINE, NARRATIVE)


async def test_neither_text_nor_identity_nor_any_key_of_them_ever_reaches_the_service(service: Service) -> None:
    receipt = receipts.new_receipt()
    body = await sealed_body(service, receipt)
    sent = json.dumps(body)
    for secret in (HEADLINE, NARRATIVE, *STATEMENTS, PERSON.decode(), "Robin Ashe", receipt):
        assert secret not in sent
        assert base64.b64encode(secret.encode()).decode() not in sent
    created(await service.client().post(SEALED, json=body))


async def test_two_custodians_open_the_identity_and_one_does_not(service: Service) -> None:
    body = await sealed_body(service, receipts.new_receipt())
    created(await service.client().post(SEALED, json=body))
    sealed = body["identity"]
    shares = {UUID(one["custodian_id"]): base64.b64decode(one["share"]) for one in sealed["shares"]}
    page = (await service.client().get(SEALED.rpartition("/")[0])).json()
    reference = identity.reference_of(
        *(UUID(one) for one in (await organisation(service), body["case_id"], sealed["id"]))
    )
    commitments = tuple(base64.b64decode(one) for one in sealed["commitments"])
    of = identity.Sharing(reference, 2, frozenset(shares), commitments)
    seeds = {hpke.public_key(seed): seed for seed in service.custodian_seeds}
    pieces = {
        UUID(one["id"]): identity.open_share(
            hpke.PrivateKey(seeds[base64.b64decode(one["public_key"])]), of, UUID(one["id"]), shares[UUID(one["id"])]
        )
        for one in page["custodians"][:2]
    }
    shred_key = erasure.path_of(service.runtime.settings.erasure_folder, UUID(sealed["id"])).read_bytes()
    ciphertext, check = base64.b64decode(sealed["ciphertext"]), base64.b64decode(sealed["check"])
    assert identity.combine_identity(ciphertext, check, of, pieces, shred_key) == PERSON
    pieces.popitem()
    with pytest.raises(SealBroken):
        identity.combine_identity(ciphertext, check, of, pieces, shred_key)


async def test_the_first_act_of_an_officer_turns_the_key_and_deals_it(service: Service) -> None:
    answer = created(await service.client().post(SEALED, json=await sealed_body(service, receipts.new_receipt())))
    officer = service.actors.case_officer
    case = f"/v1/cases/{await case_called(officer, answer['reference'])}"
    assert (await officer.get(f"{case}/key")).json()["is_recoverable"] is False
    assert (await officer.post(f"{case}/acknowledgement")).status_code == 200
    await service.runtime.background.settled()
    key = (await officer.get(f"{case}/key")).json()
    assert (key["version"], key["is_complete"], key["is_recoverable"]) == (2, True, True)
    assert (await officer.post(f"{case}/acknowledgement")).status_code == 200
    assert (await officer.get(f"{case}/key")).json()["version"] == 2


async def test_the_first_act_counts_no_change_of_its_own_so_that_it_can_be_one_that_states_a_version(
    service: Service,
) -> None:
    case = await taken(service, await sealed_body(service, receipts.new_receipt()))
    officer = service.actors.case_officer
    etag = (await officer.get(case.url)).headers["ETag"]
    named = await officer.put(f"{case.url}/title", json={"title": "Night rota"}, headers={"If-Match": etag})
    assert named.status_code == 200, named.text
    assert (await turned.progress(officer, case))["version"] == 2
    await service.runtime.background.settled()
    assert await cases.faults_of(service, case) == []


async def test_the_keys_that_whoever_reported_kept_open_nothing_that_the_case_writes(service: Service) -> None:
    receipt = receipts.new_receipt()
    case = await taken(service, await sealed_body(service, receipt))
    officer = service.actors.case_officer
    [grievance] = await turned.grievances(service, case)
    kept = await turned.keys_of(service, officer, case)
    place = (case.organisation_id, case.id, grievance["id"])
    conversation = case_keys.open_under(kept[1], "conversation-for-case", *place, grievance["key_for_case"])
    etag = (await officer.get(case.url)).headers["ETag"]
    title = {"title": "The rota was altered"}
    assert (await officer.put(f"{case.url}/title", json=title, headers={"If-Match": etag})).status_code == 200
    written = await turned.values_of(service, case)
    assert [value[:2] for value in written] == [("cases", "title_sealed")]
    assert turned.what_opens(case, written, {1: kept[1], 2: kept[1]}) == []
    await service.runtime.background.settled()
    [now] = await turned.grievances(service, case)
    assert (now["key_version"], now["case_key_version"]) == (2, 2)
    with pytest.raises(SealBroken):
        case_keys.open_under(kept[1], "conversation-for-case", *place, now["key_for_case"])
    texts = await turned.texts_of(service, UUID(str(grievance["id"])))
    assert len(texts) > 5
    assert turned.what_opens(case, texts, {1: conversation, 2: conversation}, UUID(str(grievance["id"]))) == []
    assert (await inbox_of(service.client(), receipt=receipt))["narrative"] == NARRATIVE
    assert await turned.granted_versions(service, case) == {2}
    assert await cases.faults_of(service, case) == []


async def test_what_the_log_commits_to_is_what_was_said(service: Service) -> None:
    receipt = receipts.new_receipt()
    body = await sealed_body(service, receipt)
    created(await service.client().post(SEALED, json=body))
    inbox = await inbox_of(service.client(), receipt=receipt)
    said = logproofs.statement(
        headline=inbox["headline"],
        narrative=inbox["narrative"],
        capacity=inbox["capacity"],
        confidentiality=inbox["confidentiality"],
        allegations=[(one["label"], one["statement"]) for one in inbox["allegations"]],
    )
    salt, ids = bytes.fromhex(inbox["statement_salt"]), (UUID(await organisation(service)), UUID(body["grievance_id"]))
    assert logproofs.commit_to_statement(salt, *ids, said).commitment == body["statement"]
    assert body["statement"] in json.dumps(inbox["proof"])


Spoil = Callable[[dict[str, Any]], None]


def cut(*path: str | int) -> Spoil:
    """Return what shortens the bytes at a path by one."""

    def spoil(body: dict[str, Any]) -> None:
        *way, last = path
        place: Any = body
        for step in way:
            place = place[step]
        place[last] = base64.b64encode(base64.b64decode(place[last])[:-1]).decode()

    return spoil


def put(value: Any, *path: str | int) -> Spoil:  # noqa: ANN401 any JSON
    """Return what puts a value at a path."""

    def spoil(body: dict[str, Any]) -> None:
        *way, last = path
        place: Any = body
        for step in way:
            place = place[step]
        place[last] = value

    return spoil


def exchange_shares(body: dict[str, Any]) -> None:
    """Two custodians have each other's share."""
    one, other = body["identity"]["shares"][:2]
    one["share"], other["share"] = other["share"], one["share"]


def exchange_grants(body: dict[str, Any]) -> None:
    """Two officers have each other's grant."""
    one, other = body["grants"]
    one["sealed_key"], other["sealed_key"] = other["sealed_key"], one["sealed_key"]


def forget_an_officer(body: dict[str, Any]) -> None:
    """One officer is granted nothing."""
    body["grants"].pop()


def add_a_custodian(body: dict[str, Any]) -> None:
    """Somebody whom nobody knows holds a share."""
    body["identity"]["shares"][0]["custodian_id"] = str(uuid4())


def grant_twice(body: dict[str, Any]) -> None:
    """One officer is named twice."""
    body["grants"].append(deepcopy(body["grants"][0]))


def drop_a_commitment(body: dict[str, Any]) -> None:
    """One piece has no commitment."""
    body["identity"]["commitments"].pop()


def use_an_id_twice(body: dict[str, Any]) -> None:
    """Case and grievance have one id."""
    body["case_id"] = body["grievance_id"]


MALFORMED: dict[str, Spoil] = {
    "a short ciphertext": cut("identity", "ciphertext"),
    "a short check": cut("identity", "check"),
    "a short erasure key": cut("identity", "shred_key"),
    "a short grant": cut("grants", 0, "sealed_key"),
    "a short key for the case": cut("key_for_case"),
    "a short key for the sender": cut("key_for_sender"),
    "a key of another version": put(base64.b64encode(bytes([0, 0, 0, 2, 1, *bytes(90)])).decode(), "texts", "headline"),
    "a column of another format": put(
        base64.b64encode(bytes([0, 0, 0, 1, 9, *bytes(90)])).decode(), "texts", "headline"
    ),
    "a commitment that is no hash": put("f" * 63, "statement"),
    "an id that tells another day": put("019c0000-0000-7000-8000-000000000001", "case_id"),
    "an id that tells nothing of its day": put(str(uuid4()), "identity", "id"),
    "an id twice": use_an_id_twice,
    "a member too many": put(1, "texts", "colour"),
}


TO_OTHERS: dict[str, Spoil] = {
    "a short share": cut("identity", "shares", 0, "share"),
    "shares exchanged": exchange_shares,
    "grants exchanged": exchange_grants,
    "an officer forgotten": forget_an_officer,
    "an officer twice": grant_twice,
    "an unknown custodian": add_a_custodian,
    "a commitment missing": drop_a_commitment,
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_what_breaks_the_format_is_refused_and_leaves_nothing(service: Service, name: str) -> None:
    await refused(service, MALFORMED[name], 422, "invalid-input")


@pytest.mark.parametrize("name", TO_OTHERS)
async def test_what_is_sealed_to_others_is_refused_and_leaves_nothing(service: Service, name: str) -> None:
    await refused(service, TO_OTHERS[name], 409, "sealed-to-others")


async def refused(service: Service, spoil: Spoil, status: int, slug: str) -> None:
    """The spoilt body is refused so, and nothing of it is there."""
    body = await sealed_body(service, receipts.new_receipt())
    spoil(body)
    rows, files = await rows_in(service), files_in(service)
    answer = await service.client().post(SEALED, json=body)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, slug)
    assert (await rows_in(service), files_in(service)) == (rows, files)


async def test_nobody_takes_the_erasure_key_of_another_identity_away_by_its_id(service: Service) -> None:
    first = await sealed_body(service, receipts.new_receipt())
    created(await service.client().post(SEALED, json=first))
    path = erasure.path_of(service.runtime.settings.erasure_folder, UUID(first["identity"]["id"]))
    kept = path.read_bytes()
    second = await sealed_body(service, receipts.new_receipt())
    second["identity"]["id"] = first["identity"]["id"]
    answer = await service.client().post(SEALED, json=second)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "erasure-key-taken")
    assert path.read_bytes() == kept


@pytest.mark.parametrize("member", ["case_id", "grievance_id"])
async def test_an_id_that_is_taken_is_refused_and_changes_nothing(service: Service, member: str) -> None:
    first, receipt = await sealed_body(service, receipts.new_receipt()), receipts.new_receipt()
    created(await service.client().post(SEALED, json=first))
    second = await sealed_body(service, receipt)
    second[member] = first[member]
    rows, files = await rows_in(service), files_in(service)
    answer = await service.client().post(SEALED, json=second)
    assert answer.status_code == 409
    assert (await rows_in(service), files_in(service)) == (rows, files)


async def test_a_repeat_with_its_key_is_stored_once(service: Service) -> None:
    body = await sealed_body(service, receipts.new_receipt())
    headers = {"Idempotency-Key": "a fresh random key 0001"}
    first = await service.client().post(SEALED, json=body, headers=headers)
    assert (await service.client().post(SEALED, json=body, headers=headers)).json() == first.json()
    async with service.runtime.database.session(write=False) as session:
        assert await session.scalar(select(func.count()).select_from(Grievance)) == 1


async def test_an_officer_who_is_away_keeps_nobody_from_sealing_and_gets_no_grant(service: Service) -> None:
    body = await sealed_body(service, receipts.new_receipt())
    away = service.actors.other_case_officer
    administrator = service.actors.administrator
    suspended = await administrator.post(f"/v1/accounts/{away.account_id}/suspension")
    assert suspended.status_code in {200, 204}, suspended.text
    created(await service.client().post(SEALED, json=body))
    async with service.runtime.database.session(write=False) as session:
        granted = set(await session.scalars(select(CaseKeyGrant.account_id)))
    assert granted == {service.actors.case_officer.account_id}
