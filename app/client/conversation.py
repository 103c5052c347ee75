"""Opens, on the reporter's machine, what was said in a grievance; docs/formats.md, "Conversation" and "Sealed column"."""

from uuid import UUID

from app.client.server import Answer
from app.crypto import columns, conversation_keys, hpke

GRIEVANCES, ALLEGATIONS, NOTICES = "grievances", "raised_allegations", "opening_notices"


class Conversation:
    """A grievance whose texts open here."""

    def __init__(self, shown: Answer, private: hpke.PrivateKey) -> None:
        """Open the key of the conversation.

        Raises:
            SealBroken: it is not sealed to this receipt, or was altered.

        """
        self.organisation = shown.uuid("organisation_id")
        self.grievance = shown.uuid("grievance_id")
        self._shown = shown
        self._version = shown.number("key_version")
        sealed = shown.octets("sealed_key")
        self._key = conversation_keys.open_as_sender(sealed, self.organisation, self.grievance, private)

    def text(self, column: str) -> str:
        """Return a text of the grievance.

        Raises:
            SealBroken: it was altered, or moved there.

        """
        return self._open(self._shown, GRIEVANCES, column, self.grievance)

    def optional_text(self, column: str) -> str | None:
        """Return a text of the grievance, or None. It raises as `text` does."""
        return self.text(column) if self._shown.has(column) else None

    def allegations(self) -> list[tuple[str | None, str]]:
        """Return label and statement of each allegation. It raises as `text` does."""
        return [
            (
                self._open(one, ALLEGATIONS, "label", one.uuid("id")) if one.has("label") else None,
                self._open(one, ALLEGATIONS, "statement", one.uuid("id")),
            )
            for one in self._shown.each("allegations")
        ]

    def notices(self) -> list[str]:
        """Return what is told of each opening, in the order of the openings. It raises as `text` does."""
        if not self._shown.has("openings"):
            return []
        return [self._open(one, NOTICES, "text", one.uuid("id"), "notice") for one in self._shown.each("openings")]

    def opened(self, shown: Answer, table: str, column: str, row: UUID) -> str:
        """Return a text of another row of the conversation. It raises as `text` does."""
        return self._open(shown, table, column, row)

    def seal(self, table: str, column: str, row: UUID, text: str) -> bytes:
        """Return a text as that column of that row holds it."""
        place = (self.organisation, self.grievance, table, column, row)
        return columns.seal_value(self._key, self._version, *place, text.encode())

    def _open(self, shown: Answer, table: str, column: str, row: UUID, member: str = "") -> str:
        place = (self.organisation, self.grievance, table, column, row)
        return columns.open_value(self._key, *place, shown.octets(member or column)).decode()
