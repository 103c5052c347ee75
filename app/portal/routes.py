"""The pages before there is an inbox: which channels there are, what happens with a report, its form, and its receipt."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.intake import barring, channel_page, classifying, doors, hints, service, submission
from app.intake.access import KeptWithTheRows
from app.intake.barring import EveryOfficerBarred
from app.intake.channel_schemas import ChannelOut, Slug
from app.intake.channel_settings import LANGUAGE_PATTERN
from app.intake.channel_settings_schemas import DirectoryItem
from app.intake.doors import ChannelClosed, Door
from app.intake.hints_schemas import HintsIn, HintsOut
from app.intake.schemas import GrievanceIn, SubmittedOut
from app.kernel.db import DbSession, let_go, reads
from app.kernel.entrance import ProofOfWorkNeeded, entered, through
from app.kernel.pages import MOST as LONGEST_PAGE
from app.kernel.pages import PageQuery
from app.kernel.pressure import Group
from app.kernel.problems import Busy
from app.kernel.runtime import Runtime, RuntimeOf
from app.policy.guard import public
from app.portal import marks, offers, pages, receipt_file, routing, words
from app.portal.forms import FormErrors, Kept, Written
from app.portal.languages import LANGUAGE_NAMES, Language, preferred
from app.portal.marks import Marked
from app.portal.routing import FormOf, Instead, errors_in_words, shown

router = routing.router()
MOST_CHANNELS = 500
"""More than anybody would look through on one page."""
AskedTexts = Annotated[
    str | None,
    Query(pattern=LANGUAGE_PATTERN, description="The language of the channel's own texts, where not that of the page."),
]
ATTACHED = 'attachment; filename="{}"'
_READER = public(because="whoever thinks of reporting must be able to read how it is dealt with")
_WRITER = public(because="who reports has no account and needs none")
_NOBODY = public(because="it says nothing about any organisation, case or person")


@router.get("/", dependencies=[_NOBODY])
@router.get("/report/{channel}", dependencies=[_NOBODY])
@router.get("/inbox", dependencies=[_NOBODY])
async def choose_language(request: Request) -> Response:
    """Lead to the same page in the language that the browser prefers: for addresses on posters."""
    language = preferred(request.headers.get("Accept-Language", ""))
    path = quote({"/": "", "/inbox": "/inbox/open"}.get(request.url.path, request.url.path))
    return RedirectResponse(f"/{language.value}{path}", 303, {"Vary": "Accept-Language"})


@router.get(pages.STYLE, dependencies=[_NOBODY])
async def read_style() -> Response:
    """Return the stylesheet of every page."""
    return Response(pages.style(), media_type="text/css")


@router.get("/{language:language}", dependencies=[_READER])
@reads
async def show_channels(language: Language, session: DbSession) -> Response:
    """Show every open channel, and the way back for who has reported."""
    return shown("home.html", language, elsewhere="", channels=await _open_channels(session, language))


async def _open_channels(session: AsyncSession, language: Language) -> list[DirectoryItem]:
    """Return the channels that take reports, by organisation and name, each named in the page's language if it speaks that."""
    found, cursor = list[DirectoryItem](), None
    while len(found) < MOST_CHANNELS:
        page = await channel_page.directory(session, PageQuery(LONGEST_PAGE, cursor), language.value, None)
        found += page.items
        cursor = page.next
        if cursor is None:
            break
    return sorted(found, key=lambda one: (one.organisation, one.name, one.slug))


@router.get("/{language:language}/report/{channel}", dependencies=[_READER])
@reads
async def show_channel(
    channel: Slug, language: Language, runtime: RuntimeOf, session: DbSession, texts: AskedTexts = None
) -> Response:
    """Show what a channel is for and who can learn what, before anything is asked."""
    found = await channel_page.public_page(session, runtime.keys, channel, texts or language)
    return shown("channel.html", language, elsewhere=f"/report/{channel}", **_offered(found, language))


def _offered(channel: ChannelOut, language: Language) -> dict[str, Any]:
    """Return what the pages of a channel show of it."""
    t = words.of(language)
    return {
        "channel": channel,
        "terms": offers.terms_of(channel.law_profile),
        "categories": offers.categories_of(channel, language),
        "handlers": offers.handlers_of(channel, t),
        "custodians": offers.custodians_of(channel, t),
        "language_names": LANGUAGE_NAMES,
    }


@router.get("/{language:language}/report/{channel}/form", dependencies=[_WRITER])
@reads
async def show_form(channel: Slug, language: Language, runtime: RuntimeOf, session: DbSession) -> Response:
    """Show the empty form of a report."""
    return _form_page(await _open_channel(session, runtime, channel, language), language, Written.nothing())


@router.post("/{language:language}/report/{channel}/form", dependencies=[_WRITER])
@reads
async def go_on(channel: Slug, language: Language, form: FormOf, runtime: RuntimeOf, session: DbSession) -> Response:
    """Show the form again with what was written, or all of it before it is sent. Nothing is stored."""
    found, written = await _open_channel(session, runtime, channel, language), Written.in_form(form)
    match form.one("do"):
        case "another":
            longer = written.with_room()
            return _form_page(found, language, longer, focus=f"allegation-{len(longer.allegations)}")
        case "another_person":
            longer = written.with_room_for_people()
            return _form_page(found, language, longer, focus=f"conflicted-{len(longer.lists['conflicted'])}")
        case "check":
            draft = _draft(found, language, written)
            await _door_past(session, runtime, found, language, written, draft)
            await let_go(session)
            return await _check_page(runtime, found, language, written, draft)
        case _:
            return _form_page(found, language, written)


