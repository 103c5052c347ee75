"""The proof log for anybody, as it was at the end of a day; and for auditors, as it is."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Organisation
from app.audit.log import AuditUnavailable
from app.audit.models import AuditEvent
from app.cases.log_routes import Auditor, hidden_from
from app.crypto import logproofs, merkle
from app.crypto.notes import Verifier
from app.kernel import routing
from app.kernel.db import DbSession, let_go, reads
from app.kernel.http import problems
from app.kernel.idempotency import SameRequestRunning
from app.kernel.problems import (
    BodyTooLarge,
    Busy,
    IdempotencyKeyReused,
    InvalidInput,
    NotFound,
    Unauthenticated,
)
from app.kernel.runtime import RuntimeOf
from app.policy.guard import public
from app.prooflog import queries, service
from app.prooflog.models import LogCheckpoint
from app.prooflog.schemas import ConsistencyOut, CosignedIn, CosignedOut, InclusionOut
from app.prooflog.sequencer import verifier_of
from app.prooflog.service import CheckpointUnknown, LogDisagrees, LogNotSignedYet, WitnessUnknown

public_router = routing.router("proof log", prefix="/v1/log/{organisation_id}")
auditor_router = routing.router("audit", prefix="/v1/audit")
_MOST = 2_000_000_000
_WHY = "whoever holds a receipt, and every witness, must be able to check the log without an account"
Anybody = Annotated[None, public(because=_WHY)]
From = Annotated[int, Query(alias="from", ge=0, le=_MOST, description="Size of the older tree.")]
To = Annotated[int, Query(alias="to", ge=0, le=_MOST, description="Size of the newer tree.")]


@public_router.get("/checkpoint", response_class=PlainTextResponse, responses=problems(NotFound, InvalidInput))
@reads
async def read_public_checkpoint(organisation_id: UUID, _: Anybody, session: DbSession) -> Response:
    """Read the newest checkpoint that closes a day, with the lines of the witnesses: a C2SP signed note.

    It changes once a day at most, so that nobody who polls it learns when something happened.
    """
    return await _checkpoint(session, organisation_id, is_public=True)


@public_router.get("/key", response_class=PlainTextResponse, responses=problems(NotFound, InvalidInput))
@reads
async def read_log_key(organisation_id: UUID, _: Anybody, runtime: RuntimeOf, session: DbSession) -> Response:
    """Read the key of the log as text. Take it once, and keep it: a key that comes with what it signs proves nothing."""
    known = select(Organisation.id).where(Organisation.id == organisation_id)
    if (await session.execute(known)).first() is None:
        raise NotFound
    return PlainTextResponse(verifier_of(runtime, organisation_id).vkey + "\n")


@public_router.get("/consistency", responses=problems(NotFound, InvalidInput))
@reads
async def prove_public_consistency(
    organisation_id: UUID, older: From, newer: To, _: Anybody, session: DbSession
) -> ConsistencyOut:
    """Prove that the log at a public checkpoint begins with an earlier state of it."""
    return await _consistency(session, organisation_id, older, newer, is_public=True)


@public_router.post(
    "/cosignatures",
    status_code=201,
    responses=problems(
        NotFound, CheckpointUnknown, WitnessUnknown, LogDisagrees, InvalidInput, IdempotencyKeyReused, SameRequestRunning,
        BodyTooLarge, AuditUnavailable, Busy,
    ),
)  # fmt: skip
async def cosign_checkpoint(
    organisation_id: UUID,
    draft: CosignedIn,
    _: Annotated[None, public(because="a witness proves itself by its signature, and has no account")],
    runtime: RuntimeOf,
    session: DbSession,
) -> CosignedOut:
    """Hand in a checkpoint that you cosigned as a witness. Your line is shown under it from now on."""
    witnesses = [Verifier.read(vkey) for vkey in runtime.settings.log_witnesses]
    log_key = verifier_of(runtime, organisation_id)
    try:
        note = await service.cosign(session, log_key, witnesses, organisation_id, draft.checkpoint)
    except LogDisagrees as disagreement:
        await let_go(session)
        if disagreement.is_news:
            async with runtime.database.session(write=True) as alarm:  # the request's own transaction is not kept
                await service.record_disagreement(alarm, organisation_id)
        raise
    return CosignedOut(checkpoint=note)


@auditor_router.get(
    "/checkpoint",
    response_class=PlainTextResponse,
    responses=problems(Unauthenticated, NotFound, LogNotSignedYet, InvalidInput),
)
@reads
async def read_newest_checkpoint(actor: Auditor, session: DbSession) -> Response:
    """Read the newest checkpoint: a C2SP signed note. Keep it elsewhere: a later log must contain it."""
    return await _checkpoint(session, actor.organisation_id, is_public=False)


@auditor_router.get("/proofs/consistency", responses=problems(Unauthenticated, NotFound, LogNotSignedYet, InvalidInput))
@reads
async def prove_consistency(actor: Auditor, older: From, newer: To, session: DbSession) -> ConsistencyOut:
    """Prove that a state of the log begins with an earlier one."""
    return await _consistency(session, actor.organisation_id, older, newer, is_public=False)


@auditor_router.get("/proofs/inclusion", responses=problems(Unauthenticated, NotFound, InvalidInput))
@reads
async def prove_inclusion(
    actor: Auditor,
    session: DbSession,
    chain_id: Annotated[UUID, Query(description="Which chain.")],
    sequence: Annotated[int, Query(ge=1, le=_MOST, description="Which event of it.")],
) -> InclusionOut:
    """Prove that an event is in the log, against the newest checkpoint. It may be there from the next day on only.

    Events of a case that a wall bars you from are not found.
    """
    organisation_id = actor.organisation_id
    event = await session.get(AuditEvent, (organisation_id, chain_id, sequence))
    leaf = await queries.leaf_of_event(session, organisation_id, chain_id, sequence)
    newest = await queries.newest_checkpoint(session, organisation_id, public=False)
    if event is None or leaf is None or newest is None or chain_id in await hidden_from(session, actor):
        raise NotFound
    path = await queries.proof_over(session, organisation_id, merkle.inclusion_ranges(leaf.position, newest.size))
    return InclusionOut(
        chain_id=chain_id,
        sequence=sequence,
        blind=logproofs.blind_of(event.salt, organisation_id).hex(),
        leaf=leaf.hash.hex(),
        index=leaf.position,
        path=[one.hex() for one in path],
        checkpoint=await queries.note_of(session, newest),
    )


async def _newest(session: AsyncSession, organisation_id: UUID, *, is_public: bool) -> LogCheckpoint:
    found = await queries.newest_checkpoint(session, organisation_id, public=is_public)
    if found is None:
        raise NotFound if is_public else LogNotSignedYet
    return found


async def _checkpoint(session: AsyncSession, organisation_id: UUID, *, is_public: bool) -> Response:
    newest = await _newest(session, organisation_id, is_public=is_public)
    return PlainTextResponse(await queries.note_of(session, newest))


async def _consistency(
    session: AsyncSession, organisation_id: UUID, older: int, newer: int, *, is_public: bool
) -> ConsistencyOut:
    if older > newer:
        raise InvalidInput(errors=[{"in": "query", "pointer": "/from", "rule": "must be at most `to`"}])
    if newer > (await _newest(session, organisation_id, is_public=is_public)).size:
        raise NotFound
    ranges = merkle.consistency_ranges(older, newer) if older else []
    proof = await queries.proof_over(session, organisation_id, ranges)
    return ConsistencyOut(from_size=older, to_size=newer, proof=[one.hex() for one in proof])
