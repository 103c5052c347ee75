"""What goes over the wire about mail addresses and webhooks."""

from datetime import date
from typing import Annotated
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from app.notifications.templates import Language

LONGEST_ADDRESS = 254
"""Source: RFC 5321 section 4.5.3.1.3."""
LONGEST_URL = 2_000


def _mail_address(text: str) -> str:
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise ValueError("must be a mail address") from error  # the library's words repeat what was typed
    assert found.ascii_email is not None  # noqa: S101 without SMTPUTF8 there is one
    return found.ascii_email


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MailAddressIn(_In):
    """Where you get mail. It says that there is something for you, and never what."""

    address: Annotated[
        str,
        Field(min_length=3, max_length=LONGEST_ADDRESS, examples=["officer@example.org"]),
        AfterValidator(_mail_address),
    ]
    language: Language = Field(default=Language.ENGLISH, description="In which language the mail is.")
    always: StrictBool = Field(
        default=False,
        description="Send a mail in every slot, whether there is something or not, so that no mail tells anything.",
    )


class MailAddressOut(BaseModel):
    """Where you get mail."""

    address: str | None = Field(description="Null if you get none.")
    language: Language
    always: bool


class WebhookIn(_In):
    """Another system that is told when there is something new."""

    url: str = Field(
        min_length=1,
        max_length=LONGEST_URL,
        description="An https address whose host the operator has listed.",
        examples=["https://hooks.example.org/candour"],
    )


class WebhookOut(BaseModel):
    """Where another system is told that there is something new."""

    id: UUID
    url: str
    made_on: date


class NewWebhookOut(WebhookOut):
    """A webhook, and its secret: shown this once."""

    secret: str = Field(description="Verifies the signature of each call (Standard Webhooks). Keep it.")
