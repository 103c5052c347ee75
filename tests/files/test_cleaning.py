"""Cleaning happens in memory, within limits, and leaves nothing there: not even where a process was killed in the middle."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.files.cleaning import CopyState, NotCleaned, cleaned, memory_folder, remove_left
from app.files.types import TEXT, Kind
from app.kernel.settings import Settings
from tests.builders.files import a_jpeg

JPEG = Kind("image/jpeg", ".jpg")


def left() -> list[Path]:
    """Return what stands in memory."""
    folder = memory_folder()
    assert folder is not None
    return sorted(folder.glob("candour-cleaning-*"))


def why_not(settings: Settings, kind: Kind, content: bytes) -> CopyState:
    """Return why there is no copy of a file."""

    def write(take: Callable[[bytes], object]) -> None:
        take(content)

    with pytest.raises(NotCleaned) as refused, cleaned(settings, kind, len(content), write):
        pass
    return refused.value.state


def test_only_a_file_system_in_memory_will_do(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    for kind, found in (("tmpfs", tmp_path), ("ramfs", tmp_path), ("ext4", None), ("overlay", None)):
        mounts.write_text(f"something {tmp_path} {kind} rw 0 0\n")
        assert memory_folder([tmp_path], mounts) == found
    assert memory_folder([tmp_path / "nowhere"], mounts) is None
    assert memory_folder([tmp_path], tmp_path / "nothing") is None
    mounts.write_text(f"one {tmp_path} tmpfs rw 0 0\nanother {tmp_path} ext4 rw 0 0\n")
    assert memory_folder([tmp_path], mounts) is None, "what is mounted last is what is there"


def test_a_copy_is_there_while_it_is_read_and_nothing_afterwards() -> None:
    before = left()
    content = a_jpeg()

    def write(take: Callable[[bytes], object]) -> None:
        take(content)

    with cleaned(Settings(), JPEG, len(content), write) as copy:
        assert bytes(copy[:3]) == b"\xff\xd8\xff"
        (folder,) = set(left()) - set(before)
        assert folder.stat().st_mode & 0o077 == 0
        remove_left()
        assert folder.exists(), "a folder in use is nobody's leaving"
    assert left() == before


def test_a_file_too_large_or_of_a_type_that_mat2_does_not_know_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.Popen", None)
    assert why_not(Settings(clean_bytes=10), TEXT, bytes(11)) is CopyState.TOO_LARGE
    assert why_not(Settings(), Kind("image/heic", ".heic"), bytes(5)) is CopyState.TYPE_NOT_SUPPORTED


@pytest.mark.parametrize(
    "program",
    [
        "#!/bin/sh\nsleep 60\n",
        "#!/bin/sh\nsleep 60 & wait\n",
        "#!/bin/sh\nexit 3\n",
        "#!/bin/sh\nexit 0\n",
        "#!/bin/sh\n: > file.cleaned.txt\n",
        "#!/bin/sh\nexec dd if=/dev/zero of=file.cleaned.txt bs=1M count=200\n",
        '#!/bin/sh\n[ -z "$CANDOUR_CANARY" ] && exit 3\ncp file.txt file.cleaned.txt\n',
    ],
    ids=["hangs", "hangs with a child", "fails", "makes nothing", "makes it empty", "fills memory", "wants settings"],
)
def test_a_program_that_goes_wrong_makes_no_copy_and_leaves_nothing(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = left()
    fake = tmp_path / "mat2"
    fake.write_text(program)
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("CANDOUR_CANARY", "a secret of the service")
    assert why_not(Settings(clean_seconds=1), TEXT, b"some text") is CopyState.FAILED
    assert left() == before


def test_what_a_killed_process_left_in_memory_is_removed() -> None:
    memory = memory_folder()
    assert memory is not None
    abandoned, used = memory / "candour-cleaning-abandoned", memory / "candour-cleaning-used"
    for folder in (abandoned, used):
        folder.mkdir(mode=0o700)
        (folder / "file.txt").write_bytes(b"in clear")
    held = os.open(used, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    remove_left()
    assert (abandoned.exists(), used.exists()) == (False, True)
    os.close(held)
    remove_left()
    assert not used.exists()
