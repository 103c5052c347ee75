"""How exhibits are numbered and put in order. Pure. Numbers are text, as printed on the exhibits."""

import re
from collections.abc import Iterable


def in_order(number: str) -> tuple[tuple[int, int, str], ...]:
    """Return the key by which exhibits are sorted as people do: A2 before A10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", number)
    return tuple((0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts)


def next_number(taken: Iterable[str]) -> str:
    """Return the whole number after the largest one in use."""
    return str(1 + max((int(number) for number in taken if re.fullmatch(r"[0-9]+", number)), default=0))
