"""Signing in, going on and signing out. What blocks is done between transactions, never inside one.

Where a refusal must leave a trace (a wrong code, a token used twice), the transaction ends before the refusal is raised.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import credentials, passwords, provenance, secrets, tokens, totp
from app.accounts.credentials import SignInRefused
from app.accounts.models import Account, AccountState, RefreshToken, Session
from app.accounts.passwords import Stretched, Stretching
from app.accounts.schemas import CredentialsIn, RefreshIn, TokensOut
from app.audit import log
from app.crypto import hpke
from app.crypto.errors import SealBroken
from app.kernel import clock
from app.kernel.ids import new_id
from app.kernel.pages import PageQuery
from app.kernel.problems import Locked, NotFound, Problem, Unauthenticated
from app.kernel.runtime import Runtime
from app.policy.actors import Staff

AUDIENCE = "candour-api"
MOST_WRONG_CODES = 5
"""Source: NIST SP 800-63B-4 section 3.2.2 asks to limit failed attempts, by at most 100; six digits deserve fewer."""
PAUSE = timedelta(minutes=15)
_MAY_SIGN_IN = frozenset({AccountState.ENROLLING, AccountState.ACTIVE})


class SecondFactorPaused(Problem):
    """Too many wrong codes came with the right password. Wait as long as Retry-After says; if it was not you, change it then."""

    status = 429
    title = "Too many wrong codes"
    retry_after = int(PAUSE.total_seconds())


async def sign_in(runtime: Runtime, token_keys: tokens.TokenKeys, draft: CredentialsIn) -> TokensOut:
    """Return the tokens of a new session. The first sign-in makes the account active and ends its invitation.

    An unknown username costs the same work and gets the same answer as a wrong password, unless the settings changed since
    the password was chosen: then it is stretched anew by the settings of today.

    Raises:
        SignInRefused: username, password or code is not right, the code was used, or the account may not sign in.
        SecondFactorPaused: the password is right, after too many wrong codes.
        Busy: too many people are signing in.

    """
    async with runtime.database.session(write=False) as session:
        known = await credentials.find(session, runtime, draft.username)
    password, fresh = draft.password.get_secret_value(), Stretching.fresh(runtime.settings)
    stretching = known.stretching if known and known.stretching else fresh
    stretched = await runtime.signing_in.run(passwords.stretch, password, stretching, runtime.keys)
    verifier = known.verifier if known and known.verifier else bytes(len(stretched.verifier))
    if not hmac.compare_digest(verifier, stretched.verifier) or known is None:
        raise SignInRefused
    renewed = stretched
    if not stretching.costs_as(fresh):
        renewed = await runtime.signing_in.run(passwords.stretch, password, fresh, runtime.keys)
    async with runtime.database.session(write=True) as session:
        outcome = await _sign_in(session, runtime, token_keys, known, stretched, renewed, draft.totp_code)
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


async def _sign_in(
    session: AsyncSession,
    runtime: Runtime,
    token_keys: tokens.TokenKeys,
    known: credentials.Known,
    stretched: Stretched,
    renewed: Stretched,
    code: str,
) -> TokensOut | Problem:
    """Return the tokens of a new session, or what refuses it once the transaction has ended."""
    account = await credentials.hold(session, known.organisation_id, known.account_id)
    if (
        account is None
        or account.state not in _MAY_SIGN_IN
        or not hmac.compare_digest(account.password_verifier or b"", stretched.verifier)
        or account.wrapped_seed is None
        or account.totp_secret is None
    ):
        return SignInRefused()
    is_pause_over = account.totp_failed_at is None or clock.now() >= account.totp_failed_at + PAUSE
    if account.totp_failures >= MOST_WRONG_CODES and not is_pause_over:
        return SecondFactorPaused()
    step = totp.accepted_step(account.totp_secret, code, clock.now(), account.totp_last_step)
    if step is None:
        failures = 1 if is_pause_over else account.totp_failures + 1
        await _note(session, account, totp_failures=failures, totp_failed_at=clock.now())
        await log.record(session, credentials.staff_of(account), "code.refused", account)
        return SignInRefused()
    wrapped, seed = account.wrapped_seed, None
    if account.vault_salt is None:
        seed = passwords.unwrap_seed(stretched, wrapped, account.organisation_id, account.id)
    await _note(session, account, totp_last_step=step, totp_failures=0, totp_failed_at=None)
    if account.state == AccountState.ENROLLING:
        account.state = AccountState.ACTIVE
        account.invitation_digest = account.invitation_until = None
        provenance.put_tag(account)
        await log.record(session, credentials.staff_of(account), "account.activated", account)
    if renewed is not stretched:
        if seed is not None:
            wrapped = passwords.wrap_seed(renewed, seed, account.organisation_id, account.id)
        credentials.set_password(account, renewed, wrapped)
    await session.execute(delete(Session).where(*credentials.sessions_of(account), Session.expires_at <= clock.now()))
    started, unlock_secret = _new_session(runtime, account, seed)
    session.add(started)
    await session.flush()
    refresh_token = _add_refresh_token(session, started)
    await log.record(session, credentials.staff_of(account, started.id), "session.started", account)
    return _answer(runtime, token_keys, started, refresh_token, unlock_secret)


async def refresh(
    runtime: Runtime, token_keys: tokens.TokenKeys, draft: RefreshIn, unlock_secret: str | None
) -> TokensOut:
    """Return the next tokens and a new unlock secret of a session. A token that was used before ends the session.

    Raises:
        SignInRefused: the token is unknown, used or too old, its session has ended, or its account is not active.
        Locked: the unlock secret is missing, or not the one of this session, which may have none yet; the token stays good.

    """
    async with runtime.database.session(write=True) as session:
        answer = await _refresh(session, runtime, token_keys, secrets.digest(draft.refresh_token), unlock_secret)
    if answer is None:
        raise SignInRefused
    return answer


async def _refresh(
    session: AsyncSession,
    runtime: Runtime,
    token_keys: tokens.TokenKeys,
    digest: bytes,
    unlock_secret: str | None,
) -> TokensOut | None:
    """Return the next tokens, or None if what was given earns none."""
    named = select(RefreshToken.organisation_id, RefreshToken.id, RefreshToken.session_id)
    found = (await session.execute(named.where(RefreshToken.digest == digest))).one_or_none()
    if found is None:
        return None
    one = (Session.organisation_id == found.organisation_id, Session.id == found.session_id)
    standing = (await session.execute(select(Session).where(*one).with_for_update())).scalar_one_or_none()
    if standing is None:
        return None
    taken = await session.execute(
        update(RefreshToken)
        .where(RefreshToken.organisation_id == found.organisation_id, RefreshToken.id == found.id)
        .where(RefreshToken.used.is_(False))
        .values(used=True)
    )
    assert isinstance(taken, CursorResult)  # noqa: S101 as an UPDATE answers
    if taken.rowcount == 0:
        await session.delete(standing)
        owner = Staff(standing.account_id, standing.organisation_id, standing.id)
        await log.record(session, owner, "session.reuse_detected", removed=[standing])
        return None
    now = clock.now()
    if standing.expires_at <= now:
        return None
    seed = _open_session(unlock_secret, standing)
    if not await _is_session_of_account(session, standing, seed):
        return None
    next_secret = secrets.new_unlock_secret()
    standing.sealed_seed = secrets.seal_session_key(next_secret, seed, standing.id, standing.account_id)
    standing.expires_at = _end(runtime)
    await session.execute(
        delete(RefreshToken).where(
            RefreshToken.organisation_id == standing.organisation_id,
            RefreshToken.session_id == standing.id,
            RefreshToken.expires_at <= now,
        )
    )
    refresh_token = _add_refresh_token(session, standing)
    return _answer(runtime, token_keys, standing, refresh_token, next_secret)


async def end(session: AsyncSession, actor: Staff) -> None:
    """The actor's session has ended, and with it the power of its tokens and of its unlock secret.

    Raises:
        Unauthenticated: it ended meanwhile.

    """
    one = (Session.organisation_id == actor.organisation_id, Session.id == actor.session_id)
    standing = (await session.execute(select(Session).where(*one).with_for_update())).scalar_one_or_none()
    if standing is None:
        raise Unauthenticated
    await session.delete(standing)
    await log.record(session, actor, "session.ended", removed=[standing])


async def end_all(session: AsyncSession, actor: Staff) -> None:
    """Every session of the actor's account has ended."""
    account = (await session.execute(credentials.locked(actor.organisation_id, actor.account_id))).scalar_one()
    ended = await credentials.end_sessions(session, account)
    await log.record(session, actor, "session.ended", removed=ended)


