"""The service key is turned over while the service runs: nothing is lost, forgotten or vouched for by the way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from app import rotation
from app.accounts.models import Account
from app.audit.models import AuditEvent
from app.audit.verify import verify
from app.cli import app as commands
from app.kernel.db import Base, read_one_moment, table_of
from app.kernel.keyring import SERVICE, KeyFilesUnsafe, ServiceKeys
from app.kernel.runtime import Runtime
from app.kernel.sealed import OpenKeys, SealedContentBroken, open_keys
from tests.builders.accounts import an_account
from tests.builders.whole import WholeCase, a_released_case
from tests.conftest import Actor, Clock, Service

ACCOUNTS = table_of(Account)


@pytest.fixture
async def turning(service: Service) -> AsyncIterator[Runtime]:
    """Another process over the same database and keys. The key files are put back afterwards."""
    folder, keys = service.runtime.settings.keys_folder, service.runtime.keys
    before = {path: path.read_bytes() for path in folder.iterdir()}
    runtime = Runtime.from_settings(service.runtime.settings)
    yield runtime
    await runtime.close()
    for path in set(folder.iterdir()) - before.keys():
        path.unlink()
    for path, content in before.items():
        if not path.exists():
            path.write_bytes(content)
            path.chmod(0o400)
    for version in [version for version in keys._versions if version != 1]:
        del keys._versions[version]
    keys._derived.clear()


async def turned(runtime: Runtime, **options: Any) -> rotation.Outcome:  # noqa: ANN401 of any type
    """Return what a rotation without a grace did."""
    return await rotation.rotate(runtime, lambda _: None, grace=0, **options)


async def counted(service: Service) -> dict[int, int]:
    """Return how many values are under each version."""
    async with service.runtime.database.session(write=False) as session:
        return dict(await rotation.count(session))


async def faults(service: Service) -> list[str]:
    """Return what the verifier says."""
    async with service.runtime.database.session(write=False) as session:
        await read_one_moment(session)
        return [fault.what for fault in (await verify(session, service.runtime.keys)).faults]


async def seen(actors: SimpleNamespace, case: WholeCase) -> list[Any]:
    """Return what people see of that which is under the service's key, with its ETags."""
    listed = await actors.administrator.get("/v1/accounts?limit=100")
    one = await actors.administrator.get(f"/v1/accounts/{actors.hr.account_id}")
    releases = await actors.hr.get("/v1/releases")
    release = await actors.hr.get(f"/v1/releases/{releases.json()['items'][0]['id']}")
    assert {answer.status_code for answer in (listed, one, releases, release)} == {200}
    return [listed.json(), one.json(), one.headers["ETag"], releases.json(), release.json()]


def test_every_column_under_the_service_s_key_is_found_through_the_mapping() -> None:
    found = {(one.table.name, column) for one in rotation.tier_one() for column in one.names()}
    columns = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.info.get("sealed") == "under the key of organisation_id"
    }
    assert found == columns
    assert {("accounts", "totp_secret_sealed"), ("releases", "content_sealed")} <= found


async def test_everything_is_under_the_new_key_and_a_running_process_reads_and_seals_on(
    service: Service, actors: SimpleNamespace, turning: Runtime
) -> None:
    case = await a_released_case(actors)
    before, folder = await seen(actors, case), service.runtime.settings.keys_folder
    (under_the_first,) = (await counted(service)).values()
    outcome = await turned(turning)
    assert (outcome.version, outcome.is_new, outcome.resealed, outcome.removed) == (2, True, under_the_first, [1])
    assert await counted(service) == {2: under_the_first}
    assert sorted(path.name for path in folder.glob("service-*")) == ["service-2.key"]
    assert await seen(actors, case) == before
    assert await faults(service) == []
    await an_account(actors.administrator)
    assert await counted(service) == {2: under_the_first + 2}


async def test_what_a_key_that_was_rotated_sealed_is_nowhere_in_the_database_any_more(
    service: Service, actors: SimpleNamespace, turning: Runtime
) -> None:
    await a_released_case(actors)
    stolen = OpenKeys(ServiceKeys({1: service.runtime.keys._versions[1]}, bytes(32)))
    await turned(turning)
    token = open_keys.set(stolen)
    opened = 0
    async with service.runtime.database.session(write=False) as session:
        for one in rotation.tier_one():
            for row in (await session.execute(select(one.table))).mappings():
                place = (row["organisation_id"], row["organisation_id"], row["id"])
                for column in one.columns:
                    with contextlib.suppress(SealedContentBroken):
                        opened += column.open(*place, row[column.column]) is not None
    open_keys.reset(token)
    assert opened == 0


