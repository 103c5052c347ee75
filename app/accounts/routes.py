"""The doors of accounts: managing them, signing in, oneself."""

import base64
from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import credentials, resets, service, sessions
from app.accounts.credentials import CurrentPasswordWrong, SignInRefused
from app.accounts.models import Account
from app.accounts.resets import NotActive, ResetByOneself
from app.accounts.schemas import (
    AccountIn,
    AccountOut,
    ActivationIn,
    ActivationOut,
    ColleagueOut,
    CredentialsIn,
    InvitedOut,
    MeOut,
    PasswordIn,
    RefreshIn,
    RolesIn,
    TokensOut,
)
from app.accounts.service import AccountAltered, FitnessChanged, LastAdministrator, NotAwaitingActivation, UsernameTaken
from app.accounts.sessions import SecondFactorPaused
from app.kernel import routing
from app.kernel.db import DbSession, reads
from app.kernel.entrance import ProofOfWorkNeeded, through
from app.kernel.http import IfMatch, etag, problems
from app.kernel.pages import Page, PageOf
from app.kernel.pressure import Group
from app.kernel.problems import (
    Busy,
    InvalidInput,
    Locked,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Unauthenticated,
)
from app.kernel.runtime import RuntimeOf
from app.policy.actors import Role, Staff
from app.policy.guard import public, requires, unlock
from app.policy.permissions import Permission

router = routing.router()
ACCOUNTS, SIGNING_IN, ONESELF = "accounts", "signing in", "oneself"
_GUARDED = (Unauthenticated, NotFound)
Administrator = Annotated[Staff, requires(Permission.ACCOUNT_MANAGE)]
Oneself = Annotated[Staff, requires(Permission.SELF_MANAGE)]


async def _fitness_changed(request: Request) -> FitnessChanged:
    found: FitnessChanged = request.app.state.fitness_changed
    return found


WhoIsTold = Annotated[FitnessChanged, Depends(_fitness_changed)]


def _out(account: Account, roles: Collection[Role]) -> AccountOut:
    return AccountOut(
        id=account.id,
        username=account.username,
        display_name=account.display_name,
        roles=sorted(roles),
        state=account.state,
        version=account.version,
    )


async def _answer(session: AsyncSession, response: Response, account: Account) -> AccountOut:
    roles = await service.roles_of(session, account.organisation_id, [account.id])
    response.headers["ETag"] = etag(account.version)
    return _out(account, roles[account.id])


async def _invited(session: AsyncSession, response: Response, account: Account, one_time_password: str) -> InvitedOut:
    assert account.invitation_until is not None  # noqa: S101 it was invited a moment ago
    answer = await _answer(session, response, account)
    return InvitedOut(**answer.model_dump(), one_time_password=one_time_password, valid_until=account.invitation_until)


@router.post(
    "/v1/accounts",
    status_code=201,
    response_model=InvitedOut,
    responses=problems(*_GUARDED, InvalidInput, UsernameTaken),
    tags=[ACCOUNTS],
)
async def invite_account(
    draft: AccountIn, actor: Administrator, session: DbSession, runtime: RuntimeOf, response: Response
) -> InvitedOut:
    """Invite somebody.

    The answer holds a one-time password, shown this once. It opens nothing by itself: the person activates the account
    with it, chooses a password, and signs in with a code.
    """
    account, one_time_password = await service.invite(
        session,
        runtime.keys,
        actor.organisation_id,
        draft.username,
        draft.display_name,
        draft.roles,
        actor,
        days=runtime.settings.one_time_password_days,
    )
    return await _invited(session, response, account, one_time_password)


@router.get(
    "/v1/accounts", response_model=Page[AccountOut], responses=problems(*_GUARDED, InvalidInput), tags=[ACCOUNTS]
)
@reads
async def list_accounts(actor: Administrator, session: DbSession, query: PageOf) -> Page[AccountOut]:
    """List the accounts of the organisation, newest first."""
    accounts, following = await service.page(session, actor, query)
    roles = await service.roles_of(session, actor.organisation_id, [account.id for account in accounts])
    return Page(items=[_out(account, roles[account.id]) for account in accounts], next=following)


