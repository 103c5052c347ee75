"""Sealing who somebody is, so that only enough custodians together can learn it; see docs/formats.md, "Identity".

Knows nothing of accounts, cases or requests: what an opening was asked for arrives as bytes to be bound. The key of an
identity exists only where it is sealed and where an opening is combined. Vectors: tests/crypto/vectors/identity.json.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.crypto import contexts, fields, hpke, sharing
from app.crypto.errors import LyingCustodian, SealBroken

SHRED_KEY_BYTES = 32
CHECK_BYTES = 16
BUCKETS = tuple(1024 << power for power in range(6))
"""Sizes to which an identity is padded, 1 to 32 KiB, so that its length tells little; nobody's is the least of them."""

_LENGTH_BYTES = 4
LEAST_BUCKET_HOLDS = BUCKETS[0] - _LENGTH_BYTES
"""How many bytes an identity may have to be stored in the same length as nobody's: a bucket holds its length too."""
_PIECE_BYTES = 1 + sharing.SECRET_BYTES


@dataclass(frozen=True, slots=True)
class Custodian:
    """Somebody who shall hold a share; `public_key` may be loaded once for many."""

    id: UUID
    public_key: bytes | hpke.PublicKey


@dataclass(frozen=True, slots=True)
class SealedIdentity:
    """Everything to be stored of a sealed identity, but the shred key, which is kept apart."""

    ciphertext: bytes
    check: bytes
    commitments: list[bytes]
    shares: dict[UUID, bytes]


@dataclass(frozen=True)
class Sharing:
    """What everybody may know of how one identity is shared: among whom, how many are needed, and the commitments."""

    reference: bytes
    threshold: int
    custodians: frozenset[UUID]
    commitments: tuple[bytes, ...]

    def __post_init__(self) -> None:
        """Hold only sharings that can exist.

        Raises:
            ValueError: not 1 <= threshold <= number of custodians <= 9.
            SealBroken: the commitments are not as many as the pieces.

        """
        if len(self.commitments) != sharing.pieces_of(self.threshold, len(self.custodians)):
            raise SealBroken

    @cached_property
    def context(self) -> bytes:
        """Bind every piece and share to this identity, threshold and set of custodians."""
        return sharing_context(self.reference, self.threshold, sorted(self.custodians))

    @cached_property
    def committed(self) -> bytes:
        """Name the commitments, all of them: H in docs/formats.md."""
        return sha256(b"".join(self.commitments)).digest()

    @cached_property
    def held(self) -> dict[UUID, tuple[int, ...]]:
        """Tell the numbers of the pieces that each custodian holds."""
        numbers = sharing.held_by(self.threshold, len(self.custodians))
        return dict(zip(sorted(self.custodians), numbers, strict=True))

    def dealt(self, custodian_id: UUID, pieces: Mapping[int, bytes]) -> bool:
        """Say whether these are the very pieces that were dealt to this custodian."""
        return tuple(sorted(pieces)) == self.held.get(custodian_id) and all(
            compare_digest(sharing.commitment(self.context, number, piece), self.commitments[number])
            for number, piece in pieces.items()
        )


def reference_of(organisation_id: UUID, case_id: UUID, identity_id: UUID) -> bytes:
    """Return what a reporter's or supporter's identity is bound to, the `reference` of docs/formats.md."""
    return contexts.encode("identity-reference", organisation_id, case_id, identity_id)


def seal_identity(
    identity: bytes, reference: bytes, custodians: Sequence[Custodian], threshold: int, shred_key: bytes
) -> SealedIdentity:
    """Return the identity sealed so that `threshold` of the custodians, and the shred key, open it and nothing less does.

    Raises:
        ValueError: two custodians have one id, there are more than 9, the threshold is not among 1..their number, a key
            has the wrong size, or the identity exceeds 32764 bytes.

    """
    dealt_to = sorted(custodians, key=lambda custodian: custodian.id)
    ids = [custodian.id for custodian in dealt_to]
    if len(set(ids)) != len(ids):
        raise ValueError("each custodian is named once")
    secret = secrets.token_bytes(sharing.SECRET_BYTES)
    key, check = _keys(secret, reference, shred_key)
    pieces, held = sharing.split(secret, threshold, len(ids))
    context = sharing_context(reference, threshold, ids)
    commitments = [sharing.commitment(context, number, piece) for number, piece in enumerate(pieces)]
    return SealedIdentity(
        ciphertext=fields.seal(key, contexts.encode("identity", reference), pad(identity)),
        check=check,
        commitments=commitments,
        shares={
            custodian.id: _seal_share(custodian, context, commitments, {number: pieces[number] for number in numbers})
            for custodian, numbers in zip(dealt_to, held, strict=True)
        },
    )


def open_share(private: hpke.PrivateKey, of: Sharing, custodian_id: UUID, share: bytes) -> dict[int, bytes]:
    """Return the pieces in a custodian's own share, each checked against its commitment.

    Raises:
        SealBroken: the share is another's, of another sharing, or not what the commitments say was dealt.

    """
    info = _share_info(of.context, of.commitments, custodian_id, private.public)
    pieces = _decode_pieces(private.open(share, info))
    if not of.dealt(custodian_id, pieces):
        raise SealBroken
    return pieces


