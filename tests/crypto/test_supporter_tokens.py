"""A token counts for what it was signed for and nothing else; and the union's keys open with their passphrase alone."""

import json
from functools import cache
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.crypto import blind_signatures, supporter_tokens
from app.crypto.errors import DocumentInvalid, NotAuthentic, SealBroken
from app.crypto.supporter_tokens import EVERY_ALLEGATION, IssuerKeys, IssuerKeyUnfit
from tests.crypto import reference
from tests.crypto.vector_files import read, unhex

GRIEVANCE = UUID("0197a000-0000-7000-8000-000000000005")
PASSPHRASE = "nine herons on a wet roof"


@cache
def two_keys() -> IssuerKeys:
    """Keys of a union that counts by allegation."""
    return supporter_tokens.new_keys(2)


def a_token(key: int = 0, grievance: UUID = GRIEVANCE, allegation: int = EVERY_ALLEGATION) -> bytes:
    private = two_keys().private[key]
    asked = supporter_tokens.ask(private.public_key(), grievance, allegation)
    signed = blind_signatures.sign_blinded(private, asked.blinded.message)
    return supporter_tokens.finish(private.public_key(), grievance, allegation, asked, signed)


def test_a_token_is_known_again_by_its_prefix_and_not_by_its_signature() -> None:
    public = two_keys().private[0].public_key()
    token = a_token()
    assert len(token) == supporter_tokens.TOKEN_BYTES
    serial = supporter_tokens.serial_of(public, GRIEVANCE, EVERY_ALLEGATION, token)
    assert serial == supporter_tokens.serial_of(public, GRIEVANCE, EVERY_ALLEGATION, token)
    assert serial != supporter_tokens.serial_of(public, GRIEVANCE, EVERY_ALLEGATION, a_token())


def test_a_token_of_another_key_grievance_or_allegation_or_an_altered_one_counts_for_nothing() -> None:
    public = two_keys().private[0].public_key()
    token = a_token()
    wrong = [
        a_token(key=1), a_token(grievance=uuid4()), a_token(allegation=1), token[:-1], token + b"\0", b"", token[:32],
        bytes([token[0] ^ 1]) + token[1:], token[:-1] + bytes([token[-1] ^ 1]),
    ]  # fmt: skip
    for one in wrong:
        with pytest.raises(NotAuthentic):
            supporter_tokens.serial_of(public, GRIEVANCE, EVERY_ALLEGATION, one)


def test_a_key_of_another_kind_size_exponent_or_spelling_is_unfit() -> None:
    good = two_keys().public[0]
    others = [
        supporter_tokens.spell_public(rsa.generate_private_key(65_537, 2048).public_key()),
        supporter_tokens.spell_public(rsa.generate_private_key(3, 3072).public_key()),
        ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        good + b"\0", good[:-1], b"",
    ]  # fmt: skip
    assert supporter_tokens.spell_public(supporter_tokens.read_public(good)) == good
    for other in others:
        with pytest.raises(IssuerKeyUnfit):
            supporter_tokens.read_public(other)


def test_the_words_are_of_all_keys_in_their_order() -> None:
    one, other = two_keys().public
    words = supporter_tokens.words([one, other])
    assert supporter_tokens.are_words_of(words.upper().replace(" ", "-"), [one, other])
    assert not supporter_tokens.are_words_of(words, [other, one])
    assert not supporter_tokens.are_words_of(words, [one])


def test_a_key_file_opens_with_its_passphrase_alone() -> None:
    file = supporter_tokens.seal_keys(two_keys(), PASSPHRASE)
    assert supporter_tokens.read_file(file) == two_keys().public
    assert supporter_tokens.open_keys(file, PASSPHRASE).public == two_keys().public
    with pytest.raises(SealBroken):
        supporter_tokens.open_keys(file, PASSPHRASE + "!")
    swapped = json.loads(file)
    swapped["public_keys"] = swapped["public_keys"][::-1]
    with pytest.raises(SealBroken):
        supporter_tokens.open_keys(json.dumps(swapped).encode(), PASSPHRASE)
    for broken in (
        b"",
        b"{}",
        file.replace(b"issuer-key/1", b"issuer-key/2"),
        file.replace(b'"iterations": 3', b'"iterations": 1'),
    ):
        with pytest.raises(DocumentInvalid):
            supporter_tokens.read_file(broken)


@pytest.mark.parametrize("how_many", [0, 51])
def test_there_is_one_key_or_one_for_each_allegation(how_many: int) -> None:
    with pytest.raises(ValueError, match="1 to 50 keys"):
        supporter_tokens.new_keys(how_many)


def test_the_vector_is_what_the_document_says() -> None:
    vector = read("supporter_tokens")
    token, public, message, serial = unhex(vector, "token", "public_key", "message", "serial")
    grievance, allegation = UUID(vector["grievance"]), vector["allegation"]
    assert supporter_tokens.message(grievance, allegation) == message
    assert reference.context("supporter-token", grievance.bytes, allegation.to_bytes(8)) == message
    assert supporter_tokens.serial_of(supporter_tokens.read_public(public), grievance, allegation, token) == serial
    assert vector["words"] == supporter_tokens.words([public])
    assert supporter_tokens.open_keys(json.dumps(vector["key_file"]).encode(), vector["passphrase"]).public == (public,)
