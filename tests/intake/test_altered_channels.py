"""Whoever writes to the database makes themselves neither custodian nor case officer of a channel by it."""

from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, insert, select, update

from app.crypto import hpke
from app.custody.models import Custodian
from app.intake.models import Channel, ChannelOfficer
from app.kernel.db import table_of
from app.kernel.ids import new_id
from tests.builders import intake
from tests.builders.intake import a_collective_grievance, a_grievance, grievances_of
from tests.builders.reports import slug_of
from tests.conftest import CHANNEL, Service

CHANNELS, OFFICERS, CUSTODIANS = table_of(Channel), table_of(ChannelOfficer), table_of(Custodian)


async def _exchange_a_key(session: Any, _actors: SimpleNamespace) -> None:  # noqa: ANN401 a session
    one = (await session.execute(select(CUSTODIANS.c.id).limit(1))).scalar_one()
    key = hpke.public_key(hpke.new_seed())
    await session.execute(update(CUSTODIANS).where(CUSTODIANS.c.id == one).values(public_key=key))


async def _let_one_custodian_do(session: Any, _actors: SimpleNamespace) -> None:  # noqa: ANN401
    await session.execute(update(CHANNELS).values(threshold=1))


async def _remove_a_custodian(session: Any, _actors: SimpleNamespace) -> None:  # noqa: ANN401
    one = (await session.execute(select(CUSTODIANS.c.id).limit(1))).scalar_one()
    await session.execute(delete(CUSTODIANS).where(CUSTODIANS.c.id == one))


async def _add_an_officer(session: Any, actors: SimpleNamespace) -> None:  # noqa: ANN401
    row: dict[str, Any] = dict((await session.execute(select(OFFICERS).limit(1))).mappings().one())
    added = {**row, "id": new_id(), "account_id": actors.third_case_officer.account_id}
    await session.execute(insert(OFFICERS), [added])


async def _exchange_addresses(session: Any, actors: SimpleNamespace) -> None:  # noqa: ANN401
    """An accomplice's own channel takes the address of the one that people know."""
    row: dict[str, Any] = dict((await session.execute(select(CHANNELS))).mappings().one())
    await session.execute(update(CHANNELS).values(slug="elsewhere"))
    await session.execute(insert(CHANNELS), [{**row, "id": new_id(), "slug": CHANNEL}])


@pytest.mark.parametrize(
    "attack",
    [_exchange_a_key, _let_one_custodian_do, _remove_a_custodian, _add_an_officer, _exchange_addresses],
    ids=lambda one: one.__name__,
)
async def test_nothing_is_sealed_to_keys_that_the_service_did_not_write_down(
    service: Service,
    anonymous: httpx.AsyncClient,
    actors: SimpleNamespace,
    attack: Any,  # noqa: ANN401
) -> None:
    async with service.runtime.database.session(write=True) as session:
        await attack(session, actors)
        await session.execute(update(CHANNELS).values(version=CHANNELS.c.version + 1))
    many = a_collective_grievance(2)
    for answer in (
        await anonymous.post(grievances_of(), json=a_grievance()),
        await actors.representative.post(intake.collective_grievances_of(), json=many),
        await anonymous.get(f"/v1/channels/{CHANNEL}"),
        await actors.administrator.patch(f"/v1/channels/{CHANNEL}", json={"name": "New"}, headers={"If-Match": '"2"'}),
    ):
        assert slug_of(answer, 503) == "channel-altered"
    async with service.runtime.database.session(write=False) as session:
        assert await intake.how_many_grievances(session) == 0


@pytest.mark.parametrize("is_open", [True, False])
async def test_the_public_page_shows_no_key_that_the_service_did_not_write_down(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace, *, is_open: bool
) -> None:
    """Whatever the process remembers of the channel: custodians compare the page with their own keys."""
    await intake.submitted(anonymous)
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(CHANNELS).values(is_open=is_open))
        await _exchange_a_key(session, actors)
    assert slug_of(await anonymous.get(f"/v1/channels/{CHANNEL}"), 503) == "channel-altered"
