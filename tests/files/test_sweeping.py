"""Rows and stored bytes are brought together: what was begun and never ended goes after a day, bytes that are nobody's at once."""

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import func, select

from app.audit.verify import verify
from app.blobs.chosen import store_of
from app.blobs.models import Blob
from app.blobs.store import Place
from app.files.models import FileUpload
from app.files.sweeping import sweep
from app.worker import JOBS
from tests.builders.files import PORTION, a_reporter, a_text, stored_in
from tests.conftest import Clock, Service


async def rows_of(service: Service) -> tuple[int, int]:
    """Return how many uploads and blobs there are."""
    async with service.runtime.database.session(write=False) as session:
        uploads = await session.scalar(select(func.count()).select_from(FileUpload))
        return uploads or 0, await session.scalar(select(func.count()).select_from(Blob)) or 0


def test_the_worker_sweeps() -> None:
    assert sweep in [job.run for job in JOBS]


async def test_what_is_on_its_way_is_left_for_a_day_and_gone_after_two(service: Service, clock: Clock) -> None:
    await sweep(service.runtime)  # what other tests left
    assert stored_in(service) == []
    sender, _ = await a_reporter(service)
    kept = await sender.send(a_text())
    begun = await sender.begin(2 * PORTION)
    await sender.put(begun["id"], 0, bytes(PORTION))
    await sender.begin(5)
    stored = stored_in(service)
    await sweep(service.runtime)
    clock.advance(timedelta(days=1))
    await sweep(service.runtime)
    assert (stored_in(service), await rows_of(service)) == (stored, (2, 4))
    clock.advance(timedelta(days=1))
    await sweep(service.runtime)
    assert (len(stored_in(service)), await rows_of(service)) == (2, (0, 2)), "the file and its copy stay"
    async with service.runtime.database.session(write=False) as session:
        assert (await verify(session, service.runtime.keys)).faults == []
    assert kept["id"]


async def test_bytes_that_are_nobodys_go_and_those_that_are_somebodys_stay(service: Service) -> None:
    await sweep(service.runtime)
    sender, _ = await a_reporter(service)
    await sender.send(a_text())
    begun = await sender.begin(2 * PORTION)
    await sender.put(begun["id"], 0, bytes(PORTION))
    stored = stored_in(service)
    store = store_of(service.runtime.settings)
    for is_whole in (False, True):
        place = Place(uuid4(), uuid4())
        handle = store.begin(place)
        store.put(place, handle, 0, b"bytes")
        if is_whole:
            store.finish(place, handle, 5)
    assert len(stored_in(service)) == len(stored) + 2
    await sweep(service.runtime)
    assert stored_in(service) == stored
    assert (await sender.put(begun["id"], PORTION, bytes(PORTION))).status_code == 204
