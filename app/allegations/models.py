"""Themes, allegations, and what was changed in their arrangement."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.allegations.arrangement import AllegationState
from app.kernel.db import Base, OfCase, Versioned, belongs_to, code, plain
from app.kernel.sealed import Sealed


class ChangeKind(StrEnum):
    """What was done to the arrangement."""

    THEME_RECORDED = "theme_recorded"
    THEME_RELABELLED = "theme_relabelled"
    THEME_RETITLED = "theme_retitled"
    THEME_MERGED = "theme_merged"
    ALLEGATION_RECORDED = "allegation_recorded"
    RELABELLED = "relabelled"
    REWORDED = "reworded"
    PARAGRAPHS_CHANGED = "paragraphs_changed"
    SCOPE_CHANGED = "scope_changed"
    MOVED = "moved"
    MERGED = "merged"
    SPLIT = "split"


class Theme(OfCase, Versioned, Base):
    """A group of allegations. Merged into another, never deleted."""

    __tablename__ = "themes"
    position: Mapped[int] = plain(because="place among the themes of the case")
    merged_into_id: Mapped[UUID | None] = plain(because="the theme that took its allegations")
    label = Sealed.text("case_id")
    title = Sealed.text("case_id")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("themes", "merged_into_id"),
        CheckConstraint("merged_into_id <> id", name="not_merged_into_itself"),
        Index(None, "organisation_id", "case_id"),
    )


class Allegation(OfCase, Versioned, Base):
    """One thing alleged, in the investigator's words. Merged or split, never deleted."""

    __tablename__ = "allegations"
    position: Mapped[int] = plain(because="place among the allegations of the case; the parts of one share it")
    theme_id: Mapped[UUID | None] = plain(because="the theme it is grouped under")
    state: Mapped[AllegationState] = code(because="whether it stands, in scope or out of it, or became others")
    raised_allegation_id: Mapped[UUID | None] = plain(because="what the grievance said that it stands for")
    merged_into_id: Mapped[UUID | None] = plain(because="the allegation that took it in")
    split_from_id: Mapped[UUID | None] = plain(because="the allegation that it is a part of")
    is_decided: Mapped[bool] = plain(default=False, because="whether a finding on it is final")
    label = Sealed.text("case_id")
    paragraphs = Sealed.json("case_id")
    """Labels of the paragraphs of the report that treat it."""
    statement = Sealed.text("case_id")
    scope_reason = Sealed.optional_text("case_id")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("themes", "theme_id"),
        belongs_to("raised_allegations", "raised_allegation_id"),
        belongs_to("allegations", "merged_into_id"),
        belongs_to("allegations", "split_from_id"),
        CheckConstraint("(state = 'merged') = (merged_into_id IS NOT NULL)", name="merged_into_one"),
        CheckConstraint("merged_into_id <> id", name="not_merged_into_itself"),
        CheckConstraint("state <> 'out_of_scope' OR scope_reason_sealed IS NOT NULL", name="out_of_scope_for_a_reason"),
        CheckConstraint("NOT is_decided OR state IN ('in_scope', 'out_of_scope')", name="decided_ones_stand"),
        Index(None, "organisation_id", "case_id"),
    )


class ArrangementChange(OfCase, Base):
    """One change of the arrangement: who made it, when, why, and what the changed text said before."""

    __tablename__ = "arrangement_changes"
    sequence: Mapped[int] = plain(because="place in the history of the case")
    kind: Mapped[ChangeKind] = code(because="what was done")
    allegation_id: Mapped[UUID | None] = plain(because="which allegation it was done to")
    other_id: Mapped[UUID | None] = plain(because="the allegation it was merged into, or split into")
    from_theme_id: Mapped[UUID | None] = plain(because="the theme before, or the theme it was done to")
    to_theme_id: Mapped[UUID | None] = plain(because="the theme after")
    made_by: Mapped[UUID] = plain(because="which account")
    made_on: Mapped[date] = plain(because="day")
    reason = Sealed.optional_text("case_id")
    before = Sealed.optional_text("case_id")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("allegations", "allegation_id"),
        belongs_to("allegations", "other_id"),
        belongs_to("themes", "from_theme_id"),
        belongs_to("themes", "to_theme_id"),
        UniqueConstraint("organisation_id", "case_id", "sequence"),
    )
