"""Keeps encrypted files in a folder. A file is written under the name of a beginning, and gets its own when it is whole.

Modes are 0600 and 0700. Times of files and folders are the day, as far as a file system lets anybody set them: a stored file
must not tell the minute in which somebody sent it.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.blobs.store import BlobEnded, BlobGone, Place, StoreFull
from app.crypto.blobs import SEALED_PART_BYTES
from app.kernel import clock

_BEGUN = ".begun"
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
_QUIETLY = getattr(os, "O_NOATIME", 0)


class FolderStore:
    """Files in one folder, below it one folder for each organisation."""

    step = 1

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`, which is made when it is needed."""
        self.folder = folder

    def begin(self, place: Place) -> str:
        """Make the file under the name of a beginning."""
        begun = self._begun(place)
        with _room():
            for folder in (self.folder, begun.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            _settle_folder(begun.parent)
        return "folder"

    def put(self, place: Place, handle: str, number: int, content: bytes) -> None:  # noqa: ARG002 the interface
        """Write at the place of that part."""
        with _room(), self._held(place) as file:
            written, start = 0, number * SEALED_PART_BYTES
            while written < len(content):
                written += os.pwrite(file, memoryview(content)[written:], start + written)

    def settle(self, place: Place, handle: str) -> None:  # noqa: ARG002
        """Bring everything to the disk."""
        with _room(), self._held(place) as file:
            os.fsync(file)
            _date(self._begun(place))

    def finish(self, place: Place, handle: str, length: int) -> None:  # noqa: ARG002
        """Cut off what a request left behind the end, bring all to the disk, and give the file its name."""
        whole = self._whole(place)
        try:
            with _room(), self._held(place) as file:
                if os.fstat(file).st_size < length:
                    raise BlobGone
                os.ftruncate(file, length)
                os.fsync(file)
                _date(self._begun(place))
                self._begun(place).rename(whole)
                _settle_folder(whole.parent)
        except BlobEnded:
            if not whole.exists():
                raise BlobGone from None

    def read(self, place: Place, start: int, length: int) -> bytes:
        """Read without the file system keeping when."""
        try:
            file = os.open(self._whole(place), os.O_RDONLY | os.O_CLOEXEC | _QUIETLY)
        except FileNotFoundError:
            raise BlobGone from None
        except PermissionError:  # somebody else's file may not be read without a trace
            file = os.open(self._whole(place), os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(file, length, start)
        finally:
            os.close(file)

    def remove(self, place: Place, handle: str | None) -> None:  # noqa: ARG002
        """Unlink it; a request that still writes finds it gone."""
        self._unlink(self._begun(place), self._whole(place))

    def drop(self, place: Place, handle: str) -> None:  # noqa: ARG002
        """Unlink the beginning."""
        self._unlink(self._begun(place))

    @staticmethod
    def _unlink(*paths: Path) -> None:
        for path in paths:
            with suppress(FileNotFoundError):
                path.unlink()
                _settle_folder(path.parent)

    def held(self) -> Iterator[tuple[Place, str | None]]:
        """Walk through the folder."""
        for path in sorted(self.folder.glob("*/*")):
            is_begun = path.name.endswith(_BEGUN)
            place = Place.read(f"{path.parent.name}/{path.name.removesuffix(_BEGUN)}")
            if place is not None:
                yield place, "folder" if is_begun else None

    def _whole(self, place: Place) -> Path:
        return self.folder / place.text()

    def _begun(self, place: Place) -> Path:
        return self.folder / f"{place.text()}{_BEGUN}"

    @contextmanager
    def _held(self, place: Place) -> Iterator[int]:
        """Give the file that was begun, alone with it: who finishes or writes waits.

        Raises:
            BlobEnded: it is whole, or was removed.

        """
        begun = self._begun(place)
        try:
            file = os.open(begun, os.O_WRONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise BlobEnded from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not begun.exists():  # it ended while this waited
                raise BlobEnded
            yield file
        finally:
            os.close(file)


@contextmanager
def _room() -> Iterator[None]:
    """Say so where there is no room.

    Raises:
        StoreFull: the file system took no more.

    """
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StoreFull from error
        raise


def _settle_folder(folder: Path) -> None:
    """The names in the folder are on the disk, and its times are the day."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
    _date(folder)


def _date(path: Path) -> None:
    """Its times of reading and writing are the first instant of this day."""
    day = clock.start_of_day().timestamp()
    with suppress(FileNotFoundError):
        os.utime(path, (day, day))
