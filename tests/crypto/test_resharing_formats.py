"""What is signed and sealed on the way from custodians to custodians, byte for byte."""

import hashlib
from dataclasses import replace
from uuid import UUID

import pytest

from app.crypto import hpke, identity, resharing, sharing, signing
from app.crypto.errors import NotAuthentic, SealBroken
from app.crypto.identity import Sharing
from app.crypto.resharing import Change, Deal
from tests.crypto import reference
from tests.crypto.sharings import (
    IDS,
    KEYS,
    SEEDS,
    a_change,
    dealt,
    of,
    shared,
)
from tests.crypto.vector_files import read, unhex


def test_signatures_count_for_one_change_one_custodian_and_what_they_are_over() -> None:
    before, pieces = shared(2, IDS[:3])
    change = a_change(before, 2, IDS[1:4])
    dealer = IDS[1]
    deal = dealt(change, pieces, (dealer,))[dealer]
    boxes, public = resharing.digests(deal.boxes), signing.public_key(SEEDS[dealer])
    signature = resharing.sign_deal(SEEDS[dealer], change, dealer, deal)
    resharing.require_deal(public, signature, change, dealer, deal.commitments, boxes)
    again, _ = shared(2, IDS[:3])
    for attempt in (
        (signing.public_key(SEEDS[IDS[0]]), signature, change, dealer, deal.commitments, boxes),
        (public, signature, change, IDS[0], deal.commitments, boxes),
        (public, signature, replace(change, manifest=bytes([1] * 32)), dealer, deal.commitments, boxes),
        (public, signature, replace(change, old=again), dealer, deal.commitments, boxes),
        (public, signature, replace(change, threshold=3), dealer, deal.commitments, boxes),
        (public, signature, change, dealer, deal.commitments[::-1], boxes),
        (public, signature, change, dealer, deal.commitments, boxes[::-1]),
    ):
        with pytest.raises(NotAuthentic):
            resharing.require_deal(*attempt)
    commitments = [bytes(32)] * 2
    accepted = resharing.sign_acceptance(SEEDS[dealer], change, dealer, commitments)
    resharing.require_acceptance(public, accepted, change, dealer, commitments)
    with pytest.raises(NotAuthentic):
        resharing.require_acceptance(public, accepted, change, IDS[2], commitments)
    with pytest.raises(NotAuthentic):
        resharing.require_acceptance(public, signature, change, dealer, commitments)


def test_a_new_sharing_has_bounds_too() -> None:
    before, _ = shared(2, IDS[:3])
    for threshold, number in ((0, 3), (4, 3), (2, 10)):
        with pytest.raises(ValueError, match="threshold"):
            _ = a_change(before, threshold, IDS[:number]).pieces


def test_a_share_is_sealed_only_to_whoever_holds_its_pieces() -> None:
    before, pieces = shared(2, IDS[:3])
    custodian = identity.Custodian(IDS[0], KEYS[IDS[0]].public)
    own = of(pieces, before.held[IDS[0]])
    share = identity.seal_share(custodian, before, own)
    assert identity.open_share(KEYS[IDS[0]], before, IDS[0], share) == own
    assert len(share) == identity.share_bytes(2, 3)
    with pytest.raises(SealBroken):
        identity.seal_share(custodian, before, of(pieces, before.held[IDS[1]]))


def test_a_replacement_counts_for_one_share_of_one_thing() -> None:
    public, subject = signing.public_key(SEEDS[IDS[0]]), IDS[5]
    signature = resharing.sign_replacement(SEEDS[IDS[0]], "identity", subject, IDS[0], b"share")
    resharing.require_replacement(public, signature, "identity", subject, IDS[0], b"share")
    for attempt in (
        ("case_key", subject, IDS[0], b"share"),
        ("identity", IDS[6], IDS[0], b"share"),
        ("identity", subject, IDS[1], b"share"),
        ("identity", subject, IDS[0], b"Share"),
    ):
        with pytest.raises(NotAuthentic):
            resharing.require_replacement(public, signature, *attempt)


