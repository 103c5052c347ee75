"""Who stands before the files of a grievance, how their bytes come in, and how bytes go out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from app.blobs.chosen import store_of
from app.blobs.content import Content
from app.blobs.store import Store
from app.files.service import Owner
from app.intake.access import OwnGrievance, as_reporter, on_own_grievance
from app.intake.inbox import Visit
from app.kernel.problems import Conflict, InvalidInput
from app.kernel.runtime import Runtime, RuntimeOf
from app.policy.guard import CurrentActor

OFFSET = "Upload-Offset"
SECONDS_WITHOUT_A_BYTE = 60
"""How long a sender may be silent before the request counts as cut. Slow networks pause; who holds a connection open for nothing, too."""
_LONGEST_OFFSET = 15


class InboxOpensElsewhere(Conflict):
    """You opened the inbox so that only your own machine opens what is in it. Files cannot be sent or read that way yet.

    Open it with the words of the receipt instead: for the minutes of that session the service holds what opens it.
    """

    title = "Open the inbox with your receipt"


async def _of_visit(visit: Annotated[Visit, as_reporter]) -> Owner:
    """Return the reporter.

    Raises:
        InboxOpensElsewhere: this request holds no key of the conversation.

    """
    if visit.opens_for_itself:
        raise InboxOpensElsewhere
    reporter, version = visit.reporter, visit.grievance.key_version
    return Owner(reporter.organisation_id, reporter.case_id, reporter.grievance_id, version, None)


async def _of_own(own: Annotated[OwnGrievance, on_own_grievance], actor: CurrentActor) -> Owner:
    grievance = own.grievance
    return Owner(grievance.organisation_id, grievance.case_id, grievance.id, grievance.key_version, actor)


reporter: Any = Depends(_of_visit)
"""The dependency that yields the reporter whose inbox is open, before their files."""
representative: Any = Depends(_of_own)
"""The dependency that yields the representative before the files of their own grievance."""


async def _store(runtime: RuntimeOf) -> Store:
    return store_of(runtime.settings)


StoreOf = Annotated[Store, Depends(_store)]
"""The store of files."""


def offset_of(request: Request) -> int:
    """Return where the bytes of this request begin in their file.

    Raises:
        InvalidInput: it does not say so.

    """
    said = request.headers.get(OFFSET, "")
    if not (said.isascii() and said.isdecimal() and len(said) <= _LONGEST_OFFSET):
        rule = "must be the number of bytes that have arrived"
        raise InvalidInput(errors=[{"in": "header", "pointer": f"/{OFFSET}", "rule": rule}])
    return int(said)


async def body_until_cut(request: Request) -> AsyncIterator[bytes]:
    """Give the body as it comes, up to its end, to where the connection was cut, or to where nothing came for a while."""
    stream = aiter(request.stream())
    with suppress(ClientDisconnect, TimeoutError, StopAsyncIteration):
        while True:
            async with asyncio.timeout(SECONDS_WITHOUT_A_BYTE):
                chunk = await anext(stream)
            yield chunk


async def download(runtime: Runtime, store: Store, content: Content, name: str) -> StreamingResponse:
    """Return the answer that hands out a file, opened part by part: to be kept under `name`, and shown by no browser.

    Raises:
        SealedContentBroken: its first part was altered.
        Busy: too many files are read at once.

    """
    first = await runtime.files.run(content.part, store, 0)

    async def parts() -> AsyncIterator[bytes]:
        yield first
        for number in range(1, content.parts):
            yield await runtime.files.run(content.part, store, number)

    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Length": str(content.size),
    }
    return StreamingResponse(parts(), media_type="application/octet-stream", headers=headers)
