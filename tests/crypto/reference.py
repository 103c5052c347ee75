"""A second implementation of docs/formats.md from primitives alone: what it opens, our library has not locked in.

Plain rather than fast, and it shares no line with app/crypto. Its parts are themselves held to published vectors.
"""

import base64
import hashlib
import hmac
from itertools import combinations

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK = 16384
TAG = 16
XWING_LABEL = bytes.fromhex("5c2e2f2f5e5c")
SUITE = bytes.fromhex("647a00010002")


def context(label: str, *parts: bytes) -> bytes:
    """Return a context whose parts are bytes already."""
    return b"".join(len(item).to_bytes(4, "big") + item for item in [b"candour/1/" + label.encode(), *parts])


def hkdf_extract(salt: bytes, key: bytes) -> bytes:
    """RFC 5869 section 2.2, SHA-256."""
    return hmac.digest(salt or bytes(32), key, "sha256")


def hkdf_expand(prk: bytes, info: bytes, length: int, digest: str = "sha256") -> bytes:
    """RFC 5869 section 2.3."""
    output = block = b""
    for counter in range(1, 256):
        if len(output) >= length:
            break
        block = hmac.digest(prk, block + info + bytes([counter]), digest)
        output += block
    return output[:length]


def open_cobblestone256(key: bytes, bound_to: bytes, ciphertext: bytes) -> bytes:
    """C2SP chunked-encryption with SHA-512 and AES-256-GCM.

    Raises:
        ValueError: the commitment is wrong or the end is missing.
        InvalidTag: a chunk was altered.

    """
    salt, commitment, body = ciphertext[:24], ciphertext[24:56], ciphertext[56:]
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + bound_to
    okm = hkdf_expand(key, info, 76, "sha512")
    if len(key) != 32 or commitment != okm[44:]:
        raise ValueError("not the key and context it was sealed with")
    chunks = [body[start : start + CHUNK + TAG] for start in range(0, len(body), CHUNK + TAG)]
    if not chunks or len(chunks[-1]) == CHUNK + TAG:
        raise ValueError("the end is missing")
    nonces = [(int.from_bytes(okm[32:44], "big") ^ number).to_bytes(12, "big") for number in range(len(chunks))]
    aead = AESGCM(okm[:32])
    return b"".join(aead.decrypt(nonce, chunk, None) for nonce, chunk in zip(nonces, chunks, strict=True))


def open_field(key: bytes, bound_to: bytes, sealed: bytes) -> bytes:
    """docs/formats.md, "Field"."""
    assert sealed[0] == 1
    return open_cobblestone256(key, bound_to, sealed[1:])


def open_blob(key: bytes, organisation: bytes, blob: bytes, stored: bytes) -> bytes:
    """docs/formats.md, "Stored file"."""
    full, content = 1_049_673, b""
    parts = [stored[start : start + full] for start in range(0, len(stored), full)]
    for number, part in enumerate(parts):
        place = (number.to_bytes(8, "big"), int(number == len(parts) - 1).to_bytes(8, "big"))
        content += open_field(key, context("blob-part", organisation, blob, *place), part)
    return content


def xwing_keys(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey, bytes]:
    """docs/formats.md, "Key pair": both private halves and the public key."""
    expanded = hashlib.shake_256(seed).digest(96)
    lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
    curve = X25519PrivateKey.from_private_bytes(expanded[64:])
    return lattice, curve, lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()


def xwing_decapsulate(seed: bytes, enc: bytes) -> bytes:
    """draft-connolly-cfrg-xwing-kem, "Decapsulation"."""
    lattice, curve, public = xwing_keys(seed)
    lattice_secret = lattice.decapsulate(enc[:1088])
    curve_secret = curve.exchange(X25519PublicKey.from_public_bytes(enc[1088:]))
    return hashlib.sha3_256(lattice_secret + curve_secret + enc[1088:] + public[1184:] + XWING_LABEL).digest()


