"""Where the client keeps what is private: files that only their owner may read, in a folder of their own."""

import os
from pathlib import Path

FOLDER = "CANDOUR_CLIENT_FOLDER"
"""Names the environment variable with the folder of the client; without it, `~/.candour`."""
OWNER_ALONE = 0o600
READ_BY_OWNER_ALONE = 0o400
_FOLDER_OF_OWNER = 0o700
_OTHERS_MAY = 0o077


class OpenToOthers(Exception):
    """A private file may be read or written by others than its owner. The message names it."""


def folder() -> Path:
    """Return the client's folder, made with mode 0700 if it was missing."""
    named = os.environ.get(FOLDER)
    found = Path(named) if named else Path.home() / ".candour"
    found.mkdir(mode=_FOLDER_OF_OWNER, parents=True, exist_ok=True)
    return found


def read_private(path: Path) -> bytes:
    """Return the content of a file that only its owner may read and write.

    Raises:
        OpenToOthers: others may.

    """
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & _OTHERS_MAY:
            raise OpenToOthers(f"{path} is open to others: make it 0400 or 0600")
        return file.read()


def write_new(path: Path, content: bytes, mode: int = READ_BY_OWNER_ALONE) -> None:
    """A new file holds the content, on the disk when this returns. Never overwrites.

    Raises:
        FileExistsError: there is one already.

    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)


def write(path: Path, content: bytes, mode: int = OWNER_ALONE) -> None:
    """The file holds this content and no other, at once: whoever reads sees the old or the new. The disk has it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    write_new(beside, content, mode)
    beside.replace(path)
