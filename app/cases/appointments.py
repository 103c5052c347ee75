"""Appoints accounts to a case, which hands them its key, and ends appointments, which takes it away."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import service as accounts
from app.audit import log
from app.cases import conflicts, service, turning, walls
from app.cases.escrow import FindHolders
from app.cases.lifecycle import CaseState
from app.cases.models import Appointment, Case, CaseKeyGrant, Transition
from app.cases.schemas import AppointmentIn
from app.cases.separation import may_also_serve
from app.kernel import clock
from app.kernel.problems import Conflict, NotFound
from app.kernel.sealed import open_keys
from app.notifications import outbox
from app.policy.actors import ROLE_FOR_CAPACITY, Capacity, Role, Staff


class AccountNotEligible(Conflict):
    """An appointment needs an active account of your organisation that has signed in once and holds the fitting role."""

    title = "This account cannot be appointed"


class DifferentPeopleRequired(Conflict):
    """Who raised the grievance, who protects, who investigates, who reviews and who guards identities are different people.

    That holds for the whole life of a case: a part that was played is not forgotten when its appointment ends.
    """

    title = "This needs to be somebody else"


class AppointmentStands(Conflict):
    """The account is appointed in this capacity already."""

    title = "The account is appointed already"


async def appoint(session: AsyncSession, actor: Staff, case: Case, draft: AppointmentIn) -> Appointment:
    """The account plays its part in the case and can open its key; an accepted case is investigated from now on.

    Raises:
        ConflictsUnresolved: whoever raised the grievance described somebody who must not see it, and nobody looked who that is.
        AccountNotEligible: there is no such account, or it is not active, or lacks the role or a key.
        AccountIsWalled: a wall bars it from the case.
        AppointmentStands: it is appointed in this capacity already.
        DifferentPeopleRequired: it plays or played a part that excludes this one, submitted the grievance, or is or was a
            custodian. (Who is an officer of a channel is asked that when they are made one.)

    """
    await conflicts.require_resolved(session, actor, case, draft.capacity)
    role = ROLE_FOR_CAPACITY[draft.capacity]
    public_keys = await accounts.public_keys(session, case.organisation_id, [draft.account_id], role)
    if draft.account_id not in public_keys:
        raise AccountNotEligible
    if await walls.stands(session, case, draft.account_id):
        raise walls.AccountIsWalled
    appointments = await _of_account(session, case, draft.account_id)
    if any(one.capacity == draft.capacity and one.ended_on is None for one in appointments):
        raise AppointmentStands
    if draft.account_id == case.representative_id or not may_also_serve(
        frozenset(one.capacity for one in appointments), draft.capacity
    ):
        raise DifferentPeopleRequired
    if await accounts.ever_held(session, case.organisation_id, draft.account_id, Role.CUSTODIAN):
        raise DifferentPeopleRequired
    appointment = Appointment(
        organisation_id=case.organisation_id,
        case_id=case.id,
        account_id=draft.account_id,
        capacity=draft.capacity,
        appointed_on=clock.today(),
    )
    session.add(appointment)
    grants = await _grant_key(session, case, draft.account_id, public_keys[draft.account_id])
    steps: list[Transition] = []
    if draft.capacity == Capacity.INVESTIGATOR and case.state == CaseState.ACCEPTED:
        steps.append(await service.advance(session, actor, case, CaseState.INVESTIGATING, None))
    service.count_change(case)
    await log.record(
        session, actor, "appointment.made", case, appointment, *grants, *steps, case_id=case.id
    )  # fmt: skip
    await outbox.tell(session, case.organisation_id, [draft.account_id], case.id)
    return appointment


async def end(session: AsyncSession, actor: Staff, case: Case, appointment_id: UUID, find_holders: FindHolders) -> None:
    """The appointment is over. Who plays no other part has no grant left, and the case key is turned. Again changes nothing.

    What the account opened before, it has seen; what is written from now on is under a key that it never had.

    Raises:
        NotFound: the case has no such appointment.
        LastCaseOfficer: nobody else could act as case officer than the one who goes and who ends it.

    """
    appointment = await session.get(Appointment, (case.organisation_id, appointment_id))
    if appointment is None or appointment.case_id != case.id:
        raise NotFound
    if appointment.ended_on is not None:
        return
    if appointment.capacity == Capacity.CASE_OFFICER:
        await walls.require_another_officer(session, case, appointment.account_id, actor.account_id)
    appointment.ended_on = clock.today()
    appointments = await _of_account(session, case, appointment.account_id)
    if any(one.ended_on is None for one in appointments):
        service.count_change(case)
    else:
        await turning.turn(session, actor, case, appointment.account_id, find_holders)
    await log.record(session, actor, "appointment.ended", case, appointment, case_id=case.id)


async def _of_account(session: AsyncSession, case: Case, account_id: UUID) -> list[Appointment]:
    statement = select(Appointment).where(
        Appointment.organisation_id == case.organisation_id,
        Appointment.case_id == case.id,
        Appointment.account_id == account_id,
    )
    return list((await session.scalars(statement)).all())


async def _grant_key(session: AsyncSession, case: Case, account_id: UUID, public_key: bytes) -> list[CaseKeyGrant]:
    """Grant the account every version of the case key that this request holds and the account lacks."""
    of_account = (
        CaseKeyGrant.organisation_id == case.organisation_id,
        CaseKeyGrant.case_id == case.id,
        CaseKeyGrant.account_id == account_id,
    )
    present = set((await session.scalars(select(CaseKeyGrant.key_version).where(*of_account))).all())
    granted = [
        turning.grant(case, version, key, account_id, public_key)
        for version, key in sorted(open_keys.get().held(case.id).items())
        if version not in present
    ]
    session.add_all(granted)
    return granted
