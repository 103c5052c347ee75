"""What goes over the wire about the proof log: hashes in hexadecimal, checkpoints as signed notes."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.crypto import notes


class ConsistencyOut(BaseModel):
    """That the tree of `to_size` leaves begins with the tree of `from_size` leaves (RFC 9162, 2.1.4)."""

    from_size: int
    to_size: int
    proof: list[str]


class InclusionOut(BaseModel):
    """That an event is in the log (docs/formats.md, Log entry)."""

    chain_id: UUID
    sequence: int
    blind: str = Field(description="With the event's hash it gives the leaf.")
    leaf: str
    index: int
    path: list[str] = Field(description="From the leaf up, against the checkpoint.")
    checkpoint: str


class CosignedIn(BaseModel):
    """A checkpoint of this log under which a witness has put its line."""

    model_config = ConfigDict(extra="forbid")
    checkpoint: str = Field(
        max_length=notes.MOST_BYTES, description="The whole note: text, our line, the witness's line."
    )


class CosignedOut(BaseModel):
    """The checkpoint as it is shown from now on."""

    checkpoint: str
