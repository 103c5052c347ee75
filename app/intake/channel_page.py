"""The public page of a channel, and the list of those that take grievances: all that somebody reads before they report."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Organisation
from app.cases.opening import Officer
from app.cases.queries import names_of
from app.crypto import receipts
from app.custody.directory import InForce
from app.duties.calendar import Nation
from app.duties.profiles import LawProfile
from app.intake import barring, categories, doors
from app.intake.categories import Relation
from app.intake.channel_schemas import ChannelOut, ManifestName, ReceiptFormatOut
from app.intake.channel_settings import (
    chosen,
    file_rules,
    languages_of,
    named_in,
    own_categories_of,
    texts_of,
)
from app.intake.channel_settings_schemas import ChannelCategoryOut, ChannelOfficerOut, DirectoryItem
from app.intake.channels import rules_out, shown
from app.intake.models import Channel
from app.intake.receipts import salt
from app.kernel import clock
from app.kernel.keyring import ServiceKeys
from app.kernel.octets import spell
from app.kernel.pages import Page, PageQuery
from app.kernel.problems import NotFound

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


async def public_page(
    session: AsyncSession, keys: ServiceKeys, slug: str, language: str | None = None, accepted: str | None = None
) -> ChannelOut:
    """Return the public page of a channel, in the language asked for or accepted if it speaks that one.

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
    languages = languages_of(channel)
    spoken = chosen(languages, language, accepted)
    texts = texts_of(channel, spoken)
    officers = (await doors.find(session, slug)).officers if channel.is_open else ()
    return ChannelOut(
        slug=channel.slug,
        name=texts.name,
        organisation=found.organisation,
        language=spoken,
        languages=languages,
        procedure_text=texts.procedure_text,
        elsewhere=texts.elsewhere,
        law_profile=LawProfile(channel.law_profile),
        nation=channel.nation or Nation.ENGLAND_AND_WALES,
        is_open=bool(officers),
        categories=_categories(channel, spoken),
        relations=list(Relation),
        file_rules=rules_out(file_rules(channel)),
        officers=await _officers(session, keys, channel, officers),
        threshold=channel.threshold,
        custodians=shown(custodians),
        manifest=_named(await doors.manifest_of(session, channel)),
        receipt=ReceiptFormatOut(
            words=receipts.WORDS_IN_A_RECEIPT,
            salt=spell(salt(keys)),
            memory_kib=receipts.MEMORY_KIB,
            iterations=receipts.ITERATIONS,
        ),
        security_statement=_PARAGRAPHS,
    )


async def require(session: AsyncSession, slug: str) -> None:
    """Return if there is such a channel.

    Raises:
        NotFound: otherwise.

    """
    if (await session.execute(select(Channel.id).where(Channel.slug == slug))).first() is None:
        raise NotFound


def _categories(channel: Channel, language: str) -> list[ChannelCategoryOut]:
    profile, default = LawProfile(channel.law_profile), languages_of(channel)[0]
    of_law = [
        ChannelCategoryOut(
            code=one.code,
            name=named_in(one.names, language, default),
            source=one.source,
            is_qualifying=categories.qualifies(profile, one.code, clock.today()),
        )
        for one in categories.OF_LAW[profile]
    ]
    own = [
        ChannelCategoryOut(code=one.code, name=named_in(one.names, language, default), source=None, is_qualifying=False)
        for one in own_categories_of(channel)
    ]
    return of_law + own


async def _officers(
    session: AsyncSession, keys: ServiceKeys, channel: Channel, officers: Sequence[Officer]
) -> list[ChannelOfficerOut]:
    """Return those who will handle what is sent, by name where the channel shows names and this process opens them.

    The order tells nothing.
    """
    place = (channel.organisation_id, channel.id)
    by_handle = {barring.handle_of(keys, *place, one.account_id): one.account_id for one in officers}
    names = {}
    if channel.shows_officers and keys.opens_names:  # names are Tier 1: a face for reporters alone shows numbers
        names = await names_of(session, channel.organisation_id, by_handle.values())
    return [
        ChannelOfficerOut(id=str(handle), number=number, name=names.get(by_handle[handle]))
        for number, handle in enumerate(sorted(by_handle), 1)
    ]


async def directory(
    session: AsyncSession, page: PageQuery, language: str | None, accepted: str | None
) -> Page[DirectoryItem]:
    """Return one page of the channels that are open, each named in the language asked for if it speaks that one."""
    statement = (
        select(Channel.id, Channel, Organisation.name.label("organisation"))
        .join(Organisation, Organisation.id == Channel.organisation_id)
        .where(Channel.is_open.is_(True))
    )
    rows, following = page.cut((await session.execute(page.apply(statement, Channel.id))).all())
    items = []
    for row in rows:
        languages = languages_of(row.Channel)
        spoken = chosen(languages, language, accepted)
        name = texts_of(row.Channel, spoken).name
        items.append(
            DirectoryItem(
                slug=row.Channel.slug, name=name, organisation=row.organisation, language=spoken, languages=languages
            )
        )
    return Page(items=items, next=following)


def _named(found: InForce | None) -> ManifestName | None:
    if found is None:
        return None
    return ManifestName(epoch=found.manifest.epoch, digest=found.digest.hex(), root=spell(found.manifest.root))
