"""Counts of supporters as tests want them: opened, with codes drawn or tokens signed, and supporters counted in."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

import httpx

from app.crypto import blind_signatures, supporter_tokens
from app.crypto.supporter_tokens import EVERY_ALLEGATION, Asked, IssuerKeys
from app.kernel.sealed import OpenKeys, open_keys
from app.supporting import rounds
from tests.builders.intake import a_collective_grievance, created, submitted_for_many
from tests.conftest import Service

OPENS, CLOSES = "2026-03-02", "2026-03-12"
WORDINGS = ("Records were altered after the fact.", "Who asked was moved.", "Nobody was told.")
STATEMENT = "Members in one service raise a grievance together."


@cache
def union_keys() -> IssuerKeys:
    """The keys of a union, on its own machine: one for each of three allegations."""
    return supporter_tokens.new_keys(3)


@dataclass
class Counted:
    """A collective grievance with its count, and all that its representative and its union hold."""

    grievance_id: str
    mode: str
    allegations: list[str]
    body: dict[str, Any]
    codes: list[str] = field(default_factory=list)
    issued: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    """Of each token: for whom, what the union was sent, what it answered."""

    @property
    def place(self) -> str:
        """Return where supporters go."""
        return f"/v1/collective-grievances/{self.grievance_id}/supporters"

    @property
    def own(self) -> str:
        """Return where the representative reads and changes the count."""
        return f"/v1/collective-grievances/{self.grievance_id}/support-count"

    def token(self, allegation: int = EVERY_ALLEGATION, member: str = "member", key: int | None = None) -> bytes:
        """Return a token that the union signed for a member without seeing it."""
        return self.signed(allegation, member, key)[1]

    def signed(self, allegation: int, member: str, key: int | None = None) -> tuple[Asked, bytes]:
        """Return what a member kept, and their token."""
        private = union_keys().private[max(allegation - 1, 0) if key is None else key]
        public, grievance = private.public_key(), UUID(self.grievance_id)
        asked = supporter_tokens.ask(public, grievance, allegation)
        answer = blind_signatures.sign_blinded(private, asked.blinded.message)
        self.issued.append((member, asked.blinded.message, answer))
        return asked, supporter_tokens.finish(public, grievance, allegation, asked, answer)


def spelled(content: bytes) -> str:
    """Return base64."""
    return base64.b64encode(content).decode()


async def a_count(
    representative: httpx.AsyncClient,
    mode: str = "codes",
    codes: int = 0,
    /,
    **changes: Any,  # noqa: ANN401 any JSON
) -> Counted:
    """Return a count of a new grievance with three allegations."""
    allegations = [{"label": f"{number}", "statement": wording} for number, wording in enumerate(WORDINGS, 1)]
    made = await submitted_for_many(representative, a_collective_grievance(0, allegations=allegations))
    return await a_count_of(representative, made["id"], mode, codes, **changes)


async def a_count_of(
    representative: httpx.AsyncClient,
    grievance_id: str,
    mode: str = "codes",
    codes: int = 0,
    /,
    **changes: Any,  # noqa: ANN401
) -> Counted:
    """Return a count of a grievance of the representative."""
    own = (await representative.get(f"/v1/collective-grievances/{grievance_id}")).json()
    ids = [one["id"] for one in own["allegations"]]
    body = body_of(ids, mode) | changes
    counted = Counted(grievance_id, mode, ids, body)
    created(await representative.post(counted.own, json=body))
    if codes and mode == "codes":
        drawn = f"/v1/collective-grievances/{grievance_id}/supporter-codes"
        counted.codes = created(await representative.post(drawn, json={"number": codes}))["codes"]
    return counted


def body_of(ids: Sequence[str], mode: str = "codes") -> dict[str, Any]:
    """Return the body that opens a count over these allegations."""
    keys: Sequence[str | None] = [None] * len(ids)
    if mode == "tokens_by_allegation":
        keys = [spelled(key) for key in union_keys().public[: len(ids)]]
    body: dict[str, Any] = {
        "mode": mode,
        "opens_on": OPENS,
        "closes_on": CLOSES,
        "statement": STATEMENT,
        "allegations": [
            {"allegation_id": one, "wording": wording, "issuer_key": key}
            for one, wording, key in zip(ids, WORDINGS, keys, strict=False)
        ],
    }
    if mode != "codes":
        body["roll"] = 200
    if mode == "tokens":
        body["issuer_key"] = spelled(union_keys().public[0])
    return body


def proof(counted: Counted, number: int, allegation: int = EVERY_ALLEGATION) -> dict[str, str]:
    """Return by what supporter `number` shows that they are counted in."""
    if counted.mode == "codes":
        return {"code": counted.codes[number]}
    return {"token": spelled(counted.token(allegation, f"member {number}"))}


async def supports(client: httpx.AsyncClient, counted: Counted, number: int, *allegations: int, **more: Any) -> str:  # noqa: ANN401
    """Return the receipt of a supporter who was counted."""
    allegation = allegations[0] if counted.mode == "tokens_by_allegation" else EVERY_ALLEGATION
    body = {**proof(counted, number, allegation), "allegations": allegations, **more}
    return str(created(await client.post(counted.place, json=body))["receipt"])


async def a_round(service: Service) -> None:
    """The worker has had its round."""
    token = open_keys.set(OpenKeys(service.runtime.keys))
    try:
        await rounds.run_all(service.runtime)
    finally:
        open_keys.reset(token)
