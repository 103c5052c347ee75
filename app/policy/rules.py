"""The rule book: each permission has clauses; any clause lets one pass; a clause is named predicates that must all hold.

A wall beats every clause. Predicates read as English and know nothing but the actor and the facts of the case.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.policy.actors import AUDIENCES, Capacity, CaseFacts, Role, Staff
from app.policy.permissions import Permission

Predicate = Callable[[Staff, CaseFacts], bool]
Clause = tuple[Predicate, ...]


@dataclass(frozen=True)
class Allowed:
    """The actor may."""


@dataclass(frozen=True)
class Denied:
    """The actor may not. `hidden`: they may not even know of it, so that the answer is 404."""

    hidden: bool


def is_signed_in(staff: Staff, facts: CaseFacts) -> bool:  # noqa: ARG001 every predicate has this shape
    """Anyone with an account."""
    return True


def is_administrator(staff: Staff, facts: CaseFacts) -> bool:  # noqa: ARG001
    """Holds the role of administrator."""
    return Role.ADMINISTRATOR in staff.roles


def is_case_officer(staff: Staff, facts: CaseFacts) -> bool:  # noqa: ARG001
    """Holds the role of case officer."""
    return Role.CASE_OFFICER in staff.roles


def is_representative(staff: Staff, facts: CaseFacts) -> bool:  # noqa: ARG001
    """Holds the role of representative."""
    return Role.REPRESENTATIVE in staff.roles


def is_auditor(staff: Staff, facts: CaseFacts) -> bool:  # noqa: ARG001
    """Holds the role of auditor."""
    return Role.AUDITOR in staff.roles


def is_custodian(staff: Staff, facts: CaseFacts) -> bool:  # noqa: ARG001
    """Holds the role of custodian."""
    return Role.CUSTODIAN in staff.roles


def is_of_an_audience(staff: Staff, facts: CaseFacts) -> bool:  # noqa: ARG001
    """Holds a role that releases are made to."""
    return not staff.roles.isdisjoint(AUDIENCES)


def works_cases(staff: Staff, facts: CaseFacts) -> bool:  # noqa: ARG001
    """Holds a role that can be appointed to cases."""
    return not staff.roles.isdisjoint({Role.CASE_OFFICER, Role.INVESTIGATOR, Role.REVIEWER})


def represents_the_grievance(staff: Staff, facts: CaseFacts) -> bool:  # noqa: ARG001
    """Submitted the collective grievance of this case."""
    return facts.represents


def is_its_case_officer(staff: Staff, facts: CaseFacts) -> bool:
    """Is appointed case officer, and still holds the role."""
    return Capacity.CASE_OFFICER in facts.appointed and Role.CASE_OFFICER in staff.roles


def is_its_investigator(staff: Staff, facts: CaseFacts) -> bool:
    """Is appointed investigator, and still holds the role."""
    return Capacity.INVESTIGATOR in facts.appointed and Role.INVESTIGATOR in staff.roles


def is_its_assistant(staff: Staff, facts: CaseFacts) -> bool:
    """Is appointed assistant to the investigator, and still holds the role of investigator."""
    return Capacity.ASSISTANT in facts.appointed and Role.INVESTIGATOR in staff.roles


def is_its_reviewer(staff: Staff, facts: CaseFacts) -> bool:
    """Is appointed reviewer, and still holds the role."""
    return Capacity.REVIEWER in facts.appointed and Role.REVIEWER in staff.roles


RULES: dict[Permission, tuple[Clause, ...]] = {
    Permission.SELF_MANAGE: ((is_signed_in,),),
    Permission.ACCOUNT_MANAGE: ((is_administrator,),),
    Permission.COLLEAGUE_LIST: ((is_case_officer,),),
    Permission.CHANNEL_MANAGE: ((is_administrator,),),
    Permission.WEBHOOK_MANAGE: ((is_administrator,),),
    Permission.CUSTODY_READ: ((is_administrator,), (is_auditor,)),
    Permission.SHARE_KEEP: ((is_custodian,),),
    Permission.GRIEVANCE_SUBMIT_COLLECTIVE: ((is_representative,),),
    Permission.GRIEVANCE_RELAY: ((is_case_officer,),),
    Permission.GRIEVANCE_FOLLOW: ((is_representative, represents_the_grievance),),
    Permission.CASE_LIST: ((works_cases,),),
    Permission.CASE_READ: ((is_its_case_officer,), (is_its_investigator,), (is_its_assistant,), (is_its_reviewer,)),
    Permission.CONVERSATION_READ: ((is_its_case_officer,), (is_its_investigator,)),
    Permission.CONVERSATION_WRITE: ((is_its_case_officer,), (is_its_investigator,)),
    Permission.OUTCOME_TELL: ((is_its_case_officer,),),
    Permission.DETRIMENT_READ: ((is_its_case_officer,),),
    Permission.DETRIMENT_ASSESS: ((is_its_case_officer,),),
    Permission.FILE_ORIGINAL: ((is_its_case_officer,), (is_its_investigator,)),
    Permission.CASE_ACKNOWLEDGE: ((is_its_case_officer,),),
    Permission.DUTY_MANAGE: ((is_its_case_officer,),),
    Permission.RISK_ESCALATE: ((is_its_case_officer,), (is_its_investigator,), (is_its_assistant,), (is_its_reviewer,)),
    Permission.CASE_TRIAGE: ((is_its_case_officer,),),
    Permission.CASE_APPOINT: ((is_its_case_officer,),),
    Permission.CASE_WALL: ((is_its_case_officer,),),
    Permission.CASE_ADVANCE: ((is_its_case_officer,),),
    Permission.IDENTITY_ERASE: ((is_its_case_officer,),),
    Permission.ALLEGATION_ARRANGE: ((is_its_investigator,), (is_its_assistant,)),
    Permission.EVIDENCE_RECORD: ((is_its_investigator,), (is_its_assistant,)),
    Permission.FINDING_RECORD: ((is_its_investigator,),),
    Permission.FINDING_REVIEW: ((is_its_reviewer,),),
    Permission.REPORT_WRITE: ((is_its_investigator,),),
    Permission.SUMMARY_WRITE: ((is_its_investigator,), (is_its_assistant,)),
    Permission.SUMMARY_APPROVE: ((is_its_reviewer,),),
    Permission.SUMMARY_RELEASE: ((is_its_case_officer,), (is_its_reviewer,)),
    Permission.RELEASE_READ: ((is_of_an_audience,),),
    Permission.OPENING_REQUEST: ((is_its_case_officer,), (is_its_investigator,)),
    Permission.OPENING_WITHHOLD: ((is_its_case_officer,), (is_its_reviewer,)),
    Permission.OPENING_ANSWER: ((is_custodian,),),
    Permission.KEY_RECOVER: ((is_its_case_officer,), (is_its_investigator,), (is_its_assistant,), (is_its_reviewer,)),
    Permission.AUDIT_READ: ((is_auditor,),),
}
"""Permission → clauses. A test holds this equal to the vocabulary."""

NO_CASE = CaseFacts()
"""The facts where no case is concerned."""


def may_know_of(staff: Staff, facts: CaseFacts) -> bool:
    """Whether the actor may know that the case exists."""
    appointed = any(
        holds(staff, facts) for holds in (is_its_case_officer, is_its_investigator, is_its_assistant, is_its_reviewer)
    )
    return appointed and not facts.walled


def decide(
    permission: Permission, staff: Staff, facts: CaseFacts = NO_CASE, *, on_case: bool = False
) -> Allowed | Denied:
    """Return whether `staff` may. A wall denies all; what one may not know of is hidden, what one knows of is refused."""
    if not facts.walled and any(all(holds(staff, facts) for holds in clause) for clause in RULES[permission]):
        return Allowed()
    return Denied(hidden=not (on_case and may_know_of(staff, facts)))