def hpke_key_schedule(suite: bytes, shared_secret: bytes, info: bytes) -> tuple[bytes, bytes]:
    """RFC 9180 section 5.1, base mode with HKDF-SHA256 and a 32-byte AEAD key: the key and the base nonce."""
    head = b"HPKE-v1" + b"HPKE" + suite
    bound_to = b"\0" + hkdf_extract(b"", head + b"psk_id_hash") + hkdf_extract(b"", head + b"info_hash" + info)
    secret = hkdf_extract(shared_secret, head + b"secret")
    key = hkdf_expand(secret, b"\0\x20" + head + b"key" + bound_to, 32)
    return key, hkdf_expand(secret, b"\0\x0c" + head + b"base_nonce" + bound_to, 12)


def open_sealed(seed: bytes, sealed: bytes, info: bytes) -> bytes:
    """docs/formats.md, "Sealed to a key"."""
    assert sealed[:7] == b"\1" + SUITE
    assert sealed[7:15] == hashlib.sha256(xwing_keys(seed)[2]).digest()[:8]
    enc, ciphertext = sealed[15:1135], sealed[1135:]
    key, nonce = hpke_key_schedule(SUITE, xwing_decapsulate(seed, enc), info)
    return AESGCM(key).decrypt(nonce, ciphertext, None)


def groups(threshold: int, holders: int) -> list[tuple[int, ...]]:
    """docs/formats.md, "Pieces": the groups that lack each piece."""
    return list(combinations(range(holders), threshold - 1))


def xor(*parts: bytes) -> bytes:
    """Return the XOR of parts of 32 bytes."""
    total = bytes(32)
    for part in parts:
        total = bytes(a ^ b for a, b in zip(total, part, strict=True))
    return total


def decode_pieces(encoded: bytes) -> dict[int, bytes]:
    """docs/formats.md, "Pieces": encoded pieces."""
    return {encoded[start]: encoded[start + 1 : start + 33] for start in range(0, len(encoded), 33)}


P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
BASE = (
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
)
Point = tuple[int, int]


def add_points(a: Point, b: Point) -> Point:
    """RFC 8032 section 5.1.4, in affine coordinates."""
    t = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + t, -1, P)
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, -1, P)
    return x % P, y % P


def times(scalar: int, point: Point) -> Point:
    """Return the point added to itself so many times."""
    total, bit = (0, 1), point
    while scalar:
        if scalar & 1:
            total = add_points(total, bit)
        bit, scalar = add_points(bit, bit), scalar >> 1
    return total


def encode_point(point: Point) -> bytes:
    """RFC 8032 section 5.1.2."""
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def ed25519_public(seed: bytes) -> bytes:
    """RFC 8032 section 5.1.5."""
    return encode_point(times(_ed25519_secret(seed)[0], BASE))


def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    """RFC 8032 section 5.1.6."""
    scalar, prefix = _ed25519_secret(seed)
    nonce = _ed25519_number(prefix + message)
    point = encode_point(times(nonce, BASE))
    challenge = _ed25519_number(point + ed25519_public(seed) + message)
    return point + ((nonce + challenge * scalar) % ORDER).to_bytes(32, "little")


def _ed25519_secret(seed: bytes) -> tuple[int, bytes]:
    expanded = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(expanded[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    return scalar, expanded[32:]


def _ed25519_number(data: bytes) -> int:
    return int.from_bytes(hashlib.sha512(data).digest(), "little") % ORDER


def number(value: int) -> bytes:
    """Return an integer as a part of a context."""
    return value.to_bytes(8, "big")


def cut(piece: bytes, old: bytes, new: bytes, k: int, pieces: int) -> list[bytes]:
    """docs/formats.md, "Re-sharing": the sub-pieces of a piece."""
    prk = hkdf_extract(b"", piece)
    parts = [hkdf_expand(prk, context("sub-piece", old, new, number(k), number(j)), 32) for j in range(pieces - 1)]
    return [*parts, xor(piece, *parts)]


def base64_of(data: bytes) -> str:
    """docs/formats.md, "Signed document": bytes."""
    return base64.b64encode(data).decode()
