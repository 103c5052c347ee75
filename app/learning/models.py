"""Learning summaries, who approved them, and what was released to whom."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.kernel.db import Base, InOrganisation, OfCase, Versioned, belongs_to, code, plain
from app.kernel.sealed import ORGANISATION, Sealed
from app.learning.release import ReleaseState
from app.policy.actors import Role

HASH_BYTES = 32


class SummaryState(StrEnum):
    """How far a summary is."""

    DRAFT = "draft"
    APPROVED = "approved"
    RELEASED = "released"


class Summary(OfCase, Versioned, Base):
    """The learning summary of a sealed report: the text, and what is redacted in it. Once released it never changes."""

    __tablename__ = "summaries"
    report_id: Mapped[UUID] = plain(because="which sealed report it is cut from")
    state: Mapped[SummaryState] = code(because="whether it is approved, or released")
    author_ids: Mapped[list[str]] = plain(
        JSON, because="every account that wrote in it; none may approve or release it"
    )
    title = Sealed.text("case_id")
    paragraphs = Sealed.json("case_id")
    """A list of {section, text, finding}, as `manuscript.Paragraph`."""
    redactions = Sealed.json("case_id")
    """A list of {paragraph, start, end, type, reason, replacement}, as `manuscript.redaction_of` reads them."""
    accepted = Sealed.json("case_id")
    """A list of {id, reason, accepted_by}: leaks that somebody read and lets pass."""

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("reports", "report_id"),
        Index(None, "organisation_id", "case_id"),
    )


class Approval(OfCase, Base):
    """A reviewer's agreement to the exact text of a summary. An edit of the summary voids it."""

    __tablename__ = "approvals"
    summary_id: Mapped[UUID] = plain(because="which summary")
    summary_version: Mapped[int] = plain(because="which version the reviewer read")
    reviewer_id: Mapped[UUID] = plain(because="which account approved")
    made_on: Mapped[date] = plain(because="day")
    voided_on: Mapped[date | None] = plain(because="day of the edit that voided it")
    content_hash: Mapped[bytes] = plain(
        LargeBinary(HASH_BYTES), because="SHA-256 of the redacted text: a release must have the same"
    )
    statement = Sealed.text("case_id")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("summaries", "summary_id"),
        belongs_to("accounts", "reviewer_id"),
        Index(
            "uq_approvals_standing", "organisation_id", "summary_id",
            unique=True, postgresql_where=text("voided_on IS NULL"), sqlite_where=text("voided_on IS NULL"),
        ),
    )  # fmt: skip


class Release(InOrganisation, Base):
    """One immutable text, given to audiences. Superseded or withdrawn, never changed or deleted."""

    __tablename__ = "releases"
    case_id: Mapped[UUID] = plain(because="which case it came from; no reader of the release is told")
    summary_id: Mapped[UUID] = plain(because="which summary was released")
    number: Mapped[int] = plain(because="which release of the case it is, from 1")
    state: Mapped[ReleaseState] = code(because="whether its audiences read it")
    content_hash: Mapped[bytes] = plain(
        LargeBinary(HASH_BYTES), because="SHA-256 of the released text, the one that was approved"
    )
    released_on: Mapped[date] = plain(because="day")
    released_by: Mapped[UUID] = plain(because="which account released it")
    ended_on: Mapped[date | None] = plain(because="day it was superseded or withdrawn")
    ended_by: Mapped[UUID | None] = plain(because="which account superseded or withdrew it")
    title = Sealed.text(ORGANISATION)
    content = Sealed.text(ORGANISATION)
    """The canonical JSON of a `ReleaseContent`, of which `content_hash` is the hash."""
    withdrawal_reason = Sealed.optional_text("case_id")
    """Under the case key: why it went is for those who work the case."""

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("accounts", "released_by"),
        belongs_to("accounts", "ended_by"),
        belongs_to("summaries", "summary_id"),
        UniqueConstraint("organisation_id", "summary_id"),
        UniqueConstraint("organisation_id", "case_id", "number"),
        CheckConstraint("(state = 'standing') = (ended_on IS NULL)", name="ended_on_a_day"),
        CheckConstraint("(state = 'standing') = (ended_by IS NULL)", name="ended_by_somebody"),
        CheckConstraint(
            "(state = 'withdrawn') = (withdrawal_reason_sealed IS NOT NULL)", name="withdrawn_for_a_reason"
        ),
        Index(
            "uq_releases_standing", "organisation_id", "case_id",
            unique=True, postgresql_where=text("state = 'standing'"), sqlite_where=text("state = 'standing'"),
        ),
        Index(None, "organisation_id", "state", "id"),
    )  # fmt: skip


class ReleaseAudience(InOrganisation, Base):
    """One role that a release was made to."""

    __tablename__ = "release_audiences"
    release_id: Mapped[UUID] = plain(because="which release")
    role: Mapped[Role] = code(because="whoever holds this role may read it")

    __table_args__ = (belongs_to("releases", "release_id"), UniqueConstraint("organisation_id", "release_id", "role"))
