"""The route class of the service: a POST that creates can be repeated with the same Idempotency-Key."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from app.kernel import idempotency

_CREATED = 201
_HEADER = {
    "name": idempotency.HEADER,
    "in": "header",
    "required": False,
    "description": "A fresh random key of 16 to 200 characters. Repeating the request with it gives the same answer and creates nothing twice.",
    "schema": {"type": "string", "minLength": idempotency.SHORTEST, "maxLength": idempotency.LONGEST},
}


class CandourRoute(APIRoute):
    """A route that keeps its answer for repeats where it creates something."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 as APIRoute
        """Declare the header where the route creates."""
        self.creates = options.get("status_code") == _CREATED and options.get("methods") in ({"POST"}, ["POST"])
        if self.creates:
            extra = dict(options.get("openapi_extra") or {})
            extra["parameters"] = [*extra.get("parameters", []), _HEADER]
            options["openapi_extra"] = extra
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that stores the answer before the transaction commits."""
        original = super().get_route_handler()
        if not self.creates:
            return original

        async def handler(request: Request) -> Response:
            try:
                response = await original(request)
            except idempotency.Replay as replay:
                return replay.answer
            await idempotency.keep_answer(request, request.state.session, response)
            return response

        return handler


def router(*tags: str, prefix: str = "") -> APIRouter:
    """Return a router whose routes are of this class."""
    return APIRouter(route_class=CandourRoute, prefix=prefix, tags=list(tags))
