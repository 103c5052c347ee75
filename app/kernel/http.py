"""The edge: problems as documents, headers on every answer, bounds on every body, versions of what is changed."""

import re
from collections.abc import Callable, MutableMapping, Sequence
from typing import Annotated, Any, cast
from uuid import uuid4

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kernel.db import is_outcome_unknown, may_be_repeated
from app.kernel.idempotency import SameRequestRunning, is_in_use
from app.kernel.logs import describe_failure, log
from app.kernel.problems import (
    BodyTooLarge,
    Busy,
    Conflict,
    InternalFailure,
    InvalidInput,
    MethodNotAllowed,
    NotFound,
    OutcomeUnknown,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
)
from app.kernel.sealed import OpenKeys, open_keys

PROBLEM_JSON = "application/problem+json"
ShowProblem = Callable[[Problem, Request, str | None], Response | None]
"""What `main` puts on app.state.show_problem: the page that tells people of a problem, or None where a program asks."""
SECURITY_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
PROBLEM_SCHEMA = {
    "title": "Problem",
    "description": "What stopped the request (RFC 9457). `type` is a page of this service that explains it.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"in": {"type": "string"}, "pointer": {"type": "string"}, "rule": {"type": "string"}},
            },
        },
    },
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of what you read. If it has changed since, nothing is done and the answer is 412.",
    "schema": {"type": "string"},
    "example": '"1"',
}
"""How the OpenAPI document describes the header."""
_BODY = "candour.body"
"""Where the edge leaves the bound of the body for a route that changes it."""
REPEAT = "It may have been stored. Repeat it with the same Idempotency-Key: nothing is then created twice."
Fill = Callable[[bytes], bytes]
"""What a guard puts on `request.state.fill` where no length of an answer may tell anything: it fills the last member, `padding`."""
_FRAMEWORK_REFUSALS: dict[int, type[Problem]] = {404: NotFound, 405: MethodNotAllowed}
_KNOWN_RULES = {
    "missing": "is required",
    "extra_forbidden": "has a field that is not known here",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "too_long": "must have at most {max_length} items",
    "too_short": "must have at least {min_length} items",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
    "json_invalid": "is not valid JSON",
    "string_type": "must be text",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "bool_parsing": "must be true or false",
    "uuid_parsing": "must be a UUID",
    "date_from_datetime_parsing": "must be a date, YYYY-MM-DD",
    "date_parsing": "must be a date, YYYY-MM-DD",
    "list_type": "must be a list",
    "model_attributes_type": "must be an object",
    "string_pattern_mismatch": "must match {pattern}",
}


def problem_response(problem: Problem, request: Request, *, instance: str | None = None) -> Response:
    """Return the problem document (RFC 9457) for a problem. `instance` is given only where an operator needs it.

    Where `app.state.show_problem` has a page for people, that is the answer.
    """
    show: ShowProblem | None = getattr(request.app.state, "show_problem", None)
    shown = None if show is None else show(problem, request, instance)
    if shown is not None:
        return shown
    base = str(request.app.state.runtime.settings.public_url).rstrip("/")
    document: dict[str, Any] = {
        "type": f"{base}/problems/{problem.slug()}",
        "title": problem.title,
        "status": problem.status,
    }
    if problem.detail is not None:
        document["detail"] = problem.detail
    if instance is not None:
        document["instance"] = f"urn:uuid:{instance}"
    headers = {} if problem.retry_after is None else {"Retry-After": str(problem.retry_after)}
    if problem.status == 401:  # noqa: PLR2004 Unauthorized
        headers["WWW-Authenticate"] = "Bearer"
    document |= problem.members
    fill: Fill | None = getattr(request.state, "fill", None)
    if fill is None:
        return JSONResponse(document, problem.status, headers, media_type=PROBLEM_JSON)
    content = fill(bytes(JSONResponse({**document, "padding": ""}).body))
    return Response(content, problem.status, headers, media_type=PROBLEM_JSON)


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Return the `responses=` of a route that may answer with these problems."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        entry = found.setdefault(
            kind.status,
            {"description": "", "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}},
        )
        entry["description"] = (entry["description"] + f"; {kind.slug()}").lstrip("; ")
    return found


def etag(version: int) -> str:
    """Return the entity tag of a version."""
    return f'"{version}"'


async def _if_match(request: Request) -> int | None:
    header = request.headers.get("If-Match")
    if header is None:
        return None
    match = re.fullmatch(r'"([0-9]{1,9})"', header.strip())
    if match is None:
        raise PreconditionFailed
    return int(match[1])


IfMatch = Annotated[int | None, Depends(_if_match)]
"""The version named by If-Match, or None. Declare it on every route that changes something; then `require_version`."""


def require_version(current: int, expected: int | None, *, optional: bool = False) -> None:
    """Let the change go on if it is made on the current version.

    Raises:
        PreconditionRequired: no version was named, and `optional` is false.
        PreconditionFailed: another version was named.

    """
    if expected is None:
        if optional:
            return
        raise PreconditionRequired
    if expected != current:
        raise PreconditionFailed


