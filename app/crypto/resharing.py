"""Sharing among other custodians without forming the key: every piece is cut again; see docs/formats.md, "Re-sharing".

Whoever holds an old piece makes the same sub-pieces of it, so that dealers who hold a piece together audit each other.
A new custodian is given one sub-piece of every old piece for each new piece of theirs, and XORs them. Vectors:
tests/crypto/vectors/resharing.json.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

from app.crypto import contexts, fields, hpke, identity, sharing, signing
from app.crypto.errors import SealBroken
from app.crypto.identity import Sharing

COMMITMENT_BYTES = 32
_ITEM_BYTES = 2 + sharing.SECRET_BYTES

SubPieces = dict[tuple[int, int], bytes]
"""Sub-pieces by old and new piece."""


@dataclass(frozen=True)
class Change:
    """From one sharing to the next: what everybody may know before anything is dealt."""

    old: Sharing
    threshold: int
    recipients: Mapping[UUID, bytes]
    """The new custodians and what is sealed to them."""
    manifest: bytes
    """Name of the manifest that names them."""

    @cached_property
    def pieces(self) -> int:
        """Tell how many pieces the new sharing has.

        Raises:
            ValueError: not 1 <= threshold <= number of recipients <= 9.

        """
        return sharing.pieces_of(self.threshold, len(self.recipients))

    @cached_property
    def context(self) -> bytes:
        """Tell what the new sharing is bound to."""
        return identity.sharing_context(self.old.reference, self.threshold, sorted(self.recipients))

    @cached_property
    def held(self) -> dict[UUID, tuple[int, ...]]:
        """Tell the numbers of the new pieces that each new custodian is to hold."""
        numbers = sharing.held_by(self.threshold, len(self.recipients))
        return dict(zip(sorted(self.recipients), numbers, strict=True))

    @cached_property
    def before(self) -> bytes:
        """Tell what names the old commitments."""
        return self.old.committed

    def box_bytes(self, dealer: UUID, recipient: UUID) -> int:
        """Return how long the dealer's box for that recipient is."""
        return hpke.SEALING_BYTES + _ITEM_BYTES * len(self.old.held[dealer]) * len(self.held[recipient])

    def after(self, commitments: Sequence[bytes]) -> Sharing:
        """Return the new sharing, once all its commitments are known.

        Raises:
            SealBroken: they are not as many as the new pieces.

        """
        return Sharing(self.old.reference, self.threshold, frozenset(self.recipients), tuple(commitments))


@dataclass(frozen=True)
class Deal:
    """What one old custodian gives: a commitment to every sub-piece of their pieces, and a box for each new custodian."""

    commitments: tuple[bytes, ...]
    boxes: dict[UUID, bytes]


def deal(change: Change, dealer: UUID, pieces: Mapping[int, bytes]) -> Deal:
    """Return the deal of a custodian who opened their own share.

    Raises:
        SealBroken: these are not the pieces that were dealt to them.
        ValueError: a recipient's key is not usable.

    """
    if not change.old.dealt(dealer, pieces):
        raise SealBroken
    cut = {(k, j): part for k in pieces for j, part in enumerate(_cut(change, k, pieces[k]))}
    commitments = tuple(_commitment(change, k, j, cut[k, j]) for k, j in sorted(cut))
    boxes = {
        recipient: hpke.seal(
            key, _encode(change, dealer, recipient, cut), _info(change, dealer, recipient, commitments)
        )
        for recipient, key in change.recipients.items()
    }
    return Deal(commitments, boxes)


def sign_deal(seed: bytes, change: Change, dealer: UUID, made: Deal) -> bytes:
    """Return the dealer's signature over the deal."""
    return signing.sign_context(
        seed, "resharing-deal", *_deal_parts(change, dealer, made.commitments, digests(made.boxes))
    )


def require_deal(
    public: bytes, signature: bytes, change: Change, dealer: UUID, commitments: Sequence[bytes], boxes: Sequence[bytes]
) -> None:
    """Return if the dealer signed these commitments and the boxes whose digests `boxes` are, by rising id of recipient.

    Raises:
        NotAuthentic: otherwise.

    """
    signing.check_signature(public, signature, "resharing-deal", *_deal_parts(change, dealer, commitments, boxes))


def digests(boxes: Mapping[UUID, bytes]) -> list[bytes]:
    """Return the SHA-256 of each box, by rising id of recipient."""
    return [sha256(boxes[recipient]).digest() for recipient in sorted(boxes)]


def disputed(change: Change, deals: Mapping[UUID, Sequence[bytes]]) -> dict[int, frozenset[UUID]]:
    """Return the old pieces of which two dealers made different sub-pieces, each with all who dealt it: somebody lies."""
    found = {}
    for number in range(len(change.old.commitments)):
        dealt = {
            dealer: _of_piece(change, dealer, number, deals[dealer])
            for dealer in deals
            if number in change.old.held[dealer]
        }
        if len(set(dealt.values())) > 1:
            found[number] = frozenset(dealt)
    return found


def liars(change: Change, pieces: Mapping[int, bytes], deals: Mapping[UUID, Sequence[bytes]]) -> frozenset[UUID]:
    """Return the dealers whose commitments are not those that follow from these pieces, which one holds oneself."""
    found = set()
    for number, piece in pieces.items():
        right = tuple(_commitment(change, number, j, part) for j, part in enumerate(_cut(change, number, piece)))
        found |= {
            dealer
            for dealer, commitments in deals.items()
            if number in change.old.held[dealer] and _of_piece(change, dealer, number, commitments) != right
        }
    return frozenset(found)


