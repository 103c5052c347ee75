"""What goes over the wire about files, apart from their bytes."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.kernel.texts import Line

SHA256_HEX = r"^[0-9a-f]{64}$"


class FileIn(BaseModel):
    """A file that is about to be sent."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[
        Line, Field(description="Its name. It is sealed, and nothing is concluded from it.", examples=["rota.pdf"])
    ]
    size: Annotated[int, Field(strict=True, ge=1, le=1 << 40, description="Its length in bytes.", examples=[482_113])]


class CompletionIn(BaseModel):
    """That a file was sent to its end."""

    model_config = ConfigDict(extra="forbid")

    sha256: Annotated[
        str | None,
        Field(
            pattern=SHA256_HEX, description="SHA-256 of the file, in hexadecimal, to be compared.", examples=["ab" * 32]
        ),
    ] = None


class UploadState(StrEnum):
    """Where a file is."""

    ON_ITS_WAY = "on_its_way"
    KEPT = "kept"


class UploadOut(BaseModel):
    """A file on its way, or kept: how much of it has arrived."""

    id: UUID
    state: UploadState
    size: int
    offset: int = Field(description="How many bytes have arrived. Send the next from here.")
    part_bytes: int = Field(
        description="Bytes are kept in portions of this many; all requests but the last must carry at least one."
    )
    removed_after: date | None = Field(description="Day after which it is removed unless it was completed.")


class UploadItem(UploadOut):
    """A file on its way, in a list."""

    name: str


class FileOut(BaseModel):
    """A file that is kept."""

    id: UUID
    name: str
    size: int
    media_type: str = Field(description="What it is, by its content.")
    sha256: str = Field(description="SHA-256 of the original as it came.")
    received_on: date
    cleaned: bool = Field(description="Whether there is a copy without metadata.")
    cleaning: str = Field(description="The same in words, with the reason if there is none.")
    scanned: bool = Field(description="Whether a scanner took it for harmless.")


class FilesOut(BaseModel):
    """Every file of a grievance, as whoever raised it sees them."""

    kept: list[FileOut]
    on_their_way: list[UploadItem]
    padding: str = Field("", description="Blanks, so that the length of the answer is one of a few.")


class CaseFileOut(FileOut):
    """A file as those who work the case see it."""

    grievance_id: UUID
    copy_size: int | None = Field(description="Bytes of the copy without metadata.")


class CaseFilesOut(BaseModel):
    """Every file that was sent with the grievances of a case."""

    items: list[CaseFileOut]
