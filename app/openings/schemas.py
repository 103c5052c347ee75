"""What goes over the wire in a ceremony. Bytes are standard base64 with padding; docs/formats.md, "Opening", says what is in them."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from app.crypto import documents, hpke, sharing, signing
from app.crypto.openings import LONGEST_TEXT, Purpose
from app.kernel.days import Day
from app.kernel.octets import Base64
from app.kernel.texts import Statement
from app.vault.opening_models import OpeningState

HEADER = hpke.FORMAT + hpke.SUITE_IDS
"""How everything begins that is sealed to a key; the id of the key follows."""
SEALED_OVERHEAD = 1_151
"""Bytes that sealing to a key adds: header, encapsulated key and tag."""
PIECE_BYTES = 1 + sharing.SECRET_BYTES
MOST_PIECES = 70
"""Nobody of nine custodians holds more."""


Document = Annotated[
    bytes, Base64(2, documents.LARGEST, "The signed document (docs/formats.md, Opening), byte for byte.")
]
Signature = Annotated[
    bytes,
    Base64(signing.SIGNATURE_BYTES, signing.SIGNATURE_BYTES, "Ed25519 signature (docs/formats.md, Signature)."),
]
Release = Annotated[
    bytes,
    Base64(
        SEALED_OVERHEAD + PIECE_BYTES,
        SEALED_OVERHEAD + MOST_PIECES * PIECE_BYTES,
        "The share sealed again to the key of the request.",
    ),
]
SealedReason = Annotated[
    bytes, Base64(SEALED_OVERHEAD + 1, SEALED_OVERHEAD + 4 * LONGEST_TEXT, "Why, sealed to the key of the request.")
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WithholdIn(_In):
    """Why the reporter is not told yet. It needs a second person's reason too."""

    reason: Statement = Field(description="Why telling them now would do harm. Sealed under the case key.")
    until: Day = Field(description="The day from which they are told all the same, at most 90 days away.")


class RecoveryIn(_In):
    """A request to the custodians, signed by the requester on their own machine."""

    document: Document
    signature: Signature

    @property
    def signed(self) -> documents.Signed:
        """The two together."""
        return documents.Signed(self.document, self.signature)


class OpeningIn(RecoveryIn):
    """A request to the custodians, signed by the requester on their own machine, and what the reporter is told."""

    notice: Statement = Field(
        description="What the reporter reads in the inbox. Sealed under the conversation's key.",
        examples=["The investigator has asked the custodians to learn who you are, in order to protect you."],
    )
    withhold: WithholdIn | None = Field(default=None, description="Null: the reporter is told at once.")


class WithholdingIn(_In):
    """A second person's reason."""

    reason: Statement = Field(description="Why the reporter is not told yet. Sealed under the case key.")


class ShareReleaseIn(_In):
    """A custodian's share, sealed again to the key of the request, and their signature."""

    release: Release
    signature: Signature


class RefusalIn(_In):
    """Why a custodian refuses, for whoever asked alone, and their signature."""

    reason_sealed: SealedReason
    signature: Signature


class OutcomeIn(_In):
    """What the requester's client found."""

    opened: StrictBool | None = Field(
        description="Whether the shares made the key. Null: too few are true yet, and the request stands for other custodians."
    )
    liars: list[UUID] = Field(
        default_factory=list,
        max_length=sharing.MOST_HOLDERS,
        description="Custodians whose pieces are not those dealt to them, as their commitments show.",
    )


class IdentityItem(BaseModel):
    """One sealed identity of a case. Whose it is, is not here."""

    id: UUID
    of: Literal["reporter", "supporter"]
    threshold: int = Field(description="How many custodians it takes.")
    custodians: list[UUID] = Field(description="Who holds a share, by custodian id.")
    openings: int = Field(description="How often it was asked for.")
    erased_on: date | None = Field(description="The day since which nobody can open it any more.")


class EscrowOut(BaseModel):
    """What custodians hold of the present key of a case."""

    subject_id: UUID = Field(description="What a request to recover the key names.")
    key_version: int = Field(description="Which version of the key it is; the grant names it.")
    threshold: int = Field(description="How many custodians it takes.")
    custodians: list[UUID] = Field(description="Who holds a share, by custodian id.")


class IdentitiesOut(BaseModel):
    """Every sealed identity of a case."""

    items: list[IdentityItem]


class OpeningOut(BaseModel):
    """How far a request is."""

    id: UUID = Field(description="Of the request, as its document has it.")
    purpose: Purpose
    subject_id: UUID = Field(description="Which identity, or which escrow of the case key.")
    requester_id: UUID
    state: OpeningState
    made_at: datetime
    expires_at: datetime
    notice: Literal["given", "withheld", "withheld_pending"] | None = Field(
        description="Whether the reporter is told; withheld_pending waits for a second person's reason. Null for the key of a case."
    )
    approvals: int = Field(description="Those that count now.")
    refusals: int
    threshold: int
    liars: list[UUID] = Field(
        description="Custodians whom the requester named, since their pieces were not those dealt."
    )


class OpeningDetail(OpeningOut):
    """A request as somebody who works the case reads it."""

    reason: str | None = Field(description="Null for whoever was not appointed when it was made.")
    legal_basis: str | None
    document: str | None = Field(description="The signed document, to be checked against the manifest.")
    signature: str | None


class OpeningsOut(BaseModel):
    """Every request that was made in a case for one purpose, newest first."""

    items: list[OpeningDetail]


class SharingOut(BaseModel):
    """How the secret is shared: what `identity.Sharing` needs."""

    reference: str
    threshold: int
    custodians: list[UUID]
    commitments: list[str]


class AskedItem(BaseModel):
    """A request as a custodian's list shows it."""

    id: UUID
    purpose: Purpose
    channel: str = Field(description="The slug of the channel.")
    state: OpeningState
    threshold: int
    expires_at: datetime
    my_answer: Literal["approval", "refusal"] | None


class AskedOut(BaseModel):
    """All that a custodian's own machine needs to judge a request and to answer it."""

    id: UUID
    purpose: Purpose
    channel: str = Field(description="The slug of the channel, whose manifests are public.")
    custodian_id: UUID
    state: OpeningState
    expires_at: datetime
    paper: str = Field(description="The signed request, sealed to the custodian's key.")
    sharing: SharingOut
    share: str = Field(description="The custodian's own share.")


class AnsweredOut(BaseModel):
    """What became of an answer."""

    state: OpeningState
    my_answer: Literal["approval", "refusal"]


class ShareReleaseOut(BaseModel):
    """One custodian's released share, to be checked against the manifest and the commitments."""

    custodian_id: UUID
    release: str
    signature: str


class RefusalOut(BaseModel):
    """One custodian's refusal."""

    custodian_id: UUID
    reason_sealed: str
    signature: str


class ReleasesOut(BaseModel):
    """What the requester combines on their own machine. The service cannot."""

    sharing: SharingOut
    ciphertext: str
    check: str
    shred_key: str = Field(description="The erasure key, without which the shares open nothing.")
    releases: list[ShareReleaseOut]
    refusals: list[RefusalOut]
