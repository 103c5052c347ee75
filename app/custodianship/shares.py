"""What a custodian holds: listing one's own shares, and sealing them to a new key of one's own."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.cases.holding import hold
from app.crypto import identity, resharing
from app.crypto.errors import NotAuthentic
from app.custodianship.manifests import channel_called
from app.custodianship.schemas import ShareIn, ShareOut
from app.custody import directory
from app.custody.directory import InForce
from app.intake import doors
from app.intake.models import Channel
from app.kernel.octets import spell
from app.kernel.pages import Page, PageQuery
from app.kernel.problems import NotFound, Problem
from app.policy.actors import Staff
from app.vault import subjects
from app.vault.subjects import KINDS, Kind, Subject


class SignatureRefused(Problem):
    """This was not signed with your key of the newest manifest, over exactly this. If a newer manifest is in force, sign anew."""

    status = 422
    title = "The signature is not yours"


class ShareMalformed(Problem):
    """What should be a share is none of yours: it has another length, suite or key than your key of the newest manifest."""

    status = 422
    title = "This cannot be your share"


@dataclass(frozen=True)
class Place:
    """Where a custodian acts: the channel, what its root said last, and the ids under which they are or were its custodian."""

    channel: Channel
    in_force: InForce
    mine: frozenset[UUID]


async def place_called(session: AsyncSession, actor: Staff, slug: str) -> Place:
    """Return the actor's place in a channel.

    Raises:
        NotFound: there is no such channel, or the actor never was its custodian.
        ManifestMissing: it has no manifest yet.
        ChannelAltered: it was altered behind the service.

    """
    return await _place(session, actor, await channel_called(session, slug, actor.organisation_id))


async def place_of(session: AsyncSession, actor: Staff, kind: Kind, subject_id: UUID) -> tuple[Place, Subject]:
    """Return the actor's place in the channel of something that is shared, and the thing. Its case is held, so that nobody changes it meanwhile.

    Raises:
        NotFound: there is no such thing, or the actor never was a custodian of its channel.
        ManifestMissing: the channel has no manifest yet.
        ChannelAltered: it was altered behind the service.

    """
    model = KINDS[kind].subjects
    found_in = select(model.case_id).where(model.organisation_id == actor.organisation_id, model.id == subject_id)
    case_id = (await session.execute(found_in)).scalar_one_or_none()
    if case_id is None:
        raise NotFound
    await hold(session, actor.organisation_id, case_id)
    channel = await session.get(
        Channel, (actor.organisation_id, await subjects.channel_of(session, actor.organisation_id, case_id))
    )
    found = await subjects.load(session, kind, actor.organisation_id, [subject_id])
    if channel is None or not found:
        raise NotFound
    return await _place(session, actor, channel), found[0]


async def _place(session: AsyncSession, actor: Staff, channel: Channel) -> Place:
    mine = await directory.ids_of(session, actor.organisation_id, channel.id, actor.account_id)
    if not mine:
        raise NotFound
    return Place(channel, await doors.require_manifest(session, channel), frozenset(mine))


async def list_own(session: AsyncSession, actor: Staff, slug: str, page: PageQuery) -> Page[ShareOut]:
    """Return one page of the actor's own shares in a channel.

    Raises:
        NotFound: there is no such channel, or the actor never was its custodian.
        ManifestMissing: it has no manifest yet.
        ChannelAltered: it was altered behind the service.

    """
    place = await place_called(session, actor, slug)
    own: dict[Kind, dict[UUID, UUID]] = {}
    for kind, tables in KINDS.items():
        statement = select(tables.shares.id, tables.subject_of.label("subject")).where(
            tables.shares.organisation_id == actor.organisation_id, tables.shares.custodian_id.in_(place.mine)
        )
        found = (await session.execute(page.apply(statement, tables.shares.id))).all()
        own[kind] = {row.id: row.subject for row in found}
    shown: list[ShareOut] = []
    for kind, subject_of in own.items():
        for subject in await subjects.load(session, kind, actor.organisation_id, list(subject_of.values())):
            shown += _shown(subject, place)
    rows, following = page.cut(sorted(shown, key=lambda one: one.id, reverse=True))
    return Page(items=list(rows), next=following)


def _shown(subject: Subject, place: Place) -> list[ShareOut]:
    sharing = subject.sharing
    return [
        ShareOut(
            id=share.id,
            kind=subject.kind,
            subject_id=subject.row.id,
            case_id=subject.row.case_id,
            custodian_id=custodian_id,
            reference=spell(sharing.reference),
            threshold=sharing.threshold,
            custodians=sorted(sharing.custodians),
            commitments=[spell(one) for one in sharing.commitments],
            share=spell(share.share),
            is_current=entry is not None and subjects.is_sealed_to(share.share, entry.sealing_key),
        )
        for custodian_id, share in subject.shares.items()
        if custodian_id in place.mine
        for entry in [place.in_force.manifest.custodian(custodian_id)]
    ]


async def replace_own(session: AsyncSession, actor: Staff, kind: Kind, subject_id: UUID, draft: ShareIn) -> None:
    """The actor's own share is the one given, which they sealed to their key of the newest manifest.

    Raises:
        NotFound: there is no such thing, or the actor holds no share of it, or the newest manifest does not name them.
        ManifestMissing: the channel has no manifest yet.
        ChannelAltered: it was altered behind the service.
        ShareMalformed: what is given cannot be the share.
        SignatureRefused: it was not signed with the actor's key of the newest manifest.

    """
    place, subject = await place_of(session, actor, kind, subject_id)
    manifest = place.in_force.manifest
    own = [one for one in subject.shares if one in place.mine and manifest.custodian(one) is not None]
    if not own:
        raise NotFound
    custodian_id = own[0]
    require_share(place, subject, custodian_id, draft, subject.row.threshold, len(subject.shares))
    share = subject.shares[custodian_id]
    share.share = draft.share
    await log.record(session, actor, "share.replaced", share, case_id=subject.row.case_id)


def require_share(
    place: Place, subject: Subject, custodian_id: UUID, draft: ShareIn, threshold: int, holders: int
) -> None:
    """Return if a share has the form of one in such a sharing, and its custodian signed it.

    Raises:
        ShareMalformed: it has not.
        SignatureRefused: they did not, with their key of the newest manifest.

    """
    entry = place.in_force.manifest.custodian(custodian_id)
    if entry is None:
        raise NotFound
    if len(draft.share) != identity.share_bytes(threshold, holders) or not subjects.is_sealed_to(
        draft.share, entry.sealing_key
    ):
        raise ShareMalformed
    try:
        resharing.require_replacement(
            entry.signing_key, draft.signature, subject.kind, subject.row.id, custodian_id, draft.share
        )
    except NotAuthentic as error:
        raise SignatureRefused from error
