"""Single-use codes on paper: drawn, read however they are typed, and found again without being kept."""

import hmac
import secrets
from hashlib import sha256
from uuid import UUID

from app.crypto import contexts
from app.crypto.references import ALPHABET
from app.kernel.keyring import ServiceKeys

GROUPS, GROUP_CHARACTERS = 4, 5
"""Twenty characters of 32: 100 random bits, so that a stolen database cannot be searched for them even by who has the pepper."""
LONGEST_TEXT = 64
MOST_AT_ONCE = 500
MOST_OF_A_COUNT = 5_000
_LOOK_ALIKE = str.maketrans("OIL", "011")


def new_code() -> str:
    """Return a fresh code, in groups."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP_CHARACTERS)) for _ in range(GROUPS))


def normalise(text: str) -> str:
    """Return a code as it was printed, however it was typed: case, what stands between, and letters that look alike do not matter.

    Raises:
        ValueError: it is no code.

    """
    letters = "".join(letter for letter in text.upper() if letter.isalnum()).translate(_LOOK_ALIKE)
    if len(text) > LONGEST_TEXT or len(letters) != GROUPS * GROUP_CHARACTERS or not set(letters) <= set(ALPHABET):
        raise ValueError("a code has four groups of five letters and digits")
    return "-".join(letters[start : start + GROUP_CHARACTERS] for start in range(0, len(letters), GROUP_CHARACTERS))


def stored_lookup(keys: ServiceKeys, count_id: UUID, code: str) -> bytes:
    """Return what the database finds a code by. Without the pepper it cannot be computed."""
    context = contexts.encode("supporter-code", count_id, code)
    return hmac.digest(keys.peppered("supporter-code"), context, sha256)
