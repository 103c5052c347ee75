"""The texts that come in from outside: how long, in which form, and without what no person types. It knows no domain."""

from typing import Annotated

from pydantic import AfterValidator, Field

from app.crypto.texts import LINE_LENGTH, UNSEEN, tidy_line, tidy_lines

LABEL_LENGTH = 20
STATEMENT_LENGTH = 4_000
PROSE_LENGTH = 50_000

_ONE_LINE = r"[^\u0000-\u001f\u007f-\u009f]*"
_MANY_LINES = r"[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*"
_NOT_BLANK = rf"[^\s\u0000-\u001f\u007f-\u009f{UNSEEN}]"
_LINE_PATTERN = f"^{_ONE_LINE}{_NOT_BLANK}{_ONE_LINE}$"
_LINES_PATTERN = f"^{_MANY_LINES}{_NOT_BLANK}{_MANY_LINES}$"
"""What OpenAPI says of the rules below."""


Label = Annotated[
    str,
    Field(min_length=1, max_length=LABEL_LENGTH, json_schema_extra={"pattern": _LINE_PATTERN}),
    AfterValidator(lambda text: tidy_line(text, LABEL_LENGTH)),
]
"""A number or letter as somebody wrote it: text, never counted with."""

Line = Annotated[
    str,
    Field(min_length=1, max_length=LINE_LENGTH, json_schema_extra={"pattern": _LINE_PATTERN}),
    AfterValidator(tidy_line),
]
"""One line: a title, a name."""

Statement = Annotated[
    str,
    Field(min_length=1, max_length=STATEMENT_LENGTH, json_schema_extra={"pattern": _LINES_PATTERN}),
    AfterValidator(lambda text: tidy_lines(text, STATEMENT_LENGTH)),
]
"""Some paragraphs: what is alleged, a reason."""

Prose = Annotated[
    str,
    Field(min_length=1, max_length=PROSE_LENGTH, json_schema_extra={"pattern": _LINES_PATTERN}),
    AfterValidator(lambda text: tidy_lines(text, PROSE_LENGTH)),
]
"""A chapter: a narrative, the method of a report."""
