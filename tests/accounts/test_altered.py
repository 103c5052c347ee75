"""Whoever writes to the database, without the keys, becomes nobody by it."""

import logging
from collections.abc import Sequence
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import insert, select, update

from app.accounts import secrets
from app.accounts.models import Account, RefreshToken, RoleGrant, Session
from app.audit.verify import verify
from app.crypto import hpke
from app.kernel.db import table_of
from app.kernel.ids import new_id
from tests.builders import cases
from tests.builders.accounts import (
    PASSWORD,
    an_account,
    another_administrator,
    code_of,
    problem_of,
    put_roles,
    signed_in,
    try_to_sign_in,
)
from tests.builders.intake import (
    a_collective_grievance,
    a_grievance,
    collective_grievances_of,
    grievances_of,
    submitted,
)
from tests.conftest import Actor, Clock, Service

ACCOUNTS, GRANTS, SESSIONS, TOKENS = (table_of(model) for model in (Account, RoleGrant, Session, RefreshToken))
MALLORYS = "what Mallory chose, and 100 bits"
FAR = date(2030, 1, 1)
REFUSED = (401, "sign-in-refused")
ALTERED = (409, "account-altered")


async def row_of(service: Service, account_id: UUID) -> dict[str, Any]:
    """Return every column of an account, as whoever reads the database has it."""
    async with service.runtime.database.session(write=False) as session:
        return dict((await session.execute(select(ACCOUNTS).where(ACCOUNTS.c.id == account_id))).mappings().one())


async def alter(service: Service, account_id: UUID, **values: Any) -> None:  # noqa: ANN401 columns
    """The account's row has those values, written by somebody with the database's password."""
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(**values))


async def grants_of(service: Service, account_id: UUID) -> Sequence[dict[str, Any]]:
    """Return the rows of the account's roles."""
    async with service.runtime.database.session(write=False) as session:
        found = await session.execute(select(GRANTS).where(GRANTS.c.account_id == account_id))
        return [dict(row) for row in found.mappings()]


async def faults(service: Service) -> list[str]:
    """Return what the verifier says."""
    async with service.runtime.database.session(write=False) as session:
        return [fault.what for fault in (await verify(session, service.runtime.keys)).faults]


def told(caplog: pytest.LogCaptureFixture) -> set[tuple[str, str]]:
    """Return the errors that the operator was told, each with its account."""
    return {
        (record.__dict__["event"], record.__dict__["account"])
        for record in caplog.records
        if record.levelno == logging.ERROR
    }


@pytest.mark.parametrize("state", ["invited", "enrolling"])
async def test_an_invitation_that_somebody_wrote_into_the_database_activates_nothing(
    service: Service,
    actors: SimpleNamespace,
    anonymous: httpx.AsyncClient,
    caplog: pytest.LogCaptureFixture,
    state: str,
) -> None:
    for victim in (actors.administrator, actors.case_officer):
        await alter(
            service,
            victim.account_id,
            state=state,
            invitation_digest=secrets.digest(MALLORYS),
            invitation_until=FAR,
        )
        body = {"username": victim.username, "one_time_password": MALLORYS, "password": PASSWORD}
        refused = await anonymous.post("/v1/auth/activation", json=body)
        unknown = await anonymous.post("/v1/auth/activation", json={**body, "username": "nobody"})
        assert problem_of(refused) == REFUSED
        assert refused.content == unknown.content
        assert ("an account was altered", str(victim.account_id)) in told(caplog)
    assert await faults(service) == ["a row of accounts differs from its newest event"] * 2


