"""What an account proves itself with: activating it, finding it by its username, changing its password.

Passwords are stretched between transactions, never inside one.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import passwords, provenance, secrets, totp
from app.accounts.models import Account, AccountState, Session
from app.accounts.passwords import Stretched, Stretching
from app.accounts.schemas import ActivationIn, ActivationOut, PasswordIn
from app.audit import log
from app.kernel import clock
from app.kernel.db import let_go
from app.kernel.ids import new_id
from app.kernel.problems import Problem, Unauthenticated
from app.kernel.runtime import Runtime
from app.policy.actors import Staff

ISSUER_IN_AUTHENTICATOR = "Candour"


class SignInRefused(Problem):
    """Something given is not right, or the account is not active. Which of them it is, is not said to anyone."""

    status = 401
    title = "That does not sign you in"


class CurrentPasswordWrong(Problem):
    """The current password is not right, so that the new one was not taken."""

    status = 403
    title = "The current password is not right"


@dataclass(frozen=True)
class Known:
    """What is read of an account before its password is stretched."""

    organisation_id: UUID
    account_id: UUID
    stretching: Stretching | None
    verifier: bytes | None


async def activate(runtime: Runtime, draft: ActivationIn) -> ActivationOut:
    """Return the secret of a new second factor; the account has the chosen password, and a key pair that only it opens.

    Until the first sign-in with a code the one-time password stays good, so that a lost secret does not lose the account.

    Raises:
        InvalidInput: the password may not be chosen.
        SignInRefused: no account with that username awaits that one-time password today.
        Busy: too many people are signing in.

    """
    password = draft.password.get_secret_value()
    passwords.require_good(password, draft.username, "/password")
    async with runtime.database.session(write=False) as session:
        known = await find(session, runtime, draft.username)
    organisation_id, account_id = (known.organisation_id, known.account_id) if known else (new_id(), new_id())
    stretching = Stretching.fresh(runtime.settings)
    chosen = await runtime.signing_in.run(
        passwords.choose, password, stretching, runtime.keys, organisation_id, account_id
    )
    async with runtime.database.session(write=True) as session:
        account = await hold(session, organisation_id, account_id)
        if account is None or not is_invited(account, draft.one_time_password.get_secret_value()):
            raise SignInRefused
        account.public_key = chosen.public_key
        account.state = AccountState.ENROLLING
        set_password(account, chosen.stretched, chosen.wrapped_seed)
        account.totp_secret = secret = totp.new_secret()
        account.totp_last_step = account.totp_failures = 0
        account.totp_failed_at = None
        await log.record(session, staff_of(account), "account.enrolled", account)
        uri = totp.provisioning_uri(secret, account.username, ISSUER_IN_AUTHENTICATOR)
    return ActivationOut(totp_secret=secret, totp_uri=uri)


async def change_password(session: AsyncSession, runtime: Runtime, actor: Staff, draft: PasswordIn) -> None:
    """The actor's account has the new password, under which its key pair is sealed anew; its other sessions have ended.

    A key pair that is under a vault passphrase stays as it is.

    Raises:
        InvalidInput: the new password may not be chosen.
        CurrentPasswordWrong: the current password is not right.
        Unauthenticated: the session ended meanwhile, or the account was altered behind the service.
        Busy: too many people are signing in.

    """
    seen = await oneself(session, actor)
    known = known_of(seen)
    passwords.require_good(draft.new_password.get_secret_value(), seen.username, "/new_password")
    await let_go(session)
    current = await prove(runtime, known, draft.current_password.get_secret_value())
    fresh = Stretching.fresh(runtime.settings)
    new = await runtime.signing_in.run(passwords.stretch, draft.new_password.get_secret_value(), fresh, runtime.keys)
    account = await hold_proven(session, actor, current)
    wrapped = account.wrapped_seed
    if wrapped is None:
        raise CurrentPasswordWrong
    if account.vault_salt is None:
        seed = passwords.unwrap_seed(current, wrapped, account.organisation_id, account.id)
        wrapped = passwords.wrap_seed(new, seed, account.organisation_id, account.id)
    set_password(account, new, wrapped)
    ended = await end_others(session, actor)
    await log.record(session, actor, "password.changed", account, removed=ended)


async def oneself(session: AsyncSession, actor: Staff) -> Account:
    """Return the actor's own account, not locked.

    Raises:
        Unauthenticated: it was altered behind the service.

    """
    account = await session.get_one(Account, (actor.organisation_id, actor.account_id))
    if not provenance.is_ours(account):
        raise Unauthenticated
    return account


async def prove(runtime: Runtime, known: Known, password: str) -> Stretched:
    """Return what the password of an account becomes. Not within a transaction.

    Raises:
        CurrentPasswordWrong: it is another one.
        Busy: too many people are signing in.

    """
    assert known.stretching is not None  # noqa: S101 an account that signed in has a password
    current = await runtime.signing_in.run(passwords.stretch, password, known.stretching, runtime.keys)
    if not hmac.compare_digest(current.verifier, known.verifier or b""):
        raise CurrentPasswordWrong
    return current


async def hold_proven(session: AsyncSession, actor: Staff, current: Stretched) -> Account:
    """Return the actor's own account, locked, which still has the password that was proven.

    Raises:
        CurrentPasswordWrong: it was changed meanwhile.
        Unauthenticated: the session ended meanwhile, or the account was altered behind the service.

    """
    account = await hold(session, actor.organisation_id, actor.account_id)
    if account is None or await session.get(Session, (actor.organisation_id, actor.session_id)) is None:
        raise Unauthenticated
    if not hmac.compare_digest(account.password_verifier or b"", current.verifier):
        raise CurrentPasswordWrong
    return account


async def end_others(session: AsyncSession, actor: Staff) -> Sequence[Session]:
    """Return the sessions of the actor's account that have ended: all but the one that asks."""
    others = select(Session).where(
        Session.organisation_id == actor.organisation_id,
        Session.account_id == actor.account_id,
        Session.id != actor.session_id,
    )
    ended = (await session.execute(others)).scalars().all()
    for one in ended:
        await session.delete(one)
    return ended


