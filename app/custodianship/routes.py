"""Manifests and the state of custody of a channel; custodians' own shares; re-sharing; erasure."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.audit.log import AuditUnavailable
from app.cases.access import DOOR, on_case
from app.cases.models import Case
from app.custodianship import custody, erasing, manifests, resharing, shares
from app.custodianship.access import ErasedAfterwards
from app.custodianship.manifests import ManifestDiffers, ManifestInvalid, ManifestNotNext
from app.custodianship.resharing import (
    AcceptanceMalformed,
    AcceptanceOver,
    AcceptancesMissing,
    DealingOver,
    DealMalformed,
    DealsDisagree,
    DealsMissing,
    NothingToReshare,
    OpeningUnderWay,
)
from app.custodianship.schemas import (
    AcceptanceIn,
    CustodyOut,
    DealIn,
    ErasureIn,
    ErasureOut,
    ManifestIn,
    ManifestPublished,
    ManifestsOut,
    ResharingOut,
    ShareIn,
    ShareOut,
)
from app.custodianship.shares import ShareMalformed, SignatureRefused
from app.intake.channel_schemas import Slug
from app.intake.doors import ChannelAltered, ManifestMissing
from app.kernel import routing
from app.kernel.db import DbSession, reads
from app.kernel.http import problems
from app.kernel.idempotency import SameRequestRunning
from app.kernel.pages import Page, PageOf
from app.kernel.problems import BodyTooLarge, Busy, IdempotencyKeyReused, InvalidInput, NotFound, Unauthenticated
from app.policy.actors import Staff
from app.policy.guard import CurrentActor, public, requires
from app.policy.permissions import Permission
from app.vault.subjects import Kind

reporter_router = routing.router("reporting", prefix="/v1")
staff_router = routing.router(prefix="/v1")
CHANNELS, CUSTODIANSHIP = "channels", "custodianship"
_HOLDING = (Unauthenticated, NotFound, InvalidInput, ManifestMissing, ChannelAltered)
_RESHARING = (
    *_HOLDING, NothingToReshare, SignatureRefused, IdempotencyKeyReused, SameRequestRunning, BodyTooLarge, AuditUnavailable, Busy,
)  # fmt: skip
_Keeper = Annotated[Staff, requires(Permission.SHARE_KEEP)]
_ChannelCalled = Annotated[Slug, Query(description="Address of the channel.")]


@reporter_router.get(
    "/channels/{channel}/manifests", response_model=ManifestsOut, responses=problems(NotFound, InvalidInput)
)
@reads
async def list_manifests(
    channel: Slug,
    _: Annotated[
        None, public(because="whoever seals to keys of this channel checks them against what its root signed")
    ],
    session: DbSession,
) -> ManifestsOut:
    """Read the chain of manifests, oldest first. Check it against the root's public key that you were given elsewhere."""
    return await manifests.chain_of(session, channel)


@staff_router.post(
    "/channels/{channel}/manifests",
    status_code=201,
    response_model=ManifestPublished,
    responses=problems(
        Unauthenticated, NotFound, InvalidInput, ManifestInvalid, ManifestNotNext, ManifestDiffers, ChannelAltered,
        IdempotencyKeyReused, SameRequestRunning, BodyTooLarge, AuditUnavailable, Busy,
    ),
    tags=[CHANNELS],
)  # fmt: skip
async def publish_manifest(
    channel: Slug,
    draft: ManifestIn,
    actor: Annotated[Staff, requires(Permission.CHANNEL_MANAGE)],
    session: DbSession,
) -> ManifestPublished:
    """Publish what the channel's root signed.

    The first manifest names the custodians, keys and threshold that the channel has; each later one follows the last under
    the same root, and puts the custodians, keys and threshold that it names in force.
    """
    published, stored = await manifests.publish(session, actor, channel, draft)
    await custody.record_alarm(session, actor, published)
    return ManifestPublished(epoch=stored.epoch, digest=stored.digest.hex(), issued_on=stored.issued_on)


@staff_router.get(
    "/channels/{channel}/custody",
    response_model=CustodyOut,
    responses=problems(Unauthenticated, NotFound, InvalidInput, ChannelAltered),
    tags=[CHANNELS],
)
@reads
async def read_custody(
    channel: Slug, actor: Annotated[Staff, requires(Permission.CUSTODY_READ)], session: DbSession
) -> CustodyOut:
    """Read whether enough custodians can still open what was sealed to them.

    In the alarm, at most one share more can be used than it takes: have custodians seal their shares to their new keys, or let
    somebody join, before another is lost.
    """
    return await custody.state_of(session, await manifests.channel_called(session, channel, actor.organisation_id))


