"""How a decision becomes an answer, and how the guard of a route is found."""

from typing import Annotated
from uuid import UUID, uuid4

import pytest
from fastapi import Depends, FastAPI

from app.kernel.problems import NotAllowed, NotFound
from app.policy.actors import Staff
from app.policy.guard import Public, Refusal, Requires, guards_of, operations, public, refuse_unless, requires
from app.policy.permissions import Permission
from app.policy.rules import Allowed, Denied

REFUSAL = Refusal(Staff(uuid4(), UUID(int=0), uuid4()), Permission.CASE_READ)


def test_who_is_allowed_passes() -> None:
    refuse_unless(Allowed(), REFUSAL)


@pytest.mark.parametrize(("hidden", "problem"), [(True, NotFound), (False, NotAllowed)])
def test_what_is_hidden_does_not_exist_and_what_is_seen_is_refused(
    hidden: bool, problem: type[NotFound | NotAllowed]
) -> None:
    with pytest.raises(problem) as refused:
        refuse_unless(Denied(hidden=hidden), REFUSAL)
    assert vars(refused.value)["refusal"] is REFUSAL


def app_with_guards() -> FastAPI:
    """One route of each kind."""
    app = FastAPI()

    async def deeper(_nested: Annotated[Staff, requires(Permission.AUDIT_READ)]) -> None: ...

    @app.get("/nested")
    async def nested(_deep: Annotated[None, Depends(deeper)]) -> None: ...

    @app.get("/open")
    async def anyone(_door: Annotated[None, public(because="a test")]) -> None: ...

    @app.get("/bare")
    async def bare() -> None: ...

    return app


def test_the_guard_of_a_route_is_found_at_any_depth_and_missed_where_there_is_none() -> None:
    found = {operation.path: operation.guards for operation in operations(app_with_guards())}
    [nested], [anyone] = found["/nested"], found["/open"]
    assert isinstance(nested, Requires)
    assert nested.permission == Permission.AUDIT_READ
    assert isinstance(anyone, Public)
    assert anyone.because == "a test"
    assert found["/bare"] == ()


def test_a_route_that_the_document_does_not_show_is_seen() -> None:
    app = app_with_guards()

    @app.get("/hidden", include_in_schema=False)
    async def hidden() -> None: ...

    assert "/hidden" in {operation.path for operation in operations(app)}


def test_an_app_without_routes_does_not_pass() -> None:
    with pytest.raises(AssertionError):
        operations(FastAPI())


def test_guards_are_looked_for_in_a_route() -> None:
    route = app_with_guards().router.routes[-1]
    assert guards_of(route) == []
