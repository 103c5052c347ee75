"""Channels: opening and changing them, their public page, and the door that submissions go through."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import service as accounts
from app.accounts.models import Organisation
from app.audit import log
from app.crypto import receipts
from app.custody.directory import InForce
from app.custody.models import Custodian
from app.duties.profiles import LawProfile
from app.intake import doors
from app.intake.channel_schemas import (
    ChannelDetail,
    ChannelIn,
    ChannelItem,
    ChannelKeysOut,
    ChannelOut,
    ChannelPatch,
    CustodianOut,
    ManifestName,
    OfficerOut,
    ReceiptFormatOut,
)
from app.intake.models import Channel, ChannelOfficer
from app.intake.receipts import salt
from app.kernel.http import require_version
from app.kernel.keyring import ServiceKeys
from app.kernel.octets import spell
from app.kernel.pages import Page, PageQuery
from app.kernel.problems import Conflict, InvalidInput, NotFound
from app.policy.actors import Role, Staff

SECURITY_STATEMENT = """\
You need no account. The service sets no cookie and keeps no address, no name of your device, and no hour: only the
day. The order in which things were stored may still tell somebody who takes the database between which two acts of
staff you wrote.

The service reads what you send while it seals it. After that, what you wrote opens only to your receipt and to those
appointed to the case. Administrators, and whoever takes the database, cannot read it. So that no case is lost with a
password, as many custodians as this page says can recover its key, together and with the service's own keys.

If you say who you are, that is sealed by itself before anything is stored. Only as many custodians as this page says,
together and with the service's erasure key, can open it. Those who work the case cannot.

Somebody who works the case may ask the custodians to open it, for a reason. Your inbox says so from that moment, before
anything is opened, and counts each time. Two people together may put that off, at most by ninety days; then it is said.
What opens it is put together on the machine of whoever asked, and never by the service.

The receipt is the only way back, and the service does not keep it. A client that makes the receipt's keys itself
never sends the receipt, and opens the inbox on its own machine.

