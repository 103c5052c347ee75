"""A re-sharing under way: what has been dealt and accepted of one thing, what comes next, and the exchange of its shares."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.crypto import resharing
from app.crypto.resharing import COMMITMENT_BYTES, Change
from app.kernel.db import Base
from app.vault.resharing_models import ResharingAcceptance, ResharingBox, ResharingDeal
from app.vault.subjects import Held, Subject


@dataclass(frozen=True)
class Resharing:
    """One thing on its way from its old custodians to those of the manifest in force."""

    subject: Subject
    change: Change
    deals: dict[UUID, ResharingDeal]
    """By dealer. Only those for this manifest, and of dealers who can still act."""
    boxes: dict[UUID, dict[UUID, ResharingBox]]
    """By dealer and recipient."""
    acceptances: dict[UUID, ResharingAcceptance]
    able: frozenset[UUID]
    """The old custodians who can still act."""

    @property
    def needed(self) -> int:
        """Tell how many deals it takes: one more than the threshold, so that every piece is dealt twice, where so many can act."""
        threshold = self.change.old.threshold
        return max(threshold, min(threshold + 1, len(self.able)))

    @cached_property
    def disputed(self) -> dict[int, frozenset[UUID]]:
        """Tell of which old pieces two dealers made different sub-pieces."""
        return resharing.disputed(self.change, {one: split(deal.commitments) for one, deal in self.deals.items()})

    @property
    def is_dealt(self) -> bool:
        """Tell whether new custodians can put their pieces together."""
        return len(self.deals) >= self.needed and not self.disputed

    @cached_property
    def agreed(self) -> tuple[bytes, ...] | None:
        """Tell all new commitments, once every new custodian has published theirs and no two differ."""
        return resharing.agreed(
            self.change, {one: split(acceptance.commitments) for one, acceptance in self.acceptances.items()}
        )

    @property
    def is_complete(self) -> bool:
        """Tell whether every new share is in."""
        return self.agreed is not None and all(one.share is not None for one in self.acceptances.values())


def split(commitments: bytes) -> tuple[bytes, ...]:
    """Return commitments that are kept joined, each by itself."""
    starts = range(0, len(commitments), COMMITMENT_BYTES)
    return tuple(commitments[start : start + COMMITMENT_BYTES] for start in starts)


async def under_way(
    session: AsyncSession, subjects: Sequence[Subject], held: Held, digest: bytes, able: Collection[UUID]
) -> list[Resharing]:
    """Return where the re-sharing of each of those things stands; `able` are the custodians, old or new, who can still act."""
    if not subjects:
        return []
    organisation_id, ids = subjects[0].row.organisation_id, [subject.row.id for subject in subjects]
    deals = await _rows(session, ResharingDeal, organisation_id, ids)
    acceptances = await _rows(session, ResharingAcceptance, organisation_id, ids)
    of_deals = [deal.id for rows in deals.values() for deal in rows]
    statement = select(ResharingBox).where(
        ResharingBox.organisation_id == organisation_id, ResharingBox.deal_id.in_(of_deals)
    )
    boxes: dict[UUID, dict[UUID, ResharingBox]] = {}
    for box in (await session.execute(statement)).scalars():
        boxes.setdefault(box.deal_id, {})[box.custodian_id] = box
    return [
        _of_subject(subject, held, digest, able, deals[subject.row.id], boxes, acceptances[subject.row.id])
        for subject in subjects
    ]


def _of_subject(
    subject: Subject,
    held: Held,
    digest: bytes,
    able: Collection[UUID],
    deals: Sequence[ResharingDeal],
    boxes: Mapping[UUID, dict[UUID, ResharingBox]],
    acceptances: Sequence[ResharingAcceptance],
) -> Resharing:
    counted = {
        deal.custodian_id: deal
        for deal in deals
        if deal.manifest_digest == digest and deal.custodian_id in able and deal.custodian_id in subject.shares
    }
    return Resharing(
        subject,
        Change(subject.sharing, held.threshold, held.keys, digest),
        counted,
        {dealer: boxes[deal.id] for dealer, deal in counted.items()},
        {one.custodian_id: one for one in acceptances if one.manifest_digest == digest},
        frozenset(able) & frozenset(subject.shares),
    )


async def _rows(
    session: AsyncSession,
    model: Any,  # noqa: ANN401 one of two tables
    organisation_id: UUID,
    ids: Sequence[UUID],
) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {subject_id: [] for subject_id in ids}
    statement = select(model).where(model.organisation_id == organisation_id, model.subject_id.in_(ids))
    for row in (await session.execute(statement.order_by(model.id))).scalars():
        found[row.subject_id].append(row)
    return found


async def remove(session: AsyncSession, rows: Sequence[Base]) -> None:
    """The rows are gone, in this order."""
    for row in rows:
        await session.delete(row)
        await session.flush()


async def everything_of(session: AsyncSession, organisation_id: UUID, subject_id: UUID) -> list[Base]:
    """Return every row of a re-sharing of this thing, for whatever manifest, in an order in which they can be removed."""
    deals = (await _rows(session, ResharingDeal, organisation_id, [subject_id]))[subject_id]
    acceptances = (await _rows(session, ResharingAcceptance, organisation_id, [subject_id]))[subject_id]
    of_deals = select(ResharingBox).where(
        ResharingBox.organisation_id == organisation_id, ResharingBox.deal_id.in_([deal.id for deal in deals])
    )
    return [*(await session.execute(of_deals)).scalars(), *deals, *acceptances]


async def earlier(
    session: AsyncSession, organisation_id: UUID, subject_id: UUID, digest: bytes, dealer: UUID
) -> list[Base]:
    """Return what a new deal takes the place of: this dealer's own, and all that was for another manifest."""
    rows = await everything_of(session, organisation_id, subject_id)
    deals = {
        row.id
        for row in rows
        if isinstance(row, ResharingDeal) and (row.custodian_id == dealer or row.manifest_digest != digest)
    }
    return [
        row
        for row in rows
        if (isinstance(row, ResharingDeal) and row.id in deals)
        or (isinstance(row, ResharingBox) and row.deal_id in deals)
        or (isinstance(row, ResharingAcceptance) and row.manifest_digest != digest)
    ]


async def earlier_acceptances(
    session: AsyncSession, organisation_id: UUID, subject_id: UUID, digest: bytes, recipient: UUID
) -> list[Base]:
    """Return what a new acceptance takes the place of: this custodian's own, and all that was for another manifest."""
    acceptances = (await _rows(session, ResharingAcceptance, organisation_id, [subject_id]))[subject_id]
    return [row for row in acceptances if row.custodian_id == recipient or row.manifest_digest != digest]


async def exchange(session: AsyncSession, of: Resharing) -> tuple[list[Base], list[Base]]:
    """The new shares stand in place of the old. Return the rows that are new or changed, and those that are gone."""
    subject, agreed = of.subject, of.agreed
    assert agreed is not None  # noqa: S101 asked by `is_complete`
    row = subject.row
    under_way = await everything_of(session, row.organisation_id, row.id)
    gone: list[Base] = [*subject.shares.values(), *under_way]
    await remove(session, gone)
    row.threshold, row.holders, row.commitments = of.change.threshold, len(of.change.recipients), b"".join(agreed)
    shares: list[Base] = [
        subject.tables.shares(
            organisation_id=row.organisation_id,
            custodian_id=custodian_id,
            share=acceptance.share,
            **subject.tables.new_share(row),
        )
        for custodian_id, acceptance in of.acceptances.items()
    ]
    session.add_all(shares)
    return [row, *shares], gone
