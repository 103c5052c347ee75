"""What is owed in a case, what moved when it is due, and what was raised because it was not kept."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.duties.calendar import Nation
from app.duties.profiles import DutyKind, LawProfile, OwedTo
from app.kernel.db import Base, OfCase, Versioned, belongs_to, code, plain
from app.kernel.sealed import Sealed


class Duty(OfCase, Versioned, Base):
    """One thing owed, by a day or, where somebody is at risk, by an hour. Kept once, and never removed."""

    __tablename__ = "duties"
    kind: Mapped[DutyKind] = code(because="what is owed")
    owed_to: Mapped[OwedTo] = code(because="to whom")
    law_profile: Mapped[LawProfile] = code(because="which law sets its clock")
    nation: Mapped[Nation] = code(because="whose bank holidays count")
    starts_on: Mapped[date] = plain(because="day from which its term runs")
    term_ends_on: Mapped[date | None] = plain(because="day on which its term ends, as the law has it")
    due_on: Mapped[date | None] = plain(because="day by which it is owed, as stops and extensions moved it")
    due_at: Mapped[datetime | None] = plain(
        because="instant by which it is owed, where it is owed in hours; staff set it going"
    )
    stopped_on: Mapped[date | None] = plain(because="day since which its clock stands still")
    kept_on: Mapped[date | None] = plain(because="day on which it was kept")
    kept_by: Mapped[UUID | None] = plain(because="which account kept it")
    note = Sealed.optional_text("case_id")
    """How it was kept, or why it is owed, in the words of whoever said so."""

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("accounts", "kept_by"),
        CheckConstraint("(due_on IS NULL) = (due_at IS NOT NULL)", name="due_on_a_day_or_at_an_instant"),
        CheckConstraint("(due_on IS NULL) = (term_ends_on IS NULL)", name="a_day_has_a_term"),
        CheckConstraint("stopped_on IS NULL OR kept_on IS NULL", name="what_is_kept_does_not_stand_still"),
        Index(None, "organisation_id", "case_id"),
        Index(
            "ix_duties_owed", "organisation_id", "due_on",
            postgresql_where=text("kept_on IS NULL"), sqlite_where=text("kept_on IS NULL"),
        ),
    )  # fmt: skip


class ClockStop(OfCase, Base):
    """A time in which the clocks of a case stood still, with its reason. Ended, never removed."""

    __tablename__ = "clock_stops"
    started_on: Mapped[date] = plain(because="first day that does not count")
    started_by: Mapped[UUID] = plain(because="which account stopped the clocks")
    ended_on: Mapped[date | None] = plain(because="first day that counts again")
    ended_by: Mapped[UUID | None] = plain(because="which account let them run again")
    reason = Sealed.text("case_id")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("accounts", "started_by"),
        belongs_to("accounts", "ended_by"),
        Index(None, "organisation_id", "case_id"),
    )


class DutyExtension(OfCase, Base):
    """More time for one duty, with its reason: who gave it, and when."""

    __tablename__ = "duty_extensions"
    duty_id: Mapped[UUID] = plain(because="of which duty")
    days: Mapped[int] = plain(because="how many days were added to its term")
    due_before: Mapped[date] = plain(because="day by which it was owed before")
    due_since: Mapped[date] = plain(because="day by which it was owed from then on")
    extended_by: Mapped[UUID] = plain(because="which account extended it")
    extended_on: Mapped[date] = plain(because="day")
    reason = Sealed.text("case_id")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("duties", "duty_id"),
        belongs_to("accounts", "extended_by"),
        CheckConstraint("days > 0", name="more_time"),
        Index(None, "organisation_id", "case_id"),
    )


class DutyEscalation(OfCase, Base):
    """A duty that was not kept was raised with somebody. One row each time, so that several workers raise it once."""

    __tablename__ = "duty_escalations"
    duty_id: Mapped[UUID] = plain(because="which duty")
    level: Mapped[int] = plain(because="1 those who work the case, 2 those beside them")
    step: Mapped[int] = plain(because="which time, from 0")
    raised_on: Mapped[date] = plain(because="day")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("duties", "duty_id"),
        UniqueConstraint("organisation_id", "duty_id", "level", "step"),
        Index(None, "organisation_id", "case_id"),
    )
