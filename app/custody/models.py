"""The tables of custodians, their keys, and the manifests that say whose keys count."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.kernel.db import Base, InOrganisation, belongs_to, plain

LABEL_LENGTH = 300


class Custodian(InOrganisation, Base):
    """Somebody who holds a share of the power to open the identities of a channel. Their private key is not the service's.

    Who leaves keeps the row, with the day: what was shared with them stays theirs until it is shared anew.
    """

    __tablename__ = "custodians"
    channel_id: Mapped[UUID] = plain(because="of which channel")
    account_id: Mapped[UUID] = plain(because="who")
    label: Mapped[str] = plain(String(LABEL_LENGTH), because="public: how the channel's page names the custodian")
    public_key: Mapped[bytes] = plain(LargeBinary, because="public key that shares are sealed to")
    ended_on: Mapped[date | None] = plain(because="day since which the manifest names them no more")

    __table_args__ = (
        belongs_to("channels", "channel_id"),
        belongs_to("accounts", "account_id"),
        Index(
            "uq_custodians_standing", "organisation_id", "channel_id", "account_id",
            unique=True, postgresql_where=text("ended_on IS NULL"), sqlite_where=text("ended_on IS NULL"),
        ),
    )  # fmt: skip


class StoredManifest(InOrganisation, Base):
    """What an offline root said of the keys of a channel. Public, signed, and never changed; docs/formats.md, "Manifest"."""

    __tablename__ = "manifests"
    channel_id: Mapped[UUID] = plain(because="of which channel")
    epoch: Mapped[int] = plain(because="public: place in the chain, from 1")
    digest: Mapped[bytes] = plain(LargeBinary(32), because="public: names the document")
    document: Mapped[bytes] = plain(LargeBinary, because="public: the signed bytes")
    signature: Mapped[bytes] = plain(LargeBinary(64), because="public: by the root")
    issued_on: Mapped[date] = plain(because="public: day on which the root signed")

    __table_args__ = (
        belongs_to("channels", "channel_id"),
        UniqueConstraint("organisation_id", "channel_id", "epoch"),
    )
