"""Reads what is owed. It decides nothing."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.duties import service
from app.duties.models import ClockStop, Duty, DutyExtension
from app.duties.profiles import PROFILES, DutyKind, LawProfile, OwedTo, Rules, Term
from app.duties.schemas import ClockStopOut, DutiesOut, DutyItem, DutyOut, DutyState, ExtensionOut
from app.duties.service import Place
from app.kernel import clock
from app.kernel.db import table_of

_DUTIES = table_of(Duty).c


def is_overdue() -> ColumnElement[bool]:
    """Return the condition of a duty that should have been kept by now."""
    return and_(
        _DUTIES.kept_on.is_(None),
        _DUTIES.stopped_on.is_(None),
        or_(_DUTIES.due_on < clock.today(), _DUTIES.due_at < clock.now()),
    )


def state_of(duty: Any) -> DutyState:  # noqa: ANN401 a row or an entity
    """Return how a duty stands today."""
    if duty.kept_on is not None:
        return DutyState.KEPT_LATE if _is_over(duty, duty.kept_on, None) else DutyState.KEPT
    if duty.stopped_on is not None:
        return DutyState.STOPPED
    return DutyState.OVERDUE if _is_over(duty, clock.today(), clock.now()) else DutyState.OWED


def _is_over(duty: Any, day: date, instant: datetime | None) -> bool:  # noqa: ANN401 a row or an entity
    if duty.due_on is not None:
        return bool(duty.due_on < day)
    return bool(duty.due_at.date() < day if instant is None else duty.due_at < instant)


def item(row: Any) -> DutyItem:  # noqa: ANN401 a row of those columns
    """Return a duty as a list shows it, from a row that has its columns and the reference of its case."""
    shown = {name: value for name, value in row._asdict().items() if name in DutyItem.model_fields}
    return DutyItem.model_validate(shown | {"state": state_of(row)})


def out(duty: Duty, extensions: Collection[DutyExtension] = ()) -> DutyOut:
    """Return a duty with what it rests on.

    Raises:
        Locked: the request does not hold the case key.

    """
    term = _term(PROFILES[LawProfile(duty.law_profile)], duty.kind)
    return DutyOut(
        id=duty.id,
        kind=DutyKind(duty.kind),
        owed_to=OwedTo(duty.owed_to),
        state=state_of(duty),
        source=None if term is None else term.source,
        starts_on=duty.starts_on,
        due_on=duty.due_on,
        due_at=duty.due_at,
        stopped_on=duty.stopped_on,
        kept_on=duty.kept_on,
        kept_by=duty.kept_by,
        note=duty.note,
        extensions=[extension_out(one) for one in extensions if one.duty_id == duty.id],
        version=duty.version,
    )


def _term(rules: Rules, kind: str) -> Term | None:
    terms: dict[str, Term] = {
        DutyKind.ACKNOWLEDGE: rules.acknowledge,
        DutyKind.ACKNOWLEDGE_PERSONALLY: rules.acknowledge_personally,
        DutyKind.FEED_BACK: rules.feed_back,
    }
    return terms.get(kind)


def extension_out(extension: DutyExtension) -> ExtensionOut:
    """Return more time that was given, with its reason."""
    names = ("id", "duty_id", "due_before", "due_since", "extended_by", "extended_on", "reason")
    return ExtensionOut(**{name: getattr(extension, name) for name in names})


def stop_out(stop: ClockStop) -> ClockStopOut:
    """Return a stop with its reason."""
    names = ("id", "started_on", "started_by", "ended_on", "ended_by", "reason")
    return ClockStopOut(**{name: getattr(stop, name) for name in names})


async def in_case(session: AsyncSession, place: Place) -> DutiesOut:
    """Return all that is or was owed in a case whose key this request holds."""
    extensions = await service.extensions_of(session, place)
    return DutiesOut(
        duties=[out(duty, extensions) for duty in await service.of_case(session, place)],
        clock_stops=[stop_out(one) for one in await service.stops_of(session, place)],
    )


async def owed_to(session: AsyncSession, organisation_id: UUID, case_id: UUID, *owed: OwedTo) -> list[Duty]:
    """Return what the case owes or owed to those, for their inbox: its notes stay sealed. `state_of` says how each stands."""
    statement = select(Duty).where(
        Duty.organisation_id == organisation_id, Duty.case_id == case_id, Duty.owed_to.in_(owed)
    )
    found = (await session.scalars(statement)).all()
    return sorted(found, key=lambda duty: (duty.starts_on, duty.due_on or date.max, duty.kind, duty.id))


async def find(session: AsyncSession, place: Place, duty_id: UUID) -> DutyOut:
    """Return one duty of the case.

    Raises:
        NotFound: the case has no such duty.

    """
    duty = await service.find(session, place, duty_id)
    return out(duty, await service.extensions_of(session, place))
