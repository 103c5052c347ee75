"""The manifest of a channel with everybody's keys, and custodians at their own machines who pinned its root."""

import base64
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import select

from app.accounts.models import Account
from app.audit import log
from app.crypto import hpke, identity, manifests, openings, signing
from app.crypto.documents import Signed
from app.crypto.manifests import CustodianEntry, Manifest, OfficerEntry, RequesterEntry
from app.crypto.openings import Request
from app.custody.models import Custodian, StoredManifest
from app.intake import doors
from app.intake.models import Channel, ChannelOfficer
from app.kernel import clock
from app.kernel.octets import spell
from app.kernel.sealed import OpenKeys, open_keys
from app.policy.actors import Staff
from tests.builders.custody import sharing_of
from tests.conftest import Actor, Service


def unb64(text: str) -> bytes:
    """Return what base64 spells."""
    return base64.b64decode(text, validate=True)


@dataclass
class CustodianSide:
    """A custodian at their own machine: two private keys, the root they pinned, and the manifest they fetched."""

    actor: Actor
    id: UUID
    sealing_seed: bytes
    signing_seed: bytes
    manifest: Manifest

    async def list(self) -> list[dict[str, Any]]:
        """Return the requests made to them."""
        answer = await self.actor.get("/v1/openings")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def read(self, opening_id: UUID) -> dict[str, Any]:
        """Return a request as the service shows it to them."""
        answer = await self.actor.get(f"/v1/openings/{opening_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def judge(self, shown: dict[str, Any]) -> tuple[Signed, Request]:
        """Return the request in their paper.

        Raises:
            SealBroken: it was not sealed to them for this request.
            DocumentInvalid: it breaks a rule of its format.
            NotAuthentic: it is not signed with the key that their manifest names for the requester.

        """
        signed = openings.open_paper(
            hpke.PrivateKey(self.sealing_seed), UUID(shown["id"]), self.id, unb64(shown["paper"])
        )
        request = openings.read_request(signed)
        named = self.manifest.requester(request.requester)
        assert named is not None
        signed.require_signed_by(named.signing_key, openings.REQUEST_LABEL)
        assert request.id == UUID(shown["id"])
        return signed, request

    def approval(self, shown: dict[str, Any]) -> dict[str, str]:
        """Return the body that approves a request that was judged."""
        signed, request = self.judge(shown)
        of = sharing_of(shown["sharing"])
        pieces = identity.open_share(hpke.PrivateKey(self.sealing_seed), of, self.id, unb64(shown["share"]))
        release = identity.release_share(pieces, of, self.id, openings.request_digest(signed), request.key)
        return self.signed_release(signed, of, release)

    def signed_release(self, signed: Signed, of: identity.Sharing, release: bytes) -> dict[str, str]:
        """Return the body that hands in a release."""
        signature = openings.sign_approval(self.signing_seed, openings.request_digest(signed), of, self.id, release)
        return {"release": spell(release), "signature": spell(signature)}

    async def approve(self, opening_id: UUID) -> httpx.Response:
        """Judge a request and approve it."""
        return await self.send_approval(opening_id, self.approval(await self.read(opening_id)))

    async def send_approval(self, opening_id: UUID, body: dict[str, str]) -> httpx.Response:
        """Hand in an approval."""
        return await self.actor.post(f"/v1/openings/{opening_id}/shares", json=body)

    async def refuse(self, opening_id: UUID, reason: str = "This is no vital interest.") -> httpx.Response:
        """Judge a request and refuse it."""
        signed, request = self.judge(await self.read(opening_id))
        digest = openings.request_digest(signed)
        sealed = openings.seal_refusal_reason(request.key, digest, self.id, reason)
        body = {
            "reason_sealed": spell(sealed),
            "signature": spell(openings.sign_refusal(self.signing_seed, digest, self.id, sealed)),
        }
        return await self.actor.post(f"/v1/openings/{opening_id}/refusal", json=body)


async def a_manifest(service: Service, root_seed: bytes) -> tuple[Manifest, list[CustodianSide], dict[UUID, bytes]]:
    """Return the first manifest of the channel with everybody's keys: investigator and case officers may ask."""
    actors = service.actors
    sides = (actors.custodian, actors.second_custodian, actors.third_custodian)
    seeds = {hpke.public_key(seed): seed for seed in service.custodian_seeds}
    signing_seeds = {side.account_id: signing.new_seed() for side in sides}
    asking = (
        actors.investigator, actors.assistant, actors.reviewer, actors.case_officer, actors.other_case_officer,
        actors.third_case_officer,
    )  # fmt: skip
    requester_seeds = {actor.account_id: signing.new_seed() for actor in asking}
    async with service.runtime.database.session(write=False) as session:
        channel = (await session.execute(select(Channel))).scalar_one()
        custodians = {one.account_id: one for one in (await session.execute(select(Custodian))).scalars()}
        officers = (
            await session.execute(
                select(Account.id, Account.public_key).join(ChannelOfficer, ChannelOfficer.account_id == Account.id)
            )
        ).all()
    manifest = Manifest(
        organisation=channel.organisation_id,
        channel=channel.id,
        slug=channel.slug,
        epoch=1,
        previous=None,
        issued_on=clock.today(),
        threshold=channel.threshold,
        custodians=tuple(
            CustodianEntry(
                custodians[side.account_id].id,
                side.account_id,
                custodians[side.account_id].label,
                custodians[side.account_id].public_key,
                signing.public_key(signing_seeds[side.account_id]),
            )
            for side in sides
        ),
        requesters=tuple(
            RequesterEntry(account_id, "requester", signing.public_key(seed))
            for account_id, seed in requester_seeds.items()
        ),
        officers=tuple(OfficerEntry(one.id, "officer", one.public_key) for one in officers),
        root=signing.public_key(root_seed),
    )
    made = [
        CustodianSide(side, entry.id, seeds[entry.sealing_key], signing_seeds[entry.account], manifest)
        for side, entry in zip(sides, manifest.custodians, strict=True)
    ]
    return manifest, made, requester_seeds


async def publish(service: Service, manifest: Manifest, root_seed: bytes) -> bytes:
    """The manifest is in force in its channel; return its digest."""
    signed = manifests.sign_manifest(manifest, root_seed)
    body = {"document": spell(signed.document), "signature": spell(signed.signature)}
    answer = await service.actors.administrator.post(f"/v1/channels/{manifest.slug}/manifests", json=body)
    assert answer.status_code == 201, answer.text
    return manifests.digest(signed)


async def put_in_force(service: Service, manifest: Manifest, root_seed: bytes) -> bytes:
    """A manifest is in force that the service would not take as things are, but may have taken before; return its digest."""
    signed = manifests.sign_manifest(manifest, root_seed)
    row = StoredManifest(
        organisation_id=manifest.organisation,
        channel_id=manifest.channel,
        epoch=manifest.epoch,
        digest=manifests.digest(signed),
        document=signed.document,
        signature=signed.signature,
        issued_on=manifest.issued_on,
    )
    token = open_keys.set(OpenKeys(service.runtime.keys))
    try:
        async with service.runtime.database.session(write=True) as session:
            channel = (await session.execute(select(Channel))).scalar_one()
            custodians = await doors.require_ours(session, channel)
            officers = list(await session.scalars(select(ChannelOfficer.account_id)))
            channel.manifest_digest = row.digest
            doors.put_tag(channel, custodians, officers)
            session.add(row)
            administrator = Staff(service.actors.administrator.account_id, manifest.organisation, uuid4())
            await log.record(session, administrator, "manifest.published", channel, row)
    finally:
        open_keys.reset(token)
    return row.digest
