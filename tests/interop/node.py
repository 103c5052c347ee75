"""Runs the JavaScript of this folder: its packages are installed once, as the lock says, and it answers over a pipe."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from app.crypto.errors import SealBroken

FOLDER = Path(__file__).parent
LOCK = FOLDER / "package-lock.json"
HEX = "hex:"


class NodeMissing(Exception):
    """Node, npm or the packages cannot be had on this machine."""


class BrokenInNode(SealBroken):
    """JavaScript says that a seal does not open. `liars` are the numbers of custodians who gave false pieces."""

    def __init__(self, liars: list[int]) -> None:
        """Keep who lied."""
        super().__init__()
        self.liars = liars


class Node:
    """The functions of candour.mjs, in a process of their own."""

    def __init__(self) -> None:
        """Install the packages and start the process.

        Raises:
            NodeMissing: there is no Node or npm here, or the packages cannot be had.

        """
        install()
        self._process = subprocess.Popen(
            ["node", FOLDER / "answer.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def call(self, name: str, *given: Any) -> Any:  # noqa: ANN401 each function has a shape of its own
        """Return what the function makes of the arguments; bytes are bytes on both sides.

        Raises:
            BrokenInNode: a seal does not open.
            ValueError: an argument is of no use.

        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"call": name, "with": _write(given)}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"Node ended when it was asked to {name}"
        answer = json.loads(line)
        if "broken" in answer:
            raise BrokenInNode(answer["broken"])
        if "refused" in answer:
            raise ValueError(answer["refused"])
        return _read(answer["made"])

    def __enter__(self) -> Self:
        """Hand on the running process."""
        return self

    def __exit__(self, *_: object) -> None:
        """The process has ended."""
        self._process.communicate()


def install(folder: Path = FOLDER) -> None:
    """The packages of a folder's lock are in its node_modules, whoever else installs them at the same time.

    Raises:
        NodeMissing: there is no Node or npm here, or the packages cannot be had.

    """
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        raise NodeMissing(f"not installed: {', '.join(missing)}")
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "node_modules" / ".installed"
    with _alone(folder):
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NodeMissing(f"npm ci failed:\n{done.stderr}")
        stamp.write_text(wanted)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".installing").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def in_ci() -> bool:
    """Say whether nothing may be left out."""
    return os.environ.get("CI") == "true"


def _write(value: Any) -> Any:  # noqa: ANN401 any JSON
    if isinstance(value, bytes):
        return HEX + value.hex()
    if isinstance(value, dict):
        return {name: _write(one) for name, one in value.items()}
    return [_write(one) for one in value] if isinstance(value, list | tuple) else value


def _read(value: Any) -> Any:  # noqa: ANN401 any JSON
    if isinstance(value, str) and value.startswith(HEX):
        return bytes.fromhex(value.removeprefix(HEX))
    if isinstance(value, dict):
        return {name: _read(one) for name, one in value.items()}
    return [_read(one) for one in value] if isinstance(value, list) else value
