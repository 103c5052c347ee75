"""Finds the custodians of a channel, and what its root said of them."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.crypto import manifests
from app.crypto.documents import Signed
from app.crypto.errors import DocumentInvalid, NotAuthentic
from app.crypto.manifests import CustodianEntry, Manifest
from app.custody.models import Custodian, StoredManifest


@dataclass(frozen=True)
class InForce:
    """The manifest that counts in a channel, and the 32 bytes that name it."""

    manifest: Manifest
    digest: bytes


async def custodians_of(session: AsyncSession, organisation_id: UUID, channel_id: UUID) -> list[Custodian]:
    """Return the custodians of a channel who stand, in the order of their labels."""
    statement = (
        select(Custodian)
        .where(
            Custodian.organisation_id == organisation_id,
            Custodian.channel_id == channel_id,
            Custodian.ended_on.is_(None),
        )
        .order_by(Custodian.label, Custodian.id)
    )
    return list((await session.execute(statement)).scalars())


async def ids_of(session: AsyncSession, organisation_id: UUID, channel_id: UUID, account_id: UUID) -> set[UUID]:
    """Return the ids under which an account is or was a custodian of a channel."""
    statement = select(Custodian.id).where(
        Custodian.organisation_id == organisation_id,
        Custodian.channel_id == channel_id,
        Custodian.account_id == account_id,
    )
    return set((await session.execute(statement)).scalars())


async def accounts_of(
    session: AsyncSession, organisation_id: UUID, custodian_ids: Collection[UUID]
) -> dict[UUID, UUID]:
    """Return the account of each of those custodians, also of those who left."""
    statement = select(Custodian.id, Custodian.account_id).where(
        Custodian.organisation_id == organisation_id, Custodian.id.in_(custodian_ids)
    )
    return {row.id: row.account_id for row in (await session.execute(statement)).all()}


async def last_naming(
    session: AsyncSession, organisation_id: UUID, channel_id: UUID, digest: bytes, custodian_id: UUID
) -> CustodianEntry | None:
    """Return what the newest manifest that names a custodian says of them, on the chain that ends with this digest."""
    expected: bytes | None = digest
    for stored in reversed(await stored_manifests(session, organisation_id, channel_id)):
        if manifests.digest(signed(stored)) != expected:
            return None
        manifest = manifests.read(signed(stored))
        if (entry := manifest.custodian(custodian_id)) is not None:
            return entry
        expected = manifest.previous
    return None


async def stored_manifests(session: AsyncSession, organisation_id: UUID, channel_id: UUID) -> list[StoredManifest]:
    """Return every manifest of a channel, oldest first."""
    statement = (
        select(StoredManifest)
        .where(StoredManifest.organisation_id == organisation_id, StoredManifest.channel_id == channel_id)
        .order_by(StoredManifest.epoch)
    )
    return list((await session.execute(statement)).scalars())


def signed(stored: StoredManifest) -> Signed:
    """Return a stored manifest as the document that it is."""
    return Signed(stored.document, stored.signature)


async def named(session: AsyncSession, organisation_id: UUID, channel_id: UUID, digest: bytes) -> InForce | None:
    """Return the manifest of a channel with that name, if it is stored as its root signed it."""
    statement = select(StoredManifest).where(
        StoredManifest.organisation_id == organisation_id,
        StoredManifest.channel_id == channel_id,
        StoredManifest.digest == digest,
    )
    found = (await session.execute(statement)).scalar_one_or_none()
    if found is None or manifests.digest(signed(found)) != digest:
        return None
    try:
        return InForce(manifests.read(signed(found)), digest)
    except (DocumentInvalid, NotAuthentic):
        return None
