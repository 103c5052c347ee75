"""Every command on the client's page is one, with its options."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from app.client.cli import app

PAGE = (Path(__file__).parents[2] / "docs" / "client.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    line.removeprefix("client ") for block in BLOCKS for line in block.splitlines() if line.startswith("client ")
]


def leaves_of(group: Any, *before: str) -> list[str]:  # noqa: ANN401 what typer makes
    """Return the names of all commands, those of groups in full."""
    found = []
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        found += [" ".join((*before, name))] if inner is None else leaves_of(command, *before, name)
    return found


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_page_can_be_typed_like_that(line: str) -> None:
    command: Any = typer.main.get_command(app)
    arguments = shlex.split(line)
    while hasattr(command, "commands"):
        command = command.commands[arguments.pop(0)]
    assert command.make_context(line, arguments).info_name == line


def test_the_page_has_every_command() -> None:
    every = leaves_of(typer.main.get_command(app))
    assert len(every) > 20
    assert [name for name in every if not any(line.startswith(name) for line in COMMANDS)] == []
