"""Who has an account and what each is for: invited, given roles, suspended. Proving oneself is the business of `credentials` and `sessions`."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from app.accounts import credentials, passwords, provenance, secrets
from app.accounts.models import Account, AccountState, Organisation, RoleGrant, Session
from app.audit import log
from app.kernel import clock
from app.kernel.db import Base
from app.kernel.http import require_version
from app.kernel.keyring import ServiceKeys
from app.kernel.pages import PageQuery
from app.kernel.problems import Conflict, NotFound
from app.policy.actors import Role, Staff

INVITATION_DAYS = 7
FitnessChanged = Callable[[AsyncSession, Staff, UUID], Awaitable[None]]
"""What `main` puts on app.state.fitness_changed: is told by whom an account lost or got what it takes to act, in the same transaction."""


class UsernameTaken(Conflict):
    """Another account has this username, whatever its capitals. Choose another."""

    title = "The username is taken"


class LastAdministrator(Conflict):
    """Nobody else could manage accounts afterwards. Make another administrator first, and let them sign in once."""

    title = "This is the last administrator"


class NotAwaitingActivation(Conflict):
    """The account was activated or is suspended, so that there is nothing to invite to. A forgotten password needs a reset."""

    title = "The account is not awaiting activation"


class AccountAltered(Conflict):
    """The account was altered in the database, not by this service, so that it can prove nobody. Tell the operator."""

    title = "The account was altered"


async def found_organisation(session: AsyncSession, name: str) -> Organisation:
    """Return a new organisation, its log begun."""
    organisation = Organisation(name=name, made_on=clock.today())
    session.add(organisation)
    await session.flush()
    await _append(session, organisation.id, None, "organisation.founded", organisation, is_new=True)
    return organisation


async def invite(
    session: AsyncSession,
    keys: ServiceKeys,
    organisation_id: UUID,
    username: str,
    display_name: str,
    roles: Iterable[Role],
    actor: Staff | None = None,
    *,
    days: int = INVITATION_DAYS,
) -> tuple[Account, str]:
    """Return a new account with its roles, and the one-time password that activates it until `days` from now.

    Raises:
        UsernameTaken: an account of this or another organisation has the username.

    """
    index = passwords.username_index(username, keys)
    if (await session.execute(select(exists().where(Account.username_index == index)))).scalar_one():
        raise UsernameTaken
    account = Account(
        organisation_id=organisation_id,
        username_index=index,
        username=username,
        display_name=display_name,
        state=AccountState.INVITED,
        totp_last_step=0,
        totp_failures=0,
    )
    one_time_password = _new_invitation(account, days)
    session.add(account)
    await session.flush()
    grants = [_granted(account, role) for role in sorted(set(roles))]
    session.add_all(grants)
    await session.flush()
    await _append(session, organisation_id, actor, "account.invited", account, *grants)
    return account, one_time_password


async def invite_again(session: AsyncSession, actor: Staff, account_id: UUID, *, days: int) -> tuple[Account, str]:
    """Return the account and its new one-time password; the earlier one, and what was begun with it, is void.

    Raises:
        NotFound: there is no such account.
        AccountAltered: it was altered behind the service.
        NotAwaitingActivation: it was activated, or is suspended.

    """
    account = await held(session, actor, account_id)
    if account.state not in {AccountState.INVITED, AccountState.ENROLLING}:
        raise NotAwaitingActivation
    one_time_password = invite_anew(account, days)
    await log.record(session, actor, "account.invited_again", account)
    return account, one_time_password


async def get(session: AsyncSession, actor: Staff, account_id: UUID) -> Account:
    """Return an account of the actor's organisation.

    Raises:
        NotFound: there is none.

    """
    account = await session.get(Account, (actor.organisation_id, account_id))
    if account is None:
        raise NotFound
    return account


async def page(session: AsyncSession, actor: Staff, query: PageQuery) -> tuple[Sequence[Account], str | None]:
    """Return one page of the accounts of the actor's organisation, and the cursor of the next."""
    statement = select(Account).where(Account.organisation_id == actor.organisation_id)
    return query.cut((await session.execute(query.apply(statement, Account.id))).scalars().all())


async def colleagues(
    session: AsyncSession, actor: Staff, role: Role | None, query: PageQuery
) -> tuple[Sequence[Account], str | None]:
    """Return one page of the active accounts of the actor's organisation, only those with `role` if one is named."""
    active = (Account.state == AccountState.ACTIVE,) if role is None else _is_active_with(role)
    statement = select(Account).where(Account.organisation_id == actor.organisation_id, *active)
    return query.cut((await session.execute(query.apply(statement, Account.id))).scalars().all())


