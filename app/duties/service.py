"""Keeps, stops, extends and adds what is owed. It returns the rows it changed: the caller, who holds the case, logs them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.duties import profiles
from app.duties.calendar import DEFAULT_NATION, Nation
from app.duties.models import ClockStop, Duty, DutyExtension
from app.duties.profiles import PROFILES, DutyKind, LawProfile, OwedTo, Stop, Term
from app.kernel import clock
from app.kernel.problems import Conflict, InvalidInput, NotFound


class DutyKept(Conflict):
    """The duty was kept already: nothing moves it any more."""

    title = "This duty was kept"


class ClockNotStoppable(Conflict):
    """The law that sets the clocks of this case lets no reason stop them, or nothing is owed whose clock still runs."""

    title = "No clock of this case can be stopped"


class ClockRuns(Conflict):
    """This stop ended already. The clocks run."""

    title = "The clock runs again"


class DutyNotExtendable(Conflict):
    """The law that sets this clock gives no more time for this duty, or none beyond what was given, or its day is over."""

    title = "There is no more time for this"


@dataclass(frozen=True)
class Place:
    """The case in which something is owed."""

    organisation_id: UUID
    case_id: UUID
    law_profile: LawProfile


async def of_case(session: AsyncSession, place: Place) -> list[Duty]:
    """Return all that is or was owed in the case, in the order in which it began."""
    statement = select(Duty).where(Duty.organisation_id == place.organisation_id, Duty.case_id == place.case_id)
    found = (await session.scalars(statement)).all()
    return sorted(found, key=lambda duty: (duty.starts_on, duty.due_on or date.max, duty.kind, duty.id))


async def find(session: AsyncSession, place: Place, duty_id: UUID) -> Duty:
    """Return one duty of the case.

    Raises:
        NotFound: the case has no such duty.

    """
    duty = await session.get(Duty, (place.organisation_id, duty_id))
    if duty is None or duty.case_id != place.case_id:
        raise NotFound
    return duty


def owe(
    session: AsyncSession,
    place: Place,
    kind: DutyKind,
    owed_to: OwedTo,
    *,
    term: Term | None = None,
    due_at: datetime | None = None,
    note: str | None = None,
    nation: Nation = DEFAULT_NATION,
) -> Duty:
    """Return something more that is owed in the case from today: by the end of `term`, or by the instant `due_at`.

    Raises:
        ValueError: it has neither or both.

    """
    if (term is None) == (due_at is None):
        raise ValueError("a duty is due by a day or at an instant")
    today = clock.today()
    ends = None if term is None else term.after(today, nation)
    duty = Duty(
        organisation_id=place.organisation_id,
        case_id=place.case_id,
        kind=kind,
        owed_to=owed_to,
        law_profile=place.law_profile,
        nation=nation,
        starts_on=today,
        term_ends_on=ends,
        due_on=None if ends is None else profiles.due(place.law_profile, ends, nation=nation),
        due_at=due_at,
        note=note,
    )
    session.add(duty)
    return duty


async def keep(
    session: AsyncSession, place: Place, kind: DutyKind, on: date, *, by: UUID | None = None
) -> Sequence[Duty]:
    """Every duty of that kind that the case still owes is kept on that day; return them. What was kept stays as it was."""
    waiting = [duty for duty in await of_case(session, place) if duty.kind == kind and duty.kept_on is None]
    for duty in waiting:
        keep_one(duty, on, by=by)
    return waiting


def keep_one(duty: Duty, on: date, *, by: UUID | None, note: str | None = None) -> None:
    """The duty was kept on that day.

    Raises:
        DutyKept: it was kept before.

    """
    if duty.kept_on is not None:
        raise DutyKept
    duty.kept_on, duty.kept_by, duty.stopped_on = on, by, None
    if note is not None:
        duty.note = note


async def begin_feedback(session: AsyncSession, place: Place, received_on: date, acknowledged_on: date) -> list[Duty]:
    """The term for feedback runs from the acknowledgement, or from the end of its term where that is earlier."""
    found = [duty for duty in await of_case(session, place) if duty.kind == DutyKind.FEED_BACK and duty.kept_on is None]
    for duty in found:
        profile, nation = LawProfile(duty.law_profile), Nation(duty.nation)
        duty.starts_on = profiles.feedback_starts(profile, received_on, acknowledged_on, nation)
        duty.term_ends_on = PROFILES[profile].feed_back.after(duty.starts_on, nation)
    await move(session, place, found)
    return found


async def move(session: AsyncSession, place: Place, duties: Iterable[Duty]) -> None:
    """Each of those duties is due when its term, the stops of the case and its own extensions say."""
    await session.flush()
    stops = [Stop(one.started_on, one.ended_on) for one in await stops_of(session, place)]
    extensions = await extensions_of(session, place)
    for duty in duties:
        if duty.kept_on is None and duty.term_ends_on is not None:
            added = sum(one.days for one in extensions if one.duty_id == duty.id)
            duty.due_on = _due(duty, stops, added)


def _due(duty: Duty, stops: Iterable[Stop], extended_days: int) -> date:
    assert duty.term_ends_on is not None  # noqa: S101 the caller looked
    profile = LawProfile(duty.law_profile)
    counted = stops if profiles.may_stop(profile, duty.kind) else ()
    return profiles.due(
        profile, duty.term_ends_on, counted, extended_days, Nation(duty.nation), starts_on=duty.starts_on
    )


async def stops_of(session: AsyncSession, place: Place) -> list[ClockStop]:
    """Return every stop of the case, oldest first."""
    statement = select(ClockStop).where(
        ClockStop.organisation_id == place.organisation_id, ClockStop.case_id == place.case_id
    )
    return sorted((await session.scalars(statement)).all(), key=lambda one: (one.started_on, one.id))


async def extensions_of(session: AsyncSession, place: Place) -> list[DutyExtension]:
    """Return every extension of a duty of the case, oldest first."""
    statement = select(DutyExtension).where(
        DutyExtension.organisation_id == place.organisation_id, DutyExtension.case_id == place.case_id
    )
    return sorted((await session.scalars(statement)).all(), key=lambda one: (one.extended_on, one.due_since))


async def stop(session: AsyncSession, place: Place, by: UUID, reason: str) -> tuple[ClockStop, list[Duty]]:
    """Return a stop of the clocks from today, and the duties whose clocks stand still by it that ran before.

    Raises:
        ClockNotStoppable: there is no duty whose clock could stand still: none is owed, all are late, or the law forbids it.

    """
    today = clock.today()
    stoppable = [
        duty
        for duty in await of_case(session, place)
        if duty.kept_on is None
        and duty.due_on is not None
        and profiles.may_stop(LawProfile(duty.law_profile), duty.kind)
        and (duty.stopped_on is not None or duty.due_on >= today)
    ]
    if not stoppable:
        raise ClockNotStoppable
    stopped = ClockStop(
        organisation_id=place.organisation_id, case_id=place.case_id, started_on=today, started_by=by, reason=reason
    )
    session.add(stopped)
    running = [duty for duty in stoppable if duty.stopped_on is None]
    for duty in running:
        duty.stopped_on = today
    return stopped, running


async def end_stop(session: AsyncSession, place: Place, stop_id: UUID, by: UUID) -> tuple[ClockStop, list[Duty]]:
    """Return the stop, ended today, and the duties whose clocks run again and are due later by the days stood still.

    While another stop of the case lasts, they stand still.

    Raises:
        NotFound: the case has no such stop.
        ClockRuns: it ended before.

    """
    ended = await session.get(ClockStop, (place.organisation_id, stop_id))
    if ended is None or ended.case_id != place.case_id:
        raise NotFound
    if ended.ended_on is not None:
        raise ClockRuns
    ended.ended_on, ended.ended_by = clock.today(), by
    await session.flush()
    if any(one.ended_on is None for one in await stops_of(session, place)):
        return ended, []
    moved = [duty for duty in await of_case(session, place) if duty.stopped_on is not None]
    for duty in moved:
        duty.stopped_on = None
    await move(session, place, moved)
    return ended, moved


async def extend(session: AsyncSession, place: Place, duty: Duty, until: date, by: UUID, reason: str) -> DutyExtension:
    """Return more time for a duty: it is owed until that day, or until the next working day where the law says so.

    Raises:
        DutyKept: it was kept.
        DutyNotExtendable: the law gives no more time for such a duty.
        InvalidInput: the day is not after the one it is owed by now, or beyond the longest term.

    """
    if duty.kept_on is not None:
        raise DutyKept
    profile, nation = LawProfile(duty.law_profile), Nation(duty.nation)
    last_end = profiles.longest(profile, duty.kind, duty.starts_on, nation)
    if last_end is None or duty.term_ends_on is None or duty.due_on is None:
        raise DutyNotExtendable
    if duty.stopped_on is None and duty.due_on < clock.today():  # what is late stays late
        raise DutyNotExtendable
    stops = [Stop(one.started_on, one.ended_on) for one in await stops_of(session, place)]
    before = sum(one.days for one in await extensions_of(session, place) if one.duty_id == duty.id)
    last = _due(duty, stops, (last_end - duty.term_ends_on).days)
    if duty.due_on >= last:
        raise DutyNotExtendable
    if not duty.due_on < until <= last:
        rule = f"must be after {duty.due_on.isoformat()} and at the latest {last.isoformat()}"
        raise InvalidInput(errors=[{"in": "body", "pointer": "/until", "rule": rule}])
    days = before + 1
    while _due(duty, stops, days) < until:
        days += 1
    extension = DutyExtension(
        organisation_id=place.organisation_id,
        case_id=place.case_id,
        duty_id=duty.id,
        days=days - before,
        due_before=duty.due_on,
        due_since=_due(duty, stops, days),
        extended_by=by,
        extended_on=clock.today(),
        reason=reason,
    )
    session.add(extension)
    duty.due_on = extension.due_since
    return extension
