"""Signed documents in files and in answers: `document` and `signature` in base64, or `items`, a list of those."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.client.server import Answer
from app.client.terminal import Failure
from app.crypto.documents import Signed, spell


def spelled(signed: Signed) -> dict[str, str]:
    """Return a signed document as files and the API have it."""
    return {"document": spell(signed.document), "signature": spell(signed.signature)}


def signed_in(answer: Answer) -> Signed:
    """Return the signed document of an answer or file.

    Raises:
        Failure: there is none.

    """
    return Signed(answer.octets("document"), answer.octets("signature"))


def parsed(path: Path) -> Answer:
    """Return the JSON object of a file.

    Raises:
        Failure: it is none.

    """
    try:
        content: Any = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise Failure(f"{path} is no JSON.") from None
    return Answer(content, f"{path}: ")


def read_one(path: Path) -> Signed:
    """Return the signed document of a file.

    Raises:
        Failure: it holds none.

    """
    return signed_in(parsed(path))


def read_chain(path: Path) -> list[Signed]:
    """Return the signed documents of a file, oldest first.

    Raises:
        Failure: it holds none.

    """
    return [signed_in(one) for one in parsed(path).each("items")]


def write_one(path: Path, signed: Signed) -> None:
    """The file, which everybody may read, holds the signed document."""
    _write(path, spelled(signed))


def write_chain(path: Path, chain: Sequence[Signed]) -> None:
    """The file, which everybody may read, holds the signed documents, oldest first."""
    _write(path, {"items": [spelled(one) for one in chain]})


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n")
