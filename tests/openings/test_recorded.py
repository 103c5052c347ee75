"""Nothing that the service receives, stores or answers in a whole ceremony holds the key of the identity, or the identity.

Covered from the moment the identity was sealed, which happens outside of the service here: every body, header and address of
every request and answer, the database with its write-ahead log (or a dump of it), and every file of the data folder. Not
covered: the memory of the process, and the network below HTTP. That every recording would find the key if it were there is
the last test.
"""

import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.crypto import contexts, fields, hpke, identity, sharing
from app.crypto.identity import Custodian, Sharing
from app.kernel.db import table_of
from app.vault import erasure
from app.vault.models import IdentityShare, SealedIdentity
from tests.builders.openings import REASON, Ceremony
from tests.conftest import Clock
from tests.promises.test_nothing_echoed import stored_bytes

WHO = b'{"name":"Ann Canary-Example","contact":"ann.canary@example.org"}'


class Recorder:
    """Stands between every client and the service, and keeps all that passes in both directions."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the service."""
        self.app = app
        self.seen: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] == "http":
            self.seen += [
                scope["raw_path"],
                scope["query_string"],
                *(part for pair in scope["headers"] for part in pair),
            ]

        async def received() -> Message:
            message = await receive()
            self.seen.append(message.get("body", b""))
            return message

        async def sent(message: Message) -> None:
            self.seen += [message.get("body", b""), *(part for pair in message.get("headers", ()) for part in pair)]
            await send(message)

        await self.app(scope, received, sent)

    def content(self) -> bytes:
        """Return everything, and what is JSON and base64 in it decoded."""
        return b"\n".join([*self.seen, *(text for body in self.seen for text in _decoded(body))])


def _decoded(body: bytes) -> Iterator[bytes]:
    """Yield what each text of a JSON body spells in base64."""
    try:
        waiting: list[Any] = [json.loads(body)]
    except ValueError:
        return
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict | list):
            waiting += found.values() if isinstance(found, dict) else found
        elif isinstance(found, str):
            try:
                yield base64.b64decode(found, validate=True)
            except ValueError:
                continue


def forms(secret: bytes) -> list[bytes]:
    """Return how bytes may be written: as they are, in hex, and in base64 wherever in a longer text they begin."""
    found = [secret, secret.hex().encode(), secret.hex().upper().encode()]
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            whole = encode(bytes(before) + secret)
            found.append(whole[4 if before else 0 : len(whole) - 4].rstrip(b"="))
    return found


def places(secrets_: dict[str, bytes], content: bytes) -> list[str]:
    """Return the names of the secrets that are in the content in some form."""
    return [name for name, secret in secrets_.items() if any(form in content for form in forms(secret))]


@contextmanager
def recorded(ceremony: Ceremony) -> Iterator[Recorder]:
    """Every client of the cast talks to the service through a recorder."""
    recorder = Recorder(ceremony.service.app)
    before = {name: actor._transport for name, actor in vars(ceremony.actors).items()}
    for actor in vars(ceremony.actors).values():
        actor._transport = httpx.ASGITransport(app=recorder)
    yield recorder
    for name, actor in vars(ceremony.actors).items():
        actor._transport = before[name]


