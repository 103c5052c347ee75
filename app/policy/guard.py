"""What stands at the door of a route. Every route has exactly one guard; create_app() refuses to start otherwise."""

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import APIKeyHeader, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from app.kernel import idempotency
from app.kernel.db import DbSession
from app.kernel.problems import NotAllowed, NotFound, Problem, Unauthenticated
from app.policy.actors import Staff
from app.policy.permissions import Permission
from app.policy.rules import Allowed, Denied, decide

Authenticate = Callable[[Request, AsyncSession], Awaitable[Staff | None]]
"""What `main` puts on app.state.authenticate: who is asking, or None."""

bearer = HTTPBearer(
    auto_error=False, scheme_name="bearer", bearerFormat="JWT", description="The access token from /v1/auth/token."
)
unlock = APIKeyHeader(
    name="X-Unlock",
    auto_error=False,
    scheme_name="unlock",
    description="The unlock secret from /v1/auth/token. Only the client keeps it; sealed content opens with it alone.",
)


@dataclass(frozen=True)
class Refusal:
    """Somebody signed in was refused: what the audit log keeps of it."""

    staff: Staff
    permission: Permission
    case_id: UUID | None = None


_CONVERTOR = re.compile(r":[a-z]+\}")
"""How a path says which texts one of its parts takes. The OpenAPI document leaves it out."""


class Guard:
    """The base of all guards. `permission` is what it asks for, `because` why it asks for nothing, `relation` how it looks."""

    permission: Permission | None = None
    because: str | None = None
    relation: str = "role"

    async def admit(self, request: Request, session: AsyncSession, subject: str) -> None:
        """Let `subject` in; if this very request was answered before, end it with that answer.

        Raises:
            Replay: the request was answered before.

        """
        await idempotency.replay_if_answered(request, session, subject)


def refuse_unless(decision: Allowed | Denied, refusal: Refusal) -> None:
    """Return if allowed.

    Raises:
        NotFound: the actor may not know of it.
        NotAllowed: the actor may see it but not do this.

    """
    if isinstance(decision, Denied):
        problem: Problem = NotFound() if decision.hidden else NotAllowed()
        problem.refusal = refusal
        raise problem


async def current_actor(request: Request, session: DbSession, _token: Annotated[object, Depends(bearer)]) -> Staff:
    """Return who is asking.

    Raises:
        Unauthenticated: no valid access token came with the request, or its session has ended.

    """
    if getattr(request.state, "actor", None) is None:
        authenticate: Authenticate = request.app.state.authenticate
        request.state.actor = await authenticate(request, session)
    if request.state.actor is None:
        raise Unauthenticated
    actor: Staff = request.state.actor
    return actor


CurrentActor = Annotated[Staff, Depends(current_actor)]
"""Who is asking, for routes whose guard yields something else."""


class Requires(Guard):
    """The door of what concerns no case. Without the role the door does not exist: 404."""

    def __init__(self, permission: Permission) -> None:
        """Ask for `permission`."""
        self.permission = permission

    async def __call__(self, request: Request, session: DbSession, staff: CurrentActor) -> Staff:
        """Return the actor, who may.

        Raises:
            NotFound: their roles do not open this door.

        """
        assert self.permission is not None  # noqa: S101 set by the constructor
        refuse_unless(decide(self.permission, staff), Refusal(staff, self.permission))
        await self.admit(request, session, str(staff.account_id))
        return staff


def requires(permission: Permission) -> Any:  # noqa: ANN401 as Depends
    """Return the dependency that yields the signed-in actor if their roles carry `permission`."""
    return Depends(Requires(permission))


class Public(Guard):
    """No guard, and the reason why."""

    relation = "public"

    def __init__(self, because: str) -> None:
        """Hold the reason."""
        self.because = because

    async def __call__(self, request: Request, session: DbSession) -> None:
        """Let anyone in."""
        await self.admit(request, session, "public")


def public(*, because: str) -> Any:  # noqa: ANN401 as Depends
    """Return the dependency of a route that is open to anyone, with the reason."""
    return Depends(Public(because))


def guards_of(route: Any) -> list[Guard]:  # noqa: ANN401 a route or its context
    """Return every guard among the dependencies of a route, at any depth."""
    return list(_guards_in(route.dependant))


def _guards_in(dependant: Dependant) -> Iterator[Guard]:
    call: object = dependant.call
    if isinstance(call, Guard):
        yield call
    for inner in dependant.dependencies:
        yield from _guards_in(inner)


@dataclass(frozen=True)
class Operation:
    """One method at one path, with its guards."""

    method: str
    path: str
    name: str
    guards: tuple[Guard, ...]
    is_page: bool = False
    """Whether it answers people with pages, so that the OpenAPI document, which is for programs, leaves it out."""


def operations(app: Any) -> list[Operation]:  # noqa: ANN401 the application
    """Return every operation of the application. It never passes by seeing nothing.

    Raises:
        AssertionError: it saw none.

    """
    found = [
        Operation(
            method,
            _CONVERTOR.sub("}", str(context.path)),
            context.original_route.name,
            tuple(guards_of(context.original_route)),
            is_page=not context.original_route.include_in_schema,
        )
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute)
        for method in sorted(context.original_route.methods or ())
    ]
    if not found:
        message = "the walk over the routes saw nothing"
        raise AssertionError(message)
    return found
