"""What goes over the wire about a case. The list has no content; the file has what the case key opens."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from app.cases.lifecycle import CaseState
from app.cases.models import Knowledge, Level, Procedure
from app.crypto import hpke
from app.duties.profiles import LawProfile
from app.kernel.octets import Base64
from app.kernel.texts import Line, Statement
from app.policy.actors import Capacity

_A_REASON = Field(
    description="Why, in your own words. Sealed under the case key.",
    examples=["Several people describe the same conduct at first hand."],
)


PROOF_BYTES = 32
MOST_VERSIONS = 1 << 31
SealedKey = Annotated[
    bytes,
    Base64(
        hpke.SEALED_KEY_BYTES,
        hpke.SEALED_KEY_BYTES,
        "The case key, sealed to your account's key (docs/formats.md, Case key).",
    ),
]
Proof = Annotated[
    bytes, Base64(PROOF_BYTES, PROOF_BYTES, "What follows from the case key (docs/formats.md, Case key).")
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TriageIn(_In):
    """The assessment on which the procedure is decided."""

    likelihood: Level = Field(description="How likely it is true.")
    impact: Level = Field(description="How grave it is if true.")
    immediate_risk: StrictBool = Field(description="Whether somebody is in danger now.")
    knowledge: Knowledge = Field(description="Whether the reporter saw it or heard of it.")
    previously_reported: StrictBool = Field(description="Whether it was reported before.")
    procedure: Procedure = Field(description="Which procedure the organisation follows.")
    reason: Statement = _A_REASON


class DecisionIn(_In):
    """What becomes of a triaged case."""

    outcome: Literal[CaseState.ACCEPTED, CaseState.REDIRECTED, CaseState.DECLINED] = Field(
        description="Investigate it, send it where it belongs, or decline it."
    )
    reason: Statement = _A_REASON


class ReasonIn(_In):
    """Why something is done."""

    reason: Statement = _A_REASON


class TitleIn(_In):
    """What those who work the case call it."""

    title: Line = Field(
        description="The title. Sealed under the case key.", examples=["Conduct in the assessment team"]
    )


class AppointmentIn(_In):
    """Who is to play which part."""

    account_id: UUID = Field(description="An active account that holds the role of this capacity.")
    capacity: Capacity = Field(description="The part in this case.")


class WallIn(_In):
    """Who is to be barred from the case, and why."""

    account_id: UUID = Field(description="Any account of the organisation, your own too.")
    reason: Statement = _A_REASON


class GrantIn(_In):
    """A case key that you recovered with the custodians, sealed to yourself."""

    key_version: StrictInt = Field(ge=1, lt=MOST_VERSIONS, description="Which version of the key.")
    sealed_key: SealedKey
    proof: Proof


class CaseKeyOut(BaseModel):
    """How far a case is sealed under the newest version of its key."""

    version: int = Field(description="Which version of the case key seals new content. It rises when somebody leaves.")
    sealed_fields: int = Field(description="How many sealed values the case has; a whole conversation counts as one.")
    resealed_fields: int = Field(description="How many of them are under that version.")
    is_complete: bool = Field(description="Whether all are, and nobody keeps a grant of an older version.")
    is_recoverable: bool = Field(
        description="Whether enough custodians together could recover that version, if every password were lost."
    )


class CaseItem(BaseModel):
    """A case as a list shows it: no content."""

    id: UUID
    reference: str = Field(description="What people call the case. Random.", examples=["CAN-55RF-80C6"])
    state: CaseState
    procedure: Procedure | None = Field(description="Decided by the triage.")
    received_on: date
    acknowledge_by: date
    acknowledged_on: date | None
    feedback_by: date


class CaseStatus(CaseItem):
    """Where a case is in its life, after an act."""

    law_profile: LawProfile = Field(description="Which law sets the clocks of the case.")
    is_acknowledged_late: bool = Field(
        description="Whether the acknowledgement came, or is still missing, after its day."
    )
    closed_on: date | None
    version: int = Field(description="The ETag without its quotes; changes with every act on the file.")


class PersonOut(BaseModel):
    """An account, by name."""

    account_id: UUID
    display_name: str


class AppointmentOut(BaseModel):
    """The part that somebody plays, or played."""

    id: UUID
    account_id: UUID
    display_name: str
    capacity: Capacity
    appointed_on: date
    ended_on: date | None


class WallOut(BaseModel):
    """Who is barred from the case, and why."""

    id: UUID
    account_id: UUID
    display_name: str
    raised_by: PersonOut | None = Field(
        description="Null where whoever raised the grievance barred the account, before it was sent."
    )
    raised_on: date
    reason: str | None = Field(description="Null where whoever raised the grievance barred the account.")


class TransitionOut(BaseModel):
    """One step of the case's life."""

    position: int = Field(description="Which step it is, from 1.")
    from_state: CaseState
    to_state: CaseState
    made_by: PersonOut
    made_on: date
    reason: str | None = Field(description="Missing where the step followed from another act, such as an appointment.")


class TriageOut(BaseModel):
    """The assessment on which the procedure was decided."""

    likelihood: Level
    impact: Level
    immediate_risk: bool
    knowledge: Knowledge
    previously_reported: bool
    procedure: Procedure
    decided_by: PersonOut
    decided_on: date
    reason: str


class CaseOut(CaseStatus):
    """The case file's own pages. What was raised is at its grievances, what was found at its findings."""

    title: str | None
    triage: TriageOut | None
    appointments: list[AppointmentOut] = Field(description="Standing and ended ones, oldest first.")
    walls: list[WallOut]
    transitions: list[TransitionOut] = Field(description="The life of the case, in order.")
