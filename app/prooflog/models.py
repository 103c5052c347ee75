"""The tables of the proof log. They hold hashes and signatures: no content, and no hour of anything.

Nothing refers to them and they refer to nothing, so that a case can be erased and the tree stays whole.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.kernel.db import Base, plain

NAME_LENGTH = 300
NOTE_LENGTH = 300


class LogHead(Base):
    """The tree of one organisation as appending needs it. Whoever holds this row is the one sequencer."""

    __tablename__ = "log_heads"
    organisation_id: Mapped[UUID] = plain(primary_key=True, because="whose log")
    size: Mapped[int] = plain(because="how many leaves")
    frontier: Mapped[bytes] = plain(LargeBinary, because="hashes of the complete subtrees")
    complete_on: Mapped[date | None] = plain(
        because="the last day on which the events of all days before were taken in"
    )


class LogLeaf(Base):
    """One leaf: a salted commitment to an event, and which event it is."""

    __tablename__ = "log_leaves"
    organisation_id: Mapped[UUID] = plain(primary_key=True, because="whose log")
    position: Mapped[int] = plain(
        primary_key=True, autoincrement=False, because="place in the tree, from 0; not the order of acts"
    )
    chain_id: Mapped[UUID] = plain(because="which chain")
    sequence: Mapped[int] = plain(because="place in the chain")
    hash: Mapped[bytes] = plain(LargeBinary(32), because="hash of the leaf, salted")

    __table_args__ = (UniqueConstraint("organisation_id", "chain_id", "sequence"),)


class LogNode(Base):
    """One complete subtree of at least two leaves, kept so that a proof reads few rows."""

    __tablename__ = "log_nodes"
    organisation_id: Mapped[UUID] = plain(primary_key=True, because="whose log")
    level: Mapped[int] = plain(primary_key=True, autoincrement=False, because="2**level leaves")
    position: Mapped[int] = plain(
        primary_key=True, autoincrement=False, because="place among the subtrees of the level, from 0"
    )
    hash: Mapped[bytes] = plain(LargeBinary(32), because="hash of the subtree")


class LogCheckpoint(Base):
    """One state of the log that was signed."""

    __tablename__ = "log_checkpoints"
    organisation_id: Mapped[UUID] = plain(primary_key=True, because="whose log")
    size: Mapped[int] = plain(primary_key=True, autoincrement=False, because="how many leaves")
    root: Mapped[bytes] = plain(LargeBinary(32), because="root over the leaves")
    note: Mapped[str] = plain(String(NOTE_LENGTH), because="public: the signed checkpoint")
    is_public: Mapped[bool] = plain(because="whether it closes a day, and so may be shown to anybody")


class LogCosignature(Base):
    """What a witness signed beside the service."""

    __tablename__ = "log_cosignatures"
    organisation_id: Mapped[UUID] = plain(primary_key=True, because="whose log")
    size: Mapped[int] = plain(primary_key=True, autoincrement=False, because="of which checkpoint")
    witness: Mapped[str] = plain(String(NAME_LENGTH), primary_key=True, because="public: the key of the witness")
    signature: Mapped[bytes] = plain(LargeBinary, because="public: the witness's time and signature")


class LogTimestamp(Base):
    """What a time-stamping authority answered about a checkpoint."""

    __tablename__ = "log_timestamps"
    organisation_id: Mapped[UUID] = plain(primary_key=True, because="whose log")
    size: Mapped[int] = plain(primary_key=True, autoincrement=False, because="of which checkpoint")
    token: Mapped[bytes] = plain(
        LargeBinary, because="the authority's answer as it came: the hour of a public checkpoint"
    )
