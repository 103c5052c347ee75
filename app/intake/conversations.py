"""The key of a conversation: what a grievance's texts are sealed under. Whoever raised it opens it, and so does the case.

It reads nothing from the database itself.

Format: docs/formats.md, "Conversation".
"""

import hmac
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.crypto import contexts, conversation_keys
from app.crypto.columns import seal_value
from app.intake.models import Grievance
from app.kernel.keyring import ServiceKeys
from app.kernel.sealed import Sealed


def sender_tag(service_keys: ServiceKeys, organisation_id: UUID, grievance_id: UUID, public_key: bytes) -> bytes:
    """Return the MAC by which the service knows again the public key that a grievance came with."""
    context = contexts.encode("conversation-sender", organisation_id, grievance_id, public_key)
    return hmac.digest(service_keys.peppered("conversation-sender"), context, sha256)


def is_sender(service_keys: ServiceKeys, grievance: Grievance, public_key: bytes) -> bool:
    """Whether the grievance came with this public key; one that somebody wrote into the database is not it."""
    expected = sender_tag(service_keys, grievance.organisation_id, grievance.id, public_key)
    return hmac.compare_digest(grievance.sender_tag, expected)


def open_in_case(grievance: Grievance, case_key: bytes) -> bytes:
    """Return the key of the grievance's conversation, opened with the key of its case.

    Raises:
        SealBroken: the row was altered, or is of another case.

    """
    return conversation_keys.open_for_case(
        grievance.key_for_case, case_key, grievance.organisation_id, grievance.case_id, grievance.id
    )


def seal_text(
    key: bytes, column: Sealed[Any], organisation_id: UUID, grievance_id: UUID, row: UUID, text: str | None
) -> bytes | None:
    """Return what the column of that row holds for `text`. For rows made before the transaction and outside the request."""
    if text is None:
        return None
    return seal_value(
        key,
        conversation_keys.FIRST_VERSION,
        organisation_id,
        grievance_id,
        column.table,
        column.name,
        row,
        text.encode(),
    )