def open_box(
    private: hpke.PrivateKey, change: Change, dealer: UUID, recipient: UUID, commitments: Sequence[bytes], box: bytes
) -> SubPieces:
    """Return the sub-pieces that a dealer gave this recipient, each checked against its commitment.

    Raises:
        SealBroken: the box is another's or of another change, or holds something else than was committed to.

    """
    encoded = private.open(box, _info(change, dealer, recipient, commitments))
    starts = range(0, len(encoded), _ITEM_BYTES)
    given = {
        (encoded[at], encoded[at + 1]): encoded[at + 2 : at + _ITEM_BYTES]
        for at in starts
        if len(encoded) >= at + _ITEM_BYTES
    }
    numbers = change.old.held[dealer]
    wanted = {(k, j) for k in numbers for j in change.held[recipient]}
    if set(given) != wanted or _encode(change, dealer, recipient, given) != encoded:
        raise SealBroken
    for (k, j), part in given.items():
        expected = commitments[numbers.index(k) * change.pieces + j]
        if not compare_digest(_commitment(change, k, j, part), expected):
            raise SealBroken
    return given


def assemble(change: Change, recipient: UUID, given: Iterable[SubPieces]) -> dict[int, bytes]:
    """Return the recipient's new pieces, from what enough dealers gave.

    Raises:
        SealBroken: an old piece was dealt by nobody, or by two in different ways.

    """
    parts: SubPieces = {}
    for one in given:
        for place, part in one.items():
            if not compare_digest(parts.setdefault(place, part), part):
                raise SealBroken
    old = range(len(change.old.commitments))
    if set(parts) != {(k, j) for k in old for j in change.held[recipient]}:
        raise SealBroken
    return {j: sharing.xor(parts[k, j] for k in old) for j in change.held[recipient]}


def accepted(change: Change, pieces: Mapping[int, bytes]) -> tuple[bytes, ...]:
    """Return the commitments of one's new pieces, rising."""
    return tuple(sharing.commitment(change.context, number, pieces[number]) for number in sorted(pieces))


def sign_acceptance(seed: bytes, change: Change, recipient: UUID, commitments: Sequence[bytes]) -> bytes:
    """Return the signature of a new custodian over the commitments of their new pieces."""
    return signing.sign_context(seed, "resharing-acceptance", *_parts(change, recipient, commitments))


def require_acceptance(
    public: bytes, signature: bytes, change: Change, recipient: UUID, commitments: Sequence[bytes]
) -> None:
    """Return if the new custodian signed that.

    Raises:
        NotAuthentic: otherwise.

    """
    signing.check_signature(public, signature, "resharing-acceptance", *_parts(change, recipient, commitments))


def agreed(change: Change, acceptances: Mapping[UUID, Sequence[bytes]]) -> tuple[bytes, ...] | None:
    """Return the commitments of all new pieces, once every new custodian has given theirs and no two differ; else None."""
    if set(acceptances) != set(change.recipients):
        return None
    found: dict[int, bytes] = {}
    for recipient, commitments in acceptances.items():
        for number, one in zip(change.held[recipient], commitments, strict=True):
            if found.setdefault(number, one) != one:
                return None
    return tuple(found[number] for number in range(change.pieces))


def sign_replacement(seed: bytes, kind: str, subject: UUID, custodian_id: UUID, share: bytes) -> bytes:
    """Return a custodian's signature over the share that is to stand in the place of their own."""
    return signing.sign_context(seed, "share-replaced", kind, subject, custodian_id, sha256(share).digest())


def require_replacement(
    public: bytes, signature: bytes, kind: str, subject: UUID, custodian_id: UUID, share: bytes
) -> None:
    """Return if the custodian signed that.

    Raises:
        NotAuthentic: otherwise.

    """
    signing.check_signature(public, signature, "share-replaced", kind, subject, custodian_id, sha256(share).digest())


def _cut(change: Change, number: int, piece: bytes) -> list[bytes]:
    """Return the sub-pieces of a piece, one for each new piece; their XOR is the piece."""
    parts = [
        fields.derive(piece, "sub-piece", change.old.context, change.context, number, new)
        for new in range(change.pieces - 1)
    ]
    return [*parts, sharing.xor([piece, *parts])]


def _commitment(change: Change, old: int, new: int, part: bytes) -> bytes:
    return sha256(contexts.encode("sub-piece-commitment", change.old.context, change.context, old, new) + part).digest()


def _of_piece(change: Change, dealer: UUID, number: int, commitments: Sequence[bytes]) -> tuple[bytes, ...]:
    start = change.old.held[dealer].index(number) * change.pieces
    return tuple(commitments[start : start + change.pieces])


def _encode(change: Change, dealer: UUID, recipient: UUID, parts: Mapping[tuple[int, int], bytes]) -> bytes:
    return b"".join(bytes([k, j]) + parts[k, j] for k in change.old.held[dealer] for j in change.held[recipient])


def _info(change: Change, dealer: UUID, recipient: UUID, commitments: Sequence[bytes]) -> bytes:
    return contexts.encode(
        "sub-pieces",
        change.old.context,
        change.context,
        change.manifest,
        dealer,
        recipient,
        change.recipients[recipient],
        _digest(commitments),
    )


def _parts(change: Change, custodian_id: UUID, commitments: Sequence[bytes]) -> tuple[contexts.Part, ...]:
    return (
        change.old.context,
        change.before,
        change.context,
        change.manifest,
        custodian_id,
        _digest(commitments),
    )


def _deal_parts(
    change: Change, dealer: UUID, commitments: Sequence[bytes], boxes: Sequence[bytes]
) -> tuple[contexts.Part, ...]:
    return (*_parts(change, dealer, commitments), _digest(boxes))


def _digest(parts: Iterable[bytes]) -> bytes:
    return sha256(b"".join(parts)).digest()