async def test_every_row_that_was_sealed_anew_is_named_in_the_log_of_its_case_or_organisation(
    service: Service, actors: SimpleNamespace, turning: Runtime
) -> None:
    case = await a_released_case(actors)
    await turned(turning)
    async with service.runtime.database.session(write=False) as session:
        found = await session.execute(select(AuditEvent).where(AuditEvent.event == "keys.resealed"))
        named = {(str(event.chain_id), table) for event in found.scalars() for table, _, _ in event.touched}
        organisation = str((await session.execute(select(Account.organisation_id).limit(1))).scalar_one())
    assert named == {(organisation, "accounts"), (case.ids["case_id"], "releases")}


async def test_who_signs_in_after_the_turn_uses_the_same_second_factor(
    service: Service, actors: SimpleNamespace, turning: Runtime, clock: Clock
) -> None:
    await turned(turning)
    hr: Actor = actors.hr
    clock.advance(timedelta(minutes=1))
    await hr.sign_in()


async def test_a_rotation_that_was_killed_is_ended_by_the_next_without_another_key(
    service: Service, actors: SimpleNamespace, turning: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 3)
    case = await a_released_case(actors)
    before, values = await seen(actors, case), sum((await counted(service)).values())

    def killed(_: int) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await rotation.rotate(turning, killed, grace=0)
    begun = await counted(service)
    assert begun.keys() == {1, 2}
    assert (await seen(actors, case), await faults(service)) == (before, [])

    again = Runtime.from_settings(service.runtime.settings)
    outcome = await turned(again)
    assert (outcome.version, outcome.is_new, outcome.resealed, outcome.removed) == (2, False, begun[1], [1])
    assert await counted(service) == {2: values}
    assert (await seen(actors, case), await faults(service)) == (before, [])
    await again.close()


async def test_what_is_written_while_the_key_turns_is_neither_lost_nor_left_behind(
    service: Service, actors: SimpleNamespace, turning: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 2)
    names = [f"newcomer.{number}" for number in range(8)]
    outcome, *invited = await asyncio.gather(
        turned(turning), *(an_account(actors.administrator, name) for name in names)
    )
    assert outcome.removed == [1]
    assert (await counted(service)).keys() == {2}
    for one in invited:
        answer = await actors.administrator.get(f"/v1/accounts/{one['id']}")
        assert (answer.status_code, answer.json()["username"]) == (200, one["username"])
    assert await faults(service) == []


async def test_two_rotations_at_once_make_one_key(service: Service, turning: Runtime) -> None:
    other = Runtime.from_settings(service.runtime.settings)
    first, second = await asyncio.gather(turned(turning), turned(other))
    assert [first.version, second.version] == [2, 2]
    assert sorted([first.is_new, second.is_new]) == [False, True]
    assert (await counted(service)).keys() == {2}
    assert await faults(service) == []
    await other.close()


async def test_what_a_killed_process_left_of_a_key_goes_with_the_key(service: Service, turning: Runtime) -> None:
    left = service.runtime.settings.keys_folder / ".service-1.key.left"
    left.write_bytes(bytes(32))
    await turned(turning)
    assert not left.exists()


async def test_a_version_that_something_is_still_under_is_not_removed(service: Service, turning: Runtime) -> None:
    files = rotation._files_of(turning.keys)
    files.add(SERVICE, 2, bytes(range(32)))
    assert await rotation._remove_unused(turning, files, 2) == []
    assert files.versions() == [1, 2]


async def test_a_rotation_does_not_vouch_for_what_was_altered_unless_it_is_told_to(
    service: Service, actors: SimpleNamespace, turning: Runtime
) -> None:
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == actors.hr.account_id).values(totp_failures=3))
    before = await counted(service)
    with pytest.raises(rotation.LogDoesNotVerify):
        await turned(turning)
    assert await counted(service) == before
    assert rotation._files_of(turning.keys).versions() == [1]
    assert (await turned(turning, despite_faults=True)).version == 2


