"""Exhibits, what became of them, and the allegations they bear on."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.evidence.requests import ExhibitState
from app.kernel.db import Base, OfCase, Versioned, belongs_to, code, plain
from app.kernel.sealed import Sealed


class ExhibitKind(StrEnum):
    """What an exhibit is."""

    INTERVIEW = "interview"
    CASE_RECORD_REVIEW = "case_record_review"
    DOCUMENT = "document"
    COMMUNICATION = "communication"
    DATA = "data"
    POLICY = "policy"
    LINKED_REVIEW = "linked_review"


class Reliability(StrEnum):
    """How near to what happened its source was."""

    DIRECT = "direct"
    HEARSAY = "hearsay"
    ANECDOTAL = "anecdotal"


class Bearing(StrEnum):
    """What an exhibit does to an allegation."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    CONTEXT = "context"


class Exhibit(OfCase, Versioned, Base):
    """One item of evidence, or the request for it."""

    __tablename__ = "exhibits"
    kind: Mapped[ExhibitKind] = code(because="what sort of evidence it is")
    state: Mapped[ExhibitState] = code(because="whether it was received, or what came of asking")
    reliability: Mapped[Reliability | None] = code(because="how near its source was")
    is_cited: Mapped[bool] = plain(default=False, because="whether a final finding rests on it")
    number = Sealed.text("case_id")
    """The number printed on it: no other exhibit of the case has it, which the service sees to while it holds the case's lock."""
    dated_on = Sealed.optional_text("case_id")
    """ISO date. Sealed, since the day of an interview can tell who was interviewed."""
    title = Sealed.text("case_id")
    description = Sealed.optional_text("case_id")
    state_note = Sealed.optional_text("case_id")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        Index(None, "organisation_id", "case_id"),
        CheckConstraint(
            "state IN ('requested', 'received') OR state_note_sealed IS NOT NULL", name="absence_is_explained"
        ),
    )


class ExhibitChange(OfCase, Base):
    """One change of an exhibit's state, with its note."""

    __tablename__ = "exhibit_changes"
    exhibit_id: Mapped[UUID] = plain(because="which exhibit")
    sequence: Mapped[int] = plain(because="place in the history of the exhibit")
    from_state: Mapped[ExhibitState | None] = code(because="state before; none at the start")
    to_state: Mapped[ExhibitState] = code(because="state after")
    made_by: Mapped[UUID] = plain(because="which account")
    made_on: Mapped[date] = plain(because="day")
    note = Sealed.optional_text("case_id")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("exhibits", "exhibit_id"),
        UniqueConstraint("organisation_id", "exhibit_id", "sequence"),
    )


class ExhibitLink(OfCase, Versioned, Base):
    """What one exhibit does to one allegation."""

    __tablename__ = "exhibit_links"
    exhibit_id: Mapped[UUID] = plain(because="which exhibit")
    allegation_id: Mapped[UUID] = plain(because="which allegation it bears on")
    bearing: Mapped[Bearing] = code(because="whether it supports or contradicts it")
    note = Sealed.optional_text("case_id")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("exhibits", "exhibit_id"),
        belongs_to("allegations", "allegation_id"),
        UniqueConstraint("organisation_id", "exhibit_id", "allegation_id"),
        Index(None, "organisation_id", "case_id"),
    )
