"""Holds a count that the service opened itself: one whose keys somebody wrote into the database counts nobody."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.crypto import contexts, hpke
from app.crypto.supporter_tokens import EVERY_ALLEGATION
from app.kernel.problems import Problem
from app.kernel.sealed import open_keys
from app.supporting.models import CountedAllegation, Mode, SupportCount


class SupportCountAltered(Problem):
    """The count is not as the service wrote it down, so that nobody is counted by it. Tell the operator."""

    status = 503
    title = "The count cannot be trusted at present"
    retry_after = 3600


@dataclass(frozen=True)
class Count:
    """A count and its allegations in their order."""

    row: SupportCount
    allegations: tuple[CountedAllegation, ...]

    @property
    def mode(self) -> Mode:
        """By what supporters are counted in."""
        return Mode(self.row.mode)

    @property
    def issuer_keys(self) -> tuple[bytes, ...]:
        """Return every key that signs tokens of it, in the order in which their words are computed."""
        keys = (self.row.issuer_key, *(one.issuer_key for one in self.allegations))
        return tuple(key for key in keys if key is not None)

    def issuer_of(self, allegation: int) -> bytes | None:
        """Return the key that signs tokens for an allegation, or for EVERY_ALLEGATION."""
        if allegation == EVERY_ALLEGATION:
            return self.row.issuer_key
        return self.allegations[allegation - 1].issuer_key if allegation <= len(self.allegations) else None

    def private(self) -> hpke.PrivateKey:
        """Return what opens the choices. Only where the service's own keys are.

        Raises:
            SealedContentBroken: it was altered.
            SupportCountAltered: it is not the key that choices are sealed to.

        """
        private = hpke.PrivateKey(bytes.fromhex(self.row.counting_seed))
        if private.public != self.row.counting_key:
            raise SupportCountAltered
        return private


def tag_of(row: SupportCount, allegations: Sequence[CountedAllegation]) -> bytes:
    """Return the tag of a count: HMAC-SHA256 under the pepper's key."""
    named = [part for one in allegations for part in (one.id, one.raised_id, one.wording, one.issuer_key or b"")]
    place = (row.organisation_id, row.id, row.grievance_id, str(row.mode), row.threshold, row.statement)
    context = contexts.encode(
        "support-count", *place, row.issuer_key or b"", row.counting_key, len(allegations), *named
    )
    return hmac.digest(open_keys.get().service.peppered("support-count"), context, sha256)


async def of_grievances(session: AsyncSession, grievance_ids: Sequence[UUID]) -> dict[UUID, Count]:
    """Return the count of each of those grievances that has one.

    Raises:
        SupportCountAltered: one is not as the service wrote it down.

    """
    statement = select(SupportCount).where(SupportCount.grievance_id.in_(grievance_ids))
    rows = (await session.execute(statement)).scalars().all()
    return {row.grievance_id: await whole(session, row) for row in rows}


async def of_grievance(session: AsyncSession, grievance_id: UUID) -> Count | None:
    """Return the count of a grievance, if one was opened.

    Raises:
        SupportCountAltered: it is not as the service wrote it down.

    """
    return (await of_grievances(session, [grievance_id])).get(grievance_id)


async def whole(session: AsyncSession, row: SupportCount) -> Count:
    """Return a count with its allegations.

    Raises:
        SupportCountAltered: it is not as the service wrote it down.

    """
    statement = (
        select(CountedAllegation)
        .where(CountedAllegation.organisation_id == row.organisation_id, CountedAllegation.count_id == row.id)
        .order_by(CountedAllegation.position)
    )
    allegations = tuple((await session.execute(statement)).scalars())
    if not hmac.compare_digest(row.tag, tag_of(row, allegations)):
        raise SupportCountAltered
    return Count(row, allegations)