@router.get(
    "/v1/colleagues", response_model=Page[ColleagueOut], responses=problems(*_GUARDED, InvalidInput), tags=[ACCOUNTS]
)
@reads
async def list_colleagues(
    actor: Annotated[Staff, requires(Permission.COLLEAGUE_LIST)],
    session: DbSession,
    query: PageOf,
    role: Annotated[Role | None, Query(description="Only those who hold this role.")] = None,
) -> Page[ColleagueOut]:
    """List the active accounts of the organisation: whom a case officer can appoint to a case, or wall off from it."""
    accounts, following = await service.colleagues(session, actor, role, query)
    roles = await service.roles_of(session, actor.organisation_id, [account.id for account in accounts])
    items = [ColleagueOut(id=one.id, display_name=one.display_name, roles=roles[one.id]) for one in accounts]
    return Page(items=items, next=following)


@router.get(
    "/v1/accounts/{account_id}",
    response_model=AccountOut,
    responses=problems(*_GUARDED, InvalidInput),
    tags=[ACCOUNTS],
)
@reads
async def get_account(account_id: UUID, actor: Administrator, session: DbSession, response: Response) -> AccountOut:
    """Read one account."""
    return await _answer(session, response, await service.get(session, actor, account_id))


@router.put(
    "/v1/accounts/{account_id}/roles",
    response_model=AccountOut,
    responses=problems(
        *_GUARDED, InvalidInput, AccountAltered, LastAdministrator, PreconditionFailed, PreconditionRequired
    ),
    tags=[ACCOUNTS],
)
async def set_roles(
    account_id: UUID,
    draft: RolesIn,
    actor: Administrator,
    session: DbSession,
    expected: IfMatch,
    response: Response,
    fitness_changed: WhoIsTold,
) -> AccountOut:
    """Give an account these roles and no others.

    Roles are read at every request, so that this takes effect at once. The last active administrator stays one.
    """
    account = await service.set_roles(session, actor, account_id, draft.roles, expected, fitness_changed)
    return await _answer(session, response, account)


@router.post(
    "/v1/accounts/{account_id}/suspension",
    response_model=AccountOut,
    responses=problems(*_GUARDED, InvalidInput, AccountAltered, LastAdministrator, PreconditionFailed),
    tags=[ACCOUNTS],
)
async def suspend_account(
    account_id: UUID,
    actor: Administrator,
    session: DbSession,
    expected: IfMatch,
    response: Response,
    fitness_changed: WhoIsTold,
) -> AccountOut:
    """Suspend an account and end its sessions. Its appointments and roles stay, without effect."""
    account = await service.suspend(session, actor, account_id, expected, fitness_changed)
    return await _answer(session, response, account)


@router.delete(
    "/v1/accounts/{account_id}/suspension",
    response_model=AccountOut,
    responses=problems(*_GUARDED, InvalidInput, AccountAltered, PreconditionFailed),
    tags=[ACCOUNTS],
)
async def lift_suspension(
    account_id: UUID, actor: Administrator, session: DbSession, expected: IfMatch, response: Response
) -> AccountOut:
    """Let a suspended account sign in again."""
    return await _answer(session, response, await service.lift_suspension(session, actor, account_id, expected))


@router.post(
    "/v1/accounts/{account_id}/invitation",
    status_code=201,
    response_model=InvitedOut,
    responses=problems(*_GUARDED, InvalidInput, AccountAltered, NotAwaitingActivation),
    tags=[ACCOUNTS],
)
async def invite_again(
    account_id: UUID, actor: Administrator, session: DbSession, runtime: RuntimeOf, response: Response
) -> InvitedOut:
    """Make a new one-time password for somebody who never signed in; the earlier one is void."""
    days = runtime.settings.one_time_password_days
    account, one_time_password = await service.invite_again(session, actor, account_id, days=days)
    return await _invited(session, response, account, one_time_password)


@router.post(
    "/v1/accounts/{account_id}/reset",
    status_code=201,
    response_model=InvitedOut,
    responses=problems(
        *_GUARDED, InvalidInput, AccountAltered, LastAdministrator, NotActive, PreconditionFailed, ResetByOneself
    ),
    tags=[ACCOUNTS],
)
async def reset_account(
    account_id: UUID,
    actor: Administrator,
    session: DbSession,
    runtime: RuntimeOf,
    expected: IfMatch,
    response: Response,
    fitness_changed: WhoIsTold,
) -> InvitedOut:
    """Invite somebody anew who forgot their password; their sessions end at once.

    They choose another password and set up another second factor, and get another key pair: what only the forgotten password
    opened stays closed to them, as to whoever resets. Cases are opened to them again by those who can open them.
    """
    days = runtime.settings.one_time_password_days
    account, one_time_password = await resets.reset(session, actor, account_id, expected, fitness_changed, days=days)
    return await _invited(session, response, account, one_time_password)


