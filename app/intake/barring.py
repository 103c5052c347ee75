"""Whom somebody bars before they send anything: officers and custodians of the channel, named by the ids that its page shows.

Officers are shown by a handle that follows from their account and the pepper: nobody who writes to the database can exchange two of
them, and the page does not tell account ids.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.crypto import contexts
from app.custody.directory import custodians_of
from app.intake import doors
from app.intake.doors import Door
from app.intake.models import Channel, ChannelOfficer
from app.kernel.keyring import ServiceKeys
from app.kernel.problems import Conflict, InvalidInput


class EveryOfficerBarred(Conflict):
    """You barred everybody who could handle this here, so that nothing was stored.

    The member `channels` names other channels of the organisation, and `elsewhere`, where the channel has such a text, an outside body that you
    can turn to.
    """

    title = "Nobody is left to handle this here"


def handle_of(keys: ServiceKeys, organisation_id: UUID, channel_id: UUID, account_id: UUID) -> UUID:
    """Return the id by which the page of a channel shows one of its case officers. It stays, and tells no account."""
    context = contexts.encode("officer-handle", organisation_id, channel_id, account_id)
    digest = hmac.digest(keys.peppered("officer-handle"), context, sha256)
    return UUID(bytes=digest[:16], version=4)  # as UUIDs look that tell nothing


async def past(
    session: AsyncSession, keys: ServiceKeys, door: Door, barred: Sequence[UUID], representative_id: UUID | None = None
) -> Door:
    """Return the door as it is for who bars these people: nothing is sealed to them, and walls are to be raised.

    An officer is named by handle or, as manifests do, by account; a custodian by their id.

    Raises:
        InvalidInput: one of them is nobody of this channel.
        EveryOfficerBarred: no officer is left who could handle the grievance.

    """
    if not barred:
        return door
    known = await _people(session, keys, door)
    errors = [
        {"in": "body", "pointer": f"/barred/{number}", "rule": "must be a case officer or custodian of this channel"}
        for number, one in enumerate(barred)
        if one not in known
    ]
    if errors:
        raise InvalidInput(errors=errors)
    accounts = frozenset(known[one] for one in barred)
    left = tuple(officer for officer in door.officers if officer.account_id not in accounts)
    if door.officers and not [one for one in left if one.account_id != representative_id]:
        raise EveryOfficerBarred(**await _alternatives(session, door))
    return replace(door, officers=left, barred=accounts)


async def _people(session: AsyncSession, keys: ServiceKeys, door: Door) -> dict[UUID, UUID]:
    """Return the account of everybody of the channel by each id that names them."""
    place = (door.organisation_id, door.channel_id)
    statement = select(ChannelOfficer.account_id).where(
        ChannelOfficer.organisation_id == door.organisation_id, ChannelOfficer.channel_id == door.channel_id
    )
    officers = (await session.scalars(statement)).all()
    custodians = {one.id: one.account_id for one in await custodians_of(session, *place)}
    custodians |= await _vouched(session, door, custodians)
    return _by_name(keys, place, officers) | custodians


def _by_name(keys: ServiceKeys, place: tuple[UUID, UUID], officers: Iterable[UUID]) -> dict[UUID, UUID]:
    by_handle = {handle_of(keys, *place, account_id): account_id for account_id in officers}
    return by_handle | {account_id: account_id for account_id in officers}


async def _vouched(session: AsyncSession, door: Door, custodians: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return the accounts of those custodians on the word of the channel's root, where it has one."""
    channel = await session.get_one(Channel, (door.organisation_id, door.channel_id))
    found = await doors.manifest_of(session, channel)
    if found is None:
        return {}
    return {one.id: one.account for one in found.manifest.custodians if one.id in set(custodians)}


async def _alternatives(session: AsyncSession, door: Door) -> dict[str, Any]:
    channel = await session.get_one(Channel, (door.organisation_id, door.channel_id))
    others = select(Channel.slug).where(
        Channel.organisation_id == door.organisation_id, Channel.is_open.is_(True), Channel.id != door.channel_id
    )
    return {
        "channels": list((await session.scalars(others.order_by(Channel.slug).limit(_MOST_OTHERS))).all()),
        "elsewhere": channel.elsewhere,
    }


_MOST_OTHERS = 20
"""How many other channels a refusal names."""
