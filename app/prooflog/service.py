"""Takes what witnesses sign. A witness that saw another history than ours is an alarm."""

from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log as audit_log
from app.crypto.notes import NoteMalformed, Signature, Verifier, open_checkpoint
from app.kernel import clock
from app.kernel.db import insert_rows, table_of
from app.kernel.logs import log
from app.kernel.problems import Conflict, Problem
from app.prooflog import queries
from app.prooflog.models import LogCheckpoint, LogCosignature, LogHead

_MOST_SEEN = 1_000
_seen: OrderedDict[tuple[UUID, int, bytes], None] = OrderedDict()
"""Checkpoints of witnesses that this log does not contain, of which the operator was told."""


class CheckpointUnknown(Problem):
    """What was handed in is not a checkpoint that this log has signed (docs/formats.md, Checkpoint). Nothing was kept."""

    status = 422
    title = "Not a checkpoint of this log"


class WitnessUnknown(Problem):
    """The checkpoint bears no right signature of a witness whose key this service was given. Nothing was kept."""

    status = 422
    title = "No witness of this log has signed it"


class LogNotSignedYet(Conflict):
    """The log has no checkpoint yet. The first is signed once the worker has run and something may be in the log."""

    title = "The log has no checkpoint yet"


class LogDisagrees(Conflict):
    """A witness signed a checkpoint that this log does not contain. Nothing was kept, and the operator is told.

    Either the log was put back to an earlier state, or somebody signs with its key. Keep your checkpoint: it is the proof.
    """

    title = "The log does not contain this checkpoint"
    is_news = True
    """Whether this process sees it for the first time: handing it in again makes no second alarm."""


async def cosign(
    session: AsyncSession, log_key: Verifier, witnesses: Sequence[Verifier], organisation_id: UUID, text: str
) -> str:
    """Return the checkpoint with the lines of the witnesses that signed it, which are kept.

    Raises:
        CheckpointUnknown: it is not one that the log has signed.
        WitnessUnknown: no known witness signed it.
        LogDisagrees: one did, and the log is another.

    """
    try:
        checkpoint, note = open_checkpoint(text, log_key)
    except NoteMalformed as error:
        raise CheckpointUnknown from error
    signed = [witness for witness in witnesses if witness.has_signed(note)]
    if not signed:
        raise WitnessUnknown
    size = await session.scalar(select(LogHead.size).where(LogHead.organisation_id == organisation_id)) or 0
    if checkpoint.size > size or await queries.root_at(session, organisation_id, checkpoint.size) != checkpoint.root:
        disagreement = LogDisagrees()
        disagreement.is_news = _remember((organisation_id, checkpoint.size, checkpoint.root))
        raise disagreement
    held = await session.get(LogCheckpoint, (organisation_id, checkpoint.size))
    if held is None:
        raise CheckpointUnknown
    await _keep(session, held, [(one, _line_of(one, note.signatures)) for one in signed])
    return await queries.note_of(session, held)


def _line_of(witness: Verifier, signatures: Sequence[Signature]) -> Signature:
    return next(line for line in signatures if (line.name, line.key_id) == (witness.name, witness.key_id))


async def _keep(session: AsyncSession, held: LogCheckpoint, lines: Sequence[tuple[Verifier, Signature]]) -> None:
    place = {"organisation_id": held.organisation_id, "size": held.size}
    statement = select(LogCosignature.witness).where(
        LogCosignature.organisation_id == held.organisation_id, LogCosignature.size == held.size
    )
    known = set((await session.execute(statement)).scalars())
    rows = [
        {**place, "witness": witness.vkey, "signature": line.content}
        for witness, line in lines
        if witness.vkey not in known
    ]
    await insert_rows(session, [(table_of(LogCosignature), rows)])


def _remember(seen: tuple[UUID, int, bytes]) -> bool:
    """Whether this was not seen before. A witness must have signed it, so that nobody else can make many."""
    if seen in _seen:
        return False
    _seen[seen] = None
    if len(_seen) > _MOST_SEEN:
        _seen.popitem(last=False)
    return True


async def record_disagreement(session: AsyncSession, organisation_id: UUID) -> None:
    """The log of acts and the operator's log say that a witness saw another history."""
    log.error("the proof log disagrees with a witness", extra={"event": "the proof log disagrees with a witness"})
    entry = audit_log.Entry("log.disagreed")
    await audit_log.append(session, organisation_id, organisation_id, [entry], actor_id=None, at=clock.start_of_day())
