"""The files of a grievance, and those that are on their way. A row that a reporter causes tells the day at most."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.kernel.db import Base, OfCase, belongs_to, plain
from app.kernel.sealed import Sealed


class FileUpload(OfCase, Base):
    """A file on its way: begun, not yet looked at, seen by nobody but who sends it. It is removed after a day."""

    __tablename__ = "file_uploads"
    grievance_id: Mapped[UUID] = plain(because="of which grievance")
    blob_id: Mapped[UUID] = plain(because="which stored file it will be")
    size: Mapped[int] = plain(BigInteger, because="bytes that were announced; the stored bytes show it")
    stored: Mapped[int] = plain(BigInteger, because="bytes that arrived; the stored bytes show it")
    begun_on: Mapped[date] = plain(because="day, for removal")
    name = Sealed.text("grievance_id")
    file_key = Sealed.text("grievance_id")
    """In hexadecimal, as all that is no text."""

    __table_args__ = (
        belongs_to("grievances", "grievance_id"),
        belongs_to("blobs", "blob_id"),
        UniqueConstraint("organisation_id", "blob_id"),
        Index(None, "organisation_id", "grievance_id"),
        Index(None, "begun_on"),
    )


class GrievanceFile(OfCase, Base):
    """A file that somebody sent with a grievance: the original as it came, and a copy without metadata if there is one."""

    __tablename__ = "grievance_files"
    grievance_id: Mapped[UUID] = plain(because="of which grievance")
    blob_id: Mapped[UUID] = plain(because="where the original is stored")
    copy_id: Mapped[UUID | None] = plain(because="where the copy without metadata is stored; none where there is none")
    size: Mapped[int] = plain(BigInteger, because="bytes of the original; the stored bytes show it")
    copy_size: Mapped[int | None] = plain(BigInteger, because="bytes of the copy; the stored bytes show it")
    received_on: Mapped[date] = plain(because="day")
    name = Sealed.text("grievance_id")
    media_type = Sealed.text("grievance_id")
    sha256 = Sealed.text("grievance_id")
    copy_state = Sealed.text("grievance_id")
    scan = Sealed.text("grievance_id")
    file_key = Sealed.text("grievance_id")
    copy_key = Sealed.optional_text("grievance_id")

    __table_args__ = (
        belongs_to("grievances", "grievance_id"),
        belongs_to("blobs", "blob_id"),
        belongs_to("blobs", "copy_id"),
        UniqueConstraint("organisation_id", "blob_id"),
        UniqueConstraint("organisation_id", "copy_id"),
        Index(None, "organisation_id", "grievance_id"),
        Index(None, "organisation_id", "case_id"),
    )