async def test_a_value_under_a_version_that_has_no_file_stops_the_rotation_before_it_begins(
    service: Service, actors: SimpleNamespace, turning: Runtime
) -> None:
    async with service.runtime.database.session(write=True) as session:
        one = ACCOUNTS.c.id == actors.hr.account_id
        sealed = (await session.execute(select(ACCOUNTS.c.username_sealed).where(one))).scalar_one()
        moved = (9).to_bytes(4, "big") + sealed[4:]
        await session.execute(update(ACCOUNTS).where(one).values(username_sealed=moved))
    with pytest.raises(KeyFilesUnsafe, match="no key file: 9"):
        await turned(turning, despite_faults=True)
    assert rotation._files_of(turning.keys).versions() == [1]


async def test_a_damaged_value_is_named_stays_as_it_is_and_keeps_its_version_while_all_else_is_turned(
    service: Service, actors: SimpleNamespace, turning: Runtime
) -> None:
    one = ACCOUNTS.c.id == actors.hr.account_id
    async with service.runtime.database.session(write=True) as session:
        sealed = (await session.execute(select(ACCOUNTS.c.username_sealed).where(one))).scalar_one()
        damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
        await session.execute(update(ACCOUNTS).where(one).values(username_sealed=damaged))
    before = (await counted(service))[1]
    outcome = await turned(turning, despite_faults=True)
    assert (outcome.broken, outcome.removed) == ([("accounts", actors.hr.account_id)], [])
    now = await counted(service)
    assert (now[1] + now[2], now[1]) == (before, before - outcome.resealed)
    assert rotation._files_of(turning.keys).versions() == [1, 2]
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(ACCOUNTS).where(one).values(username_sealed=sealed))
    outcome = await turned(turning)
    assert (outcome.version, outcome.is_new, outcome.broken, outcome.removed) == (2, False, [], [1])
    assert await faults(service) == []


async def test_a_version_that_cannot_be_read_seals_nothing_and_the_old_one_no_more(
    service: Service, actors: SimpleNamespace, turning: Runtime
) -> None:
    path = service.runtime.settings.keys_folder / "service-2.key"
    path.write_bytes(b"too short")
    path.chmod(0o400)
    token = open_keys.set(OpenKeys(service.runtime.keys))
    with pytest.raises(KeyFilesUnsafe, match=r"service-2\.key"):
        Account.display_name.seal(actors.hr.account_id, actors.hr.account_id, actors.hr.account_id, "x")
    open_keys.reset(token)
    assert (await actors.hr.get("/v1/me")).status_code == 200


def aim_commands_at(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands find this deployment in their environment, and give no grace."""
    settings = service.runtime.settings
    monkeypatch.setattr(rotation, "GRACE_SECONDS", 0)
    monkeypatch.setenv("CANDOUR_DATA_FOLDER", str(settings.data_folder))
    monkeypatch.delenv("CANDOUR_DATABASE_URL", raising=False)
    if settings.database_url is not None:
        monkeypatch.setenv("CANDOUR_DATABASE_URL", settings.database_url.get_secret_value())


async def test_the_commands_say_what_there_is_and_what_was_done(
    service: Service, turning: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    aim_commands_at(service, monkeypatch)
    (values,) = (await counted(service)).values()

    async def said(*arguments: str) -> str:
        told = await asyncio.to_thread(CliRunner().invoke, commands, ["keys", *arguments])
        assert told.exit_code == 0, told.output
        return " ".join(told.output.split())

    assert f"1 │ yes │ {values} │ seals" in await said("status")
    rotated = await said("rotate")
    assert f"Made version 2; {values} values were sealed anew under it." in rotated
    assert "versions that nothing is sealed under any more: 1." in rotated
    assert f"2 │ yes │ {values} │ seals" in await said("status")


async def test_the_command_refuses_what_was_altered_and_ends_with_1_where_a_value_does_not_open(
    service: Service, actors: SimpleNamespace, turning: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    aim_commands_at(service, monkeypatch)
    one = ACCOUNTS.c.id == actors.hr.account_id
    async with service.runtime.database.session(write=True) as session:
        sealed = (await session.execute(select(ACCOUNTS.c.username_sealed).where(one))).scalar_one()
        damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
        await session.execute(update(ACCOUNTS).where(one).values(username_sealed=damaged))

    async def said(*arguments: str) -> str:
        told = await asyncio.to_thread(CliRunner().invoke, commands, ["keys", "rotate", *arguments])
        assert told.exit_code == 1, told.output
        return " ".join(told.output.split())

    assert "Not rotated: the log does not verify" in await said()
    assert rotation._files_of(turning.keys).versions() == [1]
    assert f"accounts {actors.hr.account_id}" in await said("--despite-faults")
    assert rotation._files_of(turning.keys).versions() == [1, 2]
