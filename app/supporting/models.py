"""Counts of supporters and what is kept of each. No row says who; none of a supporter leads to a code or a token.

The tables that supporters write to have no order of their own: on SQLite they are kept by their random key, without a row number, and
once a day the worker writes all of their rows anew in a random order, in one transaction (`rounds`), so that neither where a row
lies nor which transaction wrote it tells which came after which, or which code was spent with it.
"""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.kernel.db import Base, InOrganisation, OfCase, Versioned, belongs_to, code, plain, sealed_otherwise
from app.kernel.sealed import ORGANISATION, Sealed

PUBLIC_LENGTH = 300
"""Characters of a text that the representative decided to make public."""
_UNORDERED: dict[str, Any] = {"sqlite_with_rowid": False}


class Mode(StrEnum):
    """By what a supporter shows that the union counted them in."""

    CODES = "codes"
    TOKENS = "tokens"
    TOKENS_BY_ALLEGATION = "tokens_by_allegation"


class SupportCount(OfCase, Versioned, Base):
    """One count of the supporters of a collective grievance: from when to when, by what, and what the public may read of it."""

    __tablename__ = "support_counts"
    grievance_id: Mapped[UUID] = plain(because="of which grievance")
    mode: Mapped[Mode] = code(because="public: by what supporters are counted in")
    opens_on: Mapped[date] = plain(because="public: its first day")
    closes_on: Mapped[date] = plain(because="public: its last day")
    ended_on: Mapped[date | None] = plain(because="day on which the representative ended it before its last day")
    threshold: Mapped[int] = plain(because="public: fewer supporters are never shown")
    roll: Mapped[int] = plain(because="public: how many the union can count in at most; of codes, how many were drawn")
    statement: Mapped[str] = plain(String(PUBLIC_LENGTH), because="public: what the representative tells everybody")
    issuer_key: Mapped[bytes | None] = plain(LargeBinary, because="public key that signs tokens for every allegation")
    counting_key: Mapped[bytes] = plain(LargeBinary, because="public key to which supporters' choices are sealed")
    counting_seed = Sealed.text(ORGANISATION)
    """In hexadecimal. The reporters' face has no key that opens it: it can seal a choice, and read none."""
    tallied_on: Mapped[date | None] = plain(because="day of the one tally by allegation, after the end")
    tag: Mapped[bytes] = plain(
        LargeBinary(32), because="MAC of its keys, mode and threshold, under a key that is not in the database"
    )

    __table_args__ = (
        belongs_to("cases", "case_id"),
        belongs_to("grievances", "grievance_id"),
        UniqueConstraint("organisation_id", "grievance_id"),
        Index(None, "grievance_id"),
        CheckConstraint("(mode = 'tokens') = (issuer_key IS NOT NULL)", name="one_issuer_key_where_people_are_counted"),
        CheckConstraint("opens_on <= closes_on", name="opens_before_it_closes"),
    )


class CountedAllegation(OfCase, Base):
    """One allegation that supporters may name, in the words that the representative decided to make public."""

    __tablename__ = "counted_allegations"
    count_id: Mapped[UUID] = plain(because="of which count")
    raised_id: Mapped[UUID] = plain(because="which allegation of the grievance")
    position: Mapped[int] = plain(because="public: its number in the count, from 1")
    wording: Mapped[str] = plain(String(PUBLIC_LENGTH), because="public: how the representative tells everybody of it")
    issuer_key: Mapped[bytes | None] = plain(LargeBinary, because="public key that signs tokens for this one alone")

    __table_args__ = (
        belongs_to("support_counts", "count_id"),
        belongs_to("raised_allegations", "raised_id"),
        UniqueConstraint("organisation_id", "count_id", "position"),
    )


