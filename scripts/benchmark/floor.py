"""What the service is compared with: the bare framework over the bare driver, in a process like the service's.

Usage: python -m scripts.benchmark.floor starlette|fastapi PORT FOLDER

FOLDER holds floor.json, which says what to serve (see `Script`).
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import uvicorn
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import models
from app.accounts.models import Account
from app.audit import chain
from app.crypto import hpke, identity
from app.custody.models import Custodian
from app.intake.models import Channel, ChannelOfficer
from app.kernel.db import Base, Database
from app.kernel.key_providers import key_files
from app.kernel.keyring import ServiceKeys
from app.kernel.settings import Settings
from scripts.benchmark import floor_reads
from scripts.benchmark.floor_intake import IntakeFloor, Keys, Specimen, look_at_door
from scripts.benchmark.play import CHANNEL
from scripts.benchmark.stores import Act, Put, Store, store_of

HOST = "127.0.0.1"
CREATED = 201
NOT_MODIFIED = 304
__all__ = ["Script", "models"]


@dataclass(frozen=True)
class Script:
    """What the floors serve, as the play left it."""

    organisation_id: str
    specimen_case_id: str
    busy_account_id: str
    release_id: str
    release: str
    release_type: str

    def write(self, folder: Path) -> None:
        """Write it where the floors look."""
        (folder / "floor.json").write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> "Script":
        """Return what was written."""
        return cls(**json.loads((folder / "floor.json").read_text()))


class Floor:
    """The routes of the floor, over one store."""

    def __init__(self, script: Script, settings: Settings) -> None:
        """Read once what does not change from request to request."""
        self.script, self.settings = script, settings
        self.organisation_id = UUID(script.organisation_id)
        self.release = script.release.encode()
        self.store: Store = store_of(settings)
        service_keys = ServiceKeys.from_files(key_files(settings))
        _, names_key = service_keys.for_organisation(self.organisation_id)
        self.keys = floor_reads.ServiceSide(names_key, service_keys.peppered(chain.HEAD_KEY))
        self.pepper = service_keys.peppered("benchmark")
        self.tokens = floor_reads.TokenCheck((settings.keys_folder / "tokens-1.pem").read_bytes())
        self.selects = floor_reads.selections(Base.metadata.sorted_tables)

    async def open(self) -> None:
        """Connect, and take the specimen of a grievance."""
        database = Database(self.settings.effective_database_url, 1)
        async with database.session(write=False) as session:
            specimen = await Specimen.read(session, UUID(self.script.specimen_case_id))
            keys = await _keys_of(session, specimen.of("grievances")[0]["channel_id"])
        await database.close()
        self.intake = IntakeFloor(specimen, keys, self.settings.erasure_folder, self.pepper)
        await self.store.open()

    async def submit(self, request: Request) -> Response:
        """Store a grievance whose keys the client made."""
        lookup, public_key = self.intake.keys_of_client(await request.body())
        return await self._store(lookup, public_key, None, audited=True)

    async def submit_without_log(self, request: Request) -> Response:
        """Store the same without its log, to know what the log costs."""
        lookup, public_key = self.intake.keys_of_client(await request.body())
        return await self._store(lookup, public_key, None, audited=False)

    async def submit_for_receipt(self, request: Request) -> Response:
        """Store a grievance and answer with the receipt that was made for it."""
        json.loads(await request.body())
        loop = asyncio.get_running_loop()
        receipt, lookup, public_key = await loop.run_in_executor(self.intake.threads, self.intake.receipt_keys)
        return await self._store(lookup, public_key, receipt, audited=True)

    async def _store(self, lookup: bytes, public_key: bytes, receipt: str | None, *, audited: bool) -> Response:
        if not await self.store.read(lambda: look_at_door(CHANNEL)):
            return Response(status_code=503)
        made, shred_key = self.intake.make(lookup, public_key, audited=audited)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self.intake.threads, self.intake.keep_erasure_key, made, shred_key)

        def act() -> Act[None]:
            for table, rows in made:
                yield Put(self.intake.inserts[table], self.intake.values(table, rows))

        await self.store.write(act)
        case = next(rows[0] for table, rows in made if table == "cases")
        answer = {
            "reference": case["reference"],
            "receipt": receipt,
            "acknowledge_by": str(case["acknowledge_by"]),
            "feedback_by": str(case["feedback_by"]),
        }
        return _json(json.dumps(answer).encode(), CREATED)

    async def open_case(self, request: Request) -> Response:
        """Read one part of a case as its investigator."""
        caller = self.tokens.caller(request.headers)
        case_id, part = UUID(request.path_params["case_id"]), request.path_params["part"]
        unlock_secret = request.headers["x-unlock"]
        return _json(
            await self.store.write(
                lambda: floor_reads.open_case(caller, case_id, unlock_secret, part, self.keys, self.selects)
            )
        )

    async def list_cases(self, request: Request) -> Response:  # noqa: ARG002 a route
        """Read a page of the list, whoever asks."""
        account_id = UUID(self.script.busy_account_id)
        return _json(await self.store.read(lambda: floor_reads.list_cases(self.organisation_id, account_id)))

    async def list_cases_admitted(self, request: Request) -> Response:
        """Read a page of the list for a caller whose token and session are good."""
        caller = self.tokens.caller(request.headers)

        def act() -> Act[bytes]:
            yield from floor_reads.admit(caller)
            return (yield from floor_reads.list_cases(caller.organisation_id, caller.account_id))

        return _json(await self.store.read(act))

    async def read_release_admitted(self, request: Request) -> Response:
        """Read a release for a caller whose token and session are good, and whose audience it is for."""
        caller = self.tokens.caller(request.headers)
        release_id = UUID(self.script.release_id)
        return _json(await self.store.read(lambda: floor_reads.read_release(caller, release_id, self.release)))

    async def ready(self, request: Request) -> Response:  # noqa: ARG002 a route
        """Say that it is ready."""
        return _json(b"{}")

    def routes(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Return method, path and function of every route."""
        return [
            ("GET", "/readyz", self.ready),
            ("POST", "/intake", self.submit),
            ("POST", "/intake-without-log", self.submit_without_log),
            ("POST", "/intake-for-receipt", self.submit_for_receipt),
            ("GET", "/cases/{case_id}/{part}", self.open_case),
            ("GET", "/cases", self.list_cases),
            ("GET", "/cases-admitted", self.list_cases_admitted),
            ("GET", "/release-admitted", self.read_release_admitted),
        ]


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")


