"""The case file and what binds accounts to it."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.cases.lifecycle import CaseState
from app.duties.profiles import LawProfile
from app.kernel.db import Base, InOrganisation, OfCase, Versioned, belongs_to, code, plain, sealed_otherwise
from app.kernel.sealed import Sealed
from app.policy.actors import Capacity

REFERENCE_LENGTH = 20


class Procedure(StrEnum):
    """Which procedure the organisation follows. Source: Acas Code on grievances, paragraph 47, for the collective one."""

    GRIEVANCE = "grievance"
    COLLECTIVE_GRIEVANCE = "collective_grievance"
    WHISTLEBLOWING = "whistleblowing"


class Level(StrEnum):
    """How likely, or how grave."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Knowledge(StrEnum):
    """How the reporter knows."""

    FIRST_HAND = "first_hand"
    HEARSAY = "hearsay"
    MIXED = "mixed"


class Case(InOrganisation, Versioned, Base):
    """The working file opened from a grievance."""

    __tablename__ = "cases"
    channel_id: Mapped[UUID] = plain(because="which public door it came through")
    representative_id: Mapped[UUID | None] = plain(
        because="who submitted the collective grievance; may not be appointed"
    )
    reference: Mapped[str] = plain(String(REFERENCE_LENGTH), because="random; what people call the case")
    state: Mapped[CaseState] = code(because="where in its life the case is")
    law_profile: Mapped[LawProfile] = code(because="which law sets its clocks")
    procedure: Mapped[Procedure | None] = code(because="which procedure was decided")
    key_version: Mapped[int] = plain(because="which version of the case key seals new content")
    received_on: Mapped[date] = plain(because="day of receipt")
    acknowledge_by: Mapped[date] = plain(because="day the acknowledgement is due")
    acknowledged_on: Mapped[date | None] = plain(because="day of the acknowledgement")
    feedback_by: Mapped[date] = plain(because="day feedback is due")
    closed_on: Mapped[date | None] = plain(because="day of closing")
    title = Sealed.optional_text("id")

    __table_args__ = (
        ForeignKeyConstraint(["organisation_id"], ["organisations.id"]),
        belongs_to("accounts", "representative_id"),
        UniqueConstraint("organisation_id", "reference"),
        Index(None, "organisation_id", "state", "id"),
    )


class CaseKeyGrant(OfCase, Base):
    """One version of the case key, sealed to one account's public key. Who has no grant has no key, whatever their role."""

    __tablename__ = "case_key_grants"
    account_id: Mapped[UUID] = plain(because="who can open it")
    key_version: Mapped[int] = plain(because="which version of the key")
    sealed_key: Mapped[bytes] = sealed_otherwise("HPKE to the account's public key", LargeBinary)
    tag: Mapped[bytes] = plain(LargeBinary(32), because="MAC of the grant, under a key kept elsewhere")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("accounts", "account_id"),
        UniqueConstraint("organisation_id", "case_id", "account_id", "key_version", name="uq_case_key_grants_one_each"),
        Index(None, "organisation_id", "account_id"),
    )


class UnreadableDeclaration(OfCase, Base):
    """A case officer whose key opens nothing of a case that was sealed where it was written. The service tried it."""

    __tablename__ = "unreadable_declarations"
    account_id: Mapped[UUID] = plain(because="which case officer")
    declared_on: Mapped[date] = plain(because="day")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("accounts", "account_id"),
        UniqueConstraint("organisation_id", "case_id", "account_id"),
    )


class CaseKeyEscrow(OfCase, Base):
    """One version of the case key, dealt to the custodians of the channel: enough of them together can recover it."""

    __tablename__ = "case_key_escrows"
    key_version: Mapped[int] = plain(because="which version of the key")
    threshold: Mapped[int] = plain(because="how many custodians it takes")
    holders: Mapped[int] = plain(because="how many custodians hold a share")
    ciphertext: Mapped[bytes] = sealed_otherwise("under a key shared among custodians, padded", LargeBinary)
    check_value: Mapped[bytes] = plain(LargeBinary(16), because="derived from the key; shows whether shares fit")
    commitments: Mapped[bytes] = plain(
        LargeBinary, because="hashes of random pieces, 32 bytes each, that name who lies"
    )
    verifier: Mapped[bytes] = plain(
        LargeBinary(32), because="hash of what follows from the case key; tells who recovered it"
    )

    __table_args__ = (belongs_to("cases", "case_id"), UniqueConstraint("organisation_id", "case_id", "key_version"))


class CaseKeyShare(InOrganisation, Base):
    """One custodian's share of what opens one version of a case key."""

    __tablename__ = "case_key_shares"
    escrow_id: Mapped[UUID] = plain(because="of which version of which case key")
    custodian_id: Mapped[UUID] = plain(because="whose share")
    share: Mapped[bytes] = sealed_otherwise("HPKE to the custodian's public key", LargeBinary)

    __table_args__ = (
        belongs_to("case_key_escrows", "escrow_id"),
        UniqueConstraint("organisation_id", "escrow_id", "custodian_id"),
    )


