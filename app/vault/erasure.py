"""The store of erasure keys: one file each, apart from the database. Without its file no identity opens, in no backup either."""

import os
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from app.kernel import clock
from app.kernel.keyring import write_private
from app.kernel.problems import Conflict

PRIVATE_FOLDER = 0o700


class ErasureKeyTaken(Conflict):
    """An identity has this id already. Draw other ids, and seal anew: nothing was stored."""

    title = "An identity has this id already"


def path_of(folder: Path, identity_id: UUID) -> Path:
    """Return where the erasure key of an identity is: under the last two digits of its id, which are random."""
    return folder / identity_id.hex[-2:] / str(identity_id)


def read_key(folder: Path, identity_id: UUID) -> bytes | None:
    """Return the erasure key of an identity; None if it was erased."""
    try:
        return path_of(folder, identity_id).read_bytes()
    except FileNotFoundError:
        return None


def destroy(folder: Path, identity_id: UUID) -> None:
    """The erasure key of an identity is gone from the disk when this returns; if it was gone, nothing changes. Blocks.

    Raises:
        OSError: the store is not there, or not ours to write.

    """
    path = path_of(folder, identity_id)
    if not path.exists():
        return
    path.unlink()
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class ErasureKeys:
    """The erasure keys that one request makes: on the disk before their rows are, and gone again if the rows are not kept.

    A process that dies in between leaves a key without a row, which opens nothing; a row without its key cannot come about.
    """

    def __init__(self, folder: Path) -> None:
        """Write into `folder`."""
        self._folder = folder
        self._written: list[Path] = []

    def keep(self, keys: Mapping[UUID, bytes]) -> None:
        """Write each key into a file of its own, mode 0400, on the disk when this returns. Blocks.

        Files and folders bear the first instant of the day: like all that a reporter causes, they tell the day and not the
        minute. When its name was last changed (ctime) is the file system's, and cannot be set.

        Raises:
            ErasureKeyTaken: an identity with that id is there already; its key stays as it is.
            OSError: the folder is missing, full or not ours to write.

        """
        day = clock.start_of_day().timestamp()
        for identity_id, key in keys.items():
            path = path_of(self._folder, identity_id)
            if not path.parent.is_dir():
                self._make(path.parent)
            self._written.append(path)
            try:
                write_private(path, key)
            except FileExistsError:
                self._written.remove(path)  # it is another identity's, and stays
                raise ErasureKeyTaken from None
            for touched in (path, path.parent, self._folder):
                os.utime(touched, (day, day))

    def forget(self) -> None:
        """Remove every key that was written: no row belongs to it."""
        day = clock.start_of_day().timestamp()
        for path in self._written:
            path.unlink(missing_ok=True)
            os.utime(path.parent, (day, day))
        self._written.clear()

    @staticmethod
    def _make(folder: Path) -> None:
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        handle = os.open(folder.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
