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

from app.accounts import passwords, provenance, secrets
from app.accounts.models import Account
from app.audit import chain
from app.cases import escrow, grants
from app.crypto import case_keys, classifications, conversation_keys, fields, hpke, identity
from app.crypto.errors import SealBroken
from app.intake import barring, conversations, receipts
from app.intake.receipts import InboxToken
from app.kernel import key_providers
from app.kernel.idempotency import Once
from app.kernel.keyring import ServiceKeys
from app.kernel.sealed import OpenKeys, Sealed, open_keys
from tests.crypto import reference
from tests.crypto.vector_files import own_and_javascript, read, unhex

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


@pytest.mark.parametrize("vector", own_and_javascript("columns"), ids=range(4))
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


@pytest.mark.parametrize("label", ["account-credentials", "account-with-vault"])
def test_the_tag_of_an_account_binds_its_columns_and_its_vault_if_it_has_one(label: str) -> None:
    vector = read("account_tags")
    columns = dict(vector["columns"])
    bound = [name for name in columns if label == "account-with-vault" or not name.startswith("vault_")]
    values = {name: None if name not in bound else value_of_account(name, value) for name, value in columns.items()}
    parts = [as_part(values[name]) for name in bound]
    assert mac(derived(PEPPER, label), reference.context(label, *parts)).hex() == vector["tags"][label]
    account = Account(**{name: value for name, value in values.items() if value is not None})
    token = open_keys.set(OpenKeys(KEYS))
    provenance.put_tag(account)
    assert (account.tag.hex(), provenance.is_ours(account)) == (vector["tags"][label], True)
    open_keys.reset(token)


def value_of_account(name: str, spelled: Any) -> Any:  # noqa: ANN401 columns are of any type
    """Return the value of a column from the vector."""
    if name in {"organisation_id", "id"}:
        return UUID(spelled)
    return spelled if name == "state" or not isinstance(spelled, str) else bytes.fromhex(spelled)


def as_part(value: Any) -> bytes:  # noqa: ANN401 columns are of any type
    """docs/formats.md, "Context": a part."""
    if value is None or isinstance(value, bytes):
        return value or b""
    if isinstance(value, UUID):
        return value.bytes
    return number(value) if isinstance(value, int) else str(value).encode()


def test_the_file_of_a_wrapped_key_is_what_the_document_says() -> None:
    vector = read("wrapped_keys")
    binding, ciphertext, content = unhex(vector, "binding", "ciphertext", "file")
    kind, version = vector["kind"], vector["version"]
    assert reference.context("wrapped-key", kind.encode(), number(version)) == binding
    assert key_providers.binding(kind, version) == binding

    class Keeper:
        key_id = vector["key_id"]

        def encrypt(self, *_: object) -> bytes:
            return ciphertext

        def decrypt(self, given: bytes, *_: object) -> bytes:
            assert given == ciphertext
            return SERVICE_KEY

    provider = key_providers.WrappingProvider(vector["provider"], Keeper())
    assert provider.wrap(SERVICE_KEY, kind, version) == content
    assert provider.unwrap(content, kind, version) == SERVICE_KEY


def test_the_reference_of_an_identity_names_organisation_case_and_identity() -> None:
    vector = read("identity_reference")
    ids = uuids(vector, "organisation", "case", "identity")
    expected = reference.context("identity-reference", *(one.bytes for one in ids))
    assert identity.reference_of(*ids) == expected == bytes.fromhex(vector["reference"])


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
    assert conversation_keys.open_as_sender(for_sender, organisation, grievance, hpke.PrivateKey(seed)) == key
    to_case = reference.context("conversation-for-case", organisation.bytes, case.bytes, grievance.bytes)
    assert reference.open_field(case_key, to_case, for_case) == key
    assert case_keys.open_under(case_key, "conversation-for-case", organisation, case, grievance, for_case) == key


def test_a_grant_is_known_again_and_a_key_proven_by_what_the_document_says() -> None:
    vector = read("case_key_escrow")
    organisation, case, account = uuids(vector, "organisation", "case", "account")
    case_key, grant = (*unhex(vector, "case_key"), *unhex(read("case_keys"), "grant"))
    proof = derived(case_key, "case-key-proof")
    assert case_keys.proof_of(case_key).hex() == vector["proof"] == proof.hex()
    assert case_keys.verifier_of(proof).hex() == vector["verifier"] == hashlib.sha256(proof).hexdigest()
    version = vector["grant_version"]
    parts = (organisation.bytes, case.bytes, number(version), account.bytes, grant)
    expected = mac(derived(PEPPER, "case-key-grant"), reference.context("case-key-grant", *parts))
    assert grants.tag_of(KEYS, version, organisation, case, account, grant) == expected
    assert expected.hex() == vector["grant_tag"]


