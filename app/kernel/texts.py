"""The texts that come in from outside: how long, in which form, and without what no person types. It knows no domain.

Every text is made Unicode NFC, so that what looks the same is the same, and loses what nobody sees and blanks at its ends.
"""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

LABEL_LENGTH = 20
LINE_LENGTH = 300
STATEMENT_LENGTH = 4_000
PROSE_LENGTH = 50_000

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters (Unicode category Cc) but tab and line feed. PostgreSQL cannot hold the first of them at all."""
_UNSEEN = re.compile(r"[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
"""Characters that are not seen (of Unicode category Cf), which turn the direction of a text or part its words unseen. Joiners
stay: some scripts are not written without them."""
_LINE_ENDS = re.compile(r"\r\n?")
_ONE_LINE = r"[^\u0000-\u001f\u007f-\u009f]*"
_MANY_LINES = r"[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*"
_NOT_BLANK = r"[^\s\u0000-\u001f\u007f-\u009f]"
_LINE_PATTERN = f"^{_ONE_LINE}{_NOT_BLANK}{_ONE_LINE}$"
_LINES_PATTERN = f"^{_MANY_LINES}{_NOT_BLANK}{_MANY_LINES}$"
"""What OpenAPI says of the rules below."""


def _tidied(text: str, longest: int) -> str:
    if _CONTROLS.search(text):
        raise ValueError("must not hold control characters")
    tidied = unicodedata.normalize("NFC", _UNSEEN.sub("", text)).strip()
    if not tidied:
        raise ValueError("must not be blank")
    if len(tidied) > longest:  # NFC lengthens a few letters
        raise ValueError(f"must have at most {longest} characters")
    return tidied


def tidy_line(text: str, longest: int = LINE_LENGTH) -> str:
    """Return the text of one line in the form that is kept.

    Raises:
        ValueError: it is blank, too long, has a second line, a tab or another control character. The message is the rule.

    """
    if "\n" in text or "\t" in text:
        raise ValueError("must be one line, without tabs")
    return _tidied(text, longest)


def tidy_lines(text: str, longest: int) -> str:
    """Return the text of any number of lines in the form that is kept, every line ended by a line feed alone.

    Raises:
        ValueError: it is blank, too long, or has a control character. The message is the rule.

    """
    return _tidied(_LINE_ENDS.sub("\n", text), longest)


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
