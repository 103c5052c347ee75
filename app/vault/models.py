"""The tables of sealed identities. Whoever takes them can open none: see docs/formats.md, "Identity"."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.kernel.db import Base, InOrganisation, OfCase, belongs_to, plain, sealed_otherwise
from app.kernel.sealed import Sealed


class SealedIdentity(OfCase, Base):
    """Who somebody is, or that somebody gave no name: the two look alike. Its erasure key is kept apart, in a file."""

    __tablename__ = "sealed_identities"
    threshold: Mapped[int] = plain(because="how many custodians it takes")
    holders: Mapped[int] = plain(because="how many custodians hold a share")
    ciphertext: Mapped[bytes] = sealed_otherwise("under a key shared among custodians, padded", LargeBinary)
    check_value: Mapped[bytes] = plain(LargeBinary(16), because="derived from the key; shows whether shares fit")
    commitments: Mapped[bytes] = plain(
        LargeBinary, because="hashes of random pieces, 32 bytes each, that name who lies"
    )
    erased_on: Mapped[date | None] = plain(because="day on which its erasure key was destroyed")

    __table_args__ = (belongs_to("cases", "case_id"), Index(None, "organisation_id", "case_id"))


class IdentityShare(InOrganisation, Base):
    """One custodian's share of the key of one identity."""

    __tablename__ = "identity_shares"
    identity_id: Mapped[UUID] = plain(because="of which identity")
    custodian_id: Mapped[UUID] = plain(because="whose share")
    share: Mapped[bytes] = sealed_otherwise("HPKE to the custodian's public key", LargeBinary)

    __table_args__ = (
        belongs_to("sealed_identities", "identity_id"),
        UniqueConstraint("organisation_id", "identity_id", "custodian_id"),
    )


class IdentityErasure(OfCase, Base):
    """That somebody decided that an identity is never to be opened, and why. The key goes once this row is kept."""

    __tablename__ = "identity_erasures"
    identity_id: Mapped[UUID] = plain(because="which identity")
    erased_by: Mapped[UUID] = plain(because="which case officer decided it")
    reason = Sealed.text("case_id")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("accounts", "erased_by"),
        belongs_to("sealed_identities", "identity_id"),
        UniqueConstraint("organisation_id", "identity_id"),
    )
