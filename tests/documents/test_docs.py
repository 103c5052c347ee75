"""The documents say what is there: their links, commands, tests, settings, routes and pictures exist."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import typer.main

from app.cases.lifecycle import CaseState
from app.cli import app as commands
from app.client import places, terminal
from app.kernel.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PICTURES = sorted((ROOT / "docs").glob("*.svg"))
PROSE = {page.relative_to(ROOT).as_posix(): page.read_text() for page in PAGES}
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"(?<![\w/.-])((?:app|docs|migrations|scripts|tests|\.ci)/[\w./-]*\w)")
COMMAND = re.compile(r"python -m app ([a-z-]+)((?:\s[a-z-]+)?)")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
NUMBER = re.compile(r"\bT[0-9]+\b")
VARIABLE = re.compile(r"CANDOUR_[A-Z][A-Z0-9_]*")
ROUTE = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`?]*)[^`]*`")
GENERATED = ("docs/permissions.md", "docs/problems.md", "docs/columns.md", "docs/settings.md")
"""Generated pages: what they name is checked by making them again."""

pages = pytest.mark.parametrize("page", [name for name in PROSE if name not in GENERATED])


def test_there_are_pages_to_look_at() -> None:
    assert len(PAGES) > 8
    assert len(PICTURES) == 2


@pytest.mark.parametrize("page", PROSE)
def test_every_link_leads_somewhere(page: str) -> None:
    folder = (ROOT / page).parent
    targets = [target.partition("#")[0] for target in LINK.findall(PROSE[page]) if not re.match("https?://", target)]
    assert [target for target in targets if target and not (folder / target).exists()] == []


@pages
def test_every_file_that_is_named_exists(page: str) -> None:
    assert [path for path in PATH.findall(PROSE[page]) if not (ROOT / path).exists()] == []


def test_every_script_that_is_named_can_be_run() -> None:
    named = {path for text in PROSE.values() for path in PATH.findall(text) if path.startswith((".ci/", "scripts/"))}
    scripts = {path for path in named if (ROOT / path).is_file() and not path.endswith((".py", ".txt"))}
    assert {"scripts/serve", "scripts/test", "scripts/check", ".ci/run"} <= scripts
    assert [script for script in scripts if not os.access(ROOT / script, os.X_OK)] == []


@pages
def test_every_command_that_is_named_exists(page: str) -> None:
    known = typer.main.get_group(commands)
    for name, following in COMMAND.findall(PROSE[page]):
        assert name in known.commands, name
        inner = getattr(known.commands[name], "commands", None)
        assert inner is None or following.strip() in {"", *inner}, following  # a group may be named as a whole


@pages
def test_every_test_that_is_named_exists(page: str) -> None:
    for file, name in TEST.findall(PROSE[page]):
        tree = ast.parse((ROOT / file).read_text())
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert name in functions, f"{file}::{name}"


def test_the_threat_model_names_a_test_or_says_that_there_is_none() -> None:
    body, _, listed = PROSE["docs/threat-model.md"].partition("## Tests")
    rows = [line for line in body.splitlines() if line.startswith("| ") and "---" not in line]
    claims = [row for row in rows if not row.startswith(("| takes |", "| altered |", "| attack |"))]
    assert len(claims) > 100
    said = ("not yet tested: ", "not automated: ")
    without = [row for row in claims if not NUMBER.search(row) and not TEST.search(row)]
    assert [row for row in without if not any(one in row for one in said)] == []
    assert len(body.partition("| attack |")[2].partition("\n\n")[0].splitlines()) > 35
    numbers = NUMBER.findall(listed)
    assert len(set(numbers)) == len(numbers) == len(TEST.findall(listed))
    assert set(NUMBER.findall(body)) == set(numbers)


@pages
def test_every_variable_that_is_named_is_a_setting(page: str) -> None:
    settings = {f"CANDOUR_{name.upper()}" for name in Settings.model_fields} | {places.FOLDER, terminal.PASSPHRASE_FILE}
    assert {name for name in VARIABLE.findall(PROSE[page]) if not name.endswith("_")} <= settings


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    assert f"`CANDOUR_{name.upper()}`" in PROSE["docs/settings.md"]


@pages
def test_every_route_that_is_named_exists(page: str) -> None:
    for method, path in ROUTE.findall(PROSE[page]):
        assert f"| {method} | `{path}` |" in PROSE["docs/permissions.md"], f"{method} {path}"


def test_what_is_generated_is_up_to_date() -> None:
    command = [sys.executable, "scripts/describe.py", "--check"]
    made = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (made.stdout, made.returncode) == ("", 0), made.stderr


@pytest.mark.parametrize("page", PROSE)
def test_nothing_is_left_for_later_in_secret(page: str) -> None:
    assert re.search(r"\b(TODO|FIXME|TBC|TBD|XXX)\b", PROSE[page]) is None


@pytest.mark.parametrize("page", PROSE)
def test_a_page_is_written_in_plain_signs(page: str) -> None:
    assert "\N{EM DASH}" not in PROSE[page]


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_can_be_read_by_those_who_do_not_see_it(picture: Path) -> None:
    root = ET.fromstring(picture.read_text())  # noqa: S314 a file of this repository
    name = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{name}svg"
    assert (root.findtext(f"{name}title") or "") != ""
    assert len(root.findtext(f"{name}desc") or "") > 60


def test_the_picture_of_a_life_has_every_state() -> None:
    root = ET.fromstring((ROOT / "docs" / "life-of-a-case.svg").read_text())  # noqa: S314 a file of this repository
    written = {"".join(element.itertext()).replace(" ", "_") for element in root.iter() if element.tag.endswith("text")}
    assert {state.value for state in CaseState} <= written
