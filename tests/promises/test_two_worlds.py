"""The same report by two different people leaves the same behind: rows, files, logs and answers are alike but for what chance drew."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from app import setup
from app.crypto import hpke
from app.main import create_app
from tests import conftest
from tests.builders import intake
from tests.promises.process import ServiceProcess, free_port
from tests.promises.worlds import Known, Left, Somebody, answer_of, taken_of, values_of
from tests.threats import artefacts

ANN = Somebody(
    "127.0.0.2",
    (
        ("User-Agent", "canary-telephone-of-ann"), ("Accept-Language", "cy-canary"), ("Cookie", "known=canary-ann"),
        ("X-Forwarded-For", "203.0.113.77"),
    ),
    "confidential",
    {"name": "Ann Okafor"},
)  # fmt: skip
BEN = Somebody(
    "127.0.0.3",
    (
        ("Referer", "http://canary.example/ben"), ("Accept-Language", "en"), ("User-Agent", "another canary, of Ben's"),
        ("DNT", "1"), ("Forwarded", "for=198.51.100.7;by=canary"), ("From", "ben@canary.example"),
    ),
    "confidential",
    {"name": "Benjamin Aurelius Featherstonehaugh-Cholmondeley", "contact": "ben@example.org", "employee_number": "E-7"},
)  # fmt: skip
NOBODY = Somebody("127.0.0.4", (("User-Agent", "canary-nobody"),), "anonymous", None)
BROUGHT = (
    "canary", "Okafor", "Featherstonehaugh", "127.0.0.2", "127.0.0.3", "127.0.0.4", "203.0.113.77", "198.51.100.7",
    intake.HEADLINE,
)  # fmt: skip
"""What somebody brought along, or said."""


@dataclass(frozen=True)
class Worlds:
    """What is left of four worlds that began alike: two people said the same, somebody without a name did, and said more."""

    ann: Left
    ben: Left
    nobody: Left
    longer: Left


@pytest.fixture(scope="module", params=conftest.DATABASES)
async def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worlds]:
    """Copies of one and the same deployment, each of them lived in, one after the other at one address."""
    folder = tmp_path_factory.mktemp(f"worlds-{request.param}")
    url, name = await conftest._fresh_database(request.param)
    made, port, names = folder / "made", free_port(), [name]
    settings = conftest._settings(made, url)
    setup.prepare_folder(settings)
    setup.make_keys(settings)
    await asyncio.to_thread(setup.migrate, settings)
    app = create_app(settings)
    cast = await conftest._make_cast(app, app.state.runtime)
    await conftest._open_channel(cast, [hpke.new_seed() for _ in range(3)])
    await app.state.runtime.close()
    known = values_of(await artefacts.tables_of(url or artefacts.sqlite_address(made / "candour.db")))

    async def lived(somebody: Somebody, narrative: str = intake.NARRATIVE) -> Left:
        process = ServiceProcess(folder / uuid4().hex, None)
        shutil.copytree(made, process.data)
        if url is not None:
            process.database_url = await copied(url)
            names.append(make_url(process.database_url).database)
        process.port = port
        await process.start()
        try:
            return await report(process, somebody, known, narrative)
        finally:
            await process.end(signal.SIGKILL)

    async def all_lived() -> Worlds:
        longer = intake.NARRATIVE + " And again."
        return Worlds(await lived(ANN), await lived(BEN), await lived(NOBODY), await lived(NOBODY, longer))

    began, made_worlds = today(), await all_lived()
    if began != today():  # they are compared by the day: one that began on another is lived again
        made_worlds = await all_lived()
    yield made_worlds
    for one in names:
        await conftest._drop(one)


def today() -> date:
    """Return the day of the processes, whose clock runs."""
    return datetime.now(UTC).date()


async def copied(url: str) -> str:
    """Return the address of a copy of a PostgreSQL database."""
    name = f"candour_{uuid4().hex}"
    engine = create_async_engine(make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {make_url(url).database}"))
    await engine.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)


async def report(process: ServiceProcess, somebody: Somebody, known: Known, narrative: str) -> Left:
    """Report, come back twice, and leave; then the process ends."""
    left = Left()
    named = {} if somebody.identity is None else {"identity": somebody.identity}
    body = intake.a_grievance("anonymous", confidentiality=somebody.confidentiality, narrative=narrative, **named)
    async with somebody.client(process) as client:
        left.answers.append(answer_of(await client.get(f"/v1/channels/{conftest.CHANNEL}")))
        key = {"Idempotency-Key": uuid4().hex}
        sent = [await client.post(intake.grievances_of(), json=body, headers=key) for _ in "12"]
        receipt = sent[0].json()["receipt"]
        left.answers += map(answer_of, sent)
        for _ in "12":
            opened = await client.post("/v1/inbox/sessions", json={"receipt": receipt})
            token = {"Authorization": f"Bearer {opened.json()['token']}"}
            read = await client.get("/v1/inbox", headers=token)
            assert read.json()["headline"] == intake.HEADLINE
            left.answers += map(answer_of, (opened, read))
        left.answers.append(answer_of(await client.delete("/v1/inbox/sessions", headers=token)))
        left.answers.append(answer_of(await client.post("/v1/inbox/sessions", json={"receipt": "not a receipt"})))
        assert (await client.get("/metrics")).status_code == 404, "there are none that could tell"
    await process.end(signal.SIGTERM)
    return await taken_of(process, known, left)


async def test_the_same_report_by_two_people_leaves_the_same_but_for_what_chance_drew(worlds: Worlds) -> None:
    ann, ben = worlds.ann, worlds.ben
    assert ann.answers == ben.answers
    assert ann.rows == ben.rows
    assert ann.files == ben.files
    assert ann.log == ben.log
    for left in (ann, ben):
        assert [trace for trace in BROUGHT if trace.encode() in left.raw] == []
        assert sum(left.rows["grievances"].values()) == 1


async def test_nobody_can_tell_from_what_is_left_whether_a_name_was_given(worlds: Worlds) -> None:
    ann, nobody = worlds.ann, worlds.nobody
    assert ann.answers == nobody.answers
    assert ann.rows == nobody.rows
    assert ann.files == nobody.files
    assert ann.log == nobody.log


async def test_a_longer_report_would_be_seen(worlds: Worlds) -> None:
    """The comparison itself works: it sees that something else was said, by its length alone."""
    differing = {name for name, rows in worlds.nobody.rows.items() if rows != worlds.longer.rows[name]}
    assert differing == {"grievances"}
