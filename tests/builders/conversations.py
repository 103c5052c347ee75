"""Conversations as tests want them: a reporter in their open inbox, the case beside it, and what each may send."""

import base64
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select

from app.audit.by_day import chain_of
from app.audit.models import AuditEvent
from app.audit.verify import Fault, verify
from app.cases.models import Case
from app.crypto import columns, conversation_keys, hpke, messages
from app.crypto.ids import id_of
from app.crypto.messages import Said
from app.crypto.receipts import ReceiptKeys, new_receipt
from app.intake.models import Grievance
from app.kernel import clock
from app.kernel.db import read_one_moment
from app.kernel.octets import spell
from tests.builders import cases, intake, sealed
from tests.builders.cases import OpenFile
from tests.conftest import Actor, Service


@dataclass(frozen=True)
class Inbox:
    """A reporter who is in their inbox, and the case of what they raised."""

    service: Service
    client: httpx.AsyncClient
    case: OpenFile
    grievance_id: UUID
    receipt: str
    headers: dict[str, str]

    @property
    def url(self) -> str:
        """Where those who work the case find the conversation."""
        return f"{self.case.url}/conversations/{self.grievance_id}"

    async def get(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 as httpx
        """Read part of the inbox."""
        return await self.client.get(f"/v1/inbox{path}", headers=self.headers, **options)

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:  # noqa: ANN401 any JSON
        """Send something to the inbox."""
        return await self.client.request(method, f"/v1/inbox{path}", json=body, headers=self.headers | headers)

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:  # noqa: ANN401 any JSON
        """Post something to the inbox."""
        return await self.send("POST", path, body, **headers)

    async def read(self, path: str) -> dict[str, Any]:
        """Return part of the inbox."""
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def an_inbox(service: Service, body: dict[str, Any] | None = None) -> Inbox:
    """Return the open inbox of a grievance of one person."""
    client = service.client()
    sent = await intake.submitted(client, body)
    case = await case_of(service, sent["reference"])
    return await opened(service, client, case, sent["receipt"])


async def case_of(service: Service, reference: str) -> OpenFile:
    """Return the case with that reference."""
    case_id = UUID(await intake.case_called(service.actors.case_officer, reference))
    async with service.runtime.database.session(write=False) as session:
        organisation = await session.scalar(select(Case.organisation_id).where(Case.id == case_id))
    assert organisation is not None
    return OpenFile(case_id, reference, organisation, f"/v1/cases/{case_id}")


async def opened(service: Service, client: httpx.AsyncClient, case: OpenFile, receipt: str, **proof: str) -> Inbox:
    """Return the inbox of a case, opened with its receipt unless another proof is named."""
    headers = await intake.inbox_opened(client, **(proof or {"receipt": receipt}))
    async with service.runtime.database.session(write=False) as session:
        grievance_id = (await session.scalars(select(Grievance.id).where(Grievance.case_id == case.id))).one()
    return Inbox(service, client, case, grievance_id, receipt, headers)


async def investigated(inbox: Inbox) -> None:
    """The case is under investigation, with investigator, assistant and reviewer."""
    actors, case = inbox.service.actors, inbox.case
    await cases.acknowledge(actors.case_officer, case)
    await cases.triage(actors.case_officer, case)
    await cases.decide(actors.case_officer, case)
    for capacity in ("investigator", "assistant", "reviewer"):
        await cases.appoint(actors.case_officer, case, getattr(actors, capacity), capacity)


@dataclass(frozen=True)
class SealedInbox:
    """A reporter whose client made the receipt, and opens and seals for itself."""

    inbox: Inbox
    keys: ReceiptKeys
    key: bytes
    version: int

    def sealed(self, table: str, column: str, row: UUID, text: str) -> bytes:
        """Return a text as the column of that row holds it."""
        place = (self.inbox.case.organisation_id, self.inbox.grievance_id, table, column, row)
        return columns.seal_value(self.key, self.version, *place, text.encode())

    def opened(self, table: str, column: str, row: str, content: bytes) -> str:
        """Return the text that a column of a row holds."""
        place = (self.inbox.case.organisation_id, self.inbox.grievance_id, table, column, UUID(row))
        return columns.open_value(self.key, *place, content).decode()

    def signed(self, kind: Said, row: UUID, *content: bytes, seed: bytes | None = None) -> str:
        """Return the signature of what is sent."""
        place = (self.inbox.case.organisation_id, self.inbox.grievance_id, row)
        return spell(messages.sign(seed or self.keys.signing_seed, kind, *place, *content))

    def message(self, text: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 any JSON
        """Return the body of a sealed message."""
        row = id_of(clock.today())
        content = self.sealed("conversation_messages", "text", row, text)
        signature = self.signed(Said.MESSAGE, row, content)
        return {"sealed": {"id": str(row), "text": spell(content), "signature": signature} | changes}


async def a_sealed_inbox(service: Service) -> SealedInbox:
    """Return the open inbox of somebody whose grievance was sealed where it was written."""
    receipt = new_receipt()
    case = await sealed.taken(service, await sealed.sealed_body(service, receipt))
    return await open_sealed(service, case, receipt)


async def open_sealed(service: Service, case: OpenFile, receipt: str) -> SealedInbox:
    """Return the inbox of a receipt that the service never sees."""
    keys = sealed.keys_of(service, receipt)
    inbox = await opened(service, service.client(), case, receipt, lookup=spell(keys.lookup))
    shown = (await inbox.read(""))["sealed"]
    content = base64.b64decode(shown["sealed_key"])
    key = conversation_keys.open_as_sender(
        content, case.organisation_id, inbox.grievance_id, hpke.PrivateKey(keys.inbox_seed)
    )
    return SealedInbox(inbox, keys, key, shown["key_version"])


async def write(somebody: Actor, inbox: Inbox, text: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 any JSON
    """Return that somebody who works the case wrote to the reporter."""
    return intake.created(await somebody.post(f"{inbox.url}/messages", json={"text": text, **changes}))


async def texts(somebody: httpx.AsyncClient, inbox: Inbox) -> list[tuple[str, str]]:
    """Return the conversation as somebody who works the case reads it: who speaks, and what they say."""
    answer = await somebody.get(f"{inbox.url}/messages")
    assert answer.status_code == 200, answer.text
    return [(one["side"], one["text"]) for one in answer.json()["items"]]


async def events_by_day(service: Service, case: OpenFile) -> list[AuditEvent]:
    """Return the chain of the case's conversations."""
    async with service.runtime.database.session(write=False) as session:
        chain = select(AuditEvent).where(AuditEvent.chain_id == chain_of(case.id)).order_by(AuditEvent.sequence)
        return list((await session.scalars(chain)).all())


async def faults(service: Service) -> list[Fault]:
    """Return whatever the verifier of the log finds wrong."""
    async with service.runtime.database.session(write=False) as session:
        await read_one_moment(session)
        return (await verify(session, service.runtime.keys)).faults
