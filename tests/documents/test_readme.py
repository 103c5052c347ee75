"""The tour of the README is what happens: its commands are run against a service of their own, and what they print is compared."""

import asyncio
import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.promises.process import ServiceProcess

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
TOUR = README.partition("## A tour in five minutes")[2].partition("\n## ")[0]
BLOCK = re.compile(r"```(sh|text)\n(.*?)```", re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"
PASSWORD_OF_THE_PAGE = "7K2QD-9XWMB-0RTFA-H4C3N"
ONE_TIME_PASSWORD = re.compile(r"\b[0-9A-Z]{5}(?:-[0-9A-Z]{5}){3}\b")
DIFFERS = "…"
"""Stands on the page for what is different each time."""
END = "== end of a step =="


@dataclass(frozen=True)
class Step:
    """Commands of the page, and what they print; nothing is compared where the page shows nothing."""

    commands: str
    shown: str | None


def steps_of(tour: str) -> list[Step]:
    """The steps of a tour, in order."""
    blocks = BLOCK.findall(tour)
    following = [*blocks[1:], ("", "")]
    return [
        Step(text, after if kind_after == "text" else None)
        for (kind, text), (kind_after, after) in zip(blocks, following, strict=True)
        if kind == "sh"
    ]


def fits(printed: str, shown: str) -> bool:
    """Whether what was printed is what the page shows."""
    pattern = ".+".join(re.escape(part) for part in shown.strip().split(DIFFERS))
    return re.fullmatch(pattern, printed.strip()) is not None


async def run(steps: Sequence[Step], service: ServiceProcess) -> tuple[list[str], str, int]:
    """What each step printed, what was printed as error, and how the shell ended. The first command that fails ends it."""
    script = "set -euo pipefail\n" + "\n".join(f"{step.commands}\necho; echo '{END}'" for step in steps)
    [one_time_password] = ONE_TIME_PASSWORD.findall(service.log.read_text())
    script = script.replace(ADDRESS, service.address).replace(PASSWORD_OF_THE_PAGE, one_time_password)
    shell = await asyncio.create_subprocess_exec(
        "bash", "-s", cwd=ROOT, env=service.environment,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await shell.communicate(script.encode())
    printed = output.decode().replace(service.address, ADDRESS).split(f"\n{END}\n")
    return printed[:-1], errors.decode(), shell.returncode or 0


async def test_every_command_of_the_tour_prints_what_the_page_shows(tmp_path: Path) -> None:
    steps = steps_of(TOUR)
    service = ServiceProcess(tmp_path, None)
    await service.start()
    try:
        printed, errors, code = await run(steps, service)
    finally:
        await service.end(signal.SIGTERM)
    assert (errors, code) == ("", 0)
    assert [path for path in (service.data, *service.data.rglob("*")) if path.stat().st_mode & 0o077] == []
    assert len(printed) == len(steps)
    for step, lines in zip(steps, printed, strict=True):
        assert step.shown is None or fits(lines, step.shown), f"{step.commands}\nprinted\n{lines}"


def test_the_tour_is_as_long_as_it_was_meant() -> None:
    """A page whose blocks are not found would pass."""
    steps = steps_of(TOUR)
    assert len(steps) >= 10
    assert sum(step.shown is not None for step in steps) >= 8
    assert sum(step.commands.count(PASSWORD_OF_THE_PAGE) for step in steps) == 1


@pytest.mark.parametrize(
    ("printed", "shown", "is_same"),
    [
        ('{"id":"7f","state":"received"}\n', '{"id":"…","state":"received"}\n', True),
        ('{"id":"7f","state":"closed"}', '{"id":"…","state":"received"}', False),
        ('{"id":"","state":"received"}', '{"id":"…","state":"received"}', False),
        ("acknowledged\nand more", "acknowledged", False),
        ("", "acknowledged", False),
    ],
)
def test_what_differs_each_time_is_all_that_may_differ(printed: str, shown: str, is_same: bool) -> None:
    assert fits(printed, shown) == is_same
