"""No report leaves while an allegation in scope lacks its final finding, and whatever led nowhere is listed."""

import itertools
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.allegations.arrangement import AllegationState
from app.evidence.requests import ExhibitState
from app.reports.gate import (
    AllegationFacts,
    ExhibitFacts,
    Orphan,
    OrphanKind,
    RaisedFacts,
    ThemeFacts,
    orphans,
)

IN_SCOPE, OUT_OF_SCOPE, MERGED, SPLIT = AllegationState
A, B = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("allegation", "found"),
    [
        (AllegationFacts(1, "1.1", IN_SCOPE, theme_id=7), []),
        (AllegationFacts(1, "1.1", OUT_OF_SCOPE, theme_id=7), []),
        (AllegationFacts(1, "1.1", MERGED, theme_id=7), [OrphanKind.THEME_WITHOUT_ALLEGATION]),
        (
            AllegationFacts(1, "1.1", IN_SCOPE, theme_id=None),
            [OrphanKind.THEME_WITHOUT_ALLEGATION, OrphanKind.ALLEGATION_WITHOUT_THEME],
        ),
        (AllegationFacts(1, "1.1", OUT_OF_SCOPE, theme_id=None), [OrphanKind.THEME_WITHOUT_ALLEGATION]),
    ],
)
def test_themes_and_allegations_that_do_not_meet_are_listed(
    allegation: AllegationFacts[int], found: list[OrphanKind]
) -> None:
    listed = orphans([], [ThemeFacts(7, "1")], [allegation], [], set())
    assert [orphan.kind for orphan in listed] == found


def test_a_merged_theme_is_no_orphan() -> None:
    assert orphans([], [ThemeFacts(7, "1", is_merged=True)], [], [], set()) == []


@pytest.mark.parametrize("state", AllegationState)
def test_what_was_raised_is_taken_up_by_an_allegation_whatever_became_of_it(state: AllegationState) -> None:
    taken_up = AllegationFacts(1, "1.1", state, theme_id=7, raised_id=9)
    listed = orphans([RaisedFacts(9, "1"), RaisedFacts(10, "2")], [], [taken_up], [], set())
    assert listed == [Orphan(OrphanKind.RAISED_AND_NOT_TAKEN_UP, 10, "2")]


@pytest.mark.parametrize(
    ("state", "is_cited", "found"),
    [
        (ExhibitState.RECEIVED, True, []),
        (ExhibitState.RECEIVED, False, [OrphanKind.EXHIBIT_CITED_NOWHERE]),
        (ExhibitState.REQUESTED, False, [OrphanKind.EVIDENCE_NEVER_RECEIVED]),
        (ExhibitState.DOES_NOT_EXIST, False, []),
        (ExhibitState.REFUSED, False, []),
        (ExhibitState.WITHDRAWN, False, []),
    ],
)
def test_evidence_that_led_nowhere_is_listed(state: ExhibitState, is_cited: bool, found: list[OrphanKind]) -> None:
    listed = orphans([], [], [], [ExhibitFacts(1, "E1", state)], {1} if is_cited else set())
    assert [orphan.kind for orphan in listed] == found


keys = st.integers(0, 9)
maybe_keys = st.none() | keys
some_raised = st.lists(st.builds(RaisedFacts, keys, st.just("r")), unique_by=lambda one: one.id, max_size=9)
some_themes = st.lists(
    st.builds(ThemeFacts, keys, st.just("t"), st.booleans()), unique_by=lambda one: one.id, max_size=9
)
some_allegations = st.lists(
    st.builds(AllegationFacts, keys, st.just("a"), st.sampled_from(AllegationState), maybe_keys, maybe_keys),
    unique_by=lambda one: one.id,
    max_size=9,
)
some_exhibits = st.lists(
    st.builds(ExhibitFacts, keys, st.just("e"), st.sampled_from(ExhibitState)), unique_by=lambda one: one.id, max_size=9
)


@given(some_raised, some_themes, some_allegations, some_exhibits, st.frozensets(keys))
def test_each_orphan_is_listed_once_and_nothing_else_is(
    raised: list[RaisedFacts[int]],
    themes: list[ThemeFacts[int]],
    allegations: list[AllegationFacts[int]],
    exhibits: list[ExhibitFacts[int]],
    cited: frozenset[int],
) -> None:
    listed = [(orphan.kind, orphan.id) for orphan in orphans(raised, themes, allegations, exhibits, cited)]
    assert len(listed) == len(set(listed))
    standing_ones = [one for one in allegations if one.state in {IN_SCOPE, OUT_OF_SCOPE}]
    for said in raised:
        is_orphan = all(one.raised_id != said.id for one in allegations)
        assert ((OrphanKind.RAISED_AND_NOT_TAKEN_UP, said.id) in listed) == is_orphan
    for theme in themes:
        is_orphan = not theme.is_merged and all(one.theme_id != theme.id for one in standing_ones)
        assert ((OrphanKind.THEME_WITHOUT_ALLEGATION, theme.id) in listed) == is_orphan
    for one in allegations:
        is_orphan = one.state == IN_SCOPE and one.theme_id is None
        assert ((OrphanKind.ALLEGATION_WITHOUT_THEME, one.id) in listed) == is_orphan
    for exhibit in exhibits:
        never_came = exhibit.state == ExhibitState.REQUESTED
        passed_over = exhibit.state == ExhibitState.RECEIVED and exhibit.id not in cited
        assert ((OrphanKind.EVIDENCE_NEVER_RECEIVED, exhibit.id) in listed) == never_came
        assert ((OrphanKind.EXHIBIT_CITED_NOWHERE, exhibit.id) in listed) == passed_over
    known = [[one.id for one in raised], [one.id for one in themes], [one.id for one in allegations]]
    assert {key for _, key in listed} <= {*itertools.chain(*known), *(one.id for one in exhibits)}
