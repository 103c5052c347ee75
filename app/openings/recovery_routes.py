"""The same ceremony for the key of a case, for who is appointed to it and forgot the password that opened it.

Nobody learns who a reporter is by it, so that no reporter is told and no hours are waited for.
"""

from typing import Annotated
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.authentication import private_key
from app.accounts.models import Account
from app.cases.access import DOOR, load, on_locked_case
from app.cases.models import Case
from app.crypto import hpke
from app.crypto.openings import Purpose
from app.intake.doors import ChannelAltered, ManifestMissing
from app.kernel import routing
from app.kernel.db import DbSession, let_go
from app.kernel.http import problems
from app.kernel.idempotency import SameRequestRunning
from app.kernel.problems import BodyTooLarge, Conflict, IdempotencyKeyReused
from app.kernel.runtime import RuntimeOf
from app.openings import access, ending, queries, releases, requests, subjects
from app.openings.answers import OpeningExpired, OpeningOver
from app.openings.participants import ManifestUnknown
from app.openings.releases import ApprovalsMissing, RequestOfAnother
from app.openings.requests import OpeningKnown, OpeningNotSigned, OpeningStands, TooFewCustodians
from app.openings.schemas import EscrowOut, OpeningOut, OpeningsOut, OutcomeIn, RecoveryIn, ReleasesOut
from app.openings.subjects import EscrowUnknown
from app.policy.actors import Staff
from app.policy.guard import CurrentActor
from app.policy.permissions import Permission

router = routing.router("openings", prefix="/v1/cases/{case_id}")
_LockedCase = Annotated[Case, on_locked_case(Permission.KEY_RECOVER)]
_PURPOSE = Purpose.CASE_KEY


class KeyNotLost(Conflict):
    """You have a grant of the present key of this case that is sealed to the key of your account: unlock, and read the case."""

    title = "Your key opens the case"


@router.get("/key-escrow", response_model=EscrowOut, responses=problems(*DOOR, EscrowUnknown))
async def read_key_escrow(case: _LockedCase, session: DbSession) -> EscrowOut:
    """See what custodians hold of the present key of the case: what a request to recover it names."""
    escrow = await subjects.case_key(session, case)
    return EscrowOut(
        subject_id=escrow.row.id,
        key_version=case.key_version,
        threshold=escrow.sharing.threshold,
        custodians=sorted(escrow.sharing.custodians),
    )


@router.post(
    "/key-recoveries",
    status_code=201,
    response_model=OpeningOut,
    responses=problems(
        *DOOR, ManifestMissing, ChannelAltered, ManifestUnknown, OpeningNotSigned, EscrowUnknown, KeyNotLost, OpeningKnown,
        OpeningStands, TooFewCustodians, IdempotencyKeyReused, SameRequestRunning, BodyTooLarge,
    ),
)  # fmt: skip
async def request_key_recovery(
    draft: RecoveryIn, case: _LockedCase, actor: CurrentActor, session: DbSession, runtime: RuntimeOf
) -> OpeningOut:
    """Ask the custodians for the key of a case that you cannot open any more, by a document that you signed on your own machine.

    The document is sealed to the custodians and to those who work the case; the service keeps it in no other form.
    """
    case_id, folder = case.id, runtime.settings.erasure_folder
    await _require_lost(session, actor, case)
    made = await requests.plan(session, actor, case, _PURPOSE, draft.signed, folder)
    await let_go(session)
    papers = await runtime.slow.run(requests.seal_papers, made)
    case = await access.again_locked(session, actor, case_id, Permission.KEY_RECOVER)
    await ending.empty_ended(session, case.organisation_id, case_id)
    await _require_lost(session, actor, case)
    made = await requests.plan(session, actor, case, _PURPOSE, draft.signed, folder)
    opening = await requests.make(session, actor, case, made, papers)
    return (await queries.shown(session, case, [opening]))[0]


async def _require_lost(session: AsyncSession, actor: Staff, case: Case) -> None:
    """Return if the actor has no grant of the present key that is sealed to the public key of their account.

    Raises:
        KeyNotLost: they have one.

    """
    _, _, grants = await load(session, actor, case.id)
    account = await session.get_one(Account, (actor.organisation_id, actor.account_id))
    grant = grants.get(case.key_version)
    if grant is not None and account.public_key is not None and hpke.is_sealed_to(account.public_key, grant):
        raise KeyNotLost


@router.get("/key-recoveries", response_model=OpeningsOut, responses=problems(*DOOR))
async def list_key_recoveries(
    request: Request, case: _LockedCase, actor: CurrentActor, session: DbSession
) -> OpeningsOut:
    """List every request to recover the key of the case: who asked, why, and what became of it."""
    return OpeningsOut(items=await queries.in_case(session, actor, case, _PURPOSE, private_key(request, actor)))


@router.get(
    "/key-recoveries/{recovery_id}/releases",
    response_model=ReleasesOut,
    responses=problems(
        *DOOR, RequestOfAnother, OpeningExpired, OpeningOver, ApprovalsMissing, EscrowUnknown, ManifestUnknown
    ),
)
async def read_recovery_releases(
    recovery_id: UUID,
    case: Annotated[Case, on_locked_case(Permission.KEY_RECOVER, holds=True)],
    actor: CurrentActor,
    session: DbSession,
    runtime: RuntimeOf,
) -> ReleasesOut:
    """Fetch what the custodians approved for you, who asked. Your client combines it, and grants you the key of the case again.

    This is recorded, with the minute. Nobody but the requester gets them.
    """
    return await releases.release(session, actor, case, _PURPOSE, recovery_id, runtime.settings)


@router.post(
    "/key-recoveries/{recovery_id}/outcome",
    response_model=OpeningOut,
    responses=problems(*DOOR, RequestOfAnother, OpeningOver),
)
async def record_recovery_outcome(
    recovery_id: UUID, draft: OutcomeIn, case: _LockedCase, actor: CurrentActor, session: DbSession
) -> OpeningOut:
    """Record what your client found: whether the shares made the key, and which custodians gave pieces that are not theirs."""
    opening = await releases.record_outcome(session, actor, case, _PURPOSE, recovery_id, draft)
    await ending.empty_ended(session, case.organisation_id, case.id)
    return (await queries.shown(session, case, [opening]))[0]
