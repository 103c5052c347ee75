"""The bank holidays of a channel's nation count in the clocks of every case that comes through it, whichever way it came."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from app.crypto.receipts import new_receipt
from tests.builders import conversations, intake, sealed
from tests.builders.cases import OpenFile
from tests.conftest import CHANNEL, Clock, Service

HOGMANAY = datetime(2026, 12, 31, 9, tzinfo=UTC)
"""A Thursday: of the three working days after it, Scotland keeps 4 January, in place of Saturday the 2nd, as a holiday."""
ADMINISTRATORS = ("administrator", "case_officer", "other_case_officer", "representative", "auditor")


async def by_page(service: Service) -> OpenFile:
    sent = await intake.submitted(service.client())
    return await conversations.case_of(service, sent["reference"])


async def by_client(service: Service) -> OpenFile:
    return await sealed.taken(service, await sealed.sealed_body(service, new_receipt()))


async def by_representative(service: Service) -> OpenFile:
    sent = await intake.submitted_for_many(service.actors.representative)
    return await conversations.case_of(service, sent["reference"])


async def by_post(service: Service) -> OpenFile:
    body = intake.a_grievance() | {"relay": {"how": "post"}, "received_on": "2026-12-31"}
    url = f"/v1/channels/{CHANNEL}/relayed-grievances"
    sent = intake.created(await service.actors.case_officer.post(url, json=body))
    return await conversations.case_of(service, sent["reference"])


@pytest.mark.parametrize("way", [by_page, by_client, by_representative, by_post])
@pytest.mark.parametrize(("nation", "due_on"), [(None, "2027-01-06"), ("SCT", "2027-01-07")])
async def test_working_days_are_those_of_the_channels_nation(
    service: Service,
    actors: SimpleNamespace,
    clock: Clock,
    way: Callable[[Service], Awaitable[OpenFile]],
    nation: str | None,
    due_on: str,
) -> None:
    clock.set(HOGMANAY)
    for name in ADMINISTRATORS:
        await getattr(actors, name).sign_in()
    if nation is not None:
        answer = await actors.administrator.patch(
            f"/v1/channels/{CHANNEL}", json={"nation": nation}, headers={"If-Match": '"1"'}
        )
        assert answer.status_code == 200, answer.text
    case = await way(service)
    duties = (await actors.case_officer.get(f"{case.url}/duties")).json()["duties"]
    assert {one["kind"]: one["due_on"] for one in duties}["acknowledge_personally"] == due_on
    await service.runtime.background.settled()
    assert await conversations.faults(service) == []
