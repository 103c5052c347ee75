"""Puts the service together. It refuses to start if a route is unguarded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response

from app import models, openapi, worker
from app.accounts import authentication
from app.accounts import own_routes as own_accounts
from app.accounts import routes as accounts
from app.accounts.tokens import SigningKey, TokenKeys
from app.allegations import routes as allegations
from app.audit import log
from app.cases import log_routes as audit
from app.cases import routes as cases
from app.cases.resealing import ColumnsOfCases
from app.custodianship import custody
from app.custodianship import routes as custodianship
from app.custodianship.older_keys import ResharingsOfOlderKeys
from app.evidence import routes as evidence
from app.findings import routes as findings
from app.intake import doors
from app.intake import routes as intake
from app.intake.turning import Conversations
from app.kernel import http
from app.kernel.keyring import KeyFilesUnsafe, read_private
from app.kernel.problems import NotAllowed, NotFound, Problem
from app.kernel.runtime import Runtime
from app.kernel.settings import Settings
from app.learning import routes as learning
from app.openings import recovery_routes as recoveries
from app.openings import routes as openings
from app.policy.guard import Operation, Refusal, operations
from app.portal import inbox_routes as portal_inbox
from app.portal import routes as portal
from app.portal.problem_pages import show_problem
from app.prooflog import routes as prooflog
from app.reference import routes as reference
from app.reports import routes as reports

__all__ = ["create_app", "models"]
STAFF = (
    accounts.router, own_accounts.router, audit.router, prooflog.auditor_router, intake.staff_router, custodianship.staff_router, cases.router, openings.router, recoveries.router, allegations.router,
    evidence.router, findings.router,
    reports.router, learning.router,
)  # fmt: skip
REPORTER = (intake.reporter_router, custodianship.reporter_router, portal.router, portal_inbox.router)
DESCRIPTION = """A case file for grievances that people are afraid to raise.

Sign in at `POST /v1/auth/token`; send the access token as `Authorization: Bearer …` and the unlock secret as `X-Unlock`.
People who report need no account: `POST /v1/channels/{channel}/grievances` answers with a receipt, which opens the inbox.
Every refusal is a problem document (RFC 9457) whose `type` is a page of this service.
"""


class UnguardedRoute(Exception):
    """A route has no guard, or more than one."""


def read_token_keys(folder: Path) -> TokenKeys:
    """Return the keys that sign access tokens: the newest of the folder signs, the others still verify.

    Raises:
        KeyFilesUnsafe: a key file is open to others.

    """
    newest_first = sorted(
        folder.glob("tokens-*.pem"), key=lambda path: int(path.stem.removeprefix("tokens-")), reverse=True
    )
    if not newest_first:
        message = "there is no key that signs access tokens"
        raise KeyFilesUnsafe(message)
    active, *previous = (SigningKey(read_private(path)) for path in newest_first)
    return TokenKeys(active, tuple(previous))


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the service with the faces that its settings name, every route of which has exactly one guard.

    Raises:
        UnguardedRoute: otherwise.
        KeyFilesUnsafe: a key file is missing or open to others.

    """
    settings = settings or Settings()
    app = FastAPI(
        title="Candour", version="0.1.0", summary="Sealed, answered, never buried.", description=DESCRIPTION,
        docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=_lifespan, separate_input_output_schemas=False,
        generate_unique_id_function=lambda route: route.name,
    )  # fmt: skip
    app.state.runtime = Runtime.from_settings(settings)
    app.state.token_keys = read_token_keys(settings.keys_folder)
    app.state.authenticate = authentication.authenticate
    app.state.find_holders = doors.find_holders
    if "reporter" in settings.faces:
        app.state.show_problem = show_problem
    app.state.fitness_changed = custody.record_alarms
    app.state.sealed_parts = (Conversations(), ColumnsOfCases(), ResharingsOfOlderKeys())
    http.install(app)
    for kind in (NotFound, NotAllowed):
        app.add_exception_handler(kind, _on_refusal)
    faces = {"reporter": REPORTER, "staff": STAFF}
    for router in (
        reference.router,
        prooflog.public_router,
        *(router for face in sorted(settings.faces) for router in faces[face]),
    ):
        app.include_router(router)
    app.add_middleware(http.Edge, api=app)
    found = operations(app)
    _refuse_unguarded(found)
    openapi.install(app, found)
    return app


def _refuse_unguarded(found: list[Operation]) -> None:
    for operation in found:
        if len(operation.guards) != 1:
            message = f"{operation.method} {operation.path} has {len(operation.guards)} guards"
            raise UnguardedRoute(message)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    runtime: Runtime = app.state.runtime
    jobs = asyncio.create_task(worker.work(runtime)) if runtime.settings.runs_jobs else None
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
