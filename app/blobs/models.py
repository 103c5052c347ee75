"""What the store of files is known to hold. The keys are with whoever owns the file."""

from datetime import date

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped

from app.kernel.db import Base, InOrganisation, plain

HANDLE_LENGTH = 300


class Blob(InOrganisation, Base):
    """One encrypted file in the store, or the beginning of one. It is there before its first byte: bytes without it are nobody's."""

    __tablename__ = "blobs"
    size: Mapped[int] = plain(BigInteger, because="bytes of the content; the stored bytes show it")
    is_whole: Mapped[bool] = plain(because="whether it came to its end and is never changed any more")
    handle: Mapped[str | None] = plain(
        String(HANDLE_LENGTH), because="what the store calls the beginning of a file, until it is whole"
    )
    made_on: Mapped[date] = plain(because="day, for the removal of what was begun and never ended")

    __table_args__ = (Index(None, "is_whole", "made_on"),)
