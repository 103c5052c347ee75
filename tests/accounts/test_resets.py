"""A forgotten password is no way into what it opened: an administrator who resets an account reads nothing by it."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.accounts.models import Account
from app.audit.verify import verify
from app.cases.models import CaseKeyGrant
from app.kernel.db import table_of
from app.policy.guard import operations
from app.policy.permissions import Permission
from tests.builders import cases
from tests.builders.accounts import (
    PASSWORD,
    activated,
    an_account,
    another_administrator,
    code_of,
    events,
    problem_of,
    signed_in,
    try_to_sign_in,
)
from tests.builders.cases import OpenFile
from tests.builders.intake import submitted_for_many
from tests.conftest import Actor, Clock, Service

ACCOUNTS, GRANTS = table_of(Account), table_of(CaseKeyGrant)


@pytest.fixture
async def case(service: Service) -> OpenFile:
    """A case that the investigator works."""
    return await cases.an_investigation(service)


async def reset(administrator: httpx.AsyncClient, account_id: Any, **headers: str) -> httpx.Response:  # noqa: ANN401 a UUID or its text
    """Return the answer to resetting an account."""
    return await administrator.post(f"/v1/accounts/{account_id}/reset", headers=headers)


async def taken_over(actors: SimpleNamespace, client: httpx.AsyncClient, victim: Actor) -> None:
    """The client is signed in as somebody whom an administrator has reset, and whose account they activated themselves."""
    answer = await reset(actors.administrator, victim.account_id)
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "invited"
    await signed_in(client, victim.username, PASSWORD, await activated(client, answer.json()))


async def test_an_administrator_who_resets_an_investigator_and_becomes_them_opens_no_case(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, case: OpenFile
) -> None:
    paths = [
        operation.path.replace("{case_id}", str(case.id))
        for operation in operations(service.app)
        if operation.method == "GET"
        and operation.guards[0].relation == "case"
        and operation.guards[0].permission is not Permission.KEY_RECOVER
        and operation.path.count("{") == 1
    ]
    read = [path for path in paths if (await actors.investigator.get(path)).status_code == 200]
    assert len(read) > 5
    await taken_over(actors, anonymous, actors.investigator)
    assert [one["id"] for one in (await anonymous.get("/v1/cases")).json()["items"]] == [str(case.id)]
    assert {path: (await anonymous.get(path)).status_code for path in read} == dict.fromkeys(read, 423)
    body = {"label": "1", "title": "Records"}
    assert problem_of(await anonymous.post(f"{case.url}/themes", json=body)) == (423, "locked")
    assert "account.reset" in await events(service)


async def test_nothing_of_a_conversation_opens_for_a_representative_who_was_reset(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    made = await submitted_for_many(actors.representative)
    path = f"/v1/collective-grievances/{made['id']}"
    followed = await actors.representative.get(path)
    await taken_over(actors, anonymous, actors.representative)
    answer = await anonymous.get(path)
    assert (followed.status_code, answer.status_code) == (200, 423)


async def test_a_reset_ends_every_session_at_once_and_the_old_password_signs_nobody_in(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, case: OpenFile, clock: Clock
) -> None:
    investigator: Actor = actors.investigator
    assert (await reset(actors.administrator, investigator.account_id)).status_code == 201
    assert (await investigator.get("/v1/me")).status_code == 401
    assert (await investigator.get(case.url)).status_code == 401
    refreshed = await investigator.post("/v1/auth/refresh", json={"refresh_token": investigator.refresh_token})
    assert refreshed.status_code == 401
    clock.advance(timedelta(minutes=1))
    code = code_of(investigator.totp_secret)
    refused = await try_to_sign_in(anonymous, investigator.username, investigator.password, code)
    assert problem_of(refused) == (401, "sign-in-refused")


async def test_the_unlock_secret_of_before_opens_nothing_for_the_session_of_after(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, case: OpenFile
) -> None:
    earlier = actors.investigator.headers["X-Unlock"]
    await taken_over(actors, anonymous, actors.investigator)
    assert (await anonymous.get(case.url, headers={"X-Unlock": earlier})).status_code == 423


async def test_a_reset_forgets_password_key_pair_passphrase_and_second_factor_and_no_appointment(
    service: Service, actors: SimpleNamespace, case: OpenFile
) -> None:
    investigator: Actor = actors.investigator
    draft = {"current_password": investigator.password, "passphrase": "seven kites above the quay"}
    assert (await investigator.put("/v1/me/vault-passphrase", json=draft)).status_code == 204
    before = (await cases.read(actors.case_officer, case))["appointments"]
    assert (await reset(actors.administrator, investigator.account_id)).status_code == 201
    async with service.runtime.database.session(write=False) as session:
        found = await session.execute(select(ACCOUNTS).where(ACCOUNTS.c.id == investigator.account_id))
        row = found.mappings().one()
    kept = {name for name, value in row.items() if value is not None and name.startswith(("password", "vault", "totp"))}
    assert kept == {"totp_last_step", "totp_failures"}
    assert (row["public_key"], row["wrapped_seed"]) == (None, None)
    assert (await cases.read(actors.case_officer, case))["appointments"] == before
    assert str(investigator.account_id) in {one["account_id"] for one in before}


async def test_the_person_comes_back_with_another_key_pair_that_new_cases_are_opened_to(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    earlier = (await actors.investigator.get("/v1/me")).json()["public_key"]
    await taken_over(actors, anonymous, actors.investigator)
    assert (await anonymous.get("/v1/me")).json()["public_key"] != earlier
    case = await cases.an_accepted_case(service)
    await cases.appoint(actors.case_officer, case, actors.investigator, "investigator")
    assert (await anonymous.get(case.url)).status_code == 200


async def test_whoever_can_open_a_case_opens_it_again_to_who_was_reset_by_appointing_them_anew(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, case: OpenFile
) -> None:
    await taken_over(actors, anonymous, actors.investigator)
    officer, mine = actors.case_officer, str(actors.investigator.account_id)
    appointments = (await cases.read(officer, case))["appointments"]
    (standing,) = [one for one in appointments if one["account_id"] == mine]
    assert (await officer.delete(f"{case.url}/appointments/{standing['id']}")).status_code == 204
    await cases.appoint(officer, case, actors.investigator, "investigator")
    assert (await anonymous.get(case.url)).status_code == 200


async def test_nobody_resets_themselves_nor_whoever_is_not_active(actors: SimpleNamespace) -> None:
    administrator: Actor = actors.administrator
    assert problem_of(await reset(administrator, administrator.account_id)) == (409, "reset-by-oneself")
    invited = await an_account(administrator)
    assert problem_of(await reset(administrator, invited["id"])) == (409, "not-active")
    await administrator.post(f"/v1/accounts/{actors.hr.account_id}/suspension")
    assert problem_of(await reset(administrator, actors.hr.account_id)) == (409, "not-active")
    assert problem_of(await reset(administrator, "0197a000-0000-7000-8000-000000000001")) == (404, "not-found")


async def test_a_reset_of_a_version_that_was_changed_since_is_refused(actors: SimpleNamespace) -> None:
    refused = await reset(actors.administrator, actors.hr.account_id, **{"If-Match": '"9"'})
    assert problem_of(refused) == (412, "precondition-failed")
    assert (await actors.hr.get("/v1/me")).status_code == 200


async def test_two_administrators_who_reset_each_other_leave_one(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    second = await another_administrator(actors.administrator, anonymous)
    assert (await reset(actors.administrator, second)).status_code == 201
    assert (await reset(anonymous, actors.administrator.account_id)).status_code == 401
    assert (await actors.administrator.get("/v1/accounts")).status_code == 200


async def test_only_administrators_reset(actors: SimpleNamespace) -> None:
    for name in ("case_officer", "auditor", "custodian", "hr"):
        assert (await reset(getattr(actors, name), actors.staff.account_id)).status_code == 404


async def test_every_reset_is_in_the_log_and_every_row_is_as_the_log_says(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, case: OpenFile
) -> None:
    await taken_over(actors, anonymous, actors.investigator)
    assert (await events(service))[-4:] == ["account.reset", "account.enrolled", "account.activated", "session.started"]
    async with service.runtime.database.session(write=False) as session:
        assert (await verify(session, service.runtime.keys)).faults == []
