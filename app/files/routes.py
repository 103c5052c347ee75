"""The doors of files: the reporter's inbox, the representative's own grievance, and the case."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.audit.log import AuditUnavailable
from app.blobs.store import Store, StoreFull
from app.cases.access import DOOR, on_case
from app.cases.models import Case
from app.files import access, completing, receiving, service
from app.files.access import OFFSET, InboxOpensElsewhere, StoreOf
from app.files.completing import FileUnfinished
from app.files.examining import DigestDiffers
from app.files.limits import FileTooLarge, FileTypeRefused, TooManyFiles
from app.files.receiving import OffsetDiffers, PortionTooSmall
from app.files.scanning import MalwareFound, ScannerUnavailable
from app.files.schemas import CaseFilesOut, CompletionIn, FileIn, FileOut, FilesOut, UploadOut
from app.files.service import FileComplete, Owner
from app.files.types import ENDINGS
from app.intake import status
from app.intake.inbox import InboxClosed
from app.kernel import routing
from app.kernel.db import DbSession, let_go, reads
from app.kernel.entrance import ProofOfWorkNeeded, through
from app.kernel.http import allow_body, problems
from app.kernel.idempotency import SameRequestRunning
from app.kernel.pressure import Group
from app.kernel.problems import BodyTooLarge, Busy, Conflict, IdempotencyKeyReused, InvalidInput, NotFound
from app.kernel.runtime import Runtime, RuntimeOf
from app.kernel.sealed import KeyTurned, SealedContentBroken
from app.policy.guard import CurrentActor
from app.policy.permissions import Permission

TAG = "files"
reporter_router = routing.router(TAG, prefix="/v1/inbox/files")
staff_router = routing.router(TAG, prefix="/v1")
OWN = "/collective-grievances/{grievance_id}/files"
_INBOX = (InboxClosed, InboxOpensElsewhere, KeyTurned, InvalidInput)
_CREATES = (FileTooLarge, TooManyFiles, IdempotencyKeyReused, SameRequestRunning, BodyTooLarge, AuditUnavailable, Busy)
_TAKES = (NotFound, InvalidInput, PortionTooSmall, OffsetDiffers, FileComplete, BodyTooLarge, StoreFull, Busy)
_COMPLETES = (
    NotFound, FileUnfinished, FileTypeRefused, MalwareFound, DigestDiffers, ScannerUnavailable, StoreFull, AuditUnavailable,
    Busy,
)  # fmt: skip
_HANDS_OUT = (NotFound, SealedContentBroken, Busy, StoreFull)
_RAW: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    "parameters": [
        {
            "name": OFFSET,
            "in": "header",
            "required": True,
            "description": "How many bytes of the file have arrived: where these begin.",
            "schema": {"type": "integer", "minimum": 0},
            "example": 0,
        }
    ],
}
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The bytes of the file.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class NotCleanedHere(Conflict):
    """There is no copy of this file without metadata. Who may read originals can read the file as it came."""

    title = "There is no copy without metadata"


async def _take(
    request: Request, runtime: Runtime, session: AsyncSession, store: Store, owner: Owner, file_id: UUID
) -> Response:
    offset = access.offset_of(request)
    upload = await service.upload_of(session, owner, file_id)
    allow_body(request, upload.content.size - upload.stored)
    await let_go(session)
    arrived = await receiving.receive(runtime, store, upload, offset, access.body_until_cut(request))
    return Response(status_code=204, headers={OFFSET: str(arrived)})


async def _complete(
    runtime: Runtime, session: AsyncSession, store: Store, owner: Owner, file_id: UUID, draft: CompletionIn
) -> FileOut:
    try:
        upload = await service.upload_of(session, owner, file_id)
    except FileComplete:
        return FileOut.model_validate(service.shown(await service.file_of(session, owner, file_id)))
    await let_go(session)
    return await completing.complete(runtime, store, owner, upload, draft.sha256)


async def _discard(runtime: Runtime, session: AsyncSession, store: Store, owner: Owner, file_id: UUID) -> None:
    upload = await service.upload_of(session, owner, file_id)
    await let_go(session)
    await completing.discard(runtime, store, upload)


async def _state(response: Response, session: AsyncSession, store: Store, owner: Owner, file_id: UUID) -> UploadOut:
    found = await service.state_of(session, owner, file_id, store.step)
    response.headers[OFFSET] = str(found.offset)
    return found


@reporter_router.post(
    "",
    status_code=201,
    response_model=UploadOut,
    dependencies=[through(Group.FILES)],
    responses=problems(*_INBOX, *_CREATES, ProofOfWorkNeeded),
)
async def begin_inbox_file(
    draft: FileIn,
    owner: Annotated[Owner, access.reporter],
    runtime: RuntimeOf,
    store: StoreOf,
    session: DbSession,
) -> UploadOut:
    """Begin to send a file.

    Then send its bytes by PATCH, as many requests as you like, and complete it. Until then nobody but you knows of it. A file
    tells much of who made it, in places that are not seen: those who work the case first get a copy without that.
    """
    return await service.begin(session, owner, draft, runtime.settings, store.step)


@reporter_router.get("", response_model=FilesOut, responses=problems(*_INBOX))
@reads
async def list_inbox_files(owner: Annotated[Owner, access.reporter], store: StoreOf, session: DbSession) -> Response:
    """List the files that you sent. The length of the answer is one of a few: 8, 32, 128, 512 KiB and so on."""
    found = await service.list_of(session, owner, store.step)
    return Response(status.padded(found.model_dump_json().encode()), media_type="application/json")


@reporter_router.get("/{file_id}", response_model=UploadOut, responses=problems(*_INBOX, NotFound))
@reads
async def read_inbox_file(
    file_id: UUID, owner: Annotated[Owner, access.reporter], store: StoreOf, session: DbSession, response: Response
) -> UploadOut:
    """Read how much of a file has arrived: also in the header Upload-Offset."""
    return await _state(response, session, store, owner, file_id)


@reporter_router.patch("/{file_id}", status_code=204, responses=problems(*_INBOX, *_TAKES), openapi_extra=_RAW)
@reads
async def send_inbox_file(
    file_id: UUID,
    request: Request,
    owner: Annotated[Owner, access.reporter],
    runtime: RuntimeOf,
    store: StoreOf,
    session: DbSession,
) -> Response:
    """Send bytes of a file, raw, from where it ended so far.

    The answer's header Upload-Offset says how much has arrived. If the connection is cut, ask for that, and go on from there.
    """
    return await _take(request, runtime, session, store, owner, file_id)


@reporter_router.post(
    "/{file_id}/completion", response_model=FileOut, responses=problems(*_INBOX, *_COMPLETES, BodyTooLarge)
)
@reads
async def complete_inbox_file(
    file_id: UUID,
    draft: CompletionIn,
    owner: Annotated[Owner, access.reporter],
    runtime: RuntimeOf,
    store: StoreOf,
    session: DbSession,
) -> FileOut:
    """Complete a file: it is looked at, and from now on part of what you said. Doing it again gives the same answer."""
    return await _complete(runtime, session, store, owner, file_id, draft)


@reporter_router.delete(
    "/{file_id}", status_code=204, responses=problems(*_INBOX, NotFound, FileComplete, StoreFull, Busy)
)
@reads
async def discard_inbox_file(
    file_id: UUID, owner: Annotated[Owner, access.reporter], runtime: RuntimeOf, store: StoreOf, session: DbSession
) -> None:
    """Discard a file that is not complete yet. Nothing of it is left."""
    await _discard(runtime, session, store, owner, file_id)


@reporter_router.get(
    "/{file_id}/content", response_class=Response, responses={**_BYTES, **problems(*_INBOX, *_HANDS_OUT)}
)
@reads
async def download_inbox_file(
    file_id: UUID, owner: Annotated[Owner, access.reporter], runtime: RuntimeOf, store: StoreOf, session: DbSession
) -> Response:
    """Download a file that you sent, as you sent it."""
    file = await service.file_of(session, owner, file_id)
    return await access.download(runtime, store, service.original_of(file), file.name)


@staff_router.post(OWN, status_code=201, response_model=UploadOut, responses=problems(*DOOR, *_CREATES))
async def begin_own_file(
    grievance_id: UUID,
    draft: FileIn,
    owner: Annotated[Owner, access.representative],
    runtime: RuntimeOf,
    store: StoreOf,
    session: DbSession,
) -> UploadOut:
    """Begin to send a file with a collective grievance that you submitted. Then send its bytes by PATCH, and complete it."""
    return await service.begin(session, owner, draft, runtime.settings, store.step)


@staff_router.get(OWN, response_model=FilesOut, responses=problems(*DOOR))
async def list_own_files(
    grievance_id: UUID, owner: Annotated[Owner, access.representative], store: StoreOf, session: DbSession
) -> FilesOut:
    """List the files of a collective grievance that you submitted."""
    return await service.list_of(session, owner, store.step)


@staff_router.get(OWN + "/{file_id}", response_model=UploadOut, responses=problems(*DOOR))
async def read_own_file(
    grievance_id: UUID,
    file_id: UUID,
    owner: Annotated[Owner, access.representative],
    store: StoreOf,
    session: DbSession,
    response: Response,
) -> UploadOut:
    """Read how much of a file has arrived: also in the header Upload-Offset."""
    return await _state(response, session, store, owner, file_id)


@staff_router.patch(OWN + "/{file_id}", status_code=204, responses=problems(*DOOR, *_TAKES), openapi_extra=_RAW)
@reads
async def send_own_file(
    grievance_id: UUID,
    file_id: UUID,
    request: Request,
    owner: Annotated[Owner, access.representative],
    runtime: RuntimeOf,
    store: StoreOf,
    session: DbSession,
) -> Response:
    """Send bytes of a file, raw, from where it ended so far. The answer's header Upload-Offset says how much has arrived."""
    return await _take(request, runtime, session, store, owner, file_id)


