"""The door that submissions go through: whose keys they are sealed to, and proof that the service wrote those down itself."""

import hmac
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import provenance
from app.accounts.models import Account, AccountState, RoleGrant
from app.cases.escrow import Holders
from app.cases.opening import Officer, Origin
from app.crypto import contexts, hpke, identity
from app.custody import directory
from app.custody.directory import InForce, custodians_of
from app.custody.models import Custodian
from app.duties.calendar import DEFAULT_NATION, Nation
from app.duties.profiles import LawProfile
from app.intake.models import Channel, ChannelOfficer
from app.kernel.logs import log
from app.kernel.problems import Conflict, NotFound, Problem
from app.kernel.sealed import open_keys
from app.policy.actors import Role

_KEPT_CHANNELS = 1_000
_KEPT_KEYS = 4_096


class ChannelClosed(Conflict):
    """The channel takes no grievances at present. Its page says what else you can do."""

    title = "The channel is closed"


class ChannelUnattended(Problem):
    """No case officer of this channel could open a grievance that is sent now, so that nothing was stored. Try another way."""

    status = 503
    title = "Nobody could read this at present"
    retry_after = 3600


class ChannelAltered(Problem):
    """The channel is not as the service wrote it down, so that nothing is sealed to its keys. Tell the operator."""

    status = 503
    title = "The channel cannot be trusted at present"
    retry_after = 3600


class ManifestMissing(Conflict):
    """No root has signed a manifest of this channel yet, so that nobody can tell whose signatures count. Publish the first."""

    title = "The channel has no manifest"


@dataclass(frozen=True)
class Door:
    """All that a submission needs to know of its channel, every key loaded."""

    organisation_id: UUID
    channel_id: UUID
    law_profile: LawProfile
    threshold: int
    custodians: tuple[identity.Custodian, ...]
    officers: tuple[Officer, ...]
    own_categories: frozenset[str] = frozenset()
    """What grievances may be about besides what the law names."""
    nation: Nation = DEFAULT_NATION
    """Whose bank holidays count."""
    barred: frozenset[UUID] = frozenset()
    """Accounts that whoever reports barred: none of them is among the officers, and a wall is raised before each."""

    @property
    def origin(self) -> Origin:
        """Return the channel as a new case needs it."""
        return Origin(self.organisation_id, self.channel_id, self.law_profile, self.nation)


_Keys = tuple[tuple[UUID, bytes], ...]
"""The id and public key of each custodian of a channel."""
_proven: OrderedDict[tuple[UUID, int, bytes], _Keys] = OrderedDict()
"""What the tag of a channel was right about, by its version and tag, so that a submission need not fetch it."""
_loaded = lru_cache(maxsize=_KEPT_KEYS)(hpke.PublicKey)


async def _fetch_keys(session: AsyncSession, organisation_id: UUID, channel_id: UUID) -> _Keys:
    return tuple((one.id, one.public_key) for one in await custodians_of(session, organisation_id, channel_id))


def _mac(channel: Any, keys: _Keys, officers: Iterable[UUID]) -> bytes:  # noqa: ANN401 row or entity
    """Return the tag of whom a channel seals to: HMAC-SHA256 under the pepper's key, custodians and officers by rising id.

    The name of the manifest in force is the last part, once there is one: no other length of a part is its own.
    """
    held = [part for one in sorted(keys) for part in one]
    parts = (
        channel.organisation_id,
        channel.id,
        channel.slug,
        str(channel.law_profile),
        channel.threshold,
        len(held) // 2,
    )
    manifest = () if channel.manifest_digest is None else (channel.manifest_digest,)
    context = contexts.encode("channel-seals-to", *parts, *held, *sorted(officers), *manifest)
    return hmac.digest(open_keys.get().service.peppered("channel-seals-to"), context, sha256)


def put_tag(channel: Channel, custodians: Iterable[Custodian], officers: Iterable[UUID]) -> None:
    """The channel has the tag of these. Only for a new channel, or one that was ours before it was changed."""
    channel.tag = _mac(channel, tuple((one.id, one.public_key) for one in custodians), officers)


async def require_ours(session: AsyncSession, channel: Channel) -> list[Custodian]:
    """Return the custodians of a channel, if the service wrote down itself whom it seals to, in the order of their labels.

    Raises:
        ChannelAltered: otherwise.

    """
    officers = select(ChannelOfficer.account_id).where(
        ChannelOfficer.organisation_id == channel.organisation_id, ChannelOfficer.channel_id == channel.id
    )
    custodians = await custodians_of(session, channel.organisation_id, channel.id)
    keys = tuple((one.id, one.public_key) for one in custodians)
    if not hmac.compare_digest(channel.tag, _mac(channel, keys, (await session.execute(officers)).scalars())):
        raise _altered(channel.id)
    return custodians


