"""A forgotten password: the account is given back to its person, and not what the password opened."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import credentials, service
from app.accounts.models import Account, AccountState
from app.audit import log
from app.kernel.http import require_version
from app.kernel.problems import Conflict
from app.policy.actors import Role, Staff


class NotActive(Conflict):
    """The account was never activated, or is suspended, so that it has no password to forget. Invite it again, or lift that."""

    title = "The account is not active"


class ResetByOneself(Conflict):
    """Nobody resets their own account. Change your password, or ask another administrator."""

    title = "This is your own account"


async def reset(
    session: AsyncSession,
    actor: Staff,
    account_id: UUID,
    expected: int | None,
    fitness_changed: service.FitnessChanged,
    *,
    days: int,
) -> tuple[Account, str]:
    """Return the account, invited anew, and its one-time password. Its password is forgotten and its sessions have ended.

    Its key pair is forgotten with the password, and its next activation makes another: no grant to the earlier one opens
    any more, for anybody. Its roles and appointments stay.

    Raises:
        NotFound: there is no such account.
        AccountAltered: it was altered behind the service.
        PreconditionFailed: it was changed since the version that was named.
        ResetByOneself: it is the actor's own.
        NotActive: it was never activated, or is suspended.
        LastAdministrator: it would leave no active administrator.

    """
    account = await service.held(session, actor, account_id)
    require_version(account.version, expected, optional=True)
    if account_id == actor.account_id:
        raise ResetByOneself
    if account.state != AccountState.ACTIVE:
        raise NotActive
    if Role.ADMINISTRATOR in (await service.roles_of(session, actor.organisation_id, [account_id]))[account_id]:
        await service.require_another_administrator(session, account)
    ended = await credentials.end_sessions(session, account)
    one_time_password = service.invite_anew(account, days)
    await log.record(session, actor, "account.reset", account, removed=ended)
    await fitness_changed(session, actor, account_id)
    return account, one_time_password
