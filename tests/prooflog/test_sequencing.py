"""The sequencer: every event gets one leaf, whatever happens at the same moment, and nobody learns the hour of a report."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import delete, func, select, update

from app import worker
from app.audit.models import AuditEvent
from app.crypto import merkle, notes
from app.kernel.db import table_of
from app.kernel.runtime import Runtime
from app.prooflog import sequencer
from app.prooflog.models import LogCheckpoint, LogHead, LogLeaf
from app.prooflog.verify import LogResult
from app.prooflog.verify import verify as verify_log
from tests.builders import intake
from tests.builders.prooflog import SEQUENCING, log_key_of, organisation_of, sequenced, sequenced_on_the_next_day
from tests.conftest import Clock, Service

EVENTS, LEAVES, HEADS = table_of(AuditEvent), table_of(LogLeaf), table_of(LogHead)
CHECKPOINTS = table_of(LogCheckpoint)


async def count(service: Service, table: Any) -> int:  # noqa: ANN401 a table
    """How many rows it has."""
    async with service.runtime.database.session(write=False) as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def by_staff(service: Service) -> int:
    """How many events have an actor: the first administrator's invitation and what a reporter does have none."""
    return await count(service, EVENTS) - len(await by_reporters(service))


async def leaves(service: Service) -> Sequence[Any]:
    """Every leaf in its order."""
    async with service.runtime.database.session(write=False) as session:
        return (await session.execute(select(LEAVES).order_by(LEAVES.c.position))).all()


async def verified(service: Service) -> LogResult:
    """What the verifier says of the proof log."""
    async with service.runtime.database.session(write=False) as session:
        return await verify_log(session, service.runtime.log_seed, LogResult())


async def by_reporters(service: Service) -> set[tuple[UUID, int]]:
    """The place of every event that has no actor."""
    statement = select(EVENTS.c.chain_id, EVENTS.c.sequence).where(EVENTS.c.actor_id.is_(None))
    async with service.runtime.database.session(write=False) as session:
        return {(row.chain_id, row.sequence) for row in (await session.execute(statement)).all()}


async def test_every_event_of_staff_gets_one_leaf_and_the_tree_is_signed(service: Service) -> None:
    await sequenced(service)
    found = await leaves(service)
    assert [leaf.position for leaf in found] == list(range(await by_staff(service)))
    assert len({(leaf.chain_id, leaf.sequence) for leaf in found}) == len(found) > 20
    async with service.runtime.database.session(write=False) as session:
        row = (await session.execute(select(LogCheckpoint))).scalar_one()
    checkpoint, _ = notes.open_checkpoint(row.note, await log_key_of(service))
    assert (checkpoint.size, checkpoint.root) == (len(found), merkle.root_of([leaf.hash for leaf in found]))
    assert (await verified(service)).faults == []


async def test_sequencing_again_changes_nothing(service: Service) -> None:
    await sequenced(service)
    before = await leaves(service), await count(service, CHECKPOINTS)
    await sequenced(service)
    assert (await leaves(service), await count(service, CHECKPOINTS)) == before


