"""Channels, what came in through them, and the sessions of reporters. A row that a reporter causes tells the day at most."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.duties.calendar import Nation
from app.duties.profiles import LawProfile
from app.intake.channel_settings import LANGUAGE_LENGTH
from app.intake.headcount import Basis
from app.kernel.db import Base, InOrganisation, OfCase, Versioned, belongs_to, code, plain, sealed_otherwise
from app.kernel.sealed import Sealed, SealedContentBroken

SLUG_LENGTH = 60
NAME_LENGTH = 300


class GrievanceKind(StrEnum):
    """Who raised it: one person, or a representative for many."""

    INDIVIDUAL = "individual"
    COLLECTIVE = "collective"


class Confidentiality(StrEnum):
    """Who may learn who raised it: nobody can, custodians may, or whoever works the case may."""

    ANONYMOUS = "anonymous"
    CONFIDENTIAL = "confidential"
    OPEN = "open"

    @property
    def initial(self) -> str:
        """Its first letter. It is sealed as that: the length of a ciphertext must not tell who gave a name."""
        return self.value[0]

    @classmethod
    def from_initial(cls, initial: str) -> "Confidentiality":
        """Return the member with that first letter.

        Raises:
            SealedContentBroken: there is none: whoever sealed it, did it wrongly.

        """
        found = next((member for member in cls if member.initial == initial), None)
        if found is None:
            raise SealedContentBroken
        return found


class Channel(InOrganisation, Versioned, Base):
    """A public door of an organisation."""

    __tablename__ = "channels"
    slug: Mapped[str] = plain(String(SLUG_LENGTH), because="public: its address")
    name: Mapped[str] = plain(String(NAME_LENGTH), because="public: its heading")
    procedure_text: Mapped[str] = plain(Text, because="public: anyone may read the procedure")
    law_profile: Mapped[LawProfile] = code(because="public: which law sets the clocks")
    threshold: Mapped[int] = plain(because="public: how many custodians open an identity")
    is_open: Mapped[bool] = plain(because="public: whether it takes grievances")
    manifest_digest: Mapped[bytes | None] = plain(
        LargeBinary(32), because="public: names the manifest in force; missing until a root has signed one"
    )
    tag: Mapped[bytes] = plain(
        LargeBinary(32), because="MAC of whom it seals to, under a key that is not in the database"
    )
    nation: Mapped[Nation | None] = code(because="public: whose bank holidays count; missing: England's and Wales's")
    default_language: Mapped[str | None] = plain(
        String(LANGUAGE_LENGTH), because="public: the language of its texts; missing: English"
    )
    elsewhere: Mapped[str | None] = plain(Text, because="public: where else one can turn")
    translations: Mapped[dict[str, Any] | None] = plain(
        JSON(none_as_null=True), because="public: its texts in other languages"
    )
    own_categories: Mapped[list[Any] | None] = plain(
        JSON(none_as_null=True), because="public: what grievances may be about besides what the law names"
    )
    file_rules: Mapped[dict[str, Any] | None] = plain(JSON(none_as_null=True), because="public: what files it takes")
    shows_officers: Mapped[bool | None] = plain(because="public: whether its page names the case officers")

    __table_args__ = (ForeignKeyConstraint(["organisation_id"], ["organisations.id"]), UniqueConstraint("slug"))


class ChannelOfficer(InOrganisation, Base):
    """A case officer to whom every grievance of the channel goes, while their account is active and holds the role."""

    __tablename__ = "channel_officers"
    channel_id: Mapped[UUID] = plain(because="of which channel")
    account_id: Mapped[UUID] = plain(because="who")

    __table_args__ = (
        belongs_to("channels", "channel_id"),
        belongs_to("accounts", "account_id"),
        UniqueConstraint("organisation_id", "channel_id", "account_id"),
    )


class Grievance(OfCase, Base):
    """What came in. Its texts are under the key of the conversation, which the case and whoever raised it both can open."""

    __tablename__ = "grievances"
    channel_id: Mapped[UUID] = plain(because="through which public door")
    kind: Mapped[GrievanceKind] = code(because="individual or collective")
    submitted_on: Mapped[date] = plain(because="day")
    receipt_lookup: Mapped[bytes | None] = plain(
        LargeBinary(32), because="peppered MAC; finds the receipt, does not tell it"
    )
    reporter_public_key: Mapped[bytes | None] = plain(LargeBinary, because="public key that follows from the receipt")
    reporter_signing_key: Mapped[bytes | None] = plain(
        LargeBinary(32),
        because="public key by which later messages prove who sends them, where the client made the keys",
    )
    representative_id: Mapped[UUID | None] = plain(because="which account submitted it; none for a reporter")
    identity_id: Mapped[UUID | None] = plain(
        because="the reporter's sealed identity, or the dummy that stands for none"
    )
    key_version: Mapped[int] = plain(because="which version of the conversation's key seals its texts")
    sender_tag: Mapped[bytes] = plain(
        LargeBinary(32),
        because="MAC of the key that key_for_sender is sealed to, under a key that is not in the database",
    )
    case_key_version: Mapped[int] = plain(because="which version of the case key opens key_for_case")
    key_for_case: Mapped[bytes] = sealed_otherwise("under the case key", LargeBinary)
    key_for_sender: Mapped[bytes] = sealed_otherwise(
        "HPKE to the reporter's or representative's public key", LargeBinary
    )
    confidentiality = Sealed.text("id")
    headline = Sealed.text("id")
    narrative = Sealed.text("id")
    capacity = Sealed.optional_text("id")
    classification = Sealed.optional_text("id")
    """Of one length (docs/formats.md, "Classification"). Missing of what came in before there were categories."""
    statement_salt = Sealed.optional_text("id")
    """In hexadecimal. Missing of what came in before statements were committed to."""

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("channels", "channel_id"),
        belongs_to("accounts", "representative_id"),
        belongs_to("sealed_identities", "identity_id"),
        UniqueConstraint("receipt_lookup"),
        CheckConstraint(
            "(representative_id IS NULL) = (receipt_lookup IS NOT NULL)"
            " AND (receipt_lookup IS NULL) = (reporter_public_key IS NULL)"
            " AND (receipt_lookup IS NULL) = (identity_id IS NULL)"
            " AND (kind = 'collective') = (representative_id IS NOT NULL)",
            name="either_reporter_or_representative",
        ),
        Index(None, "organisation_id", "case_id"),
        Index(None, "organisation_id", "representative_id", "id"),
    )


class RaisedAllegation(OfCase, Base):
    """One thing alleged, as it was said. Never edited: the investigator's wording is another row, elsewhere."""

    __tablename__ = "raised_allegations"
    grievance_id: Mapped[UUID] = plain(because="in which grievance")
    position: Mapped[int] = plain(because="place in the grievance, from 1")
    label = Sealed.optional_text("grievance_id")
    statement = Sealed.text("grievance_id")

    __table_args__ = (
        belongs_to("grievances", "grievance_id"),
        UniqueConstraint("organisation_id", "grievance_id", "position"),
    )


