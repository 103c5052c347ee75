"""Channels as administrators have them: opening, changing and listing them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import service as accounts
from app.audit import log
from app.custody.models import Custodian
from app.duties.calendar import Nation
from app.duties.profiles import LawProfile
from app.intake import categories, doors
from app.intake.channel_schemas import (
    ChannelDetail,
    ChannelIn,
    ChannelItem,
    ChannelKeysOut,
    ChannelPatch,
    CustodianOut,
    OfficerOut,
)
from app.intake.channel_settings import FileRules, file_rules, languages_of, own_categories_of
from app.intake.channel_settings_schemas import FileRulesOut, NameIn, OwnCategoryIn, TranslationIn
from app.intake.models import Channel, ChannelOfficer
from app.kernel.http import require_version
from app.kernel.octets import spell
from app.kernel.pages import Page, PageQuery
from app.kernel.problems import Conflict, InvalidInput, NotFound
from app.policy.actors import Role, Staff


class ChannelNameTaken(Conflict):
    """Another channel has this address already. Choose another slug."""

    title = "This address is taken"


async def open_channel(session: AsyncSession, actor: Staff, draft: ChannelIn) -> Channel:
    """Return a new channel, which takes grievances at once.

    Raises:
        ChannelNameTaken: another channel has the slug.
        InvalidInput: its languages or categories do not fit each other, or somebody named is not active or does not hold the role of their part.

    """
    await _require_fit(session, actor, draft.case_officers, [custodian.account_id for custodian in draft.custodians])
    if (await session.execute(select(Channel.id).where(Channel.slug == draft.slug))).first() is not None:
        raise ChannelNameTaken
    texts = draft.model_dump(include={"slug", "name", "procedure_text", "law_profile", "threshold"})
    channel = Channel(organisation_id=actor.organisation_id, is_open=True, **texts, **draft.settings())
    _require_coherent(channel)
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


def _require_coherent(channel: Channel) -> None:
    """Return if every text has its language, and the organisation's own categories are other than those of the law.

    Raises:
        InvalidInput: otherwise.

    """
    default = languages_of(channel)[0]
    errors = []
    if default in (channel.translations or {}):
        errors.append({"in": "body", "pointer": "/translations", "rule": "must not hold the channel's own language"})
    for number, one in enumerate(own_categories_of(channel)):
        place = f"/own_categories/{number}"
        if default not in one.names:
            errors.append(
                {"in": "body", "pointer": f"{place}/names", "rule": "must name it in the channel's own language"}
            )
        if categories.of_law(LawProfile(channel.law_profile), one.code) is not None:
            errors.append({"in": "body", "pointer": f"{place}/code", "rule": "must not be a category of the law"})
    if errors:
        raise InvalidInput(errors=errors)


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
        InvalidInput: its languages or categories do not fit each other, or a case officer is not active, does not hold the role, or was ever a custodian.
        PreconditionRequired: no version was named.
        PreconditionFailed: another version was named.

    """
    channel = await _of_organisation(session, actor, slug)
    require_version(channel.version, expected)
    texts = draft.model_dump(exclude_none=True, include={"name", "procedure_text", "is_open"})
    for name, value in (texts | draft.settings()).items():
        setattr(channel, name, value)
    _require_coherent(channel)
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
        nation=channel.nation or Nation.ENGLAND_AND_WALES,
        default_language=languages_of(channel)[0],
        elsewhere=channel.elsewhere,
        translations=[
            TranslationIn(language=language, **texts)
            for language, texts in sorted((channel.translations or {}).items())
        ],
        own_categories=[
            OwnCategoryIn(
                code=one.code,
                names=[NameIn(language=language, text=text) for language, text in sorted(one.names.items())],
            )
            for one in own_categories_of(channel)
        ],
        file_rules=rules_out(file_rules(channel)),
        shows_officers=bool(channel.shows_officers),
        custodians=shown(await doors.require_ours(session, channel)),
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


def rules_out(rules: FileRules) -> FileRulesOut:
    """Return the rules of a channel's files as they go over the wire."""
    return FileRulesOut(largest_bytes=rules.largest_bytes, most_files=rules.most_files, kinds=sorted(rules.kinds))


def shown(custodians: list[Custodian]) -> list[CustodianOut]:
    """Return custodians by label and key."""
    return [CustodianOut(id=one.id, label=one.label, public_key=spell(one.public_key)) for one in custodians]


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