async def test_what_a_reporter_did_enters_the_tree_when_the_day_is_over(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    await sequenced(service)
    await intake.submitted(anonymous)
    acts = await by_reporters(service)
    clock.advance(timedelta(hours=14))
    await sequenced(service)
    assert not acts & {(leaf.chain_id, leaf.sequence) for leaf in await leaves(service)}
    clock.advance(timedelta(hours=1))
    await sequenced(service)
    assert acts <= {(leaf.chain_id, leaf.sequence) for leaf in await leaves(service)}
    assert (await verified(service)).faults == []


async def test_what_was_stored_late_waits_for_the_next_day_so_that_nobody_sees_it_come(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    await intake.submitted(anonymous)
    acts = await by_reporters(service)
    clock.advance(timedelta(days=1))
    async with service.runtime.database.session(write=True) as session:
        # as if the first run of the day had been before the report was stored
        await session.execute(update(EVENTS).where(EVENTS.c.actor_id.is_(None)).values(at=clock.at.replace(hour=0)))
    await sequenced(service)
    async with service.runtime.database.session(write=True) as session:
        yesterday = clock.at.replace(hour=0) - timedelta(days=1)
        await session.execute(update(EVENTS).where(EVENTS.c.actor_id.is_(None)).values(at=yesterday))
    await sequenced(service)
    assert not acts & {(leaf.chain_id, leaf.sequence) for leaf in await leaves(service)}
    await sequenced_on_the_next_day(service, clock)
    assert acts <= {(leaf.chain_id, leaf.sequence) for leaf in await leaves(service)}


async def test_the_order_in_the_tree_is_not_the_order_of_reports(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    for _ in range(6):
        await intake.submitted(anonymous)
    await sequenced_on_the_next_day(service, clock)
    async with service.runtime.database.session(write=False) as session:
        rows = (await session.execute(select(EVENTS.c.chain_id, EVENTS.c.sequence, EVENTS.c.hash))).all()
    hashes = {(row.chain_id, row.sequence): row.hash for row in rows}
    ordered = [hashes[leaf.chain_id, leaf.sequence] for leaf in await leaves(service)]
    assert ordered == sorted(ordered)


async def test_only_the_checkpoint_that_closes_a_day_is_public(
    service: Service,
    actors: SimpleNamespace,
    anonymous: httpx.AsyncClient,
    clock: Clock,
) -> None:
    await sequenced(service)
    submitted = await intake.submitted(anonymous)
    await intake.case_called(actors.case_officer, submitted["reference"])
    assert (await actors.administrator.post("/v1/accounts", json=NEWCOMER)).status_code == 201
    await sequenced(service)
    await sequenced_on_the_next_day(service, clock)
    async with service.runtime.database.session(write=False) as session:
        found = (await session.execute(select(CHECKPOINTS.c.is_public).order_by(CHECKPOINTS.c.size))).scalars().all()
    assert found == [True, False, True]


NEWCOMER = {"username": "newcomer", "display_name": "Newcomer", "roles": ["staff"]}


async def test_a_day_on_which_nothing_came_makes_the_last_checkpoint_public(
    service: Service,
    actors: SimpleNamespace,
    clock: Clock,
) -> None:
    await sequenced_on_the_next_day(service, clock)
    await actors.administrator.sign_in()
    assert (await actors.administrator.post("/v1/accounts", json=NEWCOMER)).status_code == 201
    await sequenced(service)
    await sequenced_on_the_next_day(service, clock)
    async with service.runtime.database.session(write=False) as session:
        found = (await session.execute(select(CHECKPOINTS.c.is_public).order_by(CHECKPOINTS.c.size))).scalars().all()
    assert found == [True, True]


async def test_more_than_one_batch_is_taken_in_at_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "BATCH", 7)
    await sequenced(service)
    assert await count(service, LEAVES) == await by_staff(service)
    async with service.runtime.database.session(write=False) as session:
        found = (await session.execute(select(CHECKPOINTS.c.is_public).order_by(CHECKPOINTS.c.size))).scalars().all()
    assert found == [False] * (len(found) - 1) + [True]
    assert len(found) > 3
    assert (await verified(service)).faults == []


async def test_two_sequencers_at_once_give_every_event_one_leaf(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await intake.submitted(anonymous)
    clock.advance(timedelta(days=1))
    monkeypatch.setattr(sequencer, "BATCH", 5)
    second = Runtime.from_settings(service.runtime.settings)
    try:
        runs = [sequencer.sequence_all(runtime) for runtime in (service.runtime, second) * 2]
        await asyncio.gather(*runs)
    finally:
        await second.close()
    found = await leaves(service)
    assert [leaf.position for leaf in found] == list(range(await count(service, EVENTS)))
    assert (await verified(service)).faults == []


async def test_sequencing_while_events_are_written_loses_none(
    service: Service,
    actors: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sequencer, "BATCH", 5)
    bodies = [NEWCOMER | {"username": f"newcomer{number}"} for number in range(6)]
    writing = [actors.administrator.post("/v1/accounts", json=body) for body in bodies]
    answers = await asyncio.gather(*writing, *(sequencer.sequence_all(service.runtime) for _ in range(3)))
    assert {answer.status_code for answer in answers[:6]} == {201}
    await sequenced(service)
    assert await count(service, LEAVES) == await by_staff(service)
    assert (await verified(service)).faults == []


class Crash(Exception):
    """The process is gone."""


@pytest.mark.parametrize("after", range(1, 9))
async def test_a_crash_after_any_statement_leaves_nothing_half_done(
    service: Service,
    actors: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
) -> None:
    await sequenced(service)
    assert (await actors.administrator.post("/v1/accounts", json=NEWCOMER)).status_code == 201
    before = await leaves(service)
    organisation_id = await organisation_of(service)
    signer = sequencer.signer_of(service.runtime, organisation_id)
    done = 0

    async with service.runtime.database.session(write=True) as session:
        connection = await session.connection()
        original = type(connection.sync_connection)._execute_context  # type: ignore[union-attr]

        def counted(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 the library's
            nonlocal done
            done += 1
            result = original(*arguments, **options)
            if done == after:
                raise Crash
            return result

        monkeypatch.setattr(type(connection.sync_connection), "_execute_context", counted)
        try:
            await sequencer.sequence(session, signer, organisation_id)
            crashed = False
        except Crash:
            crashed = True
        monkeypatch.undo()
        await session.rollback()
    assert crashed == (done == after)
    assert await leaves(service) == before
    await sequenced(service)
    assert await count(service, LEAVES) == await by_staff(service)
    assert (await verified(service)).faults == []


async def test_a_gap_in_the_order_of_writing_is_no_reason_to_pass_an_event_over(
    service: Service,
    actors: SimpleNamespace,
) -> None:
    """An event of a chain may be stored after a later one of another chain was taken in."""
    async with service.runtime.database.session(write=True) as session:
        held = (await session.execute(select(EVENTS).where(EVENTS.c.sequence == 3))).mappings().one()
        await session.execute(delete(EVENTS).where(EVENTS.c.sequence == 3))
    await sequenced(service)
    async with service.runtime.database.session(write=True) as session:
        await session.execute(EVENTS.insert(), [dict(held)])
    await sequenced(service)
    assert await count(service, LEAVES) == await by_staff(service)


def _other_frontier(size: int, frontier: bytes) -> dict[str, Any]:
    return {"frontier": bytes(len(frontier))}


def _other_size(size: int, frontier: bytes) -> dict[str, Any]:
    return {"size": size + 1}


def _from_the_start(size: int, frontier: bytes) -> dict[str, Any]:
    return {"size": 0, "frontier": b""}


@pytest.mark.parametrize("alter", [_other_frontier, _other_size, _from_the_start])
async def test_nothing_is_signed_over_a_tree_that_somebody_wrote_into_the_database(
    service: Service,
    actors: SimpleNamespace,
    alter: Callable[[int, bytes], dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    await sequenced(service)
    async with service.runtime.database.session(write=True) as session:
        head = (await session.execute(select(HEADS))).one()
        await session.execute(update(HEADS).values(**alter(head.size, head.frontier)))
    assert (await actors.administrator.post("/v1/accounts", json=NEWCOMER)).status_code == 201
    before = await leaves(service)
    assert not await worker.run(service.runtime, SEQUENCING)
    assert await leaves(service) == before
    assert await count(service, CHECKPOINTS) == 1
    (line,) = [vars(record) for record in caplog.records if record.message == "job failed"]
    assert (line["job"], line["failure"]) == ("proof log", "LogAltered")


async def test_a_checkpoint_that_the_service_did_not_sign_stops_the_log(service: Service) -> None:
    await sequenced(service)
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(CHECKPOINTS).values(note="canary"))
    assert not await worker.run(service.runtime, SEQUENCING)
