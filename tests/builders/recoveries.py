"""Recovering a case key as tests want it: somebody forgets a password, and their client does what it does."""

import base64
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx

from app.crypto import case_keys, hpke
from app.crypto.openings import Purpose
from tests.builders.accounts import PASSWORD, activated
from tests.conftest import Actor

if TYPE_CHECKING:
    from tests.builders.openings import Asking, Ceremony


async def forget_the_password(administrator: Actor, somebody: Actor) -> None:
    """An administrator has reset the account, and somebody has activated it anew and signed in."""
    answer = await administrator.post(f"/v1/accounts/{somebody.account_id}/reset")
    assert answer.status_code == 201, answer.text
    somebody.totp_secret = await activated(somebody, answer.json())
    somebody.password = PASSWORD
    await somebody.sign_in()


async def escrow_of(ceremony: "Ceremony", somebody: Actor) -> dict[str, Any]:
    """Return what custodians hold of the present key of the case."""
    answer = await somebody.get(f"{ceremony.url}/key-escrow")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ask(ceremony: "Ceremony", somebody: Actor, **changes: Any) -> "Asking":  # noqa: ANN401 members of a request
    """Return a signed request for the present key of the case, which nobody has seen yet."""
    escrow = await escrow_of(ceremony, somebody)
    return ceremony.ask(somebody, **{"purpose": Purpose.CASE_KEY, "subject": UUID(escrow["subject_id"]), **changes})


async def send(ceremony: "Ceremony", somebody: Actor, asking: "Asking") -> httpx.Response:
    """Send a request."""
    body = asking.body()
    del body["notice"]
    return await somebody.post(f"{ceremony.url}/key-recoveries", json=body)


async def asked(ceremony: "Ceremony", somebody: Actor) -> "Asking":
    """Return a request that was made."""
    asking = await ask(ceremony, somebody)
    answer = await send(ceremony, somebody, asking)
    assert answer.status_code == 201, answer.text
    return asking


async def fetch(ceremony: "Ceremony", somebody: Actor, asking: "Asking") -> httpx.Response:
    """Ask for what was released."""
    return await somebody.get(f"{ceremony.url}/key-recoveries/{asking.request.id}/releases")


async def grant(ceremony: "Ceremony", somebody: Actor, key: bytes, version: int = 1) -> httpx.Response:
    """Somebody grants themselves what they hold to be the key of the case."""
    public = base64.b64decode((await somebody.get("/v1/me")).json()["public_key"])
    place = (version, ceremony.organisation_id, ceremony.case_id, somebody.account_id)
    body = {
        "key_version": version,
        "sealed_key": base64.b64encode(case_keys.seal_grant(key, *place, hpke.PublicKey(public))).decode(),
        "proof": base64.b64encode(case_keys.proof_of(key)).decode(),
    }
    return await somebody.put(f"{ceremony.url}/grant", json=body)
