"""Makes the rows of what is owed from the first day of a case, without the unit of work: every grievance waits for this."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from app.duties import profiles
from app.duties.calendar import DEFAULT_NATION, Nation
from app.duties.models import Duty
from app.duties.profiles import PROFILES, DutyKind, LawProfile, OwedTo
from app.kernel.db import table_of
from app.kernel.ids import new_id

FIRST_ROW_VERSION = 1
"""The version that the unit of work gives a new row of a Versioned table."""
_DUTIES = table_of(Duty)


def rows(
    organisation_id: UUID,
    case_id: UUID,
    profile: LawProfile,
    received_on: date,
    nation: Nation = DEFAULT_NATION,
    acknowledged_on: date | None = None,
    fed_back_on: date | None = None,
) -> tuple[Table, list[dict[str, Any]]]:
    """Return what is owed to whoever reported, as `insert_rows` and `audit.log.append` take it.

    With `acknowledged_on` they are those of a case that was acknowledged on that day, with `fed_back_on` of one in which
    feedback was given on that day.
    """
    rules = PROFILES[profile]
    feedback_starts = profiles.feedback_starts(profile, received_on, acknowledged_on, nation)
    terms = (
        (DutyKind.ACKNOWLEDGE, rules.acknowledge, received_on, acknowledged_on),
        (DutyKind.ACKNOWLEDGE_PERSONALLY, rules.acknowledge_personally, received_on, acknowledged_on),
        (DutyKind.FEED_BACK, rules.feed_back, feedback_starts, fed_back_on),
    )
    return _DUTIES, [
        {
            "organisation_id": organisation_id,
            "id": new_id(),
            "case_id": case_id,
            "kind": kind.value,
            "owed_to": OwedTo.REPORTER.value,
            "law_profile": profile.value,
            "nation": nation.value,
            "starts_on": starts_on,
            "term_ends_on": (ends := term.after(starts_on, nation)),
            "due_on": profiles.due(profile, ends, nation=nation),
            "due_at": None,
            "stopped_on": None,
            "kept_on": kept_on,
            "kept_by": None,
            "note_sealed": None,
            "version": FIRST_ROW_VERSION,
        }
        for kind, term, starts_on, kept_on in terms
    ]


def due_days(owed: Sequence[Mapping[str, Any]]) -> tuple[date, date]:
    """Return until when the acknowledgement and the feedback of those rows are owed."""
    found: dict[str, date] = {row["kind"]: row["due_on"] for row in owed}
    return found[DutyKind.ACKNOWLEDGE.value], found[DutyKind.FEED_BACK.value]
