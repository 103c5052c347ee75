"""The tag by which the service knows its own grants of case keys again; docs/formats.md, "Case key"."""

import hmac
from hashlib import sha256
from uuid import UUID

from app.crypto import contexts
from app.kernel.keyring import ServiceKeys


def tag_of(
    service_keys: ServiceKeys, version: int, organisation_id: UUID, case_id: UUID, account_id: UUID, sealed: bytes
) -> bytes:
    """Return the MAC of a grant: one that somebody else wrote into the database counts for nothing."""
    context = contexts.encode("case-key-grant", organisation_id, case_id, version, account_id, sealed)
    return hmac.digest(service_keys.peppered("case-key-grant"), context, sha256)
