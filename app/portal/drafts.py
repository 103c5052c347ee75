"""What a form of an open inbox says, as a body of the API, and what is said at a field that breaks a rule."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.portal.forms import FormErrors, rule_of

Draft = TypeVar("Draft", bound=BaseModel)


def drafted(kind: type[Draft], body: Mapping[str, Any], fields: Sequence[str]) -> Draft:
    """Return the body that a form stands for. A breach is told at the field of that name, else at the first of `fields`.

    Raises:
        FormErrors: a field breaks a rule.

    """
    try:
        return kind.model_validate({name: value for name, value in body.items() if value is not None and value != ""})
    except ValidationError as error:
        errors: dict[str, str] = {}
        for one in error.errors(include_url=False, include_input=False):
            place = next((name for name in one["loc"] if name in fields), fields[0])
            errors.setdefault(str(place), rule_of(one["type"], str((one.get("ctx") or {}).get("error"))))
        raise FormErrors({name: errors[name] for name in fields if name in errors}) from error
