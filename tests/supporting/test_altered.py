"""What somebody altered in the database is not counted, keeps nobody else from being counted, and is told to the operator."""

import logging
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, update

from app.kernel.db import table_of
from app.supporting.models import CountedSupporter, SupportCount, SupporterIdentity, SupportTally
from tests.builders.intake import IDENTITY
from tests.builders.supporting import a_count, a_round, supports
from tests.conftest import Clock, Service

AFTER = datetime(2026, 3, 13, 0, 30, tzinfo=UTC)


async def test_an_altered_count_does_not_keep_another_from_its_round(
    service: Service,
    actors: SimpleNamespace,
    anonymous: httpx.AsyncClient,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    altered, other = await a_count(actors.representative, "codes", 6), await a_count(actors.representative, "codes", 6)
    for number in range(6):
        await supports(anonymous, altered, number, 1)
        await supports(anonymous, other, number, 1, identity=IDENTITY)
    supporters, identities, counts = map(table_of, (CountedSupporter, SupporterIdentity, SupportCount))
    async with service.runtime.database.session(write=True) as session:
        mine = select(counts.c.id).where(counts.c.statement == "Altered")
        changed = update(counts).where(counts.c.grievance_id == UUID(altered.grievance_id)).values(statement="Altered")
        await session.execute(changed)
        one = await session.scalar(select(supporters.c.lookup).where(supporters.c.count_id.not_in(mine)).limit(1))
        await session.execute(update(supporters).where(supporters.c.lookup == one).values(choice=bytes(1200)))
        left = await session.scalar(select(identities.c.lookup).where(identities.c.count_id.not_in(mine)).limit(1))
        await session.execute(update(identities).where(identities.c.lookup == left).values(marker=bytes(1200)))
    clock.set(AFTER)
    with caplog.at_level(logging.ERROR):
        await a_round(service)
    async with service.runtime.database.session(write=False) as session:
        told = (await session.execute(select(SupportTally))).scalars().all()
        waiting = (await session.execute(select(identities.c.id).where(identities.c.waiting.is_not(None)))).all()
    assert [(one.allegation_id, one.number) for one in told] == [(None, 6)]  # of five nothing more is told
    assert len(waiting) == 6 + 1
    events = {record.getMessage() for record in caplog.records}
    assert {
        "a count of supporters was altered",
        "the choice of a supporter was altered, and is not counted",
        "the identity that a supporter left was altered, and stays where it is",
    } <= events
