"""Nothing open: every route answers every actor as the committed table of permissions says, walls included."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest

from app.policy.guard import Operation, operations
from tests import conftest
from tests.builders.openings import asks_in
from tests.builders.whole import WholeCase, a_released_case
from tests.conftest import Actor, Service

TABLE = Path(__file__).parents[2] / "docs" / "permissions.md"
LET_IN = frozenset({200, 201, 204, 304, 409, 412, 415, 422, 428})
"""Statuses that only somebody who was let in can get."""
UNRELATED = (
    "administrator", "other_investigator", "other_reviewer", "other_representative", "custodian", "hr", "leadership", "panel",
    "staff", "auditor",
)  # fmt: skip
APPOINTED = ("case_officer", "investigator", "assistant", "reviewer")
WALLED = "other_case_officer"
ACTORS = (*UNRELATED, *APPOINTED, "representative", WALLED)


def rows_of(heading: str) -> tuple[list[str], dict[str, list[str]]]:
    """Return the columns and, by permission, the cells of one table of the committed document."""
    part = TABLE.read_text().split(f"## {heading}")[1].split("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")]
    head, _, *rows = lines
    return head[2:], {row[0].strip("`"): row[2:] for row in rows}


def roles_of(name: str) -> list[str]:
    """Return the roles that the cast gives an actor."""
    return [str(role) for role in conftest.CAST[name]]


def expected(operation: Operation, name: str) -> str:
    """Return what the committed table says of an actor at a door: yes, 403 or 404."""
    guard = operation.guards[0]
    permission = str(guard.permission)
    if guard.relation == "case":
        columns, rows = rows_of("On a case, by appointment")
        if name == WALLED:
            return rows[permission][columns.index("walled")]
        column = name if name in APPOINTED else "not appointed"
        return rows[permission][columns.index(column)]
    columns, rows = rows_of("Outside cases, by role")
    if permission == "grievance:follow" and name != "representative":
        return "404"
    if operation.path == "/v1/releases/{release_id}" and name == "other_representative":
        return "404"  # who raised another grievance
    answers = {rows[permission][columns.index(role)] for role in roles_of(name)}
    return "yes" if "yes" in answers else "404"


@pytest.fixture
async def asking(service: Service) -> Callable[[WholeCase], Awaitable[None]]:
    """What makes people of a case ask the custodians for an identity and for the case key."""
    return await asks_in(service)


@pytest.fixture
async def whole(service: Service, actors: SimpleNamespace, asking: Callable[[WholeCase], Awaitable[None]]) -> WholeCase:
    """A released case that one of its officers has been walled off from, in which an identity and the case key were asked for."""
    case = await a_released_case(actors)
    await asking(case)
    body = {"account_id": str(actors.other_case_officer.account_id), "reason": "Is named in the grievance."}
    walled = await actors.case_officer.post(case.path("/walls"), json=body)
    assert walled.status_code == 201, walled.text
    return case


@pytest.fixture
async def outsider(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is not signed in."""
    async with service.client() as client:
        yield client


def guarded(service: Service) -> list[Operation]:
    """Return every operation that asks for a permission."""
    found = [operation for operation in operations(service.app) if operation.guards[0].permission is not None]
    assert len(found) > 75
    return found


def address(operation: Operation, ids: dict[str, str]) -> str:
    """Return the operation's path with real ids in it."""
    return re.sub(r"\{(\w+)\}", lambda match: ids[match[1]], operation.path)


async def ask(client: httpx.AsyncClient, operation: Operation, path: str) -> httpx.Response:
    """Knock at a door with an empty body."""
    body: dict[str, str] | None = None if operation.method in {"GET", "DELETE"} else {}
    return await client.request(operation.method, path, json=body)


async def test_every_route_answers_every_actor_as_the_table_says(
    service: Service, actors: SimpleNamespace, whole: WholeCase
) -> None:
    rows = await conftest._snapshot(service.runtime)
    wrong = []
    for name in ACTORS:
        actor: Actor = getattr(actors, name)
        for operation in guarded(service):
            says = expected(operation, name)
            answer = await ask(actor, operation, address(operation, whole.ids))
            right = answer.status_code in LET_IN if says == "yes" else answer.status_code == int(says)
            if not right:
                wrong.append(f"{name} {operation.method} {operation.path}: {answer.status_code}, the table says {says}")
            if operation.method != "GET" and answer.is_success:
                await conftest._put_back(service.runtime, rows)
    assert wrong == []


async def test_who_is_not_signed_in_gets_401_everywhere(
    service: Service, outsider: httpx.AsyncClient, whole: WholeCase
) -> None:
    for operation in guarded(service):
        answer = await ask(outsider, operation, address(operation, whole.ids))
        assert answer.status_code == 401, operation
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_hidden_case_answers_as_one_that_does_not_exist_byte_for_byte(
    service: Service, actors: SimpleNamespace, whole: WholeCase
) -> None:
    nowhere = {**whole.ids, "case_id": str(uuid4()), "grievance_id": str(uuid4())}
    for name in (*UNRELATED, WALLED, "representative"):
        actor: Actor = getattr(actors, name)
        for operation in guarded(service):
            if operation.guards[0].relation == "case":
                hidden = await ask(actor, operation, address(operation, whole.ids))
                missing = await ask(actor, operation, address(operation, nowhere))
                assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content)
                assert dict(hidden.headers) == dict(missing.headers)


async def test_an_appointed_account_without_its_unlock_secret_gets_423(
    service: Service, actors: SimpleNamespace, whole: WholeCase
) -> None:
    for secret in (None, "", "A" * 43, actors.reviewer.headers["X-Unlock"]):
        headers = {"Authorization": actors.investigator.headers["Authorization"]}
        if secret is not None:
            headers["X-Unlock"] = secret
        async with service.client() as client:
            answer = await client.get(whole.path(), headers=headers)
        assert answer.status_code == 423


async def test_a_session_that_ended_opens_nothing(service: Service, actors: SimpleNamespace, whole: WholeCase) -> None:
    await actors.investigator.post("/v1/auth/revoke")
    assert (await actors.investigator.get(whole.path())).status_code == 401


async def test_ids_of_another_case_are_not_found_in_ones_own(
    service: Service, actors: SimpleNamespace, whole: WholeCase, asking: Callable[[WholeCase], Awaitable[None]]
) -> None:
    other = await a_released_case(actors)
    await asking(other)
    for operation in guarded(service):
        names = re.findall(r"\{(\w+)\}", operation.path)
        if operation.guards[0].relation != "case" or len(names) < 2 or operation.method != "GET":
            continue
        mixed = {**other.ids, "case_id": whole.ids["case_id"]}
        answer = await ask(actors.investigator, operation, address(operation, mixed))
        assert answer.status_code == 404, operation
