"""Tokens by which a supporter shows that the union counted them in, and the union's own keys; see docs/formats.md, "Supporter token".

The union signs blindly on a machine of its own: neither it nor the service can tell which token it signed for whom. The variant is
RSABSSA-SHA384-PSS-Randomized: its random prefix is what makes each token one of its kind, and hides the message even from a signer
who chose the key to learn it (RFC 9474 section 7.3 asks for that of whoever signs what is not random itself).
Vectors: tests/crypto/vectors/supporter_tokens.json.
"""

import base64
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from app.crypto import blind_signatures, contexts, documents, fields, fingerprints, passwords
from app.crypto.blind_signatures import PREFIX_BYTES, PSS_RANDOMISED, Blinded
from app.crypto.errors import SealBroken

FORMAT = "candour/issuer-key/1"
KEY_BITS = 3072
EXPONENT = 65_537
"""Both are part of the format: a signer who may choose them could choose a key that tells their signatures apart."""
SIGNATURE_BYTES = KEY_BITS // 8
TOKEN_BYTES = PREFIX_BYTES + SIGNATURE_BYTES
MOST_PUBLIC_KEY_BYTES = 512
MOST_KEYS = 50
EVERY_ALLEGATION = 0
"""In place of an allegation: the token of a key that counts people, who then name what they support."""
MEMORY_KIB = 65_536
ITERATIONS = 3
SALT_BYTES = 16
_LENGTH_BYTES = 4


class IssuerKeyUnfit(ValueError):
    """The key is not of the one kind that counts: RSA, 3072 bits, exponent 65537, in its one spelling. The message is the rule."""


@dataclass(frozen=True, slots=True)
class IssuerKeys:
    """The private keys of a union for one grievance: one, or one for each allegation in their order."""

    private: tuple[rsa.RSAPrivateKey, ...] = field(repr=False)

    @property
    def public(self) -> tuple[bytes, ...]:
        """Return their public halves, as they are registered."""
        return tuple(spell_public(key.public_key()) for key in self.private)


def new_keys(how_many: int) -> IssuerKeys:
    """Return fresh keys. Blocks for seconds.

    Raises:
        ValueError: there are none or too many.

    """
    if not 1 <= how_many <= MOST_KEYS:
        raise ValueError(f"1 to {MOST_KEYS} keys")
    return IssuerKeys(tuple(rsa.generate_private_key(EXPONENT, KEY_BITS) for _ in range(how_many)))