def locked(organisation_id: UUID, account_id: UUID) -> Select[Account]:
    """Return the statement of an account that nobody else signs in to or changes until this transaction ends."""
    return (
        select(Account)
        .where(Account.organisation_id == organisation_id, Account.id == account_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def hold(session: AsyncSession, organisation_id: UUID, account_id: UUID) -> Account | None:
    """Return the account, locked as above, or None if there is none or it was altered behind the service."""
    account = (await session.execute(locked(organisation_id, account_id))).scalar_one_or_none()
    return account if account is not None and provenance.is_ours(account) else None


def sessions_of(account: Account) -> tuple[Any, ...]:
    """Return the conditions of the sessions of an account."""
    return Session.organisation_id == account.organisation_id, Session.account_id == account.id


async def end_sessions(session: AsyncSession, account: Account) -> Sequence[Session]:
    """Return the sessions of an account, all of which have ended."""
    ended = (await session.execute(select(Session).where(*sessions_of(account)))).scalars().all()
    for one in ended:
        await session.delete(one)
    return ended


async def find(session: AsyncSession, runtime: Runtime, username: str) -> Known | None:
    """Return what is known of the account with that username, or None if there is none or it was altered."""
    index = passwords.username_index(username, runtime.keys)
    account = (await session.execute(select(Account).where(Account.username_index == index))).scalar_one_or_none()
    return known_of(account) if account is not None and provenance.is_ours(account) else None


def known_of(account: Account) -> Known:
    """Return what is needed of an account before its password is stretched."""
    stretching = None
    if account.password_salt and account.password_memory_kib and account.password_iterations:
        stretching = Stretching(account.password_salt, account.password_memory_kib, account.password_iterations)
    return Known(account.organisation_id, account.id, stretching, account.password_verifier)


def is_invited(account: Account, one_time_password: str) -> bool:
    """Whether that one-time password activates the account today."""
    is_waiting = account.state in {AccountState.INVITED, AccountState.ENROLLING}
    if not is_waiting or account.invitation_digest is None or account.invitation_until is None:
        return False
    is_same = hmac.compare_digest(account.invitation_digest, secrets.digest(one_time_password))
    return is_same and clock.today() <= account.invitation_until


def set_password(account: Account, stretched: Stretched, wrapped_seed: bytes) -> None:
    """The account has that password, under which its seed is sealed, and the tag of all that it now says."""
    account.password_salt = stretched.stretching.salt
    account.password_memory_kib = stretched.stretching.memory_kib
    account.password_iterations = stretched.stretching.iterations
    account.password_verifier = stretched.verifier
    account.wrapped_seed = wrapped_seed
    provenance.put_tag(account)


def staff_of(account: Account, session_id: UUID | None = None) -> Staff:
    """Return who acts, for the log, where nobody is signed in yet."""
    return Staff(account.id, account.organisation_id, session_id or account.id)
