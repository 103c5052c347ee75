"""RSA blind signatures: who signs sees a number that tells nothing of what is signed. Knows nothing of tokens or people.

Source: RFC 9474, section 4, all four variants with SHA-384. What is finished is an ordinary RSASSA-PSS signature, and is checked
as one by the library. Vectors: tests/crypto/vectors/published/rfc9474.json, appendix A of the RFC.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from math import gcd

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA384

from app.crypto.errors import NotAuthentic

HASH_BYTES = 48
PREFIX_BYTES = 32
"""Source: RFC 9474 section 4.1, PrepareRandomize."""
_SHA384 = SHA384()
_OCTET = 8


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the four named variants: how long the salt of the padding is, and whether a random prefix goes before a message."""

    name: str
    salt_bytes: int
    is_randomised: bool


PSS_RANDOMISED = Variant("RSABSSA-SHA384-PSS-Randomized", HASH_BYTES, is_randomised=True)
PSSZERO_RANDOMISED = Variant("RSABSSA-SHA384-PSSZERO-Randomized", 0, is_randomised=True)
PSS_DETERMINISTIC = Variant("RSABSSA-SHA384-PSS-Deterministic", HASH_BYTES, is_randomised=False)
PSSZERO_DETERMINISTIC = Variant("RSABSSA-SHA384-PSSZERO-Deterministic", 0, is_randomised=False)
VARIANTS = (PSS_RANDOMISED, PSSZERO_RANDOMISED, PSS_DETERMINISTIC, PSSZERO_DETERMINISTIC)


@dataclass(frozen=True, slots=True)
class Blinded:
    """A message as the signer sees it, and the secret that takes the blinding off what they make of it."""

    message: bytes
    inverse: int = field(repr=False)


def prepare(variant: Variant, message: bytes, prefix: bytes | None = None) -> bytes:
    """Return what is signed for a message. `prefix` is for vectors alone: without it 32 random bytes are drawn."""
    if not variant.is_randomised:
        return message
    return (secrets.token_bytes(PREFIX_BYTES) if prefix is None else prefix) + message


def blind(
    variant: Variant, key: rsa.RSAPublicKey, prepared: bytes, *, salt: bytes | None = None, factor: int | None = None
) -> Blinded:
    """Return the prepared message blinded. `salt` and `factor` are for vectors alone: without them they are drawn at random.

    Raises:
        ValueError: the message and the key have a common divisor, which shows that the key was made to fail.

    """
    numbers, size = key.public_numbers(), _size(key)
    drawn = secrets.token_bytes(variant.salt_bytes) if salt is None else salt
    number = int.from_bytes(_encode(prepared, numbers.n.bit_length() - 1, drawn))
    if gcd(number, numbers.n) != 1:
        raise ValueError("this key cannot sign this message")
    while True:
        r = 1 + secrets.randbelow(numbers.n - 1) if factor is None else factor
        if gcd(r, numbers.n) == 1:
            break
    hidden = number * pow(r, numbers.e, numbers.n) % numbers.n
    return Blinded(hidden.to_bytes(size), pow(r, -1, numbers.n))


def sign_blinded(key: rsa.RSAPrivateKey, blinded: bytes) -> bytes:
    """Return the blind signature, checked before it leaves: one that was computed wrongly would tell the key. Blocks.

    The number is blinded once more for the power, so that its time tells nothing of the key, and no Chinese remainders are used,
    so that one wrong half cannot factor the modulus. Source: RFC 9474 sections 4.3 and 7.

    Raises:
        ValueError: it is not as long as the modulus, or no number below it.

    """
    private = key.private_numbers()
    n, e = private.public_numbers.n, private.public_numbers.e
    number = int.from_bytes(blinded)
    if len(blinded) != _size(key.public_key()) or number >= n:
        raise ValueError("not a message that was blinded for this key")
    r = _unit(n)
    signed = pow(number * pow(r, e, n) % n, private.d, n) * pow(r, -1, n) % n
    if pow(signed, e, n) != number:
        raise ValueError("the signature was computed wrongly")
    return signed.to_bytes(len(blinded))


def finish(variant: Variant, key: rsa.RSAPublicKey, prepared: bytes, signed: bytes, inverse: int) -> bytes:
    """Return the signature over the prepared message, its blinding taken off.

    Raises:
        NotAuthentic: what came back is no signature of this key over what was sent.

    """
    n, size = key.public_numbers().n, _size(key)
    if len(signed) != size:
        raise NotAuthentic
    signature = (int.from_bytes(signed) * inverse % n).to_bytes(size)
    verify(variant, key, prepared, signature)
    return signature


def verify(variant: Variant, key: rsa.RSAPublicKey, prepared: bytes, signature: bytes) -> None:
    """Return if the key signed the prepared message: plain RSASSA-PSS, as any library checks it.

    Raises:
        NotAuthentic: otherwise.

    """
    try:
        key.verify(signature, prepared, padding.PSS(padding.MGF1(_SHA384), variant.salt_bytes), _SHA384)
    except InvalidSignature:
        raise NotAuthentic from None


def _size(key: rsa.RSAPublicKey) -> int:
    return -(-key.key_size // _OCTET)


def _unit(n: int) -> int:
    while gcd(r := 1 + secrets.randbelow(n - 1), n) != 1:
        pass  # pragma: no cover whoever comes here has factored the modulus
    return r


def _encode(message: bytes, bits: int, salt: bytes) -> bytes:
    """Return EMSA-PSS-ENCODE of a message. Source: RFC 8017 section 9.1.1."""
    size = -(-bits // _OCTET)
    digest = hashlib.sha384(bytes(_OCTET) + hashlib.sha384(message).digest() + salt).digest()
    block = bytes(size - len(salt) - HASH_BYTES - 2) + b"\x01" + salt
    mask = _mask(digest, len(block))
    masked = bytearray(one ^ other for one, other in zip(block, mask, strict=True))
    masked[0] &= 0xFF >> (_OCTET * size - bits)
    return bytes(masked) + digest + b"\xbc"


def _mask(seed: bytes, length: int) -> bytes:
    """Return MGF1 with SHA-384. Source: RFC 8017 appendix B.2.1."""
    blocks = -(-length // HASH_BYTES)
    return b"".join(hashlib.sha384(seed + number.to_bytes(4)).digest() for number in range(blocks))[:length]
