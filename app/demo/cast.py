"""How the people of the play get in and ask: invitation, activation, sign-in, refresh. It knows nothing of the case."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pyotp

from app.demo.people import ADMINISTRATOR, CAST, Part

OK, CREATED, UNAUTHENTICATED = 200, 201, 401
_PASSWORD_BYTES = 15
_KEY_BYTES = 18
_STEPS_AHEAD = 1
"""The service takes the code of the next half minute too. Source: RFC 6238 section 5.2."""


class Unexpected(Exception):
    """The service answered otherwise than the play has it. The message names the request and the problem, no content."""


def system_time() -> datetime:
    """Return this instant, aware and in UTC."""
    return datetime.now(UTC)


@dataclass
class Actor:
    """Somebody with an account, who asks the service under their own name."""

    part: Part
    account_id: str
    password: str = field(repr=False)
    totp_secret: str = field(repr=False)
    client: httpx.AsyncClient = field(repr=False)
    now: Callable[[], datetime] = field(repr=False)
    last_step: int = 0
    """The last time step of which a code was spent. No code opens twice."""
    session: dict[str, str] = field(default_factory=dict, repr=False)
    refresh_token: str = field(default="", repr=False)

    async def sign_in(self) -> None:
        """The actor has a session, and has spent a code of their authenticator; it waits for one that opens."""
        otp = pyotp.TOTP(self.totp_secret)
        step = max(otp.timecode(self.now()), self.last_step + 1)
        opens_at = (step - _STEPS_AHEAD) * otp.interval
        await asyncio.sleep(max(0, opens_at - self.now().timestamp()))
        body = {"username": self.part.username, "password": self.password, "totp_code": otp.generate_otp(step)}
        self._take(await ask(self.client, "POST", "/v1/auth/token", body))
        self.last_step = step

    async def get(self, path: str, *, accept: str = "application/json", expect: int = OK) -> httpx.Response:
        """Return the answer to a read."""
        return await self._ask("GET", path, None, expect, {"Accept": accept})

    async def create(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a POST made. It has a key of its own, so that a repeat would make nothing twice."""
        key = {"Idempotency-Key": secrets.token_urlsafe(_KEY_BYTES)}
        return _object(await self._ask("POST", path, body, CREATED, key))

    async def act(
        self, path: str, body: Mapping[str, Any] | None = None, *, version: int | None = None, expect: int = OK
    ) -> dict[str, Any]:
        """Return the answer to a POST that changes something which is there already."""
        return _object(await self._ask("POST", path, body, expect, _if_match(version)))

    async def put(self, path: str, body: Mapping[str, Any], *, version: int | None = None) -> dict[str, Any]:
        """Return the answer to a change of the version that the actor read, or to what had none before."""
        return _object(await self._ask("PUT", path, body, OK, _if_match(version)))

    async def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None, expect: int, headers: Mapping[str, str]
    ) -> httpx.Response:
        answer = await self.client.request(method, path, json=body, headers={**self.session, **headers})
        if answer.status_code == UNAUTHENTICATED:
            refresh = {"refresh_token": self.refresh_token}
            unlock = {"X-Unlock": self.session["X-Unlock"]}
            self._take(await ask(self.client, "POST", "/v1/auth/refresh", refresh, headers=unlock))
            answer = await self.client.request(method, path, json=body, headers={**self.session, **headers})
        return _checked(answer, expect)

    def _take(self, answer: httpx.Response) -> None:
        tokens = answer.json()
        self.refresh_token = tokens["refresh_token"]
        self.session = {"Authorization": f"Bearer {tokens['access_token']}", "X-Unlock": tokens["unlock_secret"]}


async def ask(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Return the answer to a request of somebody who is not signed in.

    Raises:
        Unexpected: the service refused.

    """
    return _checked(await client.request(method, path, json=body, headers=headers), OK)


async def enrol(
    client: httpx.AsyncClient, part: Part, account_id: str, one_time_password: str, now: Callable[[], datetime]
) -> Actor:
    """Return the actor after activation and first sign-in: a password of their own, an authenticator, a session."""
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    body = {"username": part.username, "one_time_password": one_time_password, "password": password}
    activated = (await ask(client, "POST", "/v1/auth/activation", body)).json()
    actor = Actor(part, account_id, password, activated["totp_secret"], client, now)
    await actor.sign_in()
    return actor


async def assemble(
    client: httpx.AsyncClient, one_time_password: str, now: Callable[[], datetime], tell: Callable[[str], None]
) -> dict[str, Actor]:
    """Return everybody who plays, signed in, by name. The administrator comes first and invites the others."""
    administrator = await enrol(client, ADMINISTRATOR, "", one_time_password, now)
    administrator.account_id = (await administrator.get("/v1/me")).json()["id"]
    actors = {ADMINISTRATOR.name: administrator}
    for part in CAST:
        draft = {"username": part.username, "display_name": part.display_name, "roles": list(part.roles)}
        invited = await administrator.create("/v1/accounts", draft)
        actors[part.name] = await enrol(client, part, invited["id"], invited["one_time_password"], now)
        tell(f"{part.display_name}, {part.roles[0].replace('_', ' ')}")
    return actors


def _if_match(version: int | None) -> dict[str, str]:
    return {} if version is None else {"If-Match": f'"{version}"'}


def _object(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()
    return found


def _checked(answer: httpx.Response, expect: int) -> httpx.Response:
    if answer.status_code != expect:
        is_problem = answer.headers.get("Content-Type", "").startswith("application/problem+json")
        problem = answer.json().get("type") if is_problem else "no problem document"
        message = (
            f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}, not {expect}: {problem}"
        )
        raise Unexpected(message)
    return answer
