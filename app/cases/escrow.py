"""Deals a case key to the custodians of the case's channel, so that enough of them together can recover it. It touches no database.

It is shared as an identity is (docs/formats.md, "Case key"): no single custodian, and no administrator, holds a copy.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases.models import CaseKeyEscrow, CaseKeyShare
from app.crypto import case_keys, fields, identity
from app.kernel.db import table_of
from app.kernel.ids import new_id
from app.kernel.keyring import ServiceKeys

_ESCROWS, _SHARES = table_of(CaseKeyEscrow), table_of(CaseKeyShare)
Rows = tuple[tuple[Table, list[dict[str, Any]]], ...]


@dataclass(frozen=True)
class Holders:
    """The custodians to whom a case key is dealt, and how many of them it takes."""

    custodians: tuple[identity.Custodian, ...]
    threshold: int


FindHolders = Callable[[AsyncSession, UUID, UUID], Awaitable[Holders | None]]
"""What `main` puts on app.state.find_holders: who holds shares for an organisation's channel, or None if that is not certain."""


def shred_key(service_keys: ServiceKeys, organisation_id: UUID, case_id: UUID, version: int) -> bytes:
    """Return the key without which no shares open a case key: custodians who have a stolen database alone have none."""
    return fields.derive(
        service_keys.peppered("case-key-shred"), "case-key-shred-key", organisation_id, case_id, version
    )


def deal(
    case_key: bytes, version: int, organisation_id: UUID, case_id: UUID, holders: Holders, service_keys: ServiceKeys
) -> Rows:
    """Return the rows of one version of a case key, dealt to its holders. It costs half a millisecond for each of them."""
    sealed = identity.seal_identity(
        case_key,
        case_keys.reference_of(organisation_id, case_id, version),
        holders.custodians,
        holders.threshold,
        shred_key(service_keys, organisation_id, case_id, version),
    )
    escrow_id = new_id()
    row = {
        "organisation_id": organisation_id,
        "id": escrow_id,
        "case_id": case_id,
        "key_version": version,
        "threshold": holders.threshold,
        "holders": len(holders.custodians),
        "ciphertext": sealed.ciphertext,
        "check_value": sealed.check,
        "commitments": b"".join(sealed.commitments),
        "verifier": case_keys.verifier_of(case_keys.proof_of(case_key)),
    }
    shares = [
        {
            "organisation_id": organisation_id,
            "id": new_id(),
            "escrow_id": escrow_id,
            "custodian_id": custodian_id,
            "share": share,
        }
        for custodian_id, share in sealed.shares.items()
    ]
    return ((_ESCROWS, [row]), (_SHARES, shares))
