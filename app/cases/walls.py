"""Raises a wall between an account and a case. It takes the key away in the same act, and beats every permission."""

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account, AccountState, RoleGrant
from app.audit import log
from app.cases import service, turning
from app.cases.escrow import FindHolders
from app.cases.models import Appointment, Case, CaseKeyGrant, Wall
from app.cases.schemas import WallIn
from app.cases.turning import LastCaseOfficer
from app.kernel import clock
from app.kernel.problems import Conflict
from app.policy.actors import Capacity, Role, Staff


class AccountIsWalled(Conflict):
    """A wall stands between this account and the case. It was raised for a conflict of interest, and stays."""

    title = "A wall bars this account from the case"


class AccountUnknown(Conflict):
    """Your organisation has no account with this id."""

    title = "There is no such account"


async def stands(session: AsyncSession, case: Case, account_id: UUID) -> bool:
    """Whether a wall bars the account from the case."""
    wall = exists().where(
        Wall.organisation_id == case.organisation_id, Wall.case_id == case.id, Wall.account_id == account_id
    )
    return bool(await session.scalar(select(wall)))


async def require_another_officer(session: AsyncSession, case: Case, *account_ids: UUID) -> None:
    """Return if another account than these can act as case officer: appointed, active, in the role, with the key.

    Raises:
        LastCaseOfficer: there is none.

    """
    another = exists().where(
        Appointment.organisation_id == case.organisation_id,
        Appointment.case_id == case.id,
        Appointment.capacity == Capacity.CASE_OFFICER,
        Appointment.ended_on.is_(None),
        Appointment.account_id.not_in(account_ids),
        Account.organisation_id == case.organisation_id,
        Account.id == Appointment.account_id,
        Account.state == AccountState.ACTIVE,
        RoleGrant.organisation_id == case.organisation_id,
        RoleGrant.account_id == Appointment.account_id,
        RoleGrant.role == Role.CASE_OFFICER,
        RoleGrant.ended_on.is_(None),
        CaseKeyGrant.organisation_id == case.organisation_id,
        CaseKeyGrant.case_id == case.id,
        CaseKeyGrant.account_id == Appointment.account_id,
        CaseKeyGrant.key_version == case.key_version,
    )
    if not await session.scalar(select(another)):
        raise LastCaseOfficer


async def raise_wall(
    session: AsyncSession,
    actor: Staff,
    case: Case,
    draft: WallIn,
    find_holders: FindHolders,
    *,
    is_asked_for: bool = False,
) -> Wall:
    """The account is barred from the case: its appointments are ended, its grants deleted, the case hidden from it.

    If it had a part in the case, the case key is turned: what is written from now on, this wall's reason first, is under a
    key that the account never had. Who raises a wall may bar themselves. Nothing takes a wall down.

    Nobody takes a case for themselves alone by a wall, unless whoever raised the grievance asked for it (`is_asked_for`).

    Raises:
        AccountUnknown: the organisation has no such account.
        AccountIsWalled: a wall stands already.
        LastCaseOfficer: nobody else could act as case officer than the one barred and who bars them.

    """
    known = exists().where(Account.organisation_id == case.organisation_id, Account.id == draft.account_id)
    if not await session.scalar(select(known)):
        raise AccountUnknown
    if await stands(session, case, draft.account_id):
        raise AccountIsWalled
    standing = select(Appointment).where(
        Appointment.organisation_id == case.organisation_id,
        Appointment.case_id == case.id,
        Appointment.account_id == draft.account_id,
        Appointment.ended_on.is_(None),
    )
    ended = (await session.scalars(standing)).all()
    if any(appointment.capacity == Capacity.CASE_OFFICER for appointment in ended):
        others = () if is_asked_for else (actor.account_id,)
        await require_another_officer(session, case, draft.account_id, *others)
    for appointment in ended:
        appointment.ended_on = clock.today()
    had_a_part = bool(ended or await turning.grants_of(session, case, draft.account_id))
    if had_a_part:
        await turning.turn(session, actor, case, draft.account_id, find_holders)
    wall = Wall(
        organisation_id=case.organisation_id,
        case_id=case.id,
        account_id=draft.account_id,
        raised_by=actor.account_id,
        raised_on=clock.today(),
        reason=draft.reason,
    )
    session.add(wall)
    if not had_a_part:
        service.count_change(case)
    await log.record(session, actor, "wall.raised", case, wall, *ended, case_id=case.id)
    return wall
