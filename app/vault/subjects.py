"""What is shared among custodians, by kind: where its sharing and its shares are kept, so that every act on shares is written once."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, LargeBinary, Select, Subquery, and_, case, exists, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.cases.models import Case, CaseKeyEscrow, CaseKeyShare
from app.crypto import case_keys, hpke, identity
from app.crypto.identity import Sharing
from app.crypto.sharing import pieces_of
from app.custody.models import Custodian
from app.vault.models import IdentityShare, SealedIdentity

COMMITMENT_BYTES = 32
_KEY_ID_AT = len(hpke.FORMAT + hpke.SUITE_IDS) + 1


class Kind(StrEnum):
    """What kind of thing is shared."""

    IDENTITY = "identity"
    CASE_KEY = "case_key"


@dataclass(frozen=True)
class Tables:
    """Where things of one kind and their shares are, and what they are bound to."""

    plural: str
    subjects: Any
    shares: Any
    subject_of: Any
    """The column of a share that says of what it is."""
    stands: ColumnElement[bool]
    """Whether the thing is still there to be opened."""
    reference: Callable[[UUID, UUID, Any], bytes]
    """From organisation, case and row, what the sharing is bound to."""
    new_share: Callable[[Any], dict[str, UUID]]
    """From the row, what a share of it says of what it is."""


_CASE_OF_KEY = aliased(Case)

KINDS: dict[Kind, Tables] = {
    Kind.IDENTITY: Tables(
        plural="identities",
        subjects=SealedIdentity,
        shares=IdentityShare,
        subject_of=IdentityShare.identity_id,
        stands=SealedIdentity.erased_on.is_(None),
        reference=lambda organisation_id, case_id, row: identity.reference_of(organisation_id, case_id, row.id),
        new_share=lambda row: {"identity_id": row.id},
    ),
    Kind.CASE_KEY: Tables(
        plural="case_keys",
        subjects=CaseKeyEscrow,
        shares=CaseKeyShare,
        subject_of=CaseKeyShare.escrow_id,
        stands=exists().where(
            _CASE_OF_KEY.organisation_id == CaseKeyEscrow.organisation_id,
            _CASE_OF_KEY.id == CaseKeyEscrow.case_id,
            _CASE_OF_KEY.key_version == CaseKeyEscrow.key_version,
        ),
        reference=lambda organisation_id, case_id, row: case_keys.reference_of(
            organisation_id, case_id, row.key_version
        ),
        new_share=lambda row: {"escrow_id": row.id},
    ),
}
"""Of a case key the present version alone stands: the older ones wait to be forgotten, and nobody asks for them."""


@dataclass(frozen=True)
class Subject:
    """One thing that is shared, with all its shares."""

    kind: Kind
    row: Any
    shares: dict[UUID, Any]

    @property
    def tables(self) -> Tables:
        """Tell where things of this kind are."""
        return KINDS[self.kind]

    @property
    def is_whole(self) -> bool:
        """Tell whether it has the shares and commitments that its row speaks of."""
        row = self.row
        pieces = pieces_of(row.threshold, row.holders)
        return len(self.shares) == row.holders and len(row.commitments) == pieces * COMMITMENT_BYTES

    @property
    def sharing(self) -> Sharing:
        """Tell how it is shared."""
        starts = range(0, len(self.row.commitments), COMMITMENT_BYTES)
        return Sharing(
            self.tables.reference(self.row.organisation_id, self.row.case_id, self.row),
            self.row.threshold,
            frozenset(self.shares),
            tuple(self.row.commitments[start : start + COMMITMENT_BYTES] for start in starts),
        )


@dataclass(frozen=True)
class Held:
    """Who is to hold shares of a channel now: each custodian who stands and their key, and how many open."""

    threshold: int
    keys: dict[UUID, bytes]

    @staticmethod
    def by(threshold: int, custodians: Collection[Custodian]) -> "Held":
        """Return what the channel's custodians hold."""
        return Held(threshold, {one.id: one.public_key for one in custodians})


@dataclass(frozen=True)
class Count:
    """How the things of one kind in one channel are shared."""

    subjects: int
    due: int
    """Shares that are not yet sealed to the newest key of whoever is to hold them."""
    usable_at_least: int | None
    """The fewest usable shares of any; None where there are none."""
    spare_at_least: int | None
    """The fewest usable shares beyond its threshold of any."""


