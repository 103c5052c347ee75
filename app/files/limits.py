"""How much may be sent with one grievance. Pure: the rules of a channel plug in here, in `limits_of`."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.files.types import ACCEPTED
from app.kernel.problems import Conflict, Problem
from app.kernel.settings import Settings


class FileTooLarge(Problem):
    """The file is larger than this door takes. `file_bytes` says how large a file may be."""

    status = 413
    title = "The file is too large"


class TooManyFiles(Conflict):
    """No more files can be sent with this grievance: their number or their bytes together would pass what is taken.

    `files` and `total_bytes` say how much that is. Files that are on their way count.
    """

    title = "No more files can be sent"


class FileTypeRefused(Problem):
    """Files of this type are not taken; nothing of it was kept. The type is read from the content, whatever the name says.

    `accepted` lists the types that are taken.
    """

    status = 415
    title = "Files of this type are not taken"


@dataclass(frozen=True)
class Limits:
    """What one grievance may have."""

    file_bytes: int
    files: int
    total_bytes: int
    types: frozenset[str]


def limits_of(settings: Settings) -> Limits:
    """Return what holds for every channel. A channel's own rules narrow this: its bytes, its number, its types."""
    return Limits(settings.file_bytes, settings.grievance_files, settings.grievance_file_bytes, ACCEPTED)


def require_room(limits: Limits, sizes: Sequence[int], size: int) -> None:
    """Return if a file of `size` bytes may join those of `sizes`.

    Raises:
        FileTooLarge: it is too large by itself.
        TooManyFiles: they would be too many, or too large together.

    """
    if size > limits.file_bytes:
        raise FileTooLarge(file_bytes=limits.file_bytes)
    if len(sizes) >= limits.files or sum(sizes) + size > limits.total_bytes:
        raise TooManyFiles(files=limits.files, total_bytes=limits.total_bytes)


def require_type(limits: Limits, media_type: str | None) -> None:
    """Return if files of that type are taken.

    Raises:
        FileTypeRefused: they are not.

    """
    if media_type not in limits.types:
        raise FileTypeRefused(accepted=sorted(limits.types))
