"""Which allegations stand, and what may be done to one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.allegations.arrangement import STANDING, AllegationState, merge_keeps_scope, standing_for

IN, OUT = AllegationState.IN_SCOPE, AllegationState.OUT_OF_SCOPE


@pytest.mark.parametrize(
    ("source", "target", "keeps"), [(IN, IN, True), (OUT, IN, True), (OUT, OUT, True), (IN, OUT, False)]
)
def test_what_is_in_scope_cannot_vanish_in_what_is_not(
    source: AllegationState, target: AllegationState, keeps: bool
) -> None:
    assert merge_keeps_scope(source, target) is keeps


def test_what_was_merged_or_split_does_not_stand() -> None:
    assert set(AllegationState) - STANDING == {AllegationState.MERGED, AllegationState.SPLIT}


@given(st.integers(1, 12), st.data())
def test_however_merges_are_made_everything_is_stood_for_by_one_that_stands(size: int, data: st.DataObject) -> None:
    merged_into: dict[int, int | None] = dict.fromkeys(range(size))
    for _ in range(data.draw(st.integers(0, size - 1))):
        standing = [key for key, target in merged_into.items() if target is None]
        source, target = data.draw(st.permutations(standing))[:2] if len(standing) > 1 else (None, None)
        if source is not None:
            merged_into[source] = target
    for key in merged_into:
        assert merged_into[standing_for(key, merged_into)] is None
