"""A visit to one's inbox: the receipt is asked for and stays here, and the inbox is closed again whatever happens."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx

from app.client import receipts, terminal
from app.client.conversation import Conversation
from app.client.server import Answer, Server
from app.client.terminal import Failure
from app.crypto import hpke, ids, messages
from app.crypto.documents import spell
from app.crypto.messages import Said
from app.crypto.receipts import ReceiptKeys


@dataclass(frozen=True)
class Visit:
    """An inbox that is open on this machine."""

    service: Server
    page: Answer
    shown: Answer
    conversation: Conversation
    keys: ReceiptKeys = field(repr=False)

    def signature(self, kind: Said, row: UUID, sealed: Sequence[bytes]) -> str:
        """Return the signature of what is sent, in base64."""
        place = (self.conversation.organisation, self.conversation.grievance, row)
        return spell(messages.sign(self.keys.signing_seed, kind, *place, *sealed))

    def send(self, path: str, kind: Said, table: str, texts: dict[str, str | None], *first: bytes) -> Answer:
        """Return the answer to texts that are sealed and signed here as columns of a new row."""
        row = ids.id_of(datetime.now(UTC).date())
        sealed = {
            name: None if text is None else self.conversation.seal(table, name, row, text)
            for name, text in texts.items()
        }
        body: dict[str, Any] = {name: None if one is None else spell(one) for name, one in sealed.items()}
        signature = self.signature(kind, row, [*first, *(one or b"" for one in sealed.values())])
        sent = {"sealed": {"id": str(row), "signature": signature, **body}}
        return self.service.post(path, sent, **{"Idempotency-Key": str(uuid4())})


@contextmanager
def visiting(server: str, channel: str) -> Iterator[Visit]:
    """Yield one's open inbox.

    Raises:
        Failure: it is no receipt, or the service knows no grievance of it.
        SealBroken: the conversation is not sealed to this receipt, or was altered.

    """
    service = Server(server)
    page = service.get(f"/v1/channels/{channel}")
    derived = receipts.derive(page, terminal.ask_secret("Receipt, seven words"))
    session = service.post("/v1/inbox/sessions", {"lookup": spell(derived.lookup)})
    service.use({"Authorization": f"Bearer {session.text('token')}"})
    shown = service.get("/v1/inbox")
    conversation = Conversation(shown.of("sealed"), hpke.PrivateKey(derived.inbox_seed))
    try:
        yield Visit(service, page, shown, conversation, derived)
    finally:
        with suppress(Failure, httpx.HTTPError):  # it ends by itself after some minutes
            service.delete("/v1/inbox/sessions")
