"""What goes over the wire about counting supporters: what representatives open, what supporters send, what each of them reads."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, model_validator

from app.crypto import supporter_tokens
from app.intake.channel_schemas import ReceiptFormatOut
from app.intake.schemas import MOST_ALLEGATIONS, HeadcountClaimOut, Identity, Lookup
from app.kernel import clock
from app.kernel.days import Day
from app.kernel.octets import Base64
from app.kernel.texts import Line
from app.supporting import codes, tallies
from app.supporting.models import Mode

LONGEST_COUNT_DAYS = 366
MOST_OF_A_ROLL = 100_000


def _usable_key(content: bytes) -> bytes:
    supporter_tokens.read_public(content)
    return content


def _not_past(day: date) -> date:
    if day < clock.today():
        raise ValueError("must not be a day that is over")
    return day


IssuerKey = Annotated[
    bytes,
    AfterValidator(_usable_key),
    Base64(
        1,
        supporter_tokens.MOST_PUBLIC_KEY_BYTES,
        "RSA public key of 3072 bits, as SubjectPublicKeyInfo in DER (docs/formats.md, Supporter token).",
    ),
]
Token = Annotated[
    bytes,
    Base64(supporter_tokens.TOKEN_BYTES, supporter_tokens.TOKEN_BYTES, "A token (docs/formats.md, Supporter token)."),
]
ComingDay = Annotated[Day, AfterValidator(_not_past)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CountedAllegationIn(_In):
    """One allegation that supporters may name."""

    allegation_id: UUID = Field(description="An allegation of the grievance.")
    wording: Line = Field(
        description="How everybody may read of it. It is public: name nobody.", examples=["Records were altered."]
    )
    issuer_key: IssuerKey | None = Field(
        default=None, description="Of mode tokens_by_allegation: signs for this one alone."
    )


class SupportCountIn(_In):
    """How supporters are to be counted. Nothing of it but the dates can be changed later."""

    mode: Mode = Field(
        description="codes: on paper, drawn from a hat. tokens: signed blindly on the union's own machine. "
        "tokens_by_allegation: the same with a key for each allegation, so that nobody learns what one person supports together."
    )
    opens_on: ComingDay = Field(description="First day, in UTC.")
    closes_on: ComingDay = Field(description="Last day, in UTC.")
    threshold: StrictInt = Field(
        default=tallies.LEAST_THRESHOLD,
        ge=tallies.LEAST_THRESHOLD,
        le=tallies.MOST_THRESHOLD,
        description="Fewer supporters than this are never shown, in total or of an allegation.",
    )
    roll: StrictInt | None = Field(
        default=None, ge=1, le=MOST_OF_A_ROLL, description="Of tokens: how many members the union can count in at most."
    )
    statement: Line = Field(
        description="What everybody may read above the allegations. It is public: tell nothing that is not.",
        examples=["Members in one service raise a grievance together."],
    )
    issuer_key: IssuerKey | None = Field(
        default=None, description="Of mode tokens: the union's key for this grievance."
    )
    allegations: list[CountedAllegationIn] = Field(min_length=1, max_length=MOST_ALLEGATIONS)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        days(self.opens_on, self.closes_on)
        named = [one.allegation_id for one in self.allegations]
        keys = [one.issuer_key for one in self.allegations if one.issuer_key is not None]
        if len(set(named)) != len(named) or len(set(keys)) != len(keys):
            raise ValueError("each allegation is named once, with a key of its own")
        if (self.roll is None) != (self.mode is Mode.CODES):
            raise ValueError(
                "needs a roll where tokens count people in, and has none of codes, which are counted as they are drawn"
            )
        if (self.issuer_key is not None) != (self.mode is Mode.TOKENS):
            raise ValueError("needs issuer_key of mode tokens, and of no other")
        if len(keys) != (len(named) if self.mode is Mode.TOKENS_BY_ALLEGATION else 0):
            raise ValueError("needs an issuer_key for each allegation of mode tokens_by_allegation, and of no other")
        return self


def days(opens_on: date, closes_on: date) -> None:
    """Return if a count may have these days.

    Raises:
        ValueError: it would close before it opens, or last for more than a year.

    """
    if not 0 <= (closes_on - opens_on).days < LONGEST_COUNT_DAYS:
        raise ValueError(f"closes on the day it opens or later, within {LONGEST_COUNT_DAYS} days")


class SupportCountPatch(_In):
    """Other days for a count. What is left out stays."""

    opens_on: ComingDay | None = Field(default=None, description="While it has not opened.")
    closes_on: ComingDay | None = Field(default=None, description="While it is not over.")


class SupporterCodesIn(_In):
    """How many codes to draw."""

    number: StrictInt = Field(ge=1, le=codes.MOST_AT_ONCE, examples=[31])


class SupporterCodesOut(BaseModel):
    """Fresh codes. They are shown this once; the service keeps a digest of each."""

    codes: list[str] = Field(description="In an order that means nothing.", examples=[["7H3KD-0Q9XW-M2RTA-5JB8C"]])


class SupportIn(_In):
    """One supporter, counted in."""

    code: str | None = Field(default=None, max_length=codes.LONGEST_TEXT, description="The code you drew.")
    token: Token | None = Field(default=None, description="The token that the union signed blindly.")
    allegations: list[Annotated[int, Field(strict=True, ge=1, le=MOST_ALLEGATIONS)]] = Field(
        max_length=MOST_ALLEGATIONS,
        description="The numbers of those you support, as the page has them. None: the grievance as a whole. "
        "Of mode tokens_by_allegation: the one that the token is for.",
        examples=[[1, 3]],
    )
    identity: Identity | None = Field(
        default=None, description="For the custodians alone, if you want them to have it."
    )
    lookup: Lookup | None = Field(
        default=None, description="From a receipt that your client drew itself. Without it the service draws one."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.code is None) == (self.token is None):
            raise ValueError("needs either code or token")
        once_each(self.allegations)
        return self


def once_each(allegations: list[int]) -> None:
    """Return if each allegation is named once.

    Raises:
        ValueError: otherwise.

    """
    if len(set(allegations)) != len(allegations):
        raise ValueError("names each allegation once")


class SupportOut(BaseModel):
    """That you were counted in. The receipt is shown this once and never again."""

    receipt: str | None = Field(
        description="Seven words, the only way to change or withdraw your support; null if your client drew them.",
        examples=["abacus cactus vanilla tulip ramp oxygen linen"],
    )
    counted_on: date


class SupportWithdrawalIn(_In):
    """Proof that one holds the receipt of a supporter."""

    receipt: str | None = Field(default=None, max_length=400, description="The seven words, however you type them.")
    lookup: Lookup | None = Field(default=None, description="For clients that derive it.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.receipt is None) == (self.lookup is None):
            raise ValueError("needs either receipt or lookup")
        return self


class SupportPatch(SupportWithdrawalIn):
    """What a supporter supports from now on, in place of what they chose before."""

    allegations: list[Annotated[int, Field(strict=True, ge=1, le=MOST_ALLEGATIONS)]] = Field(
        max_length=MOST_ALLEGATIONS, description="As when you were counted in."
    )

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        once_each(self.allegations)
        return self


class HeadcountOut(BaseModel):
    """A number of people that was counted one by one."""

    number: int = Field(description="Never below the threshold, and moved by no less than the threshold at a time.")
    basis: Literal["verified"] = "verified"
    counted_on: date


class TallyOut(BaseModel):
    """How many support one allegation: told once, after the count has ended."""

    number: int
    is_exact: bool = Field(description="False: that many or more, since fewer than the threshold do not support it.")
    counted_on: date


class CountedAllegationOut(BaseModel):
    """One allegation of a count."""

    number: int
    wording: str
    issuer_key: str | None = Field(description="In base64.")


class TalliedAllegationOut(CountedAllegationOut):
    """One allegation of a count, with what may be told of it."""

    allegation_id: UUID = Field(description="As the grievance has it.")
    tally: TallyOut | None = Field(description="Null of few, of none, and until the count has ended.")


class _CountOut(BaseModel):
    mode: Mode
    opens_on: date
    closes_on: date
    is_open: bool = Field(description="Whether supporters are counted today.")
    threshold: int
    statement: str
    issuer_key: str | None = Field(description="In base64.")
    issuer_words: str | None = Field(
        description="Six words of all issuer keys together. Compare them with those that the union tells you by another way.",
        examples=["abacus cactus vanilla tulip ramp oxygen"],
    )


class SupportPageOut(_CountOut):
    """What everybody may read of a count: what the representative decided to make public. It tells no number."""

    allegations: list[CountedAllegationOut]
    receipt: ReceiptFormatOut
    what_is_kept: str = Field(description="What the service keeps of a supporter, and what it cannot hide.")


class SupportCountOut(_CountOut):
    """A count, as its representative and those who work the case see it: numbers, and never who."""

    id: UUID
    ended_on: date | None
    roll: int = Field(description="How many can be counted in at most; of codes, how many were drawn.")
    tallied_on: date | None
    headcount: HeadcountOut | None = Field(
        description="Null of few and of none, and of mode tokens_by_allegation, which counts supports and not people."
    )
    allegations: list[TalliedAllegationOut]


class OwnSupportOut(BaseModel):
    """The count of a representative's own grievance, beside what was claimed."""

    count: SupportCountOut | None = Field(description="Null until one is opened.")
    headcount_claims: list[HeadcountClaimOut]


class CaseSupportOut(BaseModel):
    """The counts of every grievance of a case, beside what was claimed."""

    items: list[OwnSupportOut]
