"""Sharing a secret among n holders so that any t have all of it and any t-1 have nothing; docs/formats.md, "Pieces".

Replicated XOR sharing: one random piece for each group of t-1 holders, given to everybody outside that group. Any t
holders together lie outside no group entirely; any t-1 are a group, and lack its piece. Each piece has n-t+1 holders and
a commitment, so that whoever gives a false one is caught. Source: Ito, Saito, Nishizeki, "Secret sharing scheme
realizing general access structure", 1987. Vectors: tests/crypto/vectors/sharing.json.
"""

import secrets
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from itertools import combinations
from math import comb

from app.crypto import contexts
from app.crypto.errors import SealBroken

SECRET_BYTES = 32
MOST_HOLDERS = 9
"""The number of pieces grows as a binomial; nine holders need at most 126, and a piece's number fits one byte."""


def pieces_of(threshold: int, holders: int) -> int:
    """Return how many pieces the secret is cut into.

    Raises:
        ValueError: not 1 <= threshold <= holders <= 9.

    """
    if not 1 <= threshold <= holders <= MOST_HOLDERS:
        raise ValueError("the threshold is at least 1 and at most the number of holders, who are at most 9")
    return comb(holders, threshold - 1)


@cache
def held_by(threshold: int, holders: int) -> tuple[tuple[int, ...], ...]:
    """Return, for each holder, the numbers of the pieces they hold, rising.

    Raises:
        ValueError: not 1 <= threshold <= holders <= 9.

    """
    pieces_of(threshold, holders)
    groups = list(combinations(range(holders), threshold - 1))
    return tuple(
        tuple(number for number, group in enumerate(groups) if holder not in group) for holder in range(holders)
    )


def split(secret: bytes, threshold: int, holders: int) -> tuple[list[bytes], list[list[int]]]:
    """Return the pieces of the secret and, for each holder, the numbers of those to give them.

    Raises:
        ValueError: the secret is not 32 bytes, or not 1 <= threshold <= holders <= 9.

    """
    if len(secret) != SECRET_BYTES:
        raise ValueError("a shared secret is 32 bytes")
    pieces = [secrets.token_bytes(SECRET_BYTES) for _ in range(pieces_of(threshold, holders) - 1)]
    pieces.append(xor([secret, *pieces]))
    return pieces, [list(numbers) for numbers in held_by(threshold, holders)]


def combine(pieces: Mapping[int, bytes], threshold: int, holders: int) -> bytes:
    """Return the secret whose pieces these are; that each is true is for its commitment to show.

    Raises:
        SealBroken: a piece is missing, is not 32 bytes or belongs to no such sharing.
        ValueError: not 1 <= threshold <= holders <= 9.

    """
    if set(pieces) != set(range(pieces_of(threshold, holders))):
        raise SealBroken
    if any(len(piece) != SECRET_BYTES for piece in pieces.values()):
        raise SealBroken
    return xor(list(pieces.values()))


def commitment(context: bytes, number: int, piece: bytes) -> bytes:
    """Return the 32 bytes that fix a piece and hide it; pieces are random, so no salt is needed."""
    return sha256(contexts.encode("piece", context, number) + piece).digest()


def xor(pieces: Iterable[bytes]) -> bytes:
    """Return the XOR of pieces of 32 bytes."""
    total = 0
    for piece in pieces:
        total ^= int.from_bytes(piece)
    return total.to_bytes(SECRET_BYTES)
