"""The doors of counting: the representative's own, those of supporters, which need no account, and that of the case."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from app.audit.log import AuditUnavailable
from app.cases.access import DOOR, on_case
from app.cases.models import Case
from app.intake.access import KeptWithTheRows, OwnGrievance, on_own_grievance
from app.intake.doors import ChannelAltered
from app.intake.inbox import ReceiptNotKnown
from app.kernel import idempotency, routing
from app.kernel.db import DbSession, let_go, reads
from app.kernel.entrance import ProofOfWorkNeeded, through
from app.kernel.http import IfMatch, etag, problems
from app.kernel.idempotency import SameRequestRunning
from app.kernel.pressure import Group
from app.kernel.problems import (
    BodyTooLarge,
    Busy,
    IdempotencyKeyReused,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
)
from app.kernel.runtime import RuntimeOf
from app.policy.guard import CurrentActor, public
from app.policy.permissions import Permission
from app.supporting import counts, queries, redeeming, service
from app.supporting.counts import SupportCountAltered
from app.supporting.redeeming import (
    NotCountedIn,
    RollFull,
    SupporterReceiptTaken,
    SupportersNotCounted,
    SupportsOneAllegation,
)
from app.supporting.schemas import (
    CaseSupportOut,
    OwnSupportOut,
    SupportCountIn,
    SupportCountOut,
    SupportCountPatch,
    SupporterCodesIn,
    SupporterCodesOut,
    SupportIn,
    SupportOut,
    SupportPageOut,
    SupportPatch,
    SupportWithdrawalIn,
)
from app.supporting.service import (
    NoSupportCount,
    NotCountedByCodes,
    SupportCountBegun,
    SupportCountExists,
    SupportCountOver,
    TooManyCodes,
)

reporter_router = routing.router("supporting", prefix="/v1")
staff_router = routing.router(prefix="/v1")
COLLECTIVE = "collective grievances"
_CREATES = (IdempotencyKeyReused, SameRequestRunning, BodyTooLarge)
_CHANGES = (NoSupportCount, SupportCountAltered, SupportCountOver, PreconditionFailed, PreconditionRequired)
_SUPPORTS = (NotFound, InvalidInput, SupportCountAltered, BodyTooLarge, AuditUnavailable, Busy, ProofOfWorkNeeded)
_BECAUSE = (
    "a supporter has no account and needs none: the code, the token or the receipt is the proof, and it is in the body"
)


@staff_router.post(
    "/collective-grievances/{grievance_id}/support-count",
    status_code=201,
    response_model=SupportCountOut,
    responses=problems(*DOOR, SupportCountExists, *_CREATES),
    tags=[COLLECTIVE],
)
async def open_support_count(
    grievance_id: UUID,
    draft: SupportCountIn,
    own: Annotated[OwnGrievance, on_own_grievance],
    actor: CurrentActor,
    session: DbSession,
    response: Response,
) -> SupportCountOut:
    """Open the count of the people behind your grievance.

    Statement and wordings become public: they are the one part of a grievance that you decide to show everybody. Who supports
    what is shown to nobody, you included.
    """
    count = await service.open_count(session, actor, own.grievance, draft)
    response.headers["ETag"] = etag(count.row.version)
    return await queries.shown(session, count)


@staff_router.get(
    "/collective-grievances/{grievance_id}/support-count",
    response_model=OwnSupportOut,
    responses=problems(*DOOR, SupportCountAltered),
    tags=[COLLECTIVE],
)
async def read_support_count(
    grievance_id: UUID, own: Annotated[OwnGrievance, on_own_grievance], session: DbSession, response: Response
) -> OwnSupportOut:
    """Read the count of your grievance beside what you claimed, as far as its numbers may be told."""
    found = await queries.own(session, own.grievance)
    count = await counts.of_grievance(session, own.grievance.id)
    if count is not None:
        response.headers["ETag"] = etag(count.row.version)
    return found


@staff_router.patch(
    "/collective-grievances/{grievance_id}/support-count",
    response_model=SupportCountOut,
    responses=problems(*DOOR, *_CHANGES, SupportCountBegun, BodyTooLarge),
    tags=[COLLECTIVE],
)
async def change_support_count(
    grievance_id: UUID,
    draft: SupportCountPatch,
    expected: IfMatch,
    own: Annotated[OwnGrievance, on_own_grievance],
    actor: CurrentActor,
    session: DbSession,
    response: Response,
) -> SupportCountOut:
    """Change the first or the last day of a count that is not over."""
    count = await service.change_days(session, actor, own.grievance, draft, expected)
    response.headers["ETag"] = etag(count.row.version)
    return await queries.shown(session, count)


@staff_router.post(
    "/collective-grievances/{grievance_id}/support-count/end",
    response_model=SupportCountOut,
    responses=problems(*DOOR, *_CHANGES),
    tags=[COLLECTIVE],
)
async def end_support_count(
    grievance_id: UUID,
    expected: IfMatch,
    own: Annotated[OwnGrievance, on_own_grievance],
    actor: CurrentActor,
    session: DbSession,
    response: Response,
) -> SupportCountOut:
    """End a count at once, for good. On the next day what may be told of each allegation is told, once."""
    count = await service.end(session, actor, own.grievance, expected)
    response.headers["ETag"] = etag(count.row.version)
    return await queries.shown(session, count)


@staff_router.post(
    "/collective-grievances/{grievance_id}/supporter-codes",
    status_code=201,
    response_model=SupporterCodesOut,
    responses=problems(
        *DOOR, NoSupportCount, SupportCountAltered, SupportCountOver, NotCountedByCodes, TooManyCodes, *_CREATES
    ),
    tags=[COLLECTIVE],
)
async def draw_supporter_codes(
    grievance_id: UUID,
    draft: SupporterCodesIn,
    own: Annotated[OwnGrievance, on_own_grievance],
    actor: CurrentActor,
    session: DbSession,
) -> SupporterCodesOut:
    """Draw single-use codes. They are in this answer and nowhere else.

    Print them, cut them apart and let members draw them from a hat: nobody should know who has which.
    """
    return await service.draw_codes(session, actor, own.grievance, draft)


@staff_router.get(
    "/cases/{case_id}/support",
    response_model=CaseSupportOut,
    responses=problems(*DOOR, SupportCountAltered),
    tags=["cases"],
)
async def read_case_support(
    case_id: UUID, case: Annotated[Case, on_case(Permission.CASE_READ)], session: DbSession
) -> CaseSupportOut:
    """Read how many people stand behind the collective grievances of a case, as far as it may be told."""
    return await queries.in_case(session, case)


@reporter_router.get(
    "/collective-grievances/{grievance_id}/support",
    response_model=SupportPageOut,
    responses=problems(NotFound, SupportCountAltered, InvalidInput),
)
@reads
async def read_support_page(
    grievance_id: UUID,
    _: Annotated[None, public(because="whoever thinks of supporting must be able to read what, and how it is counted")],
    runtime: RuntimeOf,
    session: DbSession,
) -> SupportPageOut:
    """Read what a grievance of many is about, as far as its representative made it public, and how to support it."""
    return await queries.public_page(session, runtime.keys, grievance_id)


@reporter_router.post(
    "/collective-grievances/{grievance_id}/supporters",
    status_code=201,
    dependencies=[through(Group.SUPPORT)],
    response_model=SupportOut,
    responses=problems(
        *_SUPPORTS,
        SupportersNotCounted,
        ChannelAltered,
        NotCountedIn,
        RollFull,
        SupporterReceiptTaken,
        IdempotencyKeyReused,
        SameRequestRunning,
    ),
)
async def support_grievance(
    request: Request,
    kept: KeptWithTheRows,
    grievance_id: UUID,
    draft: SupportIn,
    _: Annotated[None, public(because=_BECAUSE)],
    runtime: RuntimeOf,
    session: DbSession,
) -> SupportOut:
    """Support a grievance, with a code that you drew or a token that the union signed without seeing it.

    The answer holds a receipt of seven words, shown this once: with it you change or withdraw your support. Send an
    Idempotency-Key: if the answer is lost, the same request brings the receipt again.
    """
    await let_go(session)
    try:
        async with runtime.database.session(write=False) as reading:
            booth = await redeeming.find(reading, grievance_id)
            proof = redeeming.shown(booth.count, draft, runtime.keys)
            await redeeming.require_unspent(reading, booth, proof)
        prepared = await runtime.reporting.run(redeeming.prepare, booth, draft, runtime.keys, kept)
        return await redeeming.store(session, booth, proof, prepared)
    except (NotCountedIn, SupporterReceiptTaken):
        await let_go(session)
        kept.forget()  # an earlier answer is no failure, so that nobody else takes them away
        async with runtime.database.session(write=False) as reading:  # by the same request, which was faster?
            await idempotency.replay_if_answered(request, reading, "public")
        raise


@reporter_router.put(
    "/collective-grievances/{grievance_id}/supporters",
    status_code=204,
    dependencies=[through(Group.SUPPORT)],
    responses=problems(*_SUPPORTS, SupportersNotCounted, SupportsOneAllegation, ChannelAltered, ReceiptNotKnown),
)
async def amend_support(
    grievance_id: UUID,
    draft: SupportPatch,
    _: Annotated[None, public(because=_BECAUSE)],
    runtime: RuntimeOf,
    session: DbSession,
) -> None:
    """Change what you support, while supporters are counted. It takes the place of what you chose before."""
    await let_go(session)
    async with runtime.database.session(write=False) as reading:
        count = (await redeeming.find(reading, grievance_id)).count
    lookup = await runtime.reporting.run(redeeming.lookup_of, draft, runtime.keys)
    await redeeming.amend(session, count, draft, lookup, runtime.keys)


@reporter_router.post(
    "/collective-grievances/{grievance_id}/supporters/withdrawal",
    status_code=204,
    dependencies=[through(Group.SUPPORT)],
    responses=problems(*_SUPPORTS, ReceiptNotKnown),
)
async def withdraw_support(
    grievance_id: UUID,
    draft: SupportWithdrawalIn,
    _: Annotated[None, public(because=_BECAUSE)],
    runtime: RuntimeOf,
    session: DbSession,
) -> None:
    """Withdraw your support, at any time. What you chose and who you are is removed; the code or token stays used.

    Numbers that were told after the count had ended stay as they were told on that day: a second number would tell what you chose.
    """
    await let_go(session)
    async with runtime.database.session(write=False) as reading:
        count = await counts.of_grievance(reading, grievance_id)
    if count is None:
        raise NotFound
    lookup = await runtime.reporting.run(redeeming.lookup_of, draft, runtime.keys)
    await redeeming.withdraw(session, count, lookup, runtime.keys)
