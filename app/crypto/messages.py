"""Signs what a reporter writes after the grievance, where it was sealed on their own machine; docs/formats.md, "Message".

The key follows from the receipt. A signature is bound to the conversation, to what kind of thing is said, to the row that it becomes
and to every ciphertext in that row: nothing of it can be moved or sent a second time.
"""

from enum import StrEnum
from uuid import UUID

from app.crypto import signing

_SAID_LABEL = "conversation-said"


class Said(StrEnum):
    """What kind of thing is said."""

    MESSAGE = "message"
    DETRIMENT = "detriment"
    CHECK_IN = "check-in"
    IDENTITY = "identity"


def sign(seed: bytes, kind: Said, organisation_id: UUID, grievance_id: UUID, row: UUID, *sealed: bytes) -> bytes:
    """Return the 64-byte signature of what is sent. A text that is missing counts as no bytes.

    Raises:
        ValueError: the seed is not 32 bytes.

    """
    return signing.sign_context(seed, _SAID_LABEL, kind.value, organisation_id, grievance_id, row, *sealed)


def check(
    public: bytes, signature: bytes, kind: Said, organisation_id: UUID, grievance_id: UUID, row: UUID, *sealed: bytes
) -> None:
    """Return if whoever holds the receipt signed exactly this.

    Raises:
        NotAuthentic: otherwise.

    """
    signing.check_signature(public, signature, _SAID_LABEL, kind.value, organisation_id, grievance_id, row, *sealed)
