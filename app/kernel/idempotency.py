"""The same Idempotency-Key gives the same answer once more, and nothing is created twice.

The answer to a first submission holds a receipt, so that it is kept sealed under a key derived from the client's own
Idempotency-Key, which the service does not keep, and from the pepper: the database alone opens nothing, even where the
client's key can be guessed. Format: docs/formats.md, "Stored answer".
"""

import hmac
import json
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from fastapi import Request, Response
from sqlalchemy import LargeBinary, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from app.crypto import contexts, fields
from app.crypto.errors import SealBroken
from app.kernel import clock
from app.kernel.db import Base, plain, sealed_otherwise
from app.kernel.keyring import ServiceKeys
from app.kernel.problems import Conflict, IdempotencyKeyReused, InvalidInput

HEADER = "Idempotency-Key"
SHORTEST, LONGEST = 16, 200
_FILLED_TO = 1024
"""A stored answer is filled with spaces to a multiple of so many bytes: its length would tell that of the receipt in it."""
KEPT_FOR = timedelta(days=2)
"""How long an answer can be had again, in days."""


class SameRequestRunning(Conflict):
    """A request with this Idempotency-Key is being answered at this moment. Wait, then ask again with the same key."""

    title = "The same request is running"
    retry_after = 1


class StoredAnswer(Base):
    """One answer, for a client that did not receive it."""

    __tablename__ = "stored_answers"
    lookup: Mapped[bytes] = plain(LargeBinary(32), primary_key=True, because="peppered MAC of a key that is not stored")
    fingerprint: Mapped[bytes] = plain(LargeBinary(32), because="MAC of the request under a key that is not stored")
    answer: Mapped[bytes] = sealed_otherwise(
        "under a key derived from the client's Idempotency-Key and the pepper", LargeBinary
    )
    made_on: Mapped[date] = plain(because="day, for removal")


class Replay(Exception):
    """The request was answered before; here is that answer."""

    def __init__(self, answer: Response) -> None:
        """Hold the answer."""
        super().__init__("replay")
        self.answer = answer


class Once:
    """One use of an Idempotency-Key: what it is looked up by, what it seals with, what request it is for."""

    def __init__(self, keys: ServiceKeys, key: str, request: Request, subject: str, body: bytes) -> None:
        """Derive everything from the client's key."""
        place = contexts.encode("idempotency-place", subject, request.method, request.url.path)
        self.lookup = hmac.digest(keys.peppered("idempotency-lookup"), place + key.encode(), sha256)
        secret = hmac.digest(keys.peppered("idempotency-secret"), key.encode(), sha256)
        self._seal = fields.derive(secret, "idempotency-seal", place)
        query = request.url.query
        self.fingerprint = hmac.digest(
            fields.derive(self._seal, "idempotency-request"), query.encode() + b"\n" + body, sha256
        )
        self.follows_expired = False

    def seal(self, response: Response) -> bytes:
        """Return the answer sealed."""
        kept = {name: value for name, value in response.headers.items() if name in {"content-type", "etag", "location"}}
        content = {"status": response.status_code, "headers": kept, "body": bytes(response.body).decode()}
        plain = json.dumps(content).encode()
        filled = plain.ljust(-(-len(plain) // _FILLED_TO) * _FILLED_TO)
        return fields.seal(self._seal, contexts.encode("idempotency-answer"), filled)

    def open(self, fingerprint: bytes, answer: bytes) -> Response:
        """Return the answer that was sealed.

        Raises:
            IdempotencyKeyReused: it answered another request.

        """
        if not hmac.compare_digest(fingerprint, self.fingerprint):
            raise IdempotencyKeyReused
        try:
            content: dict[str, Any] = json.loads(
                fields.open_(self._seal, contexts.encode("idempotency-answer"), answer)
            )
        except SealBroken as error:
            raise IdempotencyKeyReused from error
        headers = {**content["headers"], "Idempotent-Replayed": "true"}
        return Response(content["body"], status_code=content["status"], headers=headers)


def wanted(request: Request) -> str | None:
    """Return the request's Idempotency-Key, or None. A browser's form can send no header: its route puts the key on the state.

    Raises:
        InvalidInput: it is too short to be secret, too long, or not plain ASCII.

    """
    key: str | None = getattr(request.state, "idempotency_key", None) or request.headers.get(HEADER)
    if key is None:
        return None
    if not (SHORTEST <= len(key) <= LONGEST and key.isascii() and key.isprintable()):
        rule = f"must have {SHORTEST} to {LONGEST} printable ASCII characters, random"
        raise InvalidInput(errors=[{"in": "header", "pointer": f"/{HEADER}", "rule": rule}])
    return key


async def replay_if_answered(request: Request, session: AsyncSession, subject: str) -> None:
    """End the request with its earlier answer, if it has one. Every guard calls this once it has admitted `subject`.

    Raises:
        Replay: the request was answered before.
        IdempotencyKeyReused: the key was used for another request.

    """
    if not getattr(request.scope.get("route"), "creates", False) or (key := wanted(request)) is None:
        return
    once = Once(request.app.state.runtime.keys, key, request, subject, await request.body())
    statement = select(StoredAnswer.fingerprint, StoredAnswer.answer, StoredAnswer.made_on)
    stored = (await session.execute(statement.where(StoredAnswer.lookup == once.lookup))).one_or_none()
    if stored is not None and stored.made_on >= _oldest_kept():
        raise Replay(once.open(stored.fingerprint, stored.answer))
    once.follows_expired = stored is not None
    request.state.once = once


def is_in_use(request: Request) -> bool:
    """Whether the request came with an Idempotency-Key that answered nothing yet."""
    return getattr(request.state, "once", None) is not None


async def keep_answer(request: Request, session: AsyncSession, response: Response) -> None:
    """Store the answer in the transaction of what it answers, if the request had a key.

    Raises:
        SameRequestRunning: another request with the key was faster.

    """
    once: Once | None = getattr(request.state, "once", None)
    if once is None:
        return
    if once.follows_expired:
        expired = delete(StoredAnswer).where(StoredAnswer.lookup == once.lookup, StoredAnswer.made_on < _oldest_kept())
        await session.execute(expired)
    session.add(
        StoredAnswer(
            lookup=once.lookup, fingerprint=once.fingerprint, answer=once.seal(response), made_on=clock.today()
        )
    )
    try:
        await session.flush()
    except IntegrityError as error:
        raise SameRequestRunning from error


async def remove_old(session: AsyncSession) -> None:
    """Remove answers that are older than KEPT_FOR."""
    await session.execute(delete(StoredAnswer).where(StoredAnswer.made_on < _oldest_kept()))


def _oldest_kept() -> date:
    return clock.today() - KEPT_FOR
