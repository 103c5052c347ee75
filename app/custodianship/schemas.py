"""What goes over the wire about manifests and custody."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.crypto import documents, hpke, identity, sharing, signing
from app.kernel.octets import Base64
from app.kernel.texts import Statement
from app.vault.subjects import Kind

LONGEST_SHARE = max(
    identity.share_bytes(threshold, holders)
    for holders in range(1, sharing.MOST_HOLDERS + 1)
    for threshold in range(1, holders + 1)
)


class Incoming(BaseModel):
    """What people send: no member that is not known."""

    model_config = ConfigDict(extra="forbid")


Signature = Annotated[bytes, Base64(signing.SIGNATURE_BYTES, signing.SIGNATURE_BYTES, "Ed25519 signature in base64.")]


class ManifestIn(Incoming):
    """What a root signed about the keys of this channel."""

    document: Annotated[bytes, Base64(2, documents.LARGEST, "The signed bytes (docs/formats.md, Manifest).")]
    signature: Signature


class ManifestPublished(BaseModel):
    """A manifest that is in force from now on."""

    epoch: int
    digest: str = Field(description="Its name in hexadecimal.")
    issued_on: date


class ManifestOut(BaseModel):
    """One manifest of the chain, as its root signed it."""

    epoch: int
    digest: str = Field(description="Its name in hexadecimal.")
    document: str = Field(description="Base64.")
    signature: str = Field(description="Base64.")


class ManifestsOut(BaseModel):
    """The whole chain, oldest first."""

    items: list[ManifestOut]


Share = Annotated[bytes, Base64(1, LONGEST_SHARE, "A share, sealed by its custodian to themselves (docs/formats.md).")]


class ShareIn(Incoming):
    """One's own share, sealed anew."""

    share: Share
    signature: Signature = Field(
        description='Under `share-replaced` (docs/formats.md, "Re-sharing"), with one\'s signing key.'
    )


class ShareOut(BaseModel):
    """One's own share of something, and all that opening it takes but the private key."""

    id: UUID
    kind: Kind
    subject_id: UUID
    case_id: UUID
    custodian_id: UUID = Field(description="Oneself, as the sharing names one.")
    reference: str = Field(description="Base64; what the sharing is bound to.")
    threshold: int
    custodians: list[UUID] = Field(description="All who hold a share of it, rising.")
    commitments: list[str] = Field(description="Base64, one for each piece.")
    share: str = Field(description="Base64.")
    is_current: bool = Field(description="Whether it is sealed to one's key of the newest manifest.")


class CustodianState(BaseModel):
    """A custodian, and whether what was shared with them can be used."""

    id: UUID
    label: str
    account_id: UUID
    is_usable: bool = Field(description="Whether their account is active and holds the role of custodian.")


class CustodyOut(BaseModel):
    """Whether enough custodians can still open what was sealed to them."""

    threshold: int
    custodians: list[CustodianState]
    subjects: dict[str, int] = Field(description="How many things are shared among custodians, by kind.")
    shares_due: int = Field(description="How many shares the custodians have yet to seal to their newest keys.")
    usable_at_least: int = Field(description="The fewest usable shares that anything has.")
    alarm: bool = Field(description="Whether for something at most one usable share more is left than it takes.")


Commitment = Annotated[bytes, Base64(32, 32, "SHA-256 in base64.")]
MOST_PIECES = max(
    sharing.pieces_of(threshold, sharing.MOST_HOLDERS) for threshold in range(1, sharing.MOST_HOLDERS + 1)
)
LONGEST_BOX = hpke.SEALING_BYTES + 34 * MOST_PIECES * MOST_PIECES


class DealIn(Incoming):
    """What an old custodian gives to the new ones."""

    commitments: list[Commitment] = Field(
        max_length=MOST_PIECES * MOST_PIECES, description="To every sub-piece, by rising old piece, then new piece."
    )
    boxes: dict[UUID, Annotated[bytes, Base64(1, LONGEST_BOX, "Sealed to that custodian.")]] = Field(
        max_length=sharing.MOST_HOLDERS, description="One for each new custodian, by id."
    )
    signature: Signature = Field(
        description="Under `resharing-deal`, with the signing key of the last manifest naming one."
    )


class AcceptanceIn(Incoming):
    """What a new custodian says of their new pieces."""

    commitments: list[Commitment] = Field(max_length=MOST_PIECES, description="To one's new pieces, rising.")
    signature: Signature = Field(
        description="Under `resharing-acceptance`, with one's signing key of the newest manifest."
    )


class Step(StrEnum):
    """What somebody has to do next for a re-sharing."""

    DEAL = "deal"
    ACCEPT = "accept"
    FINISH = "finish"
    WAIT = "wait"


class OldSharing(BaseModel):
    """How something is shared until the exchange."""

    threshold: int
    custodians: list[UUID]
    commitments: list[str]
    custodian_id: UUID | None = Field(description="Oneself among the old custodians.")
    share: str | None = Field(description="One's own share, in base64.")


class Recipient(BaseModel):
    """A new custodian."""

    id: UUID
    sealing_key: str


class NewSharing(BaseModel):
    """How something is to be shared."""

    manifest: str = Field(description="Name of the manifest in force, in hexadecimal.")
    threshold: int
    custodians: list[Recipient]
    custodian_id: UUID | None = Field(description="Oneself among the new custodians.")


class DealOut(BaseModel):
    """What an old custodian dealt. The signature is over the digests of all boxes, of which one sees one's own."""

    custodian_id: UUID
    commitments: list[str]
    box: str | None
    box_digests: list[str] = Field(description="SHA-256 of each box in base64, by rising id of its recipient.")
    signature: str


class AcceptanceOut(BaseModel):
    """What a new custodian said of their new pieces."""

    custodian_id: UUID
    commitments: list[str]
    signature: str


class ResharingOut(BaseModel):
    """Something that is to be shared otherwise than it is, and how far that is."""

    id: UUID = Field(exclude=True)
    kind: Kind
    subject_id: UUID
    case_id: UUID
    reference: str
    step: Step
    deals_needed: int
    disputed: list[list[UUID]] = Field(
        description="For each old piece of which dealers say different things: all who dealt it. One of them lies."
    )
    old: OldSharing
    new: NewSharing
    deals: list[DealOut]
    acceptances: list[AcceptanceOut]


class ErasureIn(Incoming):
    """Why an identity is never to be opened."""

    reason: Statement = Field(examples=["The reporter asked for it."])


class ErasureOut(BaseModel):
    """That an identity can never be opened."""

    identity_id: UUID
    erased_on: date
