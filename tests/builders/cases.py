"""Case files as tests want them: opened below intake, then worked over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select

from app.accounts.models import Account
from app.audit import log
from app.audit.models import AuditEvent
from app.audit.verify import Fault, verify
from app.cases import opening
from app.cases.escrow import Holders
from app.crypto import hpke
from app.intake import doors
from app.kernel import clock
from app.kernel.db import read_one_moment
from app.kernel.sealed import OpenKeys, open_keys
from tests.conftest import CHANNEL, Actor, Service

TRIAGE = {
    "likelihood": "high",
    "impact": "high",
    "immediate_risk": False,
    "knowledge": "first_hand",
    "previously_reported": True,
    "procedure": "collective_grievance",
    "reason": "Many describe the same conduct at first hand.",
}
REASON = "It is within the procedure."


@dataclass(frozen=True)
class OpenFile:
    """A case as it is after intake."""

    id: UUID
    reference: str
    organisation_id: UUID
    url: str


async def an_open_file(
    service: Service,
    *,
    officers: Sequence[Actor] | None = None,
    received_on: date | None = None,
    representative: Actor | None = None,
) -> OpenFile:
    """Return a received case, its key granted to `officers`: both case officers of the cast unless named."""
    if officers is None:
        officers = (service.actors.case_officer, service.actors.other_case_officer)
    async with service.runtime.database.session(write=True) as session:
        found = await session.execute(
            select(Account.organisation_id, Account.id, Account.public_key).where(
                Account.id.in_([officer.account_id for officer in officers])
            )
        )
        accounts = found.all()
        token = open_keys.set(OpenKeys(service.runtime.keys))
        try:
            door = await doors.find(session, CHANNEL)
            new_case, _ = opening.prepare(
                door.origin,
                [opening.Officer(account.id, hpke.PublicKey(account.public_key)) for account in accounts],
                Holders(door.custodians, door.threshold),
                received_on or clock.today(),
                service.runtime.keys,
                None if representative is None else representative.account_id,
            )
            rows = await opening.store(session, new_case)
            await log.append(
                session,
                new_case.organisation_id,
                new_case.id,
                [log.Entry("grievance.submitted", rows)],
                actor_id=None,
                at=clock.start_of_day(),
                is_new=True,
            )
        finally:
            open_keys.reset(token)
    return OpenFile(new_case.id, new_case.reference, new_case.organisation_id, f"/v1/cases/{new_case.id}")


async def acknowledge(officer: httpx.AsyncClient, case: OpenFile) -> dict[str, Any]:
    """Return the status of the case, acknowledged."""
    return _body(await officer.post(f"{case.url}/acknowledgement"), 200)


async def triage(officer: httpx.AsyncClient, case: OpenFile, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 any JSON
    """Return the status of the case, triaged."""
    return _body(await officer.post(f"{case.url}/triage", json=TRIAGE | changes), 200)


async def decide(officer: httpx.AsyncClient, case: OpenFile, outcome: str = "accepted") -> dict[str, Any]:
    """Return the status of the case, decided."""
    return _body(await officer.post(f"{case.url}/decision", json={"outcome": outcome, "reason": REASON}), 200)


async def appoint(officer: httpx.AsyncClient, case: OpenFile, somebody: Actor, capacity: str) -> dict[str, Any]:
    """Return the appointment of somebody."""
    body = {"account_id": str(somebody.account_id), "capacity": capacity}
    return _body(await officer.post(f"{case.url}/appointments", json=body), 201)


async def wall_off(officer: httpx.AsyncClient, case: OpenFile, somebody: Actor) -> dict[str, Any]:
    """Return the wall that bars somebody."""
    body = {"account_id": str(somebody.account_id), "reason": "A close relative of a person named."}
    return _body(await officer.post(f"{case.url}/walls", json=body), 201)


async def read(somebody: httpx.AsyncClient, case: OpenFile) -> dict[str, Any]:
    """Return the case file as somebody sees it."""
    return _body(await somebody.get(case.url), 200)


async def an_accepted_case(service: Service) -> OpenFile:
    """Return a case that waits for its investigator."""
    case = await an_open_file(service)
    officer = service.actors.case_officer
    await acknowledge(officer, case)
    await triage(officer, case)
    await decide(officer, case)
    return case


async def an_investigation(service: Service) -> OpenFile:
    """Return a case under investigation, with its investigator, assistant and reviewer."""
    case = await an_accepted_case(service)
    officer = service.actors.case_officer
    for capacity in ("investigator", "assistant", "reviewer"):
        await appoint(officer, case, getattr(service.actors, capacity), capacity)
    return case


async def a_closed_case(service: Service) -> OpenFile:
    """Return a case that was declined and closed."""
    case = await an_open_file(service)
    officer = service.actors.case_officer
    await acknowledge(officer, case)
    await triage(officer, case)
    await decide(officer, case, "declined")
    _body(await officer.post(f"{case.url}/closure", json={"reason": REASON}), 200)
    return case


async def events_of(service: Service, case: OpenFile) -> list[str]:
    """Return the names of the events on the chain of the case, in order."""
    async with service.runtime.database.session(write=False) as session:
        statement = select(AuditEvent.event).where(AuditEvent.chain_id == case.id).order_by(AuditEvent.sequence)
        return list((await session.scalars(statement)).all())


async def faults_of(service: Service, case: OpenFile) -> list[Fault]:
    """Return what the log's verifier finds wrong with the chain of the case or its rows."""
    async with service.runtime.database.session(write=False) as session:
        await read_one_moment(session)
        return [fault for fault in (await verify(session, service.runtime.keys)).faults if fault.chain_id == case.id]


def _body(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body
