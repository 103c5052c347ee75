"""Which rows of accounts and roles the service wrote itself: whoever only writes to the database becomes nobody by it.

A row has a tag: HMAC-SHA256 under the pepper's key for that label, over a context (docs/formats.md, "Context") of the label and
the columns that COLUMNS names, in that order. A day is its ISO text; a column without a value is an empty part, which no
column with a value is. A whole row put back to an earlier state has the tag of that state: it passes here, and
`python -m app audit verify` reports it until the service next writes the row.
"""

import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Bundle

from app.accounts.models import Account, RoleGrant
from app.crypto import contexts
from app.kernel.logs import log
from app.kernel.sealed import open_keys

CREDENTIALS, WITH_VAULT, ROLE_GRANT = "account-credentials", "account-with-vault", "role-grant"
_CREDENTIALS = (
    "organisation_id", "id", "state", "invitation_digest", "invitation_until", "password_salt", "password_memory_kib",
    "password_iterations", "password_verifier", "public_key",
)  # fmt: skip
_VAULT = ("vault_salt", "vault_memory_kib", "vault_iterations")
COLUMNS: dict[str, tuple[str, ...]] = {
    CREDENTIALS: _CREDENTIALS,
    WITH_VAULT: (*_CREDENTIALS, *_VAULT),
    ROLE_GRANT: ("organisation_id", "id", "account_id", "role", "granted_on", "ended_on"),
}  # fmt: skip
"""What each kind of tag binds; an account that has a vault passphrase has one kind, any other account the other. The second factor is not among it: its secret is sealed to the row, and opens nothing alone."""


def _columns(label: str, model: type[Account | RoleGrant]) -> list[Any]:
    return [getattr(model, name) for name in (*COLUMNS[label], "tag")]


CREDENTIALS_OF_ROW: "Bundle[Any]" = Bundle("account", *_columns(WITH_VAULT, Account))
GRANT_OF_ROW: "Bundle[Any]" = Bundle("grant", *_columns(ROLE_GRANT, RoleGrant))
"""For statements that need no whole rows: what they bring is as good for `is_ours` and `is_granted` as a row."""


def put_tag(row: Account | RoleGrant) -> None:
    """The row has the tag of what it says now. Only for a new row, or one that was ours before it was changed."""
    row.tag = _tag_of_account(row) if isinstance(row, Account) else _tag_of_grant(row)


def is_ours(account: Account | Row[Any]) -> bool:
    """Whether the service wrote what the account proves itself with; if not, the operator is told."""
    return _is_right(_tag_of_account, account) or _tell("an account was altered", account.id)


def is_granted(grant: RoleGrant | Row[Any]) -> bool:
    """Whether the service gave that role to that account; if not, the operator is told."""
    return _is_right(_tag_of_grant, grant) or _tell("a role was not granted", grant.account_id)


def is_owner(account: Account | Row[Any], public_key: bytes) -> bool:
    """Whether a session holds the key pair of its account; if not, it was not begun here, and the operator is told."""
    return account.public_key == public_key or _tell("a session was not begun", account.id)


def _tell(event: str, account_id: UUID) -> bool:
    log.error(event, extra={"event": event, "account": str(account_id)})
    return False


def _is_right(tag_of: Callable[[Any], bytes], row: Account | RoleGrant | Row[Any]) -> bool:
    try:
        return hmac.compare_digest(cast("bytes", row.tag), tag_of(row))
    except ValueError:  # a number that no context takes, so that it is not ours
        return False


def _tag_of_account(account: Account | Row[Any]) -> bytes:
    has_vault = any(getattr(account, name) is not None for name in _VAULT)
    return _tag(WITH_VAULT if has_vault else CREDENTIALS, account)


def _tag_of_grant(grant: RoleGrant | Row[Any]) -> bytes:
    return _tag(ROLE_GRANT, grant)


def _tag(label: str, row: Account | RoleGrant | Row[Any]) -> bytes:
    context = contexts.encode(label, *(_part(getattr(row, name)) for name in COLUMNS[label]))
    return hmac.digest(open_keys.get().service.peppered(label), context, sha256)


def _part(value: Any) -> contexts.Part:  # noqa: ANN401 columns are of any type
    if value is None:
        return b""
    return value.isoformat() if hasattr(value, "isoformat") else cast("contexts.Part", value)