async def page(session: AsyncSession, actor: Staff, query: PageQuery) -> tuple[Sequence[Session], str | None]:
    """Return one page of the sessions of the actor's account that have not ended, and the cursor of the next."""
    own = (Session.organisation_id == actor.organisation_id, Session.account_id == actor.account_id)
    statement = select(Session).where(*own, Session.expires_at > clock.now())
    return query.cut((await session.execute(query.apply(statement, Session.id))).scalars().all())


async def end_one(session: AsyncSession, actor: Staff, session_id: UUID) -> None:
    """That session of the actor's account has ended. Where there is none, nothing changes."""
    own = (Session.organisation_id == actor.organisation_id, Session.account_id == actor.account_id)
    found = await session.execute(select(Session).where(*own, Session.id == session_id).with_for_update())
    one = found.scalar_one_or_none()
    if one is not None:
        await session.delete(one)
        await log.record(session, actor, "session.ended", removed=[one])


async def end_all_of(session: AsyncSession, actor: Staff, account_id: UUID) -> None:
    """Every session of an account of the actor's organisation has ended, whatever state the account is in.

    Raises:
        NotFound: there is no such account.

    """
    account = (await session.execute(credentials.locked(actor.organisation_id, account_id))).scalar_one_or_none()
    if account is None:
        raise NotFound
    ended = await credentials.end_sessions(session, account)
    await log.record(session, actor, "account.sessions_ended", removed=ended)


