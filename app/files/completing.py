"""Makes a file that has arrived part of the grievance, once it was looked at; removes what may not be kept.

Nothing of it is a file before the one transaction at the end, which has the custody event in it.
"""

from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.audit.log import Entry
from app.blobs.models import Blob
from app.blobs.store import BlobGone, Place, Store
from app.cases import telling
from app.files import service
from app.files.examining import DigestDiffers, Examined, examine
from app.files.limits import FileTypeRefused, Limits
from app.files.models import FileUpload, GrievanceFile
from app.files.scanning import MalwareFound
from app.files.schemas import FileOut
from app.files.service import Owner, Upload, hold, shown
from app.kernel import clock
from app.kernel.ids import new_id
from app.kernel.problems import Conflict, NotFound
from app.kernel.runtime import Runtime
from app.kernel.sealed import SealedContentBroken
from app.policy.actors import Capacity

_READERS = (Capacity.CASE_OFFICER, Capacity.INVESTIGATOR)
"""Who is told that a file was sent."""
RECEIVED = "file.received"
"""The event of the case's log from which on the file is in custody: it commits to its row, and so to its hash."""


class FileUnfinished(Conflict):
    """Not all of the file has arrived. `offset` says how much: send on from there."""

    title = "Not all of the file has arrived"


async def complete(runtime: Runtime, store: Store, owner: Owner, upload: Upload, expected: str | None) -> FileOut:
    """Return the file, which is kept from now on. What may not be kept is removed, and so is whatever was made on the way.

    Raises:
        FileUnfinished: not all of it has arrived.
        FileTypeRefused: its type is not taken.
        MalwareFound: it is taken for malware.
        DigestDiffers: it is not what was sent.
        ScannerUnavailable: it cannot be scanned now: complete it later.
        StoreFull: there is no room for its copy: complete it later.
        KeyTurned: the key of the conversation was turned meanwhile: complete it again.
        NotFound: it was discarded meanwhile.
        Busy: too many files are being looked at.

    """
    if upload.stored != upload.content.size:
        raise FileUnfinished(offset=upload.stored)
    place = upload.content.place
    async with runtime.database.session(write=False) as session:
        limits = await service.limits_before(session, owner, runtime.settings)
    copy_place = await _room_for_copy(runtime, place.organisation_id)
    is_kept = False
    try:
        examined = await runtime.examining.run(
            _finish_and_examine, runtime, store, limits, upload, expected, copy_place
        )
        async with runtime.database.session(write=True) as session:
            found = await _keep(session, owner, upload, examined)
        is_kept = examined.copy is not None
    except (FileTypeRefused, MalwareFound, DigestDiffers):
        await discard(runtime, store, upload)
        raise
    finally:
        if not is_kept:
            await _without_copy(runtime, store, copy_place)
    return found


def _finish_and_examine(
    runtime: Runtime, store: Store, limits: Limits, upload: Upload, expected: str | None, copy_place: Place
) -> Examined:
    """Return what a file is that nobody can change any more."""
    try:
        store.finish(upload.content.place, upload.handle or "", upload.content.sealed_size)
    except BlobGone as error:
        raise SealedContentBroken from error
    return examine(store, runtime.settings, limits, upload.content, expected, copy_place)


async def _room_for_copy(runtime: Runtime, organisation_id: UUID) -> Place:
    """Return where the copy may be stored. Its row is there first: bytes without one are nobody's."""
    blob = Blob(
        organisation_id=organisation_id, id=new_id(), size=0, is_whole=False, handle=None, made_on=clock.today()
    )
    async with runtime.database.session(write=True) as session:
        session.add(blob)
    return Place(organisation_id, blob.id)


async def _without_copy(runtime: Runtime, store: Store, place: Place) -> None:
    """There is no copy, unless it was kept after all: where the end of a transaction was lost, its rows say which."""
    gone = delete(Blob).where(Blob.organisation_id == place.organisation_id, Blob.id == place.id, ~Blob.is_whole)
    async with runtime.database.session(write=True) as session:
        is_nobodys = (await session.execute(gone.returning(Blob.id))).one_or_none() is not None
    if is_nobodys:
        await runtime.files.run(store.remove, place, None)


async def _keep(session: AsyncSession, owner: Owner, upload: Upload, examined: Examined) -> FileOut:
    await hold(session, owner)
    gone = delete(FileUpload).where(FileUpload.organisation_id == owner.organisation_id, FileUpload.id == upload.id)
    if (await session.execute(gone.returning(FileUpload.id))).one_or_none() is None:
        raise NotFound
    blobs = [(upload.content, upload.content.size)]
    if examined.copy is not None:
        blobs.append((examined.copy, examined.copy.size))
    for content, size in blobs:
        of_this = (Blob.organisation_id == owner.organisation_id, Blob.id == content.place.id)
        await session.execute(update(Blob).where(*of_this).values(is_whole=True, handle=None, size=size))
    copy = examined.copy
    file = GrievanceFile(
        organisation_id=owner.organisation_id,
        id=upload.id,
        case_id=owner.case_id,
        grievance_id=owner.grievance_id,
        blob_id=upload.content.place.id,
        copy_id=None if copy is None else copy.place.id,
        size=upload.content.size,
        copy_size=None if copy is None else copy.size,
        received_on=clock.today(),
        name=upload.name,
        media_type=examined.kind.media_type,
        sha256=examined.sha256,
        copy_state=examined.copy_state.value,
        scan=examined.scan.value,
        file_key=upload.content.key.hex(),
        copy_key=None if copy is None else copy.key.hex(),
    )
    session.add(file)
    await _record(session, owner, file)
    place, by_reporter = (owner.organisation_id, owner.case_id), owner.staff is None
    await telling.tell_appointed(session, *place, *_READERS, by_reporter=by_reporter)
    return FileOut.model_validate(shown(file))


async def _record(session: AsyncSession, owner: Owner, file: GrievanceFile) -> None:
    """The file is in custody. Of a reporter the log tells the day; of a representative, who is staff, the minute."""
    if owner.staff is not None:
        await log.record(session, owner.staff, RECEIVED, file, case_id=owner.case_id)
        return
    await session.flush()
    entry = Entry(RECEIVED, [(file.__tablename__, log.columns_of(file))])
    await log.append(session, owner.organisation_id, owner.case_id, [entry], actor_id=None, at=clock.start_of_day())


async def discard(runtime: Runtime, store: Store, upload: Upload) -> None:
    """There is no such file, on its way or otherwise, and no byte of it.

    Raises:
        NotFound: it was completed or discarded meanwhile.

    """
    place = upload.content.place
    async with runtime.database.session(write=True) as session:
        if not await service.discard(session, place.organisation_id, upload.id, place.id):
            raise NotFound
    await runtime.files.run(store.remove, place, upload.handle)
