"""What a deployment of revision 0005 held is there after the upgrade, and nobody who wrote to its database gains by it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import create_async_engine

from app import setup, upgrading, worker
from app.accounts.models import Account
from app.audit.models import AuditEvent, AuditHead
from app.cases import older_duties
from app.cases.models import CaseKeyGrant
from app.intake.models import Grievance
from app.kernel.db import table_of
from app.kernel.runtime import Runtime
from app.prooflog.models import LogLeaf
from tests import conftest
from tests.builders.intake import inbox_of
from tests.builders.older import Older, put_down
from tests.builders.prooflog import SEQUENCING
from tests.conftest import Clock, EmptyService

GRANTS, GRIEVANCES, EVENTS = table_of(CaseKeyGrant), table_of(Grievance), table_of(AuditEvent)
NOT_VOUCHED = "the log does not vouch for rows of {}, which got no tag: {}"


@pytest.fixture(params=conftest.DATABASES)
async def older(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[Older]:
    """A deployment that the code of revision 0005 wrote, not upgraded yet."""
    url, name = await conftest._fresh_database(request.param)
    found = await put_down(conftest._settings(tmp_path / "data", url))
    yield found
    await found.end()
    await conftest._drop(name)


async def write(older: Older, *statements: Any) -> None:  # noqa: ANN401 statements of any kind
    """Somebody with the database's password changes it behind the service."""
    engine = create_async_engine(older.settings.effective_database_url)
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(statement)
    await engine.dispose()


async def read(older: Older, statement: Any) -> list[Any]:  # noqa: ANN401 any statement
    """Return the rows that the database holds."""
    async with older.runtime.database.session(write=False) as session:
        return list((await session.execute(statement)).all())


def grant_of(older: Older, case: str, account: str) -> Any:  # noqa: ANN401 a clause
    """Return the condition on an account's grant of a case."""
    return (GRANTS.c.case_id == older.case(case)) & (GRANTS.c.account_id == older.account(account))


async def test_a_case_that_older_code_wrote_is_read_acknowledged_and_recoverable(older: Older) -> None:
    await older.start()
    officer = await older.signed_in("case_officer")
    case = f"/v1/cases/{older.case('received')}"
    (raised,) = (await officer.get(f"{case}/grievances")).json()["items"]
    assert raised["narrative"] == older.kept["narrative"]
    assert (await officer.get(f"{case}/key")).json()["is_recoverable"] is False
    assert (await officer.post(f"{case}/acknowledgement")).status_code == 200
    assert (await officer.get(f"{case}/key")).json()["is_recoverable"] is True
    assert await older.faults() == []


async def test_a_case_that_was_acknowledged_before_the_upgrade_has_a_new_key_that_is_dealt_at_the_next_act(
    older: Older,
) -> None:
    await older.start()
    investigator = await older.signed_in("investigator")
    case = f"/v1/cases/{older.case('acknowledged')}"
    theme = {"label": "1", "title": "Records"}
    assert (await investigator.post(f"{case}/themes", json=theme)).status_code == 201
    assert (await investigator.get(f"{case}/key")).json()["is_recoverable"] is True
    assert (await investigator.post(f"{case}/themes", json={**theme, "label": "2"})).status_code == 201
    turned = select(func.count()).where(EVENTS.c.event == "case.key_turned")
    assert await read(older, turned) == [(1,)]
    assert await older.faults() == []


