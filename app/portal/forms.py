"""What a page's form holds, read strictly, and the draft that it makes; each breach of a rule names its field."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError

from app.crypto import receipts
from app.crypto.references import ALPHABET
from app.intake.models import Confidentiality
from app.intake.schemas import MOST_ALLEGATIONS, GrievanceIn
from app.kernel.octets import spell
from app.kernel.problems import InvalidInput, UnsupportedMediaType

MEDIA_TYPE = "application/x-www-form-urlencoded"
MOST_FIELDS = 200
IDENTITY = ("name", "contact", "employee_number")
SINGLE = ("headline", "narrative", "capacity", "confidentiality", *IDENTITY)
"""The fields of a report that it has once."""
REPEATED = "allegation"
ONCE = "once"
"""The field that tells two reports of one text apart, and one report that is sent twice."""

_ONCE = re.compile(r"[A-Za-z0-9_-]{43}")
_REFERENCE = re.compile(rf"CAN-[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNUSABLE = {"in": "body", "pointer": "", "rule": "cannot be read"}
_RULES = (
    ("must not hold control", "control"),
    ("must be one line", "one_line"),
    ("must have at most", "too_long"),
    ("takes at most", "identity_too_long"),
    ("must not be blank", "required"),
)
"""What the rules of the wire say, and the text that says it to people."""


class Form:
    """The fields that a browser sent, in their order."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Hold the pairs of name and value."""
        self._pairs = tuple(pairs)

    @classmethod
    def read(cls, content_type: str, body: bytes) -> "Form":
        """Return what a body holds.

        Raises:
            UnsupportedMediaType: it is not named as a form.
            InvalidInput: it cannot be read, or has more fields than any form of ours.

        """
        if content_type.partition(";")[0].strip().lower() != MEDIA_TYPE:
            raise UnsupportedMediaType
        try:
            text = body.decode("ascii")
            return cls(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS))
        except ValueError as error:
            raise InvalidInput(errors=[_UNUSABLE]) from error

    def one(self, name: str) -> str:
        """Return the value of a field, or nothing where it is missing.

        Raises:
            InvalidInput: the field is there twice.

        """
        found = self.all(name)
        if len(found) > 1:
            raise InvalidInput(errors=[{"in": "body", "pointer": f"/{name}", "rule": "names a field twice"}])
        return found[0] if found else ""

    def all(self, name: str) -> list[str]:
        """Return every value of a field."""
        return [value for key, value in self._pairs if key == name]

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every field by name, in order."""
        return self._pairs


def fresh_once() -> str:
    """Return the mark of a new report."""
    return secrets.token_urlsafe(32)


def once_of(form: Form) -> str:
    """Return the mark that a form carries; a new one where it has none of ours."""
    found = form.one(ONCE)
    return found if _ONCE.fullmatch(found) else fresh_once()


def repeat_key(form: Form, body: bytes) -> str:
    """Return the Idempotency-Key of a report: it follows from its mark and every byte of it.

    So a page that is loaded again, or sent twice, is one report; a text that was changed is another.

    Raises:
        InvalidInput: the form carries no mark of ours.

    """
    if not _ONCE.fullmatch(form.one(ONCE)):
        raise InvalidInput(errors=[_UNUSABLE])
    return spell(sha256(body).digest())


@dataclass(frozen=True)
class Written:
    """What stands in the form of a report: kept in the page alone, nothing is stored."""

    once: str
    fields: Mapping[str, str] = field(repr=False)
    allegations: Sequence[str] = field(repr=False)

    @classmethod
    def nothing(cls) -> "Written":
        """Return an empty form."""
        return cls(fresh_once(), dict.fromkeys(SINGLE, ""), [""])

    @classmethod
    def in_form(cls, form: Form) -> "Written":
        """Return what was written so far.

        Raises:
            InvalidInput: a field is there twice.

        """
        return cls(once_of(form), {name: form.one(name) for name in SINGLE}, form.all(REPEATED) or [""])

    @property
    def has_room(self) -> bool:
        """Whether one more point may be added."""
        return len(self.allegations) < MOST_ALLEGATIONS

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every field by name, for a form that carries them on unseen."""
        return [(ONCE, self.once), *self.fields.items(), *((REPEATED, text) for text in self.allegations)]

    def with_room(self) -> "Written":
        """Return it with one more empty point."""
        return Written(self.once, self.fields, [*self.allegations, ""] if self.has_room else self.allegations)

    def draft(self) -> GrievanceIn:
        """Return the report.

        Raises:
            FormErrors: a field breaks a rule.

        """
        errors = self._missing()
        body: dict[str, Any] = {name: self.fields[name] for name in ("headline", "narrative", "confidentiality")}
        body["capacity"] = self.fields["capacity"].strip() or None
        body["allegations"] = [{"statement": self.allegations[number]} for number in self._filled]
        if any(self.fields[name].strip() for name in IDENTITY):
            body["identity"] = {name: self.fields[name].strip() or None for name in IDENTITY}
        try:
            draft = GrievanceIn.model_validate(body)
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False):
                errors.setdefault(
                    self._place(one["loc"]), rule_of(one["type"], str((one.get("ctx") or {}).get("error")))
                )
        if errors:
            raise FormErrors({name: errors[name] for name in self._in_order(errors)})
        return draft

    @property
    def _filled(self) -> list[int]:
        return [number for number, text in enumerate(self.allegations) if text.strip()]

    def _missing(self) -> dict[str, str]:
        """Return what no rule of the wire says of a single field."""
        errors = {name: "required" for name in ("headline", "narrative") if not self.fields[name].strip()}
        chosen = self.fields["confidentiality"]
        is_named = any(self.fields[name].strip() for name in IDENTITY)
        if chosen not in set(Confidentiality):
            errors["confidentiality"] = "choose"
        elif chosen == Confidentiality.ANONYMOUS and is_named:
            errors["name"] = "anonymous_with_name"
        elif chosen != Confidentiality.ANONYMOUS and not self.fields["name"].strip():
            errors["name"] = "name_needed"
        return errors

    def _place(self, where: tuple[int | str, ...]) -> str:
        """Return the field that a place on the wire came from."""
        match where:
            case ("allegations", int(number), *_):
                return f"{REPEATED}-{self._filled[number] + 1}"
            case ("identity", str(name), *_):
                return name
            case (str(name), *_) if name in SINGLE:
                return name
            case _:
                return "name"

    def _in_order(self, errors: Mapping[str, str]) -> list[str]:
        points = [f"{REPEATED}-{number}" for number, _ in enumerate(self.allegations, 1)]
        order = ["headline", "narrative", *points, "capacity", "confidentiality", *IDENTITY]
        return [name for name in order if name in errors]


