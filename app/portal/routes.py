"""The pages before there is an inbox: which channels there are, what happens with a report, its form, and its receipt."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.intake import channel_page, directory, doors, service, submission
from app.intake.access import KeptWithTheRows
from app.intake.channel_schemas import ChannelOut, Slug
from app.intake.doors import ChannelClosed
from app.intake.schemas import SubmittedOut
from app.kernel.db import DbSession, let_go, reads
from app.kernel.problems import InvalidInput
from app.kernel.runtime import Runtime, RuntimeOf
from app.policy.guard import public
from app.portal import drafts, pages, receipt_file, routing
from app.portal.forms import FormErrors, Kept, Written
from app.portal.languages import Language, preferred
from app.portal.routing import FormOf, shown

router = routing.router()
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
    return shown("home.html", language, elsewhere="", channels=await directory.open_channels(session))


@router.get("/{language:language}/report/{channel}", dependencies=[_READER])
@reads
async def show_channel(channel: Slug, language: Language, runtime: RuntimeOf, session: DbSession) -> Response:
    """Show what a channel is for and who can learn what, before anything is asked."""
    found = await channel_page.public_page(session, runtime.keys, channel, language)
    return shown("channel.html", language, elsewhere=f"/report/{channel}", channel=found)


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
        case "check":
            return _check_page(found, language, written)
        case _:
            return _form_page(found, language, written)


async def _open_channel(session: AsyncSession, runtime: Runtime, slug: str, language: Language) -> ChannelOut:
    found = await channel_page.public_page(session, runtime.keys, slug, language)
    if not found.is_open:
        raise ChannelClosed
    return found


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
        channel=channel,
        written=written,
        errors={} if errors is None else drafts.in_words(errors, language),
        focus=focus,
    )


def _check_page(channel: ChannelOut, language: Language, written: Written) -> Response:
    try:
        draft = written.draft()
    except FormErrors as broken:
        return _form_page(channel, language, written, broken.errors)
    return shown("check.html", language, channel=channel, written=written, draft=draft, hints=[])


@router.post("/{language:language}/report/{channel}/sent", status_code=201)
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
    try:
        draft = Written.in_form(form).draft()
    except FormErrors as broken:  # the page before this one let nothing like it through
        raise InvalidInput from broken
    await let_go(session)
    async with runtime.database.session(write=False) as reading:
        door = await doors.find(reading, channel)
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
