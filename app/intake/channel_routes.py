"""The doors of channels: their public pages, what is looked at before anything is sent, and who administers them."""

from typing import Annotated

from fastapi import Header, Query, Response

from app.audit.log import AuditUnavailable
from app.intake import channel_page, channels, hints
from app.intake.channel_schemas import (
    ChannelDetail,
    ChannelIn,
    ChannelItem,
    ChannelKeysOut,
    ChannelOut,
    ChannelPatch,
    Slug,
)
from app.intake.channel_settings import LANGUAGE_PATTERN
from app.intake.channel_settings_schemas import DirectoryItem
from app.intake.channels import ChannelNameTaken
from app.intake.doors import ChannelAltered
from app.intake.hints_schemas import HintsIn, HintsOut
from app.kernel import routing
from app.kernel.db import DbSession, let_go, reads
from app.kernel.entrance import ProofOfWorkNeeded, through
from app.kernel.http import IfMatch, etag, problems
from app.kernel.idempotency import SameRequestRunning
from app.kernel.pages import Page, PageOf
from app.kernel.pressure import Group
from app.kernel.problems import (
    BodyTooLarge,
    Busy,
    IdempotencyKeyReused,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Unauthenticated,
)
from app.kernel.runtime import RuntimeOf
from app.policy.actors import Staff
from app.policy.guard import public, requires
from app.policy.permissions import Permission

reporter_router = routing.router("reporting", prefix="/v1")
staff_router = routing.router(prefix="/v1")
CHANNELS = "channels"
_ADMINISTRATION = (Unauthenticated, NotFound, InvalidInput, AuditUnavailable, Busy)
Asked = Annotated[
    str | None, Query(pattern=LANGUAGE_PATTERN, description="The language to answer in, before Accept-Language.")
]
Accepted = Annotated[str | None, Header(alias="Accept-Language", description="RFC 9110, section 12.5.4.")]


@reporter_router.get("/directory", response_model=Page[DirectoryItem], responses=problems(InvalidInput))
@reads
async def list_open_channels(
    _: Annotated[None, public(because="whoever thinks of reporting must be able to find the doors")],
    page: PageOf,
    session: DbSession,
    response: Response,
    language: Asked = None,
    accepted: Accepted = None,
) -> Page[DirectoryItem]:
    """List the channels that take grievances, page by page."""
    response.headers["Vary"] = "Accept-Language"
    return await channel_page.directory(session, page, language, accepted)


@reporter_router.get(
    "/channels/{channel}", response_model=ChannelOut, responses=problems(NotFound, ChannelAltered, InvalidInput)
)
@reads
async def read_channel(
    channel: Slug,
    _: Annotated[None, public(because="whoever thinks of reporting must be able to read how it is dealt with")],
    runtime: RuntimeOf,
    session: DbSession,
    response: Response,
    language: Asked = None,
    accepted: Accepted = None,
) -> ChannelOut:
    """Read what a channel is for, who will handle what is sent, and who can learn what.

    Its procedure in the language asked for, the law that sets its clocks, what a grievance may be about, what files it takes, the
    custodians' public keys, how a client makes a receipt for itself, and a statement of what the service sees, keeps and cannot open.
    """
    found = await channel_page.public_page(session, runtime.keys, channel, language, accepted)
    response.headers["Content-Language"] = found.language
    response.headers["Vary"] = "Accept-Language"
    return found


@reporter_router.post(
    "/channels/{channel}/hints",
    response_model=HintsOut,
    dependencies=[through(Group.HINTS)],
    responses=problems(NotFound, InvalidInput, BodyTooLarge, Busy, ProofOfWorkNeeded),
)
@reads
async def find_hints(
    channel: Slug,
    draft: HintsIn,
    _: Annotated[
        None, public(because="whoever writes must be able to see before sending what would tell who they are")
    ],
    runtime: RuntimeOf,
    session: DbSession,
    response: Response,
    language: Asked = None,
    accepted: Accepted = None,
) -> HintsOut:
    """See where a text that was not sent yet may tell who wrote it.

    Nothing is stored and nothing of the text is in the answer: only places in it, and advice on each.
    """
    await channel_page.require(session, channel)
    await let_go(session)
    spoken = hints.spoken(language, accepted)
    response.headers["Content-Language"] = spoken
    response.headers["Vary"] = "Accept-Language"
    return await runtime.reporting.run(hints.find, draft, spoken)


@staff_router.post(
    "/channels",
    status_code=201,
    response_model=ChannelDetail,
    responses=problems(*_ADMINISTRATION, ChannelNameTaken, IdempotencyKeyReused, SameRequestRunning, BodyTooLarge),
    tags=[CHANNELS],
)
async def open_channel(
    draft: ChannelIn,
    actor: Annotated[Staff, requires(Permission.CHANNEL_MANAGE)],
    session: DbSession,
    response: Response,
) -> ChannelDetail:
    """Open a channel.

    Its custodians' public keys are made on the custodians' own machines; the private keys never come here. A custodian is not
    a case officer of the same channel.
    """
    channel = await channels.open_channel(session, actor, draft)
    response.headers["ETag"] = etag(channel.version)
    return await channels.detail(session, channel)


@staff_router.get(
    "/channels",
    response_model=Page[ChannelItem],
    responses=problems(Unauthenticated, NotFound, InvalidInput),
    tags=[CHANNELS],
)
@reads
async def list_channels(
    actor: Annotated[Staff, requires(Permission.CHANNEL_MANAGE)], page: PageOf, session: DbSession
) -> Page[ChannelItem]:
    """List the organisation's channels."""
    return await channels.list_channels(session, actor, page)


@staff_router.get(
    "/channels/{channel}/keys",
    response_model=ChannelKeysOut,
    responses=problems(Unauthenticated, NotFound, InvalidInput, ChannelAltered),
    tags=[CHANNELS],
)
@reads
async def read_channel_keys(
    channel: Slug, actor: Annotated[Staff, requires(Permission.CHANNEL_MANAGE)], session: DbSession
) -> ChannelKeysOut:
    """Read whose keys the channel seals to, in order to hand them to the holder of its root for the next manifest."""
    return await channels.keys_of(session, actor, channel)


@staff_router.patch(
    "/channels/{channel}",
    response_model=ChannelDetail,
    responses=problems(*_ADMINISTRATION, ChannelAltered, PreconditionFailed, PreconditionRequired, BodyTooLarge),
    tags=[CHANNELS],
)
async def change_channel(
    channel: Slug,
    draft: ChannelPatch,
    expected: IfMatch,
    actor: Annotated[Staff, requires(Permission.CHANNEL_MANAGE)],
    session: DbSession,
    response: Response,
) -> ChannelDetail:
    """Change a channel's texts or its case officers, or open or close it. Its slug, law and custodians stay as they are."""
    changed = await channels.change_channel(session, actor, channel, draft, expected)
    response.headers["ETag"] = etag(changed.version)
    return await channels.detail(session, changed)