@staff_router.post(
    OWN + "/{file_id}/completion", response_model=FileOut, responses=problems(*DOOR, *_COMPLETES, BodyTooLarge)
)
@reads
async def complete_own_file(
    grievance_id: UUID,
    file_id: UUID,
    draft: CompletionIn,
    owner: Annotated[Owner, access.representative],
    runtime: RuntimeOf,
    store: StoreOf,
    session: DbSession,
) -> FileOut:
    """Complete a file: it is looked at, and from now on part of the grievance. Doing it again gives the same answer."""
    return await _complete(runtime, session, store, owner, file_id, draft)


@staff_router.delete(OWN + "/{file_id}", status_code=204, responses=problems(*DOOR, FileComplete, StoreFull))
@reads
async def discard_own_file(
    grievance_id: UUID,
    file_id: UUID,
    owner: Annotated[Owner, access.representative],
    runtime: RuntimeOf,
    store: StoreOf,
    session: DbSession,
) -> None:
    """Discard a file that is not complete yet. Nothing of it is left."""
    await _discard(runtime, session, store, owner, file_id)


@staff_router.get(
    OWN + "/{file_id}/content", response_class=Response, responses={**_BYTES, **problems(*DOOR, *_HANDS_OUT)}
)
async def download_own_file(
    grievance_id: UUID,
    file_id: UUID,
    owner: Annotated[Owner, access.representative],
    runtime: RuntimeOf,
    store: StoreOf,
    session: DbSession,
) -> Response:
    """Download a file of a collective grievance that you submitted, as you sent it."""
    file = await service.file_of(session, owner, file_id)
    return await access.download(runtime, store, service.original_of(file), file.name)


