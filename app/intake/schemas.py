"""What goes over the wire about grievances: what people send, and what they, their representatives and the case read."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, model_validator

from app.cases.lifecycle import CaseState
from app.crypto import hpke, identity
from app.intake import headcount
from app.intake.before_sending_schemas import BeforeSendingIn, RelayIn
from app.intake.headcount import Basis
from app.intake.models import Confidentiality
from app.kernel.days import PastDay
from app.kernel.octets import Base64
from app.kernel.texts import Label, Line, Prose, Statement
from app.policy.actors import Capacity
from app.vault.opening_models import OpeningState

LOOKUP_BYTES = 32
SIGNING_KEY_BYTES = 32
MOST_ALLEGATIONS = 50
MOST_CLAIMS = 20
MOST_SUPPORTERS = 500
MOST_IDENTITY_BYTES = identity.LEAST_BUCKET_HOLDS


def _usable_key(content: bytes) -> bytes:
    try:
        hpke.seal(content, b"", b"")
    except ValueError as error:
        raise ValueError("must be a usable MLKEM768-X25519 public key") from error
    return content


PublicKey = Annotated[
    bytes,
    AfterValidator(_usable_key),
    Base64(
        hpke.PUBLIC_KEY_BYTES,
        hpke.PUBLIC_KEY_BYTES,
        "MLKEM768-X25519 public key (docs/formats.md, Key pair).",
    ),
]
"""A public key that can be sealed to: a degenerate one is refused where it comes in, not when somebody reports."""

Lookup = Annotated[
    bytes,
    Base64(LOOKUP_BYTES, LOOKUP_BYTES, "The lookup secret that follows from the receipt (docs/formats.md, Receipt)."),
]
SigningKey = Annotated[
    bytes, Base64(SIGNING_KEY_BYTES, SIGNING_KEY_BYTES, "Ed25519 public key that follows from the receipt.")
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Identity(_In):
    """Who somebody is. Sealed before anything is stored, so that only enough custodians together can read it.

    It takes at most 1,020 bytes together: then it is stored in the same length as nobody's.
    """

    name: Line = Field(description="As colleagues know them.", examples=["Sam Archer"])
    contact: Line | None = Field(default=None, description="How to reach them in private.", examples=["07700 900123"])
    employee_number: Line | None = Field(default=None, description="Where it tells two people of one name apart.")

    @model_validator(mode="after")
    def _fills_no_second_bucket(self) -> Self:
        if len(self.to_bytes()) > MOST_IDENTITY_BYTES:
            raise ValueError(f"takes at most {MOST_IDENTITY_BYTES} bytes, so that its length tells nothing")
        return self

    def to_bytes(self) -> bytes:
        """Return what is sealed: compact JSON of what was given, at most MOST_IDENTITY_BYTES."""
        return self.model_dump_json(exclude_none=True).encode()


class RaisedAllegationIn(_In):
    """One thing alleged, in the words of whoever raises it."""

    label: Label | None = Field(default=None, description="Its number, if it has one. A text.", examples=["1.1"])
    statement: Statement = Field(
        description="What happened, who did it, when and where, as far as you want to say.",
        examples=["Visits that nobody made were entered in the record."],
    )


class ReporterKeys(_In):
    """What a client made from a receipt that it drew itself: the service never sees the receipt."""

    lookup: Lookup
    inbox_public_key: PublicKey
    signing_public_key: SigningKey | None = None


class _GrievanceIn(BeforeSendingIn):
    headline: Line = Field(description="In one line.", examples=["Visits were recorded that nobody made"])
    narrative: Prose = Field(
        description="Everything, in your own words.",
        examples=["Since January I have seen records of visits that nobody made."],
    )
    capacity: Line | None = Field(
        default=None,
        description="How you know: as an employee, a service user, a branch secretary.",
        examples=["employee"],
    )
    allegations: list[RaisedAllegationIn] = Field(
        default_factory=list, max_length=MOST_ALLEGATIONS, description="The things alleged one by one, if you can."
    )


class GrievanceIn(_GrievanceIn):
    """A grievance of one person."""

    confidentiality: Confidentiality = Field(
        description="anonymous: nobody can learn who you are from what is stored. confidential: only enough custodians "
        "together can. open: as confidential, and you do not mind if those who work the case learn it."
    )
    identity: Identity | None = Field(default=None, description="Required unless anonymous; refused if anonymous.")
    reporter_keys: ReporterKeys | None = Field(
        default=None,
        description="Made by your client from its own receipt. Without it the service makes a receipt for you.",
    )

    @model_validator(mode="after")
    def _identity_fits(self) -> Self:
        if self.confidentiality is Confidentiality.ANONYMOUS and self.identity is not None:
            raise ValueError("an anonymous grievance must not hold an identity")
        if self.confidentiality is not Confidentiality.ANONYMOUS and self.identity is None:
            raise ValueError("needs an identity unless it is anonymous")
        return self


class RelayedGrievanceIn(GrievanceIn):
    """A grievance of one person that a case officer enters for them."""

    relay: RelayIn
    received_on: PastDay = Field(description="The day on which it came. It starts the clocks.")


class HeadcountClaimIn(_In):
    """How many people somebody says there are, on what basis, and who says so."""

    number: StrictInt | None = Field(
        default=None, ge=1, le=headcount.MOST_PEOPLE, description="If there is an exact one."
    )
    wording: Line | None = Field(
        default=None, description="As it was put, where that says more.", examples=["about 35"]
    )
    basis: Basis = Field(
        description="asserted, signed, verified or press. What was signed or verified needs the number."
    )
    source: Line = Field(description="Who says so.", examples=["Signatures under the grievance"])
    claimed_on: PastDay = Field(description="The day the claim is of.")

    @model_validator(mode="after")
    def _says_how_many(self) -> Self:
        headcount.check(self.basis, self.number, self.wording)
        return self


class SupporterIn(_In):
    """One person behind a collective grievance."""

    identity: Identity


class CollectiveGrievanceIn(_GrievanceIn):
    """A grievance of many, submitted by their representative."""

    confidentiality: Confidentiality = Field(
        default=Confidentiality.CONFIDENTIAL, description="Of the supporters. If anonymous, none can be named here."
    )
    headcount_claims: list[HeadcountClaimIn] = Field(
        min_length=1, max_length=MOST_CLAIMS, description="Several may stand beside each other."
    )
    supporters: list[SupporterIn] = Field(
        default_factory=list,
        max_length=MOST_SUPPORTERS,
        description="Those who agreed to be known to the custodians. Each is sealed by itself.",
    )
    submitted_on: PastDay | None = Field(
        default=None,
        description="The day it was handed over on paper, if it was. It starts the clocks.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.confidentiality is Confidentiality.ANONYMOUS and self.supporters:
            raise ValueError("an anonymous grievance must not name its supporters")
        return self


class SubmittedOut(BaseModel):
    """What a reporter gets back. The receipt is shown this once and never again."""

    reference: str = Field(description="What people call the case.", examples=["CAN-55RF-80C6"])
    receipt: str | None = Field(
        description="Seven words, the only way back to your grievance; null if your client made the keys. Lost means lost.",
        examples=["abacus cactus vanilla tulip ramp oxygen linen"],
    )
    acknowledge_by: date = Field(description="By this day somebody confirms that it arrived.")
    feedback_by: date = Field(description="By this day you are told what is being done.")


class CollectiveSubmittedOut(BaseModel):
    """What a representative gets back."""

    id: UUID = Field(description="Of the grievance.")
    reference: str = Field(description="What people call the case.", examples=["CAN-55RF-80C6"])
    acknowledge_by: date = Field(description="By this day somebody confirms that it arrived.")
    feedback_by: date = Field(description="By this day you are told what is being done.")
    supporters: int = Field(description="How many identities were sealed.")


class InboxSessionIn(_In):
    """Proof that one holds the receipt: the receipt itself, or what a client made from it."""

    receipt: str | None = Field(default=None, max_length=400, description="The seven words, however you type them.")
    lookup: Lookup | None = Field(
        default=None, description="For clients that derive it: then the inbox stays sealed for them."
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.receipt is None) == (self.lookup is None):
            raise ValueError("needs either receipt or lookup")
        return self


class InboxSessionOut(BaseModel):
    """The key to the inbox, for some minutes."""

    token: str = Field(description="Send it as Authorization: Bearer to /v1/inbox.")
    expires_in: int = Field(description="Seconds.", examples=[900])
    padding: str = Field(default="", description="Blanks, so that every answer has one of a few lengths.")


class OpeningNoticeOut(BaseModel):
    """That somebody asked the custodians to open an identity, and what became of it."""

    requested_on: date
    by: Capacity = Field(description="In which part of the case they asked.")
    notice: str | None = Field(description="What they tell you. Null where the client opens `sealed` itself.")
    state: OpeningState = Field(
        description="released: what custodians approved was handed to who asked. opened: they learned who it is."
    )
    expires_on: date


class OpeningNoticesOut(BaseModel):
    """How often somebody asked to open an identity, as far as it may be told yet."""

    count: int
    items: list[OpeningNoticeOut] = Field(description="Oldest first.")


class SealedNoticeOut(BaseModel):
    """One sealed notice of an opening."""

    id: UUID
    notice: str


class RaisedAllegationOut(BaseModel):
    """One thing alleged, as it was said."""

    id: UUID
    label: str | None
    statement: str


class StatusOut(BaseModel):
    """Where a grievance stands."""

    reference: str = Field(examples=["CAN-55RF-80C6"])
    status: CaseState = Field(description="A step of the case that may be told outside it.")
    status_in_words: str
    submitted_on: date
    acknowledge_by: date
    acknowledged_on: date | None
    feedback_by: date


class ProvenEventOut(BaseModel):
    """An event of the log of acts, as its link is computed of it (docs/formats.md, Audit events)."""

    chain: UUID
    sequence: int
    event: str
    actor: UUID | None
    at: str
    touched: list[list[str | None]] = Field(
        description="Table, row and commitment, hex. `statement` is no table: it is what you said."
    )


class ReceiptProofOut(BaseModel):
    """That what you said is in the log of the organisation (docs/formats.md, Proof of receipt). Keep it: it needs no service."""

    organisation: UUID
    event: ProvenEventOut
    previous: str
    blind: str
    not_before: date | None = Field(description="Until it is in the log: the day from which it may be.")
    index: int | None
    path: list[str]
    checkpoint: str | None = Field(description="A signed note, which witnesses may have signed too.")


class SealedInboxOut(BaseModel):
    """What a client that derived its own keys opens for itself (docs/formats.md): all in base64."""

    organisation_id: UUID
    case_id: UUID
    grievance_id: UUID
    sealed_key: str = Field(description="The conversation's key, sealed to the reporter's public key.")
    key_version: int = Field(description="Which version of that key this is: under it you seal what you write.")
    confidentiality: str = Field(description="Its first letter.")
    headline: str
    narrative: str
    capacity: str | None
    statement_salt: str | None
    allegations: list["SealedAllegationOut"]
    openings: list["SealedNoticeOut"] = Field(description="In the order of `openings` outside.")


class SealedAllegationOut(BaseModel):
    """One sealed allegation."""

    id: UUID
    label: str | None
    statement: str


class InboxOut(StatusOut):
    """The reporter's way back: where it stands, and what they said, as they said it."""

    confidentiality: Confidentiality | None
    headline: str | None = Field(description="Null where the client opens `sealed` itself; likewise the other texts.")
    narrative: str | None
    capacity: str | None
    allegations: list[RaisedAllegationOut]
    statement_salt: str | None = Field(description="With what you said it gives what the proof commits to, hex.")
    proof: ReceiptProofOut
    openings: OpeningNoticesOut
    sealed: SealedInboxOut | None = Field(description="For sessions opened by `lookup`.")
    padding: str = Field(description="Blanks, so that every answer has one of a few lengths.")


class HeadcountClaimOut(BaseModel):
    """A number of people, and why anybody believes it."""

    id: UUID
    number: int | None
    in_words: str = Field(description="The claim as it was put.", examples=["about 35"])
    basis: Basis
    source: str
    claimed_on: date


class CollectiveItem(StatusOut):
    """A collective grievance as its representative's list shows it."""

    id: UUID


class CollectiveGrievanceOut(CollectiveItem):
    """A collective grievance as its representative wrote it."""

    confidentiality: Confidentiality
    headline: str
    narrative: str
    capacity: str | None
    allegations: list[RaisedAllegationOut]
    headcount_claims: list[HeadcountClaimOut] = Field(description="All of them, in the order in which they were made.")
    supporters: int = Field(description="How many gave the custodians their identity.")
    statement_salt: str | None = Field(description="With what you said it gives what the proof commits to, hex.")
    proof: ReceiptProofOut
    openings: OpeningNoticesOut = Field(description="Of supporters' identities.")
