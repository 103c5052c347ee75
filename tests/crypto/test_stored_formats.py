"""What the service stores is what docs/formats.md says: the vectors open in our code, and by the document alone."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from starlette.requests import Request

from app.accounts import passwords, secrets
from app.audit import chain
from app.cases import keys as case_keys
from app.crypto import fields, hpke
from app.crypto.errors import SealBroken
from app.intake import conversations, receipts
from app.intake.receipts import InboxToken
from app.kernel.idempotency import Once
from app.kernel.keyring import ServiceKeys
from app.kernel.sealed import OpenKeys, Sealed, open_keys
from app.vault import sealing
from tests.crypto import reference
from tests.crypto.vector_files import read, unhex

SERVICE = read("service")
PEPPER, SERVICE_KEY = unhex(SERVICE, "pepper", "service_key")
KEYS = ServiceKeys({2: SERVICE_KEY}, PEPPER)


def uuids(vector: dict[str, Any], *names: str) -> list[UUID]:
    """Return the named members as UUIDs."""
    return [UUID(vector[name]) for name in names]


def number(value: int) -> bytes:
    """docs/formats.md, "Context": an integer."""
    return value.to_bytes(8, "big")


def derived(key: bytes, label: str, *parts: bytes) -> bytes:
    """docs/formats.md, "Derived key"."""
    return reference.hkdf_expand(reference.hkdf_extract(b"", key), reference.context(label, *parts), 32)


def mac(key: bytes, content: bytes) -> bytes:
    """HMAC-SHA256."""
    return hmac.digest(key, content, "sha256")


@pytest.mark.parametrize("label", SERVICE["of_the_pepper"])
def test_a_key_of_the_pepper_is_derived_by_its_label(label: str) -> None:
    assert KEYS.peppered(label).hex() == SERVICE["of_the_pepper"][label] == derived(PEPPER, label).hex()


def test_the_key_of_an_organisation_is_derived_from_the_service_key() -> None:
    (organisation,) = uuids(SERVICE, "organisation")
    expected = derived(SERVICE_KEY, "service-key", organisation.bytes)
    assert KEYS.for_organisation(organisation) == (2, expected)
    assert expected.hex() == SERVICE["organisation_key"]


@pytest.mark.parametrize("vector", read("columns"), ids=lambda vector: vector["column"])
def test_a_sealed_column_opens(vector: dict[str, Any]) -> None:
    key, sealed = unhex(vector, "key", "sealed")
    organisation, scope, row = uuids(vector, "organisation", "scope", "row")
    version, table, name = vector["version"], vector["table"], vector["column"]
    assert int.from_bytes(sealed[:4], "big") == version
    parts = (organisation.bytes, scope.bytes, table.encode(), name.encode(), row.bytes, number(version))
    assert reference.open_field(key, reference.context("field", *parts), sealed[4:]).decode() == vector["text"]

    column = Sealed.text("organisation_id" if scope == organisation else "scope")
    column.table, column.name = table, name
    held = OpenKeys(KEYS)
    held.add(scope, version, key)
    token = open_keys.set(held)
    assert column.open(organisation, scope, row, sealed) == vector["text"]
    open_keys.reset(token)


def test_a_password_is_compared_and_an_account_found_by_what_the_document_says() -> None:
    vector = read("accounts")
    (stretched,) = unhex(vector, "stretched")
    assert vector["stretched"] == read("passwords")[0]["key"]
    peppered = mac(derived(PEPPER, "password"), stretched)
    expected = [derived(peppered, "password-verifier"), derived(peppered, "password-wrapping-key")]
    assert unhex(vector, "verifier", "wrapping_key") == expected
    assert list(secrets.split_stretched(stretched, KEYS.peppered("password"))) == expected
    index = mac(derived(PEPPER, "username-index"), b"d.okafor")
    assert passwords.username_index(vector["username"], KEYS) == index == bytes.fromhex(vector["username_index"])


def test_the_seed_of_an_account_opens_by_its_password_and_by_an_unlock_secret() -> None:
    vector = read("accounts")
    organisation, account, session = uuids(vector, "organisation", "account", "session")
    wrapping_key, wrapped, of_session, seed = unhex(vector, "wrapping_key", "wrapped_seed", "session_seed", "seed")
    by_password = reference.context("account-seed", organisation.bytes, account.bytes)
    assert reference.open_field(wrapping_key, by_password, wrapped) == seed
    by_session = reference.context("session", account.bytes, session.bytes)
    unlock = base64.urlsafe_b64decode(vector["unlock_secret"] + "=")
    assert reference.open_field(unlock, by_session, of_session) == seed
    assert secrets.open_session_key(vector["unlock_secret"], of_session, session, account) == seed


def test_the_reference_of_an_identity_names_organisation_case_and_identity() -> None:
    vector = read("identity_reference")
    ids = uuids(vector, "organisation", "case", "identity")
    expected = reference.context("identity-reference", *(one.bytes for one in ids))
    assert sealing.reference(*ids) == expected == bytes.fromhex(vector["reference"])


def test_a_case_key_opens_from_its_grant() -> None:
    vector = read("case_keys")
    organisation, case, account = uuids(vector, "organisation", "case", "account")
    seed, grant, case_key = unhex(vector, "seed", "grant", "case_key")
    public = reference.xwing_keys(seed)[2]
    parts = (organisation.bytes, case.bytes, number(vector["version"]), account.bytes, public)
    assert reference.open_sealed(seed, grant, reference.context("grant", *parts)) == case_key
    private = hpke.PrivateKey(seed)
    assert case_keys.open_grant(private, grant, vector["version"], organisation, case, account) == case_key


def test_the_key_of_a_conversation_opens_for_the_sender_and_for_the_case() -> None:
    vector = read("case_keys")
    organisation, case, grievance = uuids(vector, "organisation", "case", "grievance")
    seed, case_key, key = unhex(vector, "seed", "case_key", "conversation_key")
    for_sender, for_case = unhex(vector, "for_sender", "for_case")
    to_sender = reference.context("conversation", organisation.bytes, grievance.bytes, reference.xwing_keys(seed)[2])
    assert reference.open_sealed(seed, for_sender, to_sender) == key
    assert conversations.open_as_sender(for_sender, organisation, grievance, hpke.PrivateKey(seed)) == key
    to_case = reference.context("conversation-for-case", organisation.bytes, case.bytes, grievance.bytes)
    assert reference.open_field(case_key, to_case, for_case) == key
    assert case_keys.open_under(case_key, "conversation-for-case", organisation, case, grievance, for_case) == key


def test_a_receipt_is_found_under_the_salt_and_the_pepper_of_the_service() -> None:
    vector = read("inbox")
    (lookup,) = unhex(vector, "lookup")
    assert receipts.salt(KEYS) == derived(PEPPER, "receipt-salt") == bytes.fromhex(vector["salt"])
    expected = mac(derived(PEPPER, "receipt-stored-lookup"), lookup)
    assert receipts.stored_lookup(KEYS, lookup) == expected == bytes.fromhex(vector["stored_lookup"])


def test_the_token_of_an_inbox_is_found_and_opens() -> None:
    vector = read("inbox")
    (session,) = uuids(vector, "session")
    secret, digest, sealed, key = unhex(vector, "secret", "digest", "sealed", "key")
    content = vector["ends_at"].to_bytes(4, "big") + secret
    assert base64.urlsafe_b64encode(content).decode() == vector["token"]
    assert hashlib.sha256(reference.context("inbox-token") + content).digest() == digest
    context = reference.context("inbox-session", session.bytes)
    assert reference.open_field(derived(secret, "inbox-session"), context, sealed) == key
    token = InboxToken.read(vector["token"])
    assert (token.text(), token.digest(), token.open(session, sealed)) == (vector["token"], digest, key)


def test_a_stored_answer_is_found_and_opens() -> None:
    vector = read("answers")
    lookup, fingerprint, sealed = unhex(vector, "lookup", "fingerprint", "sealed")
    key = vector["key"].encode()
    place = reference.context("idempotency-place", *(vector[part].encode() for part in ("subject", "method", "path")))
    assert mac(derived(PEPPER, "idempotency-lookup"), place + key) == lookup
    seal = derived(mac(derived(PEPPER, "idempotency-secret"), key), "idempotency-seal", place)
    asked = vector["query"].encode() + b"\n" + vector["body"].encode()
    assert mac(derived(seal, "idempotency-request"), asked) == fingerprint
    opened = reference.open_field(seal, reference.context("idempotency-answer"), sealed)
    assert json.loads(opened) == vector["answer"]

    scope = {"type": "http", "method": vector["method"], "path": vector["path"], "query_string": b"", "headers": []}
    request = Request({**scope, "root_path": "", "scheme": "http", "server": ("127.0.0.1", 8000)})
    once = Once(KEYS, vector["key"], request, vector["subject"], vector["body"].encode())
    assert (once.lookup, once.fingerprint) == (lookup, fingerprint)
    answer = once.open(fingerprint, sealed)
    assert (answer.status_code, bytes(answer.body).decode()) == (vector["answer"]["status"], vector["answer"]["body"])


def test_an_event_commits_to_the_bytes_of_every_column() -> None:
    vector = read("audit")
    (salt,) = unhex(vector, "salt")
    columns = {name: value_of(*spelled) for name, spelled in vector["columns"].items()}
    parts: list[bytes] = []
    for name, (kind, text) in sorted(vector["columns"].items()):
        value = bytes.fromhex(text) if kind in "uy" else text.encode()
        parts += [name.encode(), kind.encode() + value]
    commitment = mac(salt, reference.context("row", vector["table"].encode(), *parts)).hex()
    assert chain.commit(salt, vector["table"], columns) == commitment == vector["commitment"]
    assert {kind for kind, _ in vector["columns"].values()} == set("nbisyudtj")


def value_of(kind: str, text: str) -> object:
    """Return the value of a column from its letter and its bytes."""
    as_hex = bytes.fromhex(text) if kind in "uy" else b""
    values: dict[str, Any] = {
        "n": lambda: None, "b": lambda: text == "1", "i": lambda: int(text), "s": lambda: text, "y": lambda: as_hex,
        "u": lambda: UUID(bytes=as_hex), "d": lambda: date.fromisoformat(text), "t": lambda: datetime.fromisoformat(text),
        "j": lambda: json.loads(text),
    }  # fmt: skip
    return values[kind]()


def test_a_link_and_the_head_of_a_chain_are_what_the_document_says() -> None:
    vector = read("audit")
    organisation, chain_id, actor = uuids(vector, "organisation", "chain", "actor")
    previous, link, head = unhex(vector, "previous", "link", "head")
    texts = [vector[name].encode() for name in ("event", "at", "touched")]
    place = (organisation.bytes, chain_id.bytes, number(vector["sequence"]))
    body = reference.context("event", *place, texts[0], actor.bytes, *texts[1:])
    assert hashlib.sha256(b"\x00" + previous + body).digest() == link
    touched = tuple(chain.Touched(table, UUID(row), known) for table, row, known in json.loads(vector["touched"]))
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    event = chain.Event(organisation, chain_id, vector["sequence"], vector["event"], actor, at, touched)
    assert chain.link(previous, event) == link
    key = derived(PEPPER, "audit-head")
    assert mac(key, reference.context("audit-head", *place, link)) == head
    assert chain.authenticate(key, organisation, chain_id, vector["sequence"], link) == head


def test_what_is_sealed_for_one_place_opens_in_no_other() -> None:
    """The contexts above are not only written down: without them nothing opens."""
    (vector, *_) = read("columns")
    key, sealed = unhex(vector, "key", "sealed")
    with pytest.raises(SealBroken):
        fields.open_(key, reference.context("field"), sealed[4:])
