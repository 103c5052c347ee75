"""A grievance that comes in sealed: what the service can check of it without opening anything is how long each part is."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.cases.schemas import SealedKey
from app.crypto import classifications, columns, fields, hpke, identity, logproofs
from app.crypto.texts import LINE_LENGTH
from app.intake.before_sending_schemas import MOST_BARRED, MOST_CONFLICTED
from app.intake.schemas import MOST_ALLEGATIONS, ReporterKeys
from app.kernel.octets import Base64
from app.kernel.texts import LABEL_LENGTH, PROSE_LENGTH, STATEMENT_LENGTH

MOST_OFFICERS = 100
_BYTES_OF_A_CHARACTER = 4
"""Source: RFC 3629 section 3, UTF-8."""
_FIELD_OVERHEAD = len(fields.seal(bytes(fields.KEY_BYTES), b"", b""))
_COLUMN_OVERHEAD = columns.VERSION_BYTES + _FIELD_OVERHEAD
_KEY_FOR_CASE = fields.KEY_BYTES + _FIELD_OVERHEAD
_CIPHERTEXT = identity.BUCKETS[0] + _FIELD_OVERHEAD
_SALT = 2 * logproofs.STATEMENT_SALT_BYTES + _COLUMN_OVERHEAD
_CLASSIFICATION = len(fields.seal(bytes(fields.KEY_BYTES), b"", bytes(classifications.BYTES))) + columns.VERSION_BYTES
_HASH = 32
_MOST_SHARE = 16_384


def _most(characters: int) -> int:
    """Return how many bytes the sealed form of a text of so many characters has at most."""
    plain = characters * _BYTES_OF_A_CHARACTER
    return len(fields.seal(bytes(fields.KEY_BYTES), b"", bytes(plain))) + columns.VERSION_BYTES


def _of_first_version(sealed: bytes) -> bytes:
    if columns.version_of(sealed) != 1 or sealed[columns.VERSION_BYTES : columns.VERSION_BYTES + 1] != fields.FORMAT:
        raise ValueError("must be a sealed column of the first version of its key")
    return sealed


_ONE = _COLUMN_OVERHEAD + 1
_WHAT = "Sealed under the key of the conversation (docs/formats.md, Sealed column)."
_FIRST = AfterValidator(_of_first_version)
SealedLine = Annotated[bytes, _FIRST, Base64(_ONE, _most(LINE_LENGTH), _WHAT)]
SealedProse = Annotated[bytes, _FIRST, Base64(_ONE, _most(PROSE_LENGTH), _WHAT)]
SealedStatement = Annotated[bytes, _FIRST, Base64(_ONE, _most(STATEMENT_LENGTH), _WHAT)]
SealedLabel = Annotated[bytes, _FIRST, Base64(_ONE, _most(LABEL_LENGTH), _WHAT)]
SealedLetter = Annotated[bytes, _FIRST, Base64(_ONE, _ONE, _WHAT)]
SealedClassification = Annotated[bytes, _FIRST, Base64(_CLASSIFICATION, _CLASSIFICATION, _WHAT)]
SealedSalt = Annotated[bytes, _FIRST, Base64(_SALT, _SALT, _WHAT)]
KeyForCase = Annotated[bytes, Base64(_KEY_FOR_CASE, _KEY_FOR_CASE, "The conversation's key under the case key.")]
Hash = Annotated[bytes, Base64(_HASH, _HASH, "32 bytes.")]
Check = Annotated[bytes, Base64(identity.CHECK_BYTES, identity.CHECK_BYTES, "The check value of the identity.")]
Ciphertext = Annotated[bytes, Base64(_CIPHERTEXT, _CIPHERTEXT, "The identity in the least bucket, sealed.")]
Share = Annotated[bytes, Base64(hpke.SEALING_BYTES + 1, _MOST_SHARE, "A share, sealed to its custodian.")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OfficerGrantIn(_In):
    """The case key, granted to one case officer of the channel."""

    account_id: UUID
    sealed_key: SealedKey


class SealedTextsIn(_In):
    """The texts of a grievance."""

    confidentiality: SealedLetter
    headline: SealedLine
    narrative: SealedProse
    capacity: SealedLine | None = None
    classification: SealedClassification | None = None
    statement_salt: SealedSalt


class SealedAllegationIn(_In):
    """One thing alleged."""

    id: UUID = Field(description="A UUIDv7 of this day, drawn by the client.")
    label: SealedLabel | None = None
    statement: SealedStatement


class SealedConflictIn(_In):
    """Somebody who must not see it."""

    id: UUID = Field(description="A UUIDv7 of this day, drawn by the client.")
    description: SealedLine


class IdentityShareIn(_In):
    """One custodian's share of the key of the identity."""

    custodian_id: UUID
    share: Share


class SealedIdentityIn(_In):
    """Who somebody is, or that they give no name: the two look alike."""

    id: UUID = Field(description="A UUIDv7 of this day, drawn by the client.")
    ciphertext: Ciphertext
    check: Check
    commitments: list[Hash] = Field(min_length=1, max_length=126)
    shares: list[IdentityShareIn] = Field(min_length=1, max_length=9)
    shred_key: Hash = Field(description="Kept apart from the database; deleting it erases the identity.")


class SealedGrievanceIn(_In):
    """A grievance that was sealed where it was written (docs/formats.md, Sealed submission)."""

    case_id: UUID = Field(description="A UUIDv7 of this day, drawn by the client.")
    grievance_id: UUID = Field(description="A UUIDv7 of this day, drawn by the client.")
    reporter_keys: ReporterKeys
    grants: list[OfficerGrantIn] = Field(min_length=1, max_length=MOST_OFFICERS)
    key_for_case: KeyForCase
    key_for_sender: SealedKey
    texts: SealedTextsIn
    allegations: list[SealedAllegationIn] = Field(default_factory=list, max_length=MOST_ALLEGATIONS)
    conflicted: list[SealedConflictIn] = Field(default_factory=list, max_length=MOST_CONFLICTED)
    barred: list[UUID] = Field(
        default_factory=list,
        max_length=MOST_BARRED,
        description="Case officers, by account as the manifest names them or by the id that the page shows, and custodians. Nobody of them may "
        "have a grant.",
    )
    identity: SealedIdentityIn
    statement: str = Field(
        pattern="^[0-9a-f]{64}$",
        examples=["caffc6db204ed3be68041bd515ed0d86c2bc1866f82fce75944f7eff3d76c607"],
        description="Commitment to what is said (docs/formats.md, Statement).",
    )

    @model_validator(mode="after")
    def _names_nothing_twice(self) -> Self:
        rows = [
            self.case_id,
            self.grievance_id,
            self.identity.id,
            *(one.id for one in self.allegations),
            *(one.id for one in self.conflicted),
        ]
        if len(set(rows)) != len(rows):
            raise ValueError("an id is used twice")
        if len(set(self.barred)) != len(self.barred):
            raise ValueError("somebody who is barred is named twice")
        return self
