"""Case keys as tests want them: what somebody holds, what stands in the database, and what opens with what."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select, update

from app.accounts import secrets, tokens
from app.accounts.models import Session
from app.accounts.sessions import AUDIENCE
from app.cases import resealing
from app.cases.models import Case, CaseKeyGrant
from app.crypto import case_keys, fields, hpke
from app.crypto.contexts import encode
from app.crypto.errors import SealBroken
from app.intake.models import Grievance
from app.intake.turning import _tables
from app.kernel import clock
from app.kernel.db import Base, table_of
from tests.builders.cases import OpenFile
from tests.conftest import Actor, Service

GRIEVANCES = table_of(Grievance)


async def private_key(service: Service, somebody: Actor) -> hpke.PrivateKey:
    """Return the private key of somebody, which their unlock secret opens."""
    claims = tokens.verify(
        service.app.state.token_keys,
        somebody.headers["Authorization"].removeprefix("Bearer "),
        now=clock.now(),
        issuer=str(service.runtime.settings.public_url),
        audience=AUDIENCE,
    )
    async with service.runtime.database.session(write=False) as session:
        sealed = (await session.scalars(select(Session.sealed_seed).where(Session.id == claims.session_id))).one()
    unlock = somebody.headers["X-Unlock"]
    assert sealed is not None
    return hpke.PrivateKey(secrets.open_session_key(unlock, sealed, claims.session_id, somebody.account_id))


async def keys_of(service: Service, somebody: Actor, case: OpenFile) -> dict[int, bytes]:
    """Return every version of the case key that somebody has a grant of."""
    private = await private_key(service, somebody)
    async with service.runtime.database.session(write=False) as session:
        grants = (await session.scalars(grants_of(case).where(CaseKeyGrant.account_id == somebody.account_id))).all()
    return {
        one.key_version: case_keys.open_grant(
            private, one.sealed_key, one.key_version, case.organisation_id, case.id, somebody.account_id
        )
        for one in grants
    }


def grants_of(case: OpenFile) -> Any:  # noqa: ANN401 a statement
    """Return the statement of all grants of a case."""
    return select(CaseKeyGrant).where(CaseKeyGrant.case_id == case.id)


async def granted_versions(service: Service, case: OpenFile) -> set[int]:
    """Return of which versions anybody has a grant."""
    async with service.runtime.database.session(write=False) as session:
        return {one.key_version for one in (await session.scalars(grants_of(case))).all()}


async def values_of(service: Service, case: OpenFile) -> list[tuple[str, str, UUID, bytes]]:
    """Return every value under the case key as (table, column, row, ciphertext): what a thief of the database has.

    Found by what the columns say of themselves, not by what the service looks at.
    """
    found = []
    async with service.runtime.database.session(write=False) as session:
        for table in Base.metadata.sorted_tables:
            names = [
                column.name
                for column in table.columns
                if column.info.get("sealed") == "under the key of case_id" or str(column) == "cases.title_sealed"
            ]
            if names:
                of_case = table.c.id if table is table_of(Case) else table.c.case_id
                for row in (await session.execute(select(table).where(of_case == case.id))).mappings():
                    found += [(table.name, name, row["id"], row[name]) for name in names if row[name] is not None]
    return found


async def texts_of(service: Service, grievance: UUID) -> list[tuple[str, str, UUID, bytes]]:
    """Return every text of a conversation as the database has it."""
    found = []
    async with service.runtime.database.session(write=False) as session:
        for one in _tables():
            rows = select(one.table).where(one.table.c[one.scope] == grievance)
            for row in (await session.execute(rows)).mappings():
                names = [name for name in one.names() if row[name] is not None]
                found += [(one.table.name, name, row["id"], row[name]) for name in names]
    return found


async def grievances(service: Service, case: OpenFile) -> list[Mapping[str, Any]]:
    """Return the rows of the case's grievances."""
    async with service.runtime.database.session(write=False) as session:
        rows = await session.execute(select(GRIEVANCES).where(GRIEVANCES.c.case_id == case.id))
        return [dict(row) for row in rows.mappings()]


def what_opens(
    case: OpenFile, values: Iterable[tuple[str, str, UUID, bytes]], held: Mapping[int, bytes], scope: UUID | None = None
) -> list[str]:
    """Return which of the values open to who holds those keys, whatever version the values say they are under."""
    opened = []
    for table, column, row, sealed in values:
        for version, key in held.items():
            name = column.removesuffix("_sealed")
            context = encode("field", case.organisation_id, scope or case.id, table, name, row, version)
            try:
                fields.open_(key, context, sealed[4:])
            except SealBroken:
                continue
            opened.append(f"{table}.{column}")
    return opened


def work_with(service: Service, somebody: Actor, case: OpenFile, held: Mapping[int, bytes]) -> AsyncGenerator[None]:
    """Return the sealing anew of a case, to be done batch by batch."""
    runtime = service.runtime
    process = resealing.Process(runtime.database, runtime.keys, runtime.slow)
    work = resealing.Work(case.organisation_id, case.id, held, somebody.account_id)
    return resealing.batches(process, service.app.state.sealed_parts, work)


async def progress(somebody: httpx.AsyncClient, case: OpenFile) -> dict[str, Any]:
    """Return how far a case is."""
    answer = await somebody.get(f"{case.url}/key")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def lose_the_grant(service: Service, somebody: Actor) -> None:
    """As if the password had been lost and the account begun anew: nothing that it has opens the case."""
    sealed = hpke.seal(hpke.public_key(hpke.new_seed()), bytes(32), b"")
    of_somebody = CaseKeyGrant.account_id == somebody.account_id
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(CaseKeyGrant).where(of_somebody).values(sealed_key=sealed))
