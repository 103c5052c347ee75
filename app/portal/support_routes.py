"""The pages of supporters: what a grievance of many is about, being counted in, and changing or withdrawing one's support."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse

from app.crypto import receipts
from app.intake.access import KeptWithTheRows
from app.intake.inbox import ReceiptNotKnown
from app.kernel import idempotency
from app.kernel.db import DbSession, let_go, reads
from app.kernel.entrance import through
from app.kernel.pressure import Group
from app.kernel.problems import NotFound, Problem
from app.kernel.runtime import Runtime, RuntimeOf
from app.policy.guard import public
from app.portal import receipt_file, routing, support_forms, words
from app.portal.forms import FormErrors
from app.portal.languages import Language
from app.portal.routes import ATTACHED
from app.portal.routing import FormOf, Instead, errors_in_words, shown
from app.portal.support_forms import PROOF, RECEIPT, Change, WrittenSupport
from app.supporting import counts, queries, redeeming
from app.supporting.counts import Count
from app.supporting.redeeming import NotCountedIn, SupporterReceiptTaken
from app.supporting.schemas import CountedAllegationOut, SupportPageOut

router = routing.router()
_READER = public(because="whoever thinks of supporting must be able to read what, and how it is counted")
_SUPPORTER = public(
    because="a supporter has no account: the code, the token or the receipt is the proof, and it is in the form"
)
_COSTS = through(Group.SUPPORT)


@router.get("/{language:language}/support/{grievance_id}", dependencies=[_READER])
@reads
async def show_support(grievance_id: UUID, language: Language, runtime: RuntimeOf, session: DbSession) -> Response:
    """Show what a grievance of many is about, as far as its representative made it public, and the form of who supports it."""
    page = await queries.public_page(session, runtime.keys, grievance_id)
    return _support_page(grievance_id, page, language, WrittenSupport.nothing())


def _support_page(
    grievance_id: UUID,
    page: SupportPageOut,
    language: Language,
    written: WrittenSupport,
    errors: Mapping[str, str] | None = None,
    status: int = 422,
) -> Response:
    return shown(
        "support.html",
        language,
        status if errors else 200,
        elsewhere=f"/support/{grievance_id}",
        grievance_id=grievance_id,
        page=page,
        written=written,
        errors=errors_in_words(errors or {}, language),
    )


@router.post("/{language:language}/support/{grievance_id}/counted", status_code=201, dependencies=[_COSTS])
async def support(
    request: Request,
    kept: KeptWithTheRows,
    grievance_id: UUID,
    language: Language,
    form: FormOf,
    _: Annotated[None, _SUPPORTER],
    runtime: RuntimeOf,
    session: DbSession,
) -> Response:
    """Count somebody in, and show their receipt. The same page sent again shows the same receipt."""
    written = WrittenSupport.in_form(form)
    await let_go(session)
    async with runtime.database.session(write=False) as reading:
        page = await queries.public_page(reading, runtime.keys, grievance_id)
    try:
        draft = written.draft(page)
        async with runtime.database.session(write=False) as reading:
            booth = await redeeming.find(reading, grievance_id)
            proof = redeeming.shown(booth.count, draft, runtime.keys)
            await redeeming.require_unspent(reading, booth, proof)
        prepared = await runtime.reporting.run(redeeming.prepare, booth, draft, runtime.keys, kept)
        counted = await redeeming.store(session, booth, proof, prepared)
    except FormErrors as broken:
        raise Instead(_support_page(grievance_id, page, language, written, broken.errors)) from broken
    except (NotCountedIn, SupporterReceiptTaken) as refused:
        await let_go(session)
        kept.forget()  # an earlier answer is no failure, so that nobody else takes them away
        async with runtime.database.session(write=False) as reading:  # by the same request, which was faster?
            await idempotency.replay_if_answered(request, reading, "public")
        errors = {PROOF: "not_counted"}
        raise Instead(_support_page(grievance_id, page, language, written, errors, refused.status)) from refused
    return shown(
        "support_receipt.html",
        language,
        201,
        receipt=counted.receipt,
        supported=[one for one in page.allegations if one.number in set(draft.allegations)],
        identity=draft.identity,
        page=page,
        grievance_id=grievance_id,
    )


@router.post("/{language:language}/support-receipt-file", dependencies=[_SUPPORTER])
async def save_support_receipt(language: Language, form: FormOf) -> Response:
    """Hand the receipt that a page shows back as a text file. The service has it no longer than that."""
    text = receipt_file.text_of_supporter(support_forms.words_in(form), language)
    return PlainTextResponse(text, headers={"Content-Disposition": ATTACHED.format("receipt.txt")})


@router.get("/{language:language}/support/{grievance_id}/change", dependencies=[_READER])
@router.get("/{language:language}/support/{grievance_id}/withdraw", dependencies=[_READER])
@reads
async def ask_for_change(
    grievance_id: UUID, language: Language, request: Request, runtime: RuntimeOf, session: DbSession
) -> Response:
    """Show the form by which a support is changed or withdrawn with its receipt."""
    page = await queries.public_page(session, runtime.keys, grievance_id)
    return _change_page(grievance_id, page, language, _act_of(request), Change("", []))


def _act_of(request: Request) -> str:
    return request.url.path.rpartition("/")[2]


def _change_page(
    grievance_id: UUID,
    page: SupportPageOut,
    language: Language,
    act: str,
    change: Change,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    return shown(
        f"support_{act}.html",
        language,
        status,
        elsewhere=f"/support/{grievance_id}/{act}",
        grievance_id=grievance_id,
        page=page,
        change=change,
        errors=errors or {},
    )


@router.post("/{language:language}/support/{grievance_id}/change", dependencies=[_COSTS, _SUPPORTER])
async def change_support(
    grievance_id: UUID, language: Language, form: FormOf, runtime: RuntimeOf, session: DbSession
) -> Response:
    """Change what somebody supports, while supporters are counted. It takes the place of what they chose before."""
    change = Change.in_form(form)
    await let_go(session)
    page, count = await _count(runtime, grievance_id)
    redeeming.require_open(count.row)
    try:
        draft = change.patch(page)
        lookup = await runtime.reporting.run(redeeming.lookup_of, draft, runtime.keys)
        await redeeming.amend(session, count, draft, lookup, runtime.keys)
    except FormErrors as broken:
        errors = errors_in_words(broken.errors, language)
        raise Instead(_change_page(grievance_id, page, language, "change", change, errors, 422)) from broken
    except ReceiptNotKnown as refused:
        raise _not_known(grievance_id, page, language, "change", change, refused) from refused
    supported = [one for one in page.allegations if one.number in set(draft.allegations)]
    return _done_page(grievance_id, page, language, "changed", supported)


@router.post("/{language:language}/support/{grievance_id}/withdraw", dependencies=[_COSTS, _SUPPORTER])
async def withdraw_support(
    grievance_id: UUID, language: Language, form: FormOf, runtime: RuntimeOf, session: DbSession
) -> Response:
    """Withdraw somebody's support, at any time."""
    change = Change.in_form(form)
    await let_go(session)
    page, count = await _count(runtime, grievance_id)
    try:
        lookup = await runtime.reporting.run(redeeming.lookup_of, change.withdrawal(), runtime.keys)
        await redeeming.withdraw(session, count, lookup, runtime.keys)
    except ReceiptNotKnown as refused:
        raise _not_known(grievance_id, page, language, "withdraw", change, refused) from refused
    return _done_page(grievance_id, page, language, "withdrawn", [])


async def _count(runtime: Runtime, grievance_id: UUID) -> tuple[SupportPageOut, Count]:
    """Return the count of a grievance, and what everybody may read of it.

    Raises:
        NotFound: there is no such grievance, or no count of it.
        SupportCountAltered: it is not as the service wrote it down.

    """
    async with runtime.database.session(write=False) as reading:
        page = await queries.public_page(reading, runtime.keys, grievance_id)
        count = await counts.of_grievance(reading, grievance_id)
    if count is None:
        raise NotFound
    return page, count


def _not_known(
    grievance_id: UUID, page: SupportPageOut, language: Language, act: str, change: Change, refused: Problem
) -> Instead:
    """Return that no supporter has the receipt: the form says how many words were read, and keeps them."""
    said = words.of(language)("support.unknown", count=len(receipts.words_in(change.receipt)))
    return Instead(_change_page(grievance_id, page, language, act, change, {RECEIPT: said}, refused.status))


def _done_page(
    grievance_id: UUID, page: SupportPageOut, language: Language, done: str, supported: list[CountedAllegationOut]
) -> Response:
    return shown("support_done.html", language, done=done, page=page, grievance_id=grievance_id, supported=supported)