What you write may itself tell who you are. A service altered by whoever runs it could read what passes through it."""
"""What the public page says that the service sees, keeps and cannot open: a paragraph each."""
_PARAGRAPHS = [" ".join(paragraph.split()) for paragraph in SECURITY_STATEMENT.split("\n\n")]


class ChannelNameTaken(Conflict):
    """Another channel has this address already. Choose another slug."""

    title = "This address is taken"


async def open_channel(session: AsyncSession, actor: Staff, draft: ChannelIn) -> Channel:
    """Return a new channel, which takes grievances at once.

    Raises:
        ChannelNameTaken: another channel has the slug.
        InvalidInput: somebody named is not active or does not hold the role of their part.

    """
    await _require_fit(session, actor, draft.case_officers, [custodian.account_id for custodian in draft.custodians])
    if (await session.execute(select(Channel.id).where(Channel.slug == draft.slug))).first() is not None:
        raise ChannelNameTaken
    texts = draft.model_dump(include={"slug", "name", "procedure_text", "law_profile", "threshold"})
    channel = Channel(organisation_id=actor.organisation_id, is_open=True, **texts)
    officers = [
        ChannelOfficer(organisation_id=actor.organisation_id, channel_id=channel.id, account_id=account_id)
        for account_id in draft.case_officers
    ]
    custodians = [
        Custodian(organisation_id=actor.organisation_id, channel_id=channel.id, **custodian.model_dump())
        for custodian in draft.custodians
    ]
    doors.put_tag(channel, custodians, draft.case_officers)
    session.add(channel)
    await session.flush()
    session.add_all([*officers, *custodians])
    await log.record(session, actor, "channel.opened", channel, *officers, *custodians)
    return channel


async def _require_fit(
    session: AsyncSession, actor: Staff, officers: Sequence[UUID], custodians: Sequence[UUID] = ()
) -> None:
    parts = [
        (Role.CASE_OFFICER, [(account_id, f"/case_officers/{n}") for n, account_id in enumerate(officers)]),
        (Role.CUSTODIAN, [(account_id, f"/custodians/{n}/account_id") for n, account_id in enumerate(custodians)]),
    ]
    errors = []
    for role, places in parts:
        fit = await accounts.public_keys(session, actor.organisation_id, [account_id for account_id, _ in places], role)
        rule = f"must be an active account that holds the role {role}"
        errors += [
            {"in": "body", "pointer": place, "rule": rule} for account_id, place in places if account_id not in fit
        ]
    if not errors:
        rule = "must never have been a custodian"
        errors = [
            {"in": "body", "pointer": f"/case_officers/{number}", "rule": rule}
            for number, account_id in enumerate(officers)
            if await accounts.ever_held(session, actor.organisation_id, account_id, Role.CUSTODIAN)
        ]
    if errors:
        raise InvalidInput(errors=errors)


async def change_channel(
    session: AsyncSession, actor: Staff, slug: str, draft: ChannelPatch, expected: int | None
) -> Channel:
    """Return the channel with the texts, state and case officers that the draft names.

    Cases that are there already keep theirs.

    Raises:
        NotFound: the organisation has no such channel.
        ChannelAltered: it was altered behind the service.
        InvalidInput: a case officer is not active, does not hold the role, or was ever a custodian.
        PreconditionRequired: no version was named.
        PreconditionFailed: another version was named.

    """
    channel = await _of_organisation(session, actor, slug)
    require_version(channel.version, expected)
    for name, value in draft.model_dump(exclude_none=True, exclude={"case_officers"}).items():
        setattr(channel, name, value)
    added: list[ChannelOfficer] = []
    removed: list[ChannelOfficer] = []
    custodians = await doors.require_ours(session, channel)
    if draft.case_officers is not None:
        added, removed = await _exchange_officers(session, actor, channel, custodians, draft.case_officers)
    await log.record(session, actor, "channel.changed", channel, *added, removed=removed)
    return channel


async def _exchange_officers(
    session: AsyncSession, actor: Staff, channel: Channel, custodians: Sequence[Custodian], wanted: Sequence[UUID]
) -> tuple[list[ChannelOfficer], list[ChannelOfficer]]:
    """Return who was added and who was removed, so that the channel has these officers and no others."""
    await _require_fit(session, actor, wanted)
    statement = select(ChannelOfficer).where(
        ChannelOfficer.organisation_id == channel.organisation_id, ChannelOfficer.channel_id == channel.id
    )
    standing = {officer.account_id: officer for officer in (await session.execute(statement)).scalars()}
    removed = [officer for account_id, officer in standing.items() if account_id not in wanted]
    added = [
        ChannelOfficer(organisation_id=channel.organisation_id, channel_id=channel.id, account_id=account_id)
        for account_id in wanted
        if account_id not in standing
    ]
    for officer in removed:
        await session.delete(officer)
    session.add_all(added)
    doors.put_tag(channel, custodians, wanted)
    return added, removed


async def _of_organisation(session: AsyncSession, actor: Staff, slug: str) -> Channel:
    statement = select(Channel).where(Channel.organisation_id == actor.organisation_id, Channel.slug == slug)
    channel = (await session.execute(statement)).scalar_one_or_none()
    if channel is None:
        raise NotFound
    return channel


async def detail(session: AsyncSession, channel: Channel) -> ChannelDetail:
    """Return a channel as an administrator sees it."""
    officers = select(ChannelOfficer.account_id).where(
        ChannelOfficer.organisation_id == channel.organisation_id, ChannelOfficer.channel_id == channel.id
    )
    return ChannelDetail(
        **_item(channel).model_dump(),
        procedure_text=channel.procedure_text,
        custodians=_shown(await doors.require_ours(session, channel)),
        case_officers=sorted((await session.execute(officers)).scalars()),
    )


async def keys_of(session: AsyncSession, actor: Staff, slug: str) -> ChannelKeysOut:
    """Return the keys of a channel's custodians and case officers, as they are in force.

    Raises:
        NotFound: the organisation has no such channel.
        ChannelAltered: it was altered behind the service.

    """
    channel = await _of_organisation(session, actor, slug)
    shown = await detail(session, channel)
    keys = await accounts.public_keys(session, channel.organisation_id, shown.case_officers, Role.CASE_OFFICER)
    return ChannelKeysOut(
        organisation_id=channel.organisation_id,
        officers=[OfficerOut(account_id=one, public_key=spell(key)) for one, key in sorted(keys.items())],
        **shown.model_dump(include={"id", "slug", "threshold", "custodians"}),
    )


async def list_channels(session: AsyncSession, actor: Staff, page: PageQuery) -> Page[ChannelItem]:
    """Return one page of the organisation's channels."""
    statement = page.apply(select(Channel).where(Channel.organisation_id == actor.organisation_id), Channel.id)
    rows, following = page.cut((await session.execute(statement)).scalars().all())
    return Page(items=[_item(channel) for channel in rows], next=following)


async def public_page(session: AsyncSession, keys: ServiceKeys, slug: str) -> ChannelOut:
    """Return the public page of a channel.

    Raises:
        NotFound: there is no such channel.

    """
    statement = (
        select(Channel, Organisation.name.label("organisation"))
        .join(Organisation, Organisation.id == Channel.organisation_id)
        .where(Channel.slug == slug)
    )
    found = (await session.execute(statement)).one_or_none()
    if found is None:
        raise NotFound
    channel: Channel = found[0]
    custodians = await doors.require_ours(session, channel)
    return ChannelOut(
        slug=channel.slug,
        name=channel.name,
        organisation=found.organisation,
        procedure_text=channel.procedure_text,
        law_profile=LawProfile(channel.law_profile),
        is_open=channel.is_open and bool((await doors.find(session, slug)).officers),
        threshold=channel.threshold,
        custodians=_shown(custodians),
        manifest=_named(await doors.manifest_of(session, channel)),
        receipt=ReceiptFormatOut(
            words=receipts.WORDS_IN_A_RECEIPT,
            salt=spell(salt(keys)),
            memory_kib=receipts.MEMORY_KIB,
            iterations=receipts.ITERATIONS,
        ),
        security_statement=_PARAGRAPHS,
    )


def _shown(custodians: list[Custodian]) -> list[CustodianOut]:
    return [CustodianOut(id=one.id, label=one.label, public_key=spell(one.public_key)) for one in custodians]


def _named(found: InForce | None) -> ManifestName | None:
    if found is None:
        return None
    return ManifestName(epoch=found.manifest.epoch, digest=found.digest.hex(), root=spell(found.manifest.root))


def _item(channel: Channel) -> ChannelItem:
    return ChannelItem(
        id=channel.id,
        slug=channel.slug,
        name=channel.name,
        law_profile=LawProfile(channel.law_profile),
        threshold=channel.threshold,
        is_open=channel.is_open,
        version=channel.version,
    )
