"""Makes a copy of a file without metadata, by mat2 run as a command, in memory alone. It blocks.

The clear content is never on a disk: where there is no file system in memory nothing is cleaned. mat2 sees the one file under a
neutral name, nothing of the service's environment, and ends after its time, its memory or its bytes.
"""

import fcntl
import mmap
import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from app.files.types import Kind
from app.kernel.settings import Settings

MEMORY_FOLDERS = (Path("/dev/shm"),)  # noqa: S108 it is looked at whether it is in memory
_MOUNTS = Path("/proc/self/mounts")
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_MOST_MEMORY = 4 * 1024**3
_GROWTH = 8
"""How many times larger than the file a copy may be: pages of a document become images."""
_LEAST_OUTPUT = 64 * 1024**2
_NAME, _PREFIX = "file", "candour-cleaning-"


class CopyState(StrEnum):
    """Whether there is a copy without metadata, and if not, why."""

    CLEANED = "cleaned"
    NOT_INSTALLED = "not_installed"
    NO_MEMORY_FOLDER = "no_memory_folder"
    TOO_LARGE = "too_large"
    TYPE_NOT_SUPPORTED = "type_not_supported"
    FAILED = "failed"


IN_WORDS = {
    CopyState.CLEANED: "There is a copy without metadata.",
    CopyState.NOT_INSTALLED: "Not cleaned: mat2 is not installed here. The file still says what it says of who made it.",
    CopyState.NO_MEMORY_FOLDER: "Not cleaned: there is no file system in memory here, and the content must not touch a disk.",
    CopyState.TOO_LARGE: "Not cleaned: the file is larger than what is cleaned here.",
    CopyState.TYPE_NOT_SUPPORTED: "Not cleaned: mat2 does not know this type of file.",
    CopyState.FAILED: "Not cleaned: mat2 could not clean it in the time and memory that it may take.",
}
_UNKNOWN = frozenset({".heic", ".webp", ".m4a", ".mov"})
"""Endings of types that mat2 does not clean: of the first it removes only a part."""


class NotCleaned(Exception):
    """There is no copy; `state` says why."""

    def __init__(self, state: CopyState) -> None:
        """Hold the reason."""
        super().__init__(state.value)
        self.state = state


def memory_folder(candidates: Sequence[Path] = MEMORY_FOLDERS, mounts: Path = _MOUNTS) -> Path | None:
    """Return a folder that is in memory for certain and can be written to, or None."""
    try:
        lines = [line.split() for line in mounts.read_text().splitlines()]
    except OSError:
        return None
    kinds = {Path(line[1]): line[2] for line in lines}
    return next((one for one in candidates if kinds.get(one) in _IN_MEMORY and os.access(one, os.W_OK)), None)


@contextmanager
def cleaned(
    settings: Settings, kind: Kind, size: int, write: Callable[[Callable[[bytes], object]], None]
) -> Iterator[memoryview]:
    """Give the copy of a file without metadata. `write` hands over the file, part by part. All is gone afterwards.

    Raises:
        NotCleaned: there is none.

    """
    if size > settings.clean_bytes:
        raise NotCleaned(CopyState.TOO_LARGE)
    if kind.ending in _UNKNOWN:
        raise NotCleaned(CopyState.TYPE_NOT_SUPPORTED)
    program, memory = shutil.which("mat2"), memory_folder()
    if program is None:
        raise NotCleaned(CopyState.NOT_INSTALLED)
    if memory is None:
        raise NotCleaned(CopyState.NO_MEMORY_FOLDER)
    with _private_folder(memory) as folder:
        source = folder / f"{_NAME}{kind.ending}"
        try:
            with source.open("xb") as file:
                write(file.write)
            _run(program, source, settings.clean_seconds, max(_LEAST_OUTPUT, _GROWTH * size))
            with source.with_name(f"{_NAME}.cleaned{kind.ending}").open("rb") as copy:
                yield from _mapped(copy.fileno())
        except OSError as error:
            raise NotCleaned(CopyState.FAILED) from error


@contextmanager
def _private_folder(memory: Path) -> Iterator[Path]:
    """Give a folder that is gone afterwards; as long as it is locked, it is nobody's leaving."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=memory))
        with suppress(FileNotFoundError):
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(held, fcntl.LOCK_EX)
            if folder.exists():  # else it was taken for a leaving before it was locked
                break
            os.close(held)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def remove_left() -> None:
    """What a process that was killed left in memory, in clear, is gone."""
    memory = memory_folder()
    for folder in () if memory is None else memory.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # somebody else's, or gone already
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(held)


def _mapped(file: int) -> Iterator[memoryview]:
    """Give the content of an open file without reading it whole.

    Raises:
        OSError: it is empty.

    """
    if os.fstat(file).st_size == 0:
        raise OSError
    with mmap.mmap(file, 0, access=mmap.ACCESS_READ) as content, memoryview(content) as view:
        yield view


def _run(program: str, source: Path, seconds: int, most_bytes: int) -> None:
    """Mat2 has made its copy beside the file.

    Raises:
        OSError: it made none, or took too long.

    """
    folder = str(source.parent)
    environment = {"PATH": os.defpath, "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8"}
    process = subprocess.Popen(  # noqa: S603 the program was found in the system's folders, the name is ours
        [program, "--unknown-members", "omit", str(source)],
        cwd=folder, env=environment, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with suppress(ProcessLookupError):
            for limit, most in (
                (resource.RLIMIT_CPU, seconds),
                (resource.RLIMIT_AS, _MOST_MEMORY),
                (resource.RLIMIT_FSIZE, most_bytes),
                (resource.RLIMIT_CORE, 0),
            ):
                resource.prlimit(process.pid, limit, (most, most))
        code = process.wait(seconds)
    except subprocess.TimeoutExpired as error:
        raise OSError from error
    finally:
        with suppress(ProcessLookupError, PermissionError):  # whatever it started ends with it
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if code != 0:
        raise OSError
