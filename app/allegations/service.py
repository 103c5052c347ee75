"""The acts on allegations: record, reword, move, merge and split, every change remembered with its reason.

Every act supposes that its guard holds the row of the case.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.allegations import queries, themes
from app.allegations.arrangement import STANDING, AllegationState, merge_keeps_scope
from app.allegations.history import History
from app.allegations.models import Allegation, ChangeKind, Theme
from app.allegations.schemas import AllegationIn, AllegationPatch, Scope, SplitIn
from app.audit import log
from app.cases.lifecycle import CaseState
from app.cases.models import Case
from app.cases.service import advance, require_under_investigation
from app.intake.models import RaisedAllegation
from app.kernel.db import Base
from app.kernel.problems import Conflict, NotFound
from app.policy.actors import Staff

NO_LONGER_COMPLETE = "There is an allegation in scope again that has no final finding."
"""The reason for going back to investigating, in the history of the case."""


class AllegationHasFinding(Conflict):
    """A finding on this allegation is final, so that what it was found on stays as it is. Supersede the finding instead."""

    title = "A finding on this allegation is final"


class AllegationNotStanding(Conflict):
    """This allegation was merged into another or split into others. Work with those that stand for it now."""

    title = "This allegation was merged or split"


class MergeWouldDropScope(Conflict):
    """The allegation is in scope and the one that would take it in is not, so that nobody would investigate it any more."""

    title = "Merging would leave the allegation out"


async def record(session: AsyncSession, actor: Staff, case: Case, draft: AllegationIn) -> Allegation:
    """The case has one allegation more, after the others.

    Raises:
        NotFound: the case has no such theme, or its grievance no such raised allegation.
        ThemeNotStanding: the theme was merged.
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    if draft.theme_id is not None:
        themes.require_standing(await queries.find_theme(session, case, draft.theme_id))
    if draft.raised_allegation_id is not None:
        await _require_raised(session, case, draft.raised_allegation_id)
    require_under_investigation(case)
    last = select(func.max(Allegation.position)).where(
        Allegation.organisation_id == case.organisation_id, Allegation.case_id == case.id
    )
    allegation = Allegation(
        organisation_id=case.organisation_id,
        case_id=case.id,
        label=draft.label,
        position=(await session.scalar(last) or 0) + 1,
        theme_id=draft.theme_id,
        state=AllegationState(draft.scope),
        paragraphs=draft.paragraphs,
        raised_allegation_id=draft.raised_allegation_id,
        is_decided=False,
        statement=draft.statement,
        scope_reason=draft.scope_reason,
    )
    session.add(allegation)
    history = await History.open(session, actor, case)
    history.add(
        ChangeKind.ALLEGATION_RECORDED, draft.scope_reason, allegation_id=allegation.id, to_theme_id=draft.theme_id
    )
    reopened = await _investigate_again(session, actor, case, allegation)
    await log.record(
        session, actor, "allegation.recorded", allegation, *history.added, *reopened, case_id=case.id
    )  # fmt: skip
    return allegation


async def change(
    session: AsyncSession, actor: Staff, case: Case, allegation: Allegation, patch: AllegationPatch
) -> None:
    """The allegation has the label, statement, paragraphs and scope that the patch names.

    Raises:
        AllegationNotStanding: it was merged or split.
        AllegationHasFinding: a finding on it is final.
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    require_under_investigation(case)
    _require_open(allegation)
    history = await History.open(session, actor, case)
    if patch.label is not None and patch.label != allegation.label:
        history.add(ChangeKind.RELABELLED, patch.reason, allegation_id=allegation.id, before=allegation.label)
        allegation.label = patch.label
    if patch.statement is not None and patch.statement != allegation.statement:
        history.add(ChangeKind.REWORDED, patch.reason, allegation_id=allegation.id, before=allegation.statement)
        allegation.statement = patch.statement
    if patch.paragraphs is not None and patch.paragraphs != allegation.paragraphs:
        before = ", ".join(allegation.paragraphs)
        history.add(ChangeKind.PARAGRAPHS_CHANGED, patch.reason, allegation_id=allegation.id, before=before)
        allegation.paragraphs = patch.paragraphs
    reopened: Sequence[Base] = ()
    if patch.scope is not None and patch.scope.value != allegation.state:
        history.add(ChangeKind.SCOPE_CHANGED, patch.reason, allegation_id=allegation.id, before=allegation.state)
        allegation.state = AllegationState(patch.scope)
        allegation.scope_reason = patch.reason if patch.scope == Scope.OUT_OF_SCOPE else None
        reopened = await _investigate_again(session, actor, case, allegation)
    if history.added:
        await log.record(
            session, actor, "allegation.changed", allegation, *history.added, *reopened, case_id=case.id
        )  # fmt: skip


async def move(
    session: AsyncSession, actor: Staff, case: Case, allegation: Allegation, to: Theme | None, reason: str
) -> None:
    """The allegation is grouped under that theme, or under none.

    Raises:
        AllegationNotStanding: it was merged or split.
        ThemeNotStanding: the theme was merged.
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    require_under_investigation(case)
    require_standing(allegation)
    if to is not None:
        themes.require_standing(to)
    to_theme_id = None if to is None else to.id
    if allegation.theme_id == to_theme_id:
        return
    history = await History.open(session, actor, case)
    history.add(
        ChangeKind.MOVED,
        reason,
        allegation_id=allegation.id,
        from_theme_id=allegation.theme_id,
        to_theme_id=to_theme_id,
    )
    allegation.theme_id = to_theme_id
    await log.record(session, actor, "allegation.moved", allegation, *history.added, case_id=case.id)


