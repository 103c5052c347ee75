"""The ceremony over HTTP: for those who ask, for the second person, and for custodians."""

from typing import Annotated
from uuid import UUID

from fastapi import Request

from app.accounts.authentication import private_key
from app.audit.log import AuditUnavailable
from app.cases.access import DOOR, HowToFindHolders, SealedParts, on_case
from app.cases.appointments import DifferentPeopleRequired
from app.cases.models import Case
from app.crypto.openings import Purpose
from app.intake.doors import ChannelAltered, ManifestMissing
from app.kernel import clock, routing
from app.kernel.db import DbSession, let_go, reads
from app.kernel.http import problems
from app.kernel.idempotency import SameRequestRunning
from app.kernel.pages import Page, PageOf
from app.kernel.problems import (
    BodyTooLarge,
    Busy,
    IdempotencyKeyReused,
    InvalidInput,
    NotFound,
    Unauthenticated,
)
from app.kernel.runtime import RuntimeOf
from app.openings import access, answers, ending, notices, queries, releases, requests, subjects
from app.openings.access import Asked, CustodianBarred, on_opening
from app.openings.answers import AnsweredAlready, AnswerNotSigned, OpeningExpired, OpeningOver
from app.openings.participants import ManifestUnknown
from app.openings.releases import ApprovalsMissing, NoticeGiven, NoticeOwed, RequestOfAnother
from app.openings.requests import OpeningKnown, OpeningNotSigned, OpeningStands, TooFewCustodians
from app.openings.schemas import (
    AnsweredOut,
    AskedItem,
    AskedOut,
    IdentitiesOut,
    OpeningIn,
    OpeningOut,
    OpeningsOut,
    OutcomeIn,
    RefusalIn,
    ReleasesOut,
    ShareReleaseIn,
    WithholdingIn,
)
from app.openings.subjects import EscrowUnknown, IdentityErased, SubjectUnknown
from app.policy.actors import Staff
from app.policy.guard import CurrentActor, requires
from app.policy.permissions import Permission
from app.vault.lifecycle import state_of

router = routing.router("openings", prefix="/v1")
_CREATES = (IdempotencyKeyReused, SameRequestRunning, BodyTooLarge)
_ASKED = (InvalidInput, Unauthenticated, NotFound, CustodianBarred, AuditUnavailable, Busy)
_ANSWER = (OpeningExpired, OpeningOver, AnsweredAlready, AnswerNotSigned, ManifestUnknown, *_CREATES)


@router.get("/cases/{case_id}/identities", response_model=IdentitiesOut, responses=problems(*DOOR))
async def list_identities(case: Annotated[Case, on_case(Permission.CASE_READ)], session: DbSession) -> IdentitiesOut:
    """List the sealed identities of a case that could be opened. Whose they are, is not here."""
    return IdentitiesOut(items=await subjects.in_case(session, case))


@router.post(
    "/cases/{case_id}/openings",
    status_code=201,
    response_model=OpeningOut,
    responses=problems(
        *DOOR, ManifestMissing, ChannelAltered, ManifestUnknown, OpeningNotSigned, SubjectUnknown, IdentityErased, OpeningKnown, OpeningStands,
        TooFewCustodians, *_CREATES,
    ),
)  # fmt: skip
async def request_opening(
    draft: OpeningIn,
    case: Annotated[Case, on_case(Permission.OPENING_REQUEST)],
    actor: CurrentActor,
    session: DbSession,
    runtime: RuntimeOf,
    find_holders: HowToFindHolders,
    parts: SealedParts,
) -> OpeningOut:
    """Ask the custodians to open an identity, by a document that you signed on your own machine.

    The reporter reads the notice in the inbox at once, unless a second person records too why not. The document is sealed to
    the custodians and to those who work the case; the service keeps it in no other form.
    """
    case_id, folder = case.id, runtime.settings.erasure_folder
    notices.require_withholding_ends(draft)
    made = await requests.plan(session, actor, case, Purpose.IDENTITY, draft.signed, folder)
    await let_go(session)
    papers = await runtime.slow.run(requests.seal_papers, made)
    case = await access.again(session, actor, case_id, Permission.OPENING_REQUEST, find_holders, parts)
    await ending.empty_ended(session, case.organisation_id, case_id)
    made = await requests.plan(session, actor, case, Purpose.IDENTITY, draft.signed, folder)
    opening = await requests.make(session, actor, case, made, papers, draft)
    return (await queries.shown(session, case, [opening]))[0]


@router.get("/cases/{case_id}/openings", response_model=OpeningsOut, responses=problems(*DOOR))
async def list_openings(
    request: Request, case: Annotated[Case, on_case(Permission.CASE_READ)], actor: CurrentActor, session: DbSession
) -> OpeningsOut:
    """List every request to open an identity of the case: who asked, why, and what became of it."""
    return OpeningsOut(items=await queries.in_case(session, actor, case, Purpose.IDENTITY, private_key(request, actor)))


