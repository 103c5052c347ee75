"""The case file over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from app.accounts.authentication import private_key
from app.cases import appointments, conflicts, queries, recovery, service, unreadable, walls
from app.cases.access import DOOR, HowToFindHolders, SealedParts, on_case, on_locked_case, visible_cases
from app.cases.lifecycle import CaseState
from app.cases.models import Appointment, Case
from app.cases.schemas import (
    AppointmentIn,
    AppointmentOut,
    CaseItem,
    CaseKeyOut,
    CaseOut,
    CaseStatus,
    DecisionIn,
    GrantIn,
    ReasonIn,
    TitleIn,
    TriageIn,
    WallIn,
    WallOut,
)
from app.cases.turning import LastCaseOfficer
from app.kernel import routing
from app.kernel.db import DbSession, reads, table_of
from app.kernel.http import IfMatch, etag, problems, require_version
from app.kernel.pages import Page, PageOf
from app.kernel.problems import (
    Busy,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Unauthenticated,
)
from app.policy.actors import Staff
from app.policy.guard import CurrentActor, requires
from app.policy.permissions import Permission

router = routing.router("cases", prefix="/v1/cases")
_CASES, _APPOINTMENTS = table_of(Case), table_of(Appointment)
StateFilter = Annotated[
    list[CaseState] | None, Query(max_length=len(CaseState), description="Only cases in one of these states.")
]

ReferenceFilter = Annotated[
    str | None, Query(pattern="^CAN-[0-9A-Z]{4}-[0-9A-Z]{4}$", description="Only the case with this reference.")
]


@router.get("", response_model=Page[CaseItem], responses=problems(InvalidInput, Unauthenticated, NotFound, Busy))
@reads
async def list_cases(
    actor: Annotated[Staff, requires(Permission.CASE_LIST)],
    session: DbSession,
    page: PageOf,
    state: StateFilter = None,
    reference: ReferenceFilter = None,
) -> Page[CaseItem]:
    """List the cases you are appointed to, newest first.

    The list has no content. A case that a wall bars you from is not in it.
    """
    statement, key = visible_cases(actor, *(_CASES.c[name] for name in CaseItem.model_fields)), _APPOINTMENTS.c.case_id
    if state:  # who has many cases has few in most states, and those are found by the state
        statement, key = statement.where(_CASES.c.state.in_(state)), _CASES.c.id
    if reference is not None:
        statement = statement.where(_CASES.c.reference == reference)
    rows, following = page.cut((await session.execute(page.apply(statement, key))).all())
    return Page[CaseItem].model_validate({"items": [row._asdict() for row in rows], "next": following})


@router.get("/{case_id}", response_model=CaseOut, responses=problems(*DOOR))
async def read_case(
    case: Annotated[Case, on_case(Permission.CASE_READ)], session: DbSession, response: Response
) -> CaseOut:
    """Read the case file: its life with every reason, its triage, who is appointed and who is walled off."""
    response.headers["ETag"] = etag(case.version)
    return await queries.file(session, case)


@router.put(
    "/{case_id}/title",
    response_model=CaseStatus,
    responses=problems(*DOOR, PreconditionRequired, PreconditionFailed),
)
async def name_case(
    draft: TitleIn,
    case: Annotated[Case, on_case(Permission.CASE_TRIAGE)],
    actor: CurrentActor,
    session: DbSession,
    response: Response,
    expected: IfMatch,
) -> CaseStatus:
    """Give the case a title, which only those who work it can read."""
    require_version(case.version, expected)
    await service.name(session, actor, case, draft.title)
    return _answer(case, response)


@router.post("/{case_id}/acknowledgement", response_model=CaseStatus, responses=problems(*DOOR))
async def acknowledge_case(
    case: Annotated[Case, on_case(Permission.CASE_ACKNOWLEDGE)],
    actor: CurrentActor,
    session: DbSession,
    response: Response,
) -> CaseStatus:
    """Acknowledge the grievance to who raised it.

    The first time counts: acknowledging again changes nothing and moves no deadline.
    """
    await service.acknowledge(session, actor, case)
    return _answer(case, response)


@router.post("/{case_id}/unreadability", response_model=CaseStatus, responses=problems(*DOOR, unreadable.CaseReadable))
async def declare_case_unreadable(
    case: Annotated[Case, on_locked_case(Permission.CASE_ACKNOWLEDGE)],
    actor: CurrentActor,
    session: DbSession,
    request: Request,
    response: Response,
    parts: SealedParts,
) -> CaseStatus:
    """Declare that your key opens nothing of what was sent, which the service tries.

    With the last case officer whose key is tried in vain the case is unreadable, and whoever reported is told so in their inbox.
    """
    await unreadable.declare(session, actor, case, private_key(request, actor), parts)
    return _answer(case, response)


@router.post(
    "/{case_id}/triage",
    response_model=CaseStatus,
    responses=problems(*DOOR, service.TransitionNotPossible, PreconditionFailed),
)
async def triage_case(
    draft: TriageIn,
    case: Annotated[Case, on_case(Permission.CASE_TRIAGE)],
    actor: CurrentActor,
    session: DbSession,
    response: Response,
    expected: IfMatch,
) -> CaseStatus:
    """Record the assessment of an acknowledged case and decide its procedure, with the reason."""
    require_version(case.version, expected, optional=True)
    await service.triage(session, actor, case, draft)
    return _answer(case, response)


@router.post(
    "/{case_id}/decision",
    response_model=CaseStatus,
    responses=problems(*DOOR, service.TransitionNotPossible, PreconditionFailed),
)
async def decide_case(
    draft: DecisionIn,
    case: Annotated[Case, on_case(Permission.CASE_TRIAGE)],
    actor: CurrentActor,
    session: DbSession,
    response: Response,
    expected: IfMatch,
) -> CaseStatus:
    """Accept, redirect or decline a triaged case, with the reason.

    An accepted case is under investigation once an investigator is appointed.
    """
    require_version(case.version, expected, optional=True)
    await service.decide(session, actor, case, draft)
    return _answer(case, response)


@router.post(
    "/{case_id}/appointments",
    status_code=201,
    response_model=AppointmentOut,
    responses=problems(
        *DOOR,
        appointments.AccountNotEligible,
        appointments.AppointmentStands,
        appointments.DifferentPeopleRequired,
        conflicts.ConflictsUnresolved,
        walls.AccountIsWalled,
        PreconditionFailed,
    ),
)
async def appoint_to_case(
    draft: AppointmentIn,
    case: Annotated[Case, on_case(Permission.CASE_APPOINT)],
    actor: CurrentActor,
    session: DbSession,
    response: Response,
    expected: IfMatch,
) -> AppointmentOut:
    """Appoint an account to a part in the case, which grants it the case key.

    The first investigator of an accepted case starts the investigation.
    """
    require_version(case.version, expected, optional=True)
    appointment = await appointments.appoint(session, actor, case, draft)
    names = await queries.names_of(session, case.organisation_id, [appointment.account_id])
    response.headers["ETag"] = etag(case.version)
    return queries.appointment_out(appointment, names[appointment.account_id])


@router.delete(
    "/{case_id}/appointments/{appointment_id}",
    status_code=204,
    responses=problems(*DOOR, LastCaseOfficer, PreconditionFailed),
)
async def end_appointment(
    appointment_id: UUID,
    case: Annotated[Case, on_case(Permission.CASE_APPOINT)],
    actor: CurrentActor,
    session: DbSession,
    expected: IfMatch,
    find_holders: HowToFindHolders,
) -> None:
    """End an appointment; who plays no other part in the case loses its key, which is turned.

    The appointment stays in the file as ended. A case keeps at least one case officer.
    """
    require_version(case.version, expected, optional=True)
    await appointments.end(session, actor, case, appointment_id, find_holders)


@router.post(
    "/{case_id}/walls",
    status_code=201,
    response_model=WallOut,
    responses=problems(*DOOR, walls.AccountIsWalled, walls.AccountUnknown, LastCaseOfficer, PreconditionFailed),
)
async def raise_wall(
    draft: WallIn,
    case: Annotated[Case, on_case(Permission.CASE_WALL)],
    actor: CurrentActor,
    session: DbSession,
    response: Response,
    expected: IfMatch,
    find_holders: HowToFindHolders,
) -> WallOut:
    """Bar an account from the case for a conflict of interest.

    It loses its part and its key at once, and from then on the case does not exist for it, whatever its roles. The key of
    the case is turned: what is written from now on is under one that the account never had, and what was written is sealed
    anew in the background.
    """
    require_version(case.version, expected, optional=True)
    wall = await walls.raise_wall(session, actor, case, draft, find_holders)
    names = await queries.names_of(session, case.organisation_id, {wall.account_id, actor.account_id})
    response.headers["ETag"] = etag(case.version)
    return queries.wall_out(wall, names)


@router.get("/{case_id}/key", response_model=CaseKeyOut, responses=problems(*DOOR))
async def read_case_key(
    case: Annotated[Case, on_case(Permission.CASE_READ)], session: DbSession, parts: SealedParts
) -> CaseKeyOut:
    """See which version the case key has, and how much of the case is sealed under it yet."""
    return await queries.key(session, parts, case)


@router.put(
    "/{case_id}/grant",
    status_code=204,
    responses=problems(*DOOR, recovery.CaseKeyNotProven, recovery.GrantToAnotherKey),
)
async def store_recovered_key(
    draft: GrantIn,
    case: Annotated[Case, on_locked_case(Permission.KEY_RECOVER)],
    actor: CurrentActor,
    session: DbSession,
) -> None:
    """Grant yourself a case key that you recovered with the custodians.

    For who is appointed to the case and has no grant that opens, since a password was lost. The key itself is never sent.
    """
    await recovery.store_grant(session, actor, case, draft)


@router.post(
    "/{case_id}/closure",
    response_model=CaseStatus,
    responses=problems(*DOOR, service.TransitionNotPossible, PreconditionFailed),
)
async def close_case(
    draft: ReasonIn,
    case: Annotated[Case, on_case(Permission.CASE_ADVANCE)],
    actor: CurrentActor,
    session: DbSession,
    response: Response,
    expected: IfMatch,
) -> CaseStatus:
    """Close a case that was released, redirected or declined, with the reason."""
    require_version(case.version, expected, optional=True)
    await service.close(session, actor, case, draft.reason)
    return _answer(case, response)


@router.post(
    "/{case_id}/reopening",
    response_model=CaseStatus,
    responses=problems(*DOOR, service.TransitionNotPossible, PreconditionFailed),
)
async def reopen_case(
    draft: ReasonIn,
    case: Annotated[Case, on_case(Permission.CASE_ADVANCE)],
    actor: CurrentActor,
    session: DbSession,
    response: Response,
    expected: IfMatch,
) -> CaseStatus:
    """Open the investigation of a closed case again, with the reason."""
    require_version(case.version, expected, optional=True)
    await service.reopen(session, actor, case, draft.reason)
    return _answer(case, response)


def _answer(case: Case, response: Response) -> CaseStatus:
    response.headers["ETag"] = etag(case.version)
    return queries.status(case)
