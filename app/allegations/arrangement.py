"""Which allegations stand, and what may be done to one. Pure.

Nothing that was alleged may be lost by arranging: an allegation becomes others that stand, and what is in scope stays so.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

Key = TypeVar("Key")


class AllegationState(StrEnum):
    """Whether an allegation stands, and if not, what became of it."""

    IN_SCOPE = "in_scope"
    OUT_OF_SCOPE = "out_of_scope"
    MERGED = "merged"
    SPLIT = "split"


STANDING = frozenset({AllegationState.IN_SCOPE, AllegationState.OUT_OF_SCOPE})
"""The states of allegations that stand for themselves."""


def merge_keeps_scope(source: AllegationState, target: AllegationState) -> bool:
    """Whether merging leaves nothing out: what is in scope must not vanish in what is out of scope."""
    return not (source == AllegationState.IN_SCOPE and target == AllegationState.OUT_OF_SCOPE)


def standing_for(key: Key, merged_into: Mapping[Key, Key | None]) -> Key:
    """Return the one that stands for `key` now, through however many merges.

    Merges cannot go round: only what stands can be merged into.
    """
    while (target := merged_into[key]) is not None:
        key = target
    return key
