"""The doors to one's own sessions and to the passphrase that opens apart from the password."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from app.accounts import sessions, vault_passphrase
from app.accounts.authentication import own_seed
from app.accounts.credentials import CurrentPasswordWrong
from app.accounts.schemas import SessionOut, UnlockIn, UnlockOut, VaultPassphraseIn, VaultPassphraseRemovalIn
from app.accounts.vault_passphrase import NoVaultPassphrase, VaultPassphraseWrong
from app.kernel import routing
from app.kernel.db import DbSession, reads
from app.kernel.http import problems
from app.kernel.pages import Page, PageOf
from app.kernel.problems import Busy, InvalidInput, Locked, NotFound, Unauthenticated
from app.kernel.runtime import RuntimeOf
from app.policy.actors import Staff
from app.policy.guard import requires, unlock
from app.policy.permissions import Permission

router = routing.router()
SIGNING_IN, ONESELF = "signing in", "oneself"
_GUARDED = (Unauthenticated, NotFound)
Oneself = Annotated[Staff, requires(Permission.SELF_MANAGE)]


@router.get(
    "/v1/me/sessions", response_model=Page[SessionOut], responses=problems(*_GUARDED, InvalidInput), tags=[ONESELF]
)
@reads
async def list_own_sessions(actor: Oneself, session: DbSession, query: PageOf) -> Page[SessionOut]:
    """List one's sessions that have not ended."""
    found, following = await sessions.page(session, actor, query)
    items = [
        SessionOut(
            id=one.id,
            is_current=one.id == actor.session_id,
            is_unlocked=one.sealed_seed is not None,
            expires_at=one.expires_at,
        )
        for one in found
    ]
    return Page(items=items, next=following)


@router.delete(
    "/v1/me/sessions/{session_id}",
    status_code=204,
    responses=problems(*_GUARDED, InvalidInput),
    tags=[ONESELF],
)
async def end_own_session(session_id: UUID, actor: Oneself, session: DbSession) -> None:
    """End one of one's sessions: from the next request on its tokens and its unlock secret open nothing.

    Where one has no such session, nothing changes.
    """
    await sessions.end_one(session, actor, session_id)


@router.post(
    "/v1/auth/unlock",
    response_model=UnlockOut,
    responses=problems(*_GUARDED, VaultPassphraseWrong, NoVaultPassphrase, InvalidInput, Busy),
    tags=[SIGNING_IN],
)
async def unlock_session(draft: UnlockIn, actor: Oneself, session: DbSession, runtime: RuntimeOf) -> UnlockOut:
    """Give the vault passphrase, and get the unlock secret of this session.

    Until then the session opens nothing, and cannot be refreshed. An earlier unlock secret of the session is void.
    """
    return await vault_passphrase.unlock(session, runtime, actor, draft)


@router.put(
    "/v1/me/vault-passphrase",
    status_code=204,
    responses=problems(*_GUARDED, CurrentPasswordWrong, Locked, InvalidInput, Busy),
    tags=[ONESELF],
)
async def set_vault_passphrase(
    draft: VaultPassphraseIn,
    request: Request,
    actor: Oneself,
    session: DbSession,
    runtime: RuntimeOf,
    _unlock: Annotated[str | None, Depends(unlock)],
) -> None:
    """Let a passphrase open, and the password only sign in; all other sessions end.

    Setting it again replaces it. It is lost like a password: with it goes what only it opens.
    """
    await vault_passphrase.choose(session, runtime, actor, own_seed(request, actor), draft)


@router.post(
    "/v1/me/vault-passphrase/removal",
    status_code=204,
    responses=problems(*_GUARDED, CurrentPasswordWrong, NoVaultPassphrase, Locked, InvalidInput, Busy),
    tags=[ONESELF],
)
async def remove_vault_passphrase(
    draft: VaultPassphraseRemovalIn,
    request: Request,
    actor: Oneself,
    session: DbSession,
    runtime: RuntimeOf,
    _unlock: Annotated[str | None, Depends(unlock)],
) -> None:
    """Let the password open again; all other sessions end."""
    await vault_passphrase.remove(session, runtime, actor, own_seed(request, actor), draft)
