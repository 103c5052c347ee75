"""What an allegation still lacks, and what keeps the findings open."""

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.allegations.arrangement import AllegationState
from app.findings.completeness import BLOCKING, Gap, Missing, Standing, gaps, missing

BARE = Standing(
    uuid4(), "1.1", AllegationState.IN_SCOPE, has_theme=False, has_evidence=False, has_final=False, has_draft=False
)
DONE = replace(BARE, has_theme=True, has_evidence=True, has_final=True)
STANDINGS = st.lists(
    st.builds(
        Standing,
        st.uuids(),
        st.text(max_size=5),
        st.sampled_from(list(AllegationState)),
        has_theme=st.booleans(),
        has_evidence=st.booleans(),
        has_final=st.booleans(),
        has_draft=st.booleans(),
        is_without_view=st.booleans(),
    )
)


@pytest.mark.parametrize(
    ("allegation", "lacks"),
    [
        (BARE, [Missing.THEME, Missing.EVIDENCE, Missing.FINDING]),
        (replace(BARE, has_draft=True), [Missing.THEME, Missing.EVIDENCE, Missing.AGREEMENT]),
        (replace(DONE, has_final=False), [Missing.FINDING]),
        (replace(DONE, has_final=False, has_draft=True), [Missing.AGREEMENT]),
        (replace(DONE, has_draft=True), []),
        (replace(DONE, has_evidence=False), [Missing.EVIDENCE]),
        (replace(DONE, has_evidence=False, is_without_view=True), []),
        (replace(BARE, has_draft=True, is_without_view=True), [Missing.THEME, Missing.EVIDENCE, Missing.AGREEMENT]),
        (replace(BARE, state=AllegationState.OUT_OF_SCOPE), []),
    ],
)
def test_an_allegation_lacks_what_it_has_not(allegation: Standing, lacks: list[Missing]) -> None:
    assert missing(allegation) == lacks


def test_a_case_without_an_allegation_in_scope_has_nothing_to_find() -> None:
    nothing = [Gap(None, None, Missing.ALLEGATION)]
    assert gaps([]) == gaps([replace(BARE, state=AllegationState.MERGED)]) == nothing
    assert gaps([replace(BARE, state=AllegationState.OUT_OF_SCOPE)]) == nothing
    assert gaps([replace(BARE, state=AllegationState.OUT_OF_SCOPE, has_final=True)]) == []


def test_a_finding_without_evidence_or_theme_does_not_keep_the_findings_open() -> None:
    assert gaps([replace(BARE, has_final=True)]) == []


@given(STANDINGS)
def test_the_findings_are_complete_when_everything_in_scope_has_a_final_one(allegations: list[Standing]) -> None:
    in_scope = [one for one in allegations if one.state == "in_scope"]
    agreed = [one for one in allegations if one.state == "out_of_scope" and one.has_final]
    open_ones = [one for one in in_scope if not one.has_final]
    found = gaps(allegations)
    assert (found == []) is (in_scope + agreed != [] and open_ones == [])
    assert [gap.allegation_id for gap in found if gap.missing != Missing.ALLEGATION] == [one.id for one in open_ones]
    assert {gap.missing for gap in found} <= BLOCKING


@given(STANDINGS, st.builds(replace, st.just(BARE), has_draft=st.booleans()))
def test_no_other_allegation_hides_one_that_lacks_its_finding(allegations: list[Standing], bare: Standing) -> None:
    lack = Missing.AGREEMENT if bare.has_draft else Missing.FINDING
    assert Gap(bare.id, bare.label, lack) in gaps([*allegations, bare])