async def _open_channel(session: AsyncSession, runtime: Runtime, slug: str, language: Language) -> ChannelOut:
    found = await channel_page.public_page(session, runtime.keys, slug, language)
    if not found.is_open:
        raise ChannelClosed
    return found


def _draft(channel: ChannelOut, language: Language, written: Written) -> GrievanceIn:
    """Return the report.

    Raises:
        Instead: it breaks a rule, or names what the channel has no more; the form says so.

    """
    errors = offers.outdated(written, channel)
    try:
        draft = written.draft()
    except FormErrors as broken:
        errors = {**broken.errors, **errors}
    if errors:
        raise Instead(_form_page(channel, language, written, errors))
    return draft


async def _door_past(
    session: AsyncSession,
    runtime: Runtime,
    channel: ChannelOut,
    language: Language,
    written: Written,
    draft: GrievanceIn,
) -> Door:
    """Return the door as it is for who bars the people that the report bars.

    Raises:
        Instead: nobody is left who could handle it; the page keeps the report, and names other ways.

    """
    door = await doors.find(session, channel.slug)
    try:
        return await barring.past(session, runtime.keys, door, draft.barred)
    except EveryOfficerBarred as refused:
        named = set(refused.members["channels"])
        page = shown(
            "nobody_left.html",
            language,
            refused.status,
            channel=channel,
            others=[one for one in await _open_channels(session, language) if one.slug in named],
            written=written,
        )
        raise Instead(page) from refused


def _form_page(
    channel: ChannelOut,
    language: Language,
    written: Written,
    errors: Mapping[str, str] | None = None,
    focus: str | None = None,
) -> Response:
    return shown(
        "form.html",
        language,
        422 if errors else 200,
        **_offered(channel, language),
        written=written,
        errors={} if errors is None else errors_in_words(errors, language),
        focus=focus,
    )


async def _check_page(
    runtime: Runtime, channel: ChannelOut, language: Language, written: Written, draft: GrievanceIn
) -> Response:
    asked = HintsIn(
        headline=draft.headline,
        narrative=draft.narrative,
        capacity=draft.capacity or "",
        statements=[one.statement for one in draft.allegations],
        own_names=[] if draft.identity is None else [draft.identity.name],
    )
    found = await _hints(runtime, asked, language)

    def marked(text: str, pointer: str) -> Marked:
        return marks.marked(text, [one for one in found.items if one.pointer == pointer] if found else [])

    return shown(
        "check.html",
        language,
        **_offered(channel, language),
        written=written,
        draft=draft,
        barred={str(one) for one in draft.barred},
        hints=found,
        headline=marked(asked.headline, "/headline"),
        narrative=marked(asked.narrative, "/narrative"),
        capacity=marked(asked.capacity, "/capacity"),
        points=[marked(text, f"/statements/{number}") for number, text in enumerate(asked.statements)],
    )


async def _hints(runtime: Runtime, asked: HintsIn, language: Language) -> HintsOut | None:
    """Return where the text may tell who wrote it; None while too many ask, for nobody need wait for it."""
    try:
        with entered(runtime, Group.HINTS, None):
            return await runtime.reporting.run(hints.find, asked, language.value)
    except (Busy, ProofOfWorkNeeded):
        return None


@router.post("/{language:language}/report/{channel}/sent", status_code=201, dependencies=[through(Group.INTAKE)])
async def send(
    kept: KeptWithTheRows,
    channel: Slug,
    language: Language,
    form: FormOf,
    _: Annotated[None, _WRITER],
    runtime: RuntimeOf,
    session: DbSession,
) -> Response:
    """Send the report, and show its receipt. The same page sent again shows the same receipt: nothing is stored twice."""
    written = Written.in_form(form)
    await let_go(session)
    async with runtime.database.session(write=False) as reading:
        await doors.find(reading, channel)
        found = await _open_channel(reading, runtime, channel, language)
        draft = _draft(
            found, language, written
        )  # the page before this one let nothing like it through, but time passes
        door = await _door_past(reading, runtime, found, language, written, draft)
    classifying.require_known(door, draft.categories)
    sealed = await runtime.reporting.run(submission.seal_individual, door, draft, runtime.keys, kept)
    await service.store(session, sealed, None)
    sent = SubmittedOut(
        reference=sealed.case.reference,
        receipt=sealed.receipt,
        acknowledge_by=sealed.case.acknowledge_by,
        feedback_by=sealed.case.feedback_by,
    )
    return shown("receipt.html", language, 201, sent=sent, channel=channel)


@router.post("/{language:language}/receipt-file", dependencies=[_WRITER])
async def save_receipt(language: Language, form: FormOf) -> Response:
    """Hand the receipt that a page shows back as a text file. The service has it no longer than that."""
    text = receipt_file.text(Kept.in_form(form), language)
    return PlainTextResponse(text, headers={"Content-Disposition": ATTACHED.format("receipt.txt")})