def test_the_document_alone_opens_a_case_key_that_was_dealt() -> None:
    vector = read("case_key_escrow")
    organisation, case = uuids(vector, "organisation", "case")
    version = vector["escrow_version"]
    place = (organisation.bytes, case.bytes, number(version))
    ref = reference.context("case-key-reference", *place)
    assert case_keys.reference_of(organisation, case, version) == ref == bytes.fromhex(vector["reference"])
    shred_key = derived(derived(PEPPER, "case-key-shred"), "case-key-shred-key", *place)
    assert escrow.shred_key(KEYS, organisation, case, version) == shred_key == bytes.fromhex(vector["shred_key"])
    case_key, ciphertext, check, commitments = unhex(vector, "case_key", "ciphertext", "check", "commitments")
    custodians = vector["custodians"]
    ids = [UUID(one["id"]).bytes for one in custodians]
    bound_to = reference.context("sharing", ref, number(vector["threshold"]), number(len(ids)), *ids)
    pieces: dict[int, bytes] = {}
    for one in custodians[1:]:
        seed, share = unhex(one, "seed", "share")
        parts = (bound_to, UUID(one["id"]).bytes, reference.xwing_keys(seed)[2], hashlib.sha256(commitments).digest())
        pieces |= reference.decode_pieces(reference.open_sealed(seed, share, reference.context("share", *parts)))
    prk = reference.hkdf_extract(shred_key, reference.xor(*pieces.values()))
    okm = reference.hkdf_expand(prk, reference.context("identity-key", ref), 48)
    assert okm[32:] == check
    padded = reference.open_field(okm[:32], reference.context("identity", ref), ciphertext)
    assert padded == len(case_key).to_bytes(4, "big") + case_key + bytes(1020 - len(case_key))


def test_our_code_opens_a_case_key_that_was_dealt() -> None:
    vector = read("case_key_escrow")
    case_key, ref, shred_key, ciphertext, check, joined = unhex(
        vector, "case_key", "reference", "shred_key", "ciphertext", "check", "commitments"
    )
    commitments = tuple(joined[start : start + 32] for start in range(0, len(joined), 32))
    ids = frozenset(UUID(one["id"]) for one in vector["custodians"])
    of = identity.Sharing(ref, vector["threshold"], ids, commitments)
    released = {}
    for one in vector["custodians"][:2]:
        seed, share = unhex(one, "seed", "share")
        released[UUID(one["id"])] = identity.open_share(hpke.PrivateKey(seed), of, UUID(one["id"]), share)
    assert identity.combine_identity(ciphertext, check, of, released, shred_key) == case_key


def test_the_key_that_a_grievance_came_with_is_known_by_its_tag() -> None:
    vector = read("case_key_escrow")
    organisation, grievance = uuids(vector, "organisation", "grievance")
    public = reference.xwing_keys(*unhex(read("case_keys"), "seed"))[2]
    bound_to = reference.context("conversation-sender", organisation.bytes, grievance.bytes, public)
    expected = mac(derived(PEPPER, "conversation-sender"), bound_to)
    assert conversations.sender_tag(KEYS, organisation, grievance, public) == expected
    assert expected.hex() == vector["sender_tag"]


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


def test_a_classification_and_the_handle_of_an_officer_are_as_the_document_says() -> None:
    vector = read("classifications")
    said = {"categories": vector["categories"], "relation": vector["relation"]}
    assert vector["text"] == json.dumps(said, separators=(",", ":")).ljust(512)
    assert classifications.encode(vector["categories"], vector["relation"]) == vector["text"]
    assert classifications.decode(vector["text"]).categories == tuple(vector["categories"])
    place = uuids(vector, "organisation", "channel", "account")
    keys = ServiceKeys({1: bytes(32)}, bytes.fromhex(vector["pepper"]))
    label = "officer-handle"
    digest = mac(
        derived(bytes.fromhex(vector["pepper"]), label), reference.context(label, *(one.bytes for one in place))
    )
    assert str(barring.handle_of(keys, *place)) == vector["handle"] == str(UUID(bytes=digest[:16], version=4))
