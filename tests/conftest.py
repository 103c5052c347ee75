"""What every test over HTTP stands on: a deployment per database, its actors, a frozen clock.

A deployment is made once per worker: migrated, with an organisation, an account for each kind of actor and one open
channel. Before each test its tables are put back to that state, so that a test may commit what it likes.
"""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, insert, make_url, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from app import setup
from app.accounts import service as accounts
from app.crypto import hpke
from app.kernel import clock as kernel_clock
from app.kernel.db import Base
from app.kernel.runtime import Runtime
from app.kernel.sealed import OpenKeys, open_keys
from app.kernel.settings import Settings
from app.main import create_app
from app.policy.actors import Role

FROZEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MADE_AT = FROZEN - timedelta(minutes=2)
ORGANISATION = "Northmoor Council"
CHANNEL = "children-services"
PASSWORD = "a long enough passphrase for tests"
CAST: dict[str, list[Role]] = {
    "administrator": [Role.ADMINISTRATOR],
    "case_officer": [Role.CASE_OFFICER],
    "other_case_officer": [Role.CASE_OFFICER],
    "third_case_officer": [Role.CASE_OFFICER],
    "investigator": [Role.INVESTIGATOR],
    "assistant": [Role.INVESTIGATOR],
    "other_investigator": [Role.INVESTIGATOR],
    "reviewer": [Role.REVIEWER],
    "other_reviewer": [Role.REVIEWER],
    "representative": [Role.REPRESENTATIVE],
    "other_representative": [Role.REPRESENTATIVE],
    "hr": [Role.HR],
    "leadership": [Role.LEADERSHIP],
    "panel": [Role.PANEL],
    "staff": [Role.STAFF],
    "auditor": [Role.AUDITOR],
    "custodian": [Role.CUSTODIAN],
    "second_custodian": [Role.CUSTODIAN],
    "third_custodian": [Role.CUSTODIAN],
}


class Clock:
    """The clock of the process: frozen, moved by the test alone."""

    def __init__(self) -> None:
        """Start at FROZEN."""
        self.at = FROZEN

    def set(self, at: datetime) -> None:
        """Make it that instant."""
        self.at = at

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.at += by


class Actor(httpx.AsyncClient):
    """Somebody with an account, signed in."""

    account_id: UUID
    username: str
    password: str
    totp_secret: str
    refresh_token: str

    async def sign_in(self) -> None:
        """Sign in (again): the headers are those of the new session."""
        code = pyotp.TOTP(self.totp_secret).at(kernel_clock.now())
        body = {"username": self.username, "password": self.password, "totp_code": code}
        answer = await self.post("/v1/auth/token", json=body)
        assert answer.status_code == 200, answer.text
        self.take(answer.json())

    def take(self, tokens: dict[str, Any]) -> None:
        """Use these tokens from now on."""
        self.refresh_token = tokens["refresh_token"]
        self.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        self.headers["X-Unlock"] = tokens["unlock_secret"]


@dataclass
class Service:
    """A running service in this process."""

    app: FastAPI
    runtime: Runtime
    folder: Path
    actors: SimpleNamespace
    custodian_seeds: Sequence[bytes]

    def client(self) -> httpx.AsyncClient:
        """Return a client that is nobody."""
        return _client(self.app)


@dataclass
class EmptyService:
    """A service as after its first start."""

    client: httpx.AsyncClient
    one_time_password: str
    runtime: Runtime
    app: FastAPI


def _client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000")


def _settings(folder: Path, url: str | None) -> Settings:
    return Settings(
        data_folder=folder,
        database_url=url,  # type: ignore[arg-type]
        password_memory_kib=19_456,
        password_iterations=2,
        slow_queue=200,
        intake_per_minute=1_000_000,
        inbox_per_minute=1_000_000,
        public_per_minute=1_000_000,
        slow_lane_per_minute=1_000_000,
        organisation_name=ORGANISATION,
    )


DATABASES = ["sqlite", *(["postgresql"] if "TEST_DATABASE_URL" in os.environ else [])]


async def _fresh_database(kind: str) -> tuple[str | None, str | None]:
    """Return (address, name) of an empty PostgreSQL database, or (None, None) where SQLite in the folder is meant."""
    if kind == "sqlite":
        return None, None
    server = os.environ["TEST_DATABASE_URL"]
    name = f"candour_{uuid4().hex}"
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False), name


