"""The page of the messages of an inbox: what was written to a reporter, what they wrote, and a form to write. It tells nobody of reading."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Query, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.inbox import messages
from app.inbox.messages import MOST_AT_ONCE
from app.inbox.schemas import InboxMessageIn, MessagesOut
from app.kernel.db import DbSession, reads
from app.portal import drafts, forms, routing
from app.portal.access import PageVisit, as_visitor
from app.portal.forms import FormErrors
from app.portal.languages import Language
from app.portal.routing import FormOf, errors_in_words, shown

router = routing.router()
After = Annotated[int | None, Query(ge=0, le=2_000_000_000)]


@router.get("/{language:language}/inbox/messages")
@reads
async def show_messages(
    language: Language, found: Annotated[PageVisit, as_visitor], session: DbSession, after: After = None
) -> Response:
    """Show the newest messages, or those after a position, and the form to write."""
    return await _page(session, language, found, after)


@router.post("/{language:language}/inbox/messages", status_code=201)
async def write_message(
    language: Language, form: FormOf, found: Annotated[PageVisit, as_visitor], session: DbSession
) -> Response:
    """Write to those who work the case. The same page sent twice is one message."""
    text = form.one("text")
    try:
        draft = drafts.drafted(InboxMessageIn, {"text": text or " "}, ["text"])
    except FormErrors as broken:
        return await _page(session, language, found, None, text, broken.errors)
    await messages.write_as_reporter(session, found.visit, draft)
    return RedirectResponse(f"/{language.value}/inbox/messages", 303)


async def _page(
    session: AsyncSession,
    language: Language,
    found: PageVisit,
    after: int | None,
    text: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response:
    part = await messages.read(session, found.visit.grievance, after or 0)
    while after is None and part.next is not None:
        part = await messages.read(session, found.visit.grievance, part.next)
    return shown(
        "messages.html",
        language,
        422 if errors else 200,
        elsewhere="/inbox/messages",
        here="/messages",
        messages=part,
        earlier=_earlier(part),
        text=text,
        errors=errors_in_words(errors or {}, language),
        once=forms.fresh_once(),
        form_token=found.form_token,
    )


def _earlier(part: MessagesOut) -> int | None:
    """Return after which position the messages before this part begin; None if there are none."""
    first = part.items[0].position if part.items else 1
    return max(0, first - 1 - MOST_AT_ONCE) if first > 1 else None
