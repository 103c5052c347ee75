"""The outbox: who is to be told, what is on its way, where to. No content, and no minute at which a reporter did anything."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.kernel.db import Base, InOrganisation, belongs_to, code, plain
from app.kernel.sealed import ORGANISATION, Sealed
from app.notifications.templates import Language


class DeliveryState(StrEnum):
    """How far a delivery is."""

    WAITING = "waiting"
    SENT = "sent"
    DROPPED = "dropped"
    DEAD = "dead"


class MailAddress(InOrganisation, Base):
    """Where somebody with an account gets mail. Removed when they say so."""

    __tablename__ = "mail_addresses"
    account_id: Mapped[UUID] = plain(because="whose")
    language: Mapped[Language] = code(because="in which language they read")
    is_always: Mapped[bool] = plain(because="whether a mail goes in every slot, so that none tells anything")
    set_on: Mapped[date] = plain(because="day; staff, not reporters")
    address = Sealed.text(ORGANISATION)

    __table_args__ = (belongs_to("accounts", "account_id"), UniqueConstraint("organisation_id", "account_id"))


class WebhookEndpoint(InOrganisation, Base):
    """Where another system is told that there is something new. Ended, never removed."""

    __tablename__ = "webhook_endpoints"
    made_on: Mapped[date] = plain(because="day; staff, not reporters")
    ended_on: Mapped[date | None] = plain(because="day; staff, not reporters")
    url = Sealed.text(ORGANISATION)
    secret = Sealed.text(ORGANISATION)

    __table_args__ = (ForeignKeyConstraint(["organisation_id"], ["organisations.id"]),)


class NoticeSlot(InOrganisation, Base):
    """A slot whose notices were gathered: whoever has the row gathered them, alone."""

    __tablename__ = "notice_slots"
    slot_at: Mapped[datetime] = plain(because="the hour of the slot, which the settings say")

    __table_args__ = (
        ForeignKeyConstraint(["organisation_id"], ["organisations.id"]),
        UniqueConstraint("organisation_id", "slot_at"),
    )


class Delivery(InOrganisation, Base):
    """One mail or one call of a webhook, of one slot. Whoever holds the lease tries it; after the lease anybody may."""

    __tablename__ = "deliveries"
    slot_at: Mapped[datetime] = plain(because="the hour of the slot, which the settings say")
    account_id: Mapped[UUID | None] = plain(because="whom a mail goes to")
    endpoint_id: Mapped[UUID | None] = plain(because="which webhook is called")
    event_id: Mapped[UUID] = plain(because="random; the same at every try, so that a receiver knows a repetition")
    state: Mapped[DeliveryState] = code(because="how far it is")
    attempts: Mapped[int] = plain(because="how often it was tried")
    next_try_at: Mapped[datetime] = plain(because="from when it is tried; follows from the slot and the tries")
    leased_until: Mapped[datetime | None] = plain(because="until when one worker has it")

    __table_args__ = (
        belongs_to("accounts", "account_id"),
        belongs_to("webhook_endpoints", "endpoint_id"),
        CheckConstraint("(account_id IS NULL) = (endpoint_id IS NOT NULL)", name="to_an_account_or_a_webhook"),
        UniqueConstraint("organisation_id", "account_id", "slot_at"),
        UniqueConstraint("organisation_id", "endpoint_id", "slot_at"),
        Index(None, "state", "next_try_at"),
    )


class Notice(InOrganisation, Base):
    """Somebody is to be told, from that day on, that there is something to see. Gone once they were."""

    __tablename__ = "notices"
    account_id: Mapped[UUID] = plain(because="who is to be told")
    about_id: Mapped[UUID | None] = plain(because="in which case, so that a wall that is raised later holds")
    from_on: Mapped[date] = plain(because="day; of what a reporter did, the day after")
    delivery_id: Mapped[UUID | None] = plain(because="by which mail they are told")

    __table_args__ = (
        belongs_to("accounts", "account_id"),
        belongs_to("deliveries", "delivery_id"),
        Index(None, "organisation_id", "from_on"),
        Index(None, "organisation_id", "delivery_id"),
    )
