"""Every problem has a name of its own, a page, and a route that declares it."""

import httpx
import pytest

from app import main
from app.kernel.http import PROBLEM_JSON
from app.kernel.problems import Problem
from tests.conftest import Service

__all__ = ["main"]
OF_THE_EDGE = {
    "body-too-large", "busy", "conflict", "idempotency-key-reused", "internal-failure", "invalid-input", "locked",
    "method-not-allowed", "not-allowed", "not-found", "outcome-unknown", "precondition-failed", "precondition-required",
    "same-request-running", "sealed-content-broken", "unauthenticated", "audit-unavailable", "unsupported-media-type",
}  # fmt: skip
"""Problems that any route can meet, so that they need not be declared by each."""
OF_PAGES = {"not-from-our-page"}
"""Problems that only pages for people answer, which the OpenAPI document does not list."""


def test_names_are_unique_and_every_problem_is_explained() -> None:
    kinds = Problem.all()
    slugs = [kind.slug() for kind in kinds]
    assert len(slugs) == len(set(slugs)) > 30
    for kind in kinds:
        assert kind.__doc__ is not None, kind
        assert kind.__doc__ != Problem.__doc__, kind
        assert "title" in vars(kind), f"{kind.__name__} inherits its title"
        assert 400 <= kind.status <= 599


def test_every_problem_is_declared_by_a_route(service: Service) -> None:
    declared = {
        slug.strip()
        for item in service.app.openapi()["paths"].values()
        for operation in item.values()
        for response in operation["responses"].values()
        for slug in response["description"].split(";")
    }
    missing = {kind.slug() for kind in Problem.all()} - declared - OF_THE_EDGE - OF_PAGES
    assert missing == set()


async def test_every_problem_has_its_page(anonymous: httpx.AsyncClient) -> None:
    index = await anonymous.get("/problems")
    for kind in Problem.all():
        page = await anonymous.get(f"/problems/{kind.slug()}")
        assert page.status_code == 200
        assert kind.title in httpx.Response(200, content=page.content).text.replace("&#x27;", "'")
        assert f"/problems/{kind.slug()}" in index.text


async def test_a_problem_points_to_its_page(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/v1/no-such-thing")
    assert answer.headers["content-type"] == PROBLEM_JSON
    assert (await anonymous.get(answer.json()["type"])).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer", "rule"),
    [
        (b"{", "", "is not valid JSON"),
        (b"[]", "", "must be an object"),
        (b'{"receipt": 5}', "/receipt", "must be text"),
        (b"{}", "", ""),
    ],
)
async def test_bad_input_names_the_place_and_the_rule(
    anonymous: httpx.AsyncClient, body: bytes, pointer: str, rule: str
) -> None:
    answer = await anonymous.post("/v1/inbox/sessions", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert errors
    if rule:
        assert any(error["pointer"] == pointer and rule in error["rule"] for error in errors)
