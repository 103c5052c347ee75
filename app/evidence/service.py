"""The acts on evidence: record and describe exhibits, say what became of a request, link exhibits to allegations.

Every act supposes that its guard holds the row of the case.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from app.allegations.models import Allegation
from app.allegations.service import require_standing
from app.audit import log
from app.cases.models import Case
from app.cases.service import require_under_investigation
from app.evidence import numbering, queries, requests
from app.evidence.models import Exhibit, ExhibitChange, ExhibitLink
from app.evidence.requests import ExhibitState
from app.evidence.schemas import ExhibitIn, ExhibitPatch, ExhibitStateIn, LinkIn
from app.kernel import clock
from app.kernel.problems import Conflict
from app.policy.actors import Staff


class ExhibitNumberTaken(Conflict):
    """Another exhibit of the case has this number. Leave the number out to be given the next free one."""

    title = "Another exhibit has this number"


class ExhibitIsCited(Conflict):
    """A final finding rests on this exhibit, so that it stays as it is. Supersede the finding by one that does not cite it."""

    title = "A final finding rests on this exhibit"


class ExhibitStateNotPossible(Conflict):
    """An exhibit cannot become that from what it is. The members `state` and `possible` say what it is and may become."""

    title = "The exhibit cannot become that from what it is"


async def record(session: AsyncSession, actor: Staff, case: Case, draft: ExhibitIn) -> Exhibit:
    """The case has one exhibit more, or one request.

    Raises:
        ExhibitNumberTaken: another exhibit of the case has that number.
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    require_under_investigation(case)
    taken = {exhibit.number for exhibit in await queries.exhibits_of(session, case)}
    number = numbering.next_number(taken) if draft.number is None else draft.number
    if number in taken:
        raise ExhibitNumberTaken
    exhibit = Exhibit(
        organisation_id=case.organisation_id,
        case_id=case.id,
        number=number,
        kind=draft.kind,
        state=draft.state,
        reliability=draft.reliability,
        is_cited=False,
        dated_on=None if draft.dated_on is None else draft.dated_on.isoformat(),
        title=draft.title,
        description=draft.description,
        state_note=draft.state_note,
    )
    session.add(exhibit)
    await session.flush()  # its history refers to it
    first = _change(actor, exhibit, None, 1)
    session.add(first)
    await log.record(session, actor, "exhibit.recorded", exhibit, first, case_id=case.id)
    return exhibit


async def describe(session: AsyncSession, actor: Staff, case: Case, exhibit: Exhibit, patch: ExhibitPatch) -> None:
    """The exhibit is what the patch says.

    Raises:
        ExhibitIsCited: a final finding rests on it.
        ExhibitNumberTaken: another exhibit of the case has that number.
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    require_under_investigation(case)
    if exhibit.is_cited:
        raise ExhibitIsCited
    others = (one for one in await queries.exhibits_of(session, case) if one is not exhibit)
    if patch.number is not None and patch.number in {other.number for other in others}:
        raise ExhibitNumberTaken
    for name in patch.model_fields_set:
        value = getattr(patch, name)
        setattr(exhibit, name, value.isoformat() if name == "dated_on" and value is not None else value)
    await log.record(session, actor, "exhibit.described", exhibit, case_id=case.id)


async def become(session: AsyncSession, actor: Staff, case: Case, exhibit: Exhibit, draft: ExhibitStateIn) -> None:
    """The exhibit is in that state, and its history says who said so and why.

    Raises:
        ExhibitStateNotPossible: that state cannot follow the present one.
        ExhibitIsCited: it was received and a final finding rests on it.
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    require_under_investigation(case)
    before = ExhibitState(exhibit.state)
    if not requests.may_follow(before, draft.state):
        raise ExhibitStateNotPossible(state=before, possible=sorted(requests.NEXT[before]))
    if exhibit.is_cited and before == ExhibitState.RECEIVED:
        raise ExhibitIsCited
    exhibit.state = draft.state
    exhibit.state_note = draft.note
    change = _change(actor, exhibit, before, len(await queries.changes_of(session, exhibit)) + 1)
    session.add(change)
    await log.record(session, actor, "exhibit.became", exhibit, change, case_id=case.id)


async def link(
    session: AsyncSession, actor: Staff, case: Case, exhibit: Exhibit, allegation: Allegation, draft: LinkIn
) -> ExhibitLink:
    """The exhibit does to the allegation what the draft says, whatever was said before.

    Raises:
        AllegationNotStanding: the allegation was merged or split.
        ExhibitIsCited: the allegation is decided, and a final finding, on it or on another, rests on the exhibit.
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    require_under_investigation(case)
    require_standing(allegation)
    _require_nothing_rests_on(exhibit, allegation)
    between = await queries.link_between(session, exhibit, allegation)
    if between is None:
        between = ExhibitLink(
            organisation_id=case.organisation_id,
            case_id=case.id,
            exhibit_id=exhibit.id,
            allegation_id=allegation.id,
            bearing=draft.bearing,
            note=draft.note,
        )
        session.add(between)
    else:
        between.bearing = draft.bearing
        between.note = draft.note
    await log.record(session, actor, "exhibit.linked", between, case_id=case.id)
    return between


async def unlink(
    session: AsyncSession, actor: Staff, case: Case, exhibit: Exhibit, allegation: Allegation, between: ExhibitLink
) -> None:
    """The exhibit bears on the allegation no more.

    Raises:
        ExhibitIsCited: the allegation is decided, and a final finding, on it or on another, rests on the exhibit.
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    require_under_investigation(case)
    _require_nothing_rests_on(exhibit, allegation)
    await session.delete(between)
    await log.record(session, actor, "exhibit.unlinked", case_id=case.id, removed=[between])


def _require_nothing_rests_on(exhibit: Exhibit, allegation: Allegation) -> None:
    if exhibit.is_cited and allegation.is_decided:
        raise ExhibitIsCited


def mark_cited(exhibit: Exhibit, *, is_cited: bool) -> None:
    """It is known whether a final finding rests on the exhibit. The caller's audit event names the row."""
    exhibit.is_cited = is_cited


def _change(actor: Staff, exhibit: Exhibit, before: ExhibitState | None, sequence: int) -> ExhibitChange:
    return ExhibitChange(
        organisation_id=exhibit.organisation_id,
        case_id=exhibit.case_id,
        exhibit_id=exhibit.id,
        sequence=sequence,
        from_state=before,
        to_state=exhibit.state,
        made_by=actor.account_id,
        made_on=clock.today(),
        note=exhibit.state_note,
    )
