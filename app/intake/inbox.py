"""A reporter's way back: opening the inbox with a receipt, reading it, and closing it.

None of that is in the log: between two acts of staff, which are dated to the minute, it would be dated too.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases.models import Case
from app.crypto import conversation_keys, hpke
from app.crypto.errors import SealBroken
from app.intake import status
from app.intake.models import Confidentiality, Grievance, InboxSession, RaisedAllegation
from app.intake.receipts import InboxToken, derive, stored_lookup
from app.intake.schemas import (
    InboxOut,
    InboxSessionIn,
    InboxSessionOut,
    SealedAllegationOut,
    SealedInboxOut,
    SealedNoticeOut,
)
from app.intake.service import CASE_OF_GRIEVANCE, STATUS_COLUMNS, of_grievance, proof_of, said, status_of, told
from app.kernel import clock
from app.kernel.ids import new_id
from app.kernel.keyring import ServiceKeys
from app.kernel.octets import spell
from app.kernel.problems import Problem
from app.kernel.runtime import Runtime
from app.kernel.sealed import KeyTurned, SealedContentBroken
from app.policy.actors import Reporter
from app.vault import notices

_KEPT_FOR = timedelta(days=1)
"""How long the row of a session stays at most. The token ends it far sooner; a day may turn meanwhile."""


class ReceiptNotKnown(Problem):
    """No grievance belongs to this receipt. Check the seven words and their order; a lost receipt cannot be replaced."""

    status = 401
    title = "No grievance belongs to this receipt"


class InboxClosed(Problem):
    """The inbox is not open: its minutes are over, or it was closed. Show your receipt at /v1/inbox/sessions again."""

    status = 401
    title = "Show your receipt again"


@dataclass(frozen=True)
class Visit:
    """A reporter in their open inbox."""

    reporter: Reporter
    session_id: UUID
    case: Any
    """The columns of the case that they may be told: `service.STATUS_COLUMNS`."""
    grievance: Grievance
    opens_for_itself: bool


@dataclass(frozen=True)
class _Shown:
    """What somebody who shows a receipt makes known: how it is found, and what opens the conversation if they sent it."""

    lookup: bytes
    inbox_seed: bytes | None = field(repr=False)


def _show(keys: ServiceKeys, draft: InboxSessionIn) -> _Shown:
    if draft.lookup is not None:
        return _Shown(stored_lookup(keys, draft.lookup), None)
    try:
        derived = derive(keys, draft.receipt or "")
    except ValueError as error:
        raise ReceiptNotKnown from error
    return _Shown(stored_lookup(keys, derived.lookup), derived.inbox_seed)


async def open_inbox(runtime: Runtime, session: AsyncSession, draft: InboxSessionIn) -> InboxSessionOut:
    """Return the token of a new session of the inbox that the receipt belongs to. All slow work is done before the act.

    Raises:
        ReceiptNotKnown: no grievance belongs to it, or it is no receipt at all.
        Busy: too many receipts are being shown at once.
        KeyTurned: the key of the conversation was turned meanwhile.

    """
    shown = await runtime.opening_inboxes.run(_show, runtime.keys, draft)
    async with runtime.database.session(write=False) as reading:
        statement = select(Grievance).where(Grievance.receipt_lookup == shown.lookup)
        grievance = (await reading.execute(statement)).scalar_one_or_none()
    if grievance is None:
        raise ReceiptNotKnown
    life = timedelta(minutes=runtime.settings.inbox_session_minutes)
    token, session_id = InboxToken.fresh(clock.now(), life), new_id()
    sealed_key = None
    if shown.inbox_seed is not None:
        sealed_key = token.seal(session_id, _conversation_key(grievance, shown.inbox_seed))
    version = select(Grievance.key_version).where(
        Grievance.organisation_id == grievance.organisation_id, Grievance.id == grievance.id
    )
    if await session.scalar(version.with_for_update(read=True)) != grievance.key_version:
        raise KeyTurned
    session.add(
        InboxSession(
            organisation_id=grievance.organisation_id,
            id=session_id,
            case_id=grievance.case_id,
            grievance_id=grievance.id,
            token_digest=token.digest(),
            sealed_key=sealed_key,
            opened_on=clock.today(),
        )
    )
    return InboxSessionOut(token=token.text(), expires_in=int(life.total_seconds()))


def _conversation_key(grievance: Grievance, inbox_seed: bytes) -> bytes:
    try:
        return conversation_keys.open_as_sender(
            grievance.key_for_sender, grievance.organisation_id, grievance.id, hpke.PrivateKey(inbox_seed)
        )
    except SealBroken as error:
        raise SealedContentBroken from error


async def enter(session: AsyncSession, token_text: str | None) -> tuple[Visit, bytes | None]:
    """Return the visit that a token stands for, and the conversation's key unless the client opens for itself.

    Raises:
        InboxClosed: the token is missing, not one of ours, over, or its session was closed.
        SealedContentBroken: the session's row was altered.

    """
    try:
        token = InboxToken.read(token_text or "")
    except ValueError as error:
        raise InboxClosed from error
    if token.ends_at <= clock.now():
        raise InboxClosed
    statement = (
        select(InboxSession.id.label("session_id"), InboxSession.sealed_key, Grievance, *STATUS_COLUMNS)
        .join(
            Grievance,
            (Grievance.organisation_id == InboxSession.organisation_id) & (Grievance.id == InboxSession.grievance_id),
        )
        .join(Case, CASE_OF_GRIEVANCE)
        .where(InboxSession.token_digest == token.digest())
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise InboxClosed
    grievance: Grievance = row.Grievance
    reporter = Reporter(grievance.organisation_id, grievance.id, grievance.case_id)
    visit = Visit(reporter, row.session_id, row, grievance, opens_for_itself=row.sealed_key is None)
    try:
        return visit, None if row.sealed_key is None else token.open(row.session_id, row.sealed_key)
    except SealBroken as error:
        raise SealedContentBroken from error


async def read(session: AsyncSession, visit: Visit) -> bytes:
    """Return the inbox as JSON whose length is one of a few: the members of `InboxOut`."""
    grievance = visit.grievance
    statement = of_grievance(RaisedAllegation, grievance.organisation_id, [grievance.id])
    raised = (await session.execute(statement)).scalars().all()
    openings = await notices.told_in(session, grievance.organisation_id, grievance.id)
    standing = {
        **status_of(visit.case, grievance.submitted_on),
        "openings": told(openings, in_clear=not visit.opens_for_itself),
    }
    proof = await proof_of(session, grievance)
    if visit.opens_for_itself:
        out = InboxOut(
            **standing,
            confidentiality=None,
            headline=None,
            narrative=None,
            capacity=None,
            allegations=[],
            statement_salt=None,
            proof=proof,
            sealed=_sealed(grievance, raised, openings),
            padding="",
        )
    else:
        out = InboxOut(
            **standing,
            confidentiality=Confidentiality.from_initial(grievance.confidentiality),
            headline=grievance.headline,
            narrative=grievance.narrative,
            capacity=grievance.capacity,
            allegations=[said(one) for one in raised],
            statement_salt=grievance.statement_salt,
            proof=proof,
            sealed=None,
            padding="",
        )
    return status.padded(out.model_dump_json().encode())


def _sealed(grievance: Any, raised: Any, openings: Any) -> SealedInboxOut:  # noqa: ANN401 the columns that Sealed makes have no type
    return SealedInboxOut(
        organisation_id=grievance.organisation_id,
        case_id=grievance.case_id,
        grievance_id=grievance.id,
        sealed_key=spell(grievance.key_for_sender),
        key_version=grievance.key_version,
        confidentiality=spell(grievance.confidentiality_sealed),
        headline=spell(grievance.headline_sealed),
        narrative=spell(grievance.narrative_sealed),
        capacity=None if grievance.capacity_sealed is None else spell(grievance.capacity_sealed),
        statement_salt=None if grievance.statement_salt_sealed is None else spell(grievance.statement_salt_sealed),
        allegations=[
            SealedAllegationOut(
                id=one.id,
                label=None if one.label_sealed is None else spell(one.label_sealed),
                statement=spell(one.statement_sealed),
            )
            for one in raised
        ],
        openings=[SealedNoticeOut(id=one.notice.id, notice=spell(one.notice.text_sealed)) for one in openings],
    )


async def remove_old(session: AsyncSession) -> None:
    """Remove the sessions that ended long ago."""
    await session.execute(delete(InboxSession).where(InboxSession.opened_on < clock.today() - _KEPT_FOR))


async def close(session: AsyncSession, visit: Visit) -> None:
    """The session of the visit is over, and its token opens nothing any more."""
    reporter = visit.reporter
    await session.execute(
        delete(InboxSession).where(
            InboxSession.organisation_id == reporter.organisation_id, InboxSession.id == visit.session_id
        )
    )
