"""The ceremony as tests want it: people with keys of their own, who do on their side what a client does."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx

from app.crypto import hpke, identity, openings, signing
from app.crypto.documents import Signed
from app.crypto.manifests import Manifest
from app.crypto.openings import Purpose, Request
from app.kernel import clock
from app.kernel.octets import spell
from app.kernel.sealed import OpenKeys, open_keys
from app.openings import ending
from tests.builders import intake, recoveries, turned
from tests.builders.custody import sharing_of
from tests.builders.manifests import CustodianSide, a_manifest, publish, unb64
from tests.builders.whole import WholeCase
from tests.conftest import Actor, Clock, Service

REASON = "Robin Ashe may be in danger and has to be warned."
LEGAL_BASIS = "Vital interests of the person."
NOTICE = "We asked the custodians who you are, in order to warn you."
WHY_NOT = "The accused reads this inbox over the reporter's shoulder."


@dataclass
class Asking:
    """A request in the hands of who made it, with the private key that was made for it alone."""

    request: Request
    signed: Signed
    seed: bytes = field(repr=False)

    def body(self, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 any JSON
        """Return what is sent."""
        body = {"document": spell(self.signed.document), "signature": spell(self.signed.signature), "notice": NOTICE}
        return body | changes

    def combine(self, shown: dict[str, Any], manifest: Manifest, among: Sequence[UUID] | None = None) -> bytes:
        """Return the identity, from what the service released: what the requester's client does.

        Raises:
            NotAuthentic: an approval is not signed by its custodian.
            LyingCustodian: pieces are not those dealt; the error names who.
            SealBroken: it does not open.

        """
        of, digest = sharing_of(shown["sharing"]), openings.request_digest(self.signed)
        private, released = hpke.PrivateKey(self.seed), {}
        for one in shown["releases"]:
            custodian_id, release = UUID(one["custodian_id"]), unb64(one["release"])
            if among is not None and custodian_id not in among:
                continue
            entry = manifest.custodian(custodian_id)
            assert entry is not None
            openings.require_approval(entry.signing_key, unb64(one["signature"]), digest, of, custodian_id, release)
            released[custodian_id] = identity.open_release(private, of, custodian_id, digest, release)
        return identity.combine_identity(
            unb64(shown["ciphertext"]), unb64(shown["check"]), of, released, unb64(shown["shred_key"])
        )


@dataclass
class Ceremony:
    """A case with a sealed identity, a manifest, and everybody's private keys, each on their own side."""

    service: Service
    root_seed: bytes
    manifest: Manifest
    digest: bytes
    custodians: list[CustodianSide]
    requester_seeds: dict[UUID, bytes]
    organisation_id: UUID
    case_id: UUID
    identity_id: UUID
    receipt: str

    @property
    def actors(self) -> SimpleNamespace:
        """The cast."""
        return self.service.actors

    @property
    def url(self) -> str:
        """Where the case is."""
        return f"/v1/cases/{self.case_id}"

    def ask(self, actor: Actor | None = None, /, *, seed: bytes | None = None, **changes: Any) -> Asking:  # noqa: ANN401
        """Return a signed request, by the investigator unless somebody else is named, which nobody has seen yet."""
        actor = actor or self.actors.investigator
        ephemeral, now = hpke.new_seed(), clock.to_the_minute()
        request = Request(
            id=uuid4(),
            purpose=Purpose.IDENTITY,
            organisation=self.organisation_id,
            case=self.case_id,
            subject=self.identity_id,
            requester=actor.account_id,
            manifest=self.digest,
            key=hpke.public_key(ephemeral),
            reason=REASON,
            legal_basis=LEGAL_BASIS,
            made_at=now,
            expires_at=now + timedelta(hours=72),
        )
        request = replace(request, **changes)
        return Asking(
            request, openings.sign_request(request, seed or self.requester_seeds[actor.account_id]), ephemeral
        )

    async def send(self, asking: Asking, actor: Actor | None = None, **changes: Any) -> httpx.Response:  # noqa: ANN401
        """Send a request."""
        asker: Actor = actor or self.actors.investigator
        return await asker.post(f"{self.url}/openings", json=asking.body(**changes))

    async def asked(self, actor: Actor | None = None, **changes: Any) -> Asking:  # noqa: ANN401 any JSON
        """Return a request that was made."""
        asking = self.ask(actor)
        answer = await self.send(asking, actor, **changes)
        assert answer.status_code == 201, answer.text
        return asking

    async def approved(self, asking: Asking, by: int = 2) -> None:
        """That many custodians approve."""
        for custodian in self.custodians[:by]:
            answer = await custodian.approve(asking.request.id)
            assert answer.status_code == 201, answer.text

    async def fetch(self, asking: Asking, actor: Actor | None = None) -> httpx.Response:
        """Ask for what was released."""
        asker: Actor = actor or self.actors.investigator
        return await asker.get(f"{self.url}/openings/{asking.request.id}/releases")

    async def outcome(self, asking: Asking, **body: Any) -> httpx.Response:  # noqa: ANN401 any JSON
        """Record what the requester's client found."""
        asker: Actor = self.actors.investigator
        return await asker.post(f"{self.url}/openings/{asking.request.id}/outcome", json=body)

    async def withheld(self, asking: Asking, actor: Actor) -> httpx.Response:
        """Record a second person's reason."""
        path = f"{self.url}/openings/{asking.request.id}/withholding"
        return await actor.post(path, json={"reason": "I know the accused, and agree."})

    async def listed(self, asking: Asking, actor: Actor | None = None) -> dict[str, Any]:
        """Return the request as the case lists it."""
        answer = await (actor or self.actors.investigator).get(f"{self.url}/openings")
        assert answer.status_code == 200, answer.text
        return next(one for one in answer.json()["items"] if one["id"] == str(asking.request.id))

    async def later(self, time: Clock, hours: float, *actors: Actor) -> None:
        """Let time pass; who is named, or else the investigator and the custodians, sign in again."""
        time.advance(timedelta(hours=hours))
        for actor in actors or (self.actors.investigator, *(one.actor for one in self.custodians)):
            await actor.sign_in()

    async def keep_house(self) -> None:
        """Do what the service does every hour."""
        token = open_keys.set(OpenKeys(self.service.runtime.keys))
        await ending.empty_all_ended(self.service.runtime.database)
        open_keys.reset(token)

    async def inbox(self) -> dict[str, Any]:
        """Return the reporter's inbox."""
        async with self.service.client() as client:
            return await intake.inbox_of(client, receipt=self.receipt)


