"""Erasure keys are on the disk before their rows, private, and gone when their rows are not kept."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from app.vault import erasure
from app.vault.erasure import ErasureKeys, ErasureKeyTaken
from tests.conftest import Clock


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_each_key_is_in_a_private_file_of_its_own(tmp_path: Path) -> None:
    keys = {uuid4(): os.urandom(32) for _ in range(5)}
    ErasureKeys(tmp_path).keep(keys)
    for identity_id, key in keys.items():
        path = erasure.path_of(tmp_path, identity_id)
        assert path.read_bytes() == key
        assert stat.S_IMODE(path.stat().st_mode) == 0o400
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(files_in(tmp_path)) == len(keys)


def test_the_times_of_a_file_and_its_folder_tell_the_day_alone(tmp_path: Path, clock: Clock) -> None:
    clock.set(datetime(2026, 3, 2, 19, 43, 21, tzinfo=UTC))
    identity_id = uuid4()
    ErasureKeys(tmp_path).keep({identity_id: bytes(32)})
    path = erasure.path_of(tmp_path, identity_id)
    for place in (path, path.parent, tmp_path):
        seen = place.stat()
        assert {datetime.fromtimestamp(seen.st_mtime, UTC), datetime.fromtimestamp(seen.st_atime, UTC)} == {
            datetime(2026, 3, 2, tzinfo=UTC)
        }


def test_forgetting_removes_what_this_request_wrote_and_nothing_else(tmp_path: Path) -> None:
    stays, goes = ErasureKeys(tmp_path), ErasureKeys(tmp_path)
    first, second = (UUID(f"0197a000-0000-7000-8000-0000000000{end}") for end in ("1f", "2f"))
    stays.keep({first: bytes(32)})
    goes.keep({second: bytes(32), uuid4(): bytes(32)})
    goes.forget()
    assert [path.name for path in files_in(tmp_path)] == [str(first)]


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    identity_id = uuid4()
    ErasureKeys(tmp_path).keep({identity_id: b"first"})
    with pytest.raises(ErasureKeyTaken):
        ErasureKeys(tmp_path).keep({identity_id: b"second"})
    assert erasure.path_of(tmp_path, identity_id).read_bytes() == b"first"


def test_what_was_written_before_the_disk_failed_is_forgotten(tmp_path: Path) -> None:
    kept, taken = ErasureKeys(tmp_path), uuid4()
    (tmp_path / taken.hex[-2:]).write_bytes(b"a file where the folder should be")
    good = UUID(int=(taken.int + 1) % 2**128)
    with pytest.raises(FileExistsError):
        kept.keep({good: bytes(32), taken: bytes(32)})
    kept.forget()
    assert len(files_in(tmp_path)) == 1
