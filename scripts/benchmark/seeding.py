"""Fills a deployment with many cases, straight into the tables of the service, all appointed to one investigator."""

import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases.lifecycle import CaseState
from app.cases.models import Appointment, Case
from app.crypto import references
from app.duties import profiles
from app.duties.profiles import LawProfile
from app.kernel.db import Database, table_of
from app.kernel.settings import Settings
from app.policy.actors import Capacity

AT_ONCE = 2_000
SPREAD_DAYS = 1_000
"""The cases came in over that many days."""


def id_of_day(day: date) -> UUID:
    """Return a key as the service would have made it on that day."""
    milliseconds = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    random = secrets.randbits(74)
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (random >> 62 << 64) | (0b10 << 62) | (random & (1 << 62) - 1))


def _cases(organisation_id: UUID, channel_id: UUID, number: int) -> Iterator[dict[str, object]]:
    first = datetime.now(UTC).date() - timedelta(days=SPREAD_DAYS)
    for place in range(number):
        day = first + timedelta(days=place * SPREAD_DAYS // number)
        yield {
            "organisation_id": organisation_id,
            "id": id_of_day(day),
            "channel_id": channel_id,
            "representative_id": None,
            "reference": f"{references.new_reference()}-{place % 10_000:04}",
            "state": CaseState.INVESTIGATING.value,
            "law_profile": LawProfile.UK_PIDA.value,
            "procedure": None,
            "key_version": 1,
            "received_on": day,
            "acknowledge_by": profiles.acknowledge_by(LawProfile.UK_PIDA, day),
            "acknowledged_on": day,
            "feedback_by": profiles.feedback_by(LawProfile.UK_PIDA, day, day),
            "closed_on": None,
            "title_sealed": None,
            "version": 1,
        }


async def add_cases(settings: Settings, account_id: UUID, specimen_case_id: UUID, number: int) -> UUID:
    """Return the organisation, in which there are `number` cases more that the account investigates; statistics know them."""
    database = Database(settings.effective_database_url, 2)
    async with database.session(write=True) as session:
        specimen = (
            await session.execute(select(Case.organisation_id, Case.channel_id).where(Case.id == specimen_case_id))
        ).one()
        cases = _cases(specimen.organisation_id, specimen.channel_id, number)
        while rows := list(islice(cases, AT_ONCE)):
            await _add(session, account_id, rows)
    async with database.session(write=True) as session:
        await session.execute(text("ANALYZE"))
    await database.close()
    organisation_id: UUID = specimen.organisation_id
    return organisation_id


async def _add(session: AsyncSession, account_id: UUID, cases: list[dict[str, object]]) -> None:
    await session.execute(insert(table_of(Case)), cases)
    appointments = [
        {
            "organisation_id": case["organisation_id"],
            "id": id_of_day(case["received_on"]),  # type: ignore[arg-type]
            "case_id": case["id"],
            "account_id": account_id,
            "capacity": Capacity.INVESTIGATOR.value,
            "appointed_on": case["received_on"],
            "ended_on": None,
        }
        for case in cases
    ]
    await session.execute(insert(table_of(Appointment)), appointments)
