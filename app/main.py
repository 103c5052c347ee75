"""Puts the service together. It refuses to start if a route is unguarded."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request, Response

from app import models, openapi
from app.audit import log
from app.kernel import http
from app.kernel.problems import NotAllowed, NotFound, Problem
from app.kernel.runtime import Runtime
from app.kernel.settings import Settings
from app.policy.guard import Operation, Refusal, operations
from app.prooflog import routes as prooflog
from app.reference import routes as reference

__all__ = ["create_app", "models"]
_OF_FACES = {
    "staff": "Sign in at `POST /v1/auth/token`; send the access token as `Authorization: Bearer …` and the unlock secret as `X-Unlock`.",
    "reporter": "People who report need no account: `POST /v1/channels/{channel}/grievances` answers with a receipt, which opens the inbox.",
}


class UnguardedRoute(Exception):
    """A route has no guard, or more than one."""


def _description(settings: Settings) -> str:
    of_faces = "\n".join(text for face, text in _OF_FACES.items() if face in settings.faces)
    return (
        f"A case file for grievances that people are afraid to raise.\n\n{of_faces}\n"
        "Every refusal is a problem document (RFC 9457) whose `type` is a page of this service.\n"
    )


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the service with the faces that its settings name, every route of which has exactly one guard.

    Raises:
        UnguardedRoute: otherwise.
        KeyFilesUnsafe: a key file that these faces need is missing or open to others.

    """
    settings = settings or Settings()
    app = FastAPI(
        title="Candour", version="0.1.0", summary="Sealed, answered, never buried.", description=_description(settings),
        docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=_lifespan, separate_input_output_schemas=False,
        generate_unique_id_function=lambda route: route.name,
    )  # fmt: skip
    app.state.runtime = Runtime.from_settings(settings, for_reporters="staff" not in settings.faces)
    app.state.work = None
    routers = _mount(app, settings)
    http.install(app)
    for kind in (NotFound, NotAllowed):
        app.add_exception_handler(kind, _on_refusal)
    for router in (reference.router, prooflog.public_router, *routers):
        app.include_router(router)
    app.add_middleware(http.Edge, api=app)
    found = operations(app)
    _refuse_unguarded(found)
    openapi.install(app, found)
    return app


def _mount(app: FastAPI, settings: Settings) -> Sequence[APIRouter]:
    """Return the routers of the faces that the settings name. A face that they do not name is not even imported."""
    routers: list[APIRouter] = []
    if "reporter" in settings.faces:
        from app import reporter_face  # noqa: PLC0415 see above

        reporter_face.equip(app)
        routers += reporter_face.ROUTERS
    if "staff" in settings.faces:
        from app import staff_face  # noqa: PLC0415 see above

        staff_face.equip(app, settings)
        routers += staff_face.ROUTERS
    return routers


def _refuse_unguarded(found: list[Operation]) -> None:
    for operation in found:
        if len(operation.guards) != 1:
            message = f"{operation.method} {operation.path} has {len(operation.guards)} guards"
            raise UnguardedRoute(message)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    runtime: Runtime = app.state.runtime
    work = app.state.work  # a process that serves reporters alone has none: the jobs need keys that it does not hold
    jobs = asyncio.create_task(work(runtime)) if work is not None and runtime.settings.runs_jobs else None
    yield
    if jobs is not None:
        jobs.cancel()
        await asyncio.gather(jobs, return_exceptions=True)
    await runtime.close()


async def _on_refusal(request: Request, problem: Exception) -> Response:
    """Answer as for any problem; if somebody signed in was refused a door, the log keeps that, in a transaction of its own."""
    assert isinstance(problem, Problem)  # noqa: S101 registered for two problems
    refusal = problem.refusal
    if isinstance(refusal, Refusal):
        runtime: Runtime = request.app.state.runtime
        async with runtime.database.session(write=True) as session:
            await log.record(session, refusal.staff, f"refused.{refusal.permission}", case_id=refusal.case_id)
    return http.problem_response(problem, request)
