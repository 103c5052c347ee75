"""What goes over the wire about channels: their public page, and how an administrator opens and changes them."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints, model_validator

from app.crypto.sharing import MOST_HOLDERS
from app.duties.calendar import Nation
from app.duties.profiles import LawProfile
from app.intake.categories import Relation
from app.intake.channel_settings_schemas import (
    ChannelCategoryOut,
    ChannelOfficerOut,
    ChannelSettingsIn,
    FileRulesOut,
    OwnCategoryIn,
    TranslationIn,
)
from app.intake.models import SLUG_LENGTH
from app.intake.schemas import PublicKey
from app.kernel.texts import Line, Prose

MOST_OFFICERS = 50
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", min_length=2, max_length=SLUG_LENGTH)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CustodianIn(_In):
    """Somebody who is to hold a share of the power to open identities."""

    account_id: UUID = Field(description="An active account that holds the role of custodian.")
    label: Line = Field(description="How the public page names them.", examples=["Monitoring officer"])
    public_key: PublicKey


class ChannelIn(ChannelSettingsIn):
    """A new public door."""

    slug: Slug = Field(description="Its address.", examples=["children-services"])
    name: Line = Field(description="Its heading.", examples=["Children's services"])
    procedure_text: Prose = Field(
        description="What happens with what comes in.", examples=["Whistleblowing procedure, 2026."]
    )
    law_profile: LawProfile = Field(description="Which law sets the clocks.")
    threshold: StrictInt = Field(
        ge=1, le=MOST_HOLDERS, description="How many custodians open an identity together.", examples=[2]
    )
    custodians: list[CustodianIn] = Field(min_length=1, max_length=MOST_HOLDERS)
    case_officers: list[UUID] = Field(
        min_length=1, max_length=MOST_OFFICERS, description="Active accounts that hold the role of case officer."
    )

    @model_validator(mode="after")
    def _people_are_different(self) -> Self:
        holders = [custodian.account_id for custodian in self.custodians]
        keys = {custodian.public_key for custodian in self.custodians}
        if len({*holders, *self.case_officers}) != len(holders) + len(self.case_officers) or len(keys) != len(holders):
            raise ValueError("each custodian and case officer is named once, in one part, with a key of their own")
        if self.threshold > len(holders):
            raise ValueError("the threshold must not exceed the number of custodians")
        return self


class ChannelPatch(ChannelSettingsIn):
    """What may change of a channel. What is left out stays."""

    name: Line | None = None
    procedure_text: Prose | None = None
    is_open: StrictBool | None = Field(default=None, description="Whether it takes grievances.")
    case_officers: list[UUID] | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_OFFICERS,
        description="Who receives what is reported from now on: active accounts that hold the role of case officer.",
    )

    @model_validator(mode="after")
    def _names_officers_once(self) -> Self:
        if self.case_officers is not None and len(set(self.case_officers)) != len(self.case_officers):
            raise ValueError("each case officer is named once")
        return self


class ChannelItem(BaseModel):
    """A channel as an administrator's list shows it."""

    id: UUID
    slug: str
    name: str
    law_profile: LawProfile
    threshold: int
    is_open: bool
    version: int


class CustodianOut(BaseModel):
    """A custodian, by label and key."""

    id: UUID
    label: str
    public_key: str = Field(description="MLKEM768-X25519 public key in base64.")


class ReceiptFormatOut(BaseModel):
    """How a client makes a receipt and its keys for itself (docs/formats.md, Receipt)."""

    words: int = Field(examples=[7])
    salt: str = Field(description="Base64.")
    memory_kib: int
    iterations: int


class ManifestName(BaseModel):
    """Which manifest is in force, and whose it is."""

    epoch: int
    digest: str = Field(description="Its name in hexadecimal (docs/formats.md, Manifest).")
    root: str = Field(description="Ed25519 public key of the root in base64, which clients pin.")


class ChannelOut(BaseModel):
    """The public page of a channel: what happens with a grievance, and who can learn what."""

    slug: str
    name: str
    organisation: str
    language: str = Field(description="Of `name`, `procedure_text`, `elsewhere` and the names of categories.")
    languages: list[str] = Field(description="Those that the channel speaks, its own first.")
    procedure_text: str
    elsewhere: str | None = Field(description="Where else one can turn.")
    law_profile: LawProfile
    nation: Nation = Field(description="Whose bank holidays count.")
    is_open: bool
    categories: list[ChannelCategoryOut]
    relations: list[Relation] = Field(description="How one may stand to the organisation.")
    file_rules: FileRulesOut
    officers: list[ChannelOfficerOut] = Field(description="Who will handle what is sent now.")
    threshold: int = Field(description="How many custodians open an identity together.")
    custodians: list[CustodianOut]
    manifest: ManifestName | None = Field(
        description="What a root that is kept offline said of these keys. Null: they are on the administrator's word."
    )
    receipt: ReceiptFormatOut
    security_statement: list[str] = Field(description="What the service sees, keeps and cannot open.")


class ChannelDetail(ChannelItem):
    """A channel as an administrator sees it."""

    procedure_text: str
    nation: Nation
    default_language: str
    elsewhere: str | None
    translations: list[TranslationIn]
    own_categories: list[OwnCategoryIn]
    file_rules: FileRulesOut
    shows_officers: bool
    custodians: list[CustodianOut]
    case_officers: list[UUID]


class OfficerOut(BaseModel):
    """A case officer of a channel, and what a case key is sealed to for them."""

    account_id: UUID
    public_key: str = Field(description="MLKEM768-X25519 public key of the account in base64.")


class ChannelKeysOut(BaseModel):
    """All that a manifest of the channel must agree with, for the holder of its root, who has no account."""

    organisation_id: UUID
    id: UUID
    slug: str
    threshold: int
    custodians: list[CustodianOut]
    officers: list[OfficerOut]
