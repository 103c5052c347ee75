"""Reads a case file for whoever the guard let in. It decides nothing."""

from collections.abc import Hashable, Iterable, Sequence
from functools import cache
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.cases import resealing
from app.cases.models import Appointment, Case, CaseKeyEscrow, CaseKeyGrant, Transition, Triage, Wall
from app.cases.resealing import Part
from app.cases.schemas import (
    AppointmentOut,
    CaseKeyOut,
    CaseOut,
    CaseStatus,
    PersonOut,
    TransitionOut,
    TriageOut,
    WallOut,
)
from app.duties.profiles import is_late
from app.kernel import clock
from app.kernel.db import OfCase, table_of

Row = TypeVar("Row", bound=OfCase)

_ACCOUNTS = table_of(Account).c
_NAMES = select(_ACCOUNTS.id, _ACCOUNTS.display_name_sealed).where(
    _ACCOUNTS.organisation_id == bindparam("organisation"), _ACCOUNTS.id.in_(bindparam("accounts", expanding=True))
)


def status(case: Case) -> CaseStatus:
    """Return where the case is in its life."""
    return CaseStatus(**_status(case))


async def file(session: AsyncSession, case: Case) -> CaseOut:
    """Return the case's own pages, people by their names."""
    appointments = sorted(await of_case(session, case, Appointment), key=lambda one: (one.appointed_on, one.id))
    walls = sorted(await of_case(session, case, Wall), key=lambda one: (one.raised_on, one.id))
    steps = sorted(await of_case(session, case, Transition), key=lambda one: one.position)
    triages = await of_case(session, case, Triage)
    names = await names_of(
        session,
        case.organisation_id,
        {appointment.account_id for appointment in appointments}
        | {wall.account_id for wall in walls}
        | {wall.raised_by for wall in walls if wall.raised_by is not None}
        | {step.made_by for step in steps}
        | {triage.decided_by for triage in triages},
    )

    def person(account_id: UUID) -> PersonOut:
        return PersonOut(account_id=account_id, display_name=names[account_id])

    return CaseOut(
        **_status(case),
        title=case.title,
        triage=next((_triage(one, person(one.decided_by)) for one in triages), None),
        appointments=[appointment_out(one, names[one.account_id]) for one in appointments],
        walls=[wall_out(one, names) for one in walls],
        transitions=[
            TransitionOut(
                position=step.position,
                from_state=step.from_state,
                to_state=step.to_state,
                made_by=person(step.made_by),
                made_on=step.made_on,
                reason=step.reason,
            )
            for step in steps
        ],
    )


async def key(session: AsyncSession, parts: Sequence[Part], case: Case) -> CaseKeyOut:
    """Return how far the case is sealed under the newest version of its key, as the database has it."""
    sealed, resealed = await resealing.progress(session, parts, case)
    older = exists().where(
        CaseKeyGrant.organisation_id == case.organisation_id,
        CaseKeyGrant.case_id == case.id,
        CaseKeyGrant.key_version < case.key_version,
    )
    dealt = exists().where(
        CaseKeyEscrow.organisation_id == case.organisation_id,
        CaseKeyEscrow.case_id == case.id,
        CaseKeyEscrow.key_version == case.key_version,
    )
    has_older, is_dealt = (await session.execute(select(older, dealt))).one()
    return CaseKeyOut(
        version=case.key_version,
        sealed_fields=sealed,
        resealed_fields=resealed,
        is_complete=sealed == resealed and not has_older,
        is_recoverable=is_dealt,
    )


def appointment_out(appointment: Appointment, display_name: str) -> AppointmentOut:
    """Return an appointment with the name of who plays the part."""
    return AppointmentOut(
        id=appointment.id,
        account_id=appointment.account_id,
        display_name=display_name,
        capacity=appointment.capacity,
        appointed_on=appointment.appointed_on,
        ended_on=appointment.ended_on,
    )


def wall_out(wall: Wall, names: dict[UUID, str]) -> WallOut:
    """Return a wall with the names of who is barred and who raised it."""
    return WallOut(
        id=wall.id,
        account_id=wall.account_id,
        display_name=names[wall.account_id],
        raised_by=None
        if wall.raised_by is None
        else PersonOut(account_id=wall.raised_by, display_name=names[wall.raised_by]),
        raised_on=wall.raised_on,
        reason=wall.reason,
    )


async def names_of(session: AsyncSession, organisation_id: UUID, account_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the display names of accounts of the organisation."""
    rows = (await session.execute(_NAMES, {"organisation": organisation_id, "accounts": list(account_ids)})).all()
    return {
        row.id: Account.display_name.open(organisation_id, organisation_id, row.id, row.display_name_sealed)
        for row in rows
    }


def _status(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "reference": case.reference,
        "state": case.state,
        "procedure": case.procedure,
        "received_on": case.received_on,
        "acknowledge_by": case.acknowledge_by,
        "acknowledged_on": case.acknowledged_on,
        "feedback_by": case.feedback_by,
        "law_profile": case.law_profile,
        "is_acknowledged_late": is_late(case.acknowledge_by, case.acknowledged_on, clock.today()),
        "closed_on": case.closed_on,
        "version": case.version,
    }


def _triage(triage: Triage, decided_by: PersonOut) -> TriageOut:
    return TriageOut(
        likelihood=triage.likelihood,
        impact=triage.impact,
        immediate_risk=triage.immediate_risk,
        knowledge=triage.knowledge,
        previously_reported=triage.previously_reported,
        procedure=triage.procedure,
        decided_by=decided_by,
        decided_on=triage.decided_on,
        reason=triage.reason,
    )


async def of_case(session: AsyncSession, case: Case, model: type[Row]) -> list[Row]:
    """Return every row of `model` that belongs to the case, in no particular order."""
    place = {"organisation": case.organisation_id, "case": case.id}
    return list((await session.scalars(_all_of_case(cast("Hashable", model)), place)).all())


@cache
def _all_of_case(model: Any) -> Select[Any]:  # noqa: ANN401 a model of rows of a case
    """Return the statement, made once: making it for each request costs more than running it."""
    return select(model).where(model.organisation_id == bindparam("organisation"), model.case_id == bindparam("case"))
