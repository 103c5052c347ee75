"""Takes the bytes of a file as they come: sealed part by part, so that nothing of them touches a disk in clear.

The memory that it needs does not grow with the file. What has arrived is counted in whole portions of the store, after it is on
the disk: a connection that is cut, or a process that is killed, loses what was not counted yet and nothing else.
"""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy import select, update

from app.blobs.models import Blob
from app.blobs.store import BlobEnded, Store
from app.crypto.blobs import PART_BYTES
from app.files.models import FileUpload
from app.files.service import Upload
from app.kernel.problems import Conflict, NotFound, Problem
from app.kernel.runtime import Runtime

_COUNTED_EVERY = 64 * 1024 * 1024
"""How many bytes may arrive before they are brought to the disk and counted."""


class OffsetDiffers(Conflict):
    """The bytes do not begin where those that have arrived end. `offset` says where that is: send on from there."""

    title = "The bytes begin at the wrong place"


class PortionTooSmall(Problem):
    """Bytes are kept in portions of `part_bytes`, and this request carried less without ending the file: nothing of it was kept."""

    status = 422
    title = "Send more bytes at once"


class _Arriving:
    """One request that brings bytes of one file."""

    def __init__(self, runtime: Runtime, store: Store, upload: Upload, handle: str) -> None:
        self.runtime, self.store, self.upload, self.handle = runtime, store, upload, handle
        self.portion = store.step * PART_BYTES
        self.counted = self.put = upload.stored
        self._under_way: asyncio.Task[None] | None = None

    async def take(self, content: bytes) -> None:
        """The portion is on its way into the store; the one before has arrived there.

        Raises:
            StoreFull: there is no room.
            NotFound: the file was completed or discarded meanwhile.

        """
        await self._arrived()
        number, self.put = self.put // self.portion, self.put + len(content)
        self._under_way = asyncio.create_task(self.runtime.files.run(self._put, number, content))
        if self.put - self.counted >= _COUNTED_EVERY:
            await self.count()

    def _put(self, number: int, content: bytes) -> None:
        sealed = self.upload.content.seal(number * self.store.step, content)
        self.store.put(self.upload.content.place, self.handle, number, sealed)

    async def _arrived(self) -> None:
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            try:
                await under_way
            except BlobEnded as error:
                raise NotFound from error

    async def count(self) -> None:
        """What was put is on the disk and counted as arrived.

        Raises:
            OffsetDiffers: another request brought the same bytes, and was faster.
            NotFound: the file was completed or discarded meanwhile.
            StoreFull: there is no room.

        """
        await self._arrived()
        if self.put == self.counted:
            return
        try:
            await self.runtime.files.run(self.store.settle, self.upload.content.place, self.handle)
        except BlobEnded as error:
            raise NotFound from error
        place = (
            FileUpload.organisation_id == self.upload.content.place.organisation_id,
            FileUpload.id == self.upload.id,
        )
        async with self.runtime.database.session(write=True) as session:
            counted = update(FileUpload).where(*place, FileUpload.stored == self.counted).values(stored=self.put)
            done = await session.execute(counted.returning(FileUpload.id))
            if done.one_or_none() is None:
                stored = await session.scalar(select(FileUpload.stored).where(*place))
                raise NotFound if stored is None else OffsetDiffers(offset=stored)
        self.counted = self.put

    async def let_go(self) -> None:
        """No thread works for this request any more."""
        if self._under_way is not None:
            await asyncio.gather(self._under_way, return_exceptions=True)


async def receive(runtime: Runtime, store: Store, upload: Upload, offset: int, body: AsyncIterator[bytes]) -> int:
    """Return how much of the file has arrived, the bytes of `body` included as far as they fill portions or end the file.

    Raises:
        OffsetDiffers: they do not begin where the file ends so far.
        PortionTooSmall: they fill no portion.
        StoreFull: there is no room.
        Busy: too many bytes come in at once.
        NotFound: the file was completed or discarded meanwhile.

    """
    if offset != upload.stored:
        raise OffsetDiffers(offset=upload.stored)
    if offset == upload.content.size:
        return offset
    handle = upload.handle or await _begun(runtime, store, upload)
    arriving = _Arriving(runtime, store, upload, handle)
    waiting = bytearray()
    try:
        async for chunk in body:
            waiting += chunk
            while len(waiting) >= arriving.portion:
                await arriving.take(bytes(memoryview(waiting)[: arriving.portion]))
                del waiting[: arriving.portion]
        if waiting and arriving.put + len(waiting) == upload.content.size:
            await arriving.take(bytes(waiting))
        await arriving.count()
    finally:
        await arriving.let_go()
    if arriving.counted == offset:
        raise PortionTooSmall(part_bytes=arriving.portion)
    return arriving.counted


async def _begun(runtime: Runtime, store: Store, upload: Upload) -> str:
    """Return what the store calls the beginning of the file. The row that it belongs to is there before."""
    place = upload.content.place
    handle = await runtime.files.run(store.begin, place)
    known = await _remember(runtime, place.organisation_id, place.id, handle)
    if known is None:
        await runtime.files.run(store.remove, place, handle)
        raise NotFound
    return known


async def _remember(runtime: Runtime, organisation_id: UUID, blob_id: UUID, handle: str) -> str | None:
    """Return the handle under which the file is written: this one, or that of a request that was faster. None if it is gone."""
    place = (Blob.organisation_id == organisation_id, Blob.id == blob_id)
    async with runtime.database.session(write=True) as session:
        await session.execute(update(Blob).where(*place, Blob.handle.is_(None)).values(handle=handle))
        known: str | None = await session.scalar(select(Blob.handle).where(*place))
    return known