def problem(answer: httpx.Response) -> str:
    """Return the name of a refusal, and nothing for what was done."""
    return "" if answer.is_success else str(answer.json()["type"].rpartition("/")[2])


async def a_ceremony(service: Service) -> Ceremony:
    """Return a case of one named reporter, with investigator, assistant and reviewer, whose channel has a manifest."""
    actors, root_seed = service.actors, signing.new_seed()
    manifest, custodians, requester_seeds = await a_manifest(service, root_seed)
    digest = await publish(service, manifest, root_seed)
    async with service.client() as client:
        made = await intake.submitted(client)
    case_id = await intake.case_called(actors.case_officer, made["reference"])
    for capacity in ("investigator", "assistant", "reviewer"):
        body = {"account_id": str(getattr(actors, capacity).account_id), "capacity": capacity}
        answer = await actors.case_officer.post(f"/v1/cases/{case_id}/appointments", json=body)
        assert answer.status_code == 201, answer.text
    listed = await actors.investigator.get(f"/v1/cases/{case_id}/identities")
    assert listed.status_code == 200, listed.text
    (one,) = listed.json()["items"]
    return Ceremony(
        service, root_seed, manifest, digest, custodians, requester_seeds, manifest.organisation, UUID(case_id),
        UUID(one["id"]), made["receipt"],
    )  # fmt: skip


async def asks_in(service: Service) -> Callable[[WholeCase], Awaitable[None]]:
    """Return what makes the investigator of a case ask for its first identity, and a third officer without a key for the case key.

    The channel has a manifest from now on.
    """
    root_seed, investigator = signing.new_seed(), service.actors.investigator
    manifest, custodians, requester_seeds = await a_manifest(service, root_seed)
    digest = await publish(service, manifest, root_seed)

    async def ask(case: WholeCase) -> None:
        listed = await investigator.get(case.path("/identities"))
        ceremony = Ceremony(
            service, root_seed, manifest, digest, custodians, requester_seeds, manifest.organisation,
            UUID(case.ids["case_id"]), UUID(listed.json()["items"][0]["id"]), "",
        )  # fmt: skip
        case.ids["opening_id"] = str((await ceremony.asked()).request.id)
        officer = service.actors.third_case_officer
        body = {"account_id": str(officer.account_id), "capacity": "case_officer"}
        appointed = await service.actors.case_officer.post(case.path("/appointments"), json=body)
        assert appointed.status_code == 201, appointed.text
        await turned.lose_the_grant(service, officer)
        case.ids["recovery_id"] = str((await recoveries.asked(ceremony, officer)).request.id)

    return ask
