"""The secret a reporter keeps, and the keys that follow from it; see docs/formats.md, "Receipt".

Seven words of the EFF large list, about 90 bits, so that even a stolen database cannot be searched for them. Deriving
blocks: callers run it apart from the event loop and outside any transaction. Vectors: tests/crypto/vectors/receipts.json.
"""

import re
import secrets
from dataclasses import dataclass, field
from importlib.resources import files
from unicodedata import normalize

from app.crypto import fields, passwords

WORDS_IN_A_RECEIPT = 7
LONGEST_TEXT = 256
"""Characters read before a text is refused unread; the longest receipt has 69."""

MEMORY_KIB = passwords.LEAST_MEMORY_KIB
ITERATIONS = passwords.LEAST_ITERATIONS
"""Part of the format: changing either makes every receipt ever issued useless."""

_INSIDE_WORDS = re.compile(r"[\u00ad\u200c\u200d\u2060]")
"""What is not seen, and stands where a line may break or letters join."""
_WORD = re.compile(r"[a-z]+")


def _words() -> tuple[str, ...]:
    lines = files("app.crypto").joinpath("eff_large_wordlist.txt").read_text("ascii").splitlines()
    return tuple(word for word in (line.split("\t")[1] for line in lines) if "-" not in word)


WORDS = _words()
"""The 7,776 words without the four that have a hyphen, since blanks and hyphens both part words."""

_KNOWN = frozenset(WORDS)


@dataclass(frozen=True, slots=True)
class ReceiptKeys:
    """What follows from a receipt: a secret to be found by, an inbox to read and a key to sign with."""

    lookup: bytes = field(repr=False)
    """Sent to the service, which keeps only a keyed digest of it."""

    inbox_seed: bytes = field(repr=False)
    """Seed of the reporter's HPKE key."""

    signing_seed: bytes = field(repr=False)
    """Seed of the reporter's Ed25519 key."""


def new_receipt() -> str:
    """Return seven words drawn at random, parted by single blanks."""
    return " ".join(secrets.choice(WORDS) for _ in range(WORDS_IN_A_RECEIPT))


def words_in(text: str) -> list[str]:
    """Return the words of a text as the list spells them: case, width, and whatever stands between them do not matter."""
    return _WORD.findall(_INSIDE_WORDS.sub("", normalize("NFKC", text).lower()))


def normalise(text: str) -> str:
    """Return the receipt as it was issued, however it was typed: case, width, and whatever stands between words do not matter.

    Raises:
        ValueError: the text is not seven words of the list.

    """
    if len(text) <= LONGEST_TEXT:
        words = words_in(text)
        if len(words) == WORDS_IN_A_RECEIPT and _KNOWN.issuperset(words):
            return " ".join(words)
    raise ValueError("a receipt is seven words of the list")


def derive(receipt: str, salt: bytes) -> ReceiptKeys:
    """Return the keys of a receipt under the salt of the service. Blocks.

    Raises:
        ValueError: the receipt is not seven words of the list, or the salt has fewer than 16 bytes.

    """
    root = passwords.stretch(normalise(receipt), salt, MEMORY_KIB, ITERATIONS)
    return ReceiptKeys(
        lookup=fields.derive(root, "receipt-lookup"),
        inbox_seed=fields.derive(root, "receipt-inbox"),
        signing_seed=fields.derive(root, "receipt-signing"),
    )
