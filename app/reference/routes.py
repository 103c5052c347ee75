"""Routes about the service itself."""

from importlib.resources import files
from typing import Any, Literal

from fastapi import Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from sqlalchemy import text

from app.kernel import entrance, routing
from app.kernel.db import DbSession, reads
from app.kernel.http import problems
from app.kernel.problems import NotFound, Problem
from app.kernel.runtime import RuntimeOf
from app.policy.guard import public
from app.reference import pages

router = routing.router("about")
_EVERYBODY = public(because="it says nothing about any organisation, case or person")
_ASSETS = {
    "swagger-ui-bundle.js": ("fastapi_offline", "text/javascript"),
    "swagger-ui.css": ("fastapi_offline", "text/css"),
    "start.js": ("app.reference", "text/javascript"),
}
_HTML: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/html": {"schema": {"type": "string"}}}, "description": "A page"}
}

_FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/javascript": {}, "text/css": {}}, "description": "A file"}
}


class Health(BaseModel):
    """How the process is."""

    status: Literal["ok"] = "ok"


@router.get("/healthz", dependencies=[_EVERYBODY])
async def check_health() -> Health:
    """Say that the process runs."""
    return Health()


@router.get("/readyz", dependencies=[_EVERYBODY])
@reads
async def check_readiness(session: DbSession) -> Health:
    """Say that the database answers."""
    await session.execute(text("SELECT 1"))
    return Health()


class ChallengeOut(BaseModel):
    """A challenge in the format of ALTCHA, proof of work version 2 (docs/formats.md, Proof of work)."""

    parameters: dict[str, Any] = Field(description="What is to be solved.")
    signature: str = Field(description="The service's own, by which it knows the challenge again.")


@router.get("/v1/proof-of-work", dependencies=[_EVERYBODY], response_model=ChallengeOut)
@reads
async def read_challenge(runtime: RuntimeOf) -> dict[str, Any]:
    """Take a challenge for a proof of work, to be solved within ten minutes.

    Its solution goes into the header Proof-Of-Work of a request that is refused without one. It is used once, and tells nothing
    about whoever solved it.
    """
    return entrance.new_challenge(runtime)


@router.get("/problems", dependencies=[_EVERYBODY], response_class=HTMLResponse, responses=_HTML)
async def list_problems() -> Response:
    """Show every problem type that a request can meet."""
    return HTMLResponse(pages.problem_index(), headers={"Content-Security-Policy": pages.PAGE_POLICY})


@router.get(
    "/problems/{slug}", dependencies=[_EVERYBODY], response_class=HTMLResponse, responses=_HTML | problems(NotFound)
)
async def read_problem(slug: str) -> Response:
    """Explain one problem type: the page that `type` in a problem document points to."""
    for kind in Problem.all():
        if kind.slug() == slug:
            return HTMLResponse(pages.problem_page(kind), headers={"Content-Security-Policy": pages.PAGE_POLICY})
    raise NotFound


@router.get("/docs", dependencies=[_EVERYBODY], response_class=HTMLResponse, responses=_HTML)
async def read_documentation() -> Response:
    """Show this API, with forms to try it. Everything comes from this service."""
    return HTMLResponse(pages.documentation(), headers={"Content-Security-Policy": pages.DOCUMENTATION_POLICY})


@router.get(
    "/docs/assets/{name}",
    dependencies=[_EVERYBODY],
    response_class=Response,
    responses=_FILES | problems(NotFound),
)
async def read_documentation_asset(name: str) -> Response:
    """Return a script or style of the documentation page."""
    if name not in _ASSETS:
        raise NotFound
    package, media_type = _ASSETS[name]
    return Response((files(package) / "static" / name).read_bytes(), media_type=media_type)
