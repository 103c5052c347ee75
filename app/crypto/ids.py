"""Keys of rows. They tell the day a row was made, never the minute: a database reader must not learn when somebody reported."""

import secrets
from datetime import UTC, date, datetime, time
from uuid import UUID

_RANDOM_BITS = 74
_VERSION = 7


def id_of(day: date) -> UUID:
    """Return a UUIDv7 whose timestamp is the start of that UTC day and whose other 74 bits are random.

    Source: RFC 9562 section 5.7 for the layout; section 6.1 allows an altered or coarser timestamp.
    """
    random = secrets.randbits(_RANDOM_BITS)
    upper, lower = random >> 62, random & ((1 << 62) - 1)
    return UUID(int=(_milliseconds(day) << 80) | (_VERSION << 76) | (upper << 64) | (0b10 << 62) | lower)


def is_of(found: UUID, day: date) -> bool:
    """Whether `id_of` can have made this for that day."""
    return found.version == _VERSION and found.int >> 80 == _milliseconds(day)


def _milliseconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp() * 1000)
