"""Work that whoever sends something proves to have done, so that a flood costs its sender. It knows no sender and keeps nothing.

The format is that of ALTCHA, proof of work version 2 (https://altcha.org/docs/v2), by its own library: PBKDF2 with SHA-256 of a nonce
and a counter; the challenge names the first half of the key that the right counter gives, and is signed by whoever set it. When it
ends is in its `data`, in seconds since 1970. Format of what a client sends: docs/formats.md, "Proof of work".
"""

import base64
import hmac
import json
import secrets
from collections.abc import Callable
from datetime import datetime
from hashlib import pbkdf2_hmac, sha256
from typing import Any

import altcha

ALGORITHM = "PBKDF2/SHA-256"
ITERATIONS = 1_000
"""Of PBKDF2 for each try: a fraction of a millisecond."""
MOST_ITERATIONS, MOST_TRIES = 20_000, 100_000
"""What a client is ready to do at most, whatever a service asks for."""
LONGEST_SOLUTION = 2_000
"""Characters of what a client sends."""
_KEY_BYTES = 32
_COUNTER_BYTES = 4
_ENDS, _TRIES = "ends", "tries"


class ChallengeUnusable(ValueError):
    """It is no challenge of this kind, or asks for more than a client is ready to do."""


def new_challenge(key: bytes, tries: int, ends_at: datetime) -> dict[str, Any]:
    """Return a challenge that takes between half of `tries` and `tries` tries, signed under `key`, until `ends_at`."""
    made = altcha.create_challenge(
        ALGORITHM,
        ITERATIONS,
        counter=tries - secrets.randbelow(tries // 2 + 1),
        data={_ENDS: int(ends_at.timestamp()), _TRIES: tries},
        hmac_secret=key,
        hmac_key_secret=_key_of_answers(key),
    )
    found: dict[str, Any] = made.to_dict()
    return found


def _key_of_answers(key: bytes) -> bytes:
    return hmac.digest(key, b"candour proof of work: answers", sha256)


def accepted(key: bytes, solution: str, now: datetime) -> str | None:
    """Return the name of the challenge of ours that `solution` solves, or None. Nothing that is sent raises.

    A name is that of one challenge alone: who keeps the names that were accepted accepts each once.
    """
    if len(solution) > LONGEST_SOLUTION:
        return None
    try:
        payload = altcha.Payload.from_base64(solution)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    parameters, name = payload.challenge.parameters, payload.challenge.signature
    if not isinstance(name, str) or not isinstance(parameters.data, dict) or not parameters.key_signature:
        return None
    ends = parameters.data.get(_ENDS)
    if type(ends) is not int or ends <= now.timestamp():
        return None
    try:
        result = altcha.verify_solution(payload, key, hmac_key_secret=_key_of_answers(key))
    except (ValueError, TypeError, AttributeError, RecursionError):  # of what nobody signed
        return None
    return name if result.verified else None


def solve(challenge: Any, tell: Callable[[float], None]) -> str:  # noqa: ANN401 any JSON
    """Return what is sent for a challenge. `tell` hears now and then how much of the most work is done, from 0 to 1. Blocks.

    Raises:
        ChallengeUnusable: it is no such challenge, asks for too much, or has no solution.

    """
    try:
        found = altcha.Challenge.from_dict(challenge)
        asked = found.parameters
        nonce, salt, wanted = bytes.fromhex(asked.nonce), bytes.fromhex(asked.salt), bytes.fromhex(asked.key_prefix)
        tries = (asked.data or {})[_TRIES]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ChallengeUnusable("it is no challenge") from error
    is_ours = asked.algorithm == ALGORITHM and asked.key_length == _KEY_BYTES and wanted
    if not is_ours or type(tries) is not int or type(asked.cost) is not int:
        raise ChallengeUnusable("it is of another kind")
    if not 0 < asked.cost <= MOST_ITERATIONS or not 0 < tries <= MOST_TRIES:
        raise ChallengeUnusable("it asks for too much work")
    for counter in range(tries + 1):
        if counter % 64 == 0:
            tell(counter / tries)
        password = nonce + counter.to_bytes(_COUNTER_BYTES)
        derived = pbkdf2_hmac("sha256", password, salt, asked.cost, _KEY_BYTES)
        if derived.startswith(wanted):
            solved = {"challenge": challenge, "solution": {"counter": counter, "derivedKey": derived.hex()}}
            return _encode(solved)
    raise ChallengeUnusable("it has no solution")


def _encode(solved: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps(solved, separators=(",", ":")).encode()).decode()
