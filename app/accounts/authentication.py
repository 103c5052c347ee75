"""Who is asking, and with which key: from the access token, the session row and the unlock secret."""

from uuid import UUID

from fastapi import Request
from sqlalchemy import and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import provenance, secrets, tokens
from app.accounts.models import Account, AccountState, RoleGrant, Session
from app.accounts.sessions import AUDIENCE
from app.crypto import hpke
from app.crypto.errors import SealBroken
from app.kernel import clock
from app.kernel.db import table_of
from app.kernel.problems import Locked
from app.policy.actors import Role, Staff

_SCHEME = "bearer "
_SESSIONS, _GRANTS, _ACCOUNTS = table_of(Session).c, table_of(RoleGrant).c, table_of(Account).c
# Made once: every signed-in request runs it, and making the statement costs more than running it.
_STANDING_SESSION = (
    select(_SESSIONS.sealed_seed, *(_GRANTS[name] for name in (*provenance.COLUMNS[provenance.ROLE_GRANT], "tag")))
    .join(
        table_of(Account),
        and_(_ACCOUNTS.organisation_id == _SESSIONS.organisation_id, _ACCOUNTS.id == _SESSIONS.account_id),
    )
    .outerjoin(
        table_of(RoleGrant),
        and_(
            _GRANTS.organisation_id == _SESSIONS.organisation_id,
            _GRANTS.account_id == _SESSIONS.account_id,
            _GRANTS.ended_on.is_(None),
        ),
    )
    .where(
        _SESSIONS.organisation_id == bindparam("organisation"),
        _SESSIONS.id == bindparam("session"),
        _SESSIONS.account_id == bindparam("account"),
        _SESSIONS.expires_at > bindparam("now"),
        _ACCOUNTS.state == AccountState.ACTIVE.value,
    )
)


def bearer_token(request: Request) -> str | None:
    """Return the token of the Authorization header, or None."""
    header = request.headers.get("Authorization", "")
    return header[len(_SCHEME) :] if header[: len(_SCHEME)].lower() == _SCHEME else None


async def authenticate(request: Request, session: AsyncSession) -> Staff | None:
    """Return the signed-in actor, or None if the token is not good, its session ended, or its account is not active."""
    token = bearer_token(request)
    if token is None:
        return None
    issuer = str(request.app.state.runtime.settings.public_url)
    try:
        claims = tokens.verify(request.app.state.token_keys, token, now=clock.now(), issuer=issuer, audience=AUDIENCE)
    except tokens.TokenRefused:
        return None
    found = await session_and_roles(session, claims.organisation_id, claims.account_id, claims.session_id)
    if found is None:
        return None
    staff, request.state.sealed_seed = found
    return staff


async def session_and_roles(
    session: AsyncSession, organisation_id: UUID, account_id: UUID, session_id: UUID
) -> tuple[Staff, bytes | None] | None:
    """Return the actor of a standing session with their sealed seed, or None. Roles that the service never gave do not count."""
    parameters = {
        "organisation": organisation_id,
        "account": account_id,
        "session": session_id,
        "now": clock.now(),
    }
    rows = (await session.execute(_STANDING_SESSION, parameters)).all()
    if not rows:
        return None
    roles = frozenset(Role(row.role) for row in rows if row.role is not None and provenance.is_granted(row))
    return Staff(account_id, organisation_id, session_id, roles), rows[0].sealed_seed


def private_key(request: Request, staff: Staff) -> hpke.PrivateKey:
    """Return the private key of the signed-in account, opened with the unlock secret of the request.

    Raises:
        Locked: the unlock secret is missing, or not the one of this session, or the session has none yet.

    """
    return hpke.PrivateKey(own_seed(request, staff))


def own_seed(request: Request, staff: Staff) -> bytes:
    """Return the seed of that key.

    Raises:
        Locked: as above.

    """
    unlock_secret, sealed = request.headers.get("X-Unlock"), request.state.sealed_seed
    if unlock_secret is None or sealed is None:
        raise Locked
    try:
        return secrets.open_session_key(unlock_secret, sealed, staff.session_id, staff.account_id)
    except (SealBroken, ValueError) as error:
        raise Locked from error
