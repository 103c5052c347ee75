"""A session lives by tokens and an unlock secret that only the client keeps; ending it ends the power to open anything."""

import asyncio
import base64
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select

from app.accounts.models import Account, RefreshToken, Session
from app.accounts.secrets import open_session_key
from app.crypto import hpke
from app.crypto.errors import SealBroken
from tests.builders.accounts import PASSWORD, as_session, code_of, signed_in, try_to_sign_in
from tests.conftest import Clock, Service

LATER = timedelta(minutes=1)


async def refreshed(client: httpx.AsyncClient, tokens: dict[str, Any], unlock: str | None = None) -> httpx.Response:
    """Return the answer to using a refresh token; with the session's own unlock secret unless another is given."""
    headers = {"X-Unlock": unlock or tokens["unlock_secret"]}
    return await client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}, headers=headers)


async def sessions_of(service: Service, account_id: UUID) -> list[Session]:
    """Return the rows of the account's sessions."""
    async with service.runtime.database.session(write=False) as session:
        return list((await session.execute(select(Session).where(Session.account_id == account_id))).scalars())


async def a_session(anonymous: httpx.AsyncClient, actor: Any) -> dict[str, Any]:  # noqa: ANN401 an actor of the cast
    """Return the tokens of a new session of the actor, which `anonymous` uses from now on."""
    return await signed_in(anonymous, actor.username, actor.password, actor.totp_secret)


