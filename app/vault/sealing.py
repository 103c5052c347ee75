"""Seals identities and makes their rows. It blocks a little for each custodian: callers run it in a pool of threads."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from app.crypto import identity
from app.kernel.db import table_of
from app.kernel.ids import new_id
from app.vault.models import IdentityShare, SealedIdentity

Rows = tuple[tuple[Table, list[dict[str, Any]]], ...]
_IDENTITIES, _SHARES = table_of(SealedIdentity), table_of(IdentityShare)


@dataclass(frozen=True)
class Sealing:
    """Identities that are sealed and not stored yet: their keys in order, their rows, and what is kept apart from those."""

    ids: tuple[UUID, ...]
    rows: Rows = field(repr=False)
    erasure_keys: dict[UUID, bytes] = field(repr=False)


def prepare(
    organisation_id: UUID,
    case_id: UUID,
    identities: Sequence[bytes],
    custodians: Sequence[identity.Custodian],
    threshold: int,
) -> Sealing:
    """Return the identities sealed, each so that `threshold` custodians and its erasure key open it. No bytes stand for no name.

    Raises:
        ValueError: an identity exceeds 32764 bytes, a custodian's key is not usable, or the threshold does not fit.

    """
    sealed: dict[UUID, identity.SealedIdentity] = {}
    erasure_keys: dict[UUID, bytes] = {}
    for person in identities:
        identity_id = new_id()
        erasure_keys[identity_id] = secrets.token_bytes(identity.SHRED_KEY_BYTES)
        bound_to = identity.reference_of(organisation_id, case_id, identity_id)
        sealed[identity_id] = identity.seal_identity(person, bound_to, custodians, threshold, erasure_keys[identity_id])
    return Sealing(tuple(erasure_keys), rows_of(organisation_id, case_id, sealed, threshold), erasure_keys)


def rows_of(
    organisation_id: UUID, case_id: UUID, identities: Mapping[UUID, identity.SealedIdentity], threshold: int
) -> Rows:
    """Return the rows of sealed identities, by their ids."""
    identity_rows = [
        {
            "organisation_id": organisation_id,
            "id": identity_id,
            "case_id": case_id,
            "threshold": threshold,
            "holders": len(sealed.shares),
            "ciphertext": sealed.ciphertext,
            "check_value": sealed.check,
            "commitments": b"".join(sealed.commitments),
            "erased_on": None,
        }
        for identity_id, sealed in identities.items()
    ]
    share_rows = [
        {
            "organisation_id": organisation_id,
            "id": new_id(),
            "identity_id": identity_id,
            "custodian_id": custodian_id,
            "share": share,
        }
        for identity_id, sealed in identities.items()
        for custodian_id, share in sealed.shares.items()
    ]
    return ((_IDENTITIES, identity_rows), (_SHARES, share_rows)) if identity_rows else ()
