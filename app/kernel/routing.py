"""The route class of the service: bodies are JSON that names no field twice, and what creates can be repeated by its key."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from app.kernel import idempotency
from app.kernel.problems import InvalidInput, UnsupportedMediaType

_CREATED = 201
_JSON = "application/json"
_HEADER = {
    "name": idempotency.HEADER,
    "in": "header",
    "required": False,
    "description": "A fresh random key of 16 to 200 characters. Repeating the request with it gives the same answer and creates nothing twice.",
    "schema": {"type": "string", "minLength": idempotency.SHORTEST, "maxLength": idempotency.LONGEST},
}


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidInput(errors=[{"in": "body", "pointer": "", "rule": "names a field twice"}])
    return found


class CandourRequest(Request):
    """A request whose body is read strictly: of two fields of one name, readers would differ in which of them counts."""

    async def json(self) -> Any:  # noqa: ANN401 any JSON
        """Return the body.

        Raises:
            InvalidInput: an object names a field twice.
            JSONDecodeError: it is not JSON.

        """
        return json.loads(await self.body(), object_pairs_hook=_without_repeats)


class CandourRoute(APIRoute):
    """A route that takes JSON alone, and keeps its answer for repeats where it creates something."""

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

        async def read_strictly(request: Request) -> Response:
            """Answer as the route does.

            Raises:
                UnsupportedMediaType: the body is named as something else than JSON.

            """
            named = request.headers.get("Content-Type", _JSON).partition(";")[0].strip().lower()
            if named != _JSON and await request.body():
                raise UnsupportedMediaType
            return await original(CandourRequest(request.scope, request.receive))

        answer = original if self.body_field is None else read_strictly
        if not self.creates:
            return answer

        async def handler(request: Request) -> Response:
            try:
                response = await answer(request)
            except idempotency.Replay as replay:
                return replay.answer
            await idempotency.keep_answer(request, request.state.session, response)
            return response

        return handler


def router(*tags: str, prefix: str = "") -> APIRouter:
    """Return a router whose routes are of this class."""
    return APIRouter(route_class=CandourRoute, prefix=prefix, tags=list(tags))
