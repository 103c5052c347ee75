"""The only way for a route to hold a case. It asks the rule book, opens the case key, and records every read.

An act holds the row of its case from before the rule book is asked until it is committed, so that acts on one case
happen one after another, and a wall or an ended appointment that was answered binds every act that ends after it.
"""

from functools import cache
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import Select, and_, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.authentication import private_key
from app.audit import log
from app.audit.log import AuditUnavailable
from app.cases import keys
from app.cases.models import Appointment, Case, CaseKeyGrant, Wall
from app.crypto.errors import SealBroken
from app.kernel.db import DbSession, table_of
from app.kernel.idempotency import Replay
from app.kernel.problems import Busy, InvalidInput, Locked, NotAllowed, NotFound, Problem, Unauthenticated
from app.kernel.sealed import open_keys
from app.policy.actors import Capacity, CaseFacts, Staff
from app.policy.guard import CurrentActor, Guard, Refusal, refuse_unless, unlock
from app.policy.permissions import Permission
from app.policy.rules import decide, may_know_of

_CASES, _APPOINTMENTS, _WALLS = table_of(Case), table_of(Appointment), table_of(Wall)
_STANDING_APPOINTMENT = and_(
    _APPOINTMENTS.c.organisation_id == _CASES.c.organisation_id,
    _APPOINTMENTS.c.case_id == _CASES.c.id,
    _APPOINTMENTS.c.account_id == bindparam("account"),
    _APPOINTMENTS.c.ended_on.is_(None),
)
_WALL = exists().where(
    _WALLS.c.organisation_id == _CASES.c.organisation_id,
    _WALLS.c.case_id == _CASES.c.id,
    _WALLS.c.account_id == bindparam("account"),
)
_CASE = (
    select(Case, Appointment.capacity, CaseKeyGrant.key_version, CaseKeyGrant.sealed_key, _WALL.label("walled"))
    .outerjoin(Appointment, _STANDING_APPOINTMENT)
    .outerjoin(
        CaseKeyGrant,
        and_(
            CaseKeyGrant.organisation_id == Case.organisation_id,
            CaseKeyGrant.case_id == Case.id,
            CaseKeyGrant.account_id == bindparam("account"),
        ),
    )
    .where(Case.organisation_id == bindparam("organisation"), Case.id == bindparam("case"))
)
_HOLD = (
    select(Case.id)
    .where(Case.organisation_id == bindparam("organisation"), Case.id == bindparam("case"))
    .with_for_update(key_share=True)
)
# Made once: every request on a case comes by here, and making a statement costs more than running it.


def visible_cases(staff: Staff, *columns: Any) -> Select[Any]:  # noqa: ANN401 columns or entities
    """Return the statement of the cases that the actor may know of. A test holds it equal to the rule book.

    It starts from the actor's own appointments and takes one of each case, so that ordered by `Appointment.case_id` it
    costs the same for who has three cases among a million as for who has them all.
    """
    capacities = tuple(capacity for capacity in Capacity if counts_for(staff, capacity))
    return _visible(capacities, columns).params(organisation=staff.organisation_id, account=staff.account_id)


@cache
def _visible(capacities: tuple[Capacity, ...], columns: tuple[Any, ...]) -> Select[Any]:
    """Return the statement for everybody whose appointments in these capacities count."""
    another = _APPOINTMENTS.alias()
    is_not_the_first = exists().where(
        another.c.organisation_id == _APPOINTMENTS.c.organisation_id,
        another.c.case_id == _APPOINTMENTS.c.case_id,
        another.c.account_id == _APPOINTMENTS.c.account_id,
        another.c.ended_on.is_(None),
        another.c.capacity.in_(capacities),
        another.c.capacity < _APPOINTMENTS.c.capacity,
    )
    return (
        select(*(columns or (Case,)))
        .join(_APPOINTMENTS, _STANDING_APPOINTMENT)
        .where(
            _CASES.c.organisation_id == bindparam("organisation"),
            _APPOINTMENTS.c.organisation_id == bindparam("organisation"),
            _APPOINTMENTS.c.capacity.in_(capacities),
            ~is_not_the_first,
            ~_WALL,
        )
    )