class HeadcountClaim(OfCase, Base):
    """How many people somebody says are behind a collective grievance. Several may stand; none is edited."""

    __tablename__ = "headcount_claims"
    grievance_id: Mapped[UUID] = plain(because="of which grievance")
    position: Mapped[int] = plain(because="place among the claims, from 1")
    number: Mapped[int | None] = plain(because="a count")
    basis: Mapped[Basis] = code(because="asserted, signed, verified or press")
    claimed_on: Mapped[date] = plain(because="day the claim is of")
    wording = Sealed.optional_text("grievance_id")
    source = Sealed.text("grievance_id")

    __table_args__ = (
        belongs_to("grievances", "grievance_id"),
        UniqueConstraint("organisation_id", "grievance_id", "position"),
    )


class Supporter(OfCase, Base):
    """One person behind a collective grievance, of whom only the custodians can learn more."""

    __tablename__ = "supporters"
    grievance_id: Mapped[UUID] = plain(because="which grievance")
    identity_id: Mapped[UUID] = plain(because="the sealed identity")
    joined_on: Mapped[date] = plain(because="day")

    __table_args__ = (
        belongs_to("grievances", "grievance_id"),
        belongs_to("sealed_identities", "identity_id"),
        UniqueConstraint("organisation_id", "identity_id"),
        Index(None, "organisation_id", "grievance_id"),
    )


class OfConversation(OfCase):
    """A row of what passes between a case and whoever raised it, under the conversation's key.

    The log tells of it by the day, on a chain of its own: `app.audit.by_day`.
    """

    grievance_id: Mapped[UUID] = plain(sort_order=-17, because="in which conversation")


class InboxSession(OfCase, Base):
    """One look into the inbox. When it ends is in the token, not here: a row must not tell the minute somebody looked."""

    __tablename__ = "inbox_sessions"
    grievance_id: Mapped[UUID] = plain(because="whose inbox")
    token_digest: Mapped[bytes] = plain(
        LargeBinary(32), because="SHA-256 of 256 random bits and the end of the session"
    )
    sealed_key: Mapped[bytes | None] = sealed_otherwise(
        "the conversation's key under the token; missing where the client opens for itself", LargeBinary
    )
    opened_on: Mapped[date] = plain(because="day, for removal")

    __table_args__ = (
        belongs_to("grievances", "grievance_id"),
        UniqueConstraint("token_digest"),
        Index(None, "opened_on"),
    )
