"""A headcount claim says how many, on a basis that fits."""

import pytest

from app.intake import headcount
from app.intake.headcount import Basis, HeadcountUnclear


@pytest.mark.parametrize(
    ("basis", "number", "wording"),
    [
        (Basis.SIGNED, 31, None),
        (Basis.VERIFIED, 31, "thirty-one members"),
        (Basis.PRESS, None, "about 35"),
        (Basis.ASSERTED, 35, "some 35"),
    ],
)
def test_a_claim_that_says_how_many_stands(basis: Basis, number: int | None, wording: str | None) -> None:
    headcount.check(basis, number, wording)


@pytest.mark.parametrize(
    ("basis", "number", "wording"),
    [
        (Basis.PRESS, None, None),
        (Basis.ASSERTED, None, None),
        (Basis.SIGNED, None, "about 35"),
        (Basis.VERIFIED, None, "most of the team"),
    ],
)
def test_a_claim_that_does_not_say_how_many_is_refused(basis: Basis, number: int | None, wording: str | None) -> None:
    with pytest.raises(HeadcountUnclear):
        headcount.check(basis, number, wording)


@pytest.mark.parametrize(
    ("number", "wording", "said"), [(31, None, "31"), (None, "about 35", "about 35"), (35, "some 35", "some 35")]
)
def test_a_claim_is_told_in_its_own_wording(number: int | None, wording: str | None, said: str) -> None:
    assert headcount.in_words(number, wording) == said
