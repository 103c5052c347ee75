"""Being harmed for speaking up, over the wire: what reporters say of it, and what those who protect them answer and do."""

from datetime import date
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from app.cases.models import Level
from app.inbox.check_ins import Milestone
from app.inbox.schemas import PADDING, In, Sealed, SealedIn, SealedLetter, SealedLine, Text
from app.kernel.days import PastDay
from app.kernel.sealed import SealedContentBroken
from app.kernel.texts import Statement


class _Lettered(StrEnum):
    """A choice that is sealed as its first letter: the length of a ciphertext must not tell it."""

    @property
    def initial(self) -> str:
        """Its first letter."""
        return self.value[0]

    @classmethod
    def from_initial(cls, initial: str) -> Self:
        """Return the member with that first letter.

        Raises:
            SealedContentBroken: there is none: whoever sealed it, did it wrongly.

        """
        found = next((member for member in cls if member.initial == initial), None)
        if found is None:
            raise SealedContentBroken
        return found


class Faring(_Lettered):
    """How somebody says that they fare."""

    FINE = "fine"
    DETRIMENT = "detriment"


class Since(_Lettered):
    """Whether it has been so since they spoke up."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class SealedFaringIn(SealedIn):
    """The same, sealed where it was written. Of choices the first letter is sealed."""

    answer: SealedLetter
    what: Sealed | None = None
    happened_on: SealedLine | None = Field(default=None, description="The day, YYYY-MM-DD, sealed.")
    since_speaking_up: SealedLetter | None = None

    def parts(self) -> tuple[bytes, bytes, bytes, bytes]:
        """Return what is signed, in its order. What is missing is no bytes."""
        return (self.answer, self.what or b"", self.happened_on or b"", self.since_speaking_up or b"")


class DetrimentIn(In):
    """What somebody suffers who spoke up."""

    what: Text | None = Field(default=None, description="What happened. Required unless sealed.")
    happened_on: PastDay | None = Field(default=None, description="When, if it was on one day.")
    since_speaking_up: Since | None = None
    sealed: SealedFaringIn | None = Field(default=None, description="For sessions opened by `lookup`.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.what is None) == (self.sealed is None):
            raise ValueError("needs either what or sealed")
        return self


class CheckInIn(In):
    """How somebody fares who was asked."""

    answer: Faring | None = Field(default=None, description="Required unless sealed.")
    text: Text | None = Field(default=None, description="Required where you suffer detriment.")
    sealed: SealedFaringIn | None = Field(default=None, description="For sessions opened by `lookup`.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.answer is None) == (self.sealed is None):
            raise ValueError("needs either answer or sealed")
        if self.answer is Faring.DETRIMENT and self.text is None:
            raise ValueError("needs a text where it is detriment")
        return self


class DetrimentAnswerOut(BaseModel):
    """What was answered."""

    id: UUID
    written_on: date
    text: str | None = Field(description="Null where the client opens `sealed` itself.")
    sealed: str | None


class SealedFaringOut(BaseModel):
    """Texts for a client that opens them itself: base64."""

    answer: str
    what: str | None
    happened_on: str | None
    since_speaking_up: str | None


class DetrimentOut(BaseModel):
    """What a reporter said of how they fare, and what was answered."""

    id: UUID
    position: int
    check_in: int | None = Field(description="Which check-in it answers.")
    reported_on: date
    answer: Faring | None = Field(description="Null where the client opens `sealed` itself; likewise the others.")
    what: str | None
    happened_on: str | None
    since_speaking_up: Since | None
    answers: list[DetrimentAnswerOut]
    sealed: SealedFaringOut | None


class InboxDetrimentsOut(BaseModel):
    """All that a reporter said of how they fare, oldest first."""

    items: list[DetrimentOut]
    padding: str = PADDING


class CheckInOut(BaseModel):
    """One time of asking how somebody fares."""

    number: int
    due_on: date
    question: str
    is_answered: bool


class InboxCheckInsOut(BaseModel):
    """The times of asking that have come, oldest first."""

    items: list[CheckInOut]
    padding: str = PADDING


class AssessmentOut(BaseModel):
    """How great the risk is, and what is done about it."""

    id: UUID
    risk: Level
    measures: str
    assessed_on: date


class CaseDetrimentOut(DetrimentOut):
    """The same for those who protect the reporter."""

    grievance_id: UUID
    assessments: list[AssessmentOut] = Field(description="Oldest first; the newest counts.")


class CaseCheckInOut(BaseModel):
    """One time of asking, and at what."""

    grievance_id: UUID
    number: int
    milestone: Milestone
    due_on: date
    answered_on: date | None


class CaseDetrimentsOut(BaseModel):
    """What the reporters of a case say of how they fare, and what is due."""

    items: list[CaseDetrimentOut]
    check_ins: list[CaseCheckInOut]


class ChronologyEvent(StrEnum):
    """What happened."""

    RAISED = "raised"
    CASE_MOVED = "case_moved"
    CHECK_IN_DUE = "check_in_due"
    REPORTED = "reported"
    ANSWERED = "answered"
    ASSESSED = "assessed"


class ChronologyItem(BaseModel):
    """One line of the chronology."""

    on: date
    event: ChronologyEvent
    grievance_id: UUID | None
    text: str = Field(description="In words.")


class ChronologyOut(BaseModel):
    """All of it by day, to be put before whoever decides on detriment."""

    reference: str
    items: list[ChronologyItem]


class AssessmentIn(In):
    """How great the risk of detriment is, and what is done about it."""

    risk: Level
    measures: Statement = Field(examples=["Moved the appraisal to another manager."])


class AnswerIn(In):
    """What is answered to somebody who reports detriment."""

    text: Text
