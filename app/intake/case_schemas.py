"""What those who work a case read of the grievances in it."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from app.intake.before_sending_schemas import ClassificationOut, RelayOut
from app.intake.models import Confidentiality, GrievanceKind
from app.intake.schemas import HeadcountClaimOut, RaisedAllegationOut


class CaseGrievanceOut(BaseModel):
    """A grievance as those who work its case read it. Identities are never here."""

    id: UUID
    kind: GrievanceKind
    confidentiality: Confidentiality
    submitted_on: date
    representative_id: UUID | None = Field(description="The account that submitted it for many.")
    headline: str
    narrative: str
    capacity: str | None
    classification: ClassificationOut = Field(
        description="As it was said; `corrected` is what a case officer made of it."
    )
    corrected: ClassificationOut | None
    relayed: RelayOut | None = Field(description="How it came, where a case officer entered it for somebody.")
    allegations: list[RaisedAllegationOut]
    headcount_claims: list[HeadcountClaimOut]
    statement_salt: str | None = Field(description="With what was said it gives what the log commits to, hex.")
    identities_held: int = Field(description="How many sealed identities there are; who they are is not here.")


class CaseGrievancesOut(BaseModel):
    """Every grievance of a case."""

    items: list[CaseGrievanceOut]