async def _keys_of(session: AsyncSession, channel_id: UUID) -> Keys:
    officers = select(Account.id, Account.public_key).join(ChannelOfficer, ChannelOfficer.account_id == Account.id)
    custodians = select(Custodian.account_id, Custodian.id, Custodian.public_key)
    threshold = select(Channel.threshold).where(Channel.id == channel_id)
    return Keys(
        {row.id: hpke.PublicKey(row.public_key) for row in await session.execute(officers)},
        [identity.Custodian(row.id, hpke.PublicKey(row.public_key)) for row in await session.execute(custodians)],
        (await session.execute(threshold)).scalar_one(),
    )


async def _on_starlette(floor: Floor) -> Starlette:
    await floor.open()
    return Starlette(routes=[Route(path, function, methods=[method]) for method, path, function in floor.routes()])


def _on_fastapi(script: Script) -> FastAPI:
    """Return one bare FastAPI route that answers the bytes of the release, and 304 to whoever has them."""
    app, body = FastAPI(), script.release.encode()
    content_type = script.release_type

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {}

    @app.get("/release")
    async def release(request: Request) -> Response:
        if request.headers.get("if-none-match"):
            return Response(status_code=NOT_MODIFIED)
        return Response(body, media_type=content_type)

    return app


async def serve(framework: str, port: int, folder: Path) -> None:
    """Serve until told to stop, with the settings of the service's own server."""
    script = Script.read(folder)
    app: Any = _on_fastapi(script) if framework == "fastapi" else await _on_starlette(Floor(script, Settings()))
    config = uvicorn.Config(
        app, host=HOST, port=port, log_config=None, access_log=False, server_header=False, date_header=False,
        proxy_headers=False,
    )  # fmt: skip
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
