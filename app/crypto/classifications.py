"""What a grievance is said to be about, and in which relation to the organisation whoever raised it stands.

Always of one length, so that the length of what is sealed tells neither. Format: docs/formats.md, "Classification".
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

BYTES = 512
MOST_CATEGORIES = 10
CODE_LENGTH = 40


@dataclass(frozen=True)
class Classification:
    """Codes of categories in the order in which they were named, and the code of the relation, if one was."""

    categories: tuple[str, ...] = ()
    relation: str | None = None


def encode(categories: Sequence[str], relation: str | None) -> str:
    """Return the text that is sealed: JSON, filled up with blanks to BYTES.

    Raises:
        ValueError: there are too many categories, or a code is too long or not ASCII.

    """
    codes = [*categories, *([] if relation is None else [relation])]
    if len(categories) > MOST_CATEGORIES or not all(one.isascii() and 0 < len(one) <= CODE_LENGTH for one in codes):
        raise ValueError(f"at most {MOST_CATEGORIES} categories, each a code of {CODE_LENGTH} ASCII characters at most")
    text = json.dumps({"categories": list(categories), "relation": relation}, separators=(",", ":"))
    if len(text) > BYTES:  # only signs that JSON writes longer
        raise ValueError("the codes hold signs that no code has")
    return text.ljust(BYTES)


def decode(text: str) -> Classification:
    """Return what the text says; nothing at all if it is none, since a client may have sealed what it liked."""
    try:
        found = json.loads(text)
        categories, relation = found["categories"], found["relation"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return Classification()
    if not isinstance(categories, list) or not all(isinstance(one, str) for one in categories):
        return Classification()
    return Classification(
        tuple(one[:CODE_LENGTH] for one in categories[:MOST_CATEGORIES]),
        relation if isinstance(relation, str) else None,
    )