def is_sealed_to(share: bytes, public_key: bytes) -> bool:
    """Whether a share says that it was sealed to this key, by this suite."""
    return share.startswith(hpke.header(public_key))


async def load(session: AsyncSession, kind: Kind, organisation_id: UUID, ids: Sequence[UUID]) -> list[Subject]:
    """Return those things with their shares, in the order of the ids; what is erased or not there is left out."""
    tables = KINDS[kind]
    rows = select(tables.subjects).where(
        tables.subjects.organisation_id == organisation_id, tables.subjects.id.in_(ids), tables.stands
    )
    shares: dict[UUID, dict[UUID, Any]] = {subject_id: {} for subject_id in ids}
    of_those = select(tables.shares, tables.subject_of.label("subject")).where(
        tables.shares.organisation_id == organisation_id, tables.subject_of.in_(ids)
    )
    for share, subject_id in (await session.execute(of_those)).all():
        shares[subject_id][share.custodian_id] = share
    found = {row.id: Subject(kind, row, shares[row.id]) for row in (await session.execute(rows)).scalars()}
    return [found[subject_id] for subject_id in ids if subject_id in found]


async def channel_of(session: AsyncSession, organisation_id: UUID, case_id: UUID) -> UUID | None:
    """Return the channel through which a case came."""
    statement = select(Case.channel_id).where(Case.organisation_id == organisation_id, Case.id == case_id)
    return (await session.execute(statement)).scalar_one_or_none()


def due_in(kind: Kind, organisation_id: UUID, channel_id: UUID, held: Held) -> Select[tuple[UUID]]:
    """Return the statement of the ids of what is shared otherwise than it is to be: among others, or with another threshold."""
    state = _states(kind, organisation_id, channel_id, held, set())
    return select(state.c.id).where(~state.c.is_shared_so)


async def count(
    session: AsyncSession, kind: Kind, organisation_id: UUID, channel_id: UUID, held: Held, usable: Collection[UUID]
) -> Count:
    """Return how the things of one kind in a channel are shared; `usable` are the custodians whose shares can be used."""
    state = _states(kind, organisation_id, channel_id, held, usable)
    due = case((state.c.is_shared_so, len(held.keys) - state.c.sealed_to_newest), else_=len(held.keys))
    statement = select(
        func.count(), func.sum(due), func.min(state.c.usable), func.min(state.c.usable - state.c.threshold)
    ).select_from(state)
    subjects, shares_due, usable_at_least, spare_at_least = (await session.execute(statement)).one()
    return Count(subjects, int(shares_due or 0), usable_at_least, spare_at_least)


def _states(kind: Kind, organisation_id: UUID, channel_id: UUID, held: Held, usable: Collection[UUID]) -> Subquery:
    """Return, for each thing, its threshold, how many of its shares are as they should be, and whether it is shared so."""
    tables = KINDS[kind]
    subjects, shares = tables.subjects, tables.shares
    key_id = func.substr(shares.share, _KEY_ID_AT, hpke.KEY_ID_BYTES, type_=LargeBinary)
    sealed_to_newest = {
        custodian_id: and_(shares.custodian_id == custodian_id, key_id == hpke.key_id(key))
        for custodian_id, key in held.keys.items()
    }
    so_shared = and_(
        subjects.threshold == held.threshold,
        subjects.holders == len(held.keys),
        _how_many(shares.custodian_id.in_(held.keys)) == len(held.keys),
    )
    return (
        select(
            subjects.id,
            subjects.threshold,
            so_shared.label("is_shared_so"),
            _how_many(or_(*sealed_to_newest.values())).label("sealed_to_newest"),
            _how_many(or_(*(sealed_to_newest[one] for one in usable), false())).label("usable"),
        )
        .join(Case, and_(Case.organisation_id == subjects.organisation_id, Case.id == subjects.case_id))
        .outerjoin(shares, and_(shares.organisation_id == subjects.organisation_id, tables.subject_of == subjects.id))
        .where(subjects.organisation_id == organisation_id, Case.channel_id == channel_id, tables.stands)
        .group_by(subjects.organisation_id, subjects.id)
        .subquery()
    )


def _how_many(holds: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((holds, 1), else_=0))