async def roles_of(
    session: AsyncSession, organisation_id: UUID, account_ids: Collection[UUID]
) -> dict[UUID, list[Role]]:
    """Return the roles that each account has now, in alphabetical order."""
    statement = select(provenance.GRANT_OF_ROW).where(
        RoleGrant.organisation_id == organisation_id,
        RoleGrant.account_id.in_(account_ids),
        RoleGrant.ended_on.is_(None),
    )
    found: dict[UUID, list[Role]] = {account_id: [] for account_id in account_ids}
    for grant in (await session.execute(statement)).scalars():
        if provenance.is_granted(grant):
            found[grant.account_id].append(Role(grant.role))
    return {account_id: sorted(roles) for account_id, roles in found.items()}


async def public_keys(
    session: AsyncSession, organisation_id: UUID, account_ids: Collection[UUID], role: Role
) -> dict[UUID, bytes]:
    """Return the public key of each of those accounts that is active and holds the role, neither altered by others."""
    holders = await _holders(session, organisation_id, role, Account.id.in_(account_ids))
    return {account.id: account.public_key for account in holders}


async def active_among(session: AsyncSession, organisation_id: UUID, account_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the accounts that are active and not altered behind the service."""
    statement = select(provenance.CREDENTIALS_OF_ROW).where(
        Account.organisation_id == organisation_id,
        Account.id.in_(account_ids),
        Account.state == AccountState.ACTIVE,
    )
    return {account.id for account in (await session.execute(statement)).scalars() if provenance.is_ours(account)}


async def ever_held(session: AsyncSession, organisation_id: UUID, account_id: UUID, role: Role) -> bool:
    """Whether the account holds the role or once held it."""
    held = exists().where(
        RoleGrant.organisation_id == organisation_id, RoleGrant.account_id == account_id, RoleGrant.role == role
    )
    return bool(await session.scalar(select(held)))


async def set_roles(
    session: AsyncSession,
    actor: Staff,
    account_id: UUID,
    roles: Collection[Role],
    expected: int | None,
    fitness_changed: FitnessChanged,
) -> Account:
    """Return the account, which has those roles and no others. Its sessions go on: roles are read at every request.

    Raises:
        NotFound: there is no such account.
        AccountAltered: it was altered behind the service.
        PreconditionRequired: no version was named.
        PreconditionFailed: it was changed since that version.
        LastAdministrator: it would leave no active administrator.

    """
    account = await held(session, actor, account_id)
    require_version(account.version, expected)
    statement = select(RoleGrant).where(
        RoleGrant.organisation_id == actor.organisation_id,
        RoleGrant.account_id == account_id,
        RoleGrant.ended_on.is_(None),
    )
    grants = (await session.execute(statement)).scalars().all()
    if not all(provenance.is_granted(grant) for grant in grants):
        raise AccountAltered
    standing = {Role(grant.role): grant for grant in grants}
    ended = [standing[role] for role in sorted(standing.keys() - set(roles))]
    granted = [_granted(account, role) for role in sorted(set(roles) - standing.keys())]
    if not ended and not granted:
        return account
    if Role.ADMINISTRATOR in standing and Role.ADMINISTRATOR not in roles:
        await require_another_administrator(session, account)
    for grant in ended:
        grant.ended_on = clock.today()
        provenance.put_tag(grant)
    session.add_all(granted)
    flag_modified(account, "state")  # the roles are of the account, so that its version counts their changes
    await log.record(session, actor, "roles.changed", account, *ended, *granted)
    await fitness_changed(session, actor, account_id)
    return account


async def suspend(
    session: AsyncSession, actor: Staff, account_id: UUID, expected: int | None, fitness_changed: FitnessChanged
) -> Account:
    """Return the account, suspended, its sessions ended. Suspending it again changes nothing.

    Raises:
        NotFound: there is no such account.
        AccountAltered: it was altered behind the service.
        PreconditionFailed: it was changed since the version that was named.
        LastAdministrator: it would leave no active administrator.

    """
    account = await held(session, actor, account_id)
    require_version(account.version, expected, optional=True)
    if account.state == AccountState.SUSPENDED:
        return account
    if Role.ADMINISTRATOR in (await roles_of(session, actor.organisation_id, [account_id]))[account_id]:
        await require_another_administrator(session, account)
    account.state = AccountState.SUSPENDED
    provenance.put_tag(account)
    await session.execute(delete(Session).where(*credentials.sessions_of(account)))
    await log.record(session, actor, "account.suspended", account)
    await fitness_changed(session, actor, account_id)
    return account


async def lift_suspension(session: AsyncSession, actor: Staff, account_id: UUID, expected: int | None) -> Account:
    """Return the account, as far as it was before its suspension. Where it is not suspended, nothing changes.

    Raises:
        NotFound: there is no such account.
        AccountAltered: it was altered behind the service.
        PreconditionFailed: it was changed since the version that was named.

    """
    account = await held(session, actor, account_id)
    require_version(account.version, expected, optional=True)
    if account.state != AccountState.SUSPENDED:
        return account
    if account.invitation_digest is None:
        account.state = AccountState.ACTIVE
    elif account.password_verifier is None:
        account.state = AccountState.INVITED
    else:
        account.state = AccountState.ENROLLING
    provenance.put_tag(account)
    await log.record(session, actor, "account.suspension_lifted", account)
    return account


def invite_anew(account: Account, days: int) -> str:
    """Return the one-time password of an account that has forgotten whatever it proved itself with."""
    account.state = AccountState.INVITED
    account.password_salt = account.password_memory_kib = account.password_iterations = None
    account.password_verifier = account.public_key = account.wrapped_seed = None
    account.vault_salt = account.vault_memory_kib = account.vault_iterations = None
    account.totp_secret = None
    return _new_invitation(account, days)


def _new_invitation(account: Account, days: int) -> str:
    one_time_password = secrets.new_one_time_password()
    account.invitation_digest = secrets.digest(one_time_password)
    account.invitation_until = clock.today() + timedelta(days=days)
    provenance.put_tag(account)
    return one_time_password


def _granted(account: Account, role: Role) -> RoleGrant:
    grant = RoleGrant(
        organisation_id=account.organisation_id,
        account_id=account.id,
        role=role,
        granted_on=clock.today(),
        ended_on=None,
    )
    provenance.put_tag(grant)
    return grant


def _is_active_with(role: Role) -> tuple[Any, ...]:
    """Return the conditions on Account: it is active and holds the role."""
    holds = exists().where(
        RoleGrant.organisation_id == Account.organisation_id,
        RoleGrant.account_id == Account.id,
        RoleGrant.role == role,
        RoleGrant.ended_on.is_(None),
    )
    return Account.state == AccountState.ACTIVE, holds


async def _holders(
    session: AsyncSession, organisation_id: UUID, role: Role, which: ColumnElement[bool]
) -> list[Row[Any]]:
    """Return the active accounts that hold the role, where neither was altered behind the service."""
    of_account = (RoleGrant.organisation_id == Account.organisation_id) & (RoleGrant.account_id == Account.id)
    statement = (
        select(provenance.CREDENTIALS_OF_ROW, provenance.GRANT_OF_ROW)
        .join(RoleGrant, of_account)
        .where(
            Account.organisation_id == organisation_id,
            Account.state == AccountState.ACTIVE,
            RoleGrant.role == role,
            RoleGrant.ended_on.is_(None),
            which,
        )
    )
    rows = (await session.execute(statement)).all()
    return [account for account, grant in rows if provenance.is_ours(account) and provenance.is_granted(grant)]


async def held(session: AsyncSession, actor: Staff, account_id: UUID) -> Account:
    """Return an account that nobody else changes until this transaction ends.

    The organisation is held first: who may manage accounts is decided by one administrator at a time, so that no two of
    them remove each other.

    Raises:
        NotFound: there is no such account.
        AccountAltered: it was altered behind the service.

    """
    await session.execute(select(Organisation.id).where(Organisation.id == actor.organisation_id).with_for_update())
    account = (await session.execute(credentials.locked(actor.organisation_id, account_id))).scalar_one_or_none()
    if account is None:
        raise NotFound
    if not provenance.is_ours(account):
        raise AccountAltered
    return account


async def require_another_administrator(session: AsyncSession, account: Account) -> None:
    """Return if the organisation has an active administrator besides the account, or the account is not one.

    Raises:
        LastAdministrator: otherwise.

    """
    if account.state != AccountState.ACTIVE:
        return
    if not await _holders(session, account.organisation_id, Role.ADMINISTRATOR, Account.id != account.id):
        raise LastAdministrator


async def _append(
    session: AsyncSession, organisation_id: UUID, actor: Staff | None, event: str, *rows: Base, is_new: bool = False
) -> None:
    """Append to the organisation's log what may also happen before anybody can sign in."""
    entry = log.Entry(event, [(row.__tablename__, log.columns_of(row)) for row in rows])
    actor_id = None if actor is None else actor.account_id
    at = clock.to_the_minute()
    await log.append(session, organisation_id, organisation_id, [entry], actor_id=actor_id, at=at, is_new=is_new)
