"""What the forms of supporters hold, read strictly, and the drafts that they make; each breach of a rule names its field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from app.crypto import receipts
from app.kernel.problems import InvalidInput
from app.portal.forms import IDENTITY, ONCE, Form, FormErrors, fresh_once, once_of, rule_of
from app.supporting.models import Mode
from app.supporting.schemas import SupportIn, SupportPageOut, SupportPatch, SupportWithdrawalIn

PROOF, CHOSEN, RECEIPT = "code", "supports", "receipt"
LONGEST_RECEIPT = 400


@dataclass(frozen=True)
class WrittenSupport:
    """What stands in the form of a supporter: kept in the page alone until it is sent."""

    once: str
    proof: str = field(repr=False)
    """The code, or the token as text."""
    chosen: Sequence[str] = field(repr=False)
    fields: Mapping[str, str] = field(repr=False)

    @classmethod
    def nothing(cls) -> "WrittenSupport":
        """Return an empty form."""
        return cls(fresh_once(), "", [], dict.fromkeys(IDENTITY, ""))

    @classmethod
    def in_form(cls, form: Form) -> "WrittenSupport":
        """Return what was written.

        Raises:
            InvalidInput: a field is there twice.

        """
        return cls(once_of(form), form.one(PROOF), form.all(CHOSEN), {name: form.one(name) for name in IDENTITY})

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every field by name, for a form that carries them on unseen."""
        return [(ONCE, self.once), (PROOF, self.proof), *((CHOSEN, one) for one in self.chosen), *self.fields.items()]

    def draft(self, page: SupportPageOut) -> SupportIn:
        """Return the support.

        Raises:
            FormErrors: a field breaks a rule.

        """
        errors: dict[str, str] = {}
        if not self.proof.strip():
            errors[PROOF] = "required"
        numbers = _numbers(self.chosen, page, errors)
        body: dict[str, Any] = {"allegations": numbers}
        if page.mode is Mode.CODES:
            body["code"] = self.proof.strip()
        else:
            body["token"] = "".join(self.proof.split())
        if any(self.fields[name].strip() for name in IDENTITY):
            body["identity"] = {name: self.fields[name].strip() or None for name in IDENTITY}
            if not self.fields["name"].strip():
                errors["name"] = "name_missing"
        try:
            draft = SupportIn.model_validate(body)
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False):
                name, rule = _place(one["loc"]), rule_of(one["type"], str((one.get("ctx") or {}).get("error")))
                errors.setdefault(name, "not_known" if name == PROOF else rule)
        if errors:
            raise FormErrors({name: errors[name] for name in (PROOF, CHOSEN, *IDENTITY) if name in errors})
        return draft


def _place(where: tuple[int | str, ...]) -> str:
    """Return the field that a place on the wire came from."""
    match where:
        case ("code" | "token", *_):
            return PROOF
        case ("allegations", *_):
            return CHOSEN
        case ("identity", str(name), *_):
            return name
        case _:
            return "name"


def _numbers(chosen: Sequence[str], page: SupportPageOut, errors: dict[str, str]) -> list[int]:
    """Return the allegations that were chosen; what is wrong with them is among the errors."""
    known = {str(one.number): one.number for one in page.allegations}
    if page.mode is Mode.TOKENS_BY_ALLEGATION and len(chosen) != 1:
        errors[CHOSEN] = "choose"
    if not set(chosen) <= set(known):
        errors[CHOSEN] = "unusable"
    return [known[one] for one in dict.fromkeys(chosen) if one in known]


@dataclass(frozen=True)
class Change:
    """What stands in the form by which a supporter changes or withdraws their support."""

    receipt: str = field(repr=False)
    chosen: Sequence[str] = field(repr=False)

    @classmethod
    def in_form(cls, form: Form) -> "Change":
        """Return what was written.

        Raises:
            InvalidInput: the receipt is there twice.

        """
        return cls(form.one(RECEIPT)[:LONGEST_RECEIPT], form.all(CHOSEN))

    def patch(self, page: SupportPageOut) -> SupportPatch:
        """Return what is supported from now on.

        Raises:
            FormErrors: it names an allegation that the count has not.

        """
        errors: dict[str, str] = {}
        numbers = _numbers(self.chosen, page, errors)
        if errors:
            raise FormErrors(errors)
        return SupportPatch(receipt=self.receipt, allegations=numbers)

    def withdrawal(self) -> SupportWithdrawalIn:
        """Return that the support is withdrawn."""
        return SupportWithdrawalIn(receipt=self.receipt)


def words_in(form: Form) -> tuple[str, ...]:
    """Return the receipt that a page showed, given back by its reader to be saved as a file: nothing else is handed out.

    Raises:
        InvalidInput: it is something else.

    """
    try:
        return tuple(receipts.normalise(form.one(RECEIPT)).split())
    except ValueError as error:
        raise InvalidInput(errors=[{"in": "body", "pointer": "", "rule": "cannot be read"}]) from error
