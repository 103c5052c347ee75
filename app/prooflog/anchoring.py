"""Has public checkpoints stamped by an authority outside (RFC 3161), where the operator named one."""

from contextlib import suppress
from uuid import UUID

import httpx
from sqlalchemy import Row, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.crypto import timestamps
from app.crypto.notes import Note
from app.crypto.timestamps import TimestampUnreadable
from app.kernel.db import insert_rows, table_of
from app.kernel.runtime import Runtime
from app.prooflog.models import LogCheckpoint, LogTimestamp

WAITS_SECONDS = 30
MOST_BYTES = 64 * 1024
_REPLY = "application/timestamp-reply"


class AuthorityFailed(Exception):
    """The time-stamping authority did not answer with a whole token. It is asked again."""


async def stamp_all(runtime: Runtime) -> None:
    """Every newest public checkpoint has a timestamp, if an authority is set. The token is kept as it came.

    The transaction does not wait for the authority. Two workers may both ask; the first token is kept.

    Raises:
        AuthorityFailed: it gave no token.
        TimestampWrong: it refused, or stamped something else.
        HTTPError: it cannot be reached.

    """
    url = runtime.settings.log_timestamp_url
    if url is None:
        return
    async with runtime.database.session(write=False) as session:
        waiting = await _unstamped(session)
    for organisation_id, size, note in waiting:
        token = await _ask(str(url), Note.read(note).text.encode())
        async with runtime.database.session(write=True) as session:
            if await session.get(LogTimestamp, (organisation_id, size)) is None:
                row = {"organisation_id": organisation_id, "size": size, "token": token}
                await insert_rows(session, [(table_of(LogTimestamp), [row])])


async def _unstamped(session: AsyncSession) -> list[Row[UUID, int, str]]:
    """Return organisation, size and note of every public checkpoint that has no timestamp, the newest of each organisation."""
    later = LogCheckpoint.__table__.alias()
    has_later = (
        select(later.c.size)
        .where(
            later.c.organisation_id == LogCheckpoint.organisation_id,
            later.c.is_public,
            later.c.size > LogCheckpoint.size,
        )
        .exists()
    )
    of_it = and_(LogTimestamp.organisation_id == LogCheckpoint.organisation_id, LogTimestamp.size == LogCheckpoint.size)
    statement = (
        select(LogCheckpoint.organisation_id, LogCheckpoint.size, LogCheckpoint.note)
        .outerjoin(LogTimestamp, of_it)
        .where(LogCheckpoint.is_public, LogTimestamp.size.is_(None), ~has_later)
    )
    return list((await session.execute(statement)).all())


async def _ask(url: str, content: bytes) -> bytes:
    async with httpx.AsyncClient(timeout=WAITS_SECONDS) as client:
        headers = {"Content-Type": "application/timestamp-query", "Accept": _REPLY}
        answer = await client.post(url, content=timestamps.request(content), headers=headers)
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not answer.is_success or kind != _REPLY or len(answer.content) > MOST_BYTES:
        raise AuthorityFailed
    if not timestamps.is_whole(answer.content):  # a page of whatever stands between, or cut off
        raise AuthorityFailed
    with suppress(
        TimestampUnreadable
    ):  # the library reads fewer forms than there are: what it cannot read may be right
        timestamps.stamped_at(answer.content, content)
    return answer.content
