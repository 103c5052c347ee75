"""What passes between a case and whoever raised it, over the wire.

What a reporter writes comes in clear, or sealed by their client, which then also opens what it is shown: the clear members are null then.
"""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, model_validator

from app.cases.lifecycle import CaseState
from app.crypto import columns, fields, signing
from app.crypto.texts import LINE_LENGTH, tidy_lines
from app.duties.profiles import DutyKind
from app.findings.outcomes import NoViewReason, Outcome
from app.inbox.duties import OwedState
from app.inbox.models import Side
from app.inbox.outcomes import Standing
from app.intake.models import Confidentiality
from app.intake.schemas import Identity
from app.intake.sealed_schemas import SealedIdentityIn
from app.kernel.octets import Base64
from app.kernel.texts import Statement

MESSAGE_LENGTH = 10_000
_BYTES_OF_A_CHARACTER = 4
"""Source: RFC 3629 section 3, UTF-8."""
PADDING = Field(default="", description="Blanks, so that every answer has one of a few lengths.")


class In(BaseModel):
    """A body. It names nothing that is not known here."""

    model_config = ConfigDict(extra="forbid")


def _is_a_sealed_column(content: bytes) -> bytes:
    if columns.version_of(content) < 1 or content[columns.VERSION_BYTES : columns.VERSION_BYTES + 1] != fields.FORMAT:
        raise ValueError("must be a sealed column")
    return content


def _length(characters: int) -> int:
    return columns.VERSION_BYTES + len(fields.seal(bytes(fields.KEY_BYTES), b"", bytes(characters)))


_WHAT = "Sealed under the key of the conversation (docs/formats.md, Message)."
_SEALED = AfterValidator(_is_a_sealed_column)
Sealed = Annotated[bytes, _SEALED, Base64(_length(1), _length(MESSAGE_LENGTH * _BYTES_OF_A_CHARACTER), _WHAT)]
SealedLine = Annotated[bytes, _SEALED, Base64(_length(1), _length(LINE_LENGTH * _BYTES_OF_A_CHARACTER), _WHAT)]
SealedLetter = Annotated[bytes, _SEALED, Base64(_length(1), _length(1), _WHAT)]
Signature = Annotated[
    bytes,
    Base64(signing.SIGNATURE_BYTES, signing.SIGNATURE_BYTES, "By the signing key that follows from the receipt."),
]
Text = Annotated[
    str,
    Field(min_length=1, max_length=MESSAGE_LENGTH, examples=["I found the list of visits. Shall I send it?"]),
    AfterValidator(lambda text: tidy_lines(text, MESSAGE_LENGTH)),
]


class SealedIn(In):
    """What heads everything that a reporter's client sealed."""

    id: UUID = Field(description="A UUIDv7 of this day, drawn by the client. It is taken once.")
    signature: Signature | None = Field(
        default=None, description="Required where the grievance came with a signing key."
    )


class SealedMessageIn(SealedIn):
    """A message that was sealed where it was written."""

    text: Sealed


class InboxMessageIn(In):
    """What a reporter writes."""

    text: Text | None = None
    sealed: SealedMessageIn | None = Field(default=None, description="For sessions opened by `lookup`.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.text is None) == (self.sealed is None):
            raise ValueError("needs either text or sealed")
        return self


class MessageIn(In):
    """What somebody with an account writes to whoever raised the grievance, or as their representative."""

    text: Text
    signs_with_name: StrictBool = Field(
        default=False, description="Show your name with it. Otherwise only in which part of the case you write."
    )


class SealedMessageOut(BaseModel):
    """The texts of a message for a client that opens them itself: base64."""

    text: str
    signed_as: str | None


class MessageOut(BaseModel):
    """One message."""

    id: UUID
    position: int
    side: Side = Field(description="Who speaks: a part, never a name.")
    sent_on: date
    text: str | None = Field(description="Null where the client opens `sealed` itself.")
    signed_as: str | None = Field(description="The writer's name, where they chose to give it.")
    sealed: SealedMessageOut | None


class MessagesOut(BaseModel):
    """Part of a conversation, oldest first."""

    items: list[MessageOut]
    next: int | None = Field(description="Show what comes after this position for the rest; null if there is none.")


class InboxMessagesOut(MessagesOut):
    """The same, in one of a few lengths."""

    padding: str = PADDING


class SentOut(BaseModel):
    """That it was stored."""

    id: UUID
    position: int
    on: date


class InboxSentOut(SentOut):
    """The same, in one of a few lengths."""

    padding: str = PADDING


class OwedOut(BaseModel):
    """One thing that you are owed, and whether it was kept."""

    kind: DutyKind
    owed: str
    due_on: date
    kept_on: date | None
    state: OwedState
    in_words: str


class OutcomeOut(BaseModel):
    """What was found."""

    outcome: Outcome
    no_view_reason: NoViewReason | None
    in_words: str


class SealedExplanationOut(BaseModel):
    """An explanation for a client that opens it itself: base64."""

    id: UUID
    text: str


class AnswerToAllegationOut(BaseModel):
    """What became of one thing that was alleged."""

    raised_allegation_id: UUID = Field(description="As `/v1/inbox` lists it.")
    standing: Standing
    in_words: str
    outcomes: list[OutcomeOut] = Field(description="More than one where it was looked into in parts.")
    explanation: str | None = Field(description="Written for you. Null where the client opens `sealed` itself.")
    sealed: SealedExplanationOut | None


class ProgressOut(BaseModel):
    """Where a grievance stands, what is owed, and what became of each thing that was alleged."""

    reference: str = Field(examples=["CAN-55RF-80C6"])
    status: CaseState
    status_in_words: str
    duties: list[OwedOut] = Field(description="In the order in which they are due.")
    outcomes_told_on: date | None = Field(description="From this day on you may read what was found.")
    allegations: list[AnswerToAllegationOut] = Field(description="In the order in which you raised them.")


class InboxProgressOut(ProgressOut):
    """The same, in one of a few lengths."""

    padding: str = PADDING


class ExplanationIn(In):
    """What whoever raised an allegation is told of its outcome, in words for them. It is read once outcomes are told."""

    raised_allegation_id: UUID = Field(description="As the grievance lists it.")
    text: Statement = Field(
        description="Never evidence, and nobody's name.",
        examples=["The records of two of the months you named were changed; those of the third were not."],
    )


class OutcomesToldOut(BaseModel):
    """That outcomes are told."""

    told_on: date


class IdentityIn(In):
    """Who a reporter is, given after the grievance."""

    identity: Identity
    confidentiality: Literal["confidential", "open"] = Field(
        default="confidential",
        description="confidential: only enough custodians together can learn it. open: and you do not mind if those who work "
        "the case do.",
    )


class SealedIdentityReplacementIn(In):
    """A record that the client sealed, of somebody or of nobody: the two look alike."""

    identity: SealedIdentityIn
    confidentiality: SealedLetter = Field(description="Its first letter, sealed.")
    signature: Signature | None = None


class InboxIdentityOut(BaseModel):
    """What is kept of who you are from now on."""

    confidentiality: Confidentiality | None = Field(description="Null where the client sealed it.")
    in_words: str
    was_opened_before: bool
    padding: str = PADDING