@staff_router.get("/cases/{case_id}/files", response_model=CaseFilesOut, responses=problems(*DOOR))
async def list_case_files(
    case_id: UUID, case: Annotated[Case, on_case(Permission.CASE_READ)], session: DbSession
) -> CaseFilesOut:
    """List the files that were sent with the grievances of a case, with the hash of each original."""
    return CaseFilesOut(items=await service.list_in(session, case))


@staff_router.get(
    "/cases/{case_id}/files/{file_id}/content",
    response_class=Response,
    responses={**_BYTES, **problems(*DOOR, *_HANDS_OUT, NotCleanedHere)},
)
async def download_case_file(
    case_id: UUID,
    file_id: UUID,
    case: Annotated[Case, on_case(Permission.CASE_READ)],
    runtime: RuntimeOf,
    store: StoreOf,
    session: DbSession,
) -> Response:
    """Download the copy without metadata. It has a neutral name: what somebody calls a file can tell who they are."""
    file = await service.file_in(session, case, file_id)
    copy = service.copy_of(file)
    if copy is None:
        raise NotCleanedHere
    return await access.download(runtime, store, copy, f"{file.id}{ENDINGS[file.media_type]}")


@staff_router.get(
    "/cases/{case_id}/files/{file_id}/original",
    response_class=Response,
    responses={**_BYTES, **problems(*DOOR, *_HANDS_OUT)},
)
async def download_case_original(
    case_id: UUID,
    file_id: UUID,
    case: Annotated[Case, on_case(Permission.FILE_ORIGINAL)],
    actor: CurrentActor,
    runtime: RuntimeOf,
    store: StoreOf,
    session: DbSession,
) -> Response:
    """Download a file as it came, with all that it says of who made it. The log names the file and the reader."""
    file = await service.file_in(session, case, file_id)
    answer = await access.download(runtime, store, service.original_of(file), file.name)
    await log.record(session, actor, "file.original_read", file, case_id=case.id)
    return answer
