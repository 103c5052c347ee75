"""Which releases somebody may read: those that stand and were made to a role they hold."""

from itertools import cycle
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kernel.db import table_of
from app.kernel.problems import NotFound
from app.learning.models import Release, ReleaseAudience
from app.learning.release import ReleaseState
from app.policy.actors import AUDIENCES, Staff

_RELEASES, _MADE_TO = table_of(Release).c, table_of(ReleaseAudience).c
_ROLES = [f"role_{place}" for place in range(len(AUDIENCES))]
_MADE_TO_THEM = exists().where(
    _MADE_TO.organisation_id == _RELEASES.organisation_id,
    _MADE_TO.release_id == _RELEASES.id,
    _MADE_TO.role.in_([bindparam(name) for name in _ROLES]),
)


def _readable(*columns: Any) -> Select[Any]:  # noqa: ANN401 columns or entities
    return select(*columns).where(
        _RELEASES.organisation_id == bindparam("organisation"),
        _RELEASES.state == ReleaseState.STANDING.value,
        _MADE_TO_THEM,
    )


# Made once: releases are read far more often than anything else, and making a statement costs as much as running it.
_IN_LIST = _readable(Release)
_HASH = _readable(_RELEASES.content_hash).where(_RELEASES.id == bindparam("release"))
_WHOLE = _readable(Release).where(_RELEASES.id == bindparam("release"))


def _of(staff: Staff, **more: UUID) -> dict[str, Any]:
    """Return the parameters. Who holds fewer roles than there are audiences has one of them named again."""
    held = cycle(role.value for role in AUDIENCES if role in staff.roles)
    roles = dict(zip(_ROLES, held, strict=False))
    return {"organisation": staff.organisation_id, **roles, **more}


def readable_releases(staff: Staff) -> tuple[Select[tuple[Release]], dict[str, Any]]:
    """Return the statement of the releases that the actor, who is of an audience, may read, and its parameters."""
    return _IN_LIST, _of(staff)


async def readable_hash(session: AsyncSession, staff: Staff, release_id: UUID) -> bytes:
    """Return the hash of a release that the actor may read: one query, which touches no content.

    Raises:
        NotFound: there is no such release, or it does not stand, or it was made to others.

    """
    found: bytes = await _one(session, _HASH, staff, release_id)
    return found


async def readable(session: AsyncSession, staff: Staff, release_id: UUID) -> Release:
    """Return a release that the actor may read.

    Raises:
        NotFound: there is no such release, or it does not stand, or it was made to others.

    """
    found: Release = await _one(session, _WHOLE, staff, release_id)
    return found


async def _one(session: AsyncSession, statement: Select[Any], staff: Staff, release_id: UUID) -> Any:  # noqa: ANN401
    found = await session.scalar(statement, _of(staff, release=release_id))
    if found is None:
        raise NotFound
    return found