@pytest.mark.parametrize("name", ["received", "acknowledged", "collective"])
async def test_a_wall_turns_the_key_of_a_case_and_conversation_that_older_code_wrote(older: Older, name: str) -> None:
    await older.start()
    officer, barred = await older.signed_in("case_officer"), await older.signed_in("third_case_officer")
    case = f"/v1/cases/{older.case(name)}"
    assert (await barred.get(f"{case}/grievances")).status_code == 200
    wall = {"account_id": str(older.account("third_case_officer")), "reason": "A close relative."}
    assert (await officer.post(f"{case}/walls", json=wall)).status_code == 201
    await older.runtime.background.settled()
    key = (await officer.get(f"{case}/key")).json()
    assert (key["version"], key["is_complete"], key["is_recoverable"]) == (
        3,
        True,
        True,
    )  # the first act left the first key, and the wall the second
    assert (await barred.get(f"{case}/grievances")).status_code == 404
    (raised,) = (await officer.get(f"{case}/grievances")).json()["items"]
    assert raised["narrative"] == older.kept["narrative"]
    turned = select(GRIEVANCES.c.key_version).where(GRIEVANCES.c.case_id == older.case(name))
    assert await read(older, turned) == [(2,)]
    if receipt := older.kept["cases"][name]["receipt"]:
        async with older.client() as reporter:
            assert (await inbox_of(reporter, receipt=receipt))["narrative"] == older.kept["narrative"]
    assert await older.faults() == []


async def test_receipts_of_before_the_upgrade_open_their_inboxes(older: Older) -> None:
    await older.start()
    receipts = [case["receipt"] for case in older.kept["cases"].values() if case["receipt"]]
    assert len(receipts) == 3
    async with older.client() as reporter:
        for receipt in receipts:
            assert (await inbox_of(reporter, receipt=receipt))["narrative"] == older.kept["narrative"]


async def test_the_proof_log_takes_in_the_events_of_before_the_upgrade(older: Older) -> None:
    await older.start()
    assert await worker.run(older.runtime, SEQUENCING)
    before = select(func.count()).where(EVENTS.c.event.not_in([upgrading.DONE, older_duties.DONE]))
    leaves = select(func.count(table_of(LogLeaf).c.position))
    assert await read(older, leaves) == await read(older, before)
    assert await older.faults() == []


async def test_a_grant_that_was_altered_before_the_upgrade_opens_nothing_and_is_told(
    older: Older, caplog: pytest.LogCaptureFixture
) -> None:
    other = grant_of(older, "acknowledged", "other_case_officer")
    await write(older, update(GRANTS).where(other).values(sealed_key=b"of the writer's own making"))
    await older.start()
    assert NOT_VOUCHED.format("case_key_grants", 1) in caplog.messages
    case = f"/v1/cases/{older.case('acknowledged')}"
    assert (await (await older.signed_in("other_case_officer")).get(case)).status_code == 423
    assert (await (await older.signed_in("case_officer")).get(case)).status_code == 200
    assert await older.faults() == ["a row of case_key_grants differs from its newest event"]


async def test_a_grant_that_a_wall_took_and_somebody_put_back_before_the_upgrade_gets_no_tag(
    older: Older, caplog: pytest.LogCaptureFixture
) -> None:
    grant = {
        name: value if name == "key_version" else bytes.fromhex(value)
        for name, value in older.kept["removed_grant"].items()
    }
    ids = {name: UUID(bytes=value) for name, value in grant.items() if name not in {"key_version", "sealed_key"}}
    then = GRANTS.insert().values(grant | ids)
    await write(older, then)
    await older.start()
    assert NOT_VOUCHED.format("case_key_grants", 1) in caplog.messages
    found = select(GRANTS.c.tag).where(grant_of(older, "walled", "third_case_officer"))
    assert await read(older, found) == [(b"",)]


async def test_a_grievance_whose_reporter_was_exchanged_before_the_upgrade_does_not_turn_to_them(
    older: Older, caplog: pytest.LogCaptureFixture
) -> None:
    place = GRIEVANCES.c.case_id == older.case("received")
    await write(older, update(GRIEVANCES).where(place).values(reporter_public_key=bytes(32)))
    await older.start()
    assert NOT_VOUCHED.format("grievances", 1) in caplog.messages
    officer = await older.signed_in("case_officer")
    wall = {"account_id": str(older.account("third_case_officer")), "reason": "A close relative."}
    assert (await officer.post(f"/v1/cases/{older.case('received')}/walls", json=wall)).status_code == 201
    await older.runtime.background.settled()
    assert "who raised a grievance was altered" in caplog.messages
    assert await read(older, select(GRIEVANCES.c.key_version).where(place)) == [(1,)]


