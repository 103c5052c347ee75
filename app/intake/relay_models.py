"""That a grievance came by post, by telephone or in person, and who entered it."""

from datetime import date
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from app.kernel.db import Base, OfCase, belongs_to, plain
from app.kernel.sealed import Sealed


class Relay(OfCase, Base):
    """How a grievance came that an officer entered for somebody."""

    __tablename__ = "relays"
    grievance_id: Mapped[UUID] = plain(because="which grievance")
    entered_by: Mapped[UUID] = plain(because="which case officer")
    entered_on: Mapped[date] = plain(because="day")
    how = Sealed.text("grievance_id")
    """How it came, what was agreed about a recording, and whether what was written down was read back: `relaying.encode`."""

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("grievances", "grievance_id"),
        belongs_to("accounts", "entered_by"),
        UniqueConstraint("organisation_id", "grievance_id"),
    )
