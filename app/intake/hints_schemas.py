"""What goes over the wire when somebody asks, before sending, where their text may tell who they are."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.crypto.texts import LINE_LENGTH
from app.detection.self_identification import HintKind
from app.intake.schemas import MOST_ALLEGATIONS
from app.kernel.texts import PROSE_LENGTH, STATEMENT_LENGTH

MOST_NAMES = 5


class HintsIn(BaseModel):
    """A text as it stands: not tidied, so that places in it are places in what the writer sees."""

    model_config = ConfigDict(extra="forbid")
    headline: str = Field(default="", max_length=LINE_LENGTH)
    narrative: str = Field(default="", max_length=PROSE_LENGTH)
    capacity: str = Field(default="", max_length=LINE_LENGTH)
    statements: list[Annotated[str, Field(max_length=STATEMENT_LENGTH)]] = Field(
        default_factory=list, max_length=MOST_ALLEGATIONS, description="Of the allegations."
    )
    own_names: list[Annotated[str, Field(max_length=LINE_LENGTH)]] = Field(
        default_factory=list,
        max_length=MOST_NAMES,
        description="Names that you give as yours, to be looked for in the texts. As any other part, they are not kept.",
    )


class HintOut(BaseModel):
    """One place, and what to do about it."""

    pointer: str = Field(description="Which text: a JSON pointer into what was sent.", examples=["/narrative"])
    start: int = Field(description="The first character of the place, from 0. Characters are Unicode code points.")
    end: int = Field(description="The character after the last.")
    kind: HintKind
    advice: str


class HintsOut(BaseModel):
    """Every place that was found. None found does not mean that nobody could tell."""

    items: list[HintOut]
    caution: str