async def merge(
    session: AsyncSession, actor: Staff, case: Case, allegation: Allegation, into: Allegation, reason: str
) -> None:
    """The allegation stands no more; the other one stands for it.

    Raises:
        AllegationNotStanding: one of the two was merged or split before.
        AllegationHasFinding: a finding on one of the two is final.
        MergedIntoItself: the two are one.
        MergeWouldDropScope: it is in scope and the other one is not.
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    require_under_investigation(case)
    _require_open(allegation)
    _require_open(into)
    if allegation is into:
        raise themes.MergedIntoItself
    if not merge_keeps_scope(allegation.state, into.state):
        raise MergeWouldDropScope
    allegation.state = AllegationState.MERGED
    allegation.merged_into_id = into.id
    history = await History.open(session, actor, case)
    history.add(ChangeKind.MERGED, reason, allegation_id=allegation.id, other_id=into.id)
    await log.record(session, actor, "allegation.merged", allegation, *history.added, case_id=case.id)


async def split(
    session: AsyncSession, actor: Staff, case: Case, allegation: Allegation, draft: SplitIn
) -> list[Allegation]:
    """The allegation stands no more; its parts, which are returned, stand in its place, theme and scope.

    Raises:
        AllegationNotStanding: it was merged or split before.
        AllegationHasFinding: a finding on it is final.
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    require_under_investigation(case)
    _require_open(allegation)
    parts = [
        Allegation(
            organisation_id=case.organisation_id,
            case_id=case.id,
            label=part.label,
            position=allegation.position,
            theme_id=allegation.theme_id,
            state=allegation.state,
            paragraphs=part.paragraphs,
            raised_allegation_id=allegation.raised_allegation_id,
            split_from_id=allegation.id,
            is_decided=False,
            statement=part.statement,
            scope_reason=allegation.scope_reason,
        )
        for part in draft.parts
    ]
    allegation.state = AllegationState.SPLIT
    session.add_all(parts)
    history = await History.open(session, actor, case)
    for part in parts:
        history.add(ChangeKind.SPLIT, draft.reason, allegation_id=allegation.id, other_id=part.id)
    await log.record(session, actor, "allegation.split", allegation, *parts, *history.added, case_id=case.id)
    return parts


def require_standing(allegation: Allegation) -> None:
    """Return if the allegation stands for itself.

    Raises:
        AllegationNotStanding: it was merged or split.

    """
    if allegation.state not in STANDING:
        raise AllegationNotStanding


def mark_decided(allegation: Allegation) -> None:
    """From now on the allegation stays as it is: a finding on it is final. The caller's audit event names the row."""
    allegation.is_decided = True


def _require_open(allegation: Allegation) -> None:
    require_standing(allegation)
    if allegation.is_decided:
        raise AllegationHasFinding


async def _require_raised(session: AsyncSession, case: Case, raised_allegation_id: UUID) -> None:
    raised = await session.get(RaisedAllegation, (case.organisation_id, raised_allegation_id))
    if raised is None or raised.case_id != case.id:
        raise NotFound


async def _investigate_again(session: AsyncSession, actor: Staff, case: Case, allegation: Allegation) -> Sequence[Base]:
    """Once something in scope waits for a finding, the findings are not complete. Return the rows that changed."""
    if case.state != CaseState.FINDINGS_COMPLETE or allegation.state != AllegationState.IN_SCOPE:
        return ()
    return case, await advance(session, actor, case, CaseState.INVESTIGATING, NO_LONGER_COMPLETE)
