"""Which releases somebody may read: those that stand, were made to a role they hold, and come from no case they are barred from.

And how an act on a summary begins again, once its text was read for leaks outside of the transaction.
"""

from collections.abc import Callable, Coroutine
from itertools import cycle
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import Select, and_, bindparam, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import Message

from app.cases.models import Case, Wall
from app.kernel.db import let_go, table_of
from app.kernel.problems import Busy, NotFound
from app.kernel.routing import CandourRoute
from app.kernel.runtime import Runtime
from app.learning import apart
from app.learning.models import Release, ReleaseAudience
from app.learning.release import ReleaseState
from app.policy.actors import AUDIENCES, Role, Staff

_RELEASES, _MADE_TO, _WALLS, _CASES = (table_of(model).c for model in (Release, ReleaseAudience, Wall, Case))
_ROLES = [f"audience_{place}" for place in range(len(AUDIENCES))]
_MADE_TO_ROLE = exists().where(
    _MADE_TO.organisation_id == _RELEASES.organisation_id,
    _MADE_TO.release_id == _RELEASES.id,
    _MADE_TO.role.in_([bindparam(name) for name in _ROLES]),
    _CASES.organisation_id == _RELEASES.organisation_id,
    _CASES.id == _RELEASES.case_id,
    or_(_MADE_TO.role != Role.REPRESENTATIVE.value, _CASES.representative_id == bindparam("account")),
)

_WALLED = exists().where(
    _WALLS.organisation_id == _RELEASES.organisation_id,
    _WALLS.case_id == _RELEASES.case_id,
    _WALLS.account_id == bindparam("account"),
)
MOST_BEGINNINGS = 4
"""How often an act begins. It takes two, and one more for every edit of the case that comes in between."""


def _made_to_them(*columns: Any) -> Select[Any]:  # noqa: ANN401 columns or entities
    return select(*columns).where(
        _RELEASES.organisation_id == bindparam("organisation"),
        _MADE_TO_ROLE,
        ~_WALLED,
    )


# Made once: releases are read far more often than anything else, and making a statement costs as much as running it.
_IN_LIST = _made_to_them(Release)
_IS_ONE = and_(_RELEASES.id == bindparam("release"), _RELEASES.state == ReleaseState.STANDING.value)
_HASH = _made_to_them(_RELEASES.content_hash).where(_IS_ONE)
_WHOLE = _made_to_them(Release).where(_IS_ONE)


def _of(staff: Staff, **more: UUID) -> dict[str, Any]:
    """Return the parameters. Who holds fewer roles than there are audiences has one of them named again."""
    held = cycle(role.value for role in AUDIENCES if role in staff.roles)
    roles = dict(zip(_ROLES, held, strict=False))
    return {"organisation": staff.organisation_id, "account": staff.account_id, **roles, **more}


def readable_releases(staff: Staff) -> tuple[Select[tuple[Release]], dict[str, Any]]:
    """Return the statement of the releases made to the actor, who is of an audience, and its parameters.

    Those that ended are among them: that there was one is not taken back.
    """
    return _IN_LIST, _of(staff)


async def readable_hash(session: AsyncSession, staff: Staff, release_id: UUID) -> bytes:
    """Return the hash of a release that the actor may read: one query, which touches no content.

    Raises:
        NotFound: there is no such release, it does not stand, it was made to others, or a wall stands before its case.

    """
    found: bytes = await _one(session, _HASH, staff, release_id)
    return found


async def readable(session: AsyncSession, staff: Staff, release_id: UUID) -> Release:
    """Return a release that the actor may read.

    Raises:
        NotFound: there is no such release, it does not stand, it was made to others, or a wall stands before its case.

    """
    found: Release = await _one(session, _WHOLE, staff, release_id)
    return found


async def _one(session: AsyncSession, statement: Select[Any], staff: Staff, release_id: UUID) -> Any:  # noqa: ANN401
    found = await session.scalar(statement, _of(staff, release=release_id))
    if found is None:
        raise NotFound
    return found


class ApartRoute(CandourRoute):
    """A route whose act may have a text read for leaks, which is done between transactions and in the slow pool."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that does what an act finds outstanding, and begins the act again from its door."""
        begin = super().get_route_handler()

        async def handler(request: Request) -> Response:
            runtime: Runtime = request.app.state.runtime
            body = await request.body()

            async def receive() -> Message:
                return {"type": "http.request", "body": body, "more_body": False}

            done: apart.Done = {}
            token = apart.done.set(done)
            try:
                for _ in range(MOST_BEGINNINGS):
                    try:
                        return await begin(Request(request.scope, receive))
                    except apart.Outstanding as outstanding:
                        await let_go(request.state.session)
                        request.state.actor = None  # who asks is asked again too
                        work, arguments = outstanding.work, outstanding.arguments
                        done[work, *arguments] = await runtime.slow.run(work, *arguments)
                raise Busy
            finally:
                apart.done.reset(token)

        return handler
