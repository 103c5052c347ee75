"""A signed document is read in one way only, or not at all."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import documents, signing
from app.crypto.documents import Signed
from app.crypto.errors import DocumentInvalid, NotAuthentic

SEED = bytes(range(32))
MEMBERS: dict[str, Callable[[Any], Any]] = {"format": documents.exactly("example/1"), "n": documents.number(1, 5)}


def test_what_was_written_is_read_and_verifies_under_its_label_alone() -> None:
    signed = documents.write_signed(SEED, "example", {"format": "example/1", "n": 3})
    assert documents.read(signed.document, MEMBERS) == {"format": "example/1", "n": 3}
    signed.require_signed_by(signing.public_key(SEED), "example")
    for key, label in ((signing.public_key(SEED), "another"), (signing.public_key(bytes(32)), "example")):
        with pytest.raises(NotAuthentic):
            signed.require_signed_by(key, label)
    assert signed.name_under("example") != signed.name_under("another")


def test_not_one_byte_of_a_document_may_change() -> None:
    signed = documents.write_signed(SEED, "example", {"format": "example/1", "n": 3})
    for place in range(len(signed.document)):
        changed = signed.document[:place] + bytes([signed.document[place] ^ 1]) + signed.document[place + 1 :]
        with pytest.raises(NotAuthentic):
            Signed(changed, signed.signature).require_signed_by(signing.public_key(SEED), "example")
    with pytest.raises(NotAuthentic):
        Signed(signed.document + b" ", signed.signature).require_signed_by(signing.public_key(SEED), "example")


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{",
        b"\xff{}",
        b"[]",
        b'"text"',
        b"{}",
        b'{"format":"example/1"}',
        b'{"format":"example/1","n":3,"more":1}',
        b'{"format":"example/1","n":3,"n":3}',
        b'{"format":"example/2","n":3}',
        b'{"format":"example/1","n":NaN}',
        b'{"format":"example/1","n":3.0}',
        b'{"format":"example/1","n":true}',
        b'{"format":"example/1","n":"3"}',
        b'{"format":"example/1","n":0}',
        b'{"format":"example/1","n":6}',
        b"[" * 100_000,
        b'{"format":"example/1","n":3}' + b" " * documents.LARGEST,
    ],
    ids=range(18),
)
def test_a_document_that_breaks_its_format_is_refused(document: bytes) -> None:
    with pytest.raises(DocumentInvalid):
        documents.read(document, MEMBERS)


@given(st.binary(max_size=200))
def test_no_bytes_whatever_do_anything_but_read_or_be_refused(document: bytes) -> None:
    with pytest.raises(DocumentInvalid):
        documents.read(document, MEMBERS)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=5,
    )
)
def test_no_value_whatever_fails_in_another_way(value: object) -> None:
    readers: dict[str, Callable[[Any], Any]] = {
        "uuid": documents.uuid, "day": documents.day, "instant": documents.instant, "octets": documents.octets(4),
        "text": documents.text(5), "number": documents.number(0, 9), "exactly": documents.exactly("x"),
    }  # fmt: skip
    for name, reader in readers.items():
        try:
            documents.read(json.dumps({"it": value}).encode(), {"it": reader})
        except DocumentInvalid as refused:
            assert name
            assert "it is not" in str(refused) or "number that JSON" in str(refused)  # noqa: PT017


READ: list[tuple[Callable[[Any], Any], str, object]] = [
    (documents.uuid, "0197a000-0000-7000-8000-000000000001", UUID("0197a000-0000-7000-8000-000000000001")),
    (documents.day, "2026-03-02", date(2026, 3, 2)),
    (documents.instant, "2026-03-02T09:15Z", datetime(2026, 3, 2, 9, 15, tzinfo=UTC)),
    (documents.octets(3), "AQID", b"\1\2\3"),
    (documents.text(3), "Åé字", "Åé字"),
    (documents.optional(documents.day), "2026-03-02", date(2026, 3, 2)),
]


@pytest.mark.parametrize(("reader", "spelled", "value"), READ)
def test_each_kind_of_value_is_read(reader: Callable[[Any], Any], spelled: str, value: object) -> None:
    assert reader(spelled) == value


@pytest.mark.parametrize(
    ("reader", "spelled"),
    [
        (documents.uuid, "0197A000-0000-7000-8000-000000000001"),
        (documents.uuid, "{0197a000-0000-7000-8000-000000000001}"),
        (documents.uuid, "0197a00000007000800000000000000a"),
        (documents.day, "20260302"),
        (documents.day, "2026-W10-1"),
        (documents.day, "2026-02-30"),
        (documents.instant, "2026-03-02T09:15:00Z"),
        (documents.instant, "2026-03-02T9:15Z"),
        (documents.instant, "2026-03-02T09:15+00:00"),
        (documents.octets(3), "AQIDBA=="),
        (documents.octets(3), "AQ ID"),
        (documents.octets(1), "AR=="),
        (documents.octets(1), "AQ"),
        (documents.text(3), "four"),
        (documents.text(3), " "),
        (documents.text(3), ""),
        (documents.text(3), "\ud800"),
    ],
)
def test_a_value_has_one_spelling(reader: Callable[[Any], Any], spelled: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 which rule it broke is for the message of the document
        reader(spelled)


def test_what_is_optional_may_be_null() -> None:
    assert documents.optional(documents.day)(None) is None


def test_a_refusal_names_the_member_and_never_the_value() -> None:
    with pytest.raises(DocumentInvalid) as refused:
        documents.read(b'{"format":"example/1","n":"a canary"}', MEMBERS)
    assert str(refused.value) == "n is not what the format says"


def test_a_number_of_thousands_of_digits_is_no_document() -> None:
    with pytest.raises(DocumentInvalid):
        documents.read(b'{"x":' + b"1" * 5_000 + b"}", {"x": int})
