"""Findings, what they cite, and what their reviewers said."""

from datetime import date
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.findings.outcomes import FindingState, NoViewReason, Outcome, StandardOfProof
from app.kernel.db import Base, OfCase, Versioned, belongs_to, code, plain
from app.kernel.sealed import Sealed


class Finding(OfCase, Versioned, Base):
    """What the evidence shows about one allegation. A draft until a reviewer agrees; superseded, never edited, after.

    The findings of an allegation are one line: the first supersedes nothing and each later one supersedes the one before.
    The unique indexes below make it so, whatever runs at the same moment: one first, one successor each, one draft, one final.
    """

    __tablename__ = "findings"
    allegation_id: Mapped[UUID] = plain(because="which allegation")
    outcome: Mapped[Outcome] = code(because="what the evidence shows, counted in statistics")
    no_view_reason: Mapped[NoViewReason | None] = code(because="why no view was formed")
    standard_of_proof: Mapped[StandardOfProof] = code(because="how sure the investigator had to be")
    state: Mapped[FindingState] = code(because="whether it is final")
    author_id: Mapped[UUID] = plain(because="who recorded it")
    contributor_ids: Mapped[list[str]] = plain(JSON, because="who else changed the draft; none of them may review it")
    reviewer_id: Mapped[UUID | None] = plain(because="who agreed")
    recorded_on: Mapped[date] = plain(because="day")
    final_on: Mapped[date | None] = plain(because="day of the reviewer's agreement")
    supersedes_id: Mapped[UUID | None] = plain(because="the final finding that this one replaces")
    paragraphs = Sealed.json("case_id")
    """Labels of the paragraphs of the report that give it."""
    reasons = Sealed.text("case_id")
    supersession_reason = Sealed.optional_text("case_id")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("allegations", "allegation_id"),
        belongs_to("accounts", "author_id"),
        belongs_to("accounts", "reviewer_id"),
        belongs_to("findings", "supersedes_id"),
        CheckConstraint("(outcome = 'no_view') = (no_view_reason IS NOT NULL)", name="no_view_for_a_reason"),
        CheckConstraint("(state = 'draft') = (final_on IS NULL)", name="final_on_a_day"),
        CheckConstraint("(state = 'draft') = (reviewer_id IS NULL)", name="final_by_review"),
        CheckConstraint("reviewer_id <> author_id", name="reviewer_is_not_author"),
        CheckConstraint(
            "(supersedes_id IS NULL) = (supersession_reason_sealed IS NULL)", name="superseded_for_a_reason"
        ),
        UniqueConstraint("organisation_id", "supersedes_id"),
        Index(
            "uq_findings_first", "organisation_id", "allegation_id",
            unique=True, postgresql_where=text("supersedes_id IS NULL"), sqlite_where=text("supersedes_id IS NULL"),
        ),
        Index(
            "uq_findings_draft", "organisation_id", "allegation_id",
            unique=True, postgresql_where=text("state = 'draft'"), sqlite_where=text("state = 'draft'"),
        ),
        Index(
            "uq_findings_final", "organisation_id", "allegation_id",
            unique=True, postgresql_where=text("state = 'final'"), sqlite_where=text("state = 'final'"),
        ),
        Index(None, "organisation_id", "case_id"),
    )  # fmt: skip


class FindingExhibit(OfCase, Base):
    """One exhibit that a finding cites."""

    __tablename__ = "finding_exhibits"
    finding_id: Mapped[UUID] = plain(because="which finding")
    exhibit_id: Mapped[UUID] = plain(because="which exhibit it cites")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("findings", "finding_id"),
        belongs_to("exhibits", "exhibit_id"),
        UniqueConstraint("organisation_id", "finding_id", "exhibit_id"),
        Index(None, "organisation_id", "case_id"),
    )


class FindingReview(OfCase, Base):
    """What a reviewer said of one version of a draft."""

    __tablename__ = "finding_reviews"
    finding_id: Mapped[UUID] = plain(because="which finding")
    finding_version: Mapped[int] = plain(because="which version the reviewer read")
    reviewer_id: Mapped[UUID] = plain(because="who")
    agrees: Mapped[bool] = plain(because="whether the reviewer agreed")
    made_on: Mapped[date] = plain(because="day")
    note = Sealed.optional_text("case_id")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("findings", "finding_id"),
        belongs_to("accounts", "reviewer_id"),
        CheckConstraint("agrees OR note_sealed IS NOT NULL", name="disagreement_is_explained"),
        Index(None, "organisation_id", "finding_id"),
    )
