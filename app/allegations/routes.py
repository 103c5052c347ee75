"""HTTP for themes and allegations."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from app.allegations import queries, service, themes
from app.allegations.models import Allegation, Theme
from app.allegations.schemas import (
    AllegationIn,
    AllegationList,
    AllegationOut,
    AllegationPatch,
    ArrangementChangeOut,
    ArrangementHistory,
    MergeIn,
    MoveIn,
    SplitIn,
    ThemeIn,
    ThemeList,
    ThemeOut,
    ThemePatch,
)
from app.allegations.service import (
    AllegationHasFinding,
    AllegationNotStanding,
    MergeWouldDropScope,
)
from app.allegations.themes import MergedIntoItself, ThemeNotStanding
from app.cases.access import DOOR, on_case
from app.cases.models import Case
from app.cases.service import CaseNotUnderInvestigation
from app.kernel import routing
from app.kernel.db import DbSession
from app.kernel.http import IfMatch, etag, problems, require_version
from app.kernel.problems import PreconditionFailed, PreconditionRequired
from app.policy.guard import CurrentActor
from app.policy.permissions import Permission

router = routing.router("allegations", prefix="/v1/cases/{case_id}")
Readable = Annotated[Case, on_case(Permission.CASE_READ)]
Arrangeable = Annotated[Case, on_case(Permission.ALLEGATION_ARRANGE)]
RECORDING = (*DOOR, CaseNotUnderInvestigation)
CHANGING = (*RECORDING, PreconditionFailed)


@router.get("/themes", responses=problems(*DOOR))
async def list_themes(case: Readable, session: DbSession) -> ThemeList:
    """List the themes of the case.

    Merged themes are listed too; `merged_into_id` names the theme that took their allegations.
    """
    return ThemeList(items=[ThemeOut.of(theme) for theme in await queries.themes_of(session, case)])


@router.post("/themes", status_code=201, responses=problems(*RECORDING))
async def record_theme(
    draft: ThemeIn, case: Arrangeable, actor: CurrentActor, session: DbSession, response: Response
) -> ThemeOut:
    """Record a theme, after those that the case has."""
    return _theme(await themes.record(session, actor, case, draft), response)


@router.patch("/themes/{theme_id}", responses=problems(*CHANGING, PreconditionRequired, ThemeNotStanding))
async def change_theme(
    theme_id: UUID,
    patch: ThemePatch,
    case: Arrangeable,
    actor: CurrentActor,
    session: DbSession,
    expected: IfMatch,
    response: Response,
) -> ThemeOut:
    """Change the label or the title of a theme.

    What it said before stays in the arrangement's history.
    """
    theme = await queries.find_theme(session, case, theme_id)
    require_version(theme.version, expected)
    await themes.change(session, actor, case, theme, patch)
    return _theme(theme, response)


@router.post("/themes/{theme_id}/merge", responses=problems(*CHANGING, ThemeNotStanding, MergedIntoItself))
async def merge_theme(
    theme_id: UUID,
    draft: MergeIn,
    case: Arrangeable,
    actor: CurrentActor,
    session: DbSession,
    expected: IfMatch,
    response: Response,
) -> ThemeOut:
    """Merge a theme into another, which takes all its allegations."""
    theme = await queries.find_theme(session, case, theme_id)
    into = await queries.find_theme(session, case, draft.into)
    require_version(theme.version, expected, optional=True)
    await themes.merge(session, actor, case, theme, into, draft.reason)
    return _theme(theme, response)


@router.get("/allegations", responses=problems(*DOOR))
async def list_allegations(case: Readable, session: DbSession) -> AllegationList:
    """List the allegations of the case.

    Those that were merged or split are listed too, with what became of them.
    """
    return AllegationList(items=[AllegationOut.of(one) for one in await queries.all_of(session, case)])


@router.post("/allegations", status_code=201, responses=problems(*RECORDING, ThemeNotStanding))
async def record_allegation(
    draft: AllegationIn, case: Arrangeable, actor: CurrentActor, session: DbSession, response: Response
) -> AllegationOut:
    """Record an allegation, after those that the case has."""
    return _allegation(await service.record(session, actor, case, draft), response)


@router.get("/allegations/{allegation_id}", responses=problems(*DOOR))
async def read_allegation(allegation_id: UUID, case: Readable, session: DbSession, response: Response) -> AllegationOut:
    """Read one allegation."""
    return _allegation(await queries.find(session, case, allegation_id), response)


@router.patch(
    "/allegations/{allegation_id}",
    responses=problems(*CHANGING, PreconditionRequired, AllegationNotStanding, AllegationHasFinding),
)
async def change_allegation(
    allegation_id: UUID,
    patch: AllegationPatch,
    case: Arrangeable,
    actor: CurrentActor,
    session: DbSession,
    expected: IfMatch,
    response: Response,
) -> AllegationOut:
    """Change the label, the statement, the paragraphs or the scope of an allegation.

    What it said before stays in the arrangement's history. Once a finding on it is final, it stays as it is.
    """
    allegation = await queries.find(session, case, allegation_id)
    require_version(allegation.version, expected)
    await service.change(session, actor, case, allegation, patch)
    return _allegation(allegation, response)


@router.post(
    "/allegations/{allegation_id}/move", responses=problems(*CHANGING, AllegationNotStanding, ThemeNotStanding)
)
async def move_allegation(
    allegation_id: UUID,
    draft: MoveIn,
    case: Arrangeable,
    actor: CurrentActor,
    session: DbSession,
    expected: IfMatch,
    response: Response,
) -> AllegationOut:
    """Move an allegation to another theme, or out of any."""
    allegation = await queries.find(session, case, allegation_id)
    to = None if draft.theme_id is None else await queries.find_theme(session, case, draft.theme_id)
    require_version(allegation.version, expected, optional=True)
    await service.move(session, actor, case, allegation, to, draft.reason)
    return _allegation(allegation, response)


@router.post(
    "/allegations/{allegation_id}/merge",
    responses=problems(*CHANGING, AllegationNotStanding, AllegationHasFinding, MergedIntoItself, MergeWouldDropScope),
)
async def merge_allegation(
    allegation_id: UUID,
    draft: MergeIn,
    case: Arrangeable,
    actor: CurrentActor,
    session: DbSession,
    expected: IfMatch,
    response: Response,
) -> AllegationOut:
    """Merge an allegation into another, which stands for both from then on.

    What is in scope cannot be merged into what is not: nothing that was alleged may be lost by arranging.
    """
    allegation = await queries.find(session, case, allegation_id)
    into = await queries.find(session, case, draft.into)
    require_version(allegation.version, expected, optional=True)
    await service.merge(session, actor, case, allegation, into, draft.reason)
    return _allegation(allegation, response)


@router.post(
    "/allegations/{allegation_id}/split",
    status_code=201,
    responses=problems(*CHANGING, AllegationNotStanding, AllegationHasFinding),
)
async def split_allegation(
    allegation_id: UUID,
    draft: SplitIn,
    case: Arrangeable,
    actor: CurrentActor,
    session: DbSession,
    expected: IfMatch,
) -> AllegationList:
    """Split an allegation into parts, which stand in its place, theme and scope. They are the answer."""
    allegation = await queries.find(session, case, allegation_id)
    require_version(allegation.version, expected, optional=True)
    parts = await service.split(session, actor, case, allegation, draft)
    return AllegationList(items=[AllegationOut.of(part) for part in parts])


@router.get("/arrangement-history", responses=problems(*DOOR))
async def read_arrangement_history(case: Readable, session: DbSession) -> ArrangementHistory:
    """Read every change of themes and allegations, oldest first, with its reason and what stood before."""
    return ArrangementHistory(
        items=[ArrangementChangeOut.of(change) for change in await queries.history_of(session, case)]
    )


def _theme(theme: Theme, response: Response) -> ThemeOut:
    response.headers["ETag"] = etag(theme.version)
    return ThemeOut.of(theme)


def _allegation(allegation: Allegation, response: Response) -> AllegationOut:
    response.headers["ETag"] = etag(allegation.version)
    return AllegationOut.of(allegation)
