"""The conversation of a grievance, held by whoever may write into it: what both sides' acts have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import by_day
from app.cases.models import Appointment, Case
from app.crypto import columns, messages
from app.crypto.errors import NotAuthentic
from app.crypto.ids import is_of
from app.crypto.messages import Said
from app.inbox.models import Side
from app.intake import service as intake
from app.intake.inbox import Visit
from app.intake.models import Grievance, OfConversation
from app.kernel import clock
from app.kernel.db import Base
from app.kernel.problems import Conflict, InvalidInput, NotAllowed, NotFound
from app.kernel.sealed import KeyTurned
from app.policy.actors import Capacity, Staff


class InboxSealed(Conflict):
    """You opened this inbox with a lookup, so that the service holds no key to seal what you write: send it sealed.

    Or open the inbox with the receipt itself.
    """

    title = "This inbox opens on your own machine alone"


class NotSignedByReporter(Conflict):
    """What came sealed is not signed by the key that the grievance came with, or is signed for another place. Nothing was stored."""

    title = "This is not signed by whoever raised the grievance"


class SentBefore(Conflict):
    """Something with this id was sent before. Each id is taken once: draw another one, and seal and sign anew."""

    title = "This was sent before"


@dataclass(frozen=True)
class Sent:
    """What a reporter's client says of something that it sealed: what it is, the row that it becomes, and its signature."""

    kind: Said
    row: UUID
    signature: bytes | None


async def hold(session: AsyncSession, grievance: Grievance) -> None:
    """Nobody else writes into the conversation until this transaction ends, and its key is the one that the row says.

    Raises:
        KeyTurned: it was turned meanwhile.

    """
    statement = (
        select(Grievance.key_version)
        .where(Grievance.organisation_id == grievance.organisation_id, Grievance.id == grievance.id)
        .with_for_update(key_share=True)
    )
    if await session.scalar(statement) != grievance.key_version:
        raise KeyTurned


async def of_case(session: AsyncSession, case: Case, grievance_id: UUID) -> Grievance:
    """Return a grievance of the case, its conversation's key open for this request.

    Raises:
        NotFound: the case has no such grievance.
        Locked: the request does not hold the key of the case.

    """
    grievance = await session.get(Grievance, (case.organisation_id, grievance_id), populate_existing=True)
    if grievance is None or grievance.case_id != case.id:
        raise NotFound
    intake.open_conversation(grievance)
    return grievance


async def side_of(session: AsyncSession, actor: Staff, case: Case) -> Side:
    """Return on which side the actor writes: as the part that they are appointed to.

    Raises:
        NotAllowed: their part ended meanwhile.

    """
    statement = select(Appointment.capacity).where(
        Appointment.organisation_id == case.organisation_id,
        Appointment.case_id == case.id,
        Appointment.account_id == actor.account_id,
        Appointment.ended_on.is_(None),
    )
    parts = {Capacity(one) for one in await session.scalars(statement)}
    for capacity, side in ((Capacity.CASE_OFFICER, Side.CASE_OFFICER), (Capacity.INVESTIGATOR, Side.INVESTIGATOR)):
        if capacity in parts:
            return side
    raise NotAllowed


async def next_position(session: AsyncSession, model: type[OfConversation], grievance: Grievance) -> int:
    """Return the place after the last row of the conversation, which this transaction holds."""
    position = model.position  # type: ignore[attr-defined]
    statement = select(func.max(position)).where(
        model.organisation_id == grievance.organisation_id, model.grievance_id == grievance.id
    )
    return (await session.scalar(statement) or 0) + 1


def place_of(grievance: Grievance) -> dict[str, UUID]:
    """Return the columns by which a row belongs to the conversation."""
    return {
        "organisation_id": grievance.organisation_id,
        "case_id": grievance.case_id,
        "grievance_id": grievance.id,
    }


def require_in_clear(visit: Visit) -> None:
    """Return if the service holds the conversation's key in this visit.

    Raises:
        InboxSealed: it does not.

    """
    if visit.opens_for_itself:
        raise InboxSealed


async def require_theirs(
    session: AsyncSession,
    visit: Visit,
    model: type[Base],
    sent: Sent,
    *signed: bytes,
    under_key: Sequence[bytes] | None = None,
) -> None:
    """Return if what came sealed is under the present key, was made today for a new row, and is signed as it must be.

    `under_key` are those of the signed parts that are under the conversation's key: all of them unless named.

    Raises:
        InvalidInput: its id was not made for this day, or it names another version of the key.
        NotSignedByReporter: the grievance came with a signing key, and it is not signed with that.
        SentBefore: the id was taken.

    """
    grievance = visit.grievance
    if not is_of(sent.row, clock.today()):
        rule = "must be a UUIDv7 of the first instant of this day, UTC"
        raise InvalidInput(errors=[{"in": "body", "pointer": "/sealed/id", "rule": rule}])
    if any(columns.version_of(one) != grievance.key_version for one in (under_key or signed) if one):
        rule = "must be sealed under the newest version of the conversation's key"
        raise InvalidInput(errors=[{"in": "body", "pointer": "/sealed", "rule": rule}])
    if grievance.reporter_signing_key is not None:
        place = (grievance.organisation_id, grievance.id, sent.row)
        try:
            messages.check(grievance.reporter_signing_key, sent.signature or b"", sent.kind, *place, *signed)
        except NotAuthentic as error:
            raise NotSignedByReporter from error
    if await session.get(model, (grievance.organisation_id, sent.row)) is not None:
        raise SentBefore


async def record(session: AsyncSession, grievance: Grievance, event: str, *rows: Base) -> None:
    """The chain of conversations tells of the rows, by the day.

    Raises:
        AuditUnavailable: the log cannot be written; the transaction must not commit.

    """
    await by_day.record(session, grievance.organisation_id, grievance.case_id, event, *rows)
