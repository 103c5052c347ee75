"""The acts on themes. Every act supposes that its guard holds the row of the case."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.allegations import queries
from app.allegations.history import History
from app.allegations.models import ChangeKind, Theme
from app.allegations.schemas import ThemeIn, ThemePatch
from app.audit import log
from app.cases.models import Case
from app.cases.service import require_under_investigation
from app.kernel.problems import Conflict
from app.policy.actors import Staff


class ThemeNotStanding(Conflict):
    """This theme was merged into another. Work with the one that took its allegations."""

    title = "This theme was merged"


class MergedIntoItself(Conflict):
    """Something cannot be merged into itself. Name the one that stays."""

    title = "It cannot be merged into itself"


async def record(session: AsyncSession, actor: Staff, case: Case, draft: ThemeIn) -> Theme:
    """The case has one theme more, after the others.

    Raises:
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    require_under_investigation(case)
    last = select(func.max(Theme.position)).where(
        Theme.organisation_id == case.organisation_id, Theme.case_id == case.id
    )
    theme = Theme(
        organisation_id=case.organisation_id,
        case_id=case.id,
        label=draft.label,
        position=(await session.scalar(last) or 0) + 1,
        title=draft.title,
    )
    session.add(theme)
    history = await History.open(session, actor, case)
    history.add(ChangeKind.THEME_RECORDED, None, to_theme_id=theme.id)
    await log.record(session, actor, "theme.recorded", theme, *history.added, case_id=case.id)
    return theme


async def change(session: AsyncSession, actor: Staff, case: Case, theme: Theme, patch: ThemePatch) -> None:
    """The theme has the label and title that the patch names.

    Raises:
        ThemeNotStanding: the theme was merged.
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    require_under_investigation(case)
    require_standing(theme)
    history = await History.open(session, actor, case)
    if patch.label is not None and patch.label != theme.label:
        history.add(ChangeKind.THEME_RELABELLED, patch.reason, from_theme_id=theme.id, before=theme.label)
        theme.label = patch.label
    if patch.title is not None and patch.title != theme.title:
        history.add(ChangeKind.THEME_RETITLED, patch.reason, from_theme_id=theme.id, before=theme.title)
        theme.title = patch.title
    if history.added:
        await log.record(session, actor, "theme.changed", theme, *history.added, case_id=case.id)


async def merge(session: AsyncSession, actor: Staff, case: Case, theme: Theme, into: Theme, reason: str) -> None:
    """The theme stands no more, and all its allegations are grouped under the other one.

    Raises:
        ThemeNotStanding: one of the two was merged before.
        MergedIntoItself: the two are one.
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    require_under_investigation(case)
    require_standing(theme)
    require_standing(into)
    if theme is into:
        raise MergedIntoItself
    moved = [allegation for allegation in await queries.all_of(session, case) if allegation.theme_id == theme.id]
    for allegation in moved:
        allegation.theme_id = into.id
    theme.merged_into_id = into.id
    history = await History.open(session, actor, case)
    history.add(ChangeKind.THEME_MERGED, reason, from_theme_id=theme.id, to_theme_id=into.id)
    await log.record(session, actor, "theme.merged", theme, *moved, *history.added, case_id=case.id)


def require_standing(theme: Theme) -> None:
    """Return if the theme was not merged.

    Raises:
        ThemeNotStanding: it was.

    """
    if theme.merged_into_id is not None:
        raise ThemeNotStanding
