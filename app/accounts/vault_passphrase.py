"""A passphrase that opens an account's key pair, so that the power to open is apart from whatever signs in.

It is stretched as a password is, between transactions. Nothing of it is stored but its salt: it is right if it opens the seed.
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import credentials, passwords, provenance, secrets
from app.accounts.models import Account, Session
from app.accounts.passwords import Stretched, Stretching
from app.accounts.schemas import UnlockIn, UnlockOut, VaultPassphraseIn, VaultPassphraseRemovalIn
from app.audit import log
from app.crypto import hpke
from app.crypto.errors import SealBroken
from app.kernel.db import let_go
from app.kernel.problems import Conflict, InvalidInput, Locked, Problem, Unauthenticated
from app.kernel.runtime import Runtime
from app.policy.actors import Staff


class VaultPassphraseWrong(Problem):
    """The vault passphrase is not right, so that nothing was opened."""

    status = 403
    title = "The vault passphrase is not right"


class NoVaultPassphrase(Conflict):
    """The account has no vault passphrase: its password opens, and signing in gave you the unlock secret."""

    title = "There is no vault passphrase"


async def choose(session: AsyncSession, runtime: Runtime, actor: Staff, seed: bytes, draft: VaultPassphraseIn) -> None:
    """The actor's key pair is sealed under the passphrase, and no more under the password; other sessions have ended.

    Raises:
        InvalidInput: the passphrase may not be chosen, or is the password.
        CurrentPasswordWrong: the current password is not right.
        Unauthenticated: the session ended meanwhile, or the account was altered behind the service.
        Locked: the seed is not the account's.
        Busy: too many people are signing in.

    """
    password, passphrase = draft.current_password.get_secret_value(), draft.passphrase.get_secret_value()
    seen = await credentials.oneself(session, actor)
    known = credentials.known_of(seen)
    passwords.require_good(passphrase, seen.username, "/passphrase")
    if secrets.normalise_password(passphrase) == secrets.normalise_password(password):
        rule = "A vault passphrase is another one than the password."
        raise InvalidInput(errors=[{"in": "body", "pointer": "/passphrase", "rule": rule}])
    await let_go(session)
    current = await credentials.prove(runtime, known, password)
    fresh = Stretching.fresh(runtime.settings)
    opening = await runtime.signing_in.run(passwords.stretch, passphrase, fresh, runtime.keys)
    account = await credentials.hold_proven(session, actor, current)
    _set(account, seed, opening, fresh)
    ended = await credentials.end_others(session, actor)
    await log.record(session, actor, "vault_passphrase.set", account, removed=ended)


async def remove(
    session: AsyncSession, runtime: Runtime, actor: Staff, seed: bytes, draft: VaultPassphraseRemovalIn
) -> None:
    """The actor's key pair is sealed under the password again; other sessions have ended.

    Raises:
        NoVaultPassphrase: it was so already.
        CurrentPasswordWrong: the current password is not right.
        Unauthenticated: the session ended meanwhile, or the account was altered behind the service.
        Locked: the seed is not the account's.
        Busy: too many people are signing in.

    """
    seen = await credentials.oneself(session, actor)
    if seen.vault_salt is None:
        raise NoVaultPassphrase
    known = credentials.known_of(seen)
    await let_go(session)
    current = await credentials.prove(runtime, known, draft.current_password.get_secret_value())
    account = await credentials.hold_proven(session, actor, current)
    if account.vault_salt is None:
        raise NoVaultPassphrase
    _set(account, seed, current, None)
    ended = await credentials.end_others(session, actor)
    await log.record(session, actor, "vault_passphrase.removed", account, removed=ended)


async def unlock(session: AsyncSession, runtime: Runtime, actor: Staff, draft: UnlockIn) -> UnlockOut:
    """Return a new unlock secret for the actor's session; an earlier one opens nothing any more.

    Raises:
        NoVaultPassphrase: the account has none.
        VaultPassphraseWrong: it does not open the account's seed.
        Unauthenticated: the session ended meanwhile, or the account was altered behind the service.
        Busy: too many people are signing in.

    """
    stretching = _stretching_of(await credentials.oneself(session, actor))
    await let_go(session)
    passphrase = draft.passphrase.get_secret_value()
    opening = await runtime.signing_in.run(passwords.stretch, passphrase, stretching, runtime.keys)
    account = await credentials.hold(session, actor.organisation_id, actor.account_id)
    one = (Session.organisation_id == actor.organisation_id, Session.id == actor.session_id)
    standing = (await session.execute(select(Session).where(*one).with_for_update())).scalar_one_or_none()
    if account is None or standing is None:
        raise Unauthenticated
    seed = _opened(account, opening)
    unlock_secret = secrets.new_unlock_secret()
    standing.sealed_seed = secrets.seal_session_key(unlock_secret, seed, standing.id, account.id)
    await log.record(session, actor, "session.unlocked")
    return UnlockOut(unlock_secret=unlock_secret)


def _set(account: Account, seed: bytes, opening: Stretched, vault: Stretching | None) -> None:
    """The account's seed is sealed under what was stretched: a passphrase, as `vault` says, or the password.

    Raises:
        Locked: the seed is not the account's.

    """
    if not provenance.is_owner(account, hpke.public_key(seed)):
        raise Locked
    account.wrapped_seed = passwords.wrap_seed(opening, seed, account.organisation_id, account.id)
    account.vault_salt = None if vault is None else vault.salt
    account.vault_memory_kib = None if vault is None else vault.memory_kib
    account.vault_iterations = None if vault is None else vault.iterations
    provenance.put_tag(account)


def _stretching_of(account: Account) -> Stretching:
    if account.vault_salt is None or account.vault_memory_kib is None or account.vault_iterations is None:
        raise NoVaultPassphrase
    return Stretching(account.vault_salt, account.vault_memory_kib, account.vault_iterations)


def _opened(account: Account, opening: Stretched) -> bytes:
    if account.vault_salt != opening.stretching.salt or account.wrapped_seed is None:
        raise VaultPassphraseWrong
    try:
        seed = passwords.unwrap_seed(opening, account.wrapped_seed, account.organisation_id, account.id)
    except SealBroken as error:
        raise VaultPassphraseWrong from error
    if not provenance.is_owner(account, hpke.public_key(seed)):
        raise Unauthenticated
    return seed
