"""What the database lists and what the rule book says are the same, whatever binds somebody to a case."""

from datetime import date
from itertools import chain, combinations, product
from types import SimpleNamespace
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.cases.access import load, visible_cases
from app.cases.lifecycle import CaseState
from app.cases.models import Appointment, Case, Wall
from app.crypto import case_keys
from app.duties.profiles import LawProfile
from app.kernel import clock
from app.kernel.ids import new_id
from app.kernel.sealed import OpenKeys, open_keys
from app.policy.actors import Capacity, CaseFacts, Role, Staff
from app.policy.permissions import Permission
from app.policy.rules import Allowed, decide, may_know_of
from tests.conftest import Service

NONE, STANDING, ENDED, BOTH = range(4)
STATES = (NONE, STANDING, ENDED, BOTH)
WORKING = (Role.CASE_OFFICER, Role.INVESTIGATOR, Role.REVIEWER)


async def every_case(
    session: AsyncSession, service: Service, organisation_id: UUID, account_id: UUID
) -> dict[UUID, CaseFacts]:
    """Every combination of capacities (none, standing, ended, ended and standing again) and walls, and a stranger's noise."""
    made: dict[UUID, CaseFacts] = {}
    noise = service.actors.other_case_officer.account_id
    for walled, states in product((False, True), product(STATES, repeat=len(Capacity))):
        case_id = new_id()
        open_keys.get().add(case_id, 1, case_keys.new_case_key())
        of_case = {"organisation_id": organisation_id, "case_id": case_id}
        today = clock.today()
        session.add(
            Case(
                organisation_id=organisation_id,
                id=case_id,
                channel_id=uuid4(),
                reference=f"CAN-{len(made):04}-0000",
                state=CaseState.RECEIVED,
                law_profile=LawProfile.CUSTOM,
                key_version=1,
                received_on=today,
                acknowledge_by=today,
                feedback_by=today,
            )
        )
        await session.flush()
        for capacity, state in zip(Capacity, states, strict=True):
            days: dict[int, list[date | None]] = {NONE: [], STANDING: [None], ENDED: [today], BOTH: [today, None]}
            for ended_on in days[state]:
                session.add(
                    Appointment(
                        **of_case, account_id=account_id, capacity=capacity, appointed_on=today, ended_on=ended_on
                    )
                )
            session.add(Appointment(**of_case, account_id=noise, capacity=capacity, appointed_on=today))
        raised = {"raised_by": noise, "raised_on": today, "reason": "Related."}
        session.add(Wall(**of_case, account_id=service.actors.hr.account_id, **raised))
        if walled:
            session.add(Wall(**of_case, account_id=account_id, **raised))
        standing = {capacity for capacity, state in zip(Capacity, states, strict=True) if state in {STANDING, BOTH}}
        made[case_id] = CaseFacts(frozenset(standing), walled=walled)
    return made


async def test_the_list_is_what_the_rule_book_lets_one_read(service: Service, actors: SimpleNamespace) -> None:
    account_id = actors.investigator.account_id
    token = open_keys.set(OpenKeys(service.runtime.keys))
    async with service.runtime.database.session(write=True) as session:
        statement = select(Account.organisation_id).where(Account.id == account_id)
        organisation_id = (await session.scalars(statement)).one()
        made = await every_case(session, service, organisation_id, account_id)
        await session.flush()
        assert len(made) == 2 * 4 ** len(Capacity)
        for roles in chain.from_iterable(combinations(WORKING, size) for size in range(len(WORKING) + 1)):
            staff = Staff(account_id, organisation_id, uuid4(), frozenset({Role.HR, *roles}))
            listed = (await session.scalars(visible_cases(staff, Case.id))).all()
            assert len(listed) == len(set(listed))
            known = {case_id for case_id, facts in made.items() if may_know_of(staff, facts)}
            readable = {
                case_id
                for case_id, facts in made.items()
                if decide(Permission.CASE_READ, staff, facts, on_case=True) == Allowed()
            }
            assert set(listed) == known == readable
            assert (roles == ()) == (not listed)
    open_keys.reset(token)


async def test_the_door_of_a_case_finds_what_binds_one_to_it(service: Service, actors: SimpleNamespace) -> None:
    account_id = actors.investigator.account_id
    token = open_keys.set(OpenKeys(service.runtime.keys))
    async with service.runtime.database.session(write=True) as session:
        statement = select(Account.organisation_id).where(Account.id == account_id)
        organisation_id = (await session.scalars(statement)).one()
        made = await every_case(session, service, organisation_id, account_id)
        staff = Staff(account_id, organisation_id, uuid4(), frozenset(WORKING))
        for case_id, facts in made.items():
            case, found, grants = await load(session, staff, case_id)
            assert (case.id, found, grants) == (case_id, facts, {})
    open_keys.reset(token)


async def test_the_cases_of_another_organisation_are_not_there(service: Service, actors: SimpleNamespace) -> None:
    account_id = actors.investigator.account_id
    token = open_keys.set(OpenKeys(service.runtime.keys))
    async with service.runtime.database.session(write=True) as session:
        statement = select(Account.organisation_id).where(Account.id == account_id)
        await every_case(session, service, (await session.scalars(statement)).one(), account_id)
        elsewhere = Staff(account_id, uuid4(), uuid4(), frozenset(WORKING))
        assert (await session.scalars(visible_cases(elsewhere, Case.id))).all() == []
    open_keys.reset(token)
