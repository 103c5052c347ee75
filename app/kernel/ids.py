"""Makes keys of rows, which tell the day they were made and no more."""

from uuid import UUID

from app.crypto.ids import id_of
from app.kernel import clock


def new_id() -> UUID:
    """Return a fresh key of a row that is made today."""
    return id_of(clock.start_of_day().date())
