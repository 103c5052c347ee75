"""The full reports of a case."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.kernel.db import Base, OfCase, Versioned, belongs_to, code, plain
from app.kernel.sealed import Sealed

HASH_BYTES = 32


class ReportState(StrEnum):
    """How far a report is."""

    DRAFT = "draft"
    SEALED = "sealed"
    SUPERSEDED = "superseded"


class Report(OfCase, Versioned, Base):
    """One full report. A draft until it is sealed; never changed afterwards: a correction is a report with the next number."""

    __tablename__ = "reports"
    number: Mapped[int] = plain(because="which report of the case it is, from 1")
    state: Mapped[ReportState] = code(because="whether it is sealed")
    author_id: Mapped[UUID] = plain(because="which account wrote it")
    sealed_on: Mapped[date | None] = plain(because="day of sealing")
    content_hash: Mapped[bytes | None] = plain(
        LargeBinary(HASH_BYTES),
        because="SHA-256 of the sealed content, which holds a random salt: it tells nothing of it",
    )
    title = Sealed.text("case_id")
    introduction = Sealed.text("case_id")
    method = Sealed.text("case_id")
    conclusions = Sealed.text("case_id")
    content = Sealed.optional_text("case_id")
    """The whole report as it was sealed: the canonical JSON of a `ReportContent`, of which `content_hash` is the hash."""

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("accounts", "author_id"),
        UniqueConstraint("organisation_id", "case_id", "number"),
        CheckConstraint("(state = 'draft') = (sealed_on IS NULL)", name="sealed_on_a_day"),
        CheckConstraint("(state = 'draft') = (content_hash IS NULL)", name="sealed_with_a_hash"),
        CheckConstraint("(state = 'draft') = (content_sealed IS NULL)", name="sealed_with_content"),
        Index(
            "uq_reports_draft", "organisation_id", "case_id",
            unique=True, postgresql_where=text("state = 'draft'"), sqlite_where=text("state = 'draft'"),
        ),
        Index(
            "uq_reports_sealed", "organisation_id", "case_id",
            unique=True, postgresql_where=text("state = 'sealed'"), sqlite_where=text("state = 'sealed'"),
        ),
    )  # fmt: skip
