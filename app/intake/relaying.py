"""How a grievance came that somebody else entered, as it is sealed: the shorter ones all of one length. Pure but for its words."""

import json
from datetime import date
from uuid import UUID

from app.intake.before_sending_schemas import How, Recording, RelayIn, RelayOut

_FILLED_TO = 512


def encode(draft: RelayIn) -> str:
    """Return the text that is sealed. Its length does not tell how it came, unless a note is long."""
    return draft.model_dump_json().ljust(_FILLED_TO)


def decode(text: str, entered_by: UUID, entered_on: date) -> RelayOut:
    """Return what that text says of a grievance that this account entered."""
    found = json.loads(text)
    return RelayOut(
        entered_by=entered_by,
        entered_on=entered_on,
        how=How(found["how"]),
        recording=None if found["recording"] is None else Recording(found["recording"]),
        recording_note=found["recording_note"],
        is_read_back=found["is_read_back"],
    )
