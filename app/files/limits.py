"""How much may be sent with one grievance, by the settings of the service and the rules of its channel. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.files.types import ACCEPTED
from app.intake.channel_settings import FileKind, FileRules
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


_GROUPS = {"image": FileKind.IMAGES, "audio": FileKind.AUDIO, "video": FileKind.VIDEO}
"""The group of each top-level media type; all other types are documents."""


def limits_of(settings: Settings, rules: FileRules) -> Limits:
    """Return what holds for every channel, narrowed by the rules of one: its bytes, its number, its types."""
    return Limits(
        min(settings.file_bytes, rules.largest_bytes),
        min(settings.grievance_files, rules.most_files),
        settings.grievance_file_bytes,
        frozenset(one for one in ACCEPTED if kind_of_type(one) in rules.kinds),
    )


def kind_of_type(media_type: str) -> FileKind:
    """Return the group in whose name a channel takes files of that type."""
    return _GROUPS.get(media_type.partition("/")[0], FileKind.DOCUMENTS)


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
