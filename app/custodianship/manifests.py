"""Manifests: what an offline root signed about the keys of a channel is checked, kept, and put in force."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import service as accounts
from app.audit import log
from app.crypto import manifests
from app.crypto.documents import Signed
from app.crypto.errors import DocumentInvalid, NotAuthentic
from app.crypto.manifests import Manifest
from app.custodianship.schemas import ManifestIn, ManifestOut, ManifestsOut
from app.custody import directory
from app.custody.fitting import Known, differences
from app.custody.models import Custodian, StoredManifest
from app.intake import doors
from app.intake.models import Channel, ChannelOfficer
from app.kernel import clock
from app.kernel.octets import spell
from app.kernel.problems import Conflict, NotFound, Problem
from app.policy.actors import Role, Staff


class ManifestInvalid(Problem):
    """The document breaks a rule of its format, or the root that it names did not sign it. Nothing was changed."""

    status = 422
    title = "This is no manifest"


class ManifestNotNext(Conflict):
    """The manifest is not the next of this channel's chain: another channel, epoch, root or predecessor. Sign it anew after the last."""

    title = "The manifest does not follow the last one"


class ManifestDiffers(Conflict):
    """The manifest says otherwise than channel and accounts do. `errors` names each place in the document, and the rule."""

    title = "The manifest does not fit the channel"


async def channel_called(
    session: AsyncSession, slug: str, organisation_id: UUID | None = None, *, hold: bool = False
) -> Channel:
    """Return the channel with that address; `hold` keeps others from changing it until this transaction ends.

    Raises:
        NotFound: there is none, or not in that organisation.

    """
    statement = select(Channel).where(Channel.slug == slug)
    channel = (await session.execute(statement.with_for_update() if hold else statement)).scalar_one_or_none()
    if channel is None or organisation_id not in {None, channel.organisation_id}:
        raise NotFound
    return channel


async def chain_of(session: AsyncSession, slug: str) -> ManifestsOut:
    """Return every manifest of a channel, oldest first.

    Raises:
        NotFound: there is no such channel.

    """
    channel = await channel_called(session, slug)
    stored = await directory.stored_manifests(session, channel.organisation_id, channel.id)
    return ManifestsOut(
        items=[
            ManifestOut(
                epoch=one.epoch,
                digest=one.digest.hex(),
                document=spell(one.document),
                signature=spell(one.signature),
            )
            for one in stored
        ]
    )


async def publish(session: AsyncSession, actor: Staff, slug: str, draft: ManifestIn) -> tuple[Channel, StoredManifest]:
    """Return the channel and its new manifest: custodians, keys and threshold are those that it names.

    Raises:
        NotFound: the organisation has no such channel.
        ChannelAltered: it was altered behind the service.
        ManifestInvalid: the document breaks its format, or its root did not sign it.
        ManifestNotNext: it is not the next of the channel's chain.
        ManifestDiffers: it does not fit the channel or the accounts that it names.

    """
    channel = await channel_called(session, slug, actor.organisation_id, hold=True)
    custodians = await doors.require_ours(session, channel)
    signed = Signed(draft.document, draft.signature)
    manifest = _read(signed)
    last = await doors.manifest_of(session, channel)
    _require_next(manifest, channel, last)
    officers = await _officers(session, channel)
    known = await _known(session, channel, manifest, custodians, officers, is_first=last is None)
    if errors := differences(manifest, known):
        raise ManifestDiffers(errors=errors)
    stored = StoredManifest(
        organisation_id=channel.organisation_id,
        channel_id=channel.id,
        epoch=manifest.epoch,
        digest=manifests.digest(signed),
        document=signed.document,
        signature=signed.signature,
        issued_on=manifest.issued_on,
    )
    session.add(stored)
    standing, ended = _exchange(session, channel, manifest, custodians)
    channel.threshold, channel.manifest_digest = manifest.threshold, stored.digest
    doors.put_tag(channel, standing, officers)
    await log.record(session, actor, "manifest.published", channel, stored, *standing, *ended)
    return channel, stored


def _read(signed: Signed) -> Manifest:
    try:
        return manifests.read(signed)
    except DocumentInvalid as error:
        raise ManifestInvalid(detail=str(error)) from error
    except NotAuthentic as error:
        raise ManifestInvalid(detail="the root that it names did not sign it") from error


def _require_next(manifest: Manifest, channel: Channel, last: directory.InForce | None) -> None:
    is_here = (manifest.organisation, manifest.channel, manifest.slug) == (
        channel.organisation_id,
        channel.id,
        channel.slug,
    )
    if not is_here or (last is None and manifest.epoch != 1):
        raise ManifestNotNext
    if last is not None:
        try:
            manifests.require_follows(manifest, last.manifest, last.digest)
        except NotAuthentic as error:
            raise ManifestNotNext from error


async def _officers(session: AsyncSession, channel: Channel) -> list[UUID]:
    statement = select(ChannelOfficer.account_id).where(
        ChannelOfficer.organisation_id == channel.organisation_id, ChannelOfficer.channel_id == channel.id
    )
    return list((await session.execute(statement)).scalars())


async def _known(
    session: AsyncSession,
    channel: Channel,
    manifest: Manifest,
    custodians: Collection[Custodian],
    officers: Collection[UUID],
    *,
    is_first: bool,
) -> Known:
    organisation_id = channel.organisation_id
    named = [one.account for one in manifest.custodians]
    keys = await accounts.public_keys(session, organisation_id, officers, Role.CASE_OFFICER)
    taken = select(Custodian.id).where(
        Custodian.organisation_id == organisation_id, Custodian.id.in_([one.id for one in manifest.custodians])
    )
    return Known(
        threshold=channel.threshold,
        standing={one.id: (one.account_id, one.public_key) for one in custodians},
        is_first=is_first,
        taken=set((await session.execute(taken)).scalars()),
        fit=await accounts.public_keys(session, organisation_id, named, Role.CUSTODIAN),
        officers={account_id: keys.get(account_id) for account_id in officers},
        active=await accounts.active_among(session, organisation_id, [one.account for one in manifest.requesters]),
    )


def _exchange(
    session: AsyncSession, channel: Channel, manifest: Manifest, custodians: Collection[Custodian]
) -> tuple[list[Custodian], list[Custodian]]:
    """Return the custodians whom the manifest names, each with their keys in it, and those who have left."""
    before = {one.id: one for one in custodians}
    standing = []
    for entry in manifest.custodians:
        custodian = before.pop(entry.id, None)
        if custodian is None:
            custodian = Custodian(
                organisation_id=channel.organisation_id, id=entry.id, channel_id=channel.id, account_id=entry.account
            )
            session.add(custodian)
        custodian.label, custodian.public_key = entry.label, entry.sealing_key
        standing.append(custodian)
    ended = list(before.values())
    for custodian in ended:
        custodian.ended_on = clock.today()
    return standing, ended
