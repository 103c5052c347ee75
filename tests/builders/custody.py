"""Manifests as tests want them: an offline root, the keys of custodians, and documents that fit the channel of the tests."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.audit import verify
from app.audit.models import AuditHead
from app.crypto import hpke, identity, manifests, resharing, sharing, signing
from app.crypto.documents import Signed
from app.crypto.identity import Sharing
from app.crypto.manifests import CustodianEntry, Manifest, OfficerEntry, RequesterEntry
from app.crypto.resharing import Change
from app.custody.models import Custodian
from app.intake.models import Channel
from app.kernel import clock
from app.kernel.db import read_one_moment
from app.kernel.octets import spell
from tests.conftest import CHANNEL, Actor, Service

ROOT_SEED = hashlib.sha256(b"the root of the tests").digest()
REQUESTER_SEED = hashlib.sha256(b"the investigator of the tests").digest()


@dataclass
class Holder:
    """A custodian with their private keys, as only they have them."""

    id: UUID
    actor: Actor
    label: str
    sealing_seed: bytes
    signing_seed: bytes

    def entry(self) -> CustodianEntry:
        """Return what a manifest says of them."""
        return CustodianEntry(
            self.id,
            self.actor.account_id,
            self.label,
            hpke.public_key(self.sealing_seed),
            signing.public_key(self.signing_seed),
        )

    @property
    def private(self) -> hpke.PrivateKey:
        """Their private key for shares."""
        return hpke.PrivateKey(self.sealing_seed)

    def with_a_new_key(self) -> "Holder":
        """Return them after they lost their sealing key to nobody but time."""
        return replace(self, sealing_seed=hpke.new_seed())


@dataclass
class Chain:
    """The chain of manifests of the channel of the tests, and whoever holds keys in it."""

    manifest: Manifest
    founders: list[Holder]
    """The custodians of the first manifest."""
    holders: list[Holder]
    """Those of the newest."""
    signed: list[Signed] = field(default_factory=list)

    def next(self, holders: Sequence[Holder] | None = None, threshold: int | None = None, **changes: Any) -> Manifest:  # noqa: ANN401
        """Return the manifest that would follow."""
        named = self.holders if holders is None else holders
        followed = {
            "epoch": self.manifest.epoch + len(self.signed[:1]),
            "previous": manifests.digest(self.signed[-1]) if self.signed else None,
            "threshold": self.manifest.threshold if threshold is None else threshold,
            "custodians": tuple(one.entry() for one in named),
        }
        return replace(self.manifest, **(followed | changes))

    async def publish(
        self, actors: SimpleNamespace, holders: Sequence[Holder] | None = None, threshold: int | None = None
    ) -> dict[str, Any]:
        """Return the answer to the next manifest, which is in force."""
        manifest = self.next(holders, threshold)
        signed = manifests.sign_manifest(manifest, ROOT_SEED)
        answer = await post(actors.administrator, signed)
        assert answer.status_code == 201, answer.text
        self.manifest, self.holders = manifest, list(self.holders if holders is None else holders)
        self.signed.append(signed)
        body: dict[str, Any] = answer.json()
        return body


async def post(actor: httpx.AsyncClient, signed: Signed, channel: str = CHANNEL) -> httpx.Response:
    """Return the answer to publishing a manifest."""
    body = {"document": spell(signed.document), "signature": spell(signed.signature)}
    return await actor.post(f"/v1/channels/{channel}/manifests", json=body)


def signed_of(item: dict[str, str]) -> Signed:
    """Return a manifest that the service showed."""
    return Signed(base64.b64decode(item["document"]), base64.b64decode(item["signature"]))


async def faults(service: Service) -> list[str]:
    """Return what `python -m app audit verify` would report."""
    async with service.runtime.database.session(write=False) as session:
        await read_one_moment(session)
        return [fault.what for fault in (await verify.verify(session, service.runtime.keys)).faults]


async def a_chain(service: Service) -> Chain:
    """Return the chain of the channel, its first manifest not yet published."""
    actors, names = service.actors, ("custodian", "second_custodian", "third_custodian")
    async with service.runtime.database.session(write=False) as session:
        channel = (await session.execute(select(Channel).where(Channel.slug == CHANNEL))).scalar_one()
        rows = {one.account_id: one for one in (await session.execute(select(Custodian))).scalars()}
        keys = {row.id: row.public_key for row in (await session.execute(select(Account.id, Account.public_key))).all()}
    holders = [
        Holder(
            rows[getattr(actors, name).account_id].id,
            getattr(actors, name),
            name,
            seed,
            hashlib.sha256(name.encode()).digest(),
        )
        for name, seed in zip(names, service.custodian_seeds, strict=True)
    ]
    officers = [getattr(actors, name) for name in ("case_officer", "other_case_officer")]
    manifest = Manifest(
        organisation=channel.organisation_id,
        channel=channel.id,
        slug=channel.slug,
        epoch=1,
        previous=None,
        issued_on=clock.today(),
        threshold=channel.threshold,
        custodians=tuple(one.entry() for one in holders),
        requesters=(
            RequesterEntry(actors.investigator.account_id, "Investigator", signing.public_key(REQUESTER_SEED)),
        ),
        officers=tuple(OfficerEntry(one.account_id, one.username, keys[one.account_id]) for one in officers),
        root=signing.public_key(ROOT_SEED),
    )
    return Chain(manifest, holders, list(holders))


async def a_chain_in_force(service: Service) -> Chain:
    """Return the chain of the channel, its first manifest in force."""
    chain = await a_chain(service)
    await chain.publish(service.actors)
    return chain


def joining(actor: Actor, label: str) -> Holder:
    """Return somebody who may join as custodian, with fresh keys."""
    return Holder(uuid4(), actor, label, hpke.new_seed(), signing.new_seed())


async def shares_of(holder: Holder, channel: str = CHANNEL, kind: str = "identity") -> list[dict[str, Any]]:
    """Return every share of one kind that a custodian holds in a channel, by as many requests as it takes."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await holder.actor.get("/v1/custodianship/shares", params={"channel": channel, "limit": 2, **cursor})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if answer.json()["next"] is None:
            return [item for item in found if item["kind"] == kind]
        cursor = {"cursor": answer.json()["next"]}


