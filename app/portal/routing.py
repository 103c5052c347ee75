"""The route class of pages: forms from our own pages alone, one header of security on every answer, addresses by language."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from starlette.convertors import Convertor, register_url_convertor

from app.kernel.problems import NotAllowed
from app.kernel.routing import CandourRoute
from app.portal import forms, pages, words
from app.portal.forms import Form
from app.portal.languages import Language

HEADERS = {
    "Content-Security-Policy": pages.POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_OWN_SITE = frozenset({"same-origin", "none"})
"""What Sec-Fetch-Site says of a form of ours: sent by our page, or by the reader who loads it again."""


class _LanguageOfPath(Convertor[Language]):
    """Takes the code of a language of ours, and nothing else: so that pages hide no other address."""

    regex = "|".join(Language)

    def convert(self, value: str) -> Language:
        """Return the language."""
        return Language(value)

    def to_string(self, value: Language) -> str:
        """Return its code."""
        return value.value


register_url_convertor("language", _LanguageOfPath())


class NotFromOurPage(NotAllowed):
    """The form was not sent from a page of this service. Open the page again and send it from there."""

    title = "This was not sent from our page"


class Instead(Exception):
    """Nothing of the request is kept, and this page is its answer: the form again, with what was written and what is wrong with it."""

    def __init__(self, page: Response) -> None:
        """Hold the page."""
        super().__init__("instead")
        self.page = page


def require_own_page(request: Request) -> None:
    """Let a form in that a page of ours sent, as far as the browser tells.

    A page that sends no referrer sends `Origin: null`, which tells nothing; Sec-Fetch-Site does, where the browser has it.
    What acts in an inbox asks for a token besides (`access`).

    Raises:
        NotFromOurPage: another site sent it.

    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin", "null")
    is_ours = origin == "null" or urlsplit(origin).netloc == request.headers.get("Host")
    if not is_ours or (site is not None and site not in _OWN_SITE):
        raise NotFromOurPage


class PageRoute(CandourRoute):
    """A route that answers with a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that reads the form first and adds the headers last."""
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            if request.method == "POST":
                require_own_page(request)
                await self.read_form(request)
            try:
                response = await answer(request)
            except Instead as instead:
                response = instead.page
            response.headers.update(HEADERS)
            return response

        return handler

    async def read_form(self, request: Request) -> None:
        """The form is on the request's state; where the route creates something, its Idempotency-Key too.

        Raises:
            UnsupportedMediaType, InvalidInput: it is no form of ours.

        """
        body = await request.body()
        request.state.form = Form.read(request.headers.get("Content-Type", ""), body)
        if self.creates:
            request.state.idempotency_key = forms.repeat_key(request.state.form, body)


def router() -> APIRouter:
    """Return a router of pages. The OpenAPI document does not list them: they are for people."""
    return APIRouter(route_class=PageRoute, include_in_schema=False)


async def _form_of(request: Request) -> Form:
    form: Form = request.state.form
    return form


FormOf = Annotated[Form, Depends(_form_of)]
"""The form that the route has read."""


def shown(template: str, language: Language, status: int = 200, **values: object) -> Response:
    """Return a page as an answer."""
    return HTMLResponse(pages.page(template, language, **values), status)


def errors_in_words(errors: Mapping[str, str], language: Language) -> dict[str, str]:
    """Return what the form says of each field that breaks a rule."""
    t = words.of(language)
    return {
        name: t(f"error.{name}.{rule}" if f"error.{name}.{rule}" in t else f"error.{rule}")
        for name, rule in errors.items()
    }