def release_share(
    pieces: Mapping[int, bytes], of: Sharing, custodian_id: UUID, request: bytes, requester_key: bytes
) -> bytes:
    """Return a custodian's pieces sealed to the requester's key for this one request, which `request` identifies.

    Raises:
        ValueError: `requester_key` is not a usable public key.

    """
    info = contexts.encode("release", of.context, request, custodian_id)
    return hpke.seal(requester_key, _encode_pieces(pieces), info)


def open_release(
    private: hpke.PrivateKey, of: Sharing, custodian_id: UUID, request: bytes, release: bytes
) -> dict[int, bytes]:
    """Return the pieces that a custodian released to this request; whether they are true is for combining to say.

    Raises:
        SealBroken: the release is of another custodian, sharing or request, or was altered.

    """
    return _decode_pieces(private.open(release, contexts.encode("release", of.context, request, custodian_id)))


def combine_identity(
    ciphertext: bytes, check: bytes, of: Sharing, released: Mapping[UUID, Mapping[int, bytes]], shred_key: bytes
) -> bytes:
    """Return the identity, from the pieces that each of enough custodians released.

    Raises:
        LyingCustodian: some released pieces are not those dealt to them; the error names who.
        SealBroken: there are too few custodians, or ciphertext, check and shred key do not belong together.
        ValueError: the shred key is not 32 bytes.

    """
    liars = {custodian_id for custodian_id, pieces in released.items() if not of.dealt(custodian_id, pieces)}
    if liars:
        raise LyingCustodian(liars)
    pieces = {number: piece for dealt in released.values() for number, piece in dealt.items()}
    secret = sharing.combine(pieces, of.threshold, len(of.custodians))
    key, expected = _keys(secret, of.reference, shred_key)
    if not compare_digest(check, expected):
        raise SealBroken
    return unpad(fields.open_(key, contexts.encode("identity", of.reference), ciphertext))


def seal_share(custodian: Custodian, of: Sharing, pieces: Mapping[int, bytes]) -> bytes:
    """Return a custodian's pieces sealed to their key: what they keep as their own share.

    Raises:
        SealBroken: these are not the pieces that were dealt to them.
        ValueError: the key is not usable.

    """
    if not of.dealt(custodian.id, pieces):
        raise SealBroken
    return _seal_share(custodian, of.context, of.commitments, pieces)


def sharing_context(reference: bytes, threshold: int, custodians: Sequence[UUID]) -> bytes:
    """Return what everything of one sharing is bound to, S in docs/formats.md. Custodians are given in rising order."""
    return contexts.encode("sharing", reference, threshold, len(custodians), *custodians)


def share_bytes(threshold: int, custodians: int) -> int:
    """Return how long every share of such a sharing is.

    Raises:
        ValueError: not 1 <= threshold <= custodians <= 9.

    """
    return hpke.SEALING_BYTES + _PIECE_BYTES * len(sharing.held_by(threshold, custodians)[0])


def pad(data: bytes) -> bytes:
    """Return the data behind its length, filled with zeros to the least bucket that takes it.

    Raises:
        ValueError: it exceeds the largest bucket, that is 32764 bytes.

    """
    framed = len(data).to_bytes(_LENGTH_BYTES) + data
    for bucket in BUCKETS:
        if len(framed) <= bucket:
            return framed.ljust(bucket, b"\0")
    raise ValueError("an identity has at most 32764 bytes")


def unpad(padded: bytes) -> bytes:
    """Return what was padded; exactly one padding of it is accepted.

    Raises:
        SealBroken: this is not the padding of anything.

    """
    end = _LENGTH_BYTES + int.from_bytes(padded[:_LENGTH_BYTES])
    data = padded[_LENGTH_BYTES:end]
    if end > BUCKETS[-1] or pad(data) != padded:
        raise SealBroken
    return data


def _keys(secret: bytes, reference: bytes, shred_key: bytes) -> tuple[bytes, bytes]:
    if len(shred_key) != SHRED_KEY_BYTES:
        raise ValueError("a shred key is 32 bytes")
    info = contexts.encode("identity-key", reference)
    derived = HKDF(SHA256(), fields.KEY_BYTES + CHECK_BYTES, shred_key, info).derive(secret)
    return derived[: fields.KEY_BYTES], derived[fields.KEY_BYTES :]


def _share_info(context: bytes, commitments: Iterable[bytes], custodian_id: UUID, public_key: bytes) -> bytes:
    return contexts.encode("share", context, custodian_id, public_key, sha256(b"".join(commitments)).digest())


def _seal_share(
    custodian: Custodian, context: bytes, commitments: Sequence[bytes], pieces: Mapping[int, bytes]
) -> bytes:
    key = custodian.public_key
    loaded = key if isinstance(key, hpke.PublicKey) else hpke.PublicKey(key)
    return loaded.seal(_encode_pieces(pieces), _share_info(context, commitments, custodian.id, loaded.public))


def _encode_pieces(pieces: Mapping[int, bytes]) -> bytes:
    return b"".join(number.to_bytes(1) + pieces[number] for number in sorted(pieces))


def _decode_pieces(encoded: bytes) -> dict[int, bytes]:
    starts = range(0, len(encoded), _PIECE_BYTES)
    pieces = {encoded[start]: encoded[start + 1 : start + _PIECE_BYTES] for start in starts}
    if _encode_pieces(pieces) != encoded or len(encoded) % _PIECE_BYTES:
        raise SealBroken
    return pieces