def sharing_of(item: dict[str, Any]) -> Sharing:
    """Return how something is shared, as the service showed it."""
    commitments = tuple(base64.b64decode(one) for one in item["commitments"])
    custodians = frozenset(UUID(one) for one in item["custodians"])
    return Sharing(base64.b64decode(item["reference"]), item["threshold"], custodians, commitments)


def pieces_of(holder: Holder, item: dict[str, Any]) -> dict[int, bytes]:
    """Return the pieces in a custodian's own share."""
    return identity.open_share(holder.private, sharing_of(item), holder.id, base64.b64decode(item["share"]))


def sealed_anew(old: Holder, new: Holder, item: dict[str, Any]) -> bytes:
    """Return a custodian's share sealed to their new key."""
    custodian = identity.Custodian(new.id, hpke.public_key(new.sealing_seed))
    return identity.seal_share(custodian, sharing_of(item), pieces_of(old, item))


def signature_of(holder: Holder, subject_id: str, share: bytes, kind: str = "identity") -> bytes:
    """Return a custodian's signature over their share."""
    return resharing.sign_replacement(holder.signing_seed, kind, UUID(subject_id), holder.id, share)


async def put_share(
    holder: Holder, kind: str, subject_id: str, share: bytes, signature: bytes | None = None
) -> httpx.Response:
    """Return the answer to replacing a custodian's own share, signed as it should be unless a signature is given."""
    signed = signature or signature_of(holder, subject_id, share, kind)
    body = {"share": spell(share), "signature": spell(signed)}
    return await holder.actor.put(f"/v1/custodianship/shares/{kind}/{subject_id}", json=body)


async def custody_of(actor: httpx.AsyncClient, channel: str = CHANNEL) -> dict[str, Any]:
    """Return the state of custody of a channel."""
    answer = await actor.get(f"/v1/channels/{channel}/custody")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


RESHARINGS = "/v1/custodianship/resharings"


async def resharings_of(holder: Holder, channel: str = CHANNEL, kind: str = "identity") -> list[dict[str, Any]]:
    """Return what of one kind a custodian is told to share anew."""
    answer = await holder.actor.get(RESHARINGS, params={"channel": channel, "limit": 200})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return [item for item in found if item["kind"] == kind]


async def resharing_of(holder: Holder, subject_id: str, kind: str = "identity") -> dict[str, Any]:
    """Return how far the re-sharing of one thing is, as a custodian sees it."""
    return next(item for item in await resharings_of(holder, kind=kind) if item["subject_id"] == subject_id)


def change_of(item: dict[str, Any]) -> Change:
    """Return what is to change, as the service showed it."""
    old = sharing_of({**item["old"], "reference": item["reference"]})
    recipients = {UUID(one["id"]): base64.b64decode(one["sealing_key"]) for one in item["new"]["custodians"]}
    return Change(old, item["new"]["threshold"], recipients, bytes.fromhex(item["new"]["manifest"]))


def old_pieces_of(holder: Holder, item: dict[str, Any]) -> dict[int, bytes]:
    """Return the old pieces of a custodian."""
    share = base64.b64decode(item["old"]["share"])
    return identity.open_share(holder.private, change_of(item).old, holder.id, share)


def deals_in(item: dict[str, Any]) -> dict[UUID, tuple[bytes, ...]]:
    """Return the commitments of every deal, by dealer."""
    return {
        UUID(deal["custodian_id"]): tuple(base64.b64decode(one) for one in deal["commitments"])
        for deal in item["deals"]
    }


