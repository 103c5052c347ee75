"""Counts the instructions of the acts that touch no database, by Valgrind, in processes of their own.

Each process does every act once, and one of them so many times more. What it executed beyond a process that does nothing
more is what those times cost: starting Python and loading keys cancels out.

Usage: python -m scripts.benchmark.counting [ACT ours|floor TIMES]
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from scripts.benchmark import checking_works, sealing_works
from scripts.benchmark.instructions import read_callgrind
from scripts.benchmark.sealing import Work

ROOT = Path(__file__).parents[2]
SECONDS_TO_COUNT = 600
SIDES = ("ours", "floor")


def countable() -> list[Work]:
    """Return every act that touches no database."""
    return [*sealing_works.works(), *checking_works.works()]


def count_all(works: list[Work], say: Callable[[str], None]) -> dict[str, float]:
    """Return, for each act that can be counted, how many instructions it takes for each one of its floor's."""
    counted = [work for work in works if work.counted]
    say("instructions: a process that starts")
    nothing = _executed() if counted else 0
    found = {}
    for work in counted:
        say(f"instructions: {work.name}")
        ours, floor = (_executed(work.name, side, str(work.counted)) - nothing for side in SIDES)
        found[work.name] = ours / floor
    return found


def _executed(*arguments: str) -> int:
    with tempfile.TemporaryDirectory(prefix="candour-bench-") as folder:
        output = Path(folder) / "callgrind.out"
        command = ["valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={output}"]
        subprocess.run(
            [*command, sys.executable, "-m", "scripts.benchmark.counting", *arguments],
            cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "0"}, check=True, capture_output=True, timeout=SECONDS_TO_COUNT,
        )  # fmt: skip
        return read_callgrind(output)


def main(name: str = "", side: str = "", times: str = "0") -> None:
    """Do every act and every floor once, and one of them `times` times more."""
    works = countable()
    for work in works:
        work.ours()
        work.floor()
    for work in works:
        if work.name == name:
            call = getattr(work, side)
            for _ in range(int(times)):
                call()


if __name__ == "__main__":
    main(*sys.argv[1:])