async def test_a_session_says_who_one_is(actors: SimpleNamespace) -> None:
    me = await actors.investigator.get("/v1/me")
    assert me.status_code == 200
    assert len(base64.b64decode(me.json().pop("public_key"))) == hpke.PUBLIC_KEY_BYTES
    assert {name: value for name, value in me.json().items() if name != "public_key"} == {
        "id": str(actors.investigator.account_id),
        "username": "investigator",
        "display_name": "Investigator",
        "roles": ["investigator"],
    }


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer x", "Basic aHI6aHI=", "Bearer a.b.c"])
async def test_without_a_good_access_token_one_is_nobody(anonymous: httpx.AsyncClient, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    refused = await anonymous.get("/v1/me", headers=headers)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_an_access_token_ends_and_its_session_goes_on(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    tokens = await a_session(anonymous, actors.hr)
    clock.advance(timedelta(minutes=10))
    assert (await anonymous.get("/v1/me")).status_code == 401
    following = await refreshed(anonymous, tokens)
    assert following.status_code == 200
    assert (await as_session(anonymous, following.json()).get("/v1/me")).status_code == 200


async def test_a_refresh_changes_the_refresh_token_and_the_unlock_secret(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    earlier = {row.id for row in await sessions_of(service, actors.hr.account_id)}
    first = await a_session(anonymous, actors.hr)
    second = (await refreshed(anonymous, first)).json()
    assert len({first["refresh_token"], second["refresh_token"], first["unlock_secret"], second["unlock_secret"]}) == 4

    (row,) = [row for row in await sessions_of(service, actors.hr.account_id) if row.id not in earlier]
    seed = open_session_key(second["unlock_secret"], row.sealed_seed or b"", row.id, row.account_id)
    public_key = (await anonymous.get("/v1/me")).json()["public_key"]
    assert hpke.public_key(seed) == base64.b64decode(public_key)
    with pytest.raises(SealBroken):
        open_session_key(first["unlock_secret"], row.sealed_seed or b"", row.id, row.account_id)


@pytest.mark.parametrize("unlock", [None, "wrong", "A" * 43, "not base64 !"])
async def test_a_stolen_refresh_token_is_nothing_without_the_unlock_secret(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, unlock: str | None
) -> None:
    tokens = await a_session(anonymous, actors.hr)
    del anonymous.headers["X-Unlock"]
    headers = {} if unlock is None else {"X-Unlock": unlock}
    body = {"refresh_token": tokens["refresh_token"]}
    assert (await anonymous.post("/v1/auth/refresh", json=body, headers=headers)).status_code == 423
    assert (await refreshed(anonymous, tokens)).status_code == 200


async def test_a_refresh_token_used_twice_ends_the_session_for_both_users(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    before = len(await sessions_of(service, actors.hr.account_id))
    tokens = await a_session(anonymous, actors.hr)
    following = (await refreshed(anonymous, tokens)).json()
    again = await refreshed(anonymous, tokens)
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (401, "sign-in-refused")

    assert (await as_session(anonymous, following).get("/v1/me")).status_code == 401
    assert (await refreshed(anonymous, following)).status_code == 401
    assert len(await sessions_of(service, actors.hr.account_id)) == before
    assert (await actors.hr.get("/v1/me")).status_code == 200


@pytest.mark.parametrize("attempt", range(3))
async def test_a_refresh_token_used_twice_at_once_is_good_once_at_most_and_the_session_ends(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, attempt: int
) -> None:
    tokens = await a_session(anonymous, actors.hr)
    answers = await asyncio.gather(*(refreshed(anonymous, tokens) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert (await as_session(anonymous, won).get("/v1/me")).status_code == 401


async def test_an_unknown_refresh_token_and_one_too_old_look_the_same(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    tokens = await a_session(anonymous, actors.hr)
    unknown = await refreshed(anonymous, {**tokens, "refresh_token": "A" * 43})
    clock.advance(timedelta(days=14))
    old = await refreshed(anonymous, tokens)
    assert (unknown.status_code, unknown.content) == (old.status_code, old.content) == (401, old.content)


async def test_a_session_that_is_used_goes_on_for_as_long_as_it_is_used(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    tokens = await a_session(anonymous, actors.hr)
    for _ in range(4):
        clock.advance(timedelta(days=8))
        answer = await refreshed(anonymous, tokens)
        assert answer.status_code == 200
        tokens = answer.json()
    assert (await as_session(anonymous, tokens).get("/v1/me")).status_code == 200
    async with service.runtime.database.session(write=False) as session:
        statement = (
            select(func.count())
            .select_from(RefreshToken)
            .join(Session, Session.id == RefreshToken.session_id)
            .where(Session.account_id == actors.hr.account_id, RefreshToken.expires_at <= clock.at)
        )
        left = (await session.execute(statement)).scalar_one()
    assert left <= 1  # of the session that the cast began with


async def test_signing_in_removes_the_account_s_sessions_that_ran_out(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    earlier = {row.id for row in await sessions_of(service, actors.hr.account_id)}
    clock.advance(timedelta(days=15))
    await a_session(anonymous, actors.hr)
    left = {row.id for row in await sessions_of(service, actors.hr.account_id)}
    assert len(left) == 1
    assert left.isdisjoint(earlier)
    assert await sessions_of(service, actors.staff.account_id) != []


async def test_signing_out_ends_this_session_and_no_other(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    tokens = await a_session(anonymous, actors.hr)
    assert (await anonymous.post("/v1/auth/revoke")).status_code == 204
    assert (await anonymous.get("/v1/me")).status_code == 401
    assert (await refreshed(anonymous, tokens)).status_code == 401
    assert (await anonymous.post("/v1/auth/revoke")).status_code == 401
    assert (await actors.hr.get("/v1/me")).status_code == 200


async def test_signing_out_twice_at_once_is_never_a_failure(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    await a_session(anonymous, actors.hr)
    answers = await asyncio.gather(*(anonymous.post("/v1/auth/revoke") for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [204, 401]
    assert (await anonymous.get("/v1/me")).status_code == 401


async def test_signing_out_everywhere_ends_all_sessions_of_oneself_and_of_nobody_else(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    tokens = await a_session(anonymous, actors.hr)
    assert (await actors.hr.post("/v1/auth/revoke-all")).status_code == 204
    assert (await actors.hr.get("/v1/me")).status_code == 401
    assert (await anonymous.get("/v1/me")).status_code == 401
    assert (await refreshed(anonymous, tokens)).status_code == 401
    assert await sessions_of(service, actors.hr.account_id) == []
    assert (await actors.staff.get("/v1/me")).status_code == 200


async def test_the_database_holds_no_token_and_no_unlock_secret(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    tokens = await a_session(anonymous, actors.hr)
    async with service.runtime.database.session(write=False) as session:
        rows = [
            value
            for table in (Account.__table__, Session.__table__, RefreshToken.__table__)
            for row in (await session.execute(select(table))).all()
            for value in row
            if isinstance(value, bytes)
        ]
    stored = b"".join(rows)
    for secret in (tokens["refresh_token"], tokens["unlock_secret"]):
        assert secret.encode() not in stored
        assert base64.urlsafe_b64decode(secret + "=") not in stored


async def test_a_new_password_keeps_the_key_pair_and_ends_the_other_sessions(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    hr = actors.hr
    tokens = await a_session(anonymous, hr)
    public_key = (await anonymous.get("/v1/me")).json()["public_key"]
    change = {"current_password": hr.password, "new_password": PASSWORD}
    assert (await anonymous.put("/v1/me/password", json=change)).status_code == 204

    assert (await hr.get("/v1/me")).status_code == 401
    assert (await anonymous.get("/v1/me")).json()["public_key"] == public_key
    assert (await refreshed(anonymous, tokens)).status_code == 200

    clock.advance(LATER)
    assert (await try_to_sign_in(anonymous, hr.username, hr.password, code_of(hr.totp_secret))).status_code == 401
    renewed = await signed_in(anonymous, hr.username, PASSWORD, hr.totp_secret)
    seeds = []
    for row in await sessions_of(service, hr.account_id):
        try:
            seeds.append(open_session_key(renewed["unlock_secret"], row.sealed_seed or b"", row.id, row.account_id))
        except SealBroken:
            continue
    assert [hpke.public_key(seed) for seed in seeds] == [base64.b64decode(public_key)]


async def test_a_password_is_changed_only_by_who_knows_it(actors: SimpleNamespace) -> None:
    change = {"current_password": "not the password", "new_password": PASSWORD}
    refused = await actors.hr.put("/v1/me/password", json=change)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "current-password-wrong")


@pytest.mark.parametrize("bad", ["password1234", "staff staff staff", "too short"])
async def test_a_new_password_is_a_good_one(actors: SimpleNamespace, bad: str) -> None:
    change = {"current_password": actors.staff.password, "new_password": bad}
    refused = await actors.staff.put("/v1/me/password", json=change)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/new_password")
    assert bad not in refused.text


async def test_two_changes_of_a_password_at_once_do_not_both_happen(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    hr = actors.hr
    chosen = ["nine herons on a wet roof", "seven otters in the rain"]
    answers = await asyncio.gather(
        *(
            hr.put("/v1/me/password", json={"current_password": hr.password, "new_password": password})
            for password in chosen
        )
    )
    assert sorted(answer.status_code for answer in answers) == [204, 403]
    (kept,) = [password for password, answer in zip(chosen, answers, strict=True) if answer.status_code == 204]
    clock.advance(LATER)
    await signed_in(anonymous, hr.username, kept, hr.totp_secret)


async def test_a_session_that_ends_while_its_password_is_changed_changes_nothing(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    hr = actors.hr
    await a_session(anonymous, hr)
    change = {"current_password": hr.password, "new_password": PASSWORD}
    answer, ended = await asyncio.gather(hr.put("/v1/me/password", json=change), anonymous.post("/v1/auth/revoke-all"))
    assert (answer.status_code, ended.status_code) in {(401, 204), (204, 401)}
