"""The page of the files of an inbox: which there are, one of them handed back, and one more taken from a form without script.

A file goes the way of every other: begun, received part by part and sealed as it comes, looked at, kept. What was cut leaves nothing.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.blobs.store import Store
from app.files import access, completing, receiving, service
from app.files.access import StoreOf
from app.files.limits import FileTooLarge
from app.files.receiving import PortionTooSmall
from app.files.schemas import FileIn
from app.files.service import FileComplete, Owner, Upload
from app.files.types import ENDINGS
from app.kernel.db import DbSession, let_go, reads
from app.kernel.http import allow_body
from app.kernel.problems import InvalidInput, NotFound
from app.kernel.runtime import Runtime, RuntimeOf
from app.portal import routing
from app.portal.access import PageVisit, as_visitor
from app.portal.incoming import MOST_BEFORE_THE_FILE, Incoming
from app.portal.languages import Language
from app.portal.routing import PageRoute, errors_in_words, shown

router = routing.router()
_MEBIBYTE = 1 << 20


class UploadRoute(PageRoute):
    """A page's route that takes a form with a file: the form is read up to the file, whose bytes wait until the door has let in."""

    async def read_form(self, request: Request) -> None:
        """The fields before the file are on the request's state, and so is the file.

        Raises:
            FileTooLarge: the browser announces more than is taken.
            UnsupportedMediaType, InvalidInput: it is no form of ours.

        """
        most = request.app.state.runtime.settings.file_bytes
        announced = request.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced) > most + MOST_BEFORE_THE_FILE:
            raise FileTooLarge(file_bytes=most)
        allow_body(request, most + MOST_BEFORE_THE_FILE)
        named, body = request.headers.get("Content-Type", ""), access.body_until_cut(request)
        request.state.incoming = await Incoming.begin(named, announced, body)
        request.state.form = request.state.incoming.form


upload_router = APIRouter(route_class=UploadRoute, include_in_schema=False)


async def _incoming(request: Request) -> Incoming:
    incoming: Incoming = request.state.incoming
    return incoming


IncomingOf = Annotated[Incoming, Depends(_incoming)]
"""The file that the route found in the form."""


def _owner(found: PageVisit) -> Owner:
    reporter, version = found.visit.reporter, found.visit.grievance.key_version
    return Owner(reporter.organisation_id, reporter.case_id, reporter.grievance_id, version, None)


@router.get("/{language:language}/inbox/files")
@reads
async def show_files(
    language: Language,
    found: Annotated[PageVisit, as_visitor],
    runtime: RuntimeOf,
    store: StoreOf,
    session: DbSession,
) -> Response:
    """Show every file that the reporter sent, and the form that sends one more."""
    return await _page(session, runtime, store, language, found, {})


@router.get("/{language:language}/inbox/files/{file_id}")
@reads
async def download_by_page(
    language: Language,
    file_id: UUID,
    found: Annotated[PageVisit, as_visitor],
    runtime: RuntimeOf,
    store: StoreOf,
    session: DbSession,
) -> Response:
    """Hand a file back as it was sent."""
    file = await service.file_of(session, _owner(found), file_id)
    return await access.download(runtime, store, service.original_of(file), file.name)


@upload_router.post("/{language:language}/inbox/files")
@reads
async def send_file_by_page(
    language: Language,
    incoming: IncomingOf,
    found: Annotated[PageVisit, as_visitor],
    runtime: RuntimeOf,
    store: StoreOf,
    session: DbSession,
) -> Response:
    """Take one file: sealed as it comes, looked at, kept."""
    if not incoming.name or incoming.size == 0:
        return await _page(session, runtime, store, language, found, {"file": "none"})
    try:
        draft = FileIn(name=incoming.name, size=incoming.size)
    except ValidationError:
        return await _page(session, runtime, store, language, found, {"file": "name"})
    owner = _owner(found)
    await let_go(session)
    await _take(runtime, store, owner, draft, incoming)
    return RedirectResponse(f"/{language.value}/inbox/files", 303)


async def _take(runtime: Runtime, store: Store, owner: Owner, draft: FileIn, incoming: Incoming) -> None:
    """The file is kept, all of it; or nothing of it, and the problem says why.

    Raises:
        InvalidInput: the connection was cut, or the form does not end with the file.
        Problem: whatever stops a file that is sent by the API.

    """
    async with runtime.database.session(write=True) as writing:
        file_id = (await service.begin(writing, owner, draft, runtime.settings, store.step)).id
    is_kept = False
    try:
        upload = await _upload(runtime, owner, file_id)
        with suppress(PortionTooSmall):  # cut before anything could be counted: told below
            await receiving.receive(runtime, store, upload, 0, incoming.content())
        upload = await _upload(runtime, owner, file_id)
        if upload.stored != draft.size or not incoming.is_whole:
            raise InvalidInput(errors=[{"in": "body", "pointer": "/file", "rule": "did not arrive to its end"}])
        await completing.complete(runtime, store, owner, upload, None)
        is_kept = True
    finally:
        if not is_kept:
            with suppress(NotFound, FileComplete):
                await completing.discard(runtime, store, await _upload(runtime, owner, file_id))


async def _upload(runtime: Runtime, owner: Owner, file_id: UUID) -> Upload:
    async with runtime.database.session(write=False) as reading:
        return await service.upload_of(reading, owner, file_id)


async def _page(
    session: AsyncSession,
    runtime: Runtime,
    store: Store,
    language: Language,
    found: PageVisit,
    errors: Mapping[str, str],
) -> Response:
    files = await service.list_of(session, _owner(found), store.step)
    return shown(
        "files.html",
        language,
        422 if errors else 200,
        elsewhere="/inbox/files",
        here="/files",
        files=files,
        size=_size,
        kind=lambda media_type: ENDINGS[media_type].removeprefix(".").upper(),
        most=(await service.limits_before(session, _owner(found), runtime.settings)).file_bytes // _MEBIBYTE,
        errors=errors_in_words(errors, language),
        form_token=found.form_token,
    )


def _size(count: int) -> str:
    """Return how large a file is, as people say it."""
    for unit, of in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= of:
            return f"{count / of:.1f} {unit}"
    return f"{count} B"
