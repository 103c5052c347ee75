"""The tables of openings: who asked to open what until when, who answered. No reason stands in them in clear, and no key."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.crypto.openings import Purpose
from app.kernel.db import Base, OfCase, belongs_to, code, plain, sealed_otherwise
from app.kernel.sealed import Sealed
from app.policy.actors import Capacity


class OpeningState(StrEnum):
    """How far an opening is. That it is expired is told by the clock and never stored."""

    REQUESTED = "requested"
    RELEASED = "released"
    OPENED = "opened"
    FAILED = "failed"
    REFUSED = "refused"
    EXPIRED = "expired"


class AnswerKind(StrEnum):
    """What a custodian said."""

    APPROVAL = "approval"
    REFUSAL = "refusal"


class Opening(OfCase, Base):
    """A request to open one thing. The signed document itself is only in the papers, sealed to each who may read it."""

    __tablename__ = "openings"
    channel_id: Mapped[UUID] = plain(because="which channel's custodians are asked")
    purpose: Mapped[Purpose] = code(because="whether an identity or the key of the case is to be opened")
    subject_id: Mapped[UUID] = plain(because="which identity, or which escrow of the key; not whose")
    requester_id: Mapped[UUID] = plain(because="which account asks")
    capacity: Mapped[Capacity] = code(because="in which part of the case they ask; the reporter is told")
    manifest: Mapped[bytes] = plain(
        LargeBinary(32), because="public: names the manifest that the request was made under"
    )
    digest: Mapped[bytes] = plain(
        LargeBinary(32), because="hash of the request, which holds a random key; answers are bound to it"
    )
    key_id: Mapped[bytes] = plain(LargeBinary(8), because="names the public key that shares are sealed to again")
    threshold: Mapped[int] = plain(because="how many custodians it takes")
    state: Mapped[OpeningState] = code(because="how far it is")
    made_at: Mapped[datetime] = plain(because="minute of an act of staff")
    expires_at: Mapped[datetime] = plain(because="minute at which nothing is given out any more")

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("channels", "channel_id"),
        belongs_to("accounts", "requester_id"),
        Index(None, "organisation_id", "case_id"),
        Index(None, "expires_at"),
    )


class OpeningPaper(OfCase, Base):
    """The signed request, sealed to one custodian or to one account that works the case. A custodian's row is emptied at the end."""

    __tablename__ = "opening_papers"
    opening_id: Mapped[UUID] = plain(because="which request")
    account_id: Mapped[UUID] = plain(because="who may read it")
    custodian_id: Mapped[UUID | None] = plain(because="as which custodian; none for who works the case")
    paper: Mapped[bytes | None] = sealed_otherwise("HPKE to the custodian's or the account's public key", LargeBinary)

    __table_args__ = (
        belongs_to("openings", "opening_id"),
        belongs_to("accounts", "account_id"),
        UniqueConstraint("organisation_id", "opening_id", "account_id"),
        Index(None, "organisation_id", "account_id", "opening_id"),
    )


class OpeningAnswer(OfCase, Base):
    """A custodian's approval, which holds their share sealed again, or refusal. It is emptied at the end."""

    __tablename__ = "opening_answers"
    opening_id: Mapped[UUID] = plain(because="which request")
    custodian_id: Mapped[UUID] = plain(because="which custodian")
    account_id: Mapped[UUID] = plain(because="who")
    kind: Mapped[AnswerKind] = code(because="approval or refusal")
    content: Mapped[bytes | None] = sealed_otherwise(
        "HPKE to the key of the request, whose private half is on the requester's machine alone", LargeBinary
    )
    signature: Mapped[bytes] = plain(LargeBinary(64), because="the custodian's, over a hash")
    answered_at: Mapped[datetime] = plain(because="minute of an act of staff")
    is_false: Mapped[bool] = plain(because="whether the requester found that it is not what was dealt to the custodian")

    __table_args__ = (
        belongs_to("openings", "opening_id"),
        belongs_to("accounts", "account_id"),
        UniqueConstraint("organisation_id", "opening_id", "custodian_id"),
    )


class OpeningNotice(OfCase, Base):
    """What the reporter, or for a supporter the representative, is told of an opening."""

    __tablename__ = "opening_notices"
    opening_id: Mapped[UUID] = plain(because="of which request")
    grievance_id: Mapped[UUID] = plain(because="in whose inbox it is")
    made_on: Mapped[date] = plain(because="day")
    withheld_until: Mapped[date | None] = plain(because="day from which it shows; none if it shows at once")
    text = Sealed.text("grievance_id")

    __table_args__ = (
        belongs_to("openings", "opening_id"),
        belongs_to("grievances", "grievance_id"),
        UniqueConstraint("organisation_id", "opening_id"),
        Index(None, "organisation_id", "grievance_id"),
    )


class OpeningWithholding(OfCase, Base):
    """One person's reason why the reporter is not told yet. It takes two people."""

    __tablename__ = "opening_withholdings"
    opening_id: Mapped[UUID] = plain(because="of which request")
    account_id: Mapped[UUID] = plain(because="who")
    recorded_on: Mapped[date] = plain(because="day")
    reason = Sealed.text("case_id")

    __table_args__ = (
        belongs_to("openings", "opening_id"),
        belongs_to("accounts", "account_id"),
        UniqueConstraint("organisation_id", "opening_id", "account_id"),
    )
