"""Who plays, and what they know of it: every text, name and secret is a canary of one of these kinds."""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pyotp

from tests.builders.whole import WholeCase
from tests.conftest import Actor
from tests.threats.planting import Planted

SECOND_CHANNEL = "adult-services"
PUBLIC, STAFF, SECOND_FACTOR, RELEASE = "public", "name or username of staff", "second factor", "release"
CASE, SECOND_CASE = "text of the case", "text of the second case"
REPORTED, SECOND_REPORTED = "grievance", "second grievance"
IDENTITY, SECOND_IDENTITY = "supporter", "reporter"
PASSWORD, INVITATION, TOKEN, UNLOCK = "password", "one-time password", "token", "unlock secret"
RECEIPT, INBOX_TOKEN, IDEMPOTENCY_KEY = "receipt", "token of an inbox", "key of a repeat"
CUSTODIAN_KEY, SIGNING_KEY, REQUEST_KEY = "custodian's key", "signing key", "key of a request"
OLD_SECOND_FACTOR = "second factor before a reset"
REASON, KEY_REASON, REFUSAL = "reason of a request", "reason of a request for a key", "reason of a refusal"
NOTICE = "notice of a request"
SEALED_REPORTED, SEALED_IDENTITY, SEALED_RECEIPT = (
    "sealed grievance",
    "sealed reporter",
    "receipt of the sealed grievance",
)
IDENTITIES = (IDENTITY, SECOND_IDENTITY, SEALED_IDENTITY)
CREDENTIALS = (
    PASSWORD, INVITATION, TOKEN, UNLOCK, RECEIPT, SEALED_RECEIPT, INBOX_TOKEN, IDEMPOTENCY_KEY, CUSTODIAN_KEY, SIGNING_KEY,
    REQUEST_KEY, OLD_SECOND_FACTOR,
)  # fmt: skip
REASONS = (REASON, KEY_REASON)
ON_THE_CASE = (CASE, REPORTED, *REASONS)
"""What those read who work the first case; what the representative is told of it, their key opens too."""
CUSTODIANS = ("custodian", "second_custodian", "third_custodian", "fourth_custodian")
"""The fourth joins the first channel in place of the third; in the second, all four hold shares."""


class Person(Actor):
    """Somebody with an account of a process, whose clock runs."""

    async def sign_in(self) -> None:
        """Sign in: the headers are those of the session."""
        code = pyotp.TOTP(self.totp_secret).at(datetime.now(UTC))
        body = {"username": self.username, "password": self.password, "totp_code": code}
        self.take(done(await self.post("/v1/auth/token", json=body)))

    async def activate(self, planted: Planted, name: str, one_time_password: str) -> None:
        """Choose a password, and sign in: whatever opens the account is planted."""
        self.password = f"a {planted.word(PASSWORD, name)} for one"
        body = {"username": self.username, "one_time_password": one_time_password, "password": self.password}
        self.totp_secret = done(await self.post("/v1/auth/activation", json=body))["totp_secret"]
        await self.sign_in()
        planted.keep(SECOND_FACTOR, name, self.totp_secret)
        planted.keep(TOKEN, f"access token of {name}", self.headers["Authorization"].removeprefix("Bearer "))
        planted.keep(TOKEN, f"refresh token of {name}", self.refresh_token)
        planted.keep(UNLOCK, name, self.headers["X-Unlock"])
        planted.keep(UNLOCK, f"{name}, as bytes", base64.urlsafe_b64decode(self.headers["X-Unlock"] + "="))

    async def refresh(self) -> None:
        """Go on with fresh tokens."""
        body = {"refresh_token": self.refresh_token}
        self.take(done(await self.post("/v1/auth/refresh", json=body)))


@dataclass
class Played:
    """What was played, as those know it who played it."""

    planted: Planted
    actors: SimpleNamespace
    case: WholeCase = field(default_factory=WholeCase)
    second_case: WholeCase = field(default_factory=WholeCase)
    sealed_case: WholeCase = field(default_factory=WholeCase)
    custodian_seeds: dict[UUID, bytes] = field(default_factory=dict)
    """Private seeds of custodians by their account, for shares."""
    request_seeds: dict[str, bytes] = field(default_factory=dict)
    """What was made for one request alone, by the name of who asked."""
    receipt: str = ""
    sealed_receipt: str = ""
    inbox_token: str = ""
    idempotency_key: str = ""
    released: set[str] = field(default_factory=set)
    """Names of what the readers of the release are shown."""

    def people(self) -> dict[str, Person]:
        """Return everybody with an account, by name."""
        return vars(self.actors)

    def of(self, *kinds: str) -> set[str]:
        """Return the names of all that is of those kinds; for the release, of all that is in it."""
        others = [kind for kind in kinds if kind != RELEASE]
        found = self.planted.of(*others) if others else set()
        return found | self.released if RELEASE in kinds else found


def done(answer: httpx.Response) -> Any:  # noqa: ANN401 any JSON
    """Return the body of an answer that was no refusal."""
    assert answer.is_success, f"{answer.request.method} {answer.request.url.path}: {answer.text}"
    return answer.json() if answer.content else None
