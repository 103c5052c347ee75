"""The way back into a case for who forgot their password: custodians release its key, and its owner grants it to themselves here.

The key is neither shown nor stored. What is sent is the key sealed to the account, and a proof that it is the right one.
"""

from uuid import UUID

from app.client import asking, keys, requests, terminal, trust
from app.client.asking import CaseId, Hours
from app.client.manifests import Slug
from app.client.openings import KeyOption, OpeningId
from app.client.server import ServerRefused
from app.client.sessions import Session
from app.client.terminal import Failure
from app.crypto import case_keys, hpke
from app.crypto.documents import spell
from app.crypto.keyfiles import Kind
from app.crypto.openings import Purpose

app = terminal.commands(
    "Get into a case again with the custodians, after you forgot your password and were invited anew."
)


@app.command("request")
def request(case: CaseId, channel: Slug, key: KeyOption, hours: Hours = asking.MOST_HOURS) -> None:
    """Ask the custodians for the key of a case. Reason and legal basis are asked for; the reporter is not told."""
    own = keys.load(key, Kind.REQUESTER)
    session = Session.standing()
    trusted = trust.check(session, channel, None)
    drafted, seed = asking.draft(
        trusted, session.account, own, Purpose.CASE_KEY, case, _escrow_of(session, case), hours
    )
    asking.send(session, requests.keep(drafted, seed, own), {})


def _escrow_of(session: Session, case: UUID) -> UUID:
    try:
        return session.get(f"/v1/cases/{case}/key-escrow").uuid("subject_id")
    except ServerRefused as refused:
        if refused.slug == "escrow-unknown":
            raise Failure("Custodians do not hold the key of this case: nobody can recover it.") from refused
        raise


@app.command("combine")
def combine(opening_id: OpeningId, channel: Slug, key: KeyOption) -> None:
    """Open the case to your account again with what enough custodians released. Its key is shown and stored nowhere."""
    own = keys.load(key, Kind.REQUESTER)
    session, kept = Session.standing(), requests.find(opening_id, own, Purpose.CASE_KEY)
    found = asking.opened(session, kept, trust.check(session, channel, None))
    wanted, version = kept.request, requests.version_in(found.sharing.reference)
    place = (version, wanted.organisation, wanted.case, session.account)
    public_key = _own_key(session)
    grant = {
        "key_version": version,
        "sealed_key": spell(case_keys.seal_grant(found.content, *place, public_key)),
        "proof": spell(case_keys.proof_of(found.content)),
    }
    session.put(f"/v1/cases/{wanted.case}/grant", grant)
    asking.finish(session, kept, found)
    terminal.say("The case opens to your account again.", "green")


def _own_key(session: Session) -> hpke.PublicKey:
    try:
        return hpke.PublicKey(session.get("/v1/me").octets("public_key"))
    except ValueError:
        raise Failure("What the server shows as your account's key is none: nothing was sent.") from None
