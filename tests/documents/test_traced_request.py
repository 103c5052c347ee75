"""The page that traces one request tells what happens: the request is sent, and what runs is watched."""

import ast
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tests.builders.cases import an_investigation
from tests.builders.investigation import an_allegation, an_exhibit, what_was_found
from tests.conftest import Service

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "traced-request.md").read_text()
GOES_WELL, GOES_BADLY = PAGE.split("## When it does not go well")
LINK = re.compile(r"\[`([\w.]+)`\]\(\.\./(app/[\w/]+\.py)\)")
Place = tuple[str, str]
"""A file of the service, and a function or class in it by its qualified name."""


def named_in(text: str) -> list[Place]:
    """Every place that a text links to, in its order."""
    return [(file, name) for name, file in LINK.findall(text)]


def defined_in(file: str) -> tuple[set[str], set[str]]:
    """Every function of a file, and everything else that has a name in it, by qualified name."""
    functions, others = set(), set()
    waiting: list[tuple[str, ast.AST]] = [("", ast.parse((ROOT / file).read_text()))]
    while waiting:
        inside, node = waiting.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                functions.add(inside + child.name)
            elif isinstance(child, ast.ClassDef):
                others.add(inside + child.name)
                waiting.append((f"{inside}{child.name}.", child))
            elif isinstance(child, ast.Assign | ast.AnnAssign):
                targets = child.targets if isinstance(child, ast.Assign) else [child.target]
                others |= {inside + target.id for target in targets if isinstance(target, ast.Name)}
    return functions, others


def functions_in(text: str) -> list[Place]:
    """Every function that a text links to, in its order."""
    return [(file, name) for file, name in named_in(text) if name in defined_in(file)[0]]


@contextmanager
def watched() -> Iterator[list[Place]]:
    """What runs of the service in this thread, in the order of the first calls. A function within one counts as that one."""
    ran: dict[Place, None] = {}

    def see(frame: FrameType, event: str, _argument: object) -> None:
        path = frame.f_code.co_filename
        if event == "call" and path.startswith(f"{ROOT}/app/"):
            ran.setdefault((path.removeprefix(f"{ROOT}/"), frame.f_code.co_qualname.partition(".<locals>")[0]))

    order: list[Place] = []
    sys.setprofile(see)
    try:
        yield order
    finally:
        sys.setprofile(None)
        order += ran


def test_everything_that_the_page_names_exists() -> None:
    named = named_in(PAGE)
    assert len(named) > 30
    assert len(named) == PAGE.count("](../app/"), "a link of another form is not checked"
    missing = [(file, name) for file, name in named if name not in set().union(*defined_in(file))]
    assert missing == []


async def test_every_function_of_the_page_runs_in_the_order_of_the_page(service: Service) -> None:
    case = await an_investigation(service)
    investigator = service.actors.investigator
    allegation = await an_allegation(investigator, case)
    exhibit = await an_exhibit(investigator, case)
    path = f"{case.url}/allegations/{allegation['id']}/findings"
    with watched() as ran:
        answer = await investigator.post(
            path, json=what_was_found(exhibit), headers={"Idempotency-Key": "a key of the client alone"}
        )
    assert answer.status_code == 201
    expected = functions_in(GOES_WELL)
    assert [place for place in expected if place not in ran] == []
    assert sorted(expected, key=ran.index) == expected


async def test_a_refusal_goes_the_way_that_the_page_says(service: Service) -> None:
    case = await an_investigation(service)
    allegation = await an_allegation(service.actors.investigator, case)
    path = f"{case.url}/allegations/{allegation['id']}/findings"
    with watched() as ran:
        answer = await service.actors.reviewer.post(path, json=what_was_found(outcome="upheld"))
    assert answer.status_code == 403
    assert [place for place in functions_in(GOES_BADLY) if place not in ran] == []
    events = await service.actors.auditor.get(f"/v1/audit/events?chain_id={case.id}&limit=200")
    assert events.json()["items"][-1]["event"] == "refused.finding:record"
