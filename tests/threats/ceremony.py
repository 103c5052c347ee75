"""What the two cases leave out: a manifest, a grievance that comes in sealed, requests to custodians, and a re-sharing under way.

Nothing of it is carried through to its end, so that all that is stored meanwhile is there to be taken.
"""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from app.crypto import hpke, identity, manifests, receipts, signing, submissions
from app.crypto.manifests import CustodianEntry, Manifest, OfficerEntry, RequesterEntry
from app.crypto.openings import Purpose
from tests.builders import custody, recoveries
from tests.builders.custody import Holder
from tests.builders.manifests import CustodianSide, unb64
from tests.builders.openings import Asking, Ceremony
from tests.builders.whole import WholeCase
from tests.conftest import CHANNEL
from tests.threats.people import (
    CUSTODIANS,
    INVITATION,
    KEY_REASON,
    NOTICE,
    OLD_SECOND_FACTOR,
    PUBLIC,
    REASON,
    REFUSAL,
    REQUEST_KEY,
    SEALED_IDENTITY,
    SEALED_RECEIPT,
    SEALED_REPORTED,
    SIGNING_KEY,
    Person,
    Played,
    done,
)  # fmt: skip

FOUNDERS, SUCCESSORS = CUSTODIANS[:3], (*CUSTODIANS[:2], CUSTODIANS[3])
REQUESTERS = ("investigator", "other_case_officer")


class Office:
    """The first channel with its root: who holds shares, who may ask, and the manifest in force."""

    def __init__(self, played: Played, keys: dict[str, Any]) -> None:
        """Make every key that a manifest names beside those that the channel has."""
        self.played = played
        self.root = self._seed("root")
        self.requesters = {name: self._seed(name) for name in REQUESTERS}
        public = {hpke.public_key(seed): account for account, seed in played.custodian_seeds.items()}
        shown = {public[unb64(one["public_key"])]: (UUID(one["id"]), str(one["label"])) for one in keys["custodians"]}
        self.holders = {name: self._holder(name, shown) for name in CUSTODIANS}
        self.manifest = Manifest(
            organisation=UUID(keys["organisation_id"]),
            channel=UUID(keys["id"]),
            slug=keys["slug"],
            epoch=1,
            previous=None,
            issued_on=datetime.now(UTC).date(),
            threshold=keys["threshold"],
            custodians=tuple(self.holders[name].entry() for name in FOUNDERS),
            requesters=tuple(
                RequesterEntry(self._person(name).account_id, name, signing.public_key(seed))
                for name, seed in self.requesters.items()
            ),
            officers=tuple(
                OfficerEntry(UUID(one["account_id"]), "officer", unb64(one["public_key"])) for one in keys["officers"]
            ),
            root=signing.public_key(self.root),
        )
        self.digest = b""

    def _person(self, name: str) -> Person:
        return self.played.people()[name]

    def _seed(self, name: str) -> bytes:
        seed = signing.new_seed()
        self.played.planted.keep(SIGNING_KEY, name, seed)
        return seed

    def _holder(self, name: str, shown: dict[UUID, tuple[UUID, str]]) -> Holder:
        person, say = self._person(name), self.played.planted.say(PUBLIC)
        custodian_id, label = shown.get(person.account_id) or (uuid4(), say("label of who joins"))
        sealing_seed = self.played.custodian_seeds[person.account_id]
        return Holder(custodian_id, person, label, sealing_seed, self._seed(name))

    async def publish(self) -> None:
        """The manifest is in force."""
        signed = manifests.sign_manifest(self.manifest, self.root)
        done(await custody.post(self._person("administrator"), signed))
        self.digest = manifests.digest(signed)

    async def exchange_a_custodian(self) -> None:
        """The next manifest is in force, with the fourth custodian in place of the third."""
        custodians: tuple[CustodianEntry, ...] = tuple(self.holders[name].entry() for name in SUCCESSORS)
        self.manifest = replace(self.manifest, epoch=2, previous=self.digest, custodians=custodians)
        await self.publish()

    def ceremony(self, case: WholeCase, identity_id: str) -> Ceremony:
        """Return what the requests of a case are made with: of the service it needs the people alone."""
        sides = [
            CustodianSide(one.actor, one.id, one.sealing_seed, one.signing_seed, self.manifest)
            for one in (self.holders[name] for name in FOUNDERS)
        ]
        seeds = {self._person(name).account_id: seed for name, seed in self.requesters.items()}
        return Ceremony(
            self.played, self.root, self.manifest, self.digest, sides, seeds, self.manifest.organisation,  # type: ignore[arg-type]
            UUID(case.ids["case_id"]), UUID(identity_id), "",
        )  # fmt: skip

    def asks(self, asking: Asking, name: str) -> Asking:
        """Return the request, the key that was made for it kept for the search."""
        self.played.request_seeds[name] = asking.seed
        self.played.planted.keep(REQUEST_KEY, name, asking.seed)
        return asking


