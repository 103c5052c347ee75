"""Begins a file, shows where it is, discards it; reads what was kept. What is slow is elsewhere: receiving, completing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.blobs.content import Content
from app.blobs.models import Blob
from app.blobs.store import Place
from app.cases.models import Case
from app.crypto import blobs
from app.files.cleaning import IN_WORDS, CopyState
from app.files.limits import Limits, limits_of, require_room
from app.files.models import FileUpload, GrievanceFile
from app.files.scanning import Scan
from app.files.schemas import CaseFileOut, FileIn, FileOut, FilesOut, UploadItem, UploadOut, UploadState
from app.intake.channel_settings import file_rules
from app.intake.models import Channel, Grievance
from app.intake.service import open_conversation
from app.kernel import clock
from app.kernel.problems import Conflict, NotFound
from app.kernel.sealed import KeyTurned
from app.kernel.settings import Settings
from app.policy.actors import Staff

KEPT_FOR = timedelta(days=1)
"""How long a file may be on its way, in whole days."""


class FileComplete(Conflict):
    """The file is complete. It is part of what you said, and stays as it is."""

    title = "The file is complete"


@dataclass(frozen=True)
class Owner:
    """Whoever raised a grievance, before its files: a reporter in their open inbox, or a representative."""

    organisation_id: UUID
    case_id: UUID
    grievance_id: UUID
    key_version: int
    staff: Staff | None
    """Who it is; nobody that is known, for a reporter."""


@dataclass(frozen=True)
class Upload:
    """A file on its way, as it was when it was read, with its key."""

    id: UUID
    name: str
    content: Content
    stored: int
    handle: str | None


async def hold(session: AsyncSession, owner: Owner) -> None:
    """Nothing else is added to the grievance until this transaction ends, and the key that the request holds is its present one.

    Raises:
        KeyTurned: it is not, any more.

    """
    version = select(Grievance.key_version).where(
        Grievance.organisation_id == owner.organisation_id, Grievance.id == owner.grievance_id
    )
    if await session.scalar(version.with_for_update(key_share=True)) != owner.key_version:
        raise KeyTurned


async def limits_before(session: AsyncSession, owner: Owner, settings: Settings) -> Limits:
    """Return what the grievance may have, by the rules that its channel has now."""
    of_grievance = (Channel.organisation_id == Grievance.organisation_id) & (Channel.id == Grievance.channel_id)
    rules = (
        select(Channel.file_rules)
        .join(Grievance, of_grievance)
        .where(Grievance.organisation_id == owner.organisation_id, Grievance.id == owner.grievance_id)
    )
    return limits_of(settings, file_rules((await session.execute(rules)).one()))


async def begin(session: AsyncSession, owner: Owner, draft: FileIn, settings: Settings, step: int) -> UploadOut:
    """Return a new file on its way, for which there is room.

    Raises:
        FileTooLarge: it is larger than what is taken.
        TooManyFiles: there would be too many, or too much of them.
        KeyTurned: the key of the conversation was turned meanwhile.

    """
    await hold(session, owner)
    sizes: list[int] = []
    for model in (FileUpload, GrievanceFile):
        statement = select(model.size).where(
            model.organisation_id == owner.organisation_id, model.grievance_id == owner.grievance_id
        )
        sizes += (await session.scalars(statement)).all()
    require_room(await limits_before(session, owner, settings), sizes, draft.size)
    blob = Blob(
        organisation_id=owner.organisation_id, size=draft.size, is_whole=False, handle=None, made_on=clock.today()
    )
    session.add(blob)
    await session.flush()
    upload = FileUpload(
        organisation_id=owner.organisation_id,
        case_id=owner.case_id,
        grievance_id=owner.grievance_id,
        blob_id=blob.id,
        size=draft.size,
        stored=0,
        begun_on=clock.today(),
        name=draft.name,
        file_key=blobs.new_key().hex(),
    )
    session.add(upload)
    await session.flush()
    return _on_its_way(upload, step)


def _on_its_way(upload: FileUpload, step: int) -> UploadOut:
    return UploadOut(
        id=upload.id,
        state=UploadState.ON_ITS_WAY,
        size=upload.size,
        offset=upload.stored,
        part_bytes=step * blobs.PART_BYTES,
        removed_after=upload.begun_on + KEPT_FOR,
    )


async def upload_of(session: AsyncSession, owner: Owner, file_id: UUID) -> Upload:
    """Return the file of that id, which is on its way.

    Raises:
        FileComplete: it is no longer on its way.
        NotFound: the grievance has no such file.

    """
    statement = (
        select(FileUpload, Blob.handle)
        .join(Blob, (Blob.organisation_id == FileUpload.organisation_id) & (Blob.id == FileUpload.blob_id))
        .where(
            FileUpload.organisation_id == owner.organisation_id,
            FileUpload.grievance_id == owner.grievance_id,
            FileUpload.id == file_id,
        )
    )
    found = (await session.execute(statement)).one_or_none()
    if found is None:
        await file_of(session, owner, file_id)
        raise FileComplete
    upload: FileUpload = found.FileUpload
    content = Content(Place(upload.organisation_id, upload.blob_id), upload.size, bytes.fromhex(upload.file_key))
    return Upload(upload.id, upload.name, content, upload.stored, found.handle)


async def file_of(session: AsyncSession, owner: Owner, file_id: UUID) -> GrievanceFile:
    """Return the file of that id, which is kept.

    Raises:
        NotFound: the grievance has no such file.

    """
    statement = select(GrievanceFile).where(
        GrievanceFile.organisation_id == owner.organisation_id,
        GrievanceFile.grievance_id == owner.grievance_id,
        GrievanceFile.id == file_id,
    )
    found = (await session.scalars(statement)).one_or_none()
    if found is None:
        raise NotFound
    return found


async def state_of(session: AsyncSession, owner: Owner, file_id: UUID, step: int) -> UploadOut:
    """Return how much of the file has arrived.

    Raises:
        NotFound: the grievance has no such file.

    """
    statement = select(FileUpload).where(
        FileUpload.organisation_id == owner.organisation_id,
        FileUpload.grievance_id == owner.grievance_id,
        FileUpload.id == file_id,
    )
    upload = (await session.scalars(statement)).one_or_none()
    if upload is not None:
        return _on_its_way(upload, step)
    kept = await file_of(session, owner, file_id)
    part_bytes = step * blobs.PART_BYTES
    return UploadOut(
        id=kept.id, state=UploadState.KEPT, size=kept.size, offset=kept.size, part_bytes=part_bytes, removed_after=None
    )


async def discard(session: AsyncSession, organisation_id: UUID, upload_id: UUID, blob_id: UUID) -> bool:
    """The file is on its way no more; tell whether it was. Its bytes are nobody's now: remove them after the commit."""
    gone = delete(FileUpload).where(FileUpload.organisation_id == organisation_id, FileUpload.id == upload_id)
    done = await session.execute(gone.returning(FileUpload.id))
    if done.one_or_none() is None:
        return False
    await session.execute(delete(Blob).where(Blob.organisation_id == organisation_id, Blob.id == blob_id))
    return True


