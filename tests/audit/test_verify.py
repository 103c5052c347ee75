"""Whoever edits the database behind the service's back is found by the verifier."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import RoleGrant
from app.audit import chain, log
from app.audit.models import AuditEvent, AuditHead
from app.audit.verify import Last, Result, _is_as_logged, verify
from app.kernel.db import table_of
from app.kernel.ids import new_id
from tests.builders.reports import slug_of
from tests.conftest import Service

EVENTS, HEADS, GRANTS = table_of(AuditEvent), table_of(AuditHead), table_of(RoleGrant)


@pytest.fixture
async def session(service: Service) -> AsyncIterator[AsyncSession]:
    """What somebody with the database's password has."""
    async with service.runtime.database.session(write=True) as session:
        yield session


async def faults(service: Service, session: AsyncSession) -> list[str]:
    """What the verifier says."""
    result: Result = await verify(session, service.runtime.keys)
    return [fault.what for fault in result.faults]


async def test_an_untouched_log_has_no_fault(service: Service, session: AsyncSession) -> None:
    result = await verify(session, service.runtime.keys)
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


async def _forge(session: AsyncSession, chain_id: UUID, sequence: int, previous: bytes) -> dict[str, Any]:
    """An event and a head as somebody makes them who knows every byte of the database and no key."""
    organisation = (await session.execute(select(HEADS.c.organisation_id).limit(1))).scalar_one()
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    forged = chain.Event(organisation, chain_id, sequence, "case.closed", None, at, ())
    last = chain.link(previous, forged)
    event: dict[str, Any] = {"event": "case.closed", "actor_id": None, "at": at, "touched": [], "salt": bytes(16)}
    place = {"organisation_id": organisation, "chain_id": chain_id, "sequence": sequence, "hash": last}
    await session.execute(insert(EVENTS), [{**place, **event}])
    return place


async def _append_an_event(session: AsyncSession) -> None:
    head = (await session.execute(select(HEADS))).mappings().one()
    place = await _forge(session, head["chain_id"], head["sequence"] + 1, head["hash"])
    await session.execute(update(HEADS).values(sequence=place["sequence"], hash=place["hash"]))


async def _start_a_chain(session: AsyncSession) -> None:
    place = await _forge(session, new_id(), 1, chain.GENESIS)
    tag = (await session.execute(select(HEADS.c.tag))).scalar_one()
    await session.execute(insert(HEADS), [{**place, "tag": tag}])


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
        _edit_a_row, _remove_a_row, _insert_a_row, _append_an_event, _start_a_chain,
    ],
)  # fmt: skip
async def test_what_was_done_behind_the_services_back_is_found(
    service: Service, session: AsyncSession, attack: Callable[[AsyncSession], Awaitable[None]]
) -> None:
    await attack(session)
    assert await faults(service, session) != []


async def test_nothing_is_added_to_a_chain_that_was_forged(service: Service) -> None:
    async with service.runtime.database.session(write=True) as session:
        await _append_an_event(session)
    body = {"username": "newcomer", "display_name": "Newcomer", "roles": ["staff"]}
    answer = await service.actors.administrator.post("/v1/accounts", json=body)
    assert slug_of(answer, 503) == "audit-unavailable"


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


def test_a_row_may_be_committed_to_without_the_columns_that_came_later_and_with_those_that_came_before() -> None:
    salt = bytes(16)
    row = {"id": UUID(int=1), "name": "Door", "manifest_digest": None, "nation": None, "elsewhere": None}
    for missing in ((), ("nation", "elsewhere"), ("manifest_digest", "nation", "elsewhere")):
        older = {name: value for name, value in row.items() if name not in missing}
        last = Last(UUID(int=2), 1, salt, chain.commit(salt, "channels", older))
        assert _is_as_logged(last, "channels", row)
        assert not _is_as_logged(last, "channels", row | {"elsewhere": "Nowhere."})
