"""A receipt is strong however it is drawn, and the same however it is typed."""

import hashlib
import re
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import receipts
from tests.crypto.vector_files import own_and_javascript, unhex

RECEIPT = "abacus abdomen abdominal zoology zone zoom zips"
SALT = bytes(range(16))


@pytest.mark.parametrize("vector", own_and_javascript("receipts"), ids=["as issued", "as typed", "by JavaScript"])
def test_a_receipt_has_the_published_keys(vector: dict[str, Any]) -> None:
    salt, lookup, inbox_seed, signing_seed = unhex(vector, "salt", "lookup", "inbox_seed", "signing_seed")
    assert receipts.normalise(vector["typed"]) == vector["receipt"]
    assert receipts.derive(vector["typed"], salt) == receipts.ReceiptKeys(lookup, inbox_seed, signing_seed)


def test_the_words_are_those_of_the_eff() -> None:
    data = files("app.crypto").joinpath("eff_large_wordlist.txt").read_bytes()
    assert hashlib.sha256(data).hexdigest() == "addd35536511597a02fa0a9ff1e5284677b8883b83e986e43f15a3db996b903e"
    assert len(data.splitlines()) == 7776
    assert len(set(receipts.WORDS)) == len(receipts.WORDS) == 7772
    assert all(re.fullmatch("[a-z]+", word) for word in receipts.WORDS)


def test_receipts_are_seven_words_each_drawn_afresh() -> None:
    drawn = [receipts.new_receipt() for _ in range(500)]
    assert all(receipts.normalise(receipt) == receipt for receipt in drawn)
    assert {len(receipt.split(" ")) for receipt in drawn} == {7}
    assert len(set(drawn)) == 500
    assert len({word for receipt in drawn for word in receipt.split(" ")}) > 2500


def styled(word: str, style: int) -> str:
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in word)
    return [word, word.upper(), word.title(), wide][style]


@given(
    st.lists(st.sampled_from(receipts.WORDS), min_size=7, max_size=7),
    st.lists(st.integers(0, 3), min_size=7, max_size=7),
    st.lists(
        st.sampled_from(
            [
                " ",
                "  ",
                "-",
                " - ",
                "\n",
                "\t",
                "\u00a0",
                "\u2010",
                "\u2013",
                "\u3000",
                "\ufeff",
                "\u200b ",
                ", ",
                ".",
                "_",
                "” “",
                " 2. ",
            ]
        ),
        min_size=8,
        max_size=8,
    ),
)
def test_case_width_and_what_stands_between_words_do_not_matter(
    words: list[str], styles: list[int], between: list[str]
) -> None:
    typed = between[7] + "".join(
        styled(word, style) + gap for word, style, gap in zip(words, styles, between, strict=False)
    )
    assert receipts.normalise(typed) == " ".join(words)


def test_a_soft_hyphen_within_a_word_does_not_matter() -> None:
    assert receipts.normalise(RECEIPT.replace("abdominal", "ab\u00addom\u00adinal")) == RECEIPT


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        RECEIPT.rsplit(" ", 1)[0],
        RECEIPT + " zoom",
        RECEIPT.replace("zone", "zonne"),
        RECEIPT.replace("abacus ", "abacus"),
        RECEIPT.replace("zone", "yo-yo"),
        RECEIPT.replace("zone", "z\u00f6ne"),
        RECEIPT + " " * 300,
        "\ud800",
    ],
)
def test_anything_but_seven_words_is_refused_without_being_repeated(text: str) -> None:
    for use in (receipts.normalise, lambda typed: receipts.derive(typed, SALT)):
        with pytest.raises(ValueError, match=r"^a receipt is seven words of the list$"):
            use(text)


def test_another_receipt_or_salt_gives_other_keys() -> None:
    keys = [
        receipts.derive(RECEIPT, SALT),
        receipts.derive(RECEIPT, bytes(16)),
        receipts.derive(RECEIPT.replace("zone", "zoom"), SALT),
    ]
    assert len({value for each in keys for value in (each.lookup, each.inbox_seed, each.signing_seed)}) == 9


def test_a_short_salt_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes of salt"):
        receipts.derive(RECEIPT, bytes(15))


def test_the_keys_of_a_receipt_are_not_printed() -> None:
    assert repr(receipts.ReceiptKeys(b"one", b"two", b"three")) == "ReceiptKeys()"
