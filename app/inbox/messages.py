"""Messages both ways, in the order of a counter. Nothing tells whether a reporter read one."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases import queries as cases
from app.cases import telling
from app.crypto.messages import Said
from app.inbox import conversation
from app.inbox.conversation import Sent
from app.inbox.models import Message, Side
from app.inbox.schemas import InboxMessageIn, MessageIn, MessageOut, MessagesOut, SealedMessageOut, SentOut
from app.intake.inbox import Visit
from app.intake.models import Grievance
from app.kernel import clock
from app.kernel.octets import spell
from app.policy.actors import Capacity, Staff

MOST_AT_ONCE = 50
SENT = "message.sent"
_READERS = (Capacity.CASE_OFFICER, Capacity.INVESTIGATOR)
"""Who is told that somebody wrote to those who work the case."""


async def write_as_reporter(session: AsyncSession, visit: Visit, draft: InboxMessageIn) -> SentOut:
    """Return that the reporter's message is stored.

    Raises:
        InboxSealed: it came in clear, and the service has no key in this visit.
        KeyTurned: the key of the conversation was turned meanwhile.
        InvalidInput, NotSignedByReporter, SentBefore: as `conversation.require_theirs` says.

    """
    grievance = visit.grievance
    await conversation.hold(session, grievance)
    if draft.sealed is None:
        conversation.require_in_clear(visit)
        return await _store(session, grievance, Side.REPORTER, None, text=draft.text)
    sealed = draft.sealed
    sent = Sent(Said.MESSAGE, sealed.id, sealed.signature)
    await conversation.require_theirs(session, visit, Message, sent, sealed.text)
    return await _store(session, grievance, Side.REPORTER, None, id=sealed.id, text_sealed=sealed.text)


async def write_as(session: AsyncSession, actor: Staff, grievance: Grievance, side: Side, draft: MessageIn) -> SentOut:
    """Return that a message of somebody with an account is stored. Their name is in it only if they chose so.

    Raises:
        KeyTurned: the key of the conversation was turned meanwhile.

    """
    await conversation.hold(session, grievance)
    name = None
    if draft.signs_with_name:
        names = await cases.names_of(session, actor.organisation_id, [actor.account_id])
        name = names[actor.account_id]
    return await _store(session, grievance, side, actor.account_id, text=draft.text, signed_as=name)


async def _store(
    session: AsyncSession,
    grievance: Grievance,
    side: Side,
    author_id: UUID | None,
    **texts: Any,  # noqa: ANN401 text or ciphertext
) -> SentOut:
    message = Message(
        **conversation.place_of(grievance),
        position=await conversation.next_position(session, Message, grievance),
        side=side,
        author_id=author_id,
        sent_on=clock.today(),
        **texts,
    )
    session.add(message)
    await conversation.record(session, grievance, SENT, message)
    if side in {Side.REPORTER, Side.REPRESENTATIVE}:
        place, by_reporter = (grievance.organisation_id, grievance.case_id), side is Side.REPORTER
        await telling.tell_appointed(session, *place, *_READERS, by_reporter=by_reporter)
    return SentOut(id=message.id, position=message.position, on=message.sent_on)


async def read(session: AsyncSession, grievance: Grievance, after: int, *, in_clear: bool = True) -> MessagesOut:
    """Return the messages after a position; sealed, unless this request holds the conversation's key.

    Raises:
        SealedContentBroken: one was altered or moved.

    """
    statement = (
        select(Message)
        .where(
            Message.organisation_id == grievance.organisation_id,
            Message.grievance_id == grievance.id,
            Message.position > after,
        )
        .order_by(Message.position)
        .limit(MOST_AT_ONCE + 1)
    )
    found = (await session.scalars(statement)).all()
    items = [_shown(one, in_clear=in_clear) for one in found[:MOST_AT_ONCE]]
    return MessagesOut(items=items, next=items[-1].position if len(found) > MOST_AT_ONCE else None)


def _shown(message: Any, *, in_clear: bool) -> MessageOut:  # noqa: ANN401 the columns that Sealed makes have no type
    sealed = None
    if not in_clear:
        name = message.signed_as_sealed
        sealed = SealedMessageOut(text=spell(message.text_sealed), signed_as=None if name is None else spell(name))
    return MessageOut(
        id=message.id,
        position=message.position,
        side=message.side,
        sent_on=message.sent_on,
        text=message.text if in_clear else None,
        signed_as=message.signed_as if in_clear else None,
        sealed=sealed,
    )
