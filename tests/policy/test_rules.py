"""The rule book and its evaluator, on tables."""

import ast
import inspect
from collections.abc import Iterable
from itertools import chain, combinations
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.policy import permissions, rules
from app.policy.actors import ROLE_FOR_CAPACITY, Capacity, CaseFacts, Role, Staff
from app.policy.permissions import Permission
from app.policy.rules import RULES, Allowed, Denied, decide, may_know_of

NOBODY = UUID(int=0)


def staff(*roles: Role) -> Staff:
    """Somebody with these roles."""
    return Staff(uuid4(), NOBODY, uuid4(), frozenset(roles))


def facts(*appointed: Capacity, walled: bool = False, represents: bool = False) -> CaseFacts:
    """What binds them to a case."""
    return CaseFacts(frozenset(appointed), walled=walled, represents=represents)


def subsets(members: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Every choice among the members."""
    members = list(members)
    return list(chain.from_iterable(combinations(members, size) for size in range(len(members) + 1)))


def yes(_staff: Staff, _facts: CaseFacts) -> bool:
    """It holds."""
    return True


def no(_staff: Staff, _facts: CaseFacts) -> bool:
    """It does not hold."""
    return False


def must_not_be_asked(_staff: Staff, _facts: CaseFacts) -> bool:
    """It fails the test that asks it."""
    raise AssertionError


def test_every_permission_has_its_rule_and_every_rule_its_permission() -> None:
    assert set(RULES) == set(Permission)


def test_every_permission_has_a_sentence() -> None:
    [vocabulary] = [node for node in ast.parse(inspect.getsource(permissions)).body if isinstance(node, ast.ClassDef)]
    sentences: dict[str, str] = {}
    for member, following in zip(vocabulary.body, vocabulary.body[1:], strict=False):
        if isinstance(member, ast.Assign) and isinstance(following, ast.Expr):
            assert isinstance(member.targets[0], ast.Name)
            sentences[member.targets[0].id] = str(ast.literal_eval(following.value))
    assert set(sentences) == set(Permission.__members__)
    assert [
        name for name, sentence in sentences.items() if not (sentence[0].isupper() and sentence.endswith("."))
    ] == []


def test_a_permission_is_named_noun_and_verb() -> None:
    assert [one for one in Permission if one.count(":") != 1 or one != one.lower()] == []


def test_every_predicate_has_a_sentence() -> None:
    predicates = {predicate for clauses in RULES.values() for clause in clauses for predicate in clause}
    assert [predicate for predicate in predicates if not (predicate.__doc__ or "").endswith(".")] == []


@pytest.mark.parametrize(
    ("clauses", "allowed"),
    [
        ((), False),
        (((),), True),
        (((yes,),), True),
        (((no,),), False),
        (((yes, yes),), True),
        (((yes, no),), False),
        (((no,), (yes,)), True),
        (((no,), (no,)), False),
        (((yes, no), (no, yes)), False),
        (((no, must_not_be_asked),), False),
        (((yes,), (must_not_be_asked,)), True),
    ],
)
def test_any_clause_lets_pass_of_which_all_predicates_hold(
    clauses: tuple[rules.Clause, ...], allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RULES, Permission.SELF_MANAGE, clauses)
    assert isinstance(decide(Permission.SELF_MANAGE, staff()), Allowed) is allowed


def test_a_wall_is_looked_at_before_any_clause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES, Permission.CASE_READ, ((must_not_be_asked,),))
    assert decide(Permission.CASE_READ, staff(*Role), facts(walled=True), on_case=True) == Denied(hidden=True)


def test_a_bug_in_a_predicate_is_not_taken_for_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES, Permission.SELF_MANAGE, ((must_not_be_asked,),))
    with pytest.raises(AssertionError):
        decide(Permission.SELF_MANAGE, staff())


@pytest.mark.parametrize("permission", list(Permission))
@pytest.mark.parametrize("appointed", subsets(Capacity))
def test_a_wall_beats_every_permission_of_every_role(permission: Permission, appointed: tuple[Capacity, ...]) -> None:
    barred = facts(*appointed, walled=True, represents=True)
    assert decide(permission, staff(*Role), barred, on_case=True) == Denied(hidden=True)
    assert not may_know_of(staff(*Role), barred)


@pytest.mark.parametrize("role", list(Role))
def test_no_role_opens_a_case_by_itself(role: Role) -> None:
    assert decide(Permission.CASE_READ, staff(role), facts(), on_case=True) == Denied(hidden=True)


@pytest.mark.parametrize("capacity", list(Capacity))
def test_an_appointment_counts_only_while_its_role_is_held(capacity: Capacity) -> None:
    without = staff(*(set(Role) - {ROLE_FOR_CAPACITY[capacity]}))
    assert decide(Permission.CASE_READ, without, facts(capacity), on_case=True) == Denied(hidden=True)
    with_it = staff(ROLE_FOR_CAPACITY[capacity])
    assert decide(Permission.CASE_READ, with_it, facts(capacity), on_case=True) == Allowed()


ON_CASE = {
    Capacity.CASE_OFFICER: {
        Permission.CASE_READ,
        Permission.RISK_ESCALATE,
        Permission.DUTY_MANAGE,
        Permission.FILE_ORIGINAL,
        Permission.CASE_ACKNOWLEDGE,
        Permission.CASE_TRIAGE,
        Permission.CASE_APPOINT,
        Permission.CASE_WALL,
        Permission.CASE_ADVANCE,
        Permission.IDENTITY_ERASE,
        Permission.CONVERSATION_READ,
        Permission.CONVERSATION_WRITE,
        Permission.OUTCOME_TELL,
        Permission.DETRIMENT_READ,
        Permission.DETRIMENT_ASSESS,
        Permission.SUMMARY_RELEASE,
        Permission.OPENING_REQUEST,
        Permission.OPENING_WITHHOLD,
        Permission.KEY_RECOVER,
    },
    Capacity.INVESTIGATOR: {
        Permission.CASE_READ,
        Permission.RISK_ESCALATE,
        Permission.FILE_ORIGINAL,
        Permission.ALLEGATION_ARRANGE,
        Permission.EVIDENCE_RECORD,
        Permission.FINDING_RECORD,
        Permission.CONVERSATION_READ,
        Permission.CONVERSATION_WRITE,
        Permission.REPORT_WRITE,
        Permission.SUMMARY_WRITE,
        Permission.OPENING_REQUEST,
        Permission.KEY_RECOVER,
    },
    Capacity.ASSISTANT: {
        Permission.CASE_READ,
        Permission.RISK_ESCALATE,
        Permission.ALLEGATION_ARRANGE,
        Permission.EVIDENCE_RECORD,
        Permission.SUMMARY_WRITE,
        Permission.KEY_RECOVER,
    },
    Capacity.REVIEWER: {
        Permission.CASE_READ,
        Permission.RISK_ESCALATE,
        Permission.FINDING_REVIEW,
        Permission.SUMMARY_APPROVE,
        Permission.SUMMARY_RELEASE,
        Permission.OPENING_WITHHOLD,
        Permission.KEY_RECOVER,
    },
}
OF_CASES = set().union(*ON_CASE.values())


@pytest.mark.parametrize("capacity", list(Capacity))
@pytest.mark.parametrize("permission", sorted(OF_CASES))
def test_each_part_in_a_case_may_do_what_is_listed_and_is_refused_the_rest(
    capacity: Capacity, permission: Permission
) -> None:
    decision = decide(permission, staff(ROLE_FOR_CAPACITY[capacity]), facts(capacity), on_case=True)
    assert decision == (Allowed() if permission in ON_CASE[capacity] else Denied(hidden=False))


OUTSIDE_CASES = {
    Permission.ACCOUNT_MANAGE: {Role.ADMINISTRATOR},
    Permission.COLLEAGUE_LIST: {Role.CASE_OFFICER},
    Permission.CHANNEL_MANAGE: {Role.ADMINISTRATOR},
    Permission.WEBHOOK_MANAGE: {Role.ADMINISTRATOR},
    Permission.CUSTODY_READ: {Role.ADMINISTRATOR, Role.AUDITOR},
    Permission.SHARE_KEEP: {Role.CUSTODIAN},
    Permission.GRIEVANCE_SUBMIT_COLLECTIVE: {Role.REPRESENTATIVE},
    Permission.GRIEVANCE_RELAY: {Role.CASE_OFFICER},
    Permission.CASE_LIST: {Role.CASE_OFFICER, Role.INVESTIGATOR, Role.REVIEWER},
    Permission.RELEASE_READ: {Role.HR, Role.LEADERSHIP, Role.PANEL, Role.STAFF, Role.REPRESENTATIVE},
    Permission.AUDIT_READ: {Role.AUDITOR},
    Permission.OPENING_ANSWER: {Role.CUSTODIAN},
    Permission.SELF_MANAGE: set(Role),
}


@pytest.mark.parametrize("permission", list(OUTSIDE_CASES))
@pytest.mark.parametrize("role", list(Role))
def test_outside_cases_a_role_may_do_what_is_listed_and_the_rest_does_not_exist_for_it(
    permission: Permission, role: Role
) -> None:
    expected = Allowed() if role in OUTSIDE_CASES[permission] else Denied(hidden=True)
    assert decide(permission, staff(role)) == expected


@pytest.mark.parametrize(
    ("represents", "role", "allowed"),
    [
        (True, Role.REPRESENTATIVE, True),
        (False, Role.REPRESENTATIVE, False),
        (True, Role.CASE_OFFICER, False),
    ],
)
def test_a_grievance_is_followed_only_by_the_representative_who_submitted_it(
    represents: bool, role: Role, allowed: bool
) -> None:
    decision = decide(Permission.GRIEVANCE_FOLLOW, staff(role), facts(represents=represents))
    assert decision == (Allowed() if allowed else Denied(hidden=True))


def test_every_permission_is_in_one_of_these_tables() -> None:
    assert OF_CASES | set(OUTSIDE_CASES) | {Permission.GRIEVANCE_FOLLOW} == set(Permission)