async def seal_outside(ceremony: Ceremony) -> dict[str, bytes]:
    """Put an identity in the place of the case's that was sealed outside of the service; return the secrets of it."""
    custodians = [Custodian(one.id, hpke.public_key(one.sealing_seed)) for one in ceremony.custodians]
    reference = identity.reference_of(ceremony.organisation_id, ceremony.case_id, ceremony.identity_id)
    shred_key = secrets.token_bytes(identity.SHRED_KEY_BYTES)
    sealed = identity.seal_identity(WHO, reference, custodians, 2, shred_key)
    identities, shares = table_of(SealedIdentity), table_of(IdentityShare)
    async with ceremony.service.runtime.database.session(write=True) as session:
        values = {
            "ciphertext": sealed.ciphertext,
            "check_value": sealed.check,
            "commitments": b"".join(sealed.commitments),
        }
        await session.execute(update(identities).where(identities.c.id == ceremony.identity_id).values(values))
        for custodian_id, share in sealed.shares.items():
            of = (shares.c.identity_id == ceremony.identity_id, shares.c.custodian_id == custodian_id)
            await session.execute(update(shares).where(*of).values(share=share))
    path = erasure.path_of(ceremony.service.runtime.settings.erasure_folder, ceremony.identity_id)
    path.unlink()
    path.write_bytes(shred_key)
    of_all = Sharing(reference, 2, frozenset(sealed.shares), tuple(sealed.commitments))
    pieces: dict[int, bytes] = {}
    for one in ceremony.custodians:
        pieces |= identity.open_share(hpke.PrivateKey(one.sealing_seed), of_all, one.id, sealed.shares[one.id])
    key = sharing.combine(pieces, 2, 3)
    content_key, _ = identity._keys(key, reference, shred_key)
    assert fields.open_(content_key, contexts.encode("identity", reference), sealed.ciphertext) == identity.pad(WHO)
    own = {f"custodian {n}": one.sealing_seed for n, one in enumerate(ceremony.custodians)}
    own |= {f"signing key {n}": one.signing_seed for n, one in enumerate(ceremony.custodians)}
    named = {f"piece {number}": piece for number, piece in pieces.items()}
    return {"K": key, "content key": content_key, "identity": WHO, "name": b"Canary-Example", **named, **own}


async def test_no_key_no_piece_of_it_and_no_identity_is_in_what_the_service_receives_stores_or_answers(
    ceremony: Ceremony, clock: Clock
) -> None:
    hidden = await seal_outside(ceremony)
    with recorded(ceremony) as recorder:
        asking = await ceremony.asked()
        hidden["key of the request"] = asking.seed
        await ceremony.approved(asking, by=2)
        await ceremony.custodians[2].refuse(asking.request.id)
        await ceremony.later(clock, 24)
        answer = await ceremony.fetch(asking)
        during = await stored_bytes(ceremony.service)
        assert asking.combine(answer.json(), ceremony.manifest) == WHO
        await ceremony.outcome(asking, opened=True)
        await ceremony.listed(asking)
    files = [path.read_bytes() for path in ceremony.service.folder.rglob("*") if path.is_file()]
    seen = recorder.content()
    assert len(hidden) == 14
    assert places(hidden, seen) == []
    assert places(hidden, during) == []
    assert places(hidden, await stored_bytes(ceremony.service)) == []
    assert places(hidden, b"\n".join(files)) == []
    assert asking.signed.document in seen
    assert answer.json()["shred_key"].encode() in seen


async def test_who_takes_the_database_reads_no_reason_no_notice_and_no_answer(ceremony: Ceremony) -> None:
    asking = await ceremony.asked(withhold={"reason": "Because of the canary.", "until": "2026-03-20"})
    await ceremony.withheld(asking, ceremony.actors.reviewer)
    await ceremony.approved(asking, by=1)
    stored = await stored_bytes(ceremony.service)
    texts = [REASON, asking.request.legal_basis, "in order to warn you", "Because of the canary", "and agree"]
    secret = {text: text.encode() for text in texts} | {"document": asking.signed.document[300:360]}
    assert places(secret, stored) == []


@pytest.mark.parametrize("secret", [bytes(range(32)), WHO], ids=["32 bytes", "a text"])
async def test_a_recording_would_show_a_secret_in_any_form(ceremony: Ceremony, secret: bytes) -> None:
    with recorded(ceremony) as recorder:
        for text in (secret.hex(), base64.b64encode(b"x" + secret).decode(), base64.b64encode(secret + b"yz").decode()):
            recorder.seen.clear()
            await ceremony.actors.investigator.post(f"{ceremony.url}/openings", json={"document": text})
            assert places({"it": secret}, recorder.content()) == ["it"]
    async with ceremony.service.runtime.database.session(write=True) as session:
        identities = table_of(SealedIdentity)
        await session.execute(update(identities).values(ciphertext=b"before" + secret))
    assert places({"it": secret}, await stored_bytes(ceremony.service)) == ["it"]