async def test_an_invitation_is_not_made_longer_in_the_database(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    invited = await an_account(actors.administrator)
    await alter(service, UUID(invited["id"]), invitation_until=FAR)
    clock.advance(timedelta(days=30))
    body = {"username": "d.okafor", "one_time_password": invited["one_time_password"], "password": PASSWORD}
    assert problem_of(await anonymous.post("/v1/auth/activation", json=body)) == REFUSED


async def test_a_password_copied_from_another_row_signs_nobody_in(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    own, victim = actors.staff, actors.administrator
    copied = {
        name: value
        for name, value in (await row_of(service, own.account_id)).items()
        if name.startswith("password_") or name in {"wrapped_seed", "public_key", "tag"}
    }
    await alter(service, victim.account_id, **copied)
    answer = await try_to_sign_in(anonymous, victim.username, own.password, code_of(victim.totp_secret))
    assert problem_of(answer) == REFUSED


async def test_a_suspension_that_was_lifted_in_the_database_still_stands(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    hr = actors.hr
    assert (await actors.administrator.post(f"/v1/accounts/{hr.account_id}/suspension")).status_code == 200
    await alter(service, hr.account_id, state="active")
    answer = await try_to_sign_in(anonymous, hr.username, hr.password, code_of(hr.totp_secret))
    unknown = await try_to_sign_in(anonymous, "nobody", hr.password, "123456")
    assert (answer.status_code, answer.content) == (401, unknown.content)
    assert told(caplog) == {("an account was altered", str(hr.account_id))}
    assert hr.username not in caplog.text


async def test_a_number_that_the_service_never_writes_is_refused_like_any_other(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    hr = actors.hr
    await alter(service, hr.account_id, password_iterations=-1)
    answer = await try_to_sign_in(anonymous, hr.username, hr.password, code_of(hr.totp_secret))
    assert problem_of(answer) == REFUSED


async def test_a_session_that_somebody_wrote_into_the_database_earns_no_tokens(
    service: Service,
    actors: SimpleNamespace,
    anonymous: httpx.AsyncClient,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    victim, session_id, unlock_secret = actors.administrator, new_id(), secrets.new_unlock_secret()
    refresh_token, digest = secrets.new_refresh_token()
    of_victim = {"organisation_id": (await row_of(service, victim.account_id))["organisation_id"]}
    ends = {"expires_at": clock.at + timedelta(days=1)}
    sealed = secrets.seal_session_key(unlock_secret, hpke.new_seed(), session_id, victim.account_id)
    async with service.runtime.database.session(write=True) as session:
        row = {"id": session_id, "account_id": victim.account_id, "sealed_seed": sealed}
        await session.execute(insert(SESSIONS), [{**of_victim, **row, **ends}])
        row = {"id": new_id(), "session_id": session_id, "digest": digest, "used": False}
        await session.execute(insert(TOKENS), [{**of_victim, **row, **ends}])
    answer = await anonymous.post(
        "/v1/auth/refresh", json={"refresh_token": refresh_token}, headers={"X-Unlock": unlock_secret}
    )
    assert problem_of(answer) == REFUSED
    assert told(caplog) == {("a session was not begun", str(victim.account_id))}


async def test_a_session_does_not_outlive_its_account_as_the_service_wrote_it(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    hr = actors.hr
    tokens = await signed_in(anonymous, hr.username, hr.password, hr.totp_secret)
    await alter(service, hr.account_id, public_key=hpke.public_key(hpke.new_seed()))
    body = {"refresh_token": tokens["refresh_token"]}
    assert problem_of(await anonymous.post("/v1/auth/refresh", json=body)) == REFUSED
    change = {"current_password": hr.password, "new_password": PASSWORD}
    assert (await anonymous.put("/v1/me/password", json=change)).status_code == 401
    assert (await anonymous.post("/v1/auth/revoke-all")).status_code == 204


async def test_a_session_that_was_ended_and_put_back_goes_on_for_whoever_has_its_unlock_secret(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    hr = actors.hr
    tokens = await signed_in(anonymous, hr.username, hr.password, hr.totp_secret)
    async with service.runtime.database.session(write=False) as session:
        kept = {
            table: [dict(row) for row in (await session.execute(select(table))).mappings()]
            for table in (SESSIONS, TOKENS)
        }
    assert (await anonymous.post("/v1/auth/revoke")).status_code == 204
    body, unlock = {"refresh_token": tokens["refresh_token"]}, {"X-Unlock": tokens["unlock_secret"]}
    assert problem_of(await anonymous.post("/v1/auth/refresh", json=body, headers=unlock)) == REFUSED
    async with service.runtime.database.session(write=True) as session:
        for table, rows in kept.items():
            known = set((await session.execute(select(table.c.id))).scalars())
            await session.execute(insert(table), [row for row in rows if row["id"] not in known])
    other = {"X-Unlock": actors.staff.headers["X-Unlock"]}
    assert problem_of(await anonymous.post("/v1/auth/refresh", json=body, headers=other)) == (423, "locked")
    assert (await anonymous.post("/v1/auth/refresh", json=body, headers=unlock)).status_code == 200


async def test_no_case_key_is_granted_to_a_public_key_that_was_exchanged(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_accepted_case(service)
    await alter(service, actors.investigator.account_id, public_key=hpke.public_key(hpke.new_seed()))
    body = {"account_id": str(actors.investigator.account_id), "capacity": "investigator"}
    refused = await actors.case_officer.post(f"{case.url}/appointments", json=body)
    assert problem_of(refused) == (409, "account-not-eligible")


async def test_no_grievance_is_sealed_to_an_officer_whose_key_was_exchanged(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    await alter(service, actors.case_officer.account_id, public_key=hpke.public_key(hpke.new_seed()))
    reference = (await submitted(anonymous))["reference"]
    seen = [await actor.get("/v1/cases") for actor in (actors.case_officer, actors.other_case_officer)]
    assert [reference in answer.text for answer in seen] == [False, True]

    await alter(service, actors.other_case_officer.account_id, public_key=hpke.public_key(hpke.new_seed()))
    answer = await anonymous.post(grievances_of(), json=a_grievance())
    assert problem_of(answer) == (503, "channel-unattended")


async def test_nothing_is_sealed_for_a_representative_whose_key_was_exchanged(
    service: Service, actors: SimpleNamespace
) -> None:
    await alter(service, actors.representative.account_id, public_key=hpke.public_key(hpke.new_seed()))
    answer = await actors.representative.post(collective_grievances_of(), json=a_collective_grievance(3))
    assert answer.status_code == 404


async def test_an_administrator_does_not_put_the_service_s_tag_on_what_somebody_else_wrote(
    service: Service, actors: SimpleNamespace
) -> None:
    invited = await an_account(actors.administrator)
    await alter(service, UUID(invited["id"]), invitation_digest=secrets.digest(MALLORYS))
    path = f"/v1/accounts/{invited['id']}"
    assert problem_of(await put_roles(actors.administrator, invited["id"], "hr")) == ALTERED
    for method, part in (("POST", "suspension"), ("DELETE", "suspension"), ("POST", "invitation")):
        assert problem_of(await actors.administrator.request(method, f"{path}/{part}")) == ALTERED


@pytest.mark.parametrize("change", [{"role": "administrator"}, {"role": "administrator", "id": new_id()}])
async def test_a_role_that_somebody_wrote_into_the_database_opens_no_door(
    service: Service, actors: SimpleNamespace, caplog: pytest.LogCaptureFixture, change: dict[str, Any]
) -> None:
    hr = actors.hr
    (granted,) = await grants_of(service, hr.account_id)
    async with service.runtime.database.session(write=True) as session:
        if "id" in change:
            await session.execute(insert(GRANTS), [{**granted, **change}])
        else:
            await session.execute(update(GRANTS).where(GRANTS.c.id == granted["id"]).values(**change))
    assert (await hr.get("/v1/accounts")).status_code == 404
    assert told(caplog) == {("a role was not granted", str(hr.account_id))}
    assert "administrator" not in (await actors.administrator.get(f"/v1/accounts/{hr.account_id}")).json()["roles"]
    assert problem_of(await put_roles(actors.administrator, hr.account_id, "staff")) == ALTERED


async def test_a_role_that_ended_does_not_come_back_by_forgetting_its_end(
    service: Service, actors: SimpleNamespace
) -> None:
    hr = actors.hr
    await put_roles(actors.administrator, hr.account_id, "staff")
    async with service.runtime.database.session(write=True) as session:
        ended = (GRANTS.c.account_id == hr.account_id) & GRANTS.c.ended_on.is_not(None)
        await session.execute(update(GRANTS).where(ended).values(ended_on=None))
    assert (await hr.get("/v1/me")).json()["roles"] == ["staff"]


async def test_a_forged_administrator_is_none_that_could_remain(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    second = await another_administrator(actors.administrator, anonymous)
    await alter(service, second, invitation_until=FAR)
    only = actors.administrator
    assert problem_of(await put_roles(only, only.account_id, "staff")) == (409, "last-administrator")


async def test_a_whole_row_put_back_is_found_by_the_verifier_before_it_is_used(
    service: Service, actors: SimpleNamespace
) -> None:
    before = await row_of(service, actors.hr.account_id)
    await actors.administrator.post(f"/v1/accounts/{actors.hr.account_id}/suspension")
    assert await faults(service) == []
    await alter(service, actors.hr.account_id, **before)
    assert await faults(service) == ["a row of accounts differs from its newest event"]


async def test_whoever_is_honest_notices_nothing(service: Service, actors: SimpleNamespace, clock: Clock) -> None:
    clock.advance(timedelta(minutes=1))
    for actor in vars(actors).values():
        assert isinstance(actor, Actor)
        await actor.sign_in()
        assert (await actor.get("/v1/me")).status_code == 200
    assert await faults(service) == []
