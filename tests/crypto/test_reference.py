"""The second implementation agrees with vectors made by others, so that agreeing with it means something."""

import hashlib
import zlib
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from tests.crypto import reference
from tests.crypto.vector_files import read, unhex

KEM_XWING = 0x647A


@pytest.mark.parametrize("vector", read("published/cobblestone256"), ids=lambda vector: vector["comment"])
def test_cobblestone_opens_and_refuses_as_published(vector: dict[str, Any]) -> None:
    key, context, compressed = unhex(vector, "key", "ctx", "ct")
    ciphertext = zlib.decompress(compressed)
    if vector["result"] == "valid":
        opened = reference.open_cobblestone256(key, context, ciphertext)
        assert len(opened) == vector["msgLength"]
        assert hashlib.sha512(opened).hexdigest() == vector["msgSha512"]
    else:
        with pytest.raises((ValueError, InvalidTag)):
            reference.open_cobblestone256(key, context, ciphertext)


@pytest.mark.parametrize("vector", read("published/xwing"), ids=range(3))
def test_xwing_expands_and_decapsulates_as_published(vector: dict[str, Any]) -> None:
    seed, public, enc, shared_secret = unhex(vector, "sk", "pk", "ct", "ss")
    assert reference.xwing_keys(seed)[2] == public
    assert reference.xwing_decapsulate(seed, enc) == shared_secret


@pytest.mark.parametrize(
    "vector",
    [*read("published/hpke_rfc9180"), *read("published/hpke_pq")],
    ids=lambda vector: f"{vector['kem_id']:04x}-{vector['aead_id']}",
)
def test_hpke_schedules_keys_as_published(vector: dict[str, Any]) -> None:
    info, shared_secret, key, base_nonce = unhex(vector, "info", "shared_secret", "key", "base_nonce")
    suite = b"".join(vector[name].to_bytes(2, "big") for name in ("kem_id", "kdf_id", "aead_id"))
    assert reference.hpke_key_schedule(suite, shared_secret, info) == (key, base_nonce)
    aad, ct, pt = unhex(vector["encryption"], "aad", "ct", "pt")
    aead = AESGCM(key) if vector["aead_id"] == reference.SUITE[-1] else ChaCha20Poly1305(key)
    assert aead.decrypt(base_nonce, ct, aad) == pt


def test_hpke_with_xwing_decapsulates_as_published() -> None:
    (vector,) = read("published/hpke_pq")
    seed, public, enc, shared_secret = unhex(vector, "skRm", "pkRm", "enc", "shared_secret")
    assert vector["kem_id"] == KEM_XWING
    assert reference.xwing_keys(seed)[2] == public
    assert reference.xwing_decapsulate(seed, enc) == shared_secret


@pytest.mark.parametrize("vector", read("published/hkdf_sha256"), ids=range(3))
def test_hkdf_derives_as_published(vector: dict[str, Any]) -> None:
    ikm, salt, info, prk, okm = unhex(vector, "IKM", "salt", "info", "PRK", "OKM")
    assert reference.hkdf_extract(salt, ikm) == prk
    assert reference.hkdf_expand(prk, info, int(vector["L"])) == okm


@pytest.mark.parametrize("vector", read("published/argon2id"), ids=range(5))
def test_the_argon2id_of_the_library_derives_as_published(vector: dict[str, Any]) -> None:
    password, salt, output = unhex(vector, "pass", "salt", "output")
    argon2id = Argon2id(
        salt=salt,
        length=int(vector["length"]),
        iterations=int(vector["iter"]),
        lanes=int(vector["lanes"]),
        memory_cost=int(vector["memcost"]),
        ad=bytes.fromhex(vector["ad"]) if "ad" in vector else None,
        secret=bytes.fromhex(vector["secret"]) if "secret" in vector else None,
    )
    assert argon2id.derive(password) == output


@pytest.mark.parametrize("vector", read("published/ed25519"), ids=lambda vector: f"{len(vector['message']) // 2} bytes")
def test_ed25519_signs_as_published(vector: dict[str, Any]) -> None:
    seed, public, message, signature = unhex(vector, "seed", "public", "message", "signature")
    assert reference.ed25519_public(seed) == public
    assert reference.ed25519_sign(seed, message) == signature