async def list_of(session: AsyncSession, owner: Owner, step: int) -> FilesOut:
    """Return every file of the grievance, as whoever raised it sees them."""
    files = await session.scalars(
        select(GrievanceFile)
        .where(GrievanceFile.organisation_id == owner.organisation_id, GrievanceFile.grievance_id == owner.grievance_id)
        .order_by(GrievanceFile.id)
    )
    uploads = await session.scalars(
        select(FileUpload)
        .where(FileUpload.organisation_id == owner.organisation_id, FileUpload.grievance_id == owner.grievance_id)
        .order_by(FileUpload.id)
    )
    return FilesOut(
        kept=[FileOut.model_validate(shown(one)) for one in files],
        on_their_way=[UploadItem(**_on_its_way(one, step).model_dump(), name=one.name) for one in uploads],
        padding="",
    )


def shown(file: GrievanceFile) -> dict[str, object]:
    """Return the members of `FileOut`.

    Raises:
        Locked: the request does not hold the conversation's key.

    """
    state = CopyState(file.copy_state)
    return {
        "id": file.id,
        "name": file.name,
        "size": file.size,
        "media_type": file.media_type,
        "sha256": file.sha256,
        "received_on": file.received_on,
        "cleaned": state is CopyState.CLEANED,
        "cleaning": IN_WORDS[state],
        "scanned": file.scan == Scan.CLEAN,
    }


def original_of(file: GrievanceFile) -> Content:
    """Return the original, with its key."""
    return Content(Place(file.organisation_id, file.blob_id), file.size, bytes.fromhex(file.file_key))


def copy_of(file: GrievanceFile) -> Content | None:
    """Return the copy without metadata, with its key; None if there is none."""
    if file.copy_id is None or file.copy_size is None or file.copy_key is None:
        return None
    return Content(Place(file.organisation_id, file.copy_id), file.copy_size, bytes.fromhex(file.copy_key))


async def _open(session: AsyncSession, files: Sequence[GrievanceFile]) -> None:
    """The request, which holds the case key, holds the keys of the conversations of those files too."""
    keys = {(file.organisation_id, file.grievance_id) for file in files}
    for key in keys:
        grievance = await session.get(Grievance, key)
        if grievance is not None:
            open_conversation(grievance)


async def list_in(session: AsyncSession, case: Case) -> list[CaseFileOut]:
    """Return every file that was sent with the grievances of a case whose key this request holds.

    Raises:
        Locked: the request does not hold the case key of a grievance.
        SealedContentBroken: a row was altered.

    """
    statement = (
        select(GrievanceFile)
        .where(GrievanceFile.organisation_id == case.organisation_id, GrievanceFile.case_id == case.id)
        .order_by(GrievanceFile.id)
    )
    files = (await session.scalars(statement)).all()
    await _open(session, files)
    return [
        CaseFileOut.model_validate({**shown(one), "grievance_id": one.grievance_id, "copy_size": one.copy_size})
        for one in files
    ]


async def file_in(session: AsyncSession, case: Case, file_id: UUID) -> GrievanceFile:
    """Return a file of the case; this request can open it.

    Raises:
        NotFound: the case has no such file.

    """
    statement = select(GrievanceFile).where(
        GrievanceFile.organisation_id == case.organisation_id,
        GrievanceFile.case_id == case.id,
        GrievanceFile.id == file_id,
    )
    found = (await session.scalars(statement)).one_or_none()
    if found is None:
        raise NotFound
    await _open(session, [found])
    return found
