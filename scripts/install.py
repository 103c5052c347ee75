"""Installs one lock file into .venv, every file checked against its hash, and shows how far it has come."""

import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

GROUPS = ("service", "test", "lint")
"""Each holds all of the one before it, at the same versions (scripts/lock sees to it)."""

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
LOCKS = ROOT / "scripts" / "requirements"
INSTALLED = ENVIRONMENT / "lock"
LOG = ENVIRONMENT / "install.log"
SEEN = ("Collecting ", "Processing ", "Requirement already satisfied: ", "Ignoring ")
"""How a line of pip's begins that says what becomes of one package of the lock."""


def _make() -> None:
    """There is an environment with a Python that starts."""
    if (
        PYTHON.exists()
        and subprocess.run([PYTHON, "-c", "import pip"], check=False, capture_output=True).returncode == 0
    ):
        return
    print("Making the environment in .venv", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)


def _lines(stream: IO[str]) -> Iterator[str | None]:
    """Each line of the stream; None after every second without one."""
    arrived: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in stream:
            arrived.put(line)
        arrived.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = arrived.get(timeout=1)
        except queue.Empty:
            yield None
            continue
        if line is None:
            return
        yield line


def _install(lock: Path) -> int:
    """What the lock names is installed, or the log says why not; answers pip's exit code."""
    wanted = len(re.findall(r"^[a-z0-9]", lock.read_text(), re.MULTILINE))
    on_terminal = sys.stdout.isatty()
    started = time.monotonic()
    found, stage, said = 0, "Fetching", ""
    command: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--require-hashes",
        "--requirement",
        lock,
    ]
    with (
        LOG.open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip,
    ):
        for line in _lines(pip.stdout or sys.stdin):
            if line is not None:
                log.write(line)
                found += line.startswith(SEEN)
                stage = "Installing" if line.startswith("Installing collected packages") else stage
            progress = f"{stage} {found} of {wanted} packages"
            if on_terminal:
                print(f"\r{progress}, {time.monotonic() - started:.0f} s ", end="", flush=True)
            elif progress != said and (stage == "Installing" or found % 20 == 0):
                print(progress, flush=True)
                said = progress
    print(
        f"{chr(13) if on_terminal else ''}{wanted} packages ready after {time.monotonic() - started:.0f} s", flush=True
    )
    return pip.returncode


def main(group: str) -> int:
    """The environment serves the group and every narrower one."""
    _make()
    shutil.rmtree(INSTALLED, ignore_errors=True)
    code = _install(LOCKS / f"{group}.txt")
    if code != 0:
        print(*LOG.read_text().splitlines()[-20:], sep="\n", file=sys.stderr)
        print(f"Candour: the packages could not be installed; the whole of pip's output is in {LOG}", file=sys.stderr)
        return code
    INSTALLED.mkdir()
    for narrower in GROUPS[: GROUPS.index(group) + 1]:
        shutil.copyfile(LOCKS / f"{narrower}.txt", INSTALLED / f"{narrower}.txt")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
