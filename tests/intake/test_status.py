"""Outside the case, only some steps are told, and the length of an answer tells a bucket."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cases.lifecycle import CaseState
from app.intake import status

KIB = 1024


@pytest.mark.parametrize("state", list(CaseState))
def test_every_state_is_told_in_words(state: CaseState) -> None:
    assert status.IN_WORDS[status.told(state)]


@pytest.mark.parametrize("state", [CaseState.FINDINGS_COMPLETE, CaseState.REPORTED])
def test_until_a_release_nothing_tells_that_there_are_findings(state: CaseState) -> None:
    assert status.told(state) is CaseState.INVESTIGATING


@given(st.text(max_size=200), st.integers(min_value=0, max_value=200_000))
def test_an_answer_is_filled_to_the_least_bucket_that_takes_it(text: str, more: int) -> None:
    document = json.dumps({"text": text + "x" * more, "padding": ""}).encode()
    padded = status.padded(document)
    assert len(padded) in {8 * KIB, 32 * KIB, 128 * KIB, 512 * KIB}
    assert len(padded) < 4 * len(document) or len(padded) == 8 * KIB
    read = json.loads(padded)
    assert read["text"] == text + "x" * more
    assert not read["padding"].strip()


@pytest.mark.parametrize(("length", "bucket"), [(8 * KIB, 8 * KIB), (8 * KIB + 1, 32 * KIB), (600 * KIB, 2048 * KIB)])
def test_a_bucket_is_filled_to_its_last_byte(length: int, bucket: int) -> None:
    empty = json.dumps({"text": "", "padding": ""})
    document = json.dumps({"text": "x" * (length - len(empty)), "padding": ""}).encode()
    assert len(document) == length
    assert len(status.padded(document)) == bucket