async def perform(played: Played, reporter: httpx.AsyncClient) -> None:
    """One officer forgot their password; two requests are open, one for an identity and one for a case key; custodians change."""
    await _forget_the_password(played)
    keys = done(await played.actors.administrator.get(f"/v1/channels/{CHANNEL}/keys"))
    office = Office(played, keys)
    await office.publish()
    await _seal_a_grievance(played, reporter, office.manifest)
    await _ask_for_an_identity(office)
    await _ask_for_a_key(office)
    await office.exchange_a_custodian()
    await _share_anew(office, played.sealed_case.ids["identity_id"])


async def _forget_the_password(played: Played) -> None:
    officer = played.actors.other_case_officer
    played.planted.regard_as(OLD_SECOND_FACTOR, officer.totp_secret)
    invited = done(await played.actors.administrator.post(f"/v1/accounts/{officer.account_id}/reset"))
    played.planted.keep(INVITATION, "of the reset", invited["one_time_password"])
    await officer.activate(played.planted, "other_case_officer", invited["one_time_password"])


async def _seal_a_grievance(played: Played, reporter: httpx.AsyncClient, manifest: Manifest) -> None:
    """A reporter whose client seals all of it: nobody has acted on it."""
    say, who = played.planted.say(SEALED_REPORTED), played.planted.say(SEALED_IDENTITY)
    page = done(await reporter.get(f"/v1/channels/{CHANNEL}"))
    played.sealed_receipt = receipts.new_receipt()
    played.planted.keep(SEALED_RECEIPT, "the reporter's", played.sealed_receipt)
    said = submissions.Said(
        confidentiality="confidential", headline=say("Keys"), narrative=say("The cupboard was open."), capacity=say("volunteer"),
        allegations=[("3.1", say("Keys were lent."))],
    )  # fmt: skip
    to = submissions.Recipients(
        manifest.organisation,
        tuple((one.account, hpke.PublicKey(one.sealing_key)) for one in manifest.officers),
        tuple(identity.Custodian(one.id, one.sealing_key) for one in manifest.custodians),
        manifest.threshold,
    )
    person = json.dumps({"name": who("Name"), "contact": who("contact")}).encode()
    own = receipts.derive(played.sealed_receipt, base64.b64decode(page["receipt"]["salt"]))
    body = submissions.seal(said, person, to, own, datetime.now(UTC).date())
    done(await reporter.post(f"/v1/channels/{CHANNEL}/sealed-grievances", json=body))
    played.sealed_case = WholeCase(
        {"case_id": body["case_id"], "channel": CHANNEL, "identity_id": body["identity"]["id"]}
    )


async def _ask_for_an_identity(office: Office) -> None:
    """The investigator asks who a supporter is: one custodian approves, one refuses, the third has yet to answer."""
    played, investigator = office.played, office.played.actors.investigator
    listed = done(await investigator.get(played.case.path("/identities")))["items"]
    ceremony = office.ceremony(played.case, listed[0]["id"])
    asking = office.asks(ceremony.ask(investigator, **_why(played, REASON)), "investigator")
    notice = played.planted.say(NOTICE)("We have asked who you are.")
    done(await ceremony.send(asking, investigator, notice=notice))
    done(await ceremony.custodians[0].approve(asking.request.id))
    why_not = played.planted.say(REFUSAL)("This is no vital interest.")
    done(await ceremony.custodians[2].refuse(asking.request.id, why_not))
    played.case.ids |= {"opening_id": str(asking.request.id), "identity_id": listed[0]["id"]}


async def _ask_for_a_key(office: Office) -> None:
    """The officer who forgot their password asks for the key of the case: one custodian approves."""
    officer, ceremony = office.played.actors.other_case_officer, office.ceremony(office.played.case, str(UUID(int=0)))
    escrow = await recoveries.escrow_of(ceremony, officer)
    why = _why(office.played, KEY_REASON) | {"purpose": Purpose.CASE_KEY, "subject": UUID(escrow["subject_id"])}
    asking = office.asks(ceremony.ask(officer, **why), "other_case_officer")
    done(await recoveries.send(ceremony, officer, asking))
    done(await ceremony.custodians[1].approve(asking.request.id))


def _why(played: Played, kind: str) -> dict[str, Any]:
    """Return what a request says, made now."""
    say, now = played.planted.say(kind), datetime.now(UTC).replace(second=0, microsecond=0)
    return {
        "reason": say("Somebody may be in danger."), "legal_basis": say("Vital interests."), "made_at": now,
        "expires_at": now + timedelta(hours=72),
    }  # fmt: skip


async def _share_anew(office: Office, identity_id: str) -> None:
    """The reporter of the sealed grievance is dealt to the new custodians; the one who joined has handed in their new share."""
    await custody.deal_all([office.holders[name] for name in FOUNDERS], identity_id)
    await custody.accept_all([office.holders[name] for name in SUCCESSORS], identity_id)
    await custody.finish_all([office.holders["fourth_custodian"]], identity_id)
