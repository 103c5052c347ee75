"""Makes the rows of a new case, before the transaction and without the unit of work: every grievance waits for this."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases import escrow
from app.cases.escrow import Holders
from app.cases.grants import tag_of
from app.cases.lifecycle import CaseState
from app.cases.models import Appointment, Case, CaseKeyGrant, Wall
from app.crypto import case_keys, hpke, references
from app.duties import opening as duties
from app.duties.calendar import DEFAULT_NATION, Nation
from app.duties.profiles import LawProfile
from app.kernel import clock
from app.kernel.db import insert_rows, table_of
from app.kernel.ids import new_id
from app.kernel.keyring import ServiceKeys
from app.policy.actors import Capacity

FIRST_ROW_VERSION = 1
"""The version that the unit of work gives a new row of a Versioned table."""

_CASES, _APPOINTMENTS, _GRANTS, _WALLS = (table_of(model) for model in (Case, Appointment, CaseKeyGrant, Wall))


@dataclass(frozen=True)
class Officer:
    """A case officer of the channel, who is appointed to every case that comes through it."""

    account_id: UUID
    public_key: hpke.PublicKey


@dataclass(frozen=True)
class NewCase:
    """A case that is not stored yet."""

    id: UUID
    organisation_id: UUID
    reference: str
    version: int
    received_on: date
    acknowledge_by: date
    feedback_by: date
    officers: tuple[UUID, ...]
    """The accounts that are appointed to it."""
    rows: tuple[tuple[Table, list[dict[str, Any]]], ...] = field(repr=False)


@dataclass(frozen=True)
class Grant:
    """The key of a new case, granted to one of its officers: by the service, or by the client of whoever reports."""

    account_id: UUID
    sealed_key: bytes


@dataclass(frozen=True)
class Origin:
    """The channel that a case comes through: whose law and whose bank holidays set its clocks."""

    organisation_id: UUID
    channel_id: UUID
    law_profile: LawProfile
    nation: Nation = DEFAULT_NATION


def prepare(
    origin: Origin,
    officers: Iterable[Officer],
    holders: Holders,
    received_on: date,
    service_keys: ServiceKeys,
    representative_id: UUID | None = None,
) -> tuple[NewCase, bytes]:
    """Return a new case in state received, and its fresh key: granted to each of its officers, who are appointed, and dealt.

    The key is stored nowhere but in the grants and, shared among `holders`, in the escrow.
    A representative who is an officer of the channel too is not appointed to the case of their own grievance.
    It touches no database; its sealing costs half a millisecond for each officer and custodian.

    Raises:
        ValueError: there is no officer, so that nobody could ever open the case.

    """
    case_id, key, version = new_id(), case_keys.new_case_key(), case_keys.FIRST_VERSION
    grants = []
    for officer in officers:
        if officer.account_id == representative_id:
            continue
        place = (version, origin.organisation_id, case_id, officer.account_id)
        grants.append(Grant(officer.account_id, case_keys.seal_grant(key, *place, officer.public_key)))
    opened = adopt(origin, case_id, grants, received_on, service_keys, representative_id)
    dealt = escrow.deal(key, version, origin.organisation_id, case_id, holders, service_keys)
    return replace(opened, rows=(*opened.rows, *dealt)), key


def adopt(
    origin: Origin,
    case_id: UUID,
    grants: Sequence[Grant],
    received_on: date,
    service_keys: ServiceKeys,
    representative_id: UUID | None = None,
) -> NewCase:
    """Return a new case whose key somebody else made and granted: the service never has it, and so deals it to nobody yet.

    Raises:
        ValueError: there is no grant, so that nobody could ever open the case.

    """
    if not grants:
        raise ValueError("a case needs an officer who can open it")
    version, reference = case_keys.FIRST_VERSION, references.new_reference()
    organisation_id = origin.organisation_id
    owed = duties.rows(organisation_id, case_id, origin.law_profile, received_on, origin.nation)
    acknowledge_by, feedback_by = duties.due_days(owed[1])
    case = {
        "organisation_id": organisation_id,
        "id": case_id,
        "channel_id": origin.channel_id,
        "representative_id": representative_id,
        "reference": reference,
        "state": CaseState.RECEIVED.value,
        "law_profile": origin.law_profile.value,
        "procedure": None,
        "key_version": version,
        "received_on": received_on,
        "acknowledge_by": acknowledge_by,
        "acknowledged_on": None,
        "feedback_by": feedback_by,
        "closed_on": None,
        "title_sealed": None,
        "version": FIRST_ROW_VERSION,
    }
    appointments: list[dict[str, Any]] = []
    granted: list[dict[str, Any]] = []
    for grant in grants:
        of_officer = {
            "organisation_id": organisation_id,
            "id": new_id(),
            "case_id": case_id,
            "account_id": grant.account_id,
        }
        as_officer = {"capacity": Capacity.CASE_OFFICER.value, "appointed_on": clock.today(), "ended_on": None}
        appointments.append(of_officer | as_officer)
        tag = tag_of(service_keys, version, organisation_id, case_id, grant.account_id, grant.sealed_key)
        key = {"key_version": version, "sealed_key": grant.sealed_key, "tag": tag}
        granted.append(of_officer | {"id": new_id()} | key)
    rows = ((_CASES, [case]), (_APPOINTMENTS, appointments), (_GRANTS, granted), owed)
    officers = tuple(grant.account_id for grant in grants)
    return NewCase(
        case_id, organisation_id, reference, version, received_on, acknowledge_by, feedback_by, officers, rows
    )


def walled_off(new_case: NewCase, account_ids: Iterable[UUID]) -> NewCase:
    """Return the case with a wall before each of those accounts, raised by whoever raised the grievance.

    The walls are stored with the case, so that there is no moment in which one of the accounts could see it.

    Raises:
        ValueError: one of them is appointed to it, so that it would have the key.

    """
    barred = sorted(account_ids)
    if not barred:
        return new_case
    rows = dict(new_case.rows)
    if {row["account_id"] for table in (_APPOINTMENTS, _GRANTS) for row in rows[table]} & set(barred):
        raise ValueError("who is barred must not have the key")
    of_case = {"organisation_id": new_case.organisation_id, "case_id": new_case.id}
    raised = {"raised_by": None, "raised_on": clock.today(), "reason_sealed": None}
    walls = [of_case | {"id": new_id(), "account_id": one} | raised for one in barred]
    return replace(new_case, rows=(*new_case.rows, (_WALLS, walls)))


async def store(session: AsyncSession, new_case: NewCase) -> list[tuple[str, dict[str, Any]]]:
    """Insert the rows of a new case; return each as (table, columns), as `audit.log.append` takes them."""
    await insert_rows(session, new_case.rows)
    return [(table.name, columns) for table, rows in new_case.rows for columns in rows]
