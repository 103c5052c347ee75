"""What a custodian does with a request: read it, judge it, approve or refuse it. Nothing the service says of it is believed unchecked."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app.client import keys, requests, terminal, trust
from app.client.server import Answer
from app.client.sessions import Session
from app.client.terminal import Alarm, Failure
from app.client.trust import Trusted
from app.crypto import fingerprints, hpke, identity, openings
from app.crypto.documents import Signed, spell, spell_instant
from app.crypto.errors import NotAuthentic, SealBroken
from app.crypto.identity import Sharing
from app.crypto.keyfiles import Keys, Kind
from app.crypto.manifests import CustodianEntry, Manifest, RequesterEntry
from app.crypto.openings import Request

app = terminal.commands("Answer a request to open an identity, or make one and combine what was approved.")
OpeningId = Annotated[UUID, typer.Argument(help="The request.")]
KeyOption = Annotated[Path, typer.Option("--key", help="Your key file.")]
_OTHER_KEYS = "The manifest names other keys for you than those of this file: tell the holder of the root."


@dataclass(frozen=True)
class Asked:
    """A request that is signed by a requester of the manifest that it names, and concerns what its share opens."""

    request: Request
    digest: bytes
    requester: RequesterEntry
    custodian: CustodianEntry
    keys: frozenset[bytes]
    """Sealing keys that any manifest names for the custodian."""
    sharing: Sharing
    share: bytes
    state: str

    def pieces(self, own: Keys) -> dict[int, bytes]:
        """Return the pieces in the share, which these keys of the custodian open.

        Raises:
            Failure: another key of theirs opens it.
            Alarm: none does, or it is not what was dealt.

        """
        try:
            return identity.open_share(private_of(own), self.sharing, self.custodian.id, self.share)
        except SealBroken:
            if _is_for_another(self.share, self.keys, own):
                raise Failure(
                    "Your share is sealed to a newer key of yours: name that key file too, with --share-key."
                ) from None
            raise Alarm("Your share does not open: the service shows an altered one. Nothing was sent.") from None


def read(session: Session, opening_id: UUID, own: Keys) -> Asked:
    """Return a request once everything about it was checked with the pinned root, under the manifest that it names.

    Raises:
        Failure: it is not for these keys, or the root named whoever asks no more.
        Alarm: the service shows something that the requester did not sign, or another sharing than they asked for.

    """
    shown = session.get(f"/v1/openings/{opening_id}")
    trusted = trust.check(session, shown.text("channel"), None)
    me, paper = shown.uuid("custodian_id"), shown.octets("paper")
    sealing_keys = _sealing_keys(trusted, me, own)
    try:
        signed = openings.open_paper(private_of(own), opening_id, me, paper)
    except SealBroken:
        if _is_for_another(paper, sealing_keys, own):
            raise Failure(
                "The request was sealed to another key of yours: use the key file that you had when it was made."
            ) from None
        raise Alarm("The request that the service shows was not sealed to you: do not answer it.") from None
    request = openings.read_request(signed)
    manifest = trusted.named(request.manifest)
    custodian = myself(manifest, me, own)
    requester = _require_requester(manifest, request, signed)
    newest = trusted.newest.requester(request.requester)
    if newest is None or newest.signing_key != requester.signing_key:
        raise Failure("The newest manifest does not name whoever asks with this key any more: let them ask anew.")
    if request.id != opening_id or request.organisation != trusted.newest.organisation:
        raise Alarm("The service shows the request of another opening: do not answer it.")
    of = sharing_in(shown.of("sharing"), request)
    digest, share = openings.request_digest(signed), shown.octets("share")
    return Asked(request, digest, requester, custodian, sealing_keys, of, share, shown.text("state"))


def _sealing_keys(trusted: Trusted, custodian_id: UUID, own: Keys) -> frozenset[bytes]:
    """Return the keys that any manifest names for a custodian to seal to, one of which is own.

    Raises:
        Failure: none is.

    """
    named = [one for manifest in trusted.manifests if (one := manifest.custodian(custodian_id)) is not None]
    if (own.public.sealing_key, own.public.signing_key) not in {(one.sealing_key, one.signing_key) for one in named}:
        raise Failure(_OTHER_KEYS)
    return frozenset(one.sealing_key for one in named)


def _is_for_another(sealed: bytes, sealing_keys: frozenset[bytes], own: Keys) -> bool:
    return any(sealed.startswith(hpke.header(key)) for key in sealing_keys if key != own.public.sealing_key)


def private_of(own: Keys) -> hpke.PrivateKey:
    """Return what opens what was sealed to a custodian.

    Raises:
        Failure: these are not a custodian's keys.

    """
    if own.sealing_seed is None:
        raise Failure("This key file has no sealing key.")
    return hpke.PrivateKey(own.sealing_seed)


def myself(manifest: Manifest, custodian_id: UUID, own: Keys) -> CustodianEntry:
    """Return what the manifest says of a custodian, who has these keys.

    Raises:
        Failure: it names other keys, or not them.

    """
    entry, public = manifest.custodian(custodian_id), own.public
    if entry is None or (entry.sealing_key, entry.signing_key) != (public.sealing_key, public.signing_key):
        raise Failure(_OTHER_KEYS)
    return entry


def _require_requester(manifest: Manifest, request: Request, signed: Signed) -> RequesterEntry:
    requester = manifest.requester(request.requester)
    if requester is None:
        raise Alarm("The manifest does not name whoever asks: do not answer the request.")
    try:
        signed.require_signed_by(requester.signing_key, openings.REQUEST_LABEL)
    except NotAuthentic:
        raise Alarm("The request is not signed by whoever it says asks: do not answer it.") from None
    return requester


def sharing_in(answer: Answer, request: Request) -> Sharing:
    """Return the sharing of an answer, which must be that of what the request asks for.

    Raises:
        Alarm: it is another's, or none.

    """
    shown = answer.octets("reference")
    place = (request.organisation, request.case, request.subject)
    if shown != requests.reference_of(request.purpose, *place, shown):
        raise Alarm("The service shows the share of something else than the request asks for: do not answer it.")
    return sharing_of(answer, shown)


def sharing_of(answer: Answer, reference: bytes) -> Sharing:
    """Return the sharing of an answer, bound to this reference.

    Raises:
        Alarm: there is no such sharing.

    """
    custodians, commitments = answer.uuids("custodians"), answer.all_octets("commitments")
    try:
        return Sharing(reference, answer.number("threshold"), frozenset(custodians), tuple(commitments))
    except (ValueError, SealBroken):
        raise Alarm("The service shows a sharing that cannot exist.") from None


@app.command("list")
def list_() -> None:
    """List the requests that you may answer."""
    rows = [
        (str(one.uuid("id")), one.text("channel"), one.text("purpose"), one.text("state"), one.text("expires_at"),
         one.optional_text("my_answer") or "none yet")
        for one in Session.standing().pages("/v1/openings")
    ]  # fmt: skip
    terminal.list_(["request", "channel", "purpose", "state", "expires", "your answer"], rows)


@app.command("show")
def show(opening_id: OpeningId, key: KeyOption) -> None:
    """Show who asks, why and until when. Ask the requester by telephone for the six words before you approve."""
    own = keys.load(key, Kind.CUSTODIAN)
    _show(read(Session.standing(), opening_id, own))


def _show(asked: Asked) -> None:
    request = asked.request
    terminal.show(
        [
            ("request", str(request.id)),
            ("purpose", request.purpose.value),
            ("case", str(request.case)),
            ("subject", str(request.subject)),
            ("asked by", asked.requester.label),
            ("reason", request.reason),
            ("legal basis", request.legal_basis),
            ("made", spell_instant(request.made_at)),
            ("expires", spell_instant(request.expires_at)),
            ("state", asked.state),
            ("it takes", f"{asked.sharing.threshold} of {len(asked.sharing.custodians)} custodians"),
            ("words", fingerprints.words(request.key)),
        ]
    )


def _answerable(opening_id: UUID, own: Keys) -> tuple[Session, Asked]:
    session = Session.standing()
    asked = read(session, opening_id, own)
    _show(asked)
    if asked.request.expires_at <= datetime.now(UTC):
        raise Failure("The request has expired: nothing was done.")
    return session, asked


@app.command("approve")
def approve(
    opening_id: OpeningId,
    key: KeyOption,
    share_key: Annotated[
        Path | None,
        typer.Option(help="Your newer key file, if you sealed your shares to it since the request was made."),
    ] = None,
) -> None:
    """Approve a request: your share is sealed again, for the requester alone and for this request alone."""
    own = keys.load(key, Kind.CUSTODIAN)
    newer = own if share_key is None else keys.load(share_key, Kind.CUSTODIAN)
    session, asked = _answerable(opening_id, own)
    pieces = asked.pieces(newer)
    terminal.confirm("Did the requester tell you these six words by telephone?")
    release = identity.release_share(pieces, asked.sharing, asked.custodian.id, asked.digest, asked.request.key)
    signature = openings.sign_approval(own.signing_seed, asked.digest, asked.sharing, asked.custodian.id, release)
    session.post(f"/v1/openings/{opening_id}/shares", {"release": spell(release), "signature": spell(signature)})
    terminal.say("Approved.")


@app.command("refuse")
def refuse(opening_id: OpeningId, key: KeyOption) -> None:
    """Refuse a request. The reason, which is asked for, opens to the requester alone."""
    own = keys.load(key, Kind.CUSTODIAN)
    session, asked = _answerable(opening_id, own)
    reason = terminal.ask("Reason")
    sealed = openings.seal_refusal_reason(asked.request.key, asked.digest, asked.custodian.id, reason)
    signature = openings.sign_refusal(own.signing_seed, asked.digest, asked.custodian.id, sealed)
    session.post(f"/v1/openings/{opening_id}/refusal", {"reason_sealed": spell(sealed), "signature": spell(signature)})
    terminal.say("Refused.")
