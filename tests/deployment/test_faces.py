"""The reporters' side as a process of its own: no route for staff and no key of theirs in it, and the whole of a reporter's way."""

import asyncio
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pyotp
import pytest

from app import setup
from app.crypto import hpke
from app.kernel.keyring import KeyFilesUnsafe, KeyNotHeld
from app.kernel.runtime import Runtime
from app.kernel.settings import Settings
from app.main import create_app
from tests import conftest
from tests.builders import intake
from tests.conftest import Actor
from tests.promises.process import ServiceProcess

FOR_REPORTERS = '["reporter"]'
NEEDED = {"pepper.key", "log.pub"}
"""All that the reporters' side reads of the keys folder."""
LOOK = """
import sys
from app.main import create_app
from app.policy.guard import operations
found = operations(create_app())
assert any(one.relation == "reporter" for operation in found for one in operation.guards)
print(len([one for operation in found for one in operation.guards if one.permission is not None]))
print(sorted({"app.staff_face", "app.worker", "app.accounts.routes", "app.cases.routes", "app.learning.routes"} & set(sys.modules)))
"""


@dataclass(frozen=True)
class TwoFaces:
    """A deployment with a cast and a channel, on two folders: nothing runs yet."""

    staff: ServiceProcess
    reporter: ServiceProcess
    cast: SimpleNamespace
    is_sqlite: bool


@pytest.fixture(params=conftest.DATABASES)
async def two(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TwoFaces]:
    """Two folders: with all keys, and with what reporters need. They share the erasure keys and the database."""
    url, name = await conftest._fresh_database(request.param)
    staff = ServiceProcess(tmp_path / "staff", url, faces='["staff"]', runs_jobs="false")
    reporter = ServiceProcess(tmp_path / "reporter", url, faces=FOR_REPORTERS)
    settings = conftest._settings(staff.data, url)
    setup.prepare_folder(settings)
    setup.make_keys(settings)
    await asyncio.to_thread(setup.migrate, settings)
    app = create_app(settings)
    cast = await conftest._make_cast(app, app.state.runtime)
    await conftest._open_channel(cast, [hpke.new_seed() for _ in range(3)])
    await app.state.runtime.close()
    (reporter.data / "keys").mkdir(parents=True)
    for file in NEEDED:
        shutil.copy(staff.data / "keys" / file, reporter.data / "keys" / file)
    shared = ["erasure-keys"]
    if url is None:
        shared += ["candour.db", "candour.db-wal", "candour.db-shm"]
    for each in shared:
        (reporter.data / each).symlink_to(staff.data / each)
    if url is None:  # SQLite keeps the files beside the one that the link names
        reporter.settings["database_url"] = f"sqlite+aiosqlite:///{staff.data / 'candour.db'}"
    yield TwoFaces(staff, reporter, cast, url is None)
    for process in (staff, reporter):
        if process.process is not None:
            await process.end(signal.SIGKILL)
    await conftest._drop(name)


async def sign_in(client: httpx.AsyncClient, actor: Actor) -> None:
    """The client is signed in as somebody of the cast from now on."""
    code = pyotp.TOTP(actor.totp_secret).now()
    body = {"username": actor.username, "password": actor.password, "totp_code": code}
    tokens = (await client.post("/v1/auth/token", json=body)).json()
    client.headers.update({"Authorization": f"Bearer {tokens['access_token']}", "X-Unlock": tokens["unlock_secret"]})


async def test_without_any_key_of_the_staffs_side_a_reporter_goes_all_their_way_and_officers_read_it(
    two: TwoFaces,
) -> None:
    assert {file.name for file in (two.reporter.data / "keys").iterdir()} == NEEDED
    if not two.is_sqlite:
        await two.staff.start()
    await two.reporter.start()
    async with two.reporter.client() as anybody:
        page = await anybody.get(f"/v1/channels/{conftest.CHANNEL}")
        assert page.status_code == 200
        made = await intake.submitted(anybody)
        repeated = {"Idempotency-Key": "a-fresh-random-key-0042"}
        twice = [await anybody.post(intake.grievances_of(), json=intake.a_grievance(), headers=repeated) for _ in "12"]
        assert twice[0].json() == twice[1].json()
        opened = await intake.inbox_opened(anybody, receipt=made["receipt"])
        inbox = await anybody.get("/v1/inbox", headers=opened)
        assert inbox.json()["headline"] == intake.HEADLINE
        assert (await anybody.delete("/v1/inbox/sessions", headers=opened)).status_code == 204
        assert (await anybody.get("/v1/inbox", headers=opened)).status_code == 401
        assert (await anybody.get("/v1/cases")).status_code == 404
        assert (await anybody.post("/v1/auth/token", json={})).status_code == 404
    if two.is_sqlite:  # one process serves it
        await two.reporter.end(signal.SIGTERM)
        await two.staff.start()
    async with two.staff.client() as officer:
        await sign_in(officer, two.cast.case_officer)
        raised = await intake.raised_in(officer, made["reference"])
        assert raised["headline"] == intake.HEADLINE
        case = await intake.case_called(officer, made["reference"])
        assert (await officer.post(f"/v1/cases/{case}/acknowledgement")).status_code == 200
        assert (await officer.post(intake.grievances_of(), json=intake.a_grievance())).status_code == 404
    if two.is_sqlite:
        await two.staff.end(signal.SIGTERM)
        await two.reporter.start()
    async with two.reporter.client() as anybody:
        assert (await intake.inbox_of(anybody, receipt=made["receipt"]))["acknowledged_on"] is not None
    logged = two.reporter.log.read_text() + two.staff.log.read_text()
    assert "failed" not in logged, logged
    await two.reporter.end(signal.SIGTERM)
    pepper = two.reporter.data / "keys" / "pepper.key"
    pepper.chmod(0o600)
    pepper.write_bytes(bytes(32))
    code, said = await two.reporter.command("serve")
    assert (code, "not those that this database was written with" in said) == (1, True), said


