"""Who asks: plain values copied from accounts, so that a decision needs no database."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What an account is for in its organisation. The administrator grants them; none of them opens a case by itself."""

    ADMINISTRATOR = "administrator"
    REPRESENTATIVE = "representative"
    CASE_OFFICER = "case_officer"
    INVESTIGATOR = "investigator"
    REVIEWER = "reviewer"
    CUSTODIAN = "custodian"
    HR = "hr"
    LEADERSHIP = "leadership"
    PANEL = "panel"
    STAFF = "staff"
    AUDITOR = "auditor"


AUDIENCES = (Role.HR, Role.LEADERSHIP, Role.PANEL, Role.STAFF, Role.REPRESENTATIVE)
"""The roles that releases are made to. Of representatives, only the one who raised the grievance is meant."""


class Capacity(StrEnum):
    """The part an account plays in one case, by appointment."""

    CASE_OFFICER = "case_officer"
    INVESTIGATOR = "investigator"
    ASSISTANT = "assistant"
    REVIEWER = "reviewer"


ROLE_FOR_CAPACITY = {
    Capacity.CASE_OFFICER: Role.CASE_OFFICER,
    Capacity.INVESTIGATOR: Role.INVESTIGATOR,
    Capacity.ASSISTANT: Role.INVESTIGATOR,
    Capacity.REVIEWER: Role.REVIEWER,
}
"""The role an account must have to be appointed in a capacity."""


@dataclass(frozen=True)
class Staff:
    """A signed-in account."""

    account_id: UUID
    organisation_id: UUID
    session_id: UUID
    roles: frozenset[Role] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Reporter:
    """Somebody who showed a receipt: known by the grievance alone."""

    organisation_id: UUID
    grievance_id: UUID
    case_id: UUID


@dataclass(frozen=True)
class CaseFacts:
    """What binds an account to a case."""

    appointed: frozenset[Capacity] = field(default_factory=frozenset)
    walled: bool = False
    represents: bool = False