async def _note(session: AsyncSession, account: Account, **values: Any) -> None:  # noqa: ANN401 columns
    """The account has those values. Its version stays: signing in is no change that an administrator could lose."""
    one = (Account.organisation_id == account.organisation_id, Account.id == account.id)
    await session.execute(update(Account).where(*one).values(**values))


def _new_session(runtime: Runtime, account: Account, seed: bytes | None) -> tuple[Session, str | None]:
    """Return a session with its unlock secret; without a seed it opens nothing yet, and has none."""
    session_id, unlock_secret, sealed = new_id(), None, None
    if seed is not None:
        unlock_secret = secrets.new_unlock_secret()
        sealed = secrets.seal_session_key(unlock_secret, seed, session_id, account.id)
    started = Session(
        organisation_id=account.organisation_id,
        id=session_id,
        account_id=account.id,
        sealed_seed=sealed,
        expires_at=_end(runtime),
    )
    return started, unlock_secret


def _end(runtime: Runtime) -> datetime:
    return clock.now() + timedelta(days=runtime.settings.refresh_token_days)


def _open_session(unlock_secret: str | None, standing: Session) -> bytes:
    if unlock_secret is None or standing.sealed_seed is None:
        raise Locked
    try:
        return secrets.open_session_key(unlock_secret, standing.sealed_seed, standing.id, standing.account_id)
    except SealBroken as error:
        raise Locked from error


async def _is_session_of_account(session: AsyncSession, standing: Session, seed: bytes) -> bool:
    """Whether the session's account is active, and its key pair is the one that the session holds.

    Nobody who only writes to the database has the seed of an account: they cannot make a session for it.
    """
    one = (Account.organisation_id == standing.organisation_id, Account.id == standing.account_id)
    (account,) = (await session.execute(select(provenance.CREDENTIALS_OF_ROW).where(*one))).one()
    is_active = provenance.is_ours(account) and account.state == AccountState.ACTIVE
    return is_active and provenance.is_owner(account, hpke.public_key(seed))


def _add_refresh_token(session: AsyncSession, of: Session) -> str:
    token, digest = secrets.new_refresh_token()
    session.add(
        RefreshToken(
            organisation_id=of.organisation_id, session_id=of.id, digest=digest, used=False, expires_at=of.expires_at
        )
    )
    return token


def _answer(
    runtime: Runtime, token_keys: tokens.TokenKeys, of: Session, refresh_token: str, unlock_secret: str | None
) -> TokensOut:
    lifetime = timedelta(minutes=runtime.settings.access_token_minutes)
    access_token = tokens.issue(
        token_keys,
        account_id=of.account_id,
        organisation_id=of.organisation_id,
        session_id=of.id,
        issued_at=clock.now(),
        lifetime=lifetime,
        issuer=str(runtime.settings.public_url),
        audience=AUDIENCE,
    )
    return TokensOut(
        access_token=access_token,
        expires_in=int(lifetime.total_seconds()),
        refresh_token=refresh_token,
        unlock_secret=unlock_secret,
    )
