"""The pages on which a reporter says who they are after all, or withdraws it: what follows is said, then asked once more, then done."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.custodianship.access import ErasedAfterwards
from app.inbox import identities
from app.inbox.schemas import IdentityIn
from app.intake import inbox
from app.intake.access import KeptWithTheRows
from app.intake.schemas import InboxOut
from app.kernel.db import DbSession, reads
from app.kernel.problems import InvalidInput
from app.kernel.runtime import RuntimeOf
from app.portal import drafts, routing
from app.portal.access import PageVisit, as_visitor
from app.portal.forms import IDENTITY, FormErrors
from app.portal.languages import Language
from app.portal.routing import FormOf, errors_in_words, shown

router = routing.router()
_FIELDS = (*IDENTITY, "confidentiality")


@router.get("/{language:language}/inbox/identity")
@reads
async def show_identity(language: Language, found: Annotated[PageVisit, as_visitor], session: DbSession) -> Response:
    """Show what is kept of who the reporter is, and the form that changes it."""
    return await _page(session, language, found, dict.fromkeys(_FIELDS, ""), {})


@router.post("/{language:language}/inbox/identity/check")
@reads
async def check_identity(
    language: Language, form: FormOf, found: Annotated[PageVisit, as_visitor], session: DbSession
) -> Response:
    """Show what would be sealed and what follows from it. Nothing is stored."""
    filled = {name: form.one(name) for name in _FIELDS}
    try:
        draft = _draft(filled)
    except FormErrors as broken:
        return await _page(session, language, found, filled, broken.errors)
    held = InboxOut.model_validate_json(await inbox.read(session, found.visit))
    return shown(
        "identity_check.html",
        language,
        draft=draft,
        filled=filled,
        was_opened=identities.was_opened(held),
        form_token=found.form_token,
    )


@router.post("/{language:language}/inbox/identity")
async def give_identity_by_page(
    kept: KeptWithTheRows,
    erased: ErasedAfterwards,
    language: Language,
    form: FormOf,
    found: Annotated[PageVisit, as_visitor],
    runtime: RuntimeOf,
    session: DbSession,
) -> Response:
    """Say who you are, after all, or anew."""
    try:
        draft = _draft({name: form.one(name) for name in _FIELDS})
    except FormErrors as broken:  # the page before this one let nothing like it through
        raise InvalidInput from broken
    await identities.give(runtime, session, found.visit, draft, kept, erased)
    return RedirectResponse(f"/{language.value}/inbox/identity", 303)


@router.get("/{language:language}/inbox/identity/withdrawal")
@reads
async def ask_before_withdrawing(
    language: Language, found: Annotated[PageVisit, as_visitor], session: DbSession
) -> Response:
    """Show what follows if who you are is withdrawn."""
    held = InboxOut.model_validate_json(await inbox.read(session, found.visit))
    return shown(
        "identity_withdrawal.html",
        language,
        elsewhere="/inbox/identity/withdrawal",
        was_opened=identities.was_opened(held),
        form_token=found.form_token,
    )


@router.post("/{language:language}/inbox/identity/withdrawal")
async def withdraw_identity_by_page(
    kept: KeptWithTheRows,
    erased: ErasedAfterwards,
    language: Language,
    found: Annotated[PageVisit, as_visitor],
    runtime: RuntimeOf,
    session: DbSession,
) -> Response:
    """Withdraw who you are: it is erased, and a record of nobody stands in its place."""
    await identities.withdraw(runtime, session, found.visit, kept, erased)
    return RedirectResponse(f"/{language.value}/inbox/identity", 303)


def _draft(filled: Mapping[str, str]) -> IdentityIn:
    errors = {}
    if not filled["name"].strip():
        errors["name"] = "own_name_needed"
    if filled["confidentiality"] not in {"confidential", "open"}:
        errors["confidentiality"] = "choose"
    if errors:
        raise FormErrors(errors)
    person = {name: filled[name].strip() or None for name in IDENTITY}
    body = {"identity": person, "confidentiality": filled["confidentiality"]}
    return drafts.drafted(IdentityIn, body, _FIELDS)


async def _page(
    session: AsyncSession,
    language: Language,
    found: PageVisit,
    filled: Mapping[str, str],
    errors: Mapping[str, str],
) -> Response:
    held = InboxOut.model_validate_json(await inbox.read(session, found.visit))
    return shown(
        "identity.html",
        language,
        422 if errors else 200,
        elsewhere="/inbox/identity",
        here="/identity",
        inbox=held,
        was_opened=identities.was_opened(held),
        filled=filled,
        errors=errors_in_words(errors, language),
        form_token=found.form_token,
    )
