"""Keeps what one needs to look at the played case as each actor, and signs in for whoever looks. For the demo alone.

Nothing but a demo may keep passwords, authenticator secrets and custodians' keys in one file beside the service.
"""

import base64
import json
import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pyotp

from app.demo.cast import Actor
from app.demo.people import ADMINISTRATOR, CAST
from app.demo.player import Played

FILE = "demo-cast.json"
PRIVATE = 0o600
_WARNING = "This is a demo. Everything in this file would be a secret of somebody else in a real deployment."
PARTS = {part.name: part for part in (ADMINISTRATOR, *CAST)}


class NoSuchPart(Exception):
    """Nobody of that name plays in the case. The message lists who does."""


def keep(file: Path, address: str, played: Played) -> None:
    """The file holds the cast with everything they need to sign in, readable by its owner alone."""
    _write(
        file,
        {
            "warning": _WARNING,
            "address": address,
            "reference": played.reference,
            "ids": played.ids,
            "accounts": {
                name: {
                    **asdict(actor.part),
                    "account_id": actor.account_id,
                    "password": actor.password,
                    "totp_secret": actor.totp_secret,
                    "last_step": actor.last_step,
                }
                for name, actor in played.actors.items()
            },
            "custodian_seeds": {name: base64.b64encode(seed).decode() for name, seed in played.custodian_seeds.items()},
        },
    )


def recall(file: Path) -> dict[str, Any]:
    """Return what was kept."""
    kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return kept


def move_to(file: Path, address: str) -> bool:
    """Return whether there is a cast; its file then names the address at which the service answers now."""
    if not file.exists():
        return False
    _write(file, recall(file) | {"address": address})
    return True


def code(file: Path, name: str, now: datetime) -> str:
    """Return what the actor's authenticator shows.

    Raises:
        NoSuchPart: nobody of that name plays.

    """
    return pyotp.TOTP(_account(recall(file), name)["totp_secret"]).at(now)


async def headers(file: Path, name: str, client: httpx.AsyncClient, now: Callable[[], datetime]) -> str:
    """Return the headers of a new session of the actor, as `curl -K -` reads them.

    Raises:
        NoSuchPart: nobody of that name plays.
        Unexpected: the service does not let them in.

    """
    kept = recall(file)
    account = _account(kept, name)
    actor = Actor(
        PARTS[name], account["account_id"], account["password"], account["totp_secret"], client, now,
        account["last_step"],
    )  # fmt: skip
    await actor.sign_in()
    account["last_step"] = actor.last_step
    _write(file, kept)
    return "\n".join(f'header = "{header}: {value}"' for header, value in actor.session.items())


def command(file: Path, act: str, name: str) -> str:
    """Return the command line that prints the `headers` or the `code` of an actor."""
    return shlex.join([_from_here(Path(sys.executable)), "-m", "app.demo", act, _from_here(file), name])


def curl(file: Path, name: str, kept: dict[str, Any]) -> str:
    """Return the command line that shows what the service is for an actor."""
    address = kept["address"] + PARTS[name].looks_at.format_map(kept["ids"])
    return f"{command(file, 'headers', name)} | curl -sK - {address}"


def _from_here(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _account(kept: dict[str, Any], name: str) -> dict[str, Any]:
    if name not in kept["accounts"]:
        message = "nobody of that name plays; there are " + ", ".join(kept["accounts"])
        raise NoSuchPart(message)
    account: dict[str, Any] = kept["accounts"][name]
    return account


def _write(file: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
