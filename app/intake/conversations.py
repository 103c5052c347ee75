"""The key of a conversation: what a grievance's texts are sealed under. Whoever raised it opens it, and so does the case.

It reads nothing from the database itself.

Format: docs/formats.md, "Conversation".
"""

import secrets
from typing import Any
from uuid import UUID

from app.cases import keys
from app.crypto import contexts, hpke
from app.intake.models import Grievance
from app.kernel.sealed import Sealed, seal_value

KEY_BYTES = 32
_FOR_CASE = "conversation-for-case"


def new_key() -> bytes:
    """Return a fresh key of a conversation."""
    return secrets.token_bytes(KEY_BYTES)


def _context(organisation_id: UUID, grievance_id: UUID, public_key: bytes) -> bytes:
    return contexts.encode("conversation", organisation_id, grievance_id, public_key)


def seal_for_sender(key: bytes, organisation_id: UUID, grievance_id: UUID, sender: hpke.PublicKey) -> bytes:
    """Return the key sealed to whoever raised the grievance.

    Raises:
        ValueError: the public key is degenerate.

    """
    return sender.seal(key, _context(organisation_id, grievance_id, sender.public))


def open_as_sender(sealed: bytes, organisation_id: UUID, grievance_id: UUID, private: hpke.PrivateKey) -> bytes:
    """Return the key of the conversation.

    Raises:
        SealBroken: it was sealed to somebody else, for another grievance, or was altered.

    """
    return private.open(sealed, _context(organisation_id, grievance_id, private.public))


def seal_for_case(key: bytes, case_key: bytes, organisation_id: UUID, case_id: UUID, grievance_id: UUID) -> bytes:
    """Return the key sealed under the key of the case."""
    return keys.seal_under(case_key, _FOR_CASE, organisation_id, case_id, grievance_id, key)


def open_in_case(grievance: Grievance, case_key: bytes) -> bytes:
    """Return the key of the grievance's conversation, opened with the key of its case.

    Raises:
        SealBroken: the row was altered, or is of another case.

    """
    return keys.open_under(
        case_key, _FOR_CASE, grievance.organisation_id, grievance.case_id, grievance.id, grievance.key_for_case
    )


def seal_text(
    key: bytes, column: Sealed[Any], organisation_id: UUID, grievance_id: UUID, row: UUID, text: str | None
) -> bytes | None:
    """Return what the column of that row holds for `text`. For rows made before the transaction and outside the request."""
    if text is None:
        return None
    return seal_value(
        key, Grievance.KEY_VERSION, organisation_id, grievance_id, column.table, column.name, row, text.encode()
    )
