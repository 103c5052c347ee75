"""HTTP for evidence."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from app.allegations import queries as allegations
from app.allegations.service import AllegationNotStanding
from app.cases.access import DOOR, on_case
from app.cases.models import Case
from app.cases.service import CaseNotUnderInvestigation
from app.evidence import queries, service
from app.evidence.models import Exhibit
from app.evidence.schemas import (
    ExhibitChangeOut,
    ExhibitHistory,
    ExhibitIn,
    ExhibitList,
    ExhibitOut,
    ExhibitPatch,
    ExhibitStateIn,
    LinkIn,
    LinkOut,
)
from app.evidence.service import ExhibitIsCited, ExhibitNumberTaken, ExhibitStateNotPossible
from app.kernel import routing
from app.kernel.db import DbSession
from app.kernel.http import IF_MATCH, IfMatch, etag, problems, require_version
from app.kernel.problems import NotFound, PreconditionFailed, PreconditionRequired
from app.policy.guard import CurrentActor
from app.policy.permissions import Permission

router = routing.router("evidence", prefix="/v1/cases/{case_id}/exhibits")
Readable = Annotated[Case, on_case(Permission.CASE_READ)]
Recordable = Annotated[Case, on_case(Permission.EVIDENCE_RECORD)]
RECORDING = (*DOOR, CaseNotUnderInvestigation)
CHANGING = (*RECORDING, PreconditionFailed)


@router.get("", response_model=ExhibitList, responses=problems(*DOOR))
async def list_exhibits(case: Readable, session: DbSession) -> ExhibitList:
    """List the exhibits of the case in the order of their numbers, with what each bears on.

    Requests that were refused, or never answered, are listed too.
    """
    links = await queries.links_of(session, case)
    return ExhibitList(items=[ExhibitOut.of(exhibit, links) for exhibit in await queries.exhibits_of(session, case)])


@router.post("", status_code=201, response_model=ExhibitOut, responses=problems(*RECORDING, ExhibitNumberTaken))
async def record_exhibit(
    draft: ExhibitIn, case: Recordable, actor: CurrentActor, session: DbSession, response: Response
) -> ExhibitOut:
    """Record an item of evidence, or that it was asked for."""
    exhibit = await service.record(session, actor, case, draft)
    response.headers["ETag"] = etag(exhibit.version)
    return ExhibitOut.of(exhibit, [])


@router.get("/{exhibit_id}", response_model=ExhibitOut, responses=problems(*DOOR))
async def read_exhibit(exhibit_id: UUID, case: Readable, session: DbSession, response: Response) -> ExhibitOut:
    """Read one exhibit, with what it bears on."""
    return await _answer(session, case, await queries.find(session, case, exhibit_id), response)


@router.get("/{exhibit_id}/history", response_model=ExhibitHistory, responses=problems(*DOOR))
async def read_exhibit_history(exhibit_id: UUID, case: Readable, session: DbSession) -> ExhibitHistory:
    """Read what became of an exhibit or of the request for it, oldest first, with who said so and why."""
    changes = await queries.changes_of(session, await queries.find(session, case, exhibit_id))
    return ExhibitHistory(items=[ExhibitChangeOut.of(change) for change in changes])


@router.patch(
    "/{exhibit_id}",
    response_model=ExhibitOut,
    responses=problems(*CHANGING, PreconditionRequired, ExhibitIsCited, ExhibitNumberTaken),
)
async def describe_exhibit(
    exhibit_id: UUID,
    patch: ExhibitPatch,
    case: Recordable,
    actor: CurrentActor,
    session: DbSession,
    expected: IfMatch,
    response: Response,
) -> ExhibitOut:
    """Change what is said of an exhibit, as long as no final finding rests on it."""
    exhibit = await queries.find(session, case, exhibit_id)
    require_version(exhibit.version, expected)
    await service.describe(session, actor, case, exhibit, patch)
    return await _answer(session, case, exhibit, response)


@router.post(
    "/{exhibit_id}/state",
    response_model=ExhibitOut,
    responses=problems(*CHANGING, ExhibitStateNotPossible, ExhibitIsCited),
)
async def change_exhibit_state(
    exhibit_id: UUID,
    draft: ExhibitStateIn,
    case: Recordable,
    actor: CurrentActor,
    session: DbSession,
    expected: IfMatch,
    response: Response,
) -> ExhibitOut:
    """Record what became of an exhibit or of the request for it.

    That something does not exist, was refused or is withdrawn needs a note: who said so, and why.
    """
    exhibit = await queries.find(session, case, exhibit_id)
    require_version(exhibit.version, expected, optional=True)
    await service.become(session, actor, case, exhibit, draft)
    return await _answer(session, case, exhibit, response)


@router.put(
    "/{exhibit_id}/links/{allegation_id}",
    response_model=LinkOut,
    responses=problems(*CHANGING, PreconditionRequired, AllegationNotStanding, ExhibitIsCited),
    openapi_extra={"parameters": [IF_MATCH]},  # a first link has no version yet
)
async def link_exhibit(
    exhibit_id: UUID,
    allegation_id: UUID,
    draft: LinkIn,
    case: Recordable,
    actor: CurrentActor,
    session: DbSession,
    expected: IfMatch,
    response: Response,
) -> LinkOut:
    """Say what an exhibit does to an allegation.

    The first time needs no If-Match; changing what was said does.
    """
    exhibit = await queries.find(session, case, exhibit_id)
    allegation = await allegations.find(session, case, allegation_id)
    between = await queries.link_between(session, exhibit, allegation)
    if between is not None:
        require_version(between.version, expected)
    elif expected is not None:
        raise PreconditionFailed
    between = await service.link(session, actor, case, exhibit, allegation, draft)
    response.headers["ETag"] = etag(between.version)
    return LinkOut.of(between)


@router.delete("/{exhibit_id}/links/{allegation_id}", status_code=204, responses=problems(*CHANGING, ExhibitIsCited))
async def unlink_exhibit(
    exhibit_id: UUID,
    allegation_id: UUID,
    case: Recordable,
    actor: CurrentActor,
    session: DbSession,
    expected: IfMatch,
) -> None:
    """Take back what was said of an exhibit and an allegation."""
    exhibit = await queries.find(session, case, exhibit_id)
    allegation = await allegations.find(session, case, allegation_id)
    between = await queries.link_between(session, exhibit, allegation)
    if between is None:
        raise NotFound
    require_version(between.version, expected, optional=True)
    await service.unlink(session, actor, case, exhibit, allegation, between)


async def _answer(session: DbSession, case: Case, exhibit: Exhibit, response: Response) -> ExhibitOut:
    response.headers["ETag"] = etag(exhibit.version)
    return ExhibitOut.of(exhibit, await queries.links_of(session, case))
