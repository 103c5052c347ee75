"""A grievance that was sealed wrongly where it was written: its officers find out, and whoever reported is told."""

import base64
from uuid import UUID

from app.crypto import case_keys, receipts
from tests.builders import cases, recoveries
from tests.builders.cases import OpenFile
from tests.builders.intake import NARRATIVE, case_called, created, inbox_of, raised_in
from tests.builders.reports import slug_of
from tests.builders.sealed import SEALED, break_the_grant, organisation, recipients_of, sealed_body, taken
from tests.builders.unchanged import unchanged
from tests.conftest import Actor, Service


async def acted_and_healed(service: Service, case: OpenFile, officer: Actor, other: Actor) -> None:
    """After an act of the officer both read the case, and both act on it."""
    assert (await officer.post(f"{case.url}/acknowledgement")).status_code == 200
    await service.runtime.background.settled()
    for one in (officer, other):
        assert (await raised_in(one, case.reference))["narrative"] == NARRATIVE
        assert (await one.post(f"{case.url}/acknowledgement")).status_code == 200
    assert await cases.faults_of(service, case) == []


async def sealed_for_nobody(service: Service, receipt: str) -> OpenFile:
    """Return a case of which one officer's grant does not open, and the other's key opens nothing."""
    body = await sealed_body(service, receipt)
    body["key_for_case"] = base64.b64encode(bytes(105)).decode()
    break_the_grant(body, service.actors.other_case_officer)
    return await taken(service, body)


async def test_officers_who_were_given_different_keys_have_one_once_the_one_whose_key_fits_acts(
    service: Service,
) -> None:
    fits, does_not = service.actors.case_officer, service.actors.other_case_officer
    body = await sealed_body(service, receipts.new_receipt())
    [account] = [one for one in (await recipients_of(service)).officers if one[0] == does_not.account_id]
    place = (case_keys.FIRST_VERSION, UUID(await organisation(service)), UUID(body["case_id"]), account[0])
    another = case_keys.seal_grant(case_keys.new_case_key(), *place, account[1])
    [grant] = [one for one in body["grants"] if one["account_id"] == str(account[0])]
    grant["sealed_key"] = base64.b64encode(another).decode()
    case = await taken(service, body)
    async with unchanged(service):
        assert slug_of(await does_not.post(f"{case.url}/acknowledgement"), 409) == "sealed-wrongly"
    await acted_and_healed(service, case, fits, does_not)


async def test_an_officer_whose_grant_does_not_open_is_told_so_and_reads_once_another_acted(service: Service) -> None:
    opens, does_not = service.actors.case_officer, service.actors.other_case_officer
    body = await sealed_body(service, receipts.new_receipt())
    break_the_grant(body, does_not)
    case = await taken(service, body)
    assert slug_of(await does_not.get(case.url), 409) == "sealed-wrongly"
    assert slug_of(await does_not.post(f"{case.url}/acknowledgement"), 409) == "sealed-wrongly"
    await acted_and_healed(service, case, opens, does_not)


async def test_an_officer_whose_key_pair_is_new_is_locked_out_and_not_told_of_wrong_sealing(service: Service) -> None:
    officer = service.actors.other_case_officer
    case = await taken(service, await sealed_body(service, receipts.new_receipt()))
    await recoveries.forget_the_password(service.actors.administrator, officer)
    assert slug_of(await officer.get(case.url), 423) == "locked"


async def test_who_seals_what_does_not_open_harms_their_own_case_alone(service: Service) -> None:
    body = await sealed_body(service, receipts.new_receipt())
    body["key_for_case"] = base64.b64encode(bytes(105)).decode()
    answer = created(await service.client().post(SEALED, json=body))
    officer = service.actors.case_officer
    case = f"/v1/cases/{await case_called(officer, answer['reference'])}"
    broken = await officer.get(f"{case}/grievances")
    assert broken.json()["type"].rpartition("/")[2] == "sealed-content-broken"
    async with unchanged(service):
        assert slug_of(await officer.post(f"{case}/acknowledgement"), 409) == "sealed-wrongly"
    assert (await officer.get(case)).status_code == 200
    assert (await officer.get("/v1/cases")).status_code == 200


async def test_who_sealed_wrongly_is_told_so_once_the_key_of_every_officer_was_tried_in_vain(service: Service) -> None:
    receipt = receipts.new_receipt()
    case = await sealed_for_nobody(service, receipt)
    first, second = service.actors.case_officer, service.actors.other_case_officer
    unreadability = f"{case.url}/unreadability"
    assert (await first.post(unreadability)).json()["state"] == "received"
    assert (await first.post(unreadability)).json()["state"] == "received"
    assert (await inbox_of(service.client(), receipt=receipt))["status"] == "received"
    assert (await second.post(unreadability)).json()["state"] == "unreadable"
    assert (await first.post(unreadability)).json()["state"] == "unreadable"
    shown = await inbox_of(service.client(), receipt=receipt)
    assert shown["status"] == "unreadable"
    assert "Please report again" in shown["status_in_words"]
    listed = (await first.get("/v1/cases", params={"state": "unreadable"})).json()["items"]
    assert [one["reference"] for one in listed] == [case.reference]
    assert await cases.faults_of(service, case) == []


async def test_an_officer_whose_key_opens_the_case_keeps_it_from_being_unreadable_whatever_others_declare(
    service: Service,
) -> None:
    body = await sealed_body(service, receipts.new_receipt())
    opens, does_not = service.actors.case_officer, service.actors.other_case_officer
    break_the_grant(body, does_not)
    case = await taken(service, body)
    assert (await does_not.post(f"{case.url}/unreadability")).json()["state"] == "received"
    assert slug_of(await opens.post(f"{case.url}/unreadability"), 409) == "case-readable"
    await acted_and_healed(service, case, opens, does_not)
    assert slug_of(await opens.post(f"{case.url}/unreadability"), 409) == "case-readable"


async def test_an_unreadable_case_is_acknowledged_if_a_key_opens_it_after_all(service: Service) -> None:
    """The officer whose key fits was away while the other declared."""
    body = await sealed_body(service, receipts.new_receipt())
    opens, does_not, administrator = (
        service.actors.case_officer, service.actors.other_case_officer, service.actors.administrator,
    )  # fmt: skip
    break_the_grant(body, does_not)
    case = await taken(service, body)
    suspension = f"/v1/accounts/{opens.account_id}/suspension"
    assert (await administrator.post(suspension)).status_code == 200
    assert (await does_not.post(f"{case.url}/unreadability")).json()["state"] == "unreadable"
    assert (await administrator.delete(suspension)).status_code == 200
    await opens.sign_in()
    assert (await opens.post(f"{case.url}/acknowledgement")).json()["state"] == "acknowledged"


async def test_who_has_no_key_that_the_case_was_sealed_to_cannot_declare_it_unreadable(service: Service) -> None:
    officer = service.actors.other_case_officer
    case = await taken(service, await sealed_body(service, receipts.new_receipt()))
    await recoveries.forget_the_password(service.actors.administrator, officer)
    assert slug_of(await officer.post(f"{case.url}/unreadability"), 423) == "locked"
    assert (await service.actors.investigator.post(f"{case.url}/unreadability")).status_code == 404
