"""What a finding may say, and who may agree with it."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.allegations.arrangement import AllegationState
from app.evidence.requests import ExhibitState
from app.findings.outcomes import Outcome, is_within_scope, may_review, rests_on_evidence

OUTCOMES = st.sampled_from(list(Outcome))
CITED = st.lists(st.sampled_from(list(ExhibitState)))


@given(OUTCOMES, CITED)
def test_an_outcome_rests_on_received_evidence_unless_no_view_was_formed(
    outcome: Outcome, cited: list[ExhibitState]
) -> None:
    assert rests_on_evidence(outcome, cited) is (outcome == "no_view" or "received" in cited)


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("state", list(AllegationState))
def test_a_view_is_formed_only_of_what_is_in_scope(outcome: Outcome, state: AllegationState) -> None:
    assert is_within_scope(outcome, state) is (outcome == "no_view" or state == "in_scope")


def test_nobody_who_wrote_part_of_a_finding_reviews_it() -> None:
    author, contributor, somebody = uuid4(), uuid4(), uuid4()
    assert not may_review(author, author, [contributor])
    assert not may_review(contributor, author, [contributor])
    assert may_review(somebody, author, [contributor])
