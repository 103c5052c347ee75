"""The tables of a re-sharing under way; docs/formats.md, "Re-sharing". Its rows go once the new shares stand in place of the old."""

from uuid import UUID

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.kernel.db import Base, InOrganisation, OfCase, belongs_to, code, plain, sealed_otherwise
from app.vault.subjects import Kind


class ResharingDeal(OfCase, Base):
    """What one old custodian published about their pieces, for the custodians of one manifest."""

    __tablename__ = "resharing_deals"
    kind: Mapped[Kind] = code(because="what kind of thing is shared")
    subject_id: Mapped[UUID] = plain(because="which thing")
    manifest_digest: Mapped[bytes] = plain(LargeBinary(32), because="public: names the manifest of the new custodians")
    custodian_id: Mapped[UUID] = plain(because="whose deal")
    commitments: Mapped[bytes] = plain(LargeBinary, because="hashes of sub-pieces, 32 bytes each, that name who lies")
    signature: Mapped[bytes] = plain(LargeBinary(64), because="by the custodian, over all of it")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("custodians", "custodian_id"),
        UniqueConstraint("organisation_id", "subject_id", "custodian_id"),
    )


class ResharingBox(InOrganisation, Base):
    """What a deal has for one new custodian."""

    __tablename__ = "resharing_boxes"
    deal_id: Mapped[UUID] = plain(because="of which deal")
    custodian_id: Mapped[UUID] = plain(because="for whom")
    box: Mapped[bytes] = sealed_otherwise("HPKE to the new custodian's public key", LargeBinary)

    __table_args__ = (
        belongs_to("resharing_deals", "deal_id"),
        belongs_to("custodians", "custodian_id"),
        UniqueConstraint("organisation_id", "deal_id", "custodian_id"),
    )


class ResharingAcceptance(OfCase, Base):
    """What one new custodian published about their new pieces and, at the end, their new share."""

    __tablename__ = "resharing_acceptances"
    kind: Mapped[Kind] = code(because="what kind of thing is shared")
    subject_id: Mapped[UUID] = plain(because="which thing")
    manifest_digest: Mapped[bytes] = plain(LargeBinary(32), because="public: names the manifest of the new custodians")
    custodian_id: Mapped[UUID] = plain(because="whose acceptance")
    commitments: Mapped[bytes] = plain(LargeBinary, because="hashes of new pieces, 32 bytes each, that name who lies")
    signature: Mapped[bytes] = plain(LargeBinary(64), because="by the custodian")
    share: Mapped[bytes | None] = sealed_otherwise("HPKE to the custodian's own public key", LargeBinary)

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("custodians", "custodian_id"),
        UniqueConstraint("organisation_id", "subject_id", "custodian_id"),
    )
