"""People's keys in files, their fingerprint words and their enrolment: the vectors open in our code, and by the document alone."""

import base64
import hashlib
import json
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import enrolments, fingerprints, keyfiles, receipts
from app.crypto.documents import Signed
from app.crypto.errors import DocumentInvalid, NotAuthentic, SealBroken
from app.crypto.keyfiles import Keys, Kind, PublicKeys
from tests.crypto import reference
from tests.crypto.vector_files import read, unhex

PASSPHRASE = "nine herons on a wet roof"
KEY_FILES = pytest.mark.parametrize("vector", read("keyfiles"), ids=lambda vector: vector["kind"])
ENROLMENTS = pytest.mark.parametrize("vector", read("enrolments"), ids=lambda vector: vector["kind"])


def optional(text: str | None) -> bytes | None:
    """Return bytes from hexadecimal, if there are any."""
    return None if text is None else bytes.fromhex(text)


def signed(vector: dict[str, Any]) -> Signed:
    """Return the signed document of a vector."""
    return Signed(vector["document"].encode(), bytes.fromhex(vector["signature"]))


@pytest.mark.parametrize("vector", read("fingerprints"))
def test_the_words_of_a_key_are_what_the_document_says(vector: dict[str, Any]) -> None:
    (key,) = unhex(vector, "key")
    number = int.from_bytes(hashlib.sha256(reference.context("fingerprint", key)).digest(), "big")
    expected = [receipts.WORDS[number // 7772**place % 7772] for place in range(6)]
    assert vector["words"].split(" ") == expected
    assert fingerprints.words(key) == vector["words"]


@pytest.mark.parametrize("typed", ["{}", " {} ", "{}.", "1. {}"])
def test_words_are_known_again_however_they_are_typed(typed: str) -> None:
    words = fingerprints.words(b"key")
    for spelled in (words, words.upper(), words.replace(" ", "-"), words.replace(" ", "\n")):
        assert fingerprints.are_of(typed.format(spelled), b"key")


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_two_keys_have_the_same_words_only_if_they_are_one(one: bytes, other: bytes) -> None:
    assert fingerprints.are_of(fingerprints.words(one), other) == (one == other)


@pytest.mark.parametrize(
    "typed", ["", "abacus", "abacus abdomen abdominal zoology zone zoom", "\N{FULLWIDTH DIGIT ONE}"]
)
def test_other_words_are_not_those_of_a_key(typed: str) -> None:
    assert not fingerprints.are_of(typed, b"key")


@KEY_FILES
def test_a_key_file_opens_in_our_code(vector: dict[str, Any]) -> None:
    keys = keyfiles.open_keys(vector["file"].encode(), vector["passphrase"])
    assert keys == Keys(Kind(vector["kind"]), optional(vector["sealing_seed"]), bytes.fromhex(vector["signing_seed"]))
    assert keyfiles.read_public(vector["file"].encode()) == keys.public
    assert keys.public.words == vector["words"]


@KEY_FILES
def test_a_key_file_opens_by_the_document_alone(vector: dict[str, Any]) -> None:
    file = json.loads(vector["file"])
    salt, sealed, signing_key = (base64.b64decode(file[name]) for name in ("salt", "sealed", "signing_key"))
    sealing_key = base64.b64decode(file["sealing_key"] or "")
    argon2id = Argon2id(salt=salt, length=32, iterations=file["iterations"], lanes=1, memory_cost=file["memory_kib"])
    key = argon2id.derive(vector["passphrase"].encode())
    assert key.hex() == vector["key"]
    opened = reference.open_field(
        key, reference.context("key-file", file["kind"].encode(), sealing_key, signing_key), sealed
    )
    assert opened == (optional(vector["sealing_seed"]) or b"") + bytes.fromhex(vector["signing_seed"])
    assert Ed25519PrivateKey.from_private_bytes(opened[-32:]).public_key().public_bytes_raw() == signing_key
    assert not sealing_key or reference.xwing_keys(opened[:32])[2] == sealing_key


@pytest.mark.parametrize("kind", list(Kind))
def test_keys_come_back_from_their_file_and_only_by_their_passphrase(kind: Kind) -> None:
    keys = keyfiles.new_keys(kind)
    file = keyfiles.seal_keys(keys, "na\u00efve heron")
    assert keyfiles.open_keys(file, "nai\u0308ve heron") == keys
    with pytest.raises(SealBroken):
        keyfiles.open_keys(file, "naive heron")


def test_a_key_file_and_its_keys_show_no_seed() -> None:
    keys = keyfiles.new_keys(Kind.CUSTODIAN)
    file = keyfiles.seal_keys(keys, PASSPHRASE)
    assert keys.sealing_seed is not None
    for seed in (keys.sealing_seed, keys.signing_seed):
        assert seed not in file
        assert base64.b64encode(seed) not in file
        assert seed.hex().encode() not in file
        assert repr(seed) not in repr(keys)


ALTERED: list[dict[str, object]] = [
    {"kind": "custodian"},
    {"kind": "somebody"},
    {"format": "candour/key-file/2"},
    {"memory_kib": 1024},
    {"memory_kib": 1 << 40},
    {"iterations": 1},
    {"salt": ""},
    {"sealed": ""},
    {"sealing_key": base64.b64encode(bytes(1216)).decode()},
    {"more": 1},
]


@pytest.mark.parametrize("change", ALTERED, ids=str)
def test_a_file_that_is_no_key_file_is_refused_before_anything_is_stretched(change: dict[str, object]) -> None:
    file = json.loads(read("keyfiles")[1]["file"]) | change
    with pytest.raises(DocumentInvalid):
        keyfiles.open_keys(json.dumps(file).encode(), PASSPHRASE)


def test_a_public_key_that_was_exchanged_in_a_key_file_is_noticed() -> None:
    file = json.loads(read("keyfiles")[1]["file"])
    file["signing_key"] = base64.b64encode(bytes(range(32))).decode()
    with pytest.raises(SealBroken):
        keyfiles.open_keys(json.dumps(file).encode(), PASSPHRASE)


@ENROLMENTS
def test_an_enrolment_reads_as_it_was_signed(vector: dict[str, Any]) -> None:
    found = enrolments.read_enrolment(signed(vector))
    keys = PublicKeys(Kind(vector["kind"]), optional(vector["sealing_key"]), bytes.fromhex(vector["signing_key"]))
    assert found == enrolments.Enrolment(UUID(vector["account"]), vector["label"], keys)


@ENROLMENTS
def test_the_signature_of_an_enrolment_is_what_the_document_says(vector: dict[str, Any]) -> None:
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(vector["signing_key"]))
    content = reference.context("enrolment", vector["document"].encode())
    public.verify(bytes.fromhex(vector["signature"]), content)


@ENROLMENTS
def test_an_enrolment_that_was_altered_is_not_authentic(vector: dict[str, Any]) -> None:
    document = vector["document"].replace("Monitoring officer", "Monitoring Officer").encode()
    with pytest.raises(NotAuthentic):
        enrolments.read_enrolment(Signed(document, bytes.fromhex(vector["signature"])))


@pytest.mark.parametrize("kind", [Kind.ROOT, Kind.WITNESS])
def test_neither_root_nor_witness_enrols(kind: Kind) -> None:
    with pytest.raises(DocumentInvalid):
        enrolments.sign_enrolment(UUID(int=1), "Root", keyfiles.new_keys(kind))