async def _drop(name: str | None) -> None:
    if name is None:
        return
    engine = create_async_engine(os.environ["TEST_DATABASE_URL"], isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def frozen_clock() -> Iterator[Clock]:
    """The process's clock, from the first fixture on."""
    the_clock = Clock()
    kernel_clock.replace(lambda: the_clock.at)
    yield the_clock
    kernel_clock.replace(None)


@pytest.fixture
def clock(frozen_clock: Clock) -> Iterator[Clock]:
    """The clock, at FROZEN; put back afterwards."""
    frozen_clock.set(FROZEN)
    yield frozen_clock
    frozen_clock.set(FROZEN)


@pytest.fixture(scope="session", params=DATABASES)
async def deployment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, frozen_clock: Clock
) -> AsyncIterator[tuple[Service, dict[str, list[dict[str, Any]]]]]:
    """A service with its cast and a channel, and the rows of that state."""
    folder = tmp_path_factory.mktemp(request.param) / "data"
    url, name = await _fresh_database(request.param)
    frozen_clock.set(MADE_AT)
    settings = _settings(folder, url)
    setup.prepare_folder(settings)
    setup.make_keys(settings)
    await asyncio.to_thread(setup.migrate, settings)
    app = create_app(settings)
    runtime: Runtime = app.state.runtime
    actors = await _make_cast(app, runtime)
    seeds = tuple(hpke.new_seed() for _ in range(3))
    await _open_channel(actors, seeds)
    rows = await _snapshot(runtime)
    frozen_clock.set(FROZEN)
    yield Service(app, runtime, folder, actors, seeds), rows
    await runtime.close()
    await _drop(name)


async def _make_cast(app: FastAPI, runtime: Runtime) -> SimpleNamespace:
    token = open_keys.set(OpenKeys(runtime.keys))
    async with runtime.database.session(write=True) as session:
        organisation = await accounts.found_organisation(session, ORGANISATION)
        invited = {
            name: await accounts.invite(
                session, runtime.keys, organisation.id, name, name.replace("_", " ").title(), roles
            )
            for name, roles in CAST.items()
        }
    open_keys.reset(token)
    return SimpleNamespace(
        **{name: await _enrol(app, name, account.id, password) for name, (account, password) in invited.items()}
    )


async def _enrol(app: FastAPI, username: str, account_id: UUID, one_time_password: str) -> Actor:
    actor = Actor(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000")
    actor.account_id, actor.username, actor.password = account_id, username, PASSWORD
    body = {"username": username, "one_time_password": one_time_password, "password": PASSWORD}
    answer = await actor.post("/v1/auth/activation", json=body)
    assert answer.status_code == 200, answer.text
    actor.totp_secret = answer.json()["totp_secret"]
    await actor.sign_in()
    return actor


async def _open_channel(actors: SimpleNamespace, seeds: Sequence[bytes]) -> None:
    custodians = (actors.custodian, actors.second_custodian, actors.third_custodian)
    body = {
        "slug": CHANNEL,
        "name": "Children's services",
        "procedure_text": "Whistleblowing procedure of Northmoor Council.",
        "law_profile": "uk_pida",
        "threshold": 2,
        "custodians": [
            {
                "account_id": str(custodian.account_id),
                "label": custodian.username,
                "public_key": base64.b64encode(hpke.public_key(seed)).decode(),
            }
            for custodian, seed in zip(custodians, seeds, strict=True)
        ],
        "case_officers": [str(actors.case_officer.account_id), str(actors.other_case_officer.account_id)],
    }
    answer = await actors.administrator.post("/v1/channels", json=body)
    assert answer.status_code == 201, answer.text


async def _snapshot(runtime: Runtime) -> dict[str, list[dict[str, Any]]]:
    async with runtime.database.session(write=False) as session:
        return {
            table.name: [dict(row) for row in (await session.execute(select(table))).mappings()]
            for table in Base.metadata.sorted_tables
        }


async def _put_back(runtime: Runtime, rows: dict[str, list[dict[str, Any]]]) -> None:
    await runtime.background.settled()
    async with runtime.database.session(write=True) as session:
        for table in reversed(Base.metadata.sorted_tables):
            await session.execute(delete(table))
        for table in Base.metadata.sorted_tables:
            if rows[table.name]:
                await session.execute(insert(table), rows[table.name])


@pytest.fixture
async def service(deployment: tuple[Service, dict[str, list[dict[str, Any]]]], clock: Clock) -> AsyncIterator[Service]:
    """The service in its first state: cast and channel, no case."""
    running, rows = deployment
    await _put_back(running.runtime, rows)
    known = {name: (one.headers.copy(), one.password, one.totp_secret) for name, one in vars(running.actors).items()}
    yield running
    for name, actor in vars(running.actors).items():
        actor.headers, actor.password, actor.totp_secret = known[name]


@pytest.fixture
async def anonymous(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without an account."""
    async with service.client() as client:
        yield client


@pytest.fixture
def actors(service: Service) -> SimpleNamespace:
    """The cast, by name."""
    return service.actors


@pytest.fixture
def channel(service: Service) -> str:
    """The slug of the open channel."""
    return CHANNEL


@pytest.fixture
def custodian_seeds(service: Service) -> Sequence[bytes]:
    """The private seeds of the channel's three custodians, in the order of their accounts in the cast."""
    return service.custodian_seeds


@pytest.fixture(params=DATABASES)
async def empty_service(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[EmptyService]:
    """A service of its own, as after its first start."""
    url, name = await _fresh_database(request.param)
    settings = _settings(tmp_path / "data", url)
    invitation = await asyncio.to_thread(setup.set_up, settings)
    assert invitation is not None
    app = create_app(settings)
    runtime: Runtime = app.state.runtime
    async with _client(app) as client:
        yield EmptyService(client, invitation.one_time_password, runtime, app)
    await runtime.close()
    await _drop(name)
