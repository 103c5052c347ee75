"""What was written in an inbox that had closed meanwhile: it waits in the page that asks for the receipt, and nowhere else."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.portal.forms import ONCE, Form, fresh_once

ACT = "act"
_PREFIX = "unsent."
_ACTS = re.compile(r"messages|detriment|check-ins/[0-9]{1,5}|identity/check")
"""The acts whose texts are worth keeping, as their addresses end."""
_TEXTS = ("text", "what", "name", "contact", "employee_number")
_OF_PAGE = frozenset({"token", ONCE})

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Unsent:
    """An act and the fields of its form."""

    act: str
    fields: Pairs = field(repr=False)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """How the form that asks for the receipt carries them on unseen."""
        return [(ACT, self.act), *((f"{_PREFIX}{name}", value) for name, value in self.fields)]

    @property
    def texts(self) -> list[str]:
        """What its reader wrote themselves."""
        return [value for name, value in self.fields if name in _TEXTS and value.strip()]

    def again(self, form_token: str) -> list[tuple[str, str]]:
        """Return the fields with which the act is sent from a page of the inbox that is open now."""
        return [("token", form_token), (ONCE, fresh_once()), *self.fields]


def of_act(act: str, form: Form) -> Unsent | None:
    """Return what the form of an act holds, if it is worth keeping."""
    fields = [(name, value) for name, value in form.pairs if name not in _OF_PAGE]
    found = Unsent(act, fields)
    return found if _ACTS.fullmatch(act) and found.texts else None


def carried_by(form: Form) -> Unsent | None:
    """Return what the form that asked for the receipt carried on."""
    carried = [
        (name.removeprefix(_PREFIX), value)
        for name, value in form.pairs
        if name.startswith(_PREFIX) and name.removeprefix(_PREFIX) not in _OF_PAGE
    ]
    found = Unsent(form.one(ACT), carried)
    return found if _ACTS.fullmatch(found.act) and carried else None
