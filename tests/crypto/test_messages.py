"""What a reporter's client sends after the grievance counts for one place, one kind and one receipt."""

from uuid import UUID

import pytest

from app.audit.by_day import chain_of
from app.crypto import columns, messages, signing
from app.crypto.errors import NotAuthentic
from app.crypto.messages import Said
from tests.crypto import reference
from tests.crypto.vector_files import read, unhex

VECTOR = read("messages")
KEY, SEALED, SEED, PUBLIC, SIGNATURE = unhex(VECTOR, "key", "sealed", "seed", "public", "signature")
ORGANISATION, CASE, GRIEVANCE, ROW = (UUID(VECTOR[name]) for name in ("organisation", "case", "grievance", "row"))
PLACE = (ORGANISATION, GRIEVANCE, ROW)


def test_a_message_that_was_kept_opens_verifies_and_is_signed_again() -> None:
    opened = columns.open_value(KEY, ORGANISATION, GRIEVANCE, "conversation_messages", "text", ROW, SEALED)
    assert opened.decode() == VECTOR["text"]
    messages.check(PUBLIC, SIGNATURE, Said(VECTOR["kind"]), *PLACE, SEALED)
    assert messages.sign(SEED, Said(VECTOR["kind"]), *PLACE, SEALED) == SIGNATURE
    parts = (VECTOR["kind"].encode(), *(one.bytes for one in PLACE), SEALED)
    assert reference.ed25519_sign(SEED, reference.context("conversation-said", *parts)) == SIGNATURE


def test_a_signature_counts_nowhere_else() -> None:
    other = UUID(int=1)
    elsewhere: list[tuple[Said, UUID, UUID, UUID, tuple[bytes, ...]]] = [
        (Said.CHECK_IN, *PLACE, (SEALED,)),
        (Said.MESSAGE, other, GRIEVANCE, ROW, (SEALED,)),
        (Said.MESSAGE, ORGANISATION, other, ROW, (SEALED,)),
        (Said.MESSAGE, ORGANISATION, GRIEVANCE, other, (SEALED,)),
        (Said.MESSAGE, *PLACE, (SEALED[:-1],)),
        (Said.MESSAGE, *PLACE, (SEALED, b"")),
    ]
    for kind, organisation, grievance, row, sealed in elsewhere:
        with pytest.raises(NotAuthentic):
            messages.check(PUBLIC, SIGNATURE, kind, organisation, grievance, row, *sealed)
    with pytest.raises(NotAuthentic):
        messages.check(signing.public_key(bytes(32)), SIGNATURE, Said.MESSAGE, *PLACE, SEALED)
    with pytest.raises(NotAuthentic):
        messages.check(PUBLIC, b"", Said.MESSAGE, *PLACE, SEALED)


def test_the_chain_of_conversations_follows_from_the_case_and_is_no_cases() -> None:
    chain = chain_of(CASE)
    assert (str(chain), chain.version) == (VECTOR["chain"], 8)
    assert chain != chain_of(UUID(int=2))