def test_a_resharing_that_was_kept_opens_and_the_second_implementation_makes_the_same() -> None:
    vector = read("resharing")
    ref, manifest = unhex(vector, "reference", "manifest")
    old_ids = [UUID(one) for one in vector["old"]["custodians"]]
    pieces = [bytes.fromhex(one) for one in vector["old"]["pieces"]]
    seeds = {UUID(one): bytes.fromhex(seed) for one, seed in vector["new"]["custodians"].items()}
    old_context = reference.context(
        "sharing", ref, reference.number(2), reference.number(3), *(one.bytes for one in old_ids)
    )
    new_context = reference.context(
        "sharing", ref, reference.number(2), reference.number(3), *(one.bytes for one in sorted(seeds))
    )
    before = Sharing(
        ref,
        2,
        frozenset(old_ids),
        tuple(sharing.commitment(old_context, number, piece) for number, piece in enumerate(pieces)),
    )
    change = Change(before, 2, {one: hpke.public_key(seed) for one, seed in seeds.items()}, manifest)
    assert (before.context, change.context) == (old_context, new_context)
    cut = [reference.cut(piece, old_context, new_context, k, 3) for k, piece in enumerate(pieces)]
    new = [reference.xor(*(parts[j] for parts in cut)) for j in range(3)]
    assert [piece.hex() for piece in new] == vector["new"]["pieces"]
    assert reference.xor(*new).hex() == vector["old"]["secret"]
    groups = reference.groups(2, 3)
    deals = {}
    for place, dealer in enumerate(old_ids):
        made = vector["deals"][str(dealer)]
        held = [k for k, group in enumerate(groups) if place not in group]
        commitments = [
            hashlib.sha256(
                reference.context(
                    "sub-piece-commitment", old_context, new_context, reference.number(k), reference.number(j)
                )
                + cut[k][j]
            ).digest()
            for k in held
            for j in range(3)
        ]
        assert [one.hex() for one in commitments] == made["commitments"]
        boxes = {UUID(one): bytes.fromhex(box) for one, box in made["boxes"].items()}
        for at, recipient in enumerate(sorted(seeds)):
            info = reference.context(
                "sub-pieces", old_context, new_context, manifest, dealer.bytes, recipient.bytes,
                reference.xwing_keys(seeds[recipient])[2], hashlib.sha256(b"".join(commitments)).digest(),
            )  # fmt: skip
            theirs = [j for j, group in enumerate(groups) if at not in group]
            expected = b"".join(bytes([k, j]) + cut[k][j] for k in held for j in theirs)
            assert reference.open_sealed(seeds[recipient], boxes[recipient], info) == expected
        deals[dealer] = Deal(tuple(commitments), boxes)
        signed = reference.context(
            "resharing-deal", old_context, hashlib.sha256(b"".join(before.commitments)).digest(), new_context, manifest,
            dealer.bytes, hashlib.sha256(b"".join(commitments)).digest(),
            hashlib.sha256(b"".join(hashlib.sha256(boxes[one]).digest() for one in sorted(boxes))).digest(),
        )  # fmt: skip
        assert reference.ed25519_sign(bytes.fromhex(made["signing_seed"]), signed).hex() == made["signature"]
        public = signing.public_key(bytes.fromhex(made["signing_seed"]))
        signature, digests = bytes.fromhex(made["signature"]), resharing.digests(boxes)
        resharing.require_deal(public, signature, change, dealer, commitments, digests)
    for recipient, seed in seeds.items():
        given = [
            resharing.open_box(
                hpke.PrivateKey(seed), change, dealer, recipient, deal.commitments, deal.boxes[recipient]
            )
            for dealer, deal in deals.items()
        ]
        own = resharing.assemble(change, recipient, given)
        assert own == {j: new[j] for j in change.held[recipient]}
        made = vector["acceptances"][str(recipient)]
        accepted = resharing.accepted(change, own)
        assert [one.hex() for one in accepted] == made["commitments"]
        public = signing.public_key(bytes.fromhex(made["signing_seed"]))
        resharing.require_acceptance(public, bytes.fromhex(made["signature"]), change, recipient, accepted)