def _rule(error: MutableMapping[str, Any]) -> str:
    context = error.get("ctx") or {}
    if error["type"] == "value_error":
        return str(context.get("error", "breaks a rule"))
    template = _KNOWN_RULES.get(error["type"])
    if template is None:
        return str(error["type"]).replace("_", " ")
    return template.format_map(context)


def describe_validation(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Return place and rule of each validation error: never a value, nor a field name that is not one of ours."""
    found = []
    for error in errors:
        place, *path = error["loc"] or ("body",)
        if error["type"] == "extra_forbidden":
            path = path[:-1]
        elif error["type"] == "json_invalid":
            path = []
        pointer = "".join(f"/{part}" for part in path)
        found.append({"in": str(place), "pointer": pointer, "rule": _rule(error)})
    return found


async def _on_problem(request: Request, problem: Exception) -> Response:
    return problem_response(cast("Problem", problem), request)


async def _on_invalid(request: Request, error: Exception) -> Response:
    return problem_response(
        InvalidInput(errors=describe_validation(cast("RequestValidationError", error).errors())), request
    )


async def _on_http(request: Request, error: Exception) -> Response:
    """Translate what the framework itself refuses."""
    http_error = cast("HTTPException", error)
    if isinstance(http_error.__cause__, Problem):  # reading the body stopped on one of ours
        return problem_response(http_error.__cause__, request)
    known = _FRAMEWORK_REFUSALS.get(http_error.status_code)
    problem = (
        InvalidInput(errors=[{"in": "body", "pointer": "", "rule": "cannot be read"}]) if known is None else known()
    )
    response = problem_response(problem, request)
    if http_error.headers and "Allow" in http_error.headers:
        response.headers["Allow"] = http_error.headers["Allow"]
    return response


async def _on_stale(request: Request, _error: Exception) -> Response:
    return problem_response(PreconditionFailed(), request)


async def _on_busy(request: Request, _error: Exception) -> Response:
    return problem_response(Busy(), request)


async def _on_conflict(request: Request, _error: Exception) -> Response:
    """Another request was faster: with an Idempotency-Key perhaps the same one, whose answer a repeat brings."""
    return problem_response(SameRequestRunning() if is_in_use(request) else Conflict(), request)


async def _on_database(request: Request, error: Exception) -> Response:
    """Ask the client to try again where the database says that would help."""
    if may_be_repeated(cast("DBAPIError", error)):
        return problem_response(Busy(), request)
    raise error


def install(app: FastAPI) -> None:
    """Make every failure of `app` a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(StaleDataError, _on_stale)
    app.add_exception_handler(PoolTimeout, _on_busy)
    app.add_exception_handler(IntegrityError, _on_conflict)
    app.add_exception_handler(DBAPIError, _on_database)


def allow_body(request: Request, most: int) -> None:
    """The body of this request, nothing of which was read yet, may be `most` bytes long: for routes that read it as it comes.

    Raises:
        BodyTooLarge: it says already that it is longer.

    """
    announced = request.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > most:
        raise BodyTooLarge
    request.scope[_BODY].left = most


class _BoundedBody:
    """What comes in, up to so many bytes."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self.left = most

    async def __call__(self) -> Message:
        """Return the next message.

        Raises:
            BodyTooLarge: the body passes its bound.

        """
        message = await self._receive()
        self.left -= len(message.get("body", b""))
        if self.left < 0:
            raise BodyTooLarge
        return message


class Edge:
    """The outermost layer: bounds the body, holds the request's keys, adds headers, turns any failure into a bare 500."""

    def __init__(self, app: ASGIApp, api: FastAPI) -> None:
        """Wrap `app`; `api` is the application that holds the runtime."""
        self.app = app
        self.api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        runtime = self.api.state.runtime
        started = False
        body = _BoundedBody(receive, runtime.settings.body_bytes)

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(pair for pair in SECURITY_HEADERS if pair[0] not in present),
                ]
            await send(message)

        scope[_BODY] = body
        token = open_keys.set(OpenKeys(runtime.keys))
        try:
            await self.app(scope, body, send_with_headers)
        except BodyTooLarge as problem:
            if not started:
                await problem_response(problem, Request({**scope, "app": self.api}))(scope, receive, send_with_headers)
        except Exception as failure:  # noqa: BLE001 the last place that can keep content out of the log
            request_id = str(uuid4())
            log.error(
                "request failed", extra={"event": "request failed", "request": request_id, **describe_failure(failure)}
            )
            if not started:
                failed = OutcomeUnknown(REPEAT) if is_outcome_unknown(failure) else InternalFailure()
                answer = problem_response(failed, Request({**scope, "app": self.api}), instance=request_id)
                await answer(scope, receive, send_with_headers)
        finally:
            open_keys.reset(token)
