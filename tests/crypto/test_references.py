"""A reference tells nothing and can be read out over the telephone."""

import re

from app.crypto.references import ALPHABET, new_reference


def test_a_reference_is_eight_letters_none_of_them_mistakable() -> None:
    drawn = [new_reference() for _ in range(1000)]
    assert all(re.fullmatch(f"CAN-[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", reference) for reference in drawn)
    assert not set("ILOU") & set(ALPHABET)
    assert len(ALPHABET) == len(set(ALPHABET)) == 32


def test_references_do_not_repeat_or_follow_one_another() -> None:
    drawn = [new_reference() for _ in range(1000)]
    assert len(set(drawn)) == 1000
    assert drawn != sorted(drawn)
