"""Organisations, accounts, what they may do, and their sessions."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.kernel.db import Base, InOrganisation, Versioned, belongs_to, code, plain, sealed_otherwise
from app.kernel.sealed import ORGANISATION, Sealed
from app.policy.actors import Role

NAME_LENGTH = 200


class AccountState(StrEnum):
    """How far an account is."""

    INVITED = "invited"
    ENROLLING = "enrolling"
    ACTIVE = "active"
    SUSPENDED = "suspended"


class Organisation(Base):
    """The body whose conduct is reported."""

    __tablename__ = "organisations"
    id: Mapped[UUID] = plain(primary_key=True, because="random key")
    name: Mapped[str] = plain(String(NAME_LENGTH), because="public: it heads every channel and release")
    made_on: Mapped[date] = plain(because="day")


class Account(InOrganisation, Versioned, Base):
    """Somebody who signs in. Never a reporter."""

    __tablename__ = "accounts"
    username_index: Mapped[bytes] = plain(
        LargeBinary(32), because="peppered MAC of the username: finds it, does not tell it"
    )
    username = Sealed.text(ORGANISATION)
    display_name = Sealed.text(ORGANISATION)
    state: Mapped[AccountState] = code(because="how far the account is")
    invitation_digest: Mapped[bytes | None] = plain(
        LargeBinary(32), because="SHA-256 of a random one-time password of over 100 bits"
    )
    invitation_until: Mapped[date | None] = plain(because="last day of the invitation")
    password_salt: Mapped[bytes | None] = plain(LargeBinary(16), because="salt")
    password_memory_kib: Mapped[int | None] = plain(because="Argon2id parameter")
    password_iterations: Mapped[int | None] = plain(because="Argon2id parameter")
    password_verifier: Mapped[bytes | None] = plain(LargeBinary(32), because="peppered Argon2id output; opens nothing")
    public_key: Mapped[bytes | None] = plain(LargeBinary, because="public key that case keys are granted to")
    wrapped_seed: Mapped[bytes | None] = sealed_otherwise(
        "under a key from the password, or the vault passphrase, and the pepper", LargeBinary
    )
    vault_salt: Mapped[bytes | None] = plain(
        LargeBinary(16), because="salt; there is one if a vault passphrase was set"
    )
    vault_memory_kib: Mapped[int | None] = plain(because="Argon2id parameter")
    vault_iterations: Mapped[int | None] = plain(because="Argon2id parameter")
    totp_secret = Sealed.optional_text(ORGANISATION)
    totp_last_step: Mapped[int] = plain(Integer, default=0, because="last used time step, so that no code works twice")
    totp_failures: Mapped[int] = plain(Integer, default=0, because="wrong codes after a right password")
    totp_failed_at: Mapped[datetime | None] = plain(because="when the last of those was; staff, not reporters")
    tag: Mapped[bytes] = plain(LargeBinary(32), because="MAC of state, password and key, under a key kept elsewhere")

    __table_args__ = (
        ForeignKeyConstraint(["organisation_id"], ["organisations.id"]),
        UniqueConstraint("username_index"),
        Index(None, "organisation_id", "state"),
    )


class RoleGrant(InOrganisation, Base):
    """A role of an account. Ended, never deleted: who could do what, when, stays known."""

    __tablename__ = "role_grants"
    account_id: Mapped[UUID] = plain(because="whose role")
    role: Mapped[Role] = code(because="which role")
    granted_on: Mapped[date] = plain(because="day")
    ended_on: Mapped[date | None] = plain(because="day")
    tag: Mapped[bytes] = plain(LargeBinary(32), because="MAC of the grant, under a key kept elsewhere")

    __table_args__ = (
        belongs_to("accounts", "account_id"),
        Index(
            "uq_role_grants_standing", "organisation_id", "account_id", "role",
            unique=True, postgresql_where=text("ended_on IS NULL"), sqlite_where=text("ended_on IS NULL"),
        ),
    )  # fmt: skip


class Session(InOrganisation, Base):
    """One sign-in. Deleting the row ends it, and with it the power to open anything."""

    __tablename__ = "sessions"
    account_id: Mapped[UUID] = plain(because="whose session")
    sealed_seed: Mapped[bytes | None] = sealed_otherwise(
        "under the unlock secret that only the client keeps; none until the vault passphrase was given", LargeBinary
    )
    expires_at: Mapped[datetime] = plain(because="when an unused session ends; staff, not reporters")

    __table_args__ = (
        belongs_to("accounts", "account_id", ondelete="CASCADE"),
        Index(None, "organisation_id", "account_id"),
    )


class RefreshToken(InOrganisation, Base):
    """A token that can be used once for the next pair. Using it twice ends the session: one of the two users stole it."""

    __tablename__ = "refresh_tokens"
    session_id: Mapped[UUID] = plain(because="which session")
    digest: Mapped[bytes] = plain(LargeBinary(32), because="SHA-256 of 256 random bits")
    used: Mapped[bool] = plain(default=False, because="whether it was used")
    expires_at: Mapped[datetime] = plain(because="when it ends unused; staff, not reporters")

    __table_args__ = (
        belongs_to("sessions", "session_id", ondelete="CASCADE"),
        UniqueConstraint("digest"),
        Index(None, "organisation_id", "session_id"),
    )
