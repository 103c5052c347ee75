"""Asks the custodians. What was asked is sealed to each who may read it, and dropped.

An act reads first, lets the database go while it seals, and then does everything again: nothing that was read before counts.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import service as accounts
from app.audit import log
from app.cases.models import Appointment, Case
from app.crypto import hpke, openings
from app.crypto.documents import Signed
from app.crypto.errors import DocumentInvalid, NotAuthentic
from app.crypto.manifests import Manifest
from app.crypto.openings import Purpose, Request
from app.intake import doors
from app.intake.models import Channel
from app.kernel import clock
from app.kernel.problems import Busy, Conflict, InvalidInput, Problem
from app.notifications import outbox
from app.openings import notices, participants, subjects
from app.openings.participants import ManifestUnknown
from app.openings.schemas import OpeningIn
from app.openings.subjects import Subject
from app.policy.actors import ROLE_FOR_CAPACITY, Capacity, Staff
from app.vault.lifecycle import STANDING
from app.vault.opening_models import Opening, OpeningPaper, OpeningState

CLOCKS_DIFFER = timedelta(minutes=5)
_ASKS_IN = {
    Purpose.IDENTITY: (Capacity.CASE_OFFICER, Capacity.INVESTIGATOR),
    Purpose.CASE_KEY: tuple(Capacity),
}


class OpeningNotSigned(Problem):
    """The newest manifest of the channel names no key of yours to ask with, or the document was not signed with that key."""

    status = 422
    title = "The request is not signed as it must be"


class OpeningKnown(Conflict):
    """A request with this id was made before. Nobody asks twice with one document: make and sign a new one."""

    title = "This request was made before"


class OpeningStands(Conflict):
    """You have asked for this already, and that request stands. Wait for its answers or its end."""

    title = "A request of yours stands"


class TooFewCustodians(Conflict):
    """So many custodians are walled off, work the case or have left that the others are too few to open anything."""

    title = "Too few custodians may take part"


@dataclass(frozen=True)
class Recipient:
    """Whom the request is sealed to: a custodian, or an account that works the case."""

    account_id: UUID
    custodian_id: UUID | None
    public_key: bytes

    @property
    def name(self) -> UUID:
        """The id that the paper is bound to."""
        return self.custodian_id or self.account_id


@dataclass(frozen=True)
class Plan:
    """A request that may be made now, and whom it is sealed to."""

    signed: Signed
    request: Request
    capacity: Capacity
    channel_id: UUID
    subject: Subject
    recipients: tuple[Recipient, ...]


async def plan(
    session: AsyncSession, actor: Staff, case: Case, purpose: Purpose, signed: Signed, erasure_folder: Path
) -> Plan:
    """Return what would be done. Nothing is.

    Raises:
        InvalidInput: the document breaks a rule of its format, or is of something or somebody else, or of another hour.
        ManifestMissing: no root has signed a manifest of the channel.
        ChannelAltered: the channel or its manifest was altered behind the service.
        ManifestUnknown: the request names another manifest than the one in force.
        OpeningNotSigned: the manifest names no such requester, or their key did not sign it.
        SubjectUnknown: the case has no such identity.
        EscrowUnknown: custodians do not hold the present key of the case as that.
        IdentityErased: its erasure key is gone.
        OpeningKnown: its id was used before.
        OpeningStands: the actor asked for the same, and that request stands.
        TooFewCustodians: fewer may take part than it takes.

    """
    request = _read(actor, case, purpose, signed)
    manifest = await _require_manifest(session, case, request)
    _require_signed(actor, manifest, signed)
    subject = await subjects.find(session, case, purpose, request.subject)
    await subjects.require_openable(session, erasure_folder, subject)
    await _require_new(session, actor, case, request)
    appointments = await _standing(session, case)
    recipients = await _custodians(session, actor, case, manifest, subject)
    recipients += await _colleagues(session, case, appointments)
    capacity = next(
        one
        for one in _ASKS_IN[purpose]
        if (actor.account_id, one) in appointments and ROLE_FOR_CAPACITY[one] in actor.roles
    )
    return Plan(signed, request, capacity, case.channel_id, subject, tuple(recipients))


def _read(actor: Staff, case: Case, purpose: Purpose, signed: Signed) -> Request:
    try:
        request = openings.read_request(signed)
    except DocumentInvalid as error:
        raise _refused(str(error)) from error
    expected = {
        "purpose": purpose,
        "organisation": case.organisation_id,
        "case": case.id,
        "requester": actor.account_id,
    }
    for name, value in expected.items():
        if getattr(request, name) != value:
            raise _refused(f"{name} is another than that of this request")
    if abs(request.made_at - clock.now()) > CLOCKS_DIFFER:
        raise _refused("made_at is within five minutes of now")
    return request


def _refused(rule: str) -> InvalidInput:
    return InvalidInput(errors=[{"in": "body", "pointer": "/document", "rule": rule}])


async def _require_manifest(session: AsyncSession, case: Case, request: Request) -> Manifest:
    channel = await session.get_one(Channel, (case.organisation_id, case.channel_id))
    found = await doors.require_manifest(session, channel)
    if found.digest != request.manifest:
        raise ManifestUnknown
    return found.manifest


def _require_signed(actor: Staff, manifest: Manifest, signed: Signed) -> None:
    named = manifest.requester(actor.account_id)
    if named is None:
        raise OpeningNotSigned
    try:
        signed.require_signed_by(named.signing_key, openings.REQUEST_LABEL)
    except NotAuthentic as error:
        raise OpeningNotSigned from error


async def _require_new(session: AsyncSession, actor: Staff, case: Case, request: Request) -> None:
    if await session.get(Opening, (case.organisation_id, request.id)) is not None:
        raise OpeningKnown
    statement = select(Opening.id).where(
        Opening.organisation_id == case.organisation_id,
        Opening.case_id == case.id,
        Opening.subject_id == request.subject,
        Opening.requester_id == actor.account_id,
        Opening.state.in_(STANDING),
        Opening.expires_at > clock.now(),
    )
    if (await session.execute(statement.limit(1))).first() is not None:
        raise OpeningStands


async def _custodians(
    session: AsyncSession, actor: Staff, case: Case, manifest: Manifest, subject: Subject
) -> list[Recipient]:
    """Return the custodians of the manifest who hold a share and may take part.

    Raises:
        TooFewCustodians: they are fewer than it takes.

    """
    holders = [one for one in manifest.custodians if one.id in subject.sharing.custodians]
    able = await participants.able(session, case, [one.account for one in holders])
    asked = [one for one in holders if one.account in able and one.account != actor.account_id]
    if len(asked) < subject.sharing.threshold:
        raise TooFewCustodians
    return [Recipient(one.account, one.id, one.sealing_key) for one in asked]


async def _standing(session: AsyncSession, case: Case) -> set[tuple[UUID, Capacity]]:
    statement = select(Appointment.account_id, Appointment.capacity).where(
        Appointment.organisation_id == case.organisation_id,
        Appointment.case_id == case.id,
        Appointment.ended_on.is_(None),
    )
    return {(row.account_id, Capacity(row.capacity)) for row in (await session.execute(statement)).all()}


async def _colleagues(session: AsyncSession, case: Case, appointments: set[tuple[UUID, Capacity]]) -> list[Recipient]:
    found: dict[UUID, bytes] = {}
    for capacity in Capacity:
        ids = [account_id for account_id, appointed in appointments if appointed == capacity]
        found |= await accounts.public_keys(session, case.organisation_id, ids, ROLE_FOR_CAPACITY[capacity])
    return [Recipient(account_id, None, key) for account_id, key in sorted(found.items())]


def seal_papers(made: Plan) -> dict[UUID, bytes]:
    """Return the request sealed to each recipient, by account. Blocks for a fraction of a millisecond each.

    Raises:
        InvalidInput: nothing can be sealed to the key that the request names.

    """
    try:
        hpke.seal(made.request.key, b"", b"")
    except ValueError as error:
        raise _refused("key is a usable MLKEM768-X25519 public key") from error
    return {
        one.account_id: openings.seal_paper(one.public_key, made.request.id, one.name, made.signed)
        for one in made.recipients
    }


async def make(
    session: AsyncSession,
    actor: Staff,
    case: Case,
    made: Plan,
    papers: dict[UUID, bytes],
    telling: OpeningIn | None = None,
) -> Opening:
    """Return the request, made. The custodians can read it from now on, and the reporter is told as `telling` says.

    Raises:
        Busy: whom it is sealed to changed while the papers were sealed. Try again.

    """
    if {one.account_id for one in made.recipients} != papers.keys():
        raise Busy
    request, of_case = made.request, {"organisation_id": case.organisation_id, "case_id": case.id}
    opening = Opening(
        **of_case,
        id=request.id,
        channel_id=made.channel_id,
        purpose=request.purpose,
        subject_id=request.subject,
        requester_id=actor.account_id,
        capacity=made.capacity,
        manifest=request.manifest,
        digest=openings.request_digest(made.signed),
        key_id=hpke.key_id(request.key),
        threshold=made.subject.sharing.threshold,
        state=OpeningState.REQUESTED,
        made_at=request.made_at,
        expires_at=request.expires_at,
    )
    session.add(opening)
    await session.flush()
    rows = [
        OpeningPaper(
            **of_case,
            opening_id=opening.id,
            account_id=one.account_id,
            custodian_id=one.custodian_id,
            paper=papers[one.account_id],
        )
        for one in made.recipients
    ]
    session.add_all(rows)
    told = [] if telling is None else await notices.tell(session, actor, case, opening, made.subject, telling)
    await log.record(session, actor, "opening.requested", opening, *rows, *told, case_id=case.id)
    asked = [one.account_id for one in made.recipients if one.custodian_id is not None]
    await outbox.tell(session, case.organisation_id, asked, case.id)
    return opening
