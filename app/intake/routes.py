"""The reporter's doors, which need no account; and those of representatives, of the case, and of who administers channels."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import service as accounts
from app.audit.log import AuditUnavailable
from app.cases.access import DOOR, on_case
from app.cases.models import Case
from app.intake import channels, doors, inbox, sealed_submission, service, submission
from app.intake.access import KeptWithTheRows, OwnGrievance, as_reporter, on_own_grievance
from app.intake.channel_schemas import (
    ChannelDetail,
    ChannelIn,
    ChannelItem,
    ChannelKeysOut,
    ChannelOut,
    ChannelPatch,
    Slug,
)
from app.intake.channels import ChannelNameTaken
from app.intake.doors import ChannelAltered, ChannelClosed, ChannelUnattended
from app.intake.inbox import InboxClosed, ReceiptNotKnown, Visit
from app.intake.schemas import (
    CaseGrievancesOut,
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
    SubmittedOut,
)
from app.intake.sealed_schemas import SealedGrievanceIn
from app.intake.sealed_submission import SealedToOthers
from app.intake.service import ReceiptTaken
from app.intake.submission import Submission
from app.kernel import idempotency, routing
from app.kernel.db import DbSession, let_go, reads
from app.kernel.entrance import ProofOfWorkNeeded, through
from app.kernel.http import IfMatch, etag, problems
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
    PreconditionFailed,
    PreconditionRequired,
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
CHANNELS, COLLECTIVE = "channels", "collective grievances"
_ADMINISTRATION = (Unauthenticated, NotFound, InvalidInput, AuditUnavailable, Busy)
_CREATES = (InvalidInput, IdempotencyKeyReused, SameRequestRunning, BodyTooLarge, AuditUnavailable, Busy)


@reporter_router.get(
    "/channels/{channel}", response_model=ChannelOut, responses=problems(NotFound, ChannelAltered, InvalidInput)
)
@reads
async def read_channel(
    channel: Slug,
    _: Annotated[None, public(because="whoever thinks of reporting must be able to read how it is dealt with")],
    runtime: RuntimeOf,
    session: DbSession,
) -> ChannelOut:
    """Read what a channel is for and who can learn what.

    Its procedure, the law that sets its clocks, the custodians' public keys, how a client makes a receipt for itself, and a
    statement of what the service sees, keeps and cannot open.
    """
    return await channels.public_page(session, runtime.keys, channel)


@reporter_router.post(
    "/channels/{channel}/grievances",
    status_code=201,
    response_model=SubmittedOut,
    dependencies=[through(Group.INTAKE)],
    responses=problems(
        NotFound, ChannelClosed, ChannelAltered, ChannelUnattended, ReceiptTaken, ProofOfWorkNeeded, *_CREATES
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
        door = await doors.find(reading, channel)
    sealed = await runtime.reporting.run(submission.seal_individual, door, draft, runtime.keys, kept)
    return await _stored(request, session, sealed)


async def _stored(request: Request, session: AsyncSession, sealed: Submission) -> SubmittedOut:
    try:
        await service.store(session, sealed, None)
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
        ReceiptTaken,
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
        door = await doors.find(reading, channel)
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
    draft: InboxSessionIn,
    _: Annotated[None, public(because="the receipt is the proof, and it is in the body")],
    runtime: RuntimeOf,
    session: DbSession,
) -> InboxSessionOut:
    """Open the inbox with a receipt.

    Unknown and wrong receipts are answered alike. A client that derives `lookup` from the receipt itself gets an inbox whose
    texts stay sealed to the receipt's public key, and opens them on its own machine.
    """
    await let_go(session)
    return await inbox.open_inbox(runtime, session, draft)


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
        Unauthenticated, NotFound, NotAllowed, ChannelClosed, ChannelAltered, ChannelUnattended, *_CREATES
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


@staff_router.get(
    "/cases/{case_id}/grievances",
    response_model=CaseGrievancesOut,
    responses=problems(*DOOR),
    tags=["cases"],
)
async def list_case_grievances(
    case_id: UUID, case: Annotated[Case, on_case(Permission.CASE_READ)], session: DbSession
) -> CaseGrievancesOut:
    """Read what was raised in a case. Of identities it says how many are sealed, never whose."""
    return CaseGrievancesOut(items=await service.grievances_of(session, case))


@staff_router.post(
    "/channels",
    status_code=201,
    response_model=ChannelDetail,
    responses=problems(*_ADMINISTRATION, ChannelNameTaken, IdempotencyKeyReused, SameRequestRunning, BodyTooLarge),
    tags=[CHANNELS],
)
async def open_channel(
    draft: ChannelIn,
    actor: Annotated[Staff, requires(Permission.CHANNEL_MANAGE)],
    session: DbSession,
    response: Response,
) -> ChannelDetail:
    """Open a channel.

    Its custodians' public keys are made on the custodians' own machines; the private keys never come here. A custodian is not
    a case officer of the same channel.
    """
    channel = await channels.open_channel(session, actor, draft)
    response.headers["ETag"] = etag(channel.version)
    return await channels.detail(session, channel)


@staff_router.get(
    "/channels",
    response_model=Page[ChannelItem],
    responses=problems(Unauthenticated, NotFound, InvalidInput),
    tags=[CHANNELS],
)
@reads
async def list_channels(
    actor: Annotated[Staff, requires(Permission.CHANNEL_MANAGE)], page: PageOf, session: DbSession
) -> Page[ChannelItem]:
    """List the organisation's channels."""
    return await channels.list_channels(session, actor, page)


@staff_router.get(
    "/channels/{channel}/keys",
    response_model=ChannelKeysOut,
    responses=problems(Unauthenticated, NotFound, InvalidInput, ChannelAltered),
    tags=[CHANNELS],
)
@reads
async def read_channel_keys(
    channel: Slug, actor: Annotated[Staff, requires(Permission.CHANNEL_MANAGE)], session: DbSession
) -> ChannelKeysOut:
    """Read whose keys the channel seals to, in order to hand them to the holder of its root for the next manifest."""
    return await channels.keys_of(session, actor, channel)


@staff_router.patch(
    "/channels/{channel}",
    response_model=ChannelDetail,
    responses=problems(*_ADMINISTRATION, ChannelAltered, PreconditionFailed, PreconditionRequired, BodyTooLarge),
    tags=[CHANNELS],
)
async def change_channel(
    channel: Slug,
    draft: ChannelPatch,
    expected: IfMatch,
    actor: Annotated[Staff, requires(Permission.CHANNEL_MANAGE)],
    session: DbSession,
    response: Response,
) -> ChannelDetail:
    """Change a channel's texts or its case officers, or open or close it. Its slug, law and custodians stay as they are."""
    changed = await channels.change_channel(session, actor, channel, draft, expected)
    response.headers["ETag"] = etag(changed.version)
    return await channels.detail(session, changed)