@router.delete(
    "/v1/accounts/{account_id}/sessions",
    status_code=204,
    responses=problems(*_GUARDED, InvalidInput),
    tags=[ACCOUNTS],
)
async def end_sessions_of_account(account_id: UUID, actor: Administrator, session: DbSession) -> None:
    """End every session of an account: from the next request on its tokens and unlock secrets open nothing."""
    await sessions.end_all_of(session, actor, account_id)


@router.post(
    "/v1/auth/activation",
    response_model=ActivationOut,
    responses=problems(SignInRefused, InvalidInput, Busy),
    tags=[SIGNING_IN],
    dependencies=[public(because="the one-time password of the invitation is the proof")],
)
async def activate_account(draft: ActivationIn, runtime: RuntimeOf) -> ActivationOut:
    """Choose a password, and get the secret for an authenticator app.

    The account becomes active with its first sign-in; until then the one-time password stays good for another try.
    """
    return await credentials.activate(runtime, draft)


@router.post(
    "/v1/auth/token",
    response_model=TokensOut,
    responses=problems(SignInRefused, SecondFactorPaused, ProofOfWorkNeeded, InvalidInput, Busy),
    tags=[SIGNING_IN],
    dependencies=[through(Group.SIGN_IN), public(because="this is where one signs in")],
)
async def sign_in(draft: CredentialsIn, request: Request, runtime: RuntimeOf) -> TokensOut:
    """Sign in with username, password and a code. Each code works once.

    Keep the unlock secret as long as the session, and send it as X-Unlock: the service has no copy. An account with a
    vault passphrase gets none here: POST /v1/auth/unlock gives it.
    """
    return await sessions.sign_in(runtime, request.app.state.token_keys, draft)


@router.post(
    "/v1/auth/refresh",
    response_model=TokensOut,
    responses=problems(SignInRefused, Locked, InvalidInput),
    tags=[SIGNING_IN],
    dependencies=[public(because="the refresh token with the unlock secret is the proof")],
)
async def refresh_session(
    draft: RefreshIn, request: Request, runtime: RuntimeOf, unlock_secret: Annotated[str | None, Depends(unlock)]
) -> TokensOut:
    """Swap a refresh token for the next pair and a new unlock secret.

    A refresh token works once. If it comes a second time, one of its two holders stole it, and the session ends.
    """
    return await sessions.refresh(runtime, request.app.state.token_keys, draft, unlock_secret)


@router.post("/v1/auth/revoke", status_code=204, responses=problems(*_GUARDED), tags=[SIGNING_IN])
async def sign_out(actor: Oneself, session: DbSession) -> None:
    """End this session: its tokens and its unlock secret open nothing any more."""
    await sessions.end(session, actor)


@router.post("/v1/auth/revoke-all", status_code=204, responses=problems(*_GUARDED), tags=[SIGNING_IN])
async def sign_out_everywhere(actor: Oneself, session: DbSession) -> None:
    """End every session of the account, this one too."""
    await sessions.end_all(session, actor)


@router.get("/v1/me", response_model=MeOut, responses=problems(*_GUARDED), tags=[ONESELF])
@reads
async def get_me(actor: Oneself, session: DbSession) -> MeOut:
    """Read one's own account."""
    account = await service.get(session, actor, actor.account_id)
    return MeOut(
        id=account.id,
        username=account.username,
        display_name=account.display_name,
        roles=sorted(actor.roles),
        public_key=base64.b64encode(account.public_key or b"").decode(),
    )


@router.put(
    "/v1/me/password",
    status_code=204,
    responses=problems(*_GUARDED, CurrentPasswordWrong, InvalidInput, Busy),
    tags=[ONESELF],
)
async def change_password(draft: PasswordIn, actor: Oneself, session: DbSession, runtime: RuntimeOf) -> None:
    """Change one's password; all other sessions end.

    The key pair stays, sealed under the new password, or under the vault passphrase if there is one.
    """
    await credentials.change_password(session, runtime, actor, draft)
