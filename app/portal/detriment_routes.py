"""The page on which somebody who spoke up says how they fare: asked, at a check-in, or unasked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Path, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.inbox import detriments
from app.inbox.detriment_schemas import CheckInIn, DetrimentIn, Faring
from app.kernel.db import DbSession, reads
from app.portal import drafts, forms, routing
from app.portal.access import PageVisit, as_visitor
from app.portal.forms import Form, FormErrors
from app.portal.languages import Language
from app.portal.routing import FormOf, errors_in_words, shown

router = routing.router()
FIELDS = ("what", "happened_on", "since_speaking_up")
_CHECK_IN_FIELDS = ("answer", "text")


@dataclass(frozen=True)
class _Filled:
    """What stands in the two forms of the page, and what breaks a rule there."""

    fields: Mapping[str, str]
    errors: Mapping[str, str]


_EMPTY = _Filled(dict.fromkeys((*FIELDS, *_CHECK_IN_FIELDS), ""), {})


@router.get("/{language:language}/inbox/detriment")
@reads
async def show_detriment(language: Language, found: Annotated[PageVisit, as_visitor], session: DbSession) -> Response:
    """Show what was asked, what was said of it and what was answered."""
    return await _page(session, language, found, _EMPTY)


@router.post("/{language:language}/inbox/detriment", status_code=201)
async def report_by_page(
    language: Language, form: FormOf, found: Annotated[PageVisit, as_visitor], session: DbSession
) -> Response:
    """Say that you are treated worse for having spoken up."""
    body = {name: form.one(name) for name in FIELDS}
    try:
        draft = drafts.drafted(DetrimentIn, body | {"what": body["what"] or " "}, FIELDS)
    except FormErrors as broken:
        return await _page(session, language, found, _filled(form, broken))
    await detriments.report(session, found.visit, draft)
    return RedirectResponse(f"/{language.value}/inbox/detriment", 303)


@router.post("/{language:language}/inbox/check-ins/{number}", status_code=201)
async def answer_by_page(
    number: Annotated[int, Path(ge=1, le=10_000)],
    language: Language,
    form: FormOf,
    found: Annotated[PageVisit, as_visitor],
    session: DbSession,
) -> Response:
    """Say how you fare, having been asked."""
    try:
        draft = _answer(form)
    except FormErrors as broken:
        return await _page(session, language, found, _filled(form, broken))
    await detriments.answer_check_in(session, found.visit, number, draft)
    return RedirectResponse(f"/{language.value}/inbox/detriment", 303)


def _answer(form: Form) -> CheckInIn:
    body = {name: form.one(name) for name in _CHECK_IN_FIELDS}
    if body["answer"] not in set(Faring):
        raise FormErrors({"answer": "choose"})
    if body["answer"] == Faring.DETRIMENT and not body["text"].strip():
        raise FormErrors({"text": "required"})
    return drafts.drafted(CheckInIn, {name: text for name, text in body.items() if text.strip()}, ("text", "answer"))


def _filled(form: Form, broken: FormErrors) -> _Filled:
    return _Filled({name: form.one(name) for name in _EMPTY.fields}, broken.errors)


async def _page(session: AsyncSession, language: Language, found: PageVisit, filled: _Filled) -> Response:
    asked = await detriments.asked(session, found.visit.grievance)
    return shown(
        "detriment.html",
        language,
        422 if filled.errors else 200,
        elsewhere="/inbox/detriment",
        here="/detriment",
        asked=next((one for one in asked if not one.is_answered), None),
        said=await detriments.read(session, found.visit.grievance),
        filled=filled.fields,
        errors=errors_in_words(filled.errors, language),
        once=forms.fresh_once(),
        form_token=found.form_token,
    )