def counts_for(staff: Staff, capacity: Capacity) -> bool:
    """Whether an appointment in `capacity` alone lets the actor read the case: they must still hold its role."""
    return may_know_of(staff, CaseFacts(frozenset({capacity})))


async def hold(session: AsyncSession, organisation_id: UUID, case_id: UUID) -> None:
    """Keep other acts off the case until this transaction ends. On SQLite every transaction that writes is alone anyway.

    The lock does not stand in the way of rows that only refer to the case (KEY SHARE).
    """
    await session.execute(_HOLD, {"organisation": organisation_id, "case": case_id})


async def load(session: AsyncSession, staff: Staff, case_id: UUID) -> tuple[Case, CaseFacts, dict[int, bytes]]:
    """Return a case of the actor's organisation, what binds the actor to it, and their sealed grants by key version.

    Raises:
        NotFound: there is no such case in the organisation.

    """
    asked = {"organisation": staff.organisation_id, "account": staff.account_id, "case": case_id}
    rows = (await session.execute(_CASE, asked)).all()
    if not rows:
        raise NotFound
    case: Case = rows[0][0]
    appointed = frozenset(Capacity(row.capacity) for row in rows if row.capacity is not None)
    represents = case.representative_id == staff.account_id
    grants = {row.key_version: row.sealed_key for row in rows if row.key_version is not None}
    return case, CaseFacts(appointed=appointed, walled=rows[0].walled, represents=represents), grants


DOOR: tuple[type[Problem], ...] = (InvalidInput, Unauthenticated, NotFound, NotAllowed, Locked, AuditUnavailable, Busy)
"""What any route of a case may answer before its act begins: for `problems(*DOOR, …)`."""


class OnCase(Guard):
    """The door of a case."""

    relation = "case"

    def __init__(self, permission: Permission) -> None:
        """Ask for `permission` on the case of the path."""
        self.permission = permission

    async def __call__(
        self,
        case_id: UUID,
        request: Request,
        session: DbSession,
        staff: CurrentActor,
        _unlock: Annotated[object, Depends(unlock)],
    ) -> Case:
        """Return the case, its key open for this request, its reading recorded; that of an earlier answer too.

        Raises:
            Replay: the request was answered before. It is no failure: the transaction is committed.
            NotFound: there is no such case, or the actor may not know of it.
            NotAllowed: the actor may see the case but not do this.
            Locked: the unlock secret is missing or wrong, or the actor was never granted the case key.

        """
        assert self.permission is not None  # noqa: S101 set by the constructor
        if request.method != "GET":
            await hold(session, staff.organisation_id, case_id)
        try:
            case, facts, grants = await load(session, staff, case_id)
        except NotFound as problem:
            problem.refusal = Refusal(staff, self.permission)
            raise  # who guesses at cases is in the log, and waits for that as long as for a hidden one
        refuse_unless(decide(self.permission, staff, facts, on_case=True), Refusal(staff, self.permission, case.id))
        self._open(request, staff, case, grants)
        try:
            await self.admit(request, session, str(staff.account_id))
        except Replay:  # the answer of before holds what the case holds
            await log.record(session, staff, "read.replayed", case_id=case.id)
            raise
        if request.method == "GET":
            await log.record(session, staff, f"read.{request.scope['endpoint'].__name__}", case_id=case.id)
        return case

    @staticmethod
    def _open(request: Request, staff: Staff, case: Case, grants: dict[int, bytes]) -> None:
        private = private_key(request, staff)
        if case.key_version not in grants:
            raise Locked
        try:
            for version, sealed in grants.items():
                key = keys.open_grant(private, sealed, version, case.organisation_id, case.id, staff.account_id)
                open_keys.get().add(case.id, version, key)
        except SealBroken as error:
            raise Locked from error


def on_case(permission: Permission) -> Any:  # noqa: ANN401 as Depends
    """Return the dependency that yields the case of the path, if the actor may do this on it."""
    return Depends(OnCase(permission))
