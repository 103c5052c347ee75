"""Grievances as tests want them: sent, found again and opened offline."""

import base64
import json
import secrets
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.crypto import hpke, identity
from app.intake.models import Grievance
from app.vault import erasure
from app.vault.models import IdentityShare, SealedIdentity
from tests.conftest import CHANNEL

HEADLINE = "Visits were recorded that nobody made"
NARRATIVE = 'Since January: "done" on the record,\nnobody at the door. It is naïve to call that an oversight.'
STATEMENTS = ["Records were altered after the fact.", "Who asked about it was moved to another team."]
IDENTITY = {"name": "Robin Ashe", "contact": "robin@example.org", "employee_number": "E-1047"}
CLAIMS: list[dict[str, Any]] = [
    {"number": 31, "basis": "signed", "source": "Signatures under the grievance", "claimed_on": "2026-02-27"},
    {"wording": "about 35", "basis": "press", "source": "The Northmoor Gazette", "claimed_on": "2026-03-01"},
]


def a_grievance(confidentiality: str = "confidential", /, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 any JSON
    """Return the body of an individual grievance, with an identity unless it is anonymous."""
    named = {} if confidentiality == "anonymous" else {"identity": IDENTITY}
    allegations = [{"label": f"1.{n}", "statement": statement} for n, statement in enumerate(STATEMENTS, 1)]
    body = {
        "confidentiality": confidentiality,
        "headline": HEADLINE,
        "narrative": NARRATIVE,
        "capacity": "employee",
        "allegations": allegations,
    }
    return body | named | changes


def a_collective_grievance(supporters: int = 31, /, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 any JSON
    """Return the body of a collective grievance."""
    people = [{"identity": {"name": f"Supporter {n}", "contact": f"0770090{n:04}"}} for n in range(supporters)]
    body = a_grievance(
        "anonymous", confidentiality="confidential", headcount_claims=deepcopy(CLAIMS), supporters=people
    )
    return body | changes


def grievances_of(channel: str = CHANNEL) -> str:
    """Return where a channel takes grievances."""
    return f"/v1/channels/{channel}/grievances"


def collective_grievances_of(channel: str = CHANNEL) -> str:
    """Return where a channel takes collective grievances."""
    return f"/v1/channels/{channel}/collective-grievances"


async def submitted(client: httpx.AsyncClient, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the answer to a grievance that was taken."""
    return created(await client.post(grievances_of(), json=body or a_grievance()))


async def submitted_for_many(
    representative: httpx.AsyncClient, body: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the answer to a collective grievance that was taken."""
    return created(await representative.post(collective_grievances_of(), json=body or a_collective_grievance(3)))


async def inbox_opened(client: httpx.AsyncClient, **proof: str) -> dict[str, str]:
    """Return the header that reads the inbox of a receipt or lookup."""
    session = created(await client.post("/v1/inbox/sessions", json=proof))
    return {"Authorization": f"Bearer {session['token']}"}


async def inbox_of(client: httpx.AsyncClient, **proof: str) -> dict[str, Any]:
    """Return what the inbox of a receipt or lookup says."""
    answer = await client.get("/v1/inbox", headers=await inbox_opened(client, **proof))
    assert answer.status_code == 200, answer.text
    inbox: dict[str, Any] = answer.json()
    return inbox


async def case_called(officer: httpx.AsyncClient, reference: str) -> str:
    """Return the id of the officer's case with that reference."""
    answer = await officer.get("/v1/cases", params={"limit": 200})
    return str(next(case["id"] for case in answer.json()["items"] if case["reference"] == reference))


async def raised_in(officer: httpx.AsyncClient, reference: str) -> dict[str, Any]:
    """Return the one grievance of a case, as those who work it read it."""
    answer = await officer.get(f"/v1/cases/{await case_called(officer, reference)}/grievances")
    assert answer.status_code == 200, answer.text
    (grievance,) = answer.json()["items"]
    found: dict[str, Any] = grievance
    return found


def created(answer: httpx.Response) -> dict[str, Any]:
    """Return the body of a 201."""
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


class ReporterClient:
    """A client that makes the keys of its receipt itself."""

    def __init__(self) -> None:
        """Draw a lookup secret and a key pair, as if from a receipt."""
        self.lookup = encode(secrets.token_bytes(32))
        self.private = hpke.PrivateKey(hpke.new_seed())

    def keys(self) -> dict[str, str]:
        """Return what it sends in place of a receipt."""
        return {
            "lookup": self.lookup,
            "inbox_public_key": encode(self.private.public),
            "signing_public_key": encode(bytes(32)),
        }


def encode(content: bytes) -> str:
    """Return base64."""
    return base64.b64encode(content).decode()


class OfflineIdentity:
    """A sealed identity as somebody has it who took its database rows and, perhaps, its erasure key."""

    def __init__(self, row: Row[Any], shares: Mapping[UUID, bytes]) -> None:
        """Hold the row and each custodian's share."""
        self.id: UUID = row.id
        self.row = row
        self.shares = shares
        commitments = tuple(row.commitments[start : start + 32] for start in range(0, len(row.commitments), 32))
        bound_to = identity.reference_of(row.organisation_id, row.case_id, row.id)
        self.sharing = identity.Sharing(bound_to, row.threshold, frozenset(shares), commitments)

    def open(self, custodians: Mapping[UUID, bytes], erasure_key: bytes) -> Any:  # noqa: ANN401 any JSON
        """Return who it is, by the seeds of some custodians; None stands for no name.

        Raises:
            SealBroken: they are too few, or the erasure key is another.

        """
        pieces = {
            one: identity.open_share(hpke.PrivateKey(seed), self.sharing, one, self.shares[one])
            for one, seed in custodians.items()
        }
        found = identity.combine_identity(self.row.ciphertext, self.row.check_value, self.sharing, pieces, erasure_key)
        return json.loads(found) if found else None


async def identities_in(session: AsyncSession) -> list[OfflineIdentity]:
    """Return every sealed identity of the database."""
    shares: dict[UUID, dict[UUID, bytes]] = {}
    for share in (await session.execute(select(IdentityShare))).scalars():
        shares.setdefault(share.identity_id, {})[share.custodian_id] = share.share
    rows = (await session.execute(select(*SealedIdentity.__table__.columns))).all()
    return [OfflineIdentity(row, shares[row.id]) for row in rows]


async def how_many_grievances(session: AsyncSession) -> int:
    """Return how many grievances are stored."""
    return len((await session.execute(select(Grievance.id))).all())


def erasure_keys_in(folder: Path) -> dict[UUID, bytes]:
    """Return every erasure key of the store, by identity."""
    found = {UUID(path.name): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert all(erasure.path_of(folder, identity_id).is_file() for identity_id in found)
    return found
