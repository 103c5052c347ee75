"""Investigations as tests want them: what was alleged, the evidence and the findings, worked over HTTP."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from app.kernel.http import PROBLEM_JSON
from tests.builders.cases import OpenFile
from tests.conftest import Service

REASON = "The accounts given in interview show it."
NOWHERE = uuid4()
"""The id of nothing."""


def body(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """Return the body of an answer that has this status."""
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """Return the problem document of an answer that is this problem."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM_JSON
    found: dict[str, Any] = answer.json()
    assert found["type"].endswith(f"/problems/{slug}"), found
    return found


def match(row: dict[str, Any]) -> dict[str, str]:
    """Return the header that names the version of what was read."""
    return {"If-Match": f'"{row["version"]}"'}


async def a_theme(investigator: httpx.AsyncClient, case: OpenFile, label: str = "1", **changes: Any) -> dict[str, Any]:  # noqa: ANN401 any JSON
    """Return a theme of the case."""
    draft = {"label": label, "title": "Children are not kept safe"} | changes
    return body(await investigator.post(f"{case.url}/themes", json=draft), 201)


async def an_allegation(
    investigator: httpx.AsyncClient,
    case: OpenFile,
    label: str = "1.1",
    **changes: Any,  # noqa: ANN401 any JSON
) -> dict[str, Any]:
    """Return an allegation of the case, in scope and under no theme unless said otherwise."""
    draft = {"label": label, "statement": f"What is alleged under {label}"} | changes
    return body(await investigator.post(f"{case.url}/allegations", json=draft), 201)


async def an_exhibit(investigator: httpx.AsyncClient, case: OpenFile, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 any JSON
    """Return an exhibit of the case, received unless said otherwise."""
    draft = {"kind": "document", "title": "Minutes of the planning meeting"} | changes
    return body(await investigator.post(f"{case.url}/exhibits", json=draft), 201)


async def a_link(
    investigator: httpx.AsyncClient, case: OpenFile, exhibit: dict[str, Any], allegation: dict[str, Any]
) -> dict[str, Any]:
    """Return the link by which the exhibit supports the allegation."""
    url = f"{case.url}/exhibits/{exhibit['id']}/links/{allegation['id']}"
    return body(await investigator.put(url, json={"bearing": "supports"}))


def what_was_found(*exhibits: dict[str, Any], outcome: str = "upheld", **changes: Any) -> dict[str, Any]:  # noqa: ANN401 any JSON
    """Return a finding to record, which cites these exhibits."""
    return {"outcome": outcome, "reasons": REASON, "exhibit_ids": [one["id"] for one in exhibits]} | changes


async def a_draft(
    investigator: httpx.AsyncClient,
    case: OpenFile,
    allegation: dict[str, Any],
    *exhibits: dict[str, Any],
    **changes: Any,  # noqa: ANN401 any JSON
) -> dict[str, Any]:
    """Return the draft of a finding on the allegation."""
    url = f"{case.url}/allegations/{allegation['id']}/findings"
    return body(await investigator.post(url, json=what_was_found(*exhibits, **changes)), 201)


async def agree(reviewer: httpx.AsyncClient, case: OpenFile, finding: dict[str, Any]) -> dict[str, Any]:
    """Return the finding, final."""
    return body(
        await reviewer.post(
            f"{case.url}/findings/{finding['id']}/review", json={"agrees": True}, headers=match(finding)
        )
    )


@dataclass(frozen=True)
class Decided:
    """An allegation with its final finding and the exhibit that it cites."""

    allegation: dict[str, Any]
    exhibit: dict[str, Any]
    finding: dict[str, Any]


async def a_decided_allegation(service: Service, case: OpenFile, label: str = "1.1") -> Decided:
    """Return an allegation that was upheld, as everything stood then."""
    investigator, reviewer = service.actors.investigator, service.actors.reviewer
    allegation = await an_allegation(investigator, case, label)
    exhibit = await an_exhibit(investigator, case)
    await a_link(investigator, case, exhibit, allegation)
    finding = await agree(reviewer, case, await a_draft(investigator, case, allegation, exhibit))
    return Decided(
        body(await investigator.get(f"{case.url}/allegations/{allegation['id']}")),
        body(await investigator.get(f"{case.url}/exhibits/{exhibit['id']}")),
        finding,
    )


async def read(somebody: httpx.AsyncClient, case: OpenFile, path: str) -> dict[str, Any]:
    """Return what is at `path` of the case."""
    return body(await somebody.get(f"{case.url}{path}"))


async def complete(investigator: httpx.AsyncClient, case: OpenFile) -> dict[str, Any]:
    """Return the status of the case, whose findings are complete."""
    return body(await investigator.post(f"{case.url}/findings-completion"))