async def test_a_channel_that_shows_its_officers_shows_numbers_where_no_key_opens_names(two: TwoFaces) -> None:
    await two.staff.start()
    async with two.staff.client() as administrator:
        await sign_in(administrator, two.cast.administrator)
        page = f"/v1/channels/{conftest.CHANNEL}"
        shows = await administrator.patch(page, json={"shows_officers": True}, headers={"If-Match": '"1"'})
        assert shows.status_code == 200, shows.text
    await two.staff.end(signal.SIGTERM)
    await two.reporter.start()
    async with two.reporter.client() as anybody:
        answer = await anybody.get(page)
        assert answer.status_code == 200, answer.text
        officers = answer.json()["officers"]
        assert [(one["number"], one["name"]) for one in officers] == [(1, None), (2, None)]
        assert (await anybody.get(f"/en/report/{conftest.CHANNEL}")).status_code == 200
        await intake.submitted(anybody, intake.a_grievance(barred=[officers[0]["id"]]))


async def test_each_face_says_how_it_is_explains_its_problems_and_holds_and_documents_its_own_routes_alone(
    two: TwoFaces,
) -> None:
    documents = []
    for process in (two.reporter, two.staff):
        await process.start()
        async with process.client() as anybody:
            for path in ("/healthz", "/readyz", "/problems", "/problems/not-found", "/docs"):
                assert (await anybody.get(path)).status_code == 200, path
            documents.append((await anybody.get("/openapi.json")).json())
        await process.end(signal.SIGTERM)
    for_reporters, for_staff = documents
    operations = [operation for path in for_reporters["paths"].values() for operation in path.values()]
    assert {operation["x-permission"] for operation in operations} == {"public", "reporter"}
    assert {one for operation in operations for used in operation.get("security", []) for one in used} == {"inbox"}
    shared = set(for_reporters["paths"]) & set(for_staff["paths"])
    assert not any(path.startswith(("/v1/inbox", "/v1/cases", "/v1/auth")) for path in shared)
    assert "/v1/cases" in for_staff["paths"]
    assert "/v1/inbox" not in for_staff["paths"]
    assert "/v1/auth" not in str(for_reporters["info"])
    looking = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LOOK, env=two.reporter.environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, failed = await looking.communicate()
    assert said.decode().split("\n")[:2] == ["0", "[]"], failed.decode()


async def test_a_face_for_reporters_makes_nothing_ready_and_says_what_it_waits_for(tmp_path: Path) -> None:
    """On an empty database, and with a pepper of another deployment, it does not start; nothing was made."""
    process = ServiceProcess(tmp_path / "reporter", None, faces=FOR_REPORTERS)
    code, said = await process.command("serve")
    assert (code, "pepper.key is missing" in said) == (1, True)
    settings = Settings(data_folder=tmp_path / "elsewhere", database_url=None)
    setup.prepare_folder(settings)
    setup.make_keys(settings)
    shutil.copytree(settings.keys_folder, process.data / "keys")
    code, said = await process.command("serve")
    assert (code, "there is no schema" in said) == (1, True), said
    await asyncio.to_thread(setup.migrate, Settings(data_folder=process.data, database_url=None))
    code, said = await process.command("serve")
    assert (code, "there is no organisation yet" in said) == (1, True), said


async def test_what_belongs_to_the_staffs_side_fails_clearly_where_its_keys_are_not_held(tmp_path: Path) -> None:
    settings = Settings(data_folder=tmp_path / "data", database_url=None)
    setup.prepare_folder(settings)
    setup.make_keys(settings)
    for file in settings.keys_folder.iterdir():
        if file.name not in NEEDED:
            file.unlink()
    runtime = Runtime.from_settings(settings, for_reporters=True)
    with pytest.raises(KeyNotHeld):
        _ = runtime.keys.active
    with pytest.raises(KeyNotHeld):
        runtime.keys.for_organisation(uuid4(), 1)
    with pytest.raises(KeyNotHeld):
        _ = runtime.log_seed
    await runtime.close()
    with pytest.raises(KeyFilesUnsafe):
        Runtime.from_settings(settings)
