"""Makes keys of rows. They tell the day a row was made, never the minute: a database reader must not learn when somebody reported."""

import secrets
from uuid import UUID

from app.kernel import clock

_RANDOM_BITS = 74


def new_id() -> UUID:
    """Return a UUIDv7 whose timestamp is the start of this UTC day and whose other 74 bits are random.

    Source: RFC 9562 section 5.7 for the layout; section 6.1 allows an altered or coarser timestamp.
    """
    milliseconds = int(clock.start_of_day().timestamp() * 1000)
    random = secrets.randbits(_RANDOM_BITS)
    upper, lower = random >> 62, random & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (upper << 64) | (0b10 << 62) | lower)
