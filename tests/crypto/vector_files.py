"""Reads the vectors; their origin is in vectors/README.md."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("vectors")


def read(name: str) -> Any:  # noqa: ANN401 - each file has a shape of its own, which its one test spells out
    """Return the content of one file of vectors."""
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def own_and_javascript(name: str) -> list[dict[str, Any]]:
    """Return the vectors of one of our formats: those that app/crypto made, then those of published JavaScript packages."""
    return [*read(name), *read("javascript")[name]]


def unhex(vector: dict[str, Any], *names: str) -> list[bytes]:
    """Return the named members as bytes."""
    return [bytes.fromhex(vector[name]) for name in names]
