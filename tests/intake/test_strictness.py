"""What a submission may hold: as the document says and no looser, for what is taken loosely is read in two ways."""

from types import SimpleNamespace

import httpx
import pytest

from tests.builders import intake
from tests.builders.intake import a_grievance, grievances_of
from tests.builders.reports import slug_of
from tests.conftest import Service


async def test_an_identity_that_would_be_stored_longer_than_nobodys_is_refused(anonymous: httpx.AsyncClient) -> None:
    name = "Sam " + 199 * "🐦"
    fits = a_grievance("confidential", identity={"name": name, "contact": 150 * "x"})
    await intake.submitted(anonymous, fits)
    too_long = a_grievance("confidential", identity={"name": name, "contact": 200 * "x", "employee_number": name})
    answer = await anonymous.post(grievances_of(), json=too_long)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/identity"]
    assert "1020 bytes" in answer.json()["errors"][0]["rule"]
    assert "Sam" not in answer.text


@pytest.mark.parametrize("path", ["a%00b", "A", "%F0%9F%90%A6", "x" * 61])
async def test_an_address_that_no_channel_can_have_is_refused_whatever_the_database(
    anonymous: httpx.AsyncClient, path: str
) -> None:
    assert (await anonymous.get(f"/v1/channels/{path}")).status_code == 422
    assert (await anonymous.post(f"/v1/channels/{path}/grievances", json=a_grievance())).status_code == 422


async def test_two_grievances_never_share_a_receipt(service: Service, anonymous: httpx.AsyncClient) -> None:
    body = a_grievance(reporter_keys=intake.ReporterClient().keys())
    assert (await intake.submitted(anonymous, body))["receipt"] is None
    keys = set(intake.erasure_keys_in(service.runtime.settings.erasure_folder))
    again = await anonymous.post(grievances_of(), json=body)
    assert slug_of(again, 409) == "receipt-taken"
    assert set(intake.erasure_keys_in(service.runtime.settings.erasure_folder)) == keys
    async with service.runtime.database.session(write=False) as session:
        assert await intake.how_many_grievances(session) == 1


async def test_what_nobody_sees_is_not_kept(anonymous: httpx.AsyncClient) -> None:
    """A text that turns its direction reads as something else than what is searched for names."""
    told = "\u2068Sam\u2069 saw \u202eyawollaH\u202c on 12\u200b March"
    body = a_grievance("anonymous", narrative=told)
    inbox = await intake.inbox_of(anonymous, receipt=(await intake.submitted(anonymous, body))["receipt"])
    assert inbox["narrative"] == "Sam saw yawollaH on 12 March"


@pytest.mark.parametrize(
    ("field", "value"),
    [("number", "31"), ("number", True), ("claimed_on", 0), ("claimed_on", "9999-12-31"), ("claimed_on", "20200102")],
)
async def test_a_claim_takes_numbers_and_days_as_they_are_documented(
    actors: SimpleNamespace, field: str, value: object
) -> None:
    body = intake.a_collective_grievance()
    body["headcount_claims"][0][field] = value
    answer = await actors.representative.post(intake.collective_grievances_of(), json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/headcount_claims/0/{field}"]
