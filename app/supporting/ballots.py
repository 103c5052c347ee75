"""What a supporter chose, sealed to the count: whoever stores it reads nothing, and the worker alone counts it. Knows no database.

Formats: docs/formats.md, "Supporter token".
"""

import hmac
from collections.abc import Collection
from hashlib import sha256
from uuid import UUID

from app.crypto import contexts, hpke
from app.crypto.errors import SealBroken
from app.kernel.keyring import ServiceKeys

_YES, _NO = b"\x01", b"\x00"


def seal_choice(
    key: bytes, organisation_id: UUID, count_id: UUID, lookup: bytes, chosen: Collection[int], of: int
) -> bytes:
    """Return which of the allegations 1 to `of` somebody supports, sealed: one byte for each, so that all have one length.

    It is bound to what the choice is found by, and not to the row, which the round of each day exchanges.
    """
    content = b"".join(_YES if number in chosen else _NO for number in range(1, of + 1))
    return hpke.seal(key, content, contexts.encode("supporter-choice", organisation_id, count_id, lookup))


def open_choice(
    private: hpke.PrivateKey, organisation_id: UUID, count_id: UUID, lookup: bytes, sealed: bytes, of: int
) -> tuple[bool, ...]:
    """Return for each allegation whether they support it.

    Raises:
        SealBroken: it was altered, or is another supporter's.

    """
    content = private.open(sealed, contexts.encode("supporter-choice", organisation_id, count_id, lookup))
    if len(content) != of or not set(content) <= {0, 1}:
        raise SealBroken
    return tuple(one == 1 for one in content)


def seal_marker(key: bytes, organisation_id: UUID, count_id: UUID, identity_id: UUID, *, is_somebody: bool) -> bytes:
    """Return whether an identity is somebody's, sealed: until the round of the day nobody can tell."""
    context = contexts.encode("supporter-marker", organisation_id, count_id, identity_id)
    return hpke.seal(key, _YES if is_somebody else _NO, context)


def open_marker(
    private: hpke.PrivateKey, organisation_id: UUID, count_id: UUID, identity_id: UUID, sealed: bytes
) -> bool:
    """Return whether the identity is somebody's.

    Raises:
        SealBroken: it was altered, or is another's.

    """
    return private.open(sealed, contexts.encode("supporter-marker", organisation_id, count_id, identity_id)) == _YES


def choice_lookup(keys: ServiceKeys, lookup: bytes) -> bytes:
    """Return what the database finds a supporter's choice by."""
    return hmac.digest(keys.peppered("supporter-lookup"), lookup, sha256)


def identity_lookup(keys: ServiceKeys, lookup: bytes) -> bytes:
    """Return what the database finds the identity of the same receipt by: only who has the receipt knows that it is the same."""
    return hmac.digest(keys.peppered("supporter-identity-lookup"), lookup, sha256)
