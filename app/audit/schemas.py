"""What an auditor reads: acts without content."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class TouchedOut(BaseModel):
    """One row an act was about."""

    model_config = ConfigDict(extra="forbid")
    table: str
    row: UUID
    commitment: str | None = Field(description="Salted commitment to the whole row, hex; null if the row was removed.")


class AuditEventOut(BaseModel):
    """One act or one read of content."""

    model_config = ConfigDict(extra="forbid")
    sequence: int = Field(description="Place in the chain, from 1.")
    event: str = Field(description="Name of the act.", examples=["finding.recorded"])
    actor_id: UUID | None = Field(description="Which account; null for a reporter.")
    at: datetime = Field(description="To the minute for staff, to the day for reporters.")
    touched: list[TouchedOut]
    hash: str = Field(description="Hash that the next event follows, hex.")


class AuditEventsOut(BaseModel):
    """Part of one chain, oldest first."""

    model_config = ConfigDict(extra="forbid")
    chain_id: UUID
    items: list[AuditEventOut]
    next: int | None = Field(description="`after` of the next part, or null at the end.")


class ChainOut(BaseModel):
    """One chain: a case's, or the organisation's own."""

    model_config = ConfigDict(extra="forbid")
    chain_id: UUID
    events: int
    hash: str = Field(description="Hash of the last event, hex. Write it down: a later log must contain it.")
    id: UUID = Field(exclude=True)


class ChainsOut(BaseModel):
    """The chains of the organisation."""

    model_config = ConfigDict(extra="forbid")
    items: list[ChainOut]
    next: str | None
