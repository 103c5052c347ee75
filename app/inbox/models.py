"""What passes between a reporter and those who work the case. A row tells the day, and its place among the others."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.cases.models import Level
from app.intake.models import OfConversation
from app.kernel.db import Base, OfCase, belongs_to, code, plain
from app.kernel.sealed import Sealed


class Side(StrEnum):
    """Who speaks: a part, never a name."""

    REPORTER = "reporter"
    REPRESENTATIVE = "representative"
    CASE_OFFICER = "case_officer"
    INVESTIGATOR = "investigator"


class Message(OfConversation, Base):
    """One message. Never edited, and nothing tells whether or when a reporter read it."""

    __tablename__ = "conversation_messages"
    position: Mapped[int] = plain(because="place in the conversation, from 1")
    side: Mapped[Side] = code(because="which side speaks")
    author_id: Mapped[UUID | None] = plain(because="which account wrote it; none for a reporter")
    sent_on: Mapped[date] = plain(because="day")
    text = Sealed.text("grievance_id")
    signed_as = Sealed.optional_text("grievance_id")
    """The writer's name, where they chose to give it."""

    __table_args__ = (
        belongs_to("grievances", "grievance_id"),
        belongs_to("accounts", "author_id"),
        UniqueConstraint("organisation_id", "grievance_id", "position"),
        CheckConstraint("(side = 'reporter') = (author_id IS NULL)", name="reporters_are_no_accounts"),
    )


class OutcomesTold(OfCase, Base):
    """That whoever raised the grievance may read what became of each thing they alleged, from that day on."""

    __tablename__ = "outcomes_told"
    told_by: Mapped[UUID] = plain(because="which case officer decided it")
    told_on: Mapped[date] = plain(because="day")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("accounts", "told_by"),
        UniqueConstraint("organisation_id", "case_id"),
    )


class OutcomeExplanation(OfConversation, Base):
    """What whoever raised an allegation is told of its outcome, in words written for them. The newest counts."""

    __tablename__ = "outcome_explanations"
    raised_allegation_id: Mapped[UUID] = plain(because="of which allegation, as it was raised")
    position: Mapped[int] = plain(because="place among those of the conversation, from 1")
    written_by: Mapped[UUID] = plain(because="which account")
    written_on: Mapped[date] = plain(because="day")
    text = Sealed.text("grievance_id")

    __table_args__ = (
        belongs_to("grievances", "grievance_id"),
        belongs_to("raised_allegations", "raised_allegation_id"),
        belongs_to("accounts", "written_by"),
        UniqueConstraint("organisation_id", "grievance_id", "position"),
    )


class DetrimentReport(OfConversation, Base):
    """How a reporter says that they fare: harmed, or well when asked. Which of the two, the table does not show."""

    __tablename__ = "detriment_reports"
    position: Mapped[int] = plain(because="place among those of the conversation, from 1")
    check_in: Mapped[int | None] = plain(because="which check-in it answers; none if nobody asked")
    reported_on: Mapped[date] = plain(because="day")
    answer = Sealed.text("grievance_id")
    """Its first letter: the length of a ciphertext must not tell."""
    what = Sealed.optional_text("grievance_id")
    happened_on = Sealed.optional_text("grievance_id")
    since_speaking_up = Sealed.optional_text("grievance_id")

    __table_args__ = (
        belongs_to("grievances", "grievance_id"),
        UniqueConstraint("organisation_id", "grievance_id", "position"),
        UniqueConstraint("organisation_id", "grievance_id", "check_in"),
    )


class DetrimentAnswer(OfConversation, Base):
    """What those who protect the reporter answer."""

    __tablename__ = "detriment_answers"
    detriment_id: Mapped[UUID] = plain(because="what it answers")
    position: Mapped[int] = plain(because="place among those of the conversation, from 1")
    written_by: Mapped[UUID] = plain(because="which case officer")
    written_on: Mapped[date] = plain(because="day")
    text = Sealed.text("grievance_id")

    __table_args__ = (
        belongs_to("grievances", "grievance_id"),
        belongs_to("detriment_reports", "detriment_id"),
        belongs_to("accounts", "written_by"),
        UniqueConstraint("organisation_id", "grievance_id", "position"),
    )


class DetrimentAssessment(OfCase, Base):
    """How great the risk is and what is done about it, as those who protect the reporter see it. Never edited: the newest counts."""

    __tablename__ = "detriment_assessments"
    detriment_id: Mapped[UUID] = plain(because="of what")
    position: Mapped[int] = plain(because="place among those of the case, from 1")
    risk: Mapped[Level] = code(because="how great the risk is")
    assessed_by: Mapped[UUID] = plain(because="which case officer")
    assessed_on: Mapped[date] = plain(because="day")
    measures = Sealed.text("case_id")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("detriment_reports", "detriment_id"),
        belongs_to("accounts", "assessed_by"),
        UniqueConstraint("organisation_id", "case_id", "position"),
        Index(None, "organisation_id", "detriment_id"),
    )