class SupporterCode(InOrganisation, Base):
    """One code that nobody has used yet. Using it removes the row: nothing of it is left to lead to who used it."""

    __tablename__ = "supporter_codes"
    count_id: Mapped[UUID] = plain(because="of which count")
    lookup: Mapped[bytes] = plain(LargeBinary(32), because="peppered MAC of 100 random bits")

    __table_args__ = (
        belongs_to("support_counts", "count_id"),
        UniqueConstraint("organisation_id", "count_id", "lookup"),
        _UNORDERED,
    )


class SpentToken(InOrganisation, Base):
    """That one token was used. What it says of its holder is that the union signed it for somebody."""

    __tablename__ = "spent_tokens"
    count_id: Mapped[UUID] = plain(because="of which count")
    position: Mapped[int] = plain(because="for which allegation its key signs; 0 for all")
    serial: Mapped[bytes] = plain(LargeBinary(32), because="hash of a random number that the union never saw")

    __table_args__ = (
        belongs_to("support_counts", "count_id"),
        UniqueConstraint("organisation_id", "count_id", "serial"),
        _UNORDERED,
    )


class CountedSupporter(InOrganisation, Base):
    """One person who was counted; of a count by allegation, one person's support for one allegation. What they chose is sealed."""

    __tablename__ = "counted_supporters"
    count_id: Mapped[UUID] = plain(because="of which count")
    lookup: Mapped[bytes] = plain(LargeBinary(32), because="peppered MAC; finds the receipt, does not tell it")
    choice: Mapped[bytes] = sealed_otherwise("HPKE to the count's key, one length for every choice", LargeBinary)
    changed_on: Mapped[date] = plain(
        because="day on which it joined or was amended; once mixed, the first day of the count"
    )
    is_shuffled: Mapped[bool] = plain(because="whether it was written anew since, in a random order")

    __table_args__ = (
        belongs_to("support_counts", "count_id"),
        UniqueConstraint("lookup"),
        Index(None, "organisation_id", "count_id"),
        _UNORDERED,
    )


class SupporterIdentity(InOrganisation, Base):
    """What a supporter left for the custodians, or that they left nothing: until the day ends the two look alike.

    It is found by another secret than the choice, so that only the receipt says which choice and which identity are one person's.
    """

    __tablename__ = "supporter_identities"
    count_id: Mapped[UUID] = plain(because="of which count")
    lookup: Mapped[bytes] = plain(LargeBinary(32), because="peppered MAC; finds the receipt, does not tell it")
    identity_id: Mapped[UUID] = plain(because="the sealed identity, in the vault once the day has ended")
    left_on: Mapped[date] = plain(because="day")
    marker: Mapped[bytes | None] = sealed_otherwise(
        "HPKE to the count's key: whether somebody is named", LargeBinary, nullable=True
    )
    waiting: Mapped[bytes | None] = sealed_otherwise(
        "shared among custodians, padded; empty once it is in the vault", LargeBinary, nullable=True
    )
    is_withdrawn: Mapped[bool] = plain(because="whether it is to be erased by the next round")

    __table_args__ = (
        belongs_to("support_counts", "count_id"),
        UniqueConstraint("lookup"),
        UniqueConstraint("organisation_id", "identity_id"),
        CheckConstraint("(marker IS NULL) = (waiting IS NULL)", name="waits_with_its_marker"),
        _UNORDERED,
    )


class SupportTally(OfCase, Base):
    """One number that may be told. Numbers that may not be told have no row, and so look like none."""

    __tablename__ = "support_tallies"
    count_id: Mapped[UUID] = plain(because="of which count")
    allegation_id: Mapped[UUID | None] = plain(because="of which allegation; none for the number of people")
    number: Mapped[int] = plain(because="a count at or above the threshold")
    is_exact: Mapped[bool] = plain(because="whether it is that number, or that number or more")
    counted_on: Mapped[date] = plain(because="day it was counted")

    __table_args__ = (
        belongs_to("support_counts", "count_id"),
        belongs_to("counted_allegations", "allegation_id"),
        UniqueConstraint("organisation_id", "count_id", "allegation_id"),
    )