async def find_holders(session: AsyncSession, organisation_id: UUID, channel_id: UUID) -> Holders | None:
    """Return to whom the keys of a channel's cases are dealt; None if the channel was altered behind the service."""
    channel = await session.get(Channel, (organisation_id, channel_id), populate_existing=True)
    if channel is None:
        return None
    try:
        custodians = await require_ours(session, channel)
    except ChannelAltered:
        return None
    return Holders(tuple(identity.Custodian(one.id, _loaded(one.public_key)) for one in custodians), channel.threshold)


async def require_manifest(session: AsyncSession, channel: Channel) -> InForce:
    """Return the manifest in force of a channel that is ours.

    Raises:
        ManifestMissing: no root has signed one yet.
        ChannelAltered: the channel, or the manifest, was changed behind the service.

    """
    await require_ours(session, channel)
    found = await manifest_of(session, channel)
    if found is None:
        raise ManifestMissing
    return found


async def manifest_of(session: AsyncSession, channel: Channel) -> InForce | None:
    """Return the manifest in force of a channel that `require_ours` found to be ours; None where there is none yet.

    Raises:
        ChannelAltered: the manifest was changed behind the service.

    """
    if channel.manifest_digest is None:
        return None
    found = await directory.named(session, channel.organisation_id, channel.id, channel.manifest_digest)
    if found is None:
        raise _altered(channel.id)
    return found


def _altered(channel_id: UUID) -> ChannelAltered:
    log.error("a channel was altered", extra={"event": "a channel was altered", "channel": str(channel_id)})
    return ChannelAltered()


def _how_to_find_a_door() -> Executable:
    officer = and_(ChannelOfficer.organisation_id == Channel.organisation_id, ChannelOfficer.channel_id == Channel.id)
    account = and_(
        Account.organisation_id == Channel.organisation_id,
        Account.id == ChannelOfficer.account_id,
        Account.state == AccountState.ACTIVE,
    )
    role = and_(
        RoleGrant.organisation_id == Account.organisation_id,
        RoleGrant.account_id == Account.id,
        RoleGrant.role == Role.CASE_OFFICER,
        RoleGrant.ended_on.is_(None),
    )
    return (
        select(
            Channel.organisation_id,
            Channel.id,
            Channel.slug,
            Channel.version,
            Channel.is_open,
            Channel.law_profile,
            Channel.threshold,
            Channel.manifest_digest,
            Channel.tag,
            Channel.own_categories,
            Channel.nation,
            ChannelOfficer.account_id.label("officer"),
            provenance.CREDENTIALS_OF_ROW,
            provenance.GRANT_OF_ROW,
        )
        .outerjoin(ChannelOfficer, officer)
        .outerjoin(Account, account)
        .outerjoin(RoleGrant, role)
        .where(Channel.slug == bindparam("slug"))
    )


_DOOR = _how_to_find_a_door()
"""Every submission runs it, so it is put together once."""


async def find(session: AsyncSession, slug: str, *, organisation_id: UUID | None = None) -> Door:
    """Return the door of an open channel, with those of its officers who are active and still hold the role.

    An officer whose account or role was altered behind the service does not count: nothing is sealed to an exchanged key.

    Raises:
        NotFound: there is no such channel, or not in that organisation.
        ChannelClosed: it takes no grievances.
        ChannelAltered: its custodians, its threshold or its officers were changed behind the service.

    """
    rows = (await session.execute(_DOOR, {"slug": slug})).all()
    if not rows or organisation_id not in {None, rows[0].organisation_id}:
        raise NotFound
    found = rows[0]
    if not found.is_open:
        raise ChannelClosed
    place = (found.id, found.version, found.tag)
    keys = _proven.get(place) or await _fetch_keys(session, found.organisation_id, found.id)
    officers = {row.officer for row in rows if row.officer is not None}
    if not hmac.compare_digest(_mac(found, keys, officers), found.tag):
        raise _altered(found.id)
    _proven[place] = keys
    if len(_proven) > _KEPT_CHANNELS:
        _proven.popitem(last=False)
    attending = {
        row.account.id: row.account.public_key
        for row in rows
        if row.grant.id is not None and provenance.is_ours(row.account) and provenance.is_granted(row.grant)
    }
    return Door(
        found.organisation_id,
        found.id,
        LawProfile(found.law_profile),
        found.threshold,
        tuple(identity.Custodian(custodian_id, _loaded(key)) for custodian_id, key in keys),
        tuple(Officer(account_id, _loaded(public_key)) for account_id, public_key in attending.items()),
        frozenset(one["code"] for one in found.own_categories or ()),
        Nation(found.nation or DEFAULT_NATION),
    )