def new_pieces_of(holder: Holder, item: dict[str, Any]) -> dict[int, bytes]:
    """Return the new pieces of a custodian, put together from what was dealt, every signature and commitment checked."""
    change = change_of(item)
    given = []
    for deal in item["deals"]:
        dealer, commitments = UUID(deal["custodian_id"]), deals_in(item)[UUID(deal["custodian_id"])]
        box = base64.b64decode(deal["box"])
        given.append(resharing.open_box(holder.private, change, dealer, holder.id, commitments, box))
    return resharing.assemble(change, holder.id, given)


def deal_body(holder: Holder, item: dict[str, Any], pieces: Mapping[int, bytes] | None = None) -> dict[str, Any]:
    """Return the body of a custodian's deal; of other pieces than theirs if some are given, as only a liar would."""
    change = change_of(item)
    if pieces is None:
        made = resharing.deal(change, holder.id, old_pieces_of(holder, item))
    else:
        commitments = tuple(
            sharing.commitment(change.old.context, number, pieces.get(number, bytes(32)))
            for number in range(len(change.old.commitments))
        )
        lie = replace(change, old=replace(change.old, commitments=commitments))
        made = resharing.deal(lie, holder.id, pieces)
    signature = resharing.sign_deal(holder.signing_seed, change, holder.id, made)
    return {
        "commitments": [spell(one) for one in made.commitments],
        "boxes": {str(one): spell(box) for one, box in made.boxes.items()},
        "signature": spell(signature),
    }


async def post_deal(holder: Holder, subject_id: str, body: dict[str, Any], kind: str = "identity") -> httpx.Response:
    """Return the answer to a deal."""
    return await holder.actor.post(f"{RESHARINGS}/{kind}/{subject_id}/deals", json=body)


def acceptance_body(holder: Holder, item: dict[str, Any], pieces: Mapping[int, bytes] | None = None) -> dict[str, Any]:
    """Return the body of a custodian's acceptance."""
    change = change_of(item)
    commitments = resharing.accepted(change, pieces or new_pieces_of(holder, item))
    signature = resharing.sign_acceptance(holder.signing_seed, change, holder.id, commitments)
    return {"commitments": [spell(one) for one in commitments], "signature": spell(signature)}


async def post_acceptance(
    holder: Holder, subject_id: str, body: dict[str, Any], kind: str = "identity"
) -> httpx.Response:
    """Return the answer to an acceptance."""
    return await holder.actor.post(f"{RESHARINGS}/{kind}/{subject_id}/acceptances", json=body)


def new_share(holder: Holder, item: dict[str, Any]) -> bytes:
    """Return a custodian's new share, sealed to themselves."""
    change = change_of(item)
    acceptances = {
        UUID(one["custodian_id"]): [base64.b64decode(part) for part in one["commitments"]]
        for one in item["acceptances"]
    }
    agreed = resharing.agreed(change, acceptances)
    assert agreed is not None
    custodian = identity.Custodian(holder.id, hpke.public_key(holder.sealing_seed))
    return identity.seal_share(custodian, change.after(agreed), new_pieces_of(holder, item))


async def post_new_share(holder: Holder, subject_id: str, share: bytes, kind: str = "identity") -> httpx.Response:
    """Return the answer to handing in a new share."""
    body = {"share": spell(share), "signature": spell(signature_of(holder, subject_id, share, kind))}
    return await holder.actor.post(f"{RESHARINGS}/{kind}/{subject_id}/shares", json=body)


async def deal_all(holders: Sequence[Holder], subject_id: str, kind: str = "identity") -> None:
    """Those custodians have dealt."""
    for holder in holders:
        item = await resharing_of(holder, subject_id, kind)
        assert item["step"] == "deal"
        answer = await post_deal(holder, subject_id, deal_body(holder, item), kind)
        assert answer.status_code == 201, answer.text


async def accept_all(holders: Sequence[Holder], subject_id: str, kind: str = "identity") -> None:
    """Those custodians have accepted."""
    for holder in holders:
        item = await resharing_of(holder, subject_id, kind)
        assert item["step"] == "accept"
        answer = await post_acceptance(holder, subject_id, acceptance_body(holder, item), kind)
        assert answer.status_code == 201, answer.text


async def finish_all(holders: Sequence[Holder], subject_id: str, kind: str = "identity") -> None:
    """Those custodians have handed in their new shares."""
    for holder in holders:
        item = await resharing_of(holder, subject_id, kind)
        assert item["step"] == "finish"
        answer = await post_new_share(holder, subject_id, new_share(holder, item), kind)
        assert answer.status_code == 204, answer.text


async def reshared(old: Sequence[Holder], new: Sequence[Holder], subject_id: str, kind: str = "identity") -> None:
    """One thing is shared among the new custodians."""
    await deal_all(old, subject_id, kind)
    await accept_all(new, subject_id, kind)
    await finish_all(new, subject_id, kind)


async def custodians_in(session: AsyncSession) -> list[Custodian]:
    """Return every custodian of the database."""
    return list((await session.execute(select(Custodian))).scalars())


async def break_the_log(service: Service, chain_id: UUID) -> None:
    """The head of a chain is none that the service wrote."""
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(AuditHead).where(AuditHead.chain_id == chain_id).values(tag=bytes(32)))
