"""What a requester does: ask the custodians, and combine what they release. The key of what is opened is formed here alone.

`app/client/recovery.py` does the same for the key of a case.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID, uuid4

import typer

from app.client import keys, requests, signed_files, terminal, trust
from app.client.manifests import Slug
from app.client.openings import KeyOption, OpeningId, sharing_in
from app.client.requests import Kept
from app.client.server import Answer
from app.client.sessions import Session
from app.client.terminal import Failure
from app.client.trust import Trusted
from app.crypto import fingerprints, hpke, identity, openings
from app.crypto.documents import spell_instant
from app.crypto.errors import NotAuthentic, SealBroken
from app.crypto.keyfiles import Keys, Kind
from app.crypto.manifests import Manifest
from app.crypto.openings import Purpose, Request

MOST_HOURS = 72
CaseId = Annotated[UUID, typer.Argument(help="The case.")]
Hours = Annotated[int, typer.Option(min=1, max=MOST_HOURS, help="Until when the custodians may answer.")]
_PLACES = {Purpose.IDENTITY: "openings", Purpose.CASE_KEY: "key-recoveries"}


def subjects(case: CaseId) -> None:
    """List the sealed identities of a case. Whose each is, nobody can tell before it is opened."""
    rows = [
        (str(one.uuid("id")), one.text("of"), f"{one.number('threshold')} of {len(one.uuids('custodians'))}", str(one.number("openings")))
        for one in Session.standing().get(f"/v1/cases/{case}/identities").each("items")
    ]  # fmt: skip
    terminal.list_(["identity", "of", "custodians", "openings so far"], rows)


def request(
    case: CaseId,
    subject: Annotated[UUID, typer.Option(help="The identity; openings subjects lists them.")],
    channel: Slug,
    key: KeyOption,
    hours: Hours = MOST_HOURS,
    withhold_until: Annotated[
        str | None, typer.Option(help="Do not tell the reporter before this day; a second person must agree.")
    ] = None,
) -> None:
    """Ask the custodians to open one identity. Reason, legal basis and the notice to the reporter are asked for."""
    own = keys.load(key, Kind.REQUESTER)
    session = Session.standing()
    trusted = trust.check(session, channel, None)
    drafted, seed = draft(trusted, session.account, own, Purpose.IDENTITY, case, subject, hours)
    notice = terminal.ask("Notice to the reporter")
    withhold = None
    if withhold_until is not None:
        withhold = {"reason": terminal.ask("Why the reporter is not told yet"), "until": withhold_until}
    send(session, requests.keep(drafted, seed, own), {"notice": notice, "withhold": withhold})


def draft(
    trusted: Trusted, account: UUID, own: Keys, purpose: Purpose, case: UUID, subject: UUID, hours: int
) -> tuple[Request, bytes]:
    """Return a request with a fresh key, and the seed of that key. Reason and legal basis are asked for.

    Raises:
        Failure: the manifest does not name these keys for this account.

    """
    entry = trusted.newest.requester(account)
    if entry is None or entry.signing_key != own.public.signing_key:
        raise Failure("The manifest does not name you with this key: ask the holder of the root.")
    seed = hpke.new_seed()
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    made = Request(
        id=uuid4(),
        purpose=purpose,
        organisation=trusted.newest.organisation,
        case=case,
        subject=subject,
        requester=account,
        manifest=trusted.digest,
        key=hpke.public_key(seed),
        reason=terminal.ask("Reason"),
        legal_basis=terminal.ask("Legal basis"),
        made_at=now,
        expires_at=now + timedelta(hours=hours),
    )
    return made, seed


def send(session: Session, kept: Kept, more: Mapping[str, object]) -> None:
    """The custodians are asked, and the terminal shows what they are to be told. `more` goes along with the request.

    Raises:
        Failure: the service refuses. The request is forgotten here.

    """
    path = f"/v1/cases/{kept.request.case}/{_PLACES[kept.request.purpose]}"
    try:
        session.post(path, {**signed_files.spelled(kept.signed), **more})
    except Failure:
        requests.forget(kept.request.id)
        raise
    terminal.show(
        [
            ("request", str(kept.request.id)),
            ("expires", spell_instant(kept.request.expires_at)),
            ("words", fingerprints.words(kept.request.key)),
        ]
    )
    terminal.say("Tell each custodian these six words by telephone.")


def combine(opening_id: OpeningId, channel: Slug, key: KeyOption) -> None:
    """Open the identity with what enough custodians released. It is shown here and stored nowhere."""
    own = keys.load(key, Kind.REQUESTER)
    session, kept = Session.standing(), requests.find(opening_id, own, Purpose.IDENTITY)
    found = opened(session, kept, trust.check(session, channel, None))
    terminal.say(_spelled(found.content), "bold")
    finish(session, kept, found)


def _spelled(content: bytes) -> str:
    if not content:
        return "Nobody: no name was given."
    try:
        person = json.loads(content)
    except (ValueError, RecursionError):
        return content.decode(errors="replace")
    if not isinstance(person, dict):
        return str(person)
    return "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in person.items())


@dataclass(frozen=True)
class _Found:
    """What custodians answered: true pieces, who signed something else, and who refused."""

    pieces: dict[UUID, dict[int, bytes]]
    liars: list[UUID]
    refused: list[UUID]

    def may_still_open(self, kept: Kept, of: identity.Sharing) -> bool:
        """Say whether those who are left, and whose answers the service altered, could still open it before the request ends."""
        left = of.custodians - {*self.liars, *self.refused}
        return len(left) >= of.threshold and datetime.now(UTC) < kept.request.expires_at


@dataclass(frozen=True)
class Opened:
    """What the custodians' shares opened, how it was shared, and who signed a share that is not theirs."""

    content: bytes = field(repr=False)
    sharing: identity.Sharing
    liars: list[UUID]


