"""Both stores keep the same promises: whole or not there, never changed afterwards, nothing left behind. Of S3, against moto's server."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from app.blobs import bucket
from app.blobs.bucket import BucketStore
from app.blobs.content import Content, Reader, put_whole
from app.blobs.folder import FolderStore
from app.blobs.store import BlobEnded, BlobGone, Place, Store, StoreFull
from app.crypto import blobs
from app.crypto.blobs import PART_BYTES, SEALED_PART_BYTES
from app.kernel.sealed import SealedContentBroken
from tests.conftest import Clock

BUCKET = "candour"
ENDED = (BlobEnded, StoreFull)
"""S3 answers NoSuchUpload to a part that comes too late; moto's server fails over it, which counts as no answer. Neither takes it."""


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A server that speaks S3; its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> Iterator[Store]:
    """An empty store of each kind."""
    if request.param == "folder":
        yield FolderStore(tmp_path / "files")
        return
    address = request.getfixturevalue("s3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    found = BucketStore(f"{BUCKET}-{uuid4().hex}", address, "eu-west-2")
    where = {"LocationConstraint": "eu-west-2"}
    boto3.client("s3", endpoint_url=address, region_name="eu-west-2").create_bucket(
        Bucket=found.bucket, CreateBucketConfiguration=where
    )
    yield found
    found._s3.close()


def a_content(size: int) -> Content:
    """Return a file that is not stored yet."""
    return Content(Place(uuid4(), uuid4()), size, blobs.new_key())


def begun(store: Store, content: Content, clear: bytes) -> str:
    """Return the handle of a file of which everything was put."""
    handle = store.begin(content.place)
    step = store.step * PART_BYTES
    for number, start in enumerate(range(0, len(clear), step)):
        store.put(content.place, handle, number, content.seal(number * store.step, clear[start : start + step]))
    store.settle(content.place, handle)
    return handle


@pytest.mark.parametrize("size", [1, PART_BYTES, 9 * PART_BYTES + 5])
def test_what_was_put_is_read_part_by_part(store: Store, size: int) -> None:
    clear, content = os.urandom(size), a_content(size)
    put_whole(store, content, memoryview(clear))
    assert b"".join(content.all_parts(store)) == clear
    assert list(store.held()) == [(content.place, None)]


def test_half_a_file_is_no_file(store: Store) -> None:
    content = a_content(20 * PART_BYTES)
    handle = store.begin(content.place)
    store.put(content.place, handle, 0, content.seal(0, bytes(store.step * PART_BYTES)))
    store.settle(content.place, handle)
    with pytest.raises(BlobGone):
        store.read(content.place, 0, 10)
    with pytest.raises(SealedContentBroken):
        content.part(store, 0)
    with pytest.raises(BlobGone):
        store.finish(content.place, handle, content.sealed_size)
    assert list(store.held()) == [(content.place, handle)]
    store.drop(content.place, handle)
    store.drop(content.place, handle)
    assert list(store.held()) == []


def test_a_part_may_be_put_again_before_the_end_and_nothing_after_it(store: Store) -> None:
    clear, content = os.urandom(PART_BYTES + 5), a_content(PART_BYTES + 5)
    handle = begun(store, content, bytes(len(clear)))
    step = store.step * PART_BYTES
    for number, start in enumerate(range(0, len(clear), step)):
        store.put(content.place, handle, number, content.seal(number * store.step, clear[start : start + step]))
    store.finish(content.place, handle, content.sealed_size)
    store.finish(content.place, handle, content.sealed_size)
    with pytest.raises(ENDED):
        store.put(content.place, handle, 0, b"later")
    assert b"".join(content.all_parts(store)) == clear
    store.drop(content.place, handle)
    assert b"".join(content.all_parts(store)) == clear, "dropping a beginning leaves the file"


def test_what_is_removed_is_gone_whole_or_begun(store: Store) -> None:
    content = a_content(10)
    for is_whole in (False, True):
        handle = begun(store, content, b"0123456789")
        if is_whole:
            store.finish(content.place, handle, content.sealed_size)
        store.remove(content.place, handle)
        assert list(store.held()) == []
        with pytest.raises(ENDED):
            store.put(content.place, handle, 0, b"x")
        with pytest.raises(BlobGone):
            store.read(content.place, 0, 1)
    store.remove(content.place, None)
    with pytest.raises(BlobGone):
        store.finish(content.place, handle, content.sealed_size)


def test_a_reader_finds_its_way_across_parts(store: Store) -> None:
    clear, content = os.urandom(2 * PART_BYTES + 100), a_content(2 * PART_BYTES + 100)
    put_whole(store, content, memoryview(clear))
    reader = Reader(store, content)
    assert (reader.seekable(), reader.readable()) == (True, True)
    reader.seek(PART_BYTES - 5)
    assert reader.read(10) == clear[PART_BYTES - 5 : PART_BYTES + 5]
    reader.seek(-7, os.SEEK_END)
    assert reader.read() == clear[-7:]
    assert reader.read(1) == b""
    reader.seek(0)
    with pytest.raises(ValueError, match="too much"):
        reader.read()


def test_a_whole_file_that_is_longer_or_shorter_than_its_row_says_does_not_open(store: Store) -> None:
    content = a_content(10)
    put_whole(store, content, memoryview(b"0123456789"))
    for size in (9, 11, PART_BYTES + 1):
        with pytest.raises(SealedContentBroken):
            list(Content(content.place, size, content.key).all_parts(store))


def test_the_folder_is_private_and_its_times_tell_the_day(tmp_path: Path, clock: Clock) -> None:
    store, content = FolderStore(tmp_path / "files"), a_content(PART_BYTES + 1)
    handle = begun(store, content, bytes(PART_BYTES + 1))
    day = datetime(clock.at.year, clock.at.month, clock.at.day, tzinfo=UTC).timestamp()
    for is_whole in (False, True):
        if is_whole:
            store.finish(content.place, handle, content.sealed_size)
            assert content.part(store, 0)
        (path,) = (path for path in store.folder.rglob("*") if path.is_file())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert (path.stat().st_mtime, path.stat().st_atime) == (day, day)
        assert path.parent.stat().st_mtime == day
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, store.folder)} == {0o700}
        assert path.stat().st_size == content.sealed_size == SEALED_PART_BYTES + 74


def test_strangers_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "lost+found" / "a").touch()
    (tmp_path / uuid4().hex).mkdir()
    (tmp_path / uuid4().hex.upper()).mkdir()
    assert list(store.held()) == []


def test_a_store_that_does_not_answer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setattr(bucket, "_ATTEMPTS", 1)
    store = BucketStore(BUCKET, "http://127.0.0.1:9", "eu-west-2")
    with pytest.raises(StoreFull):
        store.begin(Place(uuid4(), uuid4()))
    store._s3.close()


def test_a_bucket_that_is_not_there_takes_nothing(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    store = BucketStore("nowhere", s3, "eu-west-2")
    with pytest.raises(StoreFull):
        store.begin(Place(uuid4(), uuid4()))
    store._s3.close()
