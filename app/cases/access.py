"""The only way for a route to hold a case. It asks the rule book, opens the case key, and records every read.

An act holds the row of its case from before the rule book is asked until it is committed, so that acts on one case
happen one after another, and a wall or an ended appointment that was answered binds every act that ends after it.
"""

from functools import cache
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import Select, and_, bindparam, event, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.authentication import private_key
from app.audit import log
from app.audit.log import AuditUnavailable
from app.cases import resealing, turning
from app.cases.escrow import FindHolders
from app.cases.grants import tag_of
from app.cases.holding import hold
from app.cases.models import Appointment, Case, CaseKeyGrant, Wall
from app.crypto import case_keys, hpke
from app.crypto.errors import SealBroken
from app.kernel.db import DbSession, table_of
from app.kernel.idempotency import Replay
from app.kernel.logs import log as logger
from app.kernel.problems import Busy, InvalidInput, Locked, NotAllowed, NotFound, Problem, Unauthenticated
from app.kernel.runtime import Runtime
from app.kernel.sealed import KeyTurned, open_keys
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
    select(
        Case,
        Appointment.capacity,
        CaseKeyGrant.key_version,
        CaseKeyGrant.sealed_key,
        CaseKeyGrant.tag,
        _WALL.label("walled"),
    )
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


async def load(session: AsyncSession, staff: Staff, case_id: UUID) -> tuple[Case, CaseFacts, dict[int, bytes]]:
    """Return a case of the actor's organisation, what binds the actor to it, and their sealed grants by key version.

    A grant that the service did not write is no grant: content would be sealed under a key that somebody else chose.

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
    grants = {
        row.key_version: row.sealed_key for row in rows if row.key_version is not None and _is_ours(case, staff, row)
    }
    return case, CaseFacts(appointed=appointed, walled=rows[0].walled, represents=represents), grants


def _is_ours(case: Case, staff: Staff, grant: Any) -> bool:  # noqa: ANN401 a row
    place = (grant.key_version, case.organisation_id, case.id, staff.account_id)
    is_version = grant.key_version >= case_keys.FIRST_VERSION
    if is_version and case_keys.is_same(grant.tag, tag_of(open_keys.get().service, *place, grant.sealed_key)):
        return True
    what = "a grant of a case key was altered"
    logger.error(what, extra={"event": what, "account": str(staff.account_id)})
    return False


DOOR: tuple[type[Problem], ...] = (
    InvalidInput, Unauthenticated, NotFound, NotAllowed, Locked, KeyTurned, turning.SealedWrongly, AuditUnavailable, Busy,
)  # fmt: skip
"""What any route of a case may answer before its act begins: for `problems(*DOOR, …)`."""


class OnCase(Guard):
    """The door of a case."""

    relation = "case"

    def __init__(self, permission: Permission, *, holds: bool = False) -> None:
        """Ask for `permission` on the case of the path. `holds`: reading too keeps other acts off the case."""
        self.permission = permission
        self.holds = holds

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
            SealedWrongly: what whoever reported sealed for the actor is not the case key.

        """
        assert self.permission is not None  # noqa: S101 set by the constructor
        if request.method != "GET" or self.holds:
            await hold(session, staff.organisation_id, case_id)
        try:
            case, facts, grants = await load(session, staff, case_id)
        except NotFound as problem:
            problem.refusal = Refusal(staff, self.permission)
            raise  # who guesses at cases is in the log, and waits for that as long as for a hidden one
        refuse_unless(decide(self.permission, staff, facts, on_case=True), Refusal(staff, self.permission, case.id))
        self._open(request, staff, case, grants)
        if request.method != "GET" or len(grants) > 1:
            _reseal_afterwards(request, session, staff, case)
        try:
            await self.admit(request, session, str(staff.account_id))
        except Replay:  # the answer of before holds what the case holds
            await log.record(session, staff, "read.replayed", case_id=case.id)
            raise
        if request.method != "GET" and open_keys.get().held(case.id):
            state = request.app.state
            await turning.deal_missing(session, staff, case, state.find_holders, state.sealed_parts)
        if request.method == "GET":
            await log.record(session, staff, f"read.{request.scope['endpoint'].__name__}", case_id=case.id)
        return case

    def _open(self, request: Request, staff: Staff, case: Case, grants: dict[int, bytes]) -> None:
        """Open the present key, and of the older versions those that the account can open."""
        private = private_key(request, staff)
        if case.key_version not in grants:
            raise Locked
        for version, sealed in grants.items():
            try:
                key = case_keys.open_grant(private, sealed, version, case.organisation_id, case.id, staff.account_id)
            except SealBroken as error:
                if version == case.key_version:
                    is_for_them = hpke.is_sealed_to(private.public, sealed)
                    raise (turning.SealedWrongly if is_for_them else Locked) from error
            else:
                open_keys.get().add(case.id, version, key)


class OnLockedCase(OnCase):
    """The door of a case for who is appointed to it and may have no key that opens it."""

    def _open(self, request: Request, staff: Staff, case: Case, grants: dict[int, bytes]) -> None:
        """Open nothing."""


def _reseal_afterwards(request: Request, session: AsyncSession, staff: Staff, case: Case) -> None:
    """Once this transaction is committed, the case is sealed anew, if more than one version of its key was held then."""
    held, case_id = open_keys.get(), case.id

    @event.listens_for(session.sync_session, "after_commit", once=True)
    def _begin(_session: object) -> None:
        found = held.held(case_id)
        if len(found) > 1:
            runtime: Runtime = request.app.state.runtime
            work = resealing.Work(staff.organisation_id, case_id, found, staff.account_id)
            resealing.begin(runtime, request.app.state.sealed_parts, work)


async def _find_holders(request: Request) -> FindHolders:
    found: FindHolders = request.app.state.find_holders
    return found


HowToFindHolders = Annotated[FindHolders, Depends(_find_holders)]
"""How custodians are found to whom a case key is dealt, for routes whose act turns it."""


async def _sealed_parts(request: Request) -> tuple[resealing.Part, ...]:
    found: tuple[resealing.Part, ...] = request.app.state.sealed_parts
    return found


SealedParts = Annotated[tuple[resealing.Part, ...], Depends(_sealed_parts)]
"""All that stands under case keys, for the route that counts it."""


def on_case(permission: Permission, *, holds: bool = False) -> Any:  # noqa: ANN401 as Depends
    """Return the dependency that yields the case of the path, if the actor may do this on it."""
    return Depends(OnCase(permission, holds=holds))


def on_locked_case(permission: Permission, *, holds: bool = False) -> Any:  # noqa: ANN401 as Depends
    """Return the dependency that yields the case of the path, its key not opened, if the actor may do this on it."""
    return Depends(OnLockedCase(permission, holds=holds))
