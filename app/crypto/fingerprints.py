"""Names a public key in six words that two people can compare by telephone; see docs/formats.md, "Fingerprint words".

Vectors: tests/crypto/vectors/fingerprints.json.
"""

from hashlib import sha256
from hmac import compare_digest

from app.crypto import contexts
from app.crypto.receipts import WORDS, words_in

HOW_MANY = 6
"""Of 7,772 words: 77 bits, so that nobody makes a second key with the same words."""


def words(key: bytes) -> str:
    """Return the six words of a public key; of somebody who has two, sealing key and signing key joined."""
    number = int.from_bytes(sha256(contexts.encode("fingerprint", key)).digest())
    chosen = []
    for _ in range(HOW_MANY):
        number, index = divmod(number, len(WORDS))
        chosen.append(WORDS[index])
    return " ".join(chosen)


def are_of(typed: str, key: bytes) -> bool:
    """Say whether what somebody typed are the words of this key, however they stand between blanks, hyphens and capitals."""
    return compare_digest(" ".join(words_in(typed)), words(key))
