"""The audit log, for auditors. It stands among cases because a wall hides the log of a case too."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import by_day
from app.audit.models import AuditEvent, AuditHead
from app.audit.schemas import AuditEventOut, AuditEventsOut, ChainOut, ChainsOut, TouchedOut
from app.cases.models import Wall
from app.kernel import clock, routing
from app.kernel.db import DbSession, reads
from app.kernel.http import problems
from app.kernel.pages import PageOf
from app.kernel.problems import InvalidInput, NotFound, Unauthenticated
from app.policy.actors import Staff
from app.policy.guard import requires
from app.policy.permissions import Permission

router = routing.router("audit", prefix="/v1/audit")
_MOST_EVENTS = 200
Auditor = Annotated[Staff, requires(Permission.AUDIT_READ)]


@router.get("/chains", responses=problems(NotFound, Unauthenticated, InvalidInput))
@reads
async def list_audit_chains(actor: Auditor, session: DbSession, page: PageOf) -> ChainsOut:
    """List the chains of the organisation: one for each case, one for what passes in its inbox, one for everything else.

    Each with its length and last hash, which an auditor keeps elsewhere to compare with later. The chain of a case that a
    wall bars you from is not in the list. What passes in inboxes is shown from the next day on.
    """
    hidden = await hidden_from(session, actor)
    columns = select(AuditHead.chain_id, AuditHead.chain_id.label("id"), AuditHead.sequence, AuditHead.hash)
    statement = columns.where(AuditHead.organisation_id == actor.organisation_id, AuditHead.chain_id.not_in(hidden))
    rows, following = page.cut((await session.execute(page.apply(statement, AuditHead.chain_id))).all())
    known = await _known_of(session, actor, [row.chain_id for row in rows if by_day.is_by_day(row.chain_id)])
    items = [
        ChainOut(chain_id=row.chain_id, id=row.id, events=length, hash=last.hex())
        for row in rows
        for length, last in [known.get(row.chain_id, (row.sequence, row.hash))]
        if length
    ]
    return ChainsOut(items=items, next=following)


async def _known_of(session: AsyncSession, actor: Staff, chains: Sequence[UUID]) -> dict[UUID, tuple[int, bytes]]:
    """Return length and last hash of chains that tell the day alone, as they were when this day began."""
    statement = (
        select(AuditEvent.chain_id, AuditEvent.sequence, AuditEvent.hash)
        .where(
            AuditEvent.organisation_id == actor.organisation_id,
            AuditEvent.chain_id.in_(chains),
            AuditEvent.at < clock.start_of_day(),
        )
        .order_by(AuditEvent.sequence)
    )
    found = {row.chain_id: (row.sequence, row.hash) for row in (await session.execute(statement)).all()}
    return dict.fromkeys(chains, (0, b"")) | found


@router.get("/events", responses=problems(NotFound, Unauthenticated, InvalidInput))
@reads
async def list_audit_events(
    actor: Auditor,
    session: DbSession,
    chain_id: Annotated[UUID | None, Query(description="Which chain; without it the organisation's own.")] = None,
    after: Annotated[int, Query(ge=0, le=2_000_000_000, description="Show events after this place.")] = 0,
    limit: Annotated[int, Query(ge=1, le=_MOST_EVENTS, description="How many at most.")] = 50,
) -> AuditEventsOut:
    """Read part of a chain: who did what when, and commitments to the rows it touched. No content.

    Of what passes in an inbox it shows the days that are over.
    """
    wanted = chain_id or actor.organisation_id
    hidden = await hidden_from(session, actor)
    statement = (
        select(AuditEvent)
        .where(
            AuditEvent.organisation_id == actor.organisation_id,
            AuditEvent.chain_id == wanted,
            AuditEvent.chain_id.not_in(hidden),
            AuditEvent.sequence > after,
        )
        .order_by(AuditEvent.sequence)
        .limit(limit + 1)
    )
    if by_day.is_by_day(wanted):
        statement = statement.where(AuditEvent.at < clock.start_of_day())
    events = (await session.execute(statement)).scalars().all()
    items = [
        AuditEventOut(
            sequence=event.sequence,
            event=event.event,
            actor_id=event.actor_id,
            at=event.at,
            touched=[
                TouchedOut(table=table, row=UUID(row), commitment=commitment)
                for table, row, commitment in event.touched
            ],
            hash=event.hash.hex(),
        )
        for event in events[:limit]
    ]
    return AuditEventsOut(chain_id=wanted, items=items, next=items[-1].sequence if len(events) > limit else None)


async def hidden_from(session: AsyncSession, actor: Staff) -> set[UUID]:
    """Return the chains of the cases that a wall bars the actor from: each case itself, and its conversations."""
    statement = select(Wall.case_id).where(
        Wall.organisation_id == actor.organisation_id, Wall.account_id == actor.account_id
    )
    cases = set((await session.execute(statement)).scalars())
    return cases | {by_day.chain_of(case_id) for case_id in cases}