def opened(session: Session, kept: Kept, trusted: Trusted) -> Opened:
    """Return what the custodians' shares open. The service is not told yet: `finish` does that, once it is used.

    Raises:
        Failure: too few shares are true. Who lied is named, here and to the service; the request stands while others may approve.

    """
    shown = session.get(f"{_place(kept)}/releases")
    of = sharing_in(shown.of("sharing"), kept.request)
    manifest = trusted.named(kept.request.manifest)
    found = _checked(shown, kept, manifest, of, _refused(shown, kept, manifest))
    if len(found.pieces) < of.threshold:
        failure = f"Only {len(found.pieces)} of {of.threshold} shares are true: nothing was opened."
    else:
        try:
            content = identity.combine_identity(
                shown.octets("ciphertext"), shown.octets("check"), of, found.pieces, shown.octets("shred_key")
            )
            return Opened(content, of, found.liars)
        except (SealBroken, ValueError):  # a shred key of another length too
            failure = "The shares are true, but what the service keeps is not what they open: nothing was opened."
    if not found.may_still_open(kept, of):
        _record(session, kept, is_opened=False, liars=found.liars)
        raise Failure(failure)
    if found.liars:
        _record(session, kept, is_opened=None, liars=found.liars)
    raise Failure(f"{failure} The request stands until {spell_instant(kept.request.expires_at)}.")


def finish(session: Session, kept: Kept, found: Opened) -> None:
    """The service is told that it opened and who lied, and the request is forgotten here."""
    _record(session, kept, is_opened=True, liars=found.liars)
    requests.forget(kept.request.id)


def _place(kept: Kept) -> str:
    return f"/v1/cases/{kept.request.case}/{_PLACES[kept.request.purpose]}/{kept.request.id}"


def _record(session: Session, kept: Kept, *, is_opened: bool | None, liars: list[UUID]) -> None:
    session.post(f"{_place(kept)}/outcome", {"opened": is_opened, "liars": [str(one) for one in liars]})


def _checked(shown: Answer, kept: Kept, manifest: Manifest, of: identity.Sharing, refused: list[UUID]) -> _Found:
    """Return what is true of what is shown. Only what a custodian signed under this very sharing can be a lie of theirs."""
    found = _Found({}, [], refused)
    for one in shown.each("releases"):
        custodian_id, release = one.uuid("custodian_id"), one.octets("release")
        entry = manifest.custodian(custodian_id)
        if entry is None:
            terminal.say(f"Custodian {custodian_id} is not in the manifest: their share is not used.", "red")
            continue
        try:
            signature = one.octets("signature")
            openings.require_approval(entry.signing_key, signature, kept.digest, of, custodian_id, release)
        except NotAuthentic:
            terminal.say(
                f"The share of {entry.label} is not signed by them: the service altered it, or how it is shared. "
                "It is not used.",
                "red",
            )
            continue
        try:
            pieces = identity.open_release(kept.private, of, custodian_id, kept.digest, release)
        except SealBroken:
            pieces = {}
        if of.dealt(custodian_id, pieces):
            found.pieces[custodian_id] = pieces
        else:
            terminal.say(f"{entry.label} signed a share that is not the one dealt to them: a lie.", "red")
            found.liars.append(custodian_id)
    return found


def _refused(shown: Answer, kept: Kept, manifest: Manifest) -> list[UUID]:
    """Return who refused. Their reasons are on the terminal."""
    found = []
    for one in shown.each("refusals"):
        custodian_id, sealed = one.uuid("custodian_id"), one.octets("reason_sealed")
        entry = manifest.custodian(custodian_id)
        label = str(custodian_id) if entry is None else entry.label
        try:
            openings.require_refusal(
                b"" if entry is None else entry.signing_key, one.octets("signature"), kept.digest, custodian_id, sealed
            )
            reason = openings.open_refusal_reason(kept.private, kept.digest, custodian_id, sealed)
        except (NotAuthentic, SealBroken, UnicodeDecodeError):
            terminal.say(f"The refusal of {label} is not theirs: the service altered it.", "red")
        else:
            terminal.say(f"{label} refused: {reason}")
            found.append(custodian_id)
    return found
