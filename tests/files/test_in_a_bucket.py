"""The same doors with files in an S3-compatible store: sent in larger portions, kept, cleaned, discarded, swept."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from hashlib import sha256
from types import SimpleNamespace

import boto3
import pytest
from moto.server import ThreadedMotoServer

from app.blobs.chosen import store_of
from app.blobs.store import Place, Store
from app.files.sweeping import sweep
from tests.builders import files, intake
from tests.builders.files import MARK, PORTION, a_reporter, a_text
from tests.conftest import Clock, Service

STEP = 8 * PORTION


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server that speaks S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
async def store(service: Service, address: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    """The service keeps its files in an empty bucket."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3", endpoint_url=address)
    client.create_bucket(Bucket="candour")
    settings = service.runtime.settings
    before = dict(settings.__dict__)
    settings.__dict__.update(file_store="s3", s3_endpoint=address)
    found = store_of(settings)
    for place, handle in list(found.held()):
        found.remove(place, handle)
    yield found
    settings.__dict__.update(before)
    client.close()


async def test_a_file_is_sent_cleaned_and_read_as_from_a_folder(
    service: Service, actors: SimpleNamespace, store: Store
) -> None:
    sender, submitted = await a_reporter(service)
    content = a_text(STEP + 2 * PORTION + 77)
    begun = await sender.begin(len(content))
    assert begun["part_bytes"] == STEP
    answer = await sender.put(begun["id"], 0, content[: STEP + PORTION])
    assert answer.headers["upload-offset"] == str(STEP)
    assert [handle is None for _, handle in store.held()] == [False], "half a file is no object"
    assert (await sender.put(begun["id"], STEP, content[STEP:])).status_code == 204
    assert (await sender.complete(begun["id"])).json()["sha256"] == sha256(content).hexdigest()
    assert (await sender.client.get(sender.at(begun["id"], "/content"))).content == content
    photo = await sender.send(files.a_jpeg(), "photo.jpg")
    case_id = await intake.case_called(actors.case_officer, submitted["reference"])
    copy = await actors.case_officer.get(f"/v1/cases/{case_id}/files/{photo['id']}/content")
    assert (copy.status_code, MARK.encode() in copy.content) == (200, False)
    assert [handle for _, handle in store.held()] == [None] * 4, "two files, each with its copy"


async def test_what_is_discarded_refused_or_left_is_gone_from_the_bucket(
    service: Service, store: Store, clock: Clock
) -> None:
    sender, _ = await a_reporter(service)
    discarded, left = await sender.begin(2 * STEP), await sender.begin(2 * STEP)
    for one in (discarded, left):
        await sender.put(one["id"], 0, bytes(STEP))
    assert (await sender.client.delete(sender.at(discarded["id"]))).status_code == 204
    refused = await sender.begin(3)
    await sender.put(refused["id"], 0, b"\0\1\2")
    assert (await sender.complete(refused["id"])).status_code == 415
    assert len(list(store.held())) == 1
    lost = Place(next(iter(store.held()))[0].organisation_id, next(iter(store.held()))[0].id)
    store.begin(lost)  # as a request does that loses to a faster one
    store.begin(Place(lost.id, lost.id))
    await sweep(service.runtime)
    assert len(list(store.held())) == 1
    assert (await sender.put(left["id"], STEP, bytes(STEP))).status_code == 204
    clock.advance(timedelta(days=2))
    await sweep(service.runtime)
    assert list(store.held()) == []
