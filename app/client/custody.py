"""What custodians do between openings: seal their shares to a new key of their own, and share anew with others. No key is formed."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app.client import keys, openings, requests, terminal, trust
from app.client.manifests import Slug
from app.client.openings import KeyOption, private_of
from app.client.server import Answer, ServerRefused
from app.client.sessions import Session
from app.client.terminal import Alarm, Failure
from app.client.trust import Trusted
from app.crypto import identity, resharing
from app.crypto.documents import spell
from app.crypto.errors import NotAuthentic, SealBroken
from app.crypto.identity import Sharing
from app.crypto.keyfiles import Keys, Kind
from app.crypto.manifests import CustodianEntry
from app.crypto.openings import Purpose
from app.crypto.resharing import Change

app = terminal.commands("Keep your shares usable: after a new key of your own, and when custodians join or leave.")
WAIT, NOTHING = "wait", "nothing"


@app.command("replace-key")
def replace_key(
    new: Annotated[Path, typer.Argument(help="Your new key file, which the newest manifest names.")],
    key: KeyOption,
    channel: Slug,
) -> None:
    """Seal every share that you hold to your new key. Doing it again does what is left."""
    old, fresh = keys.load(key, Kind.CUSTODIAN), keys.load(new, Kind.CUSTODIAN)
    session = Session.standing()
    trusted = trust.check(session, channel, None)
    held = [one for one in session.pages("/v1/custodianship/shares", channel=channel) if not one.flag("is_current")]
    with terminal.progress("Sealing your shares to your new key", len(held)) as steps:
        for one in held:
            me = openings.myself(trusted.newest, one.uuid("custodian_id"), fresh)
            of = openings.sharing_of(one, _reference_in(one, trusted))
            pieces = identity.open_share(private_of(old), of, me.id, one.octets("share"))
            _hand_in(session, "shares", one, _sealed(me, of, pieces), fresh, me.id)
            steps.done()
    terminal.say(f"{len(held)} shares are sealed to your new key.", "green")


def _reference_in(shown: Answer, trusted: Trusted) -> bytes:
    reference, place = shown.octets("reference"), (shown.uuid("case_id"), shown.uuid("subject_id"))
    kind = Purpose(shown.text("kind"))
    if reference != requests.reference_of(kind, trusted.newest.organisation, *place, reference):
        raise Alarm("The service shows the share of one thing as that of another: nothing was done.")
    return reference


def _sealed(me: CustodianEntry, of: Sharing, pieces: dict[int, bytes]) -> bytes:
    return identity.seal_share(identity.Custodian(me.id, me.sealing_key), of, pieces)


def _hand_in(session: Session, where: str, shown: Answer, share: bytes, own: Keys, me: UUID) -> None:
    kind, subject = shown.text("kind"), shown.uuid("subject_id")
    signature = resharing.sign_replacement(own.signing_seed, kind, subject, me, share)
    body = {"share": spell(share), "signature": spell(signature)}
    if where == "shares":
        session.put(f"/v1/custodianship/shares/{kind}/{subject}", body)
    else:
        session.post(f"/v1/custodianship/resharings/{kind}/{subject}/shares", body)


@app.command("reshare")
def reshare(key: KeyOption, channel: Slug) -> None:
    """Do whatever is next for each thing that is to be shared anew: deal, accept, finish. Doing it again does what is left."""
    own = keys.load(key, Kind.CUSTODIAN)
    session = Session.standing()
    trusted = trust.check(session, channel, None)
    due = list(session.pages("/v1/custodianship/resharings", channel=channel))
    waiting = 0
    with terminal.progress("Sharing anew", len(due)) as steps:
        for one in due:
            last = [NOTHING, *_do_all(session, trusted, own, one)][-1]
            waiting += last == WAIT
            steps.done()
    terminal.say(
        f"{len(due)} to share anew; {waiting} wait for other custodians or the end of a request. Run it again then."
    )


def _do_all(session: Session, trusted: Trusted, own: Keys, shown: Answer) -> Iterator[str]:
    """Take one step after the other until others are to act, and yield each."""
    place = f"/v1/custodianship/resharings/{shown.text('kind')}/{shown.uuid('subject_id')}"
    while True:
        step = shown.text("step")
        yield step
        under_way = _UnderWay.read(shown, trusted, own)
        if step == "deal":
            shown = session.post(f"{place}/deals", under_way.deal())
        elif step == "accept":
            shown = session.post(f"{place}/acceptances", under_way.acceptance())
        elif step == "finish":
            of, me = under_way.agreed(), under_way.me
            try:
                _hand_in(session, "resharings", shown, _sealed(me, of, under_way.new_pieces()), own, me.id)
            except ServerRefused as refused:
                if refused.slug != "opening-under-way":
                    raise
                yield WAIT
            return
        else:
            return


@dataclass(frozen=True)
class _UnderWay:
    """A re-sharing whose recipients are those of the newest manifest."""

    shown: Answer
    trusted: Trusted
    own: Keys
    change: Change

    @classmethod
    def read(cls, shown: Answer, trusted: Trusted, own: Keys) -> "_UnderWay":
        """Return what a service shows, once it agrees with the manifest.

        Raises:
            Alarm: it shares with somebody whom the root did not name.

        """
        new = shown.of("new")
        recipients = {one.uuid("id"): one.octets("sealing_key") for one in new.each("custodians")}
        vouched = {one.id: one.sealing_key for one in trusted.newest.custodians}
        agrees = (recipients, new.number("threshold"), new.text("manifest")) == (
            vouched, trusted.newest.threshold, trusted.digest.hex(),
        )  # fmt: skip
        if not agrees:
            raise Alarm("The service would share with others than those whom the root named: nothing was done.")
        old = openings.sharing_of(shown.of("old"), _reference_in(shown, trusted))
        return cls(shown, trusted, own, Change(old, trusted.newest.threshold, recipients, trusted.digest))

    @property
    def me(self) -> CustodianEntry:
        """Return what the newest manifest says of oneself."""
        return openings.myself(self.trusted.newest, self.shown.of("new").uuid("custodian_id"), self.own)

    def old_pieces(self) -> dict[int, bytes]:
        """Return one's pieces as they are until the exchange; none for who joins."""
        old = self.shown.of("old")
        if not old.has("share"):
            return {}
        return identity.open_share(private_of(self.own), self.change.old, old.uuid("custodian_id"), old.octets("share"))

    def deal(self) -> dict[str, object]:
        """Return what one deals to the new custodians."""
        dealer = self.shown.of("old").uuid("custodian_id")
        made = resharing.deal(self.change, dealer, self.old_pieces())
        signature = resharing.sign_deal(self.own.signing_seed, self.change, dealer, made)
        return {
            "commitments": [spell(one) for one in made.commitments],
            "boxes": {str(one): spell(box) for one, box in made.boxes.items()},
            "signature": spell(signature),
        }

    def new_pieces(self) -> dict[int, bytes]:
        """Return one's new pieces, put together from what was dealt.

        Raises:
            Alarm: a deal is not what its dealer signed, or the dealer lies.

        """
        deals = {one.uuid("custodian_id"): one for one in self.shown.each("deals")}
        commitments = {dealer: one.all_octets("commitments") for dealer, one in deals.items()}
        liars = resharing.liars(self.change, self.old_pieces(), commitments)
        if liars:
            raise Alarm(
                f"Dealt something else than the pieces they hold: {', '.join(map(self._label, sorted(liars)))}."
            )
        given = [self._opened(dealer, one, commitments[dealer]) for dealer, one in deals.items()]
        return resharing.assemble(self.change, self.me.id, given)

    def _opened(self, dealer: UUID, deal: Answer, commitments: list[bytes]) -> resharing.SubPieces:
        box, boxes = deal.octets("box"), deal.all_octets("box_digests")
        mine = sorted(self.change.recipients).index(self.me.id)
        try:
            signature = deal.octets("signature")
            resharing.require_deal(self._signing_key(dealer), signature, self.change, dealer, commitments, boxes)
        except NotAuthentic:
            raise Alarm(f"The deal of {self._label(dealer)} is not signed by them: the service altered it.") from None
        if boxes[mine : mine + 1] != [sha256(box).digest()]:
            raise Alarm(f"The service altered what {self._label(dealer)} dealt to you.")
        try:
            return resharing.open_box(private_of(self.own), self.change, dealer, self.me.id, commitments, box)
        except SealBroken:
            raise Alarm(f"{self._label(dealer)} dealt you something else than they committed to.") from None

    def acceptance(self) -> dict[str, object]:
        """Return what one says of one's new pieces."""
        commitments = resharing.accepted(self.change, self.new_pieces())
        signature = resharing.sign_acceptance(self.own.signing_seed, self.change, self.me.id, commitments)
        return {"commitments": [spell(one) for one in commitments], "signature": spell(signature)}

    def agreed(self) -> Sharing:
        """Return the new sharing, which every new custodian signed and which fits one's own pieces.

        Raises:
            Alarm: an acceptance is not its custodian's, or does not fit.

        """
        accepted: dict[UUID, list[bytes]] = {}
        for one in self.shown.each("acceptances"):
            custodian, commitments = one.uuid("custodian_id"), one.all_octets("commitments")
            try:
                public, signature = self._signing_key(custodian), one.octets("signature")
                resharing.require_acceptance(public, signature, self.change, custodian, commitments)
            except NotAuthentic:
                raise Alarm(f"The acceptance of {self._label(custodian)} is not signed by them.") from None
            accepted[custodian] = commitments
        commitments_of_all = resharing.agreed(self.change, accepted)
        if commitments_of_all is None:
            raise Failure("The new custodians do not agree yet.")
        of = self.change.after(commitments_of_all)
        if not of.dealt(self.me.id, self.new_pieces()):
            raise Alarm("What the new custodians agreed on does not fit your pieces: nothing was done.")
        return of

    def _entry(self, custodian: UUID) -> CustodianEntry | None:
        """Return what the last manifest that names a custodian says of them."""
        found = (manifest.custodian(custodian) for manifest in reversed(self.trusted.manifests))
        return next((one for one in found if one is not None), None)

    def _signing_key(self, custodian: UUID) -> bytes:
        entry = self._entry(custodian)
        return b"" if entry is None else entry.signing_key

    def _label(self, custodian: UUID) -> str:
        entry = self._entry(custodian)
        return str(custodian) if entry is None else entry.label