@router.post(
    "/cases/{case_id}/openings/{opening_id}/withholding",
    response_model=OpeningOut,
    responses=problems(*DOOR, OpeningExpired, OpeningOver, NoticeGiven, DifferentPeopleRequired),
)
async def withhold_notice(
    opening_id: UUID,
    draft: WithholdingIn,
    case: Annotated[Case, on_case(Permission.OPENING_WITHHOLD)],
    actor: CurrentActor,
    session: DbSession,
) -> OpeningOut:
    """Record, as the second person, why the reporter is not told yet. They are told when the day that was named has come."""
    await ending.empty_ended(session, case.organisation_id, case.id)
    opening = await releases.withhold(session, actor, case, opening_id, draft.reason)
    return (await queries.shown(session, case, [opening]))[0]


@router.get(
    "/cases/{case_id}/openings/{opening_id}/releases",
    response_model=ReleasesOut,
    responses=problems(
        *DOOR,
        OpeningExpired,
        OpeningOver,
        NoticeOwed,
        ApprovalsMissing,
        IdentityErased,
        SubjectUnknown,
        ManifestUnknown,
    ),
)
async def read_releases(
    opening_id: UUID,
    case: Annotated[Case, on_case(Permission.OPENING_REQUEST, holds=True)],
    actor: CurrentActor,
    session: DbSession,
    runtime: RuntimeOf,
) -> ReleasesOut:
    """Fetch what the custodians approved for you, who asked. Your client checks it, combines it and opens the identity.

    This is recorded, with the minute. Nobody but the requester gets them.
    """
    return await releases.release(session, actor, case, Purpose.IDENTITY, opening_id, runtime.settings)


@router.post(
    "/cases/{case_id}/openings/{opening_id}/outcome",
    response_model=OpeningOut,
    responses=problems(*DOOR, RequestOfAnother, OpeningOver),
)
async def record_opening_outcome(
    opening_id: UUID,
    draft: OutcomeIn,
    case: Annotated[Case, on_case(Permission.OPENING_REQUEST)],
    actor: CurrentActor,
    session: DbSession,
) -> OpeningOut:
    """Record what your client found: whether the identity opened, and which custodians gave pieces that are not theirs."""
    opening = await releases.record_outcome(session, actor, case, Purpose.IDENTITY, opening_id, draft)
    await ending.empty_ended(session, case.organisation_id, case.id)
    return (await queries.shown(session, case, [opening]))[0]


@router.get(
    "/openings", response_model=Page[AskedItem], responses=problems(InvalidInput, Unauthenticated, NotFound, Busy)
)
@reads
async def list_asked_openings(
    actor: Annotated[Staff, requires(Permission.OPENING_ANSWER)], page: PageOf, session: DbSession
) -> Page[AskedItem]:
    """List the requests made to you as a custodian, until each one ends."""
    return await queries.asked_of(session, actor, page)


@router.get(
    "/openings/{opening_id}",
    response_model=AskedOut,
    responses=problems(*_ASKED, OpeningExpired, SubjectUnknown, IdentityErased, EscrowUnknown),
)
async def read_asked_opening(opening_id: UUID, asked: Annotated[Asked, on_opening], session: DbSession) -> AskedOut:
    """Read a request made to you as a custodian, which your client opens, and your own share.

    Check on your own machine that the requester signed it, with the key that the channel's manifest names, and ask them for the
    words of its key's fingerprint before you approve.
    """
    answers.require_not_expired(asked.opening)
    assert asked.paper is not None  # noqa: S101 it is emptied at the end
    return await queries.for_custodian(session, asked.case, asked.opening, asked.custodian_id, asked.paper)


@router.post(
    "/openings/{opening_id}/shares",
    status_code=201,
    response_model=AnsweredOut,
    responses=problems(*_ASKED, *_ANSWER, SubjectUnknown, IdentityErased, EscrowUnknown),
)
async def approve_opening(
    opening_id: UUID,
    draft: ShareReleaseIn,
    asked: Annotated[Asked, on_opening],
    actor: CurrentActor,
    session: DbSession,
) -> AnsweredOut:
    """Approve: your share, sealed again to the key of the request, and your signature. The service opens neither."""
    answer = await answers.approve(session, actor, asked.case, asked.opening, asked.custodian_id, draft)
    return AnsweredOut(state=state_of(asked.opening, clock.now()), my_answer=answer.kind.value)


@router.post(
    "/openings/{opening_id}/refusal",
    status_code=201,
    response_model=AnsweredOut,
    responses=problems(*_ASKED, *_ANSWER),
)
async def refuse_opening(
    opening_id: UUID, draft: RefusalIn, asked: Annotated[Asked, on_opening], actor: CurrentActor, session: DbSession
) -> AnsweredOut:
    """Refuse, with your reason sealed to the key of the request, and your signature."""
    answer = await answers.refuse(session, actor, asked.case, asked.opening, asked.custodian_id, draft)
    return AnsweredOut(state=state_of(asked.opening, clock.now()), my_answer=answer.kind.value)
