"""The form in which texts are kept, so that service and clients commit to the same bytes; docs/formats.md, "Statement".

Every text is made Unicode NFC, so that what looks the same is the same, and loses what nobody sees and blanks at its ends.
"""

import re
import unicodedata

LINE_LENGTH = 300

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters (Unicode category Cc) but tab and line feed. PostgreSQL cannot hold the first of them at all."""
UNSEEN = r"\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
"""Characters, as a pattern's set, that are not seen (of Unicode category Cf), which turn the direction of a text or part its words unseen. Joiners
stay: some scripts are not written without them."""
_UNSEEN = re.compile(f"[{UNSEEN}]")
_LINE_ENDS = re.compile(r"\r\n?")


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
