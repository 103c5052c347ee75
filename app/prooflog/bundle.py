"""Writes the whole log of an organisation as one document, for whoever checks it without the service. No content, no salt."""

from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.models import AuditEvent
from app.crypto import bundles, events, logproofs
from app.prooflog import queries
from app.prooflog.models import LogCheckpoint, LogLeaf


async def export(session: AsyncSession, organisation_id: UUID) -> dict[str, Any]:
    """Return the bundle (docs/formats.md, "Bundle"): every checkpoint, every leaf, every event of every chain."""
    checkpoints = select(LogCheckpoint).where(LogCheckpoint.organisation_id == organisation_id)
    notes = [
        await queries.note_of(session, one)
        for one in (await session.execute(checkpoints.order_by(LogCheckpoint.size))).scalars().all()
    ]
    leaves = select(LogLeaf).where(LogLeaf.organisation_id == organisation_id).order_by(LogLeaf.position)
    found = (await session.execute(leaves)).scalars().all()
    indexes = {(leaf.chain_id, leaf.sequence): leaf.position for leaf in found}
    acts = (
        select(AuditEvent)
        .where(AuditEvent.organisation_id == organisation_id)
        .order_by(AuditEvent.chain_id, AuditEvent.sequence)
    )
    rows = (await session.execute(acts)).scalars().all()
    chains = [
        {"chain": str(chain_id), "events": [_event(row, indexes.get((row.chain_id, row.sequence))) for row in chain]}
        for chain_id, chain in groupby(rows, key=lambda row: row.chain_id)
    ]
    return {
        "format": bundles.FORMAT,
        "organisation": str(organisation_id),
        "checkpoints": notes,
        "leaves": [leaf.hash.hex() for leaf in found],
        "chains": chains,
    }


def _event(row: AuditEvent, index: int | None) -> dict[str, Any]:
    blind = logproofs.blind_of(row.salt, row.organisation_id).hex() if row.salt else None
    return {"event": events.to_document(queries.event_of(row)), "blind": blind, "index": index}
