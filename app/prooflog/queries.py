"""Reads the log: its checkpoints, and the nodes that a proof is made of. It writes nothing."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.models import AuditEvent
from app.crypto import events, logproofs, merkle
from app.crypto.events import Event, Touched
from app.crypto.logproofs import ReceiptProof
from app.crypto.merkle import Node, Range
from app.crypto.notes import Note, Signature, Verifier
from app.kernel import clock
from app.prooflog.models import LogCheckpoint, LogCosignature, LogLeaf, LogNode


def event_of(row: AuditEvent) -> Event:
    """Return the event that a row of the log of acts is."""
    touched = tuple(Touched(table, UUID(one), commitment) for table, one, commitment in row.touched)
    return Event(row.organisation_id, row.chain_id, row.sequence, row.event, row.actor_id, row.at, touched)


async def newest_checkpoint(
    session: AsyncSession, organisation_id: UUID, *, public: bool = True, least_size: int = 0
) -> LogCheckpoint | None:
    """Return the newest checkpoint of at least that size, of those that close a day unless `public` is false."""
    statement = select(LogCheckpoint).where(
        LogCheckpoint.organisation_id == organisation_id, LogCheckpoint.size >= least_size
    )
    if public:
        statement = statement.where(LogCheckpoint.is_public)
    return (await session.execute(statement.order_by(LogCheckpoint.size.desc()).limit(1))).scalar_one_or_none()


async def note_of(session: AsyncSession, checkpoint: LogCheckpoint) -> str:
    """Return a checkpoint as it is handed around: signed by the service, and by the witnesses that handed in theirs."""
    statement = (
        select(LogCosignature)
        .where(LogCosignature.organisation_id == checkpoint.organisation_id, LogCosignature.size == checkpoint.size)
        .order_by(LogCosignature.witness)
    )
    rows = (await session.execute(statement)).scalars().all()
    if not rows:
        return checkpoint.note
    return Note.read(checkpoint.note).with_([line_of(row) for row in rows]).to_text()


def line_of(row: LogCosignature) -> Signature:
    """Return the signature of a witness as it stands under the checkpoint."""
    witness = Verifier.read(row.witness)
    return Signature(witness.name, witness.key_id, row.signature)


async def proof_over(session: AsyncSession, organisation_id: UUID, ranges: Sequence[Range]) -> list[bytes]:
    """Return the root of each range of the tree of an organisation.

    Raises:
        KeyError: the database lacks a node that the tree must have.

    """
    wanted = {node for one in ranges for node in merkle.nodes_of(*one)}
    hashes = await hashes_of(session, organisation_id, wanted)
    return merkle.prove(ranges, hashes.__getitem__)


async def root_at(session: AsyncSession, organisation_id: UUID, size: int) -> bytes:
    """Return the root that the tree had at a size that it has reached."""
    if size == 0:
        return merkle.EMPTY_ROOT
    return (await proof_over(session, organisation_id, [(0, size)]))[0]


async def hashes_of(session: AsyncSession, organisation_id: UUID, nodes: Iterable[Node]) -> dict[Node, bytes]:
    """Return the hash of each of these complete subtrees that the database has."""
    by_level: dict[int, list[int]] = {}
    for level, index in nodes:
        by_level.setdefault(level, []).append(index)
    leaves = by_level.pop(0, [])
    found: dict[Node, bytes] = {}
    if leaves:
        of_leaves = select(LogLeaf.position, LogLeaf.hash).where(
            LogLeaf.organisation_id == organisation_id, LogLeaf.position.in_(leaves)
        )
        found |= {(0, index): content for index, content in (await session.execute(of_leaves)).all()}
    if by_level:
        which = (and_(LogNode.level == level, LogNode.position.in_(indexes)) for level, indexes in by_level.items())
        inner = select(LogNode.level, LogNode.position, LogNode.hash).where(
            LogNode.organisation_id == organisation_id, or_(*which)
        )
        found |= {(level, index): content for level, index, content in (await session.execute(inner)).all()}
    return found


async def leaf_of_event(session: AsyncSession, organisation_id: UUID, chain_id: UUID, sequence: int) -> LogLeaf | None:
    """Return the leaf of an event, or None while it is in no tree."""
    statement = select(LogLeaf).where(
        LogLeaf.organisation_id == organisation_id, LogLeaf.chain_id == chain_id, LogLeaf.sequence == sequence
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def receipt_proof(session: AsyncSession, organisation_id: UUID, chain_id: UUID, event: str) -> ReceiptProof:
    """Return the proof of the first event of that name in a chain: of what a reporter sent, for instance.

    It is in the log as soon as a public checkpoint contains it, and says from which day that may be, until then.
    """
    statement = (
        select(AuditEvent)
        .where(
            AuditEvent.organisation_id == organisation_id, AuditEvent.chain_id == chain_id, AuditEvent.event == event
        )
        .order_by(AuditEvent.sequence)
        .limit(1)
    )
    row = (await session.execute(statement)).scalar_one()
    before = select(AuditEvent.hash).where(
        AuditEvent.organisation_id == organisation_id,
        AuditEvent.chain_id == chain_id,
        AuditEvent.sequence == row.sequence - 1,
    )
    previous = (await session.execute(before)).scalar_one_or_none() or events.GENESIS
    recorded, blind = event_of(row), logproofs.blind_of(row.salt, organisation_id)
    leaf = await leaf_of_event(session, organisation_id, chain_id, row.sequence)
    checkpoint = (
        None if leaf is None else await newest_checkpoint(session, organisation_id, least_size=leaf.position + 1)
    )
    if leaf is None or checkpoint is None:
        return ReceiptProof(recorded, previous, blind, max(row.at.date() + timedelta(days=1), clock.today()))
    path = await proof_over(session, organisation_id, merkle.inclusion_ranges(leaf.position, checkpoint.size))
    note = await note_of(session, checkpoint)
    return ReceiptProof(recorded, previous, blind, None, leaf.position, tuple(path), note)
