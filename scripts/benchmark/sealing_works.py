"""The acts of the ceremony that touch no database: sealing an identity, approving, opening."""

import secrets
from hashlib import sha256
from typing import cast
from uuid import uuid4

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.crypto import contexts, hpke, identity, openings, sharing, signing
from scripts.benchmark.sealing import Work

THRESHOLD, CUSTODIANS = 2, 3
COUNTED = 10
PERSON = b'{"name":"Robin Ashe","contact":"robin@example.org"}'
SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
HEADER = 1 + len(hpke.SUITE_IDS) + hpke.KEY_ID_BYTES


class Ceremony:
    """Custodians, a requester and one sealed identity, every key loaded."""

    def __init__(self) -> None:
        """Make the keys, seal, and let enough custodians approve."""
        self.reference = contexts.encode("identity-reference", uuid4(), uuid4(), uuid4())
        self.private = {uuid4(): hpke.PrivateKey(hpke.new_seed()) for _ in range(CUSTODIANS)}
        self.signing = {one: signing.new_seed() for one in self.private}
        self.custodians = [
            identity.Custodian(one, hpke.PublicKey(private.public)) for one, private in self.private.items()
        ]
        self.requester = hpke.PrivateKey(hpke.new_seed())
        self.request = secrets.token_bytes(32)
        self.shred_key = secrets.token_bytes(identity.SHRED_KEY_BYTES)
        self.sealed = self.seal()
        self.of = identity.Sharing(self.reference, THRESHOLD, frozenset(self.private), tuple(self.sealed.commitments))
        self.approving = list(self.private)[:THRESHOLD]
        self.releases = {one: self.approve(one)[0] for one in self.approving}

    def seal(self) -> identity.SealedIdentity:
        """Return a person sealed to the custodians."""
        return identity.seal_identity(PERSON, self.reference, self.custodians, THRESHOLD, self.shred_key)

    def approve(self, custodian_id: object = None) -> tuple[bytes, bytes]:
        """Return what a custodian gives: the share sealed again, and a signature."""
        chosen = next(one for one in self.private if custodian_id in {None, one})
        pieces = identity.open_share(self.private[chosen], self.of, chosen, self.sealed.shares[chosen])
        release = identity.release_share(pieces, self.of, chosen, self.request, self.requester.public)
        return release, openings.sign_approval(self.signing[chosen], self.request, self.of, chosen, release)

    def open(self) -> bytes:
        """Return the person, from the releases of enough custodians."""
        released = {
            one: identity.open_release(self.requester, self.of, one, self.request, release)
            for one, release in self.releases.items()
        }
        return identity.combine_identity(self.sealed.ciphertext, self.sealed.check, self.of, released, self.shred_key)


class Bare:
    """The primitives that the ceremony cannot do without, on buffers of the same sizes and nothing else."""

    def __init__(self, ceremony: Ceremony) -> None:
        """Load the keys of the library."""
        self.public = [cast("hpke.PublicKey", one.public_key)._key for one in ceremony.custodians]  # noqa: SLF001 the library's own key, loaded
        self.private = next(iter(ceremony.private.values()))._key  # noqa: SLF001 the same
        self.requester = ceremony.requester._key  # noqa: SLF001 the same
        self.requester_public = ceremony.requester.public
        self.signing = Ed25519PrivateKey.generate()
        self.verifying: Ed25519PublicKey = self.signing.public_key()
        self.key, self.info = secrets.token_bytes(32), bytes(64)
        self.share = bytes(33 * len(sharing.held_by(THRESHOLD, CUSTODIANS)[0]))
        self.box = SUITE.encrypt(self.share, self.public[0], self.info)
        self.release = SUITE.encrypt(self.share, hpke.PublicKey(self.requester_public)._key, self.info)  # noqa: SLF001 the same
        self.padded = bytes(identity.BUCKETS[0])
        self.ciphertext = self._encrypted()

    def _encrypted(self) -> bytes:
        encryptor = Cobblestone256Encryptor(self.key, self.info)
        return encryptor.update(self.padded) + encryptor.finalize()

    def _derived(self) -> bytes:
        return HKDF(SHA256(), 48, self.key, self.info).derive(self.key)

    def seal(self) -> None:
        """Derive, encrypt, and seal to each custodian."""
        self._derived()
        self._encrypted()
        for key in self.public:
            SUITE.encrypt(self.share, key, self.info)

    def approve(self) -> None:
        """Open one share, load the requester's key, seal to it, sign."""
        SUITE.decrypt(self.box, self.private, self.info)
        SUITE.encrypt(self.share, hpke.PublicKey(self.requester_public)._key, self.info)  # noqa: SLF001 the same
        self.signing.sign(sha256(self.box).digest())

    def open(self) -> None:
        """Open as many releases as it takes, derive, decrypt."""
        for _ in range(THRESHOLD):
            SUITE.decrypt(self.release, self.requester, self.info)
        self._derived()
        decryptor = Cobblestone256Decryptor(self.key, self.info)
        decryptor.update(self.ciphertext)
        decryptor.finalize()


def works() -> list[Work]:
    """Return the acts of a ceremony, each beside its primitives."""
    ceremony = Ceremony()
    bare = Bare(ceremony)
    return [
        Work("seal", "an identity, 2 of 3 custodians", ceremony.seal, bare.seal, counted=COUNTED),
        Work("approve", "one custodian re-seals a share and signs", ceremony.approve, bare.approve, counted=COUNTED),
        Work("open", "the requester combines two releases", ceremony.open, bare.open, counted=COUNTED),
    ]
