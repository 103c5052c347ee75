"""Grievances sealed where they were written, as a client makes them."""

import base64
from dataclasses import replace
from typing import Any
from uuid import UUID

from app.crypto import hpke, identity, receipts, submissions
from app.intake import receipts as service_receipts
from app.kernel import clock
from tests.builders.cases import OpenFile
from tests.builders.intake import HEADLINE, NARRATIVE, STATEMENTS, created
from tests.conftest import CHANNEL, Actor, Service

SEALED = f"/v1/channels/{CHANNEL}/sealed-grievances"
PERSON = b'{"name":"Robin Ashe","contact":"robin@example.org"}'
SAID = submissions.Said(
    confidentiality="confidential",
    headline=HEADLINE,
    narrative=NARRATIVE,
    capacity="employee",
    allegations=[(f"1.{number}", statement) for number, statement in enumerate(STATEMENTS, 1)],
)


async def recipients_of(service: Service) -> submissions.Recipients:
    """Return to whom the channel of the tests seals, as its manifest would say."""
    page = (await service.client().get(f"/v1/channels/{CHANNEL}")).json()
    custodians = tuple(
        identity.Custodian(UUID(one["id"]), base64.b64decode(one["public_key"])) for one in page["custodians"]
    )
    officers = [await _officer(one) for one in (service.actors.case_officer, service.actors.other_case_officer)]
    chains = (await service.actors.auditor.get("/v1/audit/events")).json()
    return submissions.Recipients(UUID(chains["chain_id"]), tuple(officers), custodians, page["threshold"])


async def _officer(officer: Actor) -> tuple[UUID, hpke.PublicKey]:
    me = (await officer.get("/v1/me")).json()
    return UUID(me["id"]), hpke.PublicKey(base64.b64decode(me["public_key"]))


def keys_of(service: Service, receipt: str) -> receipts.ReceiptKeys:
    """Return the keys of a receipt, as a client derives them by the channel's page."""
    return receipts.derive(receipt, service_receipts.salt(service.runtime.keys))


async def sealed_body(service: Service, receipt: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 any member of Said
    """Return the body of a sealed submission."""
    to = await recipients_of(service)
    return submissions.seal(replace(SAID, **changes), PERSON, to, keys_of(service, receipt), clock.today())


async def organisation(service: Service) -> str:
    """Return the id of the organisation."""
    return str((await service.actors.auditor.get("/v1/audit/events")).json()["chain_id"])


async def taken(service: Service, body: dict[str, Any]) -> OpenFile:
    """Return the case of a sealed grievance that was sent."""
    answer = created(await service.client().post(SEALED, json=body))
    case_id = UUID(body["case_id"])
    return OpenFile(case_id, answer["reference"], UUID(await organisation(service)), f"/v1/cases/{case_id}")


def break_the_grant(body: dict[str, Any], officer: Actor) -> None:
    """What was sealed for this officer does not open."""
    [grant] = [one for one in body["grants"] if one["account_id"] == str(officer.account_id)]
    sealed = base64.b64decode(grant["sealed_key"])
    grant["sealed_key"] = base64.b64encode(sealed[:-1] + bytes([sealed[-1] ^ 1])).decode()
