"""The page that tells somebody in a browser what stopped them, and keeps what they wrote in its form."""

from fastapi import Request, Response
from starlette.routing import BaseRoute

from app.crypto import receipts
from app.intake.doors import ChannelUnattended
from app.intake.inbox import InboxClosed, ReceiptNotKnown
from app.kernel.entrance import ProofOfWorkNeeded
from app.kernel.idempotency import SameRequestRunning
from app.kernel.problems import Busy, InvalidInput, NotFound, OutcomeUnknown, Problem
from app.portal import access, unsent, words
from app.portal.forms import Form
from app.portal.languages import Language, preferred
from app.portal.routing import HEADERS, PageRoute, shown

_WORTH_REPEATING = (Busy, ProofOfWorkNeeded, ChannelUnattended, OutcomeUnknown, SameRequestRunning)
"""Problems that pass by themselves: what was written can be sent again from their page."""


def show_problem(problem: Problem, request: Request, instance: str | None) -> Response | None:
    """Return the page of a problem; None where no page was asked for."""
    route: BaseRoute | None = request.scope.get("route")
    if not isinstance(route, PageRoute) and not _is_lost(problem, request, route):
        return None
    if isinstance(problem, InvalidInput) and request.method == "GET":  # an address that can be nobody's
        problem = NotFound()
    language = request.scope.get("path_params", {}).get("language")
    if not isinstance(language, Language):
        language = _of_path(request)
    answer = _page_of(problem, request, language, instance)
    answer.headers.update(HEADERS)
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    if isinstance(problem, InboxClosed):
        access.forget(request, answer)
    return answer


def _is_lost(problem: Problem, request: Request, route: BaseRoute | None) -> bool:
    """Whether a browser asked for an address that there is not."""
    is_browser = "text/html" in request.headers.get("Accept", "")
    return isinstance(problem, NotFound) and route is None and is_browser


def _of_path(request: Request) -> Language:
    first = request.url.path.removeprefix("/").partition("/")[0]
    return Language(first) if first in set(Language) else preferred(request.headers.get("Accept-Language", ""))


def _page_of(problem: Problem, request: Request, language: Language, instance: str | None) -> Response:
    form: Form | None = getattr(request.state, "form", None)
    t = words.of(language)
    if isinstance(problem, ReceiptNotKnown) and form is not None:
        receipt = form.one("receipt")
        return shown(
            "sign_in.html",
            language,
            problem.status,
            elsewhere="/inbox/open",
            receipt=receipt,
            unsent=unsent.carried_by(form),
            errors={"receipt": t("sign_in.unknown", count=len(receipts.words_in(receipt)))},
            notice=None,
        )
    if isinstance(problem, InboxClosed):
        act = request.url.path.removeprefix(f"/{language.value}/inbox/")
        kept = None if form is None else unsent.of_act(act, form)
        elsewhere = None if kept else "/inbox/open"
        return shown(
            "sign_in.html", language, problem.status, elsewhere=elsewhere, receipt="", notice="closed", unsent=kept
        )
    slug = problem.slug()
    name = slug if f"problem.{slug}.title" in t else "other"
    holds_a_file = getattr(request.state, "incoming", None) is not None  # no page can hold that for its reader
    repeated = form is not None and isinstance(problem, _WORTH_REPEATING) and not holds_a_file
    return shown(
        "problem.html",
        language,
        problem.status,
        problem=name,
        seconds=problem.retry_after,
        instance=instance,
        inbox=request.url.path.startswith(f"/{language.value}/inbox/") and not request.url.path.endswith("/open"),
        again=request.url.path if repeated else None,
        kept=form.pairs if form is not None and repeated else [],
    )
