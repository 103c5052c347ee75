"""What the service makes of a receipt: how it is found, and the token of a look into the inbox. It stores nothing.

`derive` blocks for a fraction of a second: it runs in a pool of threads, outside any transaction. Formats: docs/formats.md, "Receipt"
and "Inbox session".
"""

import base64
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from app.crypto import contexts, fields, receipts
from app.crypto.receipts import ReceiptKeys
from app.kernel.keyring import ServiceKeys

_SECRET_BYTES = 32
_SECONDS_BYTES = 4


def salt(keys: ServiceKeys) -> bytes:
    """Return the public salt of all receipts of this service. It follows from the pepper, without which none is found anyway."""
    return keys.peppered("receipt-salt")


def derive(keys: ServiceKeys, receipt: str) -> ReceiptKeys:
    """Return the keys of a receipt. Blocks.

    Raises:
        ValueError: it is not seven words of the list.

    """
    return receipts.derive(receipt, salt(keys))


def stored_lookup(keys: ServiceKeys, lookup: bytes) -> bytes:
    """Return what the database finds a receipt by. Without the pepper it cannot be computed."""
    return hmac.digest(keys.peppered("receipt-stored-lookup"), lookup, sha256)


@dataclass(frozen=True)
class InboxToken:
    """A token that its holder alone has: it opens the conversation's key, and says itself when it ends."""

    secret: bytes = field(repr=False)
    ends_at: datetime

    @classmethod
    def fresh(cls, now: datetime, life: timedelta) -> "InboxToken":
        """Return a new token that ends `life` from `now`."""
        return cls(secrets.token_bytes(_SECRET_BYTES), (now + life).astimezone(UTC).replace(microsecond=0))

    @classmethod
    def read(cls, text: str) -> "InboxToken":
        """Return the token that a header holds.

        Raises:
            ValueError: it is not one of ours.

        """
        try:
            content = base64.b64decode(text, altchars=b"-_", validate=True)
        except ValueError as error:
            raise ValueError("not a token") from error
        if len(content) != _SECONDS_BYTES + _SECRET_BYTES:
            raise ValueError("not a token")
        return cls(content[_SECONDS_BYTES:], datetime.fromtimestamp(int.from_bytes(content[:_SECONDS_BYTES]), UTC))

    def _bytes(self) -> bytes:
        return int(self.ends_at.timestamp()).to_bytes(_SECONDS_BYTES) + self.secret

    def text(self) -> str:
        """Return the token as a header holds it."""
        return base64.urlsafe_b64encode(self._bytes()).decode()

    def digest(self) -> bytes:
        """Return what the database finds the session by. The end is part of it, so that it cannot be put off."""
        return sha256(contexts.encode("inbox-token") + self._bytes()).digest()

    def seal(self, session_id: UUID, key: bytes) -> bytes:
        """Return the conversation's key sealed under the token."""
        return fields.seal(
            fields.derive(self.secret, "inbox-session"), contexts.encode("inbox-session", session_id), key
        )

    def open(self, session_id: UUID, sealed: bytes) -> bytes:
        """Return the conversation's key.

        Raises:
            SealBroken: it belongs to another session, or was altered.

        """
        return fields.open_(
            fields.derive(self.secret, "inbox-session"), contexts.encode("inbox-session", session_id), sealed
        )
