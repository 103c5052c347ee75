"""What those who work a case corrected of what a grievance is said to be about."""

from datetime import date
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from app.kernel.db import Base, OfCase, belongs_to, plain
from app.kernel.sealed import Sealed


class Reclassification(OfCase, Base):
    """One correction. What was said stays as it was said; the newest correction counts."""

    __tablename__ = "reclassifications"
    grievance_id: Mapped[UUID] = plain(because="of which grievance")
    position: Mapped[int] = plain(because="place among the corrections, from 1")
    made_by: Mapped[UUID] = plain(because="which case officer")
    made_on: Mapped[date] = plain(because="day")
    classification = Sealed.text("case_id")
    """Of one length (docs/formats.md, "Classification")."""
    reason = Sealed.text("case_id")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("grievances", "grievance_id"),
        belongs_to("accounts", "made_by"),
        UniqueConstraint("organisation_id", "grievance_id", "position"),
    )
