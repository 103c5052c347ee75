"""Takes events into the tree and signs what it has become. Several at once do no harm: one waits for the other.

Nobody who watches the log learns the hour of a reporter's act: events without an actor wait until their day is over, and all that are
taken in together stand in the order of their hashes, which is that of chance.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Row, Select, and_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Organisation
from app.audit.models import AuditEvent
from app.crypto import logproofs, notes
from app.crypto.merkle import Frontier
from app.crypto.notes import Checkpoint, NoteMalformed, Signer, Verifier
from app.kernel import clock
from app.kernel.days import start_of
from app.kernel.db import insert_rows, table_of
from app.kernel.runtime import Runtime
from app.prooflog.models import LogCheckpoint, LogHead, LogLeaf, LogNode

BATCH = 2_000
"""Most events of one transaction: the database is nobody else's meanwhile."""
_STRAGGLERS = timedelta(days=1)
"""How long before a day's first run an act may be dated that is stored after it."""
_HEADS, _LEAVES, _NODES = table_of(LogHead), table_of(LogLeaf), table_of(LogNode)
_CHECKPOINTS = table_of(LogCheckpoint)


class LogAltered(Exception):
    """The tree in the database is not the one that this service signed last, so that nothing is added to it or signed."""


def signer_of(runtime: Runtime, organisation_id: UUID) -> Signer:
    """Return what signs the log of an organisation."""
    return Signer(logproofs.origin(organisation_id), notes.ED25519, runtime.log_seed)


def verifier_of(runtime: Runtime, organisation_id: UUID) -> Verifier:
    """Return the public key of the log of an organisation. Every process has it, one that serves reporters alone too."""
    return Verifier(logproofs.origin(organisation_id), notes.ED25519, runtime.log_public_key)


async def sequence_all(runtime: Runtime) -> None:
    """Every event that may be is in the tree of its organisation, and a checkpoint is signed where one grew.

    Raises:
        LogAltered: a tree is not the one that was signed last. The others are done.

    """
    async with runtime.database.session(write=False) as session:
        organisations = (await session.execute(select(Organisation.id).order_by(Organisation.id))).scalars().all()
    altered = False
    for organisation_id in organisations:
        try:
            while await _sequence_some(runtime, organisation_id):
                pass
        except LogAltered:
            altered = True
    if altered:
        raise LogAltered


async def _sequence_some(runtime: Runtime, organisation_id: UUID) -> bool:
    async with runtime.database.session(write=True) as session:
        return await sequence(session, signer_of(runtime, organisation_id), organisation_id)


async def sequence(session: AsyncSession, signer: Signer, organisation_id: UUID) -> bool:
    """Up to BATCH events are in the tree, and what it has become is signed. Return whether there may be more.

    The first run of a day takes in every event of the days before, and its last checkpoint is public.

    Raises:
        LogAltered: the tree is not the one that was signed last.

    """
    tree, complete_on = await _hold(session, organisation_id)
    await _require_signed(session, signer, organisation_id, tree)
    today = clock.today()
    is_first = complete_on is None or complete_on < today
    found = (await session.execute(_pending(organisation_id, today, is_first=is_first))).all()
    grown = await _append(session, organisation_id, tree, found)
    if found:
        await _sign(session, signer, organisation_id, grown)
    may_be_more = len(found) == BATCH
    closes = is_first and not may_be_more
    await session.execute(
        update(_HEADS)
        .where(_HEADS.c.organisation_id == organisation_id)
        .values(size=grown.size, frontier=grown.to_bytes(), complete_on=today if closes else complete_on)
    )
    if closes:
        newest = and_(_CHECKPOINTS.c.organisation_id == organisation_id, _CHECKPOINTS.c.size == grown.size)
        await session.execute(update(_CHECKPOINTS).where(newest).values(is_public=True))
    return may_be_more


async def _hold(session: AsyncSession, organisation_id: UUID) -> tuple[Frontier, date | None]:
    """Return the tree and the day up to which it is complete; no other sequencer has them until this transaction ends."""
    holding = select(_HEADS).where(_HEADS.c.organisation_id == organisation_id).with_for_update()
    row = (await session.execute(holding)).one_or_none()
    if row is None:
        first = {"organisation_id": organisation_id, "size": 0, "frontier": b"", "complete_on": None}
        try:
            async with session.begin_nested():
                await insert_rows(session, [(_HEADS, [first])])
        except IntegrityError:  # another one was faster, and has ended
            pass
        row = (await session.execute(holding)).one()
    try:
        return Frontier.from_bytes(row.size, row.frontier), row.complete_on
    except ValueError as error:
        raise LogAltered from error


async def _require_signed(session: AsyncSession, signer: Signer, organisation_id: UUID, tree: Frontier) -> None:
    statement = (
        select(LogCheckpoint.note)
        .where(LogCheckpoint.organisation_id == organisation_id)
        .order_by(LogCheckpoint.size.desc())
        .limit(1)
    )
    note = (await session.execute(statement)).scalar_one_or_none()
    if note is None and tree.size == 0:
        return
    try:
        newest, _ = notes.open_checkpoint(note or "", signer.verifier)
    except NoteMalformed as error:
        raise LogAltered from error
    if (newest.size, newest.root) != (tree.size, tree.root):
        raise LogAltered


def _pending(organisation_id: UUID, today: date, *, is_first: bool) -> Select[UUID, int, bytes, bytes]:
    """Return the statement of the next events that are not in the tree."""
    taken = (
        select(LogLeaf.position)
        .where(
            LogLeaf.organisation_id == AuditEvent.organisation_id,
            LogLeaf.chain_id == AuditEvent.chain_id,
            LogLeaf.sequence == AuditEvent.sequence,
        )
        .exists()
    )
    by_staff, is_over = AuditEvent.actor_id.is_not(None), AuditEvent.at < start_of(today)
    which = by_staff | is_over if is_first else by_staff & (AuditEvent.at >= start_of(today - _STRAGGLERS))
    return (
        select(AuditEvent.chain_id, AuditEvent.sequence, AuditEvent.salt, AuditEvent.hash)
        .where(AuditEvent.organisation_id == organisation_id, which, ~taken)
        .order_by(AuditEvent.hash)
        .limit(BATCH)
    )


async def _append(
    session: AsyncSession, organisation_id: UUID, tree: Frontier, found: Sequence[Row[UUID, int, bytes, bytes]]
) -> Frontier:
    leaves, nodes = [], []
    for event in found:
        leaf = logproofs.leaf_of(logproofs.blind_of(event.salt, organisation_id), event.hash)
        place = {"organisation_id": organisation_id, "chain_id": event.chain_id, "sequence": event.sequence}
        leaves.append({**place, "position": tree.size, "hash": leaf})
        tree, made = tree.append(leaf)
        nodes += [
            {"organisation_id": organisation_id, "level": level, "position": position, "hash": content}
            for (level, position), content in made
        ]
    await insert_rows(session, [(_LEAVES, leaves), (_NODES, nodes)])
    return tree


async def _sign(session: AsyncSession, signer: Signer, organisation_id: UUID, tree: Frontier) -> None:
    note = Checkpoint(signer.name, tree.size, tree.root).signed(signer).to_text()
    row = {"organisation_id": organisation_id, "size": tree.size, "root": tree.root, "note": note, "is_public": False}
    await insert_rows(session, [(_CHECKPOINTS, [row])])