def spell_public(key: rsa.RSAPublicKey) -> bytes:
    """Return a public key as it is registered: SubjectPublicKeyInfo in DER."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def read_public(spelled: bytes) -> rsa.RSAPublicKey:
    """Return a registered public key.

    Raises:
        IssuerKeyUnfit: it is no RSA key, of another size or exponent, or spelled in another way.

    """
    try:
        key = load_der_public_key(spelled)
    except (ValueError, UnsupportedAlgorithm):
        raise IssuerKeyUnfit("must be a public key as SubjectPublicKeyInfo in DER") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != KEY_BITS or key.public_numbers().e != EXPONENT:
        raise IssuerKeyUnfit(f"must be an RSA key of {KEY_BITS} bits with the exponent {EXPONENT}")
    if spell_public(key) != spelled:
        raise IssuerKeyUnfit("must be spelled as DER has it")
    return key


def words(public_keys: Sequence[bytes]) -> str:
    """Return the fingerprint words of all keys of a count, in their order."""
    return fingerprints.words(b"".join(public_keys))


def are_words_of(typed: str, public_keys: Sequence[bytes]) -> bool:
    """Say whether what somebody typed are the words of these keys."""
    return fingerprints.are_of(typed, b"".join(public_keys))


def message(grievance: UUID, allegation: int) -> bytes:
    """Return what a token says: for which grievance it counts, and for which allegation, or EVERY_ALLEGATION."""
    return contexts.encode("supporter-token", grievance, allegation)


@dataclass(frozen=True, slots=True)
class Asked:
    """One token on its way: what the union is sent, and what stays with the member until it answers."""

    prefix: bytes = field(repr=False)
    blinded: Blinded


def ask(key: rsa.RSAPublicKey, grievance: UUID, allegation: int) -> Asked:
    """Return a fresh token, blinded."""
    prepared = blind_signatures.prepare(PSS_RANDOMISED, message(grievance, allegation))
    return Asked(prepared[:PREFIX_BYTES], blind_signatures.blind(PSS_RANDOMISED, key, prepared))


def finish(key: rsa.RSAPublicKey, grievance: UUID, allegation: int, asked: Asked, signed: bytes) -> bytes:
    """Return the token, which nobody has seen before.

    Raises:
        NotAuthentic: what came back is no signature of this key over what was sent.

    """
    prepared = asked.prefix + message(grievance, allegation)
    return asked.prefix + blind_signatures.finish(PSS_RANDOMISED, key, prepared, signed, asked.blinded.inverse)


def serial_of(key: rsa.RSAPublicKey, grievance: UUID, allegation: int, token: bytes) -> bytes:
    """Return the 32 bytes by which a token that this key signed for this is known again once it is spent.

    Raises:
        NotAuthentic: the key did not sign it for this grievance and allegation, or it is altered.

    """
    prefix, signature = token[:PREFIX_BYTES], token[PREFIX_BYTES:]
    blind_signatures.verify(PSS_RANDOMISED, key, prefix + message(grievance, allegation), signature)
    return sha256(contexts.encode("supporter-token-spent", grievance, allegation, prefix)).digest()


def seal_keys(keys: IssuerKeys, passphrase: str) -> bytes:
    """Return the file that holds the keys under a passphrase. Blocks."""
    salt = secrets.token_bytes(SALT_BYTES)
    key = passwords.stretch(passphrase, salt, MEMORY_KIB, ITERATIONS)
    parts = [one.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()) for one in keys.private]
    content = b"".join(len(part).to_bytes(_LENGTH_BYTES) + part for part in parts)
    sealed = fields.seal(key, contexts.encode("issuer-key", *keys.public), content)
    document = {
        "format": FORMAT,
        "public_keys": [documents.spell(one) for one in keys.public],
        "salt": documents.spell(salt),
        "memory_kib": MEMORY_KIB,
        "iterations": ITERATIONS,
        "sealed": documents.spell(sealed),
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def read_file(file: bytes) -> tuple[bytes, ...]:
    """Return the public keys that a key file shows without its passphrase.

    Raises:
        DocumentInvalid: it is no key file of an issuer.

    """
    found: tuple[bytes, ...] = _read(file)["public_keys"]
    return found


def open_keys(file: bytes, passphrase: str) -> IssuerKeys:
    """Return the keys of a file. Blocks.

    Raises:
        DocumentInvalid: it is no key file of an issuer.
        SealBroken: the passphrase is another, or the file was altered.

    """
    found = _read(file)
    key = passwords.stretch(passphrase, found["salt"], found["memory_kib"], found["iterations"])
    content = fields.open_(key, contexts.encode("issuer-key", *found["public_keys"]), found["sealed"])
    keys = []
    while content:
        length = int.from_bytes(content[:_LENGTH_BYTES])
        loaded = load_der_private_key(content[_LENGTH_BYTES : _LENGTH_BYTES + length], None)
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise SealBroken
        keys.append(loaded)
        content = content[_LENGTH_BYTES + length :]
    made = IssuerKeys(tuple(keys))
    if made.public != found["public_keys"]:
        raise SealBroken
    return made


def octets_of(value: Any, most: int) -> bytes:  # noqa: ANN401 any JSON
    """Return bytes of at most that many, in base64 with its padding.

    Raises:
        ValueError: they are spelled in another way, or too many.

    """
    found = base64.b64decode(value, validate=True)
    if not 1 <= len(found) <= most or documents.spell(found) != value:
        raise ValueError
    return found


def list_of(reader: Callable[[Any], Any], most: int) -> Callable[[Any], tuple[Any, ...]]:
    """Return the reader of a list of 1 to `most` things."""

    def read(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 any JSON
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise ValueError
        return tuple(reader(one) for one in value)

    return read


def _public_key(value: Any) -> bytes:  # noqa: ANN401 any JSON
    found = octets_of(value, MOST_PUBLIC_KEY_BYTES)
    read_public(found)
    return found


def _read(file: bytes) -> dict[str, Any]:
    return documents.read(file, _MEMBERS)


_MEMBERS: dict[str, Callable[[Any], Any]] = {
    "format": documents.exactly(FORMAT),
    "public_keys": list_of(_public_key, MOST_KEYS),
    "salt": documents.octets(SALT_BYTES),
    "memory_kib": documents.number(MEMORY_KIB, 4 * 1024 * 1024),
    "iterations": documents.number(ITERATIONS, 64),
    "sealed": lambda value: octets_of(value, documents.LARGEST),
}
