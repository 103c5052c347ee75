"""The key of a conversation, sealed to whoever raised a grievance and under the case key; docs/formats.md, "Conversation"."""

import secrets
from uuid import UUID

from app.crypto import case_keys, contexts, hpke

KEY_BYTES = 32
FIRST_VERSION = 1
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
    return case_keys.seal_under(case_key, _FOR_CASE, organisation_id, case_id, grievance_id, key)


def open_for_case(sealed: bytes, case_key: bytes, organisation_id: UUID, case_id: UUID, grievance_id: UUID) -> bytes:
    """Return the key, opened with the key of the case.

    Raises:
        SealBroken: it was altered, or is of another case.

    """
    return case_keys.open_under(case_key, _FOR_CASE, organisation_id, case_id, grievance_id, sealed)