class FormErrors(Exception):
    """Fields of a form break rules: `errors` has the rule of each, by the name of a text."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        """Hold the errors in the order of the page."""
        super().__init__("form errors")
        self.errors = errors


def rule_of(kind: str, said: str) -> str:
    """Return the text that says to people what a rule of the wire says."""
    if kind in {"string_too_long", "too_long"}:
        return "too_long"
    if kind in {"string_too_short", "missing"}:
        return "required"
    return next((rule for beginning, rule in _RULES if said.startswith(beginning)), "unusable")


@dataclass(frozen=True)
class Kept:
    """What a receipt page knows, given back by its reader to be saved as a file."""

    words: tuple[str, ...] = field(repr=False)
    reference: str
    acknowledge_by: str
    feedback_by: str

    @classmethod
    def in_form(cls, form: Form) -> "Kept":
        """Return what is to be saved: a receipt, a reference and days, so that nobody's page can make us hand out else.

        Raises:
            InvalidInput: it is something else.

        """
        reference, days = form.one("reference"), [form.one(name) for name in ("acknowledge_by", "feedback_by")]
        try:
            words = tuple(receipts.normalise(form.one("receipt")).split())
        except ValueError as error:
            raise InvalidInput(errors=[_UNUSABLE]) from error
        if not _REFERENCE.fullmatch(reference) or not all(_DAY.fullmatch(day) for day in days):
            raise InvalidInput(errors=[_UNUSABLE])
        return cls(words, reference, *days)
