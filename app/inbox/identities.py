"""A reporter gives their identity later, or withdraws it. Either way one sealed record takes the place of another that looks the same.

The record that it replaces is erased: its shares are removed, and its erasure key is destroyed once that is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.audit.log import Entry, columns_of
from app.cases.holding import hold
from app.crypto import identity
from app.crypto.messages import Said
from app.crypto.openings import Purpose
from app.duties.profiles import LawProfile
from app.inbox import conversation
from app.inbox.conversation import Sent
from app.inbox.schemas import IdentityIn, InboxIdentityOut, SealedIdentityReplacementIn
from app.intake import doors, sealed_submission
from app.intake.doors import Door
from app.intake.inbox import InboxClosed, Visit
from app.intake.models import Channel, Confidentiality, Grievance
from app.intake.schemas import InboxOut
from app.intake.submission import NOBODY
from app.kernel import clock
from app.kernel.db import insert_rows, let_go
from app.kernel.problems import Conflict
from app.kernel.runtime import Runtime
from app.vault import resharing, sealing, subjects
from app.vault.erasure import ErasureKeys
from app.vault.models import SealedIdentity
from app.vault.opening_models import Opening, OpeningState
from app.vault.subjects import Kind

_IN_WORDS = {
    Confidentiality.ANONYMOUS: "Nobody can learn who you are from what is stored. A name that you gave is erased.",
    Confidentiality.CONFIDENTIAL: "Your name is sealed. Only enough custodians together can open it, and you are told if they are asked to.",
    Confidentiality.OPEN: "Your name is sealed for the custodians, and you do not mind if those who work the case learn it.",
}
_WAS_READ = " It was opened before: whoever read it then may remember it."


class IdentityReleased(Conflict):
    """The custodians have released your identity to whoever asked for it, who may have read it already: it can change no more now.

    Your inbox tells what came of it. Once that is recorded you can withdraw your identity, so that nobody opens it again.
    """

    title = "Your identity has been released"


@dataclass(frozen=True)
class _Place:
    """What has to be known of a grievance while its identity is sealed, outside any transaction."""

    door: Door
    case_id: UUID
    grievance_id: UUID
    key_version: int


@dataclass(frozen=True)
class _Next:
    """The record that takes the place of the other, and what is said of it."""

    id: UUID
    rows: sealing.Rows = field(repr=False)
    confidentiality: Confidentiality | None
    sealed_confidentiality: bytes | None = field(repr=False, default=None)


async def give(
    runtime: Runtime, session: AsyncSession, visit: Visit, draft: IdentityIn, kept: ErasureKeys, erased: list[UUID]
) -> InboxIdentityOut:
    """Return that who the reporter is has been sealed for the custodians, in place of what was there.

    Raises:
        InboxSealed: the service has no key in this visit.
        IdentityReleased: what was there was released to somebody at this moment.
        ChannelAltered: the channel's custodians were changed behind the service.
        Busy: too many identities are being sealed at once.

    """
    conversation.require_in_clear(visit)
    person, confidentiality = draft.identity.to_bytes(), Confidentiality(draft.confidentiality)
    return await _seal_anew(runtime, session, visit, person, confidentiality, kept, erased)


async def withdraw(
    runtime: Runtime, session: AsyncSession, visit: Visit, kept: ErasureKeys, erased: list[UUID]
) -> InboxIdentityOut:
    """Return that a record of nobody stands in place of what was there. It raises as `give` does."""
    conversation.require_in_clear(visit)
    return await _seal_anew(runtime, session, visit, NOBODY, Confidentiality.ANONYMOUS, kept, erased)


async def take_sealed(
    runtime: Runtime,
    session: AsyncSession,
    visit: Visit,
    draft: SealedIdentityReplacementIn,
    kept: ErasureKeys,
    erased: list[UUID],
) -> InboxIdentityOut:
    """Return that a record which the reporter's client sealed, of somebody or of nobody, stands in place of what was there.

    Raises:
        SealedToOthers: its shares are for other custodians than the channel's.
        InvalidInput, NotSignedByReporter, SentBefore: as `conversation.require_theirs` says.
        IdentityReleased, ChannelAltered: as `give` says.

    """
    place, made = await _place(session, visit), draft.identity
    sent = Sent(Said.IDENTITY, made.id, draft.signature)
    signed = (draft.confidentiality, made.ciphertext)
    await conversation.require_theirs(session, visit, SealedIdentity, sent, *signed, under_key=[draft.confidentiality])
    sealed_submission.require_custodians(place.door, made)
    shares = {one.custodian_id: one.share for one in made.shares}
    record = identity.SealedIdentity(made.ciphertext, made.check, made.commitments, shares)
    rows = sealing.rows_of(place.door.organisation_id, place.case_id, {made.id: record}, place.door.threshold)
    await let_go(session)
    await runtime.reporting.run(kept.keep, {made.id: made.shred_key})
    return await _replace(session, place, _Next(made.id, rows, None, draft.confidentiality), erased)


async def _seal_anew(
    runtime: Runtime,
    session: AsyncSession,
    visit: Visit,
    person: bytes,
    confidentiality: Confidentiality,
    kept: ErasureKeys,
    erased: list[UUID],
) -> InboxIdentityOut:
    place = await _place(session, visit)
    await let_go(session)

    def seal() -> _Next:
        door = place.door
        made = sealing.prepare(door.organisation_id, place.case_id, [person], door.custodians, door.threshold)
        kept.keep(made.erasure_keys)
        return _Next(made.ids[0], made.rows, confidentiality)

    return await _replace(session, place, await runtime.reporting.run(seal), erased)


async def _place(session: AsyncSession, visit: Visit) -> _Place:
    grievance = visit.grievance
    channel = await session.get_one(Channel, (grievance.organisation_id, grievance.channel_id))
    custodians = await doors.require_ours(session, channel)
    door = Door(
        channel.organisation_id,
        channel.id,
        LawProfile(channel.law_profile),
        channel.threshold,
        tuple(identity.Custodian(one.id, one.public_key) for one in custodians),
        (),
    )
    return _Place(door, grievance.case_id, grievance.id, grievance.key_version)


async def _replace(session: AsyncSession, place: _Place, following: _Next, erased: list[UUID]) -> InboxIdentityOut:
    organisation_id = place.door.organisation_id
    await hold(session, organisation_id, place.case_id)  # nothing is released meanwhile
    grievance = await session.get(Grievance, (organisation_id, place.grievance_id), populate_existing=True)
    if grievance is None or grievance.identity_id is None:
        raise InboxClosed
    await conversation.hold(session, grievance)
    if grievance.key_version != place.key_version:
        raise InboxClosed  # the key was turned, which closed the inbox
    before = await session.get_one(SealedIdentity, (organisation_id, grievance.identity_id), with_for_update=True)
    states = await _openings_of(session, organisation_id, before.id)
    if OpeningState.RELEASED in states:
        raise IdentityReleased
    gone = await _take_apart(session, before)
    await insert_rows(session, following.rows)
    grievance.identity_id = following.id
    if following.confidentiality is not None:
        grievance.confidentiality = following.confidentiality.initial
    else:
        grievance.confidentiality_sealed = following.sealed_confidentiality  # type: ignore[attr-defined]
    await session.flush()
    made = [(table.name, columns) for table, rows in following.rows for columns in rows]
    changed = [(one.__tablename__, columns_of(one)) for one in (grievance, before)]
    await log.append(
        session,
        organisation_id,
        place.case_id,
        [Entry("identity.sealed", made), Entry("identity.replaced", changed, gone)],
        actor_id=None,
        at=clock.start_of_day(),
    )
    erased.append(before.id)
    words = None if following.confidentiality is None else _IN_WORDS[following.confidentiality]
    was_read = OpeningState.OPENED in states
    return InboxIdentityOut(
        confidentiality=following.confidentiality,
        in_words=(words or "What you sealed has taken the place of what was there, which is erased.")
        + (_WAS_READ if was_read else ""),
        was_opened_before=was_read,
    )


async def _openings_of(session: AsyncSession, organisation_id: UUID, identity_id: UUID) -> Sequence[OpeningState]:
    statement = select(Opening.state).where(
        Opening.organisation_id == organisation_id,
        Opening.purpose == Purpose.IDENTITY,
        Opening.subject_id == identity_id,
    )
    return [OpeningState(state) for state in await session.scalars(statement)]


async def _take_apart(session: AsyncSession, before: SealedIdentity) -> list[tuple[str, UUID]]:
    """Return the rows that are gone: its shares, and all of a re-sharing under way. The record says that it is erased."""
    if before.erased_on is not None:
        return []
    loaded: list[Any] = await subjects.load(session, Kind.IDENTITY, before.organisation_id, [before.id])
    under_way = await resharing.everything_of(session, before.organisation_id, before.id)
    rows: list[Any] = [*loaded[0].shares.values(), *under_way]
    gone = [(row.__tablename__, row.id) for row in rows]
    await resharing.remove(session, rows)
    before.erased_on = clock.today()
    return gone


def was_opened(held: InboxOut) -> bool:
    """Whether somebody has read an identity of the grievance, as its inbox tells it."""
    return any(one.state is OpeningState.OPENED for one in held.openings.items)
