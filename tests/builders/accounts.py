"""Accounts as tests want them, made over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pyotp
from sqlalchemy import select

from app.audit.models import AuditEvent
from app.kernel import clock
from tests.conftest import Service

PASSWORD = "blue tram over the Itchen"


async def an_account(administrator: httpx.AsyncClient, username: str = "d.okafor", *roles: str) -> dict[str, Any]:
    """Return an invited account, with its one-time password."""
    body = {"username": username, "display_name": "Dora Okafor", "roles": roles or ["investigator"]}
    answer = await administrator.post("/v1/accounts", json=body)
    assert answer.status_code == 201, answer.text
    invited: dict[str, Any] = answer.json()
    return invited


async def activated(client: httpx.AsyncClient, invited: dict[str, Any], password: str = PASSWORD) -> str:
    """Return the secret of the second factor of an account that has chosen its password."""
    body = {
        "username": invited["username"],
        "one_time_password": invited["one_time_password"],
        "password": password,
    }
    answer = await client.post("/v1/auth/activation", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["totp_secret"])


def code_of(totp_secret: str) -> str:
    """Return the code that the authenticator shows now."""
    return pyotp.TOTP(totp_secret).at(clock.now())


def wrong_code_of(totp_secret: str) -> str:
    """Return six digits that the authenticator does not show near now."""
    otp, now = pyotp.TOTP(totp_secret), clock.now()
    near = {otp.at(now + timedelta(seconds=30 * step)) for step in (-2, -1, 0, 1, 2)}
    return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in near)


async def try_to_sign_in(client: httpx.AsyncClient, username: str, password: str, totp_code: str) -> httpx.Response:
    """Return the answer to one attempt."""
    body = {"username": username, "password": password, "totp_code": totp_code}
    return await client.post("/v1/auth/token", json=body)


def as_session(client: httpx.AsyncClient, tokens: dict[str, Any]) -> httpx.AsyncClient:
    """Return the client, which uses these tokens from now on."""
    client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    client.headers.pop("X-Unlock", None)
    if tokens["unlock_secret"] is not None:
        client.headers["X-Unlock"] = tokens["unlock_secret"]
    return client


async def signed_in(client: httpx.AsyncClient, username: str, password: str, totp_secret: str) -> dict[str, Any]:
    """Return the tokens of a new session, which the client uses from now on."""
    answer = await try_to_sign_in(client, username, password, code_of(totp_secret))
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    as_session(client, tokens)
    return tokens


async def another_administrator(administrator: httpx.AsyncClient, client: httpx.AsyncClient) -> UUID:
    """Return the id of a second administrator, who is active and signed in at `client`."""
    invited = await an_account(administrator, "second.administrator", "administrator")
    await signed_in(client, invited["username"], PASSWORD, await activated(client, invited))
    return UUID(invited["id"])


async def put_roles(client: httpx.AsyncClient, account_id: UUID | str, *roles: str) -> httpx.Response:
    """Return the answer to giving those roles on the account's present version."""
    seen = await client.get(f"/v1/accounts/{account_id}")
    tag = {"If-Match": seen.headers.get("ETag", '"1"')}
    return await client.put(f"/v1/accounts/{account_id}/roles", json={"roles": roles}, headers=tag)


async def events(service: Service) -> list[str]:
    """Return the names of all events, in order."""
    async with service.runtime.database.session(write=False) as session:
        statement = select(AuditEvent.event).where(AuditEvent.chain_id == AuditEvent.organisation_id)
        return list((await session.execute(statement.order_by(AuditEvent.sequence))).scalars())


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    """Return status and type of a refusal."""
    return answer.status_code, answer.json()["type"].rpartition("/")[2]
