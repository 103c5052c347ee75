"""The files that a member and their union hand to each other about tokens, and the one that stays with the member."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from app.client import places, terminal
from app.client.terminal import Failure
from app.crypto import documents, supporter_tokens
from app.crypto.blind_signatures import PREFIX_BYTES, Blinded
from app.crypto.documents import spell
from app.crypto.supporter_tokens import (
    MOST_KEYS,
    MOST_PUBLIC_KEY_BYTES,
    SIGNATURE_BYTES,
    TOKEN_BYTES,
    Asked,
    list_of,
    octets_of,
)

REQUEST, ANSWER = "candour/token-request/1", "candour/token-answer/1"
KEPT, TOKENS = "candour/token-kept/1", "candour/tokens/1"


@dataclass(frozen=True)
class Kept:
    """What a member needs to finish: for each key of the union what was asked."""

    grievance: UUID
    public_keys: tuple[bytes, ...]
    allegations: tuple[int, ...]
    asked: tuple[Asked, ...] = field(repr=False)


def public_key(value: Any) -> bytes:  # noqa: ANN401 any JSON
    """Return a public key of a union that a document holds."""
    found = octets_of(value, MOST_PUBLIC_KEY_BYTES)
    supporter_tokens.read_public(found)
    return found


def write_request(path: Path, grievance: UUID, public_keys: Sequence[bytes], asked: Sequence[Asked]) -> None:
    """The file has what the union is sent. It tells nothing of the token."""
    content = {
        "format": REQUEST,
        "grievance": str(grievance),
        "public_keys": [spell(one) for one in public_keys],
        "blinded": [spell(one.blinded.message) for one in asked],
    }
    write(path, content)


def read_request(content: bytes) -> tuple[UUID, tuple[bytes, ...], tuple[bytes, ...]]:
    """Return for which grievance, by which keys, and what is to be signed.

    Raises:
        DocumentInvalid: it is no request.

    """
    found = documents.read(
        content, {**_head(REQUEST), "blinded": list_of(documents.octets(SIGNATURE_BYTES), MOST_KEYS)}
    )
    return found["grievance"], found["public_keys"], found["blinded"]


def write_answer(path: Path, grievance: UUID, signatures: Sequence[bytes]) -> None:
    """The file has what the member is sent back."""
    content = {"format": ANSWER, "grievance": str(grievance), "signatures": [spell(one) for one in signatures]}
    write(path, content)


def read_answer(content: bytes) -> tuple[UUID, tuple[bytes, ...]]:
    """Return for which grievance, and the blind signatures.

    Raises:
        DocumentInvalid: it is no answer.

    """
    members: dict[str, Callable[[Any], Any]] = {
        "format": documents.exactly(ANSWER),
        "grievance": documents.uuid,
        "signatures": list_of(documents.octets(SIGNATURE_BYTES), MOST_KEYS),
    }
    found = documents.read(content, members)
    return found["grievance"], found["signatures"]


def keep(path: Path, kept: Kept) -> None:
    """A new file, mode 0400, has what takes the blinding off. Whoever has it and the union's answer has the token."""
    content = {
        "format": KEPT,
        "grievance": str(kept.grievance),
        "public_keys": [spell(one) for one in kept.public_keys],
        "asked": [
            {
                "allegation": allegation,
                "prefix": spell(one.prefix),
                "blinded": spell(one.blinded.message),
                "inverse": spell(one.blinded.inverse.to_bytes(SIGNATURE_BYTES)),
            }
            for allegation, one in zip(kept.allegations, kept.asked, strict=True)
        ],
    }
    places.write_new(path, json.dumps(content).encode())


def read_kept(path: Path) -> Kept:
    """Return what a member kept.

    Raises:
        DocumentInvalid: it is something else.
        Failure: it is open to others.

    """
    found = documents.read(_private(path), {**_head(KEPT), "asked": list_of(_asked, MOST_KEYS)})
    allegations, asked = zip(*found["asked"], strict=True)
    return Kept(found["grievance"], found["public_keys"], allegations, asked)


def write_tokens(path: Path, grievance: UUID, tokens: Sequence[tuple[int, bytes]]) -> None:
    """A new file, mode 0400, has the tokens."""
    content = {
        "format": TOKENS,
        "grievance": str(grievance),
        "tokens": [{"allegation": allegation, "token": spell(token)} for allegation, token in tokens],
    }
    places.write_new(path, json.dumps(content, indent=1).encode() + b"\n")


def read_tokens(path: Path) -> tuple[UUID, dict[int, bytes]]:
    """Return for which grievance, and the token for each allegation, or for EVERY_ALLEGATION.

    Raises:
        DocumentInvalid: it is something else.
        Failure: it is open to others.

    """
    members: dict[str, Callable[[Any], Any]] = {
        "format": documents.exactly(TOKENS),
        "grievance": documents.uuid,
        "tokens": list_of(_token, MOST_KEYS),
    }
    found = documents.read(_private(path), members)
    return found["grievance"], dict(found["tokens"])


def write(path: Path, content: dict[str, Any]) -> None:
    """The document is in a new file, or, of `-`, on standard output."""
    text = json.dumps(content, indent=1)
    if str(path) == "-":
        terminal.say(text)
    else:
        places.write_new(path, text.encode() + b"\n", places.OWNER_ALONE)


def _private(path: Path) -> bytes:
    try:
        return places.read_private(path)
    except places.OpenToOthers as error:
        raise Failure(f"{error}.") from error


def _head(name: str) -> dict[str, Callable[[Any], Any]]:
    return {
        "format": documents.exactly(name),
        "grievance": documents.uuid,
        "public_keys": list_of(public_key, MOST_KEYS),
    }


def _asked(value: Any) -> tuple[int, Asked]:  # noqa: ANN401 any JSON
    members: dict[str, Callable[[Any], Any]] = {
        "allegation": documents.number(0, MOST_KEYS),
        "prefix": documents.octets(PREFIX_BYTES),
        "blinded": documents.octets(SIGNATURE_BYTES),
        "inverse": documents.octets(SIGNATURE_BYTES),
    }
    found = documents.read_object(value, members, "asked: ")
    return found["allegation"], Asked(found["prefix"], Blinded(found["blinded"], int.from_bytes(found["inverse"])))


def _token(value: Any) -> tuple[int, bytes]:  # noqa: ANN401 any JSON
    members = {"allegation": documents.number(0, MOST_KEYS), "token": documents.octets(TOKEN_BYTES)}
    found = documents.read_object(value, members, "tokens: ")
    return found["allegation"], found["token"]
