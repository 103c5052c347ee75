"""A grievance that was sealed by a client opens by the document of formats alone, to those it is for."""

import base64
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import hpke, identity, ids, receipts, submissions
from tests.crypto import reference
from tests.crypto.vector_files import read

VECTOR = read("sealed_submission")
BODY = VECTOR["body"]
ORGANISATION, CASE, GRIEVANCE = (UUID(one) for one in (VECTOR["organisation"], BODY["case_id"], BODY["grievance_id"]))
FIRST = (1).to_bytes(8)


def octets(text: str) -> bytes:
    """Return what base64 says."""
    return base64.b64decode(text)


def case_key() -> bytes:
    """Return the case key, opened by the officer."""
    officer = UUID(VECTOR["officer"]["account"])
    seed = bytes.fromhex(VECTOR["officer"]["seed"])
    public = hpke.public_key(seed)
    info = reference.context("grant", ORGANISATION.bytes, CASE.bytes, FIRST, officer.bytes, public)
    return reference.open_sealed(seed, octets(BODY["grants"][0]["sealed_key"]), info)


def conversation_key() -> bytes:
    """Return the conversation's key, opened by the receipt."""
    seed = receipts.derive(VECTOR["receipt"], bytes.fromhex(VECTOR["salt"])).inbox_seed
    info = reference.context("conversation", ORGANISATION.bytes, GRIEVANCE.bytes, hpke.public_key(seed))
    return reference.open_sealed(seed, octets(BODY["key_for_sender"]), info)


def opened(table: str, column: str, row: UUID, sealed: str) -> str:
    """Return a text."""
    place = (ORGANISATION.bytes, GRIEVANCE.bytes, table.encode(), column.encode(), row.bytes, FIRST)
    found = octets(sealed)
    assert found[:4] == (1).to_bytes(4)
    return reference.open_field(conversation_key(), reference.context("field", *place), found[4:]).decode()


def test_officer_and_reporter_open_one_key_of_the_conversation() -> None:
    bound_to = reference.context("conversation-for-case", ORGANISATION.bytes, CASE.bytes, GRIEVANCE.bytes)
    assert reference.open_field(case_key(), bound_to, octets(BODY["key_for_case"])) == conversation_key()


def test_every_text_is_what_was_said() -> None:
    said = VECTOR["said"]
    for column in ("headline", "narrative", "capacity"):
        assert opened("grievances", column, GRIEVANCE, BODY["texts"][column]) == said[column]
    assert opened("grievances", "confidentiality", GRIEVANCE, BODY["texts"]["confidentiality"]) == "c"
    for sent, (label, statement) in zip(BODY["allegations"], said["allegations"], strict=True):
        row = UUID(sent["id"])
        assert opened("raised_allegations", "label", row, sent["label"]) == label
        assert opened("raised_allegations", "statement", row, sent["statement"]) == statement


def test_nothing_of_it_stands_in_clear() -> None:
    sent = repr(BODY)
    for secret in (VECTOR["person"], VECTOR["receipt"], VECTOR["said"]["narrative"]):
        assert secret not in sent
        assert base64.b64encode(secret.encode()).decode() not in sent


def test_who_gives_no_name_sends_as_much_as_who_gives_one() -> None:
    to: Any = submissions.Recipients(ORGANISATION, (), (identity.Custodian(GRIEVANCE, hpke.public_key(bytes(32))),), 1)
    keys = receipts.ReceiptKeys(bytes(32), bytes(32), bytes(32))
    said = submissions.Said("anonymous", "A line", "A text")
    bodies = [submissions.seal(said, person, to, keys, date(2026, 3, 2)) for person in (b"", b"x" * 1020)]
    assert len(repr(bodies[0]["identity"])) == len(repr(bodies[1]["identity"]))
    with pytest.raises(ValueError, match="1020 bytes"):
        submissions.seal(said, b"x" * 1021, to, keys, date(2026, 3, 2))


@given(day=st.dates(date(1970, 1, 1), date(9000, 1, 1)), other=st.dates(date(1970, 1, 1), date(9000, 1, 1)))
def test_an_id_tells_its_day_and_no_other(day: date, other: date) -> None:
    made = ids.id_of(day)
    assert ids.is_of(made, day)
    assert ids.is_of(made, other) == (day == other)
