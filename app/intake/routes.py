"""The reporter's doors, which need no account; and those of representatives, of the case, and of who administers channels."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import service as accounts
from app.audit.log import AuditUnavailable
from app.cases.access import DOOR
from app.intake import barring, classifying, doors, inbox, sealed_submission, service, status, submission
from app.intake.access import KeptWithTheRows, OwnGrievance, as_reporter, on_own_grievance
from app.intake.barring import EveryOfficerBarred
from app.intake.channel_schemas import Slug
from app.intake.doors import ChannelAltered, ChannelClosed, ChannelUnattended
from app.intake.inbox import InboxClosed, ReceiptNotKnown, Visit
from app.intake.schemas import (
    CollectiveGrievanceIn,
    CollectiveGrievanceOut,
    CollectiveItem,
    CollectiveSubmittedOut,
    GrievanceIn,
    HeadcountClaimIn,
    HeadcountClaimOut,
    InboxOut,
    InboxSessionIn,
    InboxSessionOut,
    RelayedGrievanceIn,
    SubmittedOut,
)
from app.intake.sealed_schemas import SealedGrievanceIn
from app.intake.sealed_submission import SealedToBarred, SealedToOthers
from app.intake.service import ReceiptTaken
from app.intake.submission import Submission
from app.kernel import idempotency, routing
from app.kernel.db import DbSession, let_go, reads
from app.kernel.entrance import ProofOfWorkNeeded, through
from app.kernel.http import problems
from app.kernel.idempotency import SameRequestRunning
from app.kernel.pages import Page, PageOf
from app.kernel.pressure import Group
from app.kernel.problems import (
    BodyTooLarge,
    Busy,
    IdempotencyKeyReused,
    InvalidInput,
    NotAllowed,
    NotFound,
    Unauthenticated,
)
from app.kernel.runtime import RuntimeOf
from app.kernel.sealed import KeyTurned
from app.policy.actors import Role, Staff
from app.policy.guard import CurrentActor, public, requires
from app.policy.permissions import Permission
from app.vault.erasure import ErasureKeyTaken

reporter_router = routing.router("reporting", prefix="/v1")
staff_router = routing.router(prefix="/v1")
COLLECTIVE = "collective grievances"
_CREATES = (InvalidInput, IdempotencyKeyReused, SameRequestRunning, BodyTooLarge, AuditUnavailable, Busy)


@reporter_router.post(
    "/channels/{channel}/grievances",
    status_code=201,
    response_model=SubmittedOut,
    dependencies=[through(Group.INTAKE)],
    responses=problems(
        NotFound,
        ChannelClosed,
        ChannelAltered,
        ChannelUnattended,
        EveryOfficerBarred,
        ReceiptTaken,
        ProofOfWorkNeeded,
        *_CREATES,
    ),
)
async def submit_grievance(
    request: Request,
    kept: KeptWithTheRows,
    channel: Slug,
    draft: GrievanceIn,
    _: Annotated[None, public(because="who reports has no account and needs none")],
    runtime: RuntimeOf,
    session: DbSession,
) -> SubmittedOut:
    """Raise a grievance as one person.

    The answer holds a receipt of seven words, shown this once. It alone leads back to the grievance: write it down. An
    identity is sealed by itself, for the custodians together; what you say opens to your receipt and to those who are
    appointed to the case.
    """
    await let_go(session)
    async with runtime.database.session(write=False) as reading:
        door = await barring.past(reading, runtime.keys, await doors.find(reading, channel), draft.barred)
    classifying.require_known(door, draft.categories)
    sealed = await runtime.reporting.run(submission.seal_individual, door, draft, runtime.keys, kept)
    return await _stored(request, session, sealed)


async def _stored(
    request: Request, session: AsyncSession, sealed: Submission, entered_by: Staff | None = None
) -> SubmittedOut:
    try:
        await service.store(session, sealed, entered_by)
    except ReceiptTaken as taken:
        if idempotency.is_in_use(request):  # by the same request, which was faster
            raise SameRequestRunning from taken
        raise
    return SubmittedOut(
        reference=sealed.case.reference,
        receipt=sealed.receipt,
        acknowledge_by=sealed.case.acknowledge_by,
        feedback_by=sealed.case.feedback_by,
    )


@reporter_router.post(
    "/channels/{channel}/sealed-grievances",
    status_code=201,
    response_model=SubmittedOut,
    responses=problems(
        NotFound,
        ChannelClosed,
        ChannelAltered,
        ChannelUnattended,
        EveryOfficerBarred,
        ReceiptTaken,
        SealedToBarred,
        SealedToOthers,
        ErasureKeyTaken,
        ProofOfWorkNeeded,
        *_CREATES,
    ),
    dependencies=[through(Group.INTAKE)],
)
async def submit_sealed_grievance(
    request: Request,
    kept: KeptWithTheRows,
    channel: Slug,
    draft: SealedGrievanceIn,
    _: Annotated[None, public(because="who reports has no account and needs none")],
    runtime: RuntimeOf,
    session: DbSession,
) -> SubmittedOut:
    """Raise a grievance that was sealed where it was written.

    The client made the key of the case, granted it to the channel's case officers, and sealed text and identity. The service
    stores them and can open neither.
    """
    await let_go(session)
    async with runtime.database.session(write=False) as reading:
        door = await barring.past(reading, runtime.keys, await doors.find(reading, channel), draft.barred)
    sealed = await runtime.reporting.run(sealed_submission.take, door, draft, runtime.keys, kept)
    return await _stored(request, session, sealed)


@reporter_router.post(
    "/inbox/sessions",
    status_code=201,
    response_model=InboxSessionOut,
    dependencies=[through(Group.INBOX)],
    responses=problems(ReceiptNotKnown, KeyTurned, ProofOfWorkNeeded, *_CREATES),
)
async def open_inbox(
    request: Request,
    draft: InboxSessionIn,
    _: Annotated[None, public(because="the receipt is the proof, and it is in the body")],
    runtime: RuntimeOf,
    session: DbSession,
) -> Response:
    """Open the inbox with a receipt.

    Unknown and wrong receipts are answered alike. A client that derives `lookup` from the receipt itself gets an inbox whose
    texts stay sealed to the receipt's public key, and opens them on its own machine.
    """
    request.state.fill = status.padded  # whether the receipt is known shows in no length
    await let_go(session)
    opened = await inbox.open_inbox(runtime, session, draft)
    return Response(status.padded(opened.model_dump_json().encode()), 201, media_type="application/json")


@reporter_router.get("/inbox", response_model=InboxOut, responses=problems(InboxClosed, KeyTurned))
@reads
async def read_inbox(visit: Annotated[Visit, as_reporter], session: DbSession) -> Response:
    """Read where your grievance stands and what you said.

    The length of the answer is one of a few, whatever is in it: 8, 32, 128, 512 KiB and so on.
    """
    return Response(await inbox.read(session, visit), media_type="application/json")


@reporter_router.delete("/inbox/sessions", status_code=204, responses=problems(InboxClosed, AuditUnavailable, Busy))
async def close_inbox(visit: Annotated[Visit, as_reporter], session: DbSession) -> None:
    """Close the inbox: its token opens nothing any more."""
    await inbox.close(session, visit)


@staff_router.post(
    "/channels/{channel}/collective-grievances",
    status_code=201,
    response_model=CollectiveSubmittedOut,
    responses=problems(
        Unauthenticated,
        NotFound,
        NotAllowed,
        ChannelClosed,
        ChannelAltered,
        ChannelUnattended,
        EveryOfficerBarred,
        *_CREATES,
    ),
    tags=[COLLECTIVE],
)
async def submit_collective_grievance(
    kept: KeptWithTheRows,
    channel: Slug,
    draft: CollectiveGrievanceIn,
    actor: Annotated[Staff, requires(Permission.GRIEVANCE_SUBMIT_COLLECTIVE)],
    runtime: RuntimeOf,
    session: DbSession,
) -> CollectiveSubmittedOut:
    """Raise a grievance for many, as their representative.

    Each supporter's identity is sealed by itself, for the custodians together. Nobody, the representative included, can read
    afterwards who supported it; the representative can read what they wrote, with their own key.
    """
    keys = await accounts.public_keys(session, actor.organisation_id, [actor.account_id], Role.REPRESENTATIVE)
    if actor.account_id not in keys:  # it ended or was altered since the guard looked
        raise NotFound
    await let_go(session)
    async with runtime.database.session(write=False) as reading:
        door = await doors.find(reading, channel, organisation_id=actor.organisation_id)
        door = await barring.past(reading, runtime.keys, door, draft.barred, actor.account_id)
    classifying.require_known(door, draft.categories)
    sealed = await runtime.reporting.run(
        submission.seal_collective, door, draft, actor.account_id, keys[actor.account_id], runtime.keys, kept
    )
    await service.store(session, sealed, actor)
    return CollectiveSubmittedOut(
        id=sealed.grievance_id,
        reference=sealed.case.reference,
        acknowledge_by=sealed.case.acknowledge_by,
        feedback_by=sealed.case.feedback_by,
        supporters=len(draft.supporters),
    )


@staff_router.post(
    "/channels/{channel}/relayed-grievances",
    status_code=201,
    response_model=SubmittedOut,
    responses=problems(
        Unauthenticated, NotFound, NotAllowed, ChannelClosed, ChannelAltered, ChannelUnattended, EveryOfficerBarred, ReceiptTaken, *_CREATES
    ),
    tags=["reporting"],
)  # fmt: skip
async def relay_grievance(
    request: Request,
    kept: KeptWithTheRows,
    channel: Slug,
    draft: RelayedGrievanceIn,
    actor: Annotated[Staff, requires(Permission.GRIEVANCE_RELAY)],
    runtime: RuntimeOf,
    session: DbSession,
) -> SubmittedOut:
    """Enter a grievance that came by post, by telephone or in person.

    It is stored as if the person had written it here, and its clocks start on the day on which it came. Hand the receipt on: it is
    shown this once. Entering it makes you no case officer of it; what you read while you entered it, you have read.
    """
    await let_go(session)
    async with runtime.database.session(write=False) as reading:
        door = await doors.find(reading, channel, organisation_id=actor.organisation_id)
        door = await barring.past(reading, runtime.keys, door, draft.barred)
    classifying.require_known(door, draft.categories)
    sealed = await runtime.reporting.run(submission.seal_relayed, door, draft, actor.account_id, runtime.keys, kept)
    return await _stored(request, session, sealed, actor)


@staff_router.get(
    "/collective-grievances",
    response_model=Page[CollectiveItem],
    responses=problems(Unauthenticated, NotFound, InvalidInput),
    tags=[COLLECTIVE],
)
@reads
async def list_own_grievances(
    actor: Annotated[Staff, requires(Permission.GRIEVANCE_SUBMIT_COLLECTIVE)], page: PageOf, session: DbSession
) -> Page[CollectiveItem]:
    """List the collective grievances that you submitted, and where each stands."""
    return await service.list_own(session, actor, page)


@staff_router.get(
    "/collective-grievances/{grievance_id}",
    response_model=CollectiveGrievanceOut,
    responses=problems(*DOOR),
    tags=[COLLECTIVE],
)
async def read_own_grievance(
    grievance_id: UUID, own: Annotated[OwnGrievance, on_own_grievance], session: DbSession
) -> CollectiveGrievanceOut:
    """Read what you wrote and where it stands."""
    return await service.read_own(session, own.grievance, own.case)


@staff_router.post(
    "/collective-grievances/{grievance_id}/headcount-claims",
    status_code=201,
    response_model=HeadcountClaimOut,
    responses=problems(*DOOR, IdempotencyKeyReused, SameRequestRunning, BodyTooLarge),
    tags=[COLLECTIVE],
)
async def claim_headcount(
    grievance_id: UUID,
    draft: HeadcountClaimIn,
    own: Annotated[OwnGrievance, on_own_grievance],
    actor: CurrentActor,
    session: DbSession,
) -> HeadcountClaimOut:
    """Claim how many people are behind the grievance. Earlier claims stand beside it."""
    return await service.claim_headcount(session, actor, own.grievance, draft)