class Appointment(OfCase, Base):
    """The part an account plays in a case. Ended, never deleted."""

    __tablename__ = "appointments"
    account_id: Mapped[UUID] = plain(because="who")
    capacity: Mapped[Capacity] = code(because="in which part")
    appointed_on: Mapped[date] = plain(because="day")
    ended_on: Mapped[date | None] = plain(because="day")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("accounts", "account_id"),
        Index(
            "uq_appointments_standing", "organisation_id", "case_id", "account_id", "capacity",
            unique=True, postgresql_where=text("ended_on IS NULL"), sqlite_where=text("ended_on IS NULL"),
        ),
        Index(None, "organisation_id", "account_id", "case_id"),
    )  # fmt: skip


class Wall(OfCase, Base):
    """A conflict of interest that bars an account from a case. Whoever raised the grievance may have raised the wall too."""

    __tablename__ = "walls"
    account_id: Mapped[UUID] = plain(because="who is barred")
    raised_by: Mapped[UUID | None] = plain(
        because="which case officer raised it; none where whoever raised the grievance did, before it was sent"
    )
    raised_on: Mapped[date] = plain(because="day")
    reason = Sealed.optional_text("case_id")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("accounts", "account_id"),
        CheckConstraint(
            "(raised_by IS NULL) = (reason_sealed IS NULL)", name="either_an_officer_with_reason_or_the_reporter"
        ),
        UniqueConstraint("organisation_id", "case_id", "account_id"),
        Index(None, "organisation_id", "account_id", "case_id"),
    )


class ConflictOutcome(StrEnum):
    """What a case officer found of somebody who was described."""

    WALL_RAISED = "wall_raised"
    NOBODY_HERE = "nobody_here"


class DescribedConflict(OfCase, Base):
    """Somebody who must not see the case, in the words of whoever raised it. Until it is resolved, nobody is appointed."""

    __tablename__ = "described_conflicts"
    grievance_id: Mapped[UUID] = plain(because="in which grievance")
    position: Mapped[int] = plain(because="place among the descriptions, from 1")
    outcome: Mapped[ConflictOutcome | None] = code(because="what was found; none until a case officer resolved it")
    wall_id: Mapped[UUID | None] = plain(because="the wall that bars whom it describes")
    resolved_by: Mapped[UUID | None] = plain(because="which case officer")
    resolved_on: Mapped[date | None] = plain(because="day")
    description = Sealed.text("grievance_id")
    reason = Sealed.optional_text("case_id")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("walls", "wall_id"),
        belongs_to("accounts", "resolved_by"),
        UniqueConstraint("organisation_id", "grievance_id", "position"),
        CheckConstraint(
            "(outcome IS NULL) = (resolved_by IS NULL) AND (outcome IS NULL) = (resolved_on IS NULL)"
            " AND (outcome IS NULL) = (reason_sealed IS NULL)"
            " AND (wall_id IS NOT NULL) = (outcome IS NOT NULL AND outcome = 'wall_raised')",
            name="resolved_whole_or_not",
        ),
        Index(None, "organisation_id", "case_id"),
    )


class Transition(OfCase, Base):
    """One step of a case's life. What somebody decided has a reason; what follows from another act needs none."""

    __tablename__ = "case_transitions"
    position: Mapped[int] = plain(because="which step of the case's life it is, from 1")
    from_state: Mapped[CaseState] = code(because="state before")
    to_state: Mapped[CaseState] = code(because="state after")
    made_by: Mapped[UUID] = plain(because="which account")
    made_on: Mapped[date] = plain(because="day")
    reason = Sealed.optional_text("case_id")

    __table_args__ = (belongs_to("cases", "case_id"), UniqueConstraint("organisation_id", "case_id", "position"))


class Triage(OfCase, Base):
    """The assessment on which the procedure was decided. Source: ISO 37002:2021, 8.3.1."""

    __tablename__ = "triages"
    likelihood: Mapped[Level] = code(because="how likely it is true")
    impact: Mapped[Level] = code(because="how grave if true")
    immediate_risk: Mapped[bool] = plain(because="whether somebody is in danger now")
    knowledge: Mapped[Knowledge] = code(because="first hand or hearsay")
    previously_reported: Mapped[bool] = plain(because="whether it was reported before")
    procedure: Mapped[Procedure] = code(because="which procedure was decided")
    decided_by: Mapped[UUID] = plain(because="which account decided")
    decided_on: Mapped[date] = plain(because="day")
    reason = Sealed.text("case_id")

    __table_args__ = (belongs_to("cases", "case_id"), UniqueConstraint("organisation_id", "case_id"))
