"""Brings rows and stored bytes together again: what was begun and never ended goes after a day, bytes that are nobody's at once."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, select, tuple_

from app.blobs.chosen import store_of
from app.blobs.models import Blob
from app.blobs.store import Place
from app.files import cleaning
from app.files.models import FileUpload
from app.files.service import KEPT_FOR
from app.kernel import clock
from app.kernel.runtime import Runtime

_BATCH = 500


async def sweep(runtime: Runtime) -> None:
    """No file is on its way for longer than its time, every stored byte belongs to a row, and no clear byte is left in memory.

    What the store holds is listed before the rows are read, and every row is there before its first byte: so nothing that was
    just begun is taken for nobody's.

    Raises:
        StoreFull: the store does not answer.

    """
    await runtime.files.run(cleaning.remove_left)
    store = store_of(runtime.settings)
    oldest = clock.today() - KEPT_FOR
    async with runtime.database.session(write=True) as session:
        await session.execute(delete(FileUpload).where(FileUpload.begun_on < oldest))
        is_awaited = exists().where(FileUpload.organisation_id == Blob.organisation_id, FileUpload.blob_id == Blob.id)
        await session.execute(delete(Blob).where(~Blob.is_whole, Blob.made_on < oldest, ~is_awaited))
    held = await runtime.files.run(lambda: list(store.held()))
    for start in range(0, len(held), _BATCH):
        some = held[start : start + _BATCH]
        known = await _known(runtime, [place for place, _ in some])
        for place, handle in some:
            if _belongs(known.get((place.organisation_id, place.id)), handle):
                continue
            if handle is None:
                await runtime.files.run(store.remove, place, None)
            else:
                await runtime.files.run(store.drop, place, handle)


def _belongs(row: Any, handle: str | None) -> bool:  # noqa: ANN401 a row of `_known`
    """Whether a row is there for it. Of beginnings in the store, one that a request lost to a faster one belongs to none."""
    if row is None or handle is None:
        return row is not None
    return not row.is_whole and row.handle in {None, handle}


async def _known(runtime: Runtime, places: list[Place]) -> dict[tuple[UUID, UUID], Any]:
    wanted = [(place.organisation_id, place.id) for place in places]
    statement = select(Blob.organisation_id, Blob.id, Blob.handle, Blob.is_whole).where(
        tuple_(Blob.organisation_id, Blob.id).in_(wanted)
    )
    async with runtime.database.session(write=False) as session:
        return {(row.organisation_id, row.id): row for row in (await session.execute(statement)).all()}
