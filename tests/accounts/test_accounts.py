"""Administrators say who has an account, invite, suspend and let in again."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from app.accounts import service as accounts
from app.accounts.models import Account
from app.audit.verify import verify
from app.kernel.sealed import OpenKeys, open_keys
from app.policy.actors import Role
from tests.builders.accounts import (
    PASSWORD,
    activated,
    an_account,
    code_of,
    events,
    problem_of,
    put_roles,
    signed_in,
    try_to_sign_in,
    wrong_code_of,
)
from tests.conftest import Clock, Service

ROUTES = [
    ("POST", "/v1/accounts"),
    ("GET", "/v1/accounts"),
    ("GET", "/v1/accounts/{id}"),
    ("PUT", "/v1/accounts/{id}/roles"),
    ("POST", "/v1/accounts/{id}/suspension"),
    ("DELETE", "/v1/accounts/{id}/suspension"),
    ("POST", "/v1/accounts/{id}/invitation"),
]


async def test_an_invited_account_is_listed_and_read_without_its_one_time_password(actors: SimpleNamespace) -> None:
    invited = await an_account(actors.administrator, "d.okafor", "reviewer", "investigator")
    assert invited["valid_until"] == "2026-03-09"
    assert invited["roles"] == ["investigator", "reviewer"]

    read = await actors.administrator.get(f"/v1/accounts/{invited['id']}")
    assert read.headers["ETag"] == f'"{read.json()["version"]}"'
    assert read.json() == {
        "id": invited["id"],
        "username": "d.okafor",
        "display_name": "Dora Okafor",
        "roles": ["investigator", "reviewer"],
        "state": "invited",
        "version": 1,
    }
    assert read.json() in (await actors.administrator.get("/v1/accounts?limit=200")).json()["items"]


async def test_accounts_come_in_pages_and_each_once(actors: SimpleNamespace) -> None:
    everyone = {str(actor.account_id) for actor in vars(actors).values()}
    found: list[str] = []
    cursor = ""
    while True:
        page = (await actors.administrator.get(f"/v1/accounts?limit=5{cursor}")).json()
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(found) == len(everyone)
    assert set(found) == everyone


@pytest.mark.parametrize("taken", ["d.okafor", "D.OKAFOR", "\uff44.okafor"])
async def test_a_username_belongs_to_one_account(actors: SimpleNamespace, taken: str) -> None:
    await an_account(actors.administrator, "d.okafor")
    body = {"username": taken, "display_name": "Another", "roles": ["hr"]}
    assert problem_of(await actors.administrator.post("/v1/accounts", json=body)) == (409, "username-taken")


@pytest.mark.parametrize(
    "change",
    [
        {"username": "with blanks"},
        {"username": "tab\t"},
        {"username": ""},
        {"display_name": " "},
        {"display_name": "two\nlines"},
        {"roles": []},
        {"roles": ["superuser"]},
        {"state": "active"},
    ],
)
async def test_what_breaks_the_format_invites_nobody(actors: SimpleNamespace, change: dict[str, Any]) -> None:
    body = {"username": "d.okafor", "display_name": "Dora Okafor", "roles": ["hr"], **change}
    assert (await actors.administrator.post("/v1/accounts", json=body)).status_code == 422


async def test_an_invitation_asked_for_again_with_its_key_is_the_same_invitation(actors: SimpleNamespace) -> None:
    body = {"username": "d.okafor", "display_name": "Dora Okafor", "roles": ["hr"]}
    headers = {"Idempotency-Key": "a random key of this client"}
    first, again = [await actors.administrator.post("/v1/accounts", json=body, headers=headers) for _ in range(2)]
    assert first.json() == again.json()
    assert (first.status_code, again.status_code) == (201, 201)


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_for_everyone_but_administrators_these_doors_do_not_exist(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, method: str, path: str
) -> None:
    there, nowhere = path.format(id=actors.hr.account_id), path.format(id=uuid4())
    body = {"username": "x", "display_name": "x", "roles": ["hr"]} if path == "/v1/accounts" else {"roles": ["hr"]}
    wanted = body if method in {"POST", "PUT"} else None
    for name, actor in vars(actors).items():
        if name != "administrator":
            answers = [await actor.request(method, at, json=wanted) for at in (there, nowhere)]
            assert [answer.status_code for answer in answers] == [404, 404]
            assert answers[0].content == answers[1].content
    assert (await anonymous.request(method, there, json=wanted)).status_code == 401


async def test_an_account_of_another_organisation_does_not_exist(service: Service, actors: SimpleNamespace) -> None:
    token = open_keys.set(OpenKeys(service.runtime.keys))
    async with service.runtime.database.session(write=True) as session:
        other = await accounts.found_organisation(session, "Another Council")
        stranger, _ = await accounts.invite(session, service.runtime.keys, other.id, "stranger", "S", [Role.HR])
    open_keys.reset(token)

    for account_id in (stranger.id, uuid4()):
        assert (await actors.administrator.get(f"/v1/accounts/{account_id}")).status_code == 404
        assert (await put_roles(actors.administrator, account_id, "staff")).status_code == 404
        for method, part in (("POST", "suspension"), ("DELETE", "suspension"), ("POST", "invitation")):
            answer = await actors.administrator.request(method, f"/v1/accounts/{account_id}/{part}")
            assert answer.status_code == 404
    listed = (await actors.administrator.get("/v1/accounts?limit=200")).json()["items"]
    assert str(stranger.id) not in {item["id"] for item in listed}

    body = {"username": "stranger", "display_name": "x", "roles": ["hr"]}
    assert problem_of(await actors.administrator.post("/v1/accounts", json=body)) == (409, "username-taken")


async def test_signing_in_does_not_change_the_version(actors: SimpleNamespace) -> None:
    path = f"/v1/accounts/{actors.hr.account_id}"
    before = (await actors.administrator.get(path)).headers["ETag"]
    await actors.hr.sign_in()
    assert (await actors.administrator.get(path)).headers["ETag"] == before


async def test_suspension_ends_every_session_and_lets_nobody_in(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    hr, path = actors.hr, f"/v1/accounts/{actors.hr.account_id}/suspension"
    tokens = await signed_in(anonymous, hr.username, hr.password, hr.totp_secret)
    suspended = await actors.administrator.post(path)
    assert (suspended.status_code, suspended.json()["state"]) == (200, "suspended")

    assert (await hr.get("/v1/me")).status_code == 401
    assert (await anonymous.get("/v1/me")).status_code == 401
    refresh = await anonymous.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert problem_of(refresh) == (401, "sign-in-refused")
    clock.advance(timedelta(minutes=1))
    refused = await try_to_sign_in(anonymous, hr.username, hr.password, code_of(hr.totp_secret))
    assert refused.status_code == 401

    lifted = await actors.administrator.delete(path)
    assert (lifted.status_code, lifted.json()["state"]) == (200, "active")
    assert (await hr.get("/v1/me")).status_code == 401
    await signed_in(anonymous, hr.username, hr.password, hr.totp_secret)


async def test_suspending_twice_or_lifting_nothing_changes_nothing(service: Service, actors: SimpleNamespace) -> None:
    path = f"/v1/accounts/{actors.hr.account_id}/suspension"
    before = await events(service)
    assert (await actors.administrator.delete(path)).json()["state"] == "active"
    for _ in range(2):
        assert (await actors.administrator.post(path)).json()["state"] == "suspended"
    assert await events(service) == [*before, "account.suspended"]


async def test_an_account_comes_back_from_suspension_as_far_as_it_was(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    invited = await an_account(actors.administrator)
    path = f"/v1/accounts/{invited['id']}/suspension"
    for expected in ("invited", "enrolling"):
        await actors.administrator.post(path)
        assert (await actors.administrator.delete(path)).json()["state"] == expected
        secret = await activated(anonymous, invited)
    await signed_in(anonymous, invited["username"], PASSWORD, secret)


async def test_a_new_invitation_makes_the_earlier_one_void(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    earlier = await an_account(actors.administrator)
    intercepted = await activated(anonymous, earlier, "chosen by somebody else")
    clock.advance(timedelta(days=20))
    await actors.administrator.sign_in()
    again = await actors.administrator.post(f"/v1/accounts/{earlier['id']}/invitation")
    assert (again.status_code, again.json()["state"], again.json()["valid_until"]) == (201, "invited", "2026-03-29")
    async with service.runtime.database.session(write=False) as session:
        account = (await session.execute(select(Account).where(Account.id == UUID(earlier["id"])))).scalar_one()
    left = (account.password_salt, account.password_verifier, account.wrapped_seed, account.public_key)
    assert (*left, account.totp_secret) == (None,) * 5

    refused = await try_to_sign_in(anonymous, "d.okafor", "chosen by somebody else", code_of(intercepted))
    assert refused.status_code == 401
    body = {"username": "d.okafor", "one_time_password": earlier["one_time_password"], "password": PASSWORD}
    assert (await anonymous.post("/v1/auth/activation", json=body)).status_code == 401
    await signed_in(anonymous, "d.okafor", PASSWORD, await activated(anonymous, again.json()))


async def test_no_administrator_recovers_the_password_of_an_account_that_was_activated(actors: SimpleNamespace) -> None:
    for _ in ("active", "suspended"):
        again = await actors.administrator.post(f"/v1/accounts/{actors.hr.account_id}/invitation")
        assert problem_of(again) == (409, "not-awaiting-activation")
        await actors.administrator.post(f"/v1/accounts/{actors.hr.account_id}/suspension")


async def test_every_act_is_in_the_log_and_every_row_is_as_the_log_says(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    before = await events(service)
    invited = await an_account(actors.administrator)
    await actors.administrator.post(f"/v1/accounts/{invited['id']}/invitation")
    invited = await an_account(actors.administrator, "second")
    secret = await activated(anonymous, invited)
    await try_to_sign_in(anonymous, "second", PASSWORD, wrong_code_of(secret))
    tokens = await signed_in(anonymous, "second", PASSWORD, secret)
    body = {"refresh_token": tokens["refresh_token"]}
    for _ in range(2):
        await anonymous.post("/v1/auth/refresh", json=body)
    clock.advance(timedelta(minutes=1))
    await signed_in(anonymous, "second", PASSWORD, secret)
    change = {"current_password": PASSWORD, "new_password": "nine herons on a wet roof"}
    assert (await anonymous.put("/v1/me/password", json=change)).status_code == 204
    await anonymous.post("/v1/auth/revoke")
    await put_roles(actors.administrator, invited["id"], "hr", "staff")
    for method in ("POST", "DELETE"):
        await actors.administrator.request(method, f"/v1/accounts/{invited['id']}/suspension")

    assert (await events(service))[len(before) :] == [
        "account.invited",
        "account.invited_again",
        "account.invited",
        "account.enrolled",
        "code.refused",
        "account.activated",
        "session.started",
        "session.reuse_detected",
        "session.started",
        "password.changed",
        "session.ended",
        "roles.changed",
        "account.suspended",
        "account.suspension_lifted",
    ]
    async with service.runtime.database.session(write=False) as session:
        result = await verify(session, service.runtime.keys)
    assert [fault for fault in result.faults if "channel" not in fault.what] == []