@staff_router.get(
    "/custodianship/shares", response_model=Page[ShareOut], responses=problems(*_HOLDING), tags=[CUSTODIANSHIP]
)
@reads
async def list_own_shares(
    channel: _ChannelCalled,
    actor: _Keeper,
    page: PageOf,
    session: DbSession,
) -> Page[ShareOut]:
    """List your own shares in a channel. Only your private key opens them; what they open takes others besides you."""
    return await shares.list_own(session, actor, channel, page)


@staff_router.put(
    "/custodianship/shares/{kind}/{subject_id}",
    status_code=204,
    responses=problems(*_HOLDING, ShareMalformed, SignatureRefused, BodyTooLarge, AuditUnavailable, Busy),
    tags=[CUSTODIANSHIP],
)
async def replace_own_share(
    kind: Kind,
    subject_id: UUID,
    draft: ShareIn,
    actor: _Keeper,
    session: DbSession,
) -> None:
    """Replace your share by the same one sealed to your key of the newest manifest. The service cannot check what is in it."""
    await shares.replace_own(session, actor, kind, subject_id, draft)


@staff_router.get(
    "/custodianship/resharings", response_model=Page[ResharingOut], responses=problems(*_HOLDING), tags=[CUSTODIANSHIP]
)
@reads
async def list_resharings(
    channel: _ChannelCalled,
    actor: _Keeper,
    page: PageOf,
    session: DbSession,
) -> Page[ResharingOut]:
    """List what is to be shared anew in a channel, since custodians joined or left, and what you have to do for it."""
    return await resharing.list_due(session, actor, channel, page)


@staff_router.post(
    "/custodianship/resharings/{kind}/{subject_id}/deals",
    status_code=201,
    response_model=ResharingOut,
    responses=problems(*_RESHARING, DealingOver, DealMalformed),
    tags=[CUSTODIANSHIP],
)
async def deal_pieces(
    kind: Kind,
    subject_id: UUID,
    draft: DealIn,
    actor: _Keeper,
    session: DbSession,
) -> ResharingOut:
    """Cut your pieces again, for the new custodians. Dealing again replaces your deal, until somebody accepted."""
    return await resharing.deal(session, actor, kind, subject_id, draft)


@staff_router.post(
    "/custodianship/resharings/{kind}/{subject_id}/acceptances",
    status_code=201,
    response_model=ResharingOut,
    responses=problems(*_RESHARING, DealsMissing, DealsDisagree, AcceptanceOver, AcceptanceMalformed),
    tags=[CUSTODIANSHIP],
)
async def accept_deals(
    kind: Kind,
    subject_id: UUID,
    draft: AcceptanceIn,
    actor: _Keeper,
    session: DbSession,
) -> ResharingOut:
    """Say which new pieces you have, by their commitments. Accepting again replaces that, until a new share is in."""
    return await resharing.accept(session, actor, kind, subject_id, draft)


@staff_router.post(
    "/custodianship/resharings/{kind}/{subject_id}/shares",
    status_code=204,
    responses=problems(*_RESHARING, DealsMissing, DealsDisagree, AcceptancesMissing, OpeningUnderWay, ShareMalformed),
    tags=[CUSTODIANSHIP],
)
async def keep_new_share(
    kind: Kind,
    subject_id: UUID,
    draft: ShareIn,
    actor: _Keeper,
    session: DbSession,
) -> None:
    """Hand in your new share, sealed to yourself. With the last of them, the new shares stand in place of the old."""
    await resharing.finish(session, actor, kind, subject_id, draft)


@staff_router.post(
    "/cases/{case_id}/identities/{identity_id}/erasure",
    response_model=ErasureOut,
    responses=problems(*DOOR, BodyTooLarge),
    tags=["cases"],
)
async def erase_identity(
    erased: ErasedAfterwards,
    case_id: UUID,
    identity_id: UUID,
    draft: ErasureIn,
    case: Annotated[Case, on_case(Permission.IDENTITY_ERASE)],
    actor: CurrentActor,
    session: DbSession,
) -> ErasureOut:
    """Erase an identity for good.

    Its shares are removed and its erasure key is destroyed, so that nobody opens it any more, also from a backup of the database.
    Backups of the erasure keys themselves have to be dealt with where they are kept.
    """
    done = await erasing.erase(session, actor, case, identity_id, draft)
    erased.append(done.identity_id)
    return done
