"""The one mail that Candour sends, in each language. It says that there is something, and never what. Pure."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from uuid import UUID


class Language(StrEnum):
    """In which language a mail is."""

    ENGLISH = "en"
    WELSH = "cy"


@dataclass(frozen=True)
class _Text:
    subject: str
    body: str


TEXTS = {
    Language.ENGLISH: _Text("Candour", "There is something for you in Candour. Sign in.\n"),
    Language.WELSH: _Text("Candour", "Mae rhywbeth i chi yn Candour. Mewngofnodwch.\n"),
}
"""The same for every reason, so that neither subject nor body nor size tells one."""


def mail(language: Language, sender: str, recipient: str, slot_at: datetime, event_id: UUID) -> bytes:
    """Return the mail as it goes over the wire.

    Its date is that of the slot, its id is random and the same at every try. It names no host, no program and no address
    but the two.
    """
    text = TEXTS[language]
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(addr_spec=sender)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = text.subject
    message["Date"] = format_datetime(slot_at)
    message["Message-ID"] = f"<{event_id.hex}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.body, charset="utf-8", cte="7bit")
    return message.as_bytes()
