"""Contexts are unambiguous: nothing sealed for one thing can pass for another."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import contexts
from tests.crypto import reference
from tests.crypto.vector_files import own_and_javascript

MAKE: dict[str, Callable[[Any], contexts.Part]] = {"uuid": UUID, "bytes": bytes.fromhex, "text": str, "int": int}


def part_of(spelled: dict[str, Any]) -> contexts.Part:
    ((kind, value),) = spelled.items()
    return MAKE[kind](value)


@pytest.mark.parametrize("vector", own_and_javascript("contexts"), ids=range(7))
def test_a_context_is_the_published_bytes(vector: dict[str, Any]) -> None:
    parts = [part_of(spelled) for spelled in vector["parts"]]
    assert contexts.encode(vector["label"], *parts).hex() == vector["encoded"]


@given(st.lists(st.binary(max_size=9), max_size=5), st.lists(st.binary(max_size=9), max_size=5))
def test_unequal_parts_never_give_equal_contexts(one: list[bytes], other: list[bytes]) -> None:
    assert (contexts.encode("example", *one) == contexts.encode("example", *other)) == (one == other)


@given(st.text(max_size=9), st.text(max_size=9), st.text(max_size=9), st.text(max_size=9))
def test_moving_letters_between_parts_gives_another_context(a: str, b: str, c: str, d: str) -> None:
    assert (contexts.encode("example", a, b) == contexts.encode("example", c, d)) == ((a, b) == (c, d))


def test_a_label_cannot_pass_for_a_label_and_a_part() -> None:
    assert contexts.encode("example", b"") != contexts.encode("example")
    assert contexts.encode("a", "b") != contexts.encode("ab")


@given(st.uuids(), st.integers(0, 2**64 - 1), st.text(max_size=20), st.binary(max_size=20))
def test_every_kind_of_part_has_the_bytes_the_document_says(uuid: UUID, number: int, text: str, data: bytes) -> None:
    expected = reference.context("example", uuid.bytes, number.to_bytes(8, "big"), text.encode(), data)
    assert contexts.encode("example", uuid, number, text, data) == expected


@pytest.mark.parametrize("number", [-1, 2**64])
def test_an_integer_that_does_not_fit_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="fits 8 bytes"):
        contexts.encode("example", number)