async def test_a_representative_whose_key_was_exchanged_before_the_upgrade_gets_no_conversation_under_it(
    older: Older, caplog: pytest.LogCaptureFixture
) -> None:
    accounts = table_of(Account)
    place = accounts.c.id == older.account("representative")
    await write(older, update(accounts).where(place).values(public_key=bytes(32)))
    await older.start()
    assert "an account was altered" in caplog.messages
    tag = select(GRIEVANCES.c.sender_tag).where(GRIEVANCES.c.case_id == older.case("collective"))
    assert await read(older, tag) == [(b"",)]
    assert await older.faults() == ["a row of accounts differs from its newest event"]


async def test_nothing_of_a_case_whose_log_was_altered_gets_a_tag(
    older: Older, caplog: pytest.LogCaptureFixture
) -> None:
    altered = (EVENTS.c.chain_id == older.case("acknowledged")) & (EVENTS.c.sequence == 1)
    await write(older, update(EVENTS).where(altered).values(event="nothing.happened"))
    await older.start()
    assert NOT_VOUCHED.format("case_key_grants", 4) in caplog.messages
    assert NOT_VOUCHED.format("grievances", 1) in caplog.messages
    assert (await (await older.signed_in("case_officer")).get(f"/v1/cases/{older.case('received')}")).status_code == 200


async def test_an_upgrade_that_was_killed_at_any_step_goes_on_at_the_next_start(older: Older) -> None:
    await asyncio.to_thread(setup.migrate, older.settings)
    setup.make_log_key(older.settings)
    for _ in range(3):
        runtime = Runtime.from_settings(older.settings)
        async with aclosing(upgrading.steps(runtime)) as steps:
            await anext(steps)
        await runtime.close()
    await older.start()
    assert await older.faults() == []
    assert await read(older, select(GRANTS.c.id).where(GRANTS.c.tag == b"")) == []
    assert await read(older, select(GRIEVANCES.c.id).where(GRIEVANCES.c.sender_tag == b"")) == []
    done = select(EVENTS.c.chain_id).where(EVENTS.c.event == upgrading.DONE)
    chains = [row.chain_id for row in await read(older, done)]
    assert len(chains) == len(set(chains)) == 5


async def test_a_later_start_changes_nothing_and_restores_no_tag(
    older: Older, caplog: pytest.LogCaptureFixture
) -> None:
    await older.start()
    emptied = grant_of(older, "received", "case_officer")
    await write(older, update(GRANTS).where(emptied).values(tag=b""))
    events = await read(older, select(func.count(EVENTS.c.sequence)))
    await older.start()
    assert await read(older, select(func.count(EVENTS.c.sequence))) == events
    assert await read(older, select(GRANTS.c.tag).where(emptied)) == [(b"",)]
    assert caplog.messages == []


async def test_who_removes_from_the_log_that_the_upgrade_was_done_gets_no_tag_by_another(
    older: Older, caplog: pytest.LogCaptureFixture
) -> None:
    await older.start()
    (organisation,) = (await read(older, select(EVENTS.c.organisation_id).distinct()))[0]
    emptied = grant_of(older, "received", "case_officer")
    said = (EVENTS.c.chain_id == organisation) & (EVENTS.c.event == upgrading.DONE)
    await write(older, update(GRANTS).where(emptied).values(tag=b""), delete(EVENTS).where(said))
    await older.start()
    assert await read(older, select(GRANTS.c.tag).where(emptied)) == [(b"",)]
    assert caplog.messages == ["the log of an organisation was altered, so that no row of older revisions got its tag"]


async def test_a_fresh_deployment_waits_for_no_tag(empty_service: EmptyService) -> None:
    database, counted = empty_service.runtime.database, select(func.sum(AuditHead.sequence))
    async with database.session(write=False) as session:
        before = await session.scalar(counted)
    await asyncio.to_thread(setup.set_up, empty_service.runtime.settings)
    async with database.session(write=False) as session:
        assert await session.scalar(counted) == before
