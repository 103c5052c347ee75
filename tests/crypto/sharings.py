"""Sharings and changes of custodians, as the tests of re-sharing want them."""

import hashlib
from uuid import UUID

from app.crypto import hpke, identity, resharing, sharing
from app.crypto.identity import Sharing
from app.crypto.resharing import Change, Deal

REFERENCE = b"organisation, case and identity"
MANIFEST = bytes(32)
IDS = tuple(UUID(int=number) for number in range(1, 12))
KEYS = {one: hpke.PrivateKey(hashlib.sha256(one.bytes).digest()) for one in IDS}
SEEDS = {one: hashlib.sha256(b"signs" + one.bytes).digest() for one in IDS}
SECRET = bytes(range(32))
Pieces = dict[int, bytes]


def shared(threshold: int, custodians: tuple[UUID, ...], secret: bytes = SECRET) -> tuple[Sharing, Pieces]:
    """Return a sharing of the secret and all its pieces."""
    pieces, _ = sharing.split(secret, threshold, len(custodians))
    context = identity.sharing_context(REFERENCE, threshold, sorted(custodians))
    commitments = tuple(sharing.commitment(context, number, piece) for number, piece in enumerate(pieces))
    return Sharing(REFERENCE, threshold, frozenset(custodians), commitments), dict(enumerate(pieces))


def of(pieces: Pieces, numbers: tuple[int, ...]) -> Pieces:
    """Return the pieces with these numbers."""
    return {number: pieces[number] for number in numbers}


def a_change(old: Sharing, then: int, new: tuple[UUID, ...]) -> Change:
    """Return the change to the new custodians."""
    return Change(old, then, {one: KEYS[one].public for one in new}, MANIFEST)


def dealt(change: Change, pieces: Pieces, dealers: tuple[UUID, ...]) -> dict[UUID, Deal]:
    """Return what these dealers deal."""
    return {one: resharing.deal(change, one, of(pieces, change.old.held[one])) for one in dealers}


def put_together(change: Change, deals: dict[UUID, Deal], recipient: UUID) -> Pieces:
    """Return the new pieces of a recipient."""
    return resharing.assemble(
        change,
        recipient,
        [
            resharing.open_box(KEYS[recipient], change, dealer, recipient, deal.commitments, deal.boxes[recipient])
            for dealer, deal in deals.items()
        ],
    )
