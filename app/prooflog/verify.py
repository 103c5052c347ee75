"""Checks the proof log against itself, against the events it stands for, and against checkpoints kept elsewhere. Only reads."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Organisation
from app.audit.models import AuditEvent
from app.audit.verify import Fault, Result
from app.crypto import logproofs, merkle, notes, timestamps
from app.crypto.merkle import Frontier, Node
from app.crypto.notes import Checkpoint, Note, NoteMalformed, Signer, Verifier, open_checkpoint
from app.crypto.timestamps import TimestampUnreadable, TimestampWrong
from app.kernel.days import start_of
from app.prooflog import queries
from app.prooflog.models import LogCheckpoint, LogCosignature, LogHead, LogLeaf, LogNode, LogTimestamp

_BATCH = 1_000


@dataclass
class LogResult(Result):
    """What was checked besides, and what was found wrong. The chain of a fault of the tree itself is the organisation."""

    leaves: int = 0
    checkpoints: int = 0
    cosignatures: int = 0
    timestamps: int = 0
    unread_timestamps: int = 0
    """Those that only another tool can judge."""


class _Tree:
    """The log of one organisation while it is read from its first leaf on."""

    def __init__(self, session: AsyncSession, organisation_id: UUID, log_key: Verifier, result: LogResult) -> None:
        self.session, self.organisation_id, self.log_key, self.result = session, organisation_id, log_key, result
        self.tree = Frontier()
        self.nodes = 0
        self.roots = {0: merkle.EMPTY_ROOT}

    def fault(self, what: str, chain_id: UUID | None = None, sequence: int = 0) -> None:
        self.result.faults.append(Fault(chain_id or self.organisation_id, sequence, what))

    async def read(self, sizes: set[int]) -> None:
        """Read every leaf with its event and the subtrees that it completes, and keep the root at each of the sizes."""
        async for batch in self._batches():
            made: dict[Node, bytes] = {}
            for leaf in batch:
                self.result.leaves += 1
                if leaf.position != self.tree.size:
                    self.fault("a leaf of the log is missing", sequence=self.tree.size)
                    return
                self._check_leaf(leaf)
                self.tree, completed = self.tree.append(leaf.hash)
                made.update(completed)
                if self.tree.size in sizes:
                    self.roots[self.tree.size] = self.tree.root
            if await queries.hashes_of(self.session, self.organisation_id, made) != made:
                self.fault("the subtrees of the log are not those of its leaves")
            self.nodes += len(made)
        known = select(func.count()).select_from(LogNode).where(LogNode.organisation_id == self.organisation_id)
        if await self.session.scalar(known) != self.nodes:
            self.fault("the log has subtrees that no leaves make")

    def _check_leaf(self, leaf: Row[*tuple[Any, ...]]) -> None:
        if leaf.link is None:
            self.fault("an event that is in the log is gone", leaf.chain_id, leaf.sequence)
        elif leaf.salt:  # else it was erased, and nobody can say any more
            blind = logproofs.blind_of(leaf.salt, self.organisation_id)
            if leaf.hash != logproofs.leaf_of(blind, leaf.link):
                self.fault("an event is not what its leaf in the log stands for", leaf.chain_id, leaf.sequence)

    async def _batches(self) -> AsyncIterator[Sequence[Row[*tuple[Any, ...]]]]:
        after = -1
        while True:
            statement = (
                select(
                    LogLeaf.position, LogLeaf.chain_id, LogLeaf.sequence, LogLeaf.hash,
                    AuditEvent.hash.label("link"), AuditEvent.salt,
                )
                .outerjoin(
                    AuditEvent,
                    (AuditEvent.organisation_id == LogLeaf.organisation_id)
                    & (AuditEvent.chain_id == LogLeaf.chain_id)
                    & (AuditEvent.sequence == LogLeaf.sequence),
                )
                .where(LogLeaf.organisation_id == self.organisation_id, LogLeaf.position > after)
                .order_by(LogLeaf.position)
                .limit(_BATCH)
            )  # fmt: skip
            batch = (await self.session.execute(statement)).all()
            yield batch
            if len(batch) < _BATCH:
                return
            after = batch[-1].position

    def check_checkpoint(self, row: LogCheckpoint) -> None:
        self.result.checkpoints += 1
        try:
            checkpoint, _ = open_checkpoint(row.note, self.log_key)
        except NoteMalformed:
            self.fault("a checkpoint is not signed by this service", sequence=row.size)
            return
        if (checkpoint.size, checkpoint.root) != (row.size, row.root) or self.roots.get(row.size) != row.root:
            self.fault("a checkpoint is not over the leaves of the log", sequence=row.size)

    def check_cosignature(self, row: LogCosignature, note: str | None) -> None:
        self.result.cosignatures += 1
        try:
            witness = Verifier.read(row.witness)
            is_right = note is not None and witness.has_signed(Note(Note.read(note).text, (queries.line_of(row),)))
        except NoteMalformed:
            is_right = False
        if not is_right:
            self.fault("a cosignature is not right", sequence=row.size)

    def check_timestamp(self, row: LogTimestamp, note: str | None, roots: bytes | None) -> None:
        self.result.timestamps += 1
        try:
            content = Note.read(note or "").text.encode()
            if roots is None:
                timestamps.stamped_at(row.token, content)
            else:
                timestamps.verify(row.token, content, roots)
        except TimestampUnreadable:
            self.result.unread_timestamps += 1
        except (NoteMalformed, TimestampWrong):
            self.fault("a timestamp is not of its checkpoint, or of nobody who is trusted", sequence=row.size)

    def check_kept(self, kept: Checkpoint) -> None:
        if self.roots.get(kept.size) != kept.root:
            self.fault("the log does not contain a checkpoint that was kept elsewhere", sequence=kept.size)

    async def check_head(self, newest: int) -> None:
        head = await self.session.get(LogHead, self.organisation_id)
        known = (0, b"") if head is None else (head.size, head.frontier)
        if known != (self.tree.size, self.tree.to_bytes()) or newest != self.tree.size:
            self.fault("the log does not end where it says")
        if head is None or head.complete_on is None:
            return
        taken = (
            select(LogLeaf.position)
            .where(
                LogLeaf.organisation_id == AuditEvent.organisation_id,
                LogLeaf.chain_id == AuditEvent.chain_id,
                LogLeaf.sequence == AuditEvent.sequence,
            )
            .exists()
        )
        must_be_in = start_of(head.complete_on - timedelta(days=1))  # what was stored late is taken in a day later
        missing = select(AuditEvent.chain_id, AuditEvent.sequence).where(
            AuditEvent.organisation_id == self.organisation_id, AuditEvent.at < must_be_in, ~taken
        )
        for chain_id, sequence in (await self.session.execute(missing)).all():
            self.fault("an event is not in the log", chain_id, sequence)


async def verify(
    session: AsyncSession, log_seed: bytes, result: Result, since: Sequence[Note] = (), roots: bytes | None = None
) -> LogResult:
    """Return what was found so far, and what is wrong with the proof log besides.

    Every leaf is that of its event, unless its salt was erased; every checkpoint is over the first leaves, so that they are all
    consistent with each other; every signature is right; every timestamp is of its checkpoint and, where `roots` (PEM) are given,
    of an authority that they vouch for. `since` are checkpoints kept elsewhere: a log that was put back to
    an earlier state, or written anew by somebody with its key, does not contain them.

    Raises:
        NoteMalformed: one of `since` is no checkpoint, or of no log of this service.

    """
    found = LogResult(result.chains, result.events, result.rows, [*result.faults])
    kept = [(note, Checkpoint.read(note)) for note in since]
    organisations = (await session.execute(select(Organisation.id).order_by(Organisation.id))).scalars().all()
    for organisation_id in organisations:
        log_key = Signer(logproofs.origin(organisation_id), notes.ED25519, log_seed).verifier
        of_this = [checkpoint for note, checkpoint in kept if checkpoint.origin == log_key.name]
        kept = [
            (note, checkpoint)
            for note, checkpoint in kept
            if checkpoint.origin != log_key.name or not log_key.has_signed(note)
        ]
        await _verify_one(_Tree(session, organisation_id, log_key, found), of_this, roots)
    if kept:
        raise NoteMalformed("not a checkpoint of a log of this service")
    return found


async def _verify_one(tree: _Tree, kept: Sequence[Checkpoint], roots: bytes | None) -> None:
    of_this = tree.organisation_id
    statement = select(LogCheckpoint).where(LogCheckpoint.organisation_id == of_this).order_by(LogCheckpoint.size)
    checkpoints = (await tree.session.execute(statement)).scalars().all()
    await tree.read({one.size for one in checkpoints} | {one.size for one in kept})
    for checkpoint in checkpoints:
        tree.check_checkpoint(checkpoint)
    texts = {checkpoint.size: checkpoint.note for checkpoint in checkpoints}
    cosignatures = select(LogCosignature).where(LogCosignature.organisation_id == of_this)
    for cosignature in (await tree.session.execute(cosignatures)).scalars():
        tree.check_cosignature(cosignature, texts.get(cosignature.size))
    timestamped = select(LogTimestamp).where(LogTimestamp.organisation_id == of_this)
    for timestamp in (await tree.session.execute(timestamped)).scalars():
        tree.check_timestamp(timestamp, texts.get(timestamp.size), roots)
    for one in kept:
        tree.check_kept(one)
    await tree.check_head(max(texts, default=0))
