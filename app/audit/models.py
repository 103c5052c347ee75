"""The tables of the log. Nothing refers to them and they refer to nothing, so that no deletion can reach them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, LargeBinary, String
from sqlalchemy.orm import Mapped

from app.kernel.db import Base, plain

EVENT_LENGTH = 60


class AuditEvent(Base):
    """One act or one read of content."""

    __tablename__ = "audit_events"
    organisation_id: Mapped[UUID] = plain(primary_key=True, because="which organisation's log")
    chain_id: Mapped[UUID] = plain(
        primary_key=True,
        because="the case, what follows from it for its inbox, or the organisation itself for acts outside cases",
    )
    sequence: Mapped[int] = plain(primary_key=True, autoincrement=False, because="place in the chain")
    event: Mapped[str] = plain(String(EVENT_LENGTH), because="name of the act, from a fixed vocabulary")
    actor_id: Mapped[UUID | None] = plain(because="which account; none for a reporter")
    at: Mapped[datetime] = plain(because="to the minute for staff, to the day for reporters")
    touched: Mapped[list[Any]] = plain(JSON, because="tables, keys and salted commitments; no content")
    salt: Mapped[bytes] = plain(LargeBinary, because="salt of the commitments; erasing it leaves the chain whole")
    hash: Mapped[bytes] = plain(LargeBinary(32), because="hash that the next event follows")


class AuditHead(Base):
    """The end of a chain: what the next event follows."""

    __tablename__ = "audit_heads"
    organisation_id: Mapped[UUID] = plain(primary_key=True, because="which organisation's log")
    chain_id: Mapped[UUID] = plain(primary_key=True, because="which chain")
    sequence: Mapped[int] = plain(because="how many events the chain has")
    hash: Mapped[bytes] = plain(LargeBinary(32), because="hash of the last event")
    tag: Mapped[bytes] = plain(LargeBinary(32), because="MAC of the head under a key that is not in the database")
