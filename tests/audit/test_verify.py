"""Whoever edits the database behind the service's back is found by the verifier."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import RoleGrant
from app.audit import log
from app.audit.models import AuditEvent, AuditHead
from app.audit.verify import Result, verify
from app.kernel.db import table_of
from app.kernel.ids import new_id
from tests.conftest import Service

EVENTS, HEADS, GRANTS = table_of(AuditEvent), table_of(AuditHead), table_of(RoleGrant)


@pytest.fixture
async def session(service: Service) -> AsyncIterator[AsyncSession]:
    """What somebody with the database's password has."""
    async with service.runtime.database.session(write=True) as session:
        yield session


async def faults(session: AsyncSession) -> list[str]:
    """What the verifier says."""
    result: Result = await verify(session)
    return [fault.what for fault in result.faults]


async def test_an_untouched_log_has_no_fault(session: AsyncSession) -> None:
    result = await verify(session)
    assert result.faults == []
    assert result.events > 20
    assert result.rows > 20


async def _drop_first(session: AsyncSession) -> None:
    await session.execute(delete(EVENTS).where(EVENTS.c.sequence == 1))


async def _drop_last(session: AsyncSession) -> None:
    last = (await session.execute(select(HEADS.c.sequence))).scalar_one()
    await session.execute(delete(EVENTS).where(EVENTS.c.sequence == last))


async def _drop_middle(session: AsyncSession) -> None:
    await session.execute(delete(EVENTS).where(EVENTS.c.sequence == 7))


async def _rename(session: AsyncSession) -> None:
    await session.execute(update(EVENTS).where(EVENTS.c.sequence == 3).values(event="nothing.happened"))


async def _another_actor(session: AsyncSession) -> None:
    await session.execute(update(EVENTS).where(EVENTS.c.sequence == 3).values(actor_id=None, event="session.begun"))


async def _other_commitment(session: AsyncSession) -> None:
    await session.execute(update(EVENTS).where(EVENTS.c.sequence == 2).values(touched=[]))


async def _exchange(session: AsyncSession) -> None:
    for before, after in ((5, 1_000_000), (6, 5), (1_000_000, 6)):
        await session.execute(update(EVENTS).where(EVENTS.c.sequence == before).values(sequence=after))


async def _roll_back(session: AsyncSession) -> None:
    await session.execute(delete(EVENTS).where(EVENTS.c.sequence > 5))


async def _remove_head(session: AsyncSession) -> None:
    await session.execute(delete(HEADS))


async def _edit_a_row(session: AsyncSession) -> None:
    await session.execute(update(GRANTS).where(GRANTS.c.role == "hr").values(role="administrator"))


async def _remove_a_row(session: AsyncSession) -> None:
    one = (await session.execute(select(GRANTS.c.id).limit(1))).scalar_one()
    await session.execute(delete(GRANTS).where(GRANTS.c.id == one))


async def _insert_a_row(session: AsyncSession) -> None:
    row: dict[str, Any] = dict((await session.execute(select(GRANTS).where(GRANTS.c.role == "hr"))).mappings().one())
    await session.execute(insert(GRANTS), [{**row, "id": new_id(), "role": "administrator"}])


@pytest.mark.parametrize(
    "attack",
    [
        _drop_first, _drop_last, _drop_middle, _rename, _another_actor, _other_commitment, _exchange, _roll_back, _remove_head,
        _edit_a_row, _remove_a_row, _insert_a_row,
    ],
)  # fmt: skip
async def test_what_was_done_behind_the_services_back_is_found(
    session: AsyncSession, attack: Callable[[AsyncSession], Awaitable[None]]
) -> None:
    await attack(session)
    assert await faults(session) != []


async def test_if_the_log_cannot_be_written_nothing_is_done(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_arguments: object, **_options: object) -> None:
        raise log.AuditUnavailable

    body = {"username": "newcomer", "display_name": "Newcomer", "roles": ["staff"]}
    monkeypatch.setattr(log, "_head", fail)
    answer = await service.actors.administrator.post("/v1/accounts", json=body)
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("/problems/audit-unavailable")
    monkeypatch.undo()
    listed = await service.actors.administrator.get("/v1/accounts?limit=200")
    assert "newcomer" not in listed.text
