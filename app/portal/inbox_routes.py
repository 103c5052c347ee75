"""The pages of an inbox: showing the receipt, reading, keeping the proof, leaving. Each later act is a route and a template here."""

from typing import Annotated

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from app.inbox import progress
from app.intake import inbox
from app.intake.schemas import InboxOut, InboxSessionIn
from app.kernel import clock
from app.kernel.db import DbSession, let_go, reads
from app.kernel.entrance import through
from app.kernel.pressure import Group
from app.kernel.runtime import RuntimeOf
from app.policy.guard import public
from app.portal import access, pages, proof_file, routing, unsent
from app.portal.access import PageVisit, as_visitor
from app.portal.languages import Language
from app.portal.routes import ATTACHED
from app.portal.routing import FormOf, shown

router = routing.router()
LONGEST_RECEIPT = 400
_ANYONE = public(because="the receipt is the proof, and it is in the form")


@router.get("/{language:language}/inbox/open", dependencies=[_ANYONE])
async def ask_for_receipt(language: Language) -> Response:
    """Show the form that takes the seven words."""
    return shown("sign_in.html", language, elsewhere="/inbox/open", receipt="", notice=None)


@router.post("/{language:language}/inbox/open", dependencies=[through(Group.INBOX), _ANYONE])
async def show_receipt(
    language: Language, request: Request, form: FormOf, runtime: RuntimeOf, session: DbSession
) -> Response:
    """Open the inbox with a receipt: always under a token that is new. Unknown and wrong receipts are answered alike.

    What was written before the inbox closed is shown then, to be sent from there.
    """
    await let_go(session)
    draft = InboxSessionIn(receipt=form.one("receipt")[:LONGEST_RECEIPT])
    opened = await inbox.open_inbox(runtime, session, draft)
    answer: Response = RedirectResponse(f"/{language.value}/inbox", 303)
    waiting = unsent.carried_by(form)
    if waiting is not None:
        answer = shown("again.html", language, unsent=waiting, form_token=access.form_token_of(opened.token))
    access.remember(request, answer, opened.token)
    return answer


@router.get("/{language:language}/inbox")
@reads
async def show_inbox(
    language: Language, found: Annotated[PageVisit, as_visitor], runtime: RuntimeOf, session: DbSession
) -> Response:
    """Show where the grievance stands, what is owed, what became of each point, and what was said."""
    held = InboxOut.model_validate_json(await inbox.read(session, found.visit))
    became = await progress.read(session, found.visit.grievance, found.visit.case)
    return shown(
        "inbox.html",
        language,
        elsewhere="/inbox",
        here="",
        inbox=held,
        duties=became.duties,
        answers={one.raised_allegation_id: one for one in became.allegations},
        form_token=found.form_token,
        minutes=runtime.settings.inbox_session_minutes,
        today=clock.today(),
    )


@router.get("/{language:language}/inbox/proof")
@reads
async def save_proof(language: Language, found: Annotated[PageVisit, as_visitor], session: DbSession) -> Response:
    """Hand out the proof of receipt as a file that is checked without the service, of one of a few lengths."""
    held = InboxOut.model_validate_json(await inbox.read(session, found.visit))
    headers = {"Content-Disposition": ATTACHED.format("proof-of-receipt.json")}
    return Response(pages.filled(proof_file.content(held)), media_type="application/json", headers=headers)


@router.post("/{language:language}/inbox/leave")
async def leave(
    language: Language, request: Request, found: Annotated[PageVisit, as_visitor], session: DbSession
) -> Response:
    """Close the inbox: neither its cookie nor the way back in the browser shows it any more."""
    await inbox.close(session, found.visit)
    answer = RedirectResponse(f"/{language.value}/inbox/left", 303)
    access.forget(request, answer)
    return answer


@router.get("/{language:language}/inbox/left", dependencies=[_ANYONE])
async def say_goodbye(language: Language) -> Response:
    """Say that the inbox is closed, and what stays on the machine."""
    return shown("left.html", language, elsewhere="/inbox/left")
