"""An identity opens to enough custodians for one request, and to nobody else."""

import hashlib
from collections.abc import Iterable
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import contexts, hpke, identity
from app.crypto.errors import LyingCustodian, SealBroken
from tests.crypto import reference
from tests.crypto.vector_files import read, unhex

NAME = b'{"name":"Ann Example"}'
REFERENCE = b"organisation, case and reporter"
REQUEST = b"digest of a signed request"
SHRED_KEY = bytes(range(32))
REQUESTER = hpke.PrivateKey(bytes(32))
KEYS = {UUID(int=number): hpke.PrivateKey(bytes([number]) * 32) for number in range(1, 6)}
IDS = tuple(KEYS)
CUSTODIANS = [identity.Custodian(custodian_id, hpke.PublicKey(key.public)) for custodian_id, key in KEYS.items()]

STORED = [read("identity"), *read("javascript")["identities"]]

Released = dict[UUID, dict[int, bytes]]


def seal(threshold: int, holders: int, name: bytes = NAME) -> tuple[identity.SealedIdentity, identity.Sharing]:
    sealed = identity.seal_identity(name, REFERENCE, CUSTODIANS[:holders], threshold, SHRED_KEY)
    shared = identity.Sharing(REFERENCE, threshold, frozenset(IDS[:holders]), tuple(sealed.commitments))
    return sealed, shared


def release(sealed: identity.SealedIdentity, of: identity.Sharing, custodians: Iterable[UUID]) -> Released:
    return {each: identity.open_share(KEYS[each], of, each, sealed.shares[each]) for each in custodians}


def combine(sealed: identity.SealedIdentity, of: identity.Sharing, released: Released) -> bytes:
    return identity.combine_identity(sealed.ciphertext, sealed.check, of, released, SHRED_KEY)


@pytest.mark.parametrize("vector", STORED, ids=range(4))
def test_a_stored_identity_opens(vector: dict[str, Any]) -> None:
    name, ref, shred_key, request, seed = unhex(
        vector, "identity", "reference", "shred_key", "request", "requester_seed"
    )
    ciphertext, check = unhex(vector, "ciphertext", "check")
    commitments = tuple(bytes.fromhex(commitment) for commitment in vector["commitments"])
    of = identity.Sharing(ref, vector["threshold"], frozenset(map(UUID, vector["custodians"])), commitments)
    requester = hpke.PrivateKey(seed)
    released = {}
    for spelled, release_bytes in vector["releases"].items():
        custodian_id = UUID(spelled)
        private = hpke.PrivateKey(bytes.fromhex(vector["custodians"][spelled]))
        own = identity.open_share(private, of, custodian_id, bytes.fromhex(vector["shares"][spelled]))
        released[custodian_id] = identity.open_release(
            requester, of, custodian_id, request, bytes.fromhex(release_bytes)
        )
        assert released[custodian_id] == own
    assert identity.combine_identity(ciphertext, check, of, released, shred_key) == name


@pytest.mark.parametrize("vector", STORED, ids=range(4))
def test_the_document_alone_opens_a_stored_identity(vector: dict[str, Any]) -> None:
    name, ref, shred_key, ciphertext, check = unhex(vector, "identity", "reference", "shred_key", "ciphertext", "check")
    ids = [UUID(spelled).bytes for spelled in sorted(vector["custodians"])]
    threshold, holders = (number.to_bytes(8, "big") for number in (vector["threshold"], len(ids)))
    bound_to = reference.context("sharing", ref, threshold, holders, *ids)
    all_commitments = hashlib.sha256(bytes.fromhex("".join(vector["commitments"]))).digest()
    pieces: dict[int, bytes] = {}
    for spelled, seed in list(vector["custodians"].items())[-vector["threshold"] :]:
        public = reference.xwing_keys(bytes.fromhex(seed))[2]
        info = reference.context("share", bound_to, UUID(spelled).bytes, public, all_commitments)
        share = reference.open_sealed(bytes.fromhex(seed), bytes.fromhex(vector["shares"][spelled]), info)
        pieces |= reference.decode_pieces(share)
    secret = reference.xor(*pieces.values())
    prk = reference.hkdf_extract(shred_key, secret)
    okm = reference.hkdf_expand(prk, reference.context("identity-key", ref), 48)
    assert okm[32:] == check
    padded = reference.open_field(okm[:32], reference.context("identity", ref), ciphertext)
    assert padded == len(name).to_bytes(4, "big") + name + bytes(1020 - len(name))


@pytest.mark.parametrize(("threshold", "holders"), [(t, n) for n in range(1, len(IDS) + 1) for t in range(1, n + 1)])
def test_every_group_large_enough_opens_and_every_smaller_one_fails(threshold: int, holders: int) -> None:
    sealed, of = seal(threshold, holders)
    everybody = release(sealed, of, IDS[:holders])
    for group in combinations(everybody, threshold):
        assert combine(sealed, of, {each: everybody[each] for each in group}) == NAME
    for group in combinations(everybody, threshold - 1):
        with pytest.raises(SealBroken):
            combine(sealed, of, {each: everybody[each] for each in group})
    assert combine(sealed, of, everybody) == NAME


def test_the_order_in_which_custodians_are_named_does_not_matter() -> None:
    sealed = identity.seal_identity(NAME, REFERENCE, CUSTODIANS[::-1], 3, SHRED_KEY)
    of = identity.Sharing(REFERENCE, 3, frozenset(IDS), tuple(sealed.commitments))
    assert combine(sealed, of, release(sealed, of, IDS[2:])) == NAME


def test_a_public_key_may_be_bytes() -> None:
    custodian = identity.Custodian(IDS[0], KEYS[IDS[0]].public)
    sealed = identity.seal_identity(NAME, REFERENCE, [custodian], 1, SHRED_KEY)
    of = identity.Sharing(REFERENCE, 1, frozenset(IDS[:1]), tuple(sealed.commitments))
    assert combine(sealed, of, release(sealed, of, IDS[:1])) == NAME


def test_the_service_carries_an_opening_without_seeing_the_key_a_piece_or_the_name() -> None:
    sealed, of = seal(2, 3)
    releases = {
        each: identity.release_share(pieces, of, each, REQUEST, REQUESTER.public)
        for each, pieces in release(sealed, of, IDS[:2]).items()
    }
    carried = b"".join(
        [sealed.ciphertext, sealed.check, *sealed.commitments, *sealed.shares.values(), *releases.values(), SHRED_KEY]
    )
    released = {each: identity.open_release(REQUESTER, of, each, REQUEST, sent) for each, sent in releases.items()}
    assert combine(sealed, of, released) == NAME
    pieces = [piece for dealt in released.values() for piece in dealt.values()]
    secret = reference.xor(*set(pieces))
    assert not [known for known in (NAME, secret, *pieces) if known in carried]


def test_a_single_custodian_cannot_open_an_identity_even_with_the_shred_key() -> None:
    sealed, of = seal(2, 3)
    with pytest.raises(SealBroken) as refused:
        combine(sealed, of, release(sealed, of, IDS[:1]))
    assert not isinstance(refused.value, LyingCustodian)


@given(st.integers(0, 31), st.integers(0, 7))
def test_a_custodian_who_alters_a_piece_is_named(position: int, bit: int) -> None:
    sealed, of = SEALED_3_OF_5
    released = {each: dict(pieces) for each, pieces in RELEASED_3_OF_5.items()}
    liar = IDS[1]
    number = of.held[liar][0]
    altered = bytearray(released[liar][number])
    altered[position] ^= 1 << bit
    released[liar][number] = bytes(altered)
    with pytest.raises(LyingCustodian) as caught:
        combine(sealed, of, released)
    assert caught.value.custodian_ids == {liar}


SEALED_3_OF_5 = seal(3, 5)
RELEASED_3_OF_5 = release(*SEALED_3_OF_5, IDS[:3])


def test_a_custodian_who_swaps_withholds_or_invents_pieces_is_named() -> None:
    sealed, of = SEALED_3_OF_5
    honest = RELEASED_3_OF_5[IDS[0]]
    first, second, *_ = honest
    foreign = next(number for number in range(10) if number not in honest)
    swapped = honest | {first: honest[second], second: honest[first]}
    withheld = {number: piece for number, piece in honest.items() if number != first}
    invented = honest | {foreign: bytes(32)}
    for lie in (swapped, withheld, invented, honest | {99: bytes(32)}, {}):
        with pytest.raises(LyingCustodian) as caught:
            combine(sealed, of, RELEASED_3_OF_5 | {IDS[0]: lie})
        assert caught.value.custodian_ids == {IDS[0]}


def test_all_liars_are_named_and_the_honest_open_without_them() -> None:
    sealed, of = SEALED_3_OF_5
    released = release(sealed, of, IDS)
    lie = dict.fromkeys(released[IDS[0]], bytes(32))
    with pytest.raises(LyingCustodian) as caught:
        combine(sealed, of, released | {IDS[0]: lie, IDS[4]: lie})
    assert caught.value.custodian_ids == {IDS[0], IDS[4]}
    honest = {each: pieces for each, pieces in released.items() if each not in caught.value.custodian_ids}
    assert combine(sealed, of, honest) == NAME


def test_somebody_who_is_no_custodian_is_named() -> None:
    sealed, of = seal(2, 3)
    released = release(sealed, of, IDS[:2])
    stranger = UUID(int=99)
    with pytest.raises(LyingCustodian) as caught:
        combine(sealed, of, released | {stranger: released[IDS[0]]})
    assert caught.value.custodian_ids == {stranger}


def test_a_share_opens_for_its_custodian_and_sharing_alone() -> None:
    sealed, of = seal(2, 3)
    first, second, third = IDS[:3]
    ids, commitments = of.custodians, of.commitments
    others = [
        (second, first, of),
        (first, second, of),
        (first, first, identity.Sharing(b"another reporter", 2, ids, commitments)),
        (first, first, identity.Sharing(REFERENCE, 3, ids, commitments)),
        (first, first, identity.Sharing(REFERENCE, 2, frozenset([first, second, IDS[4]]), commitments)),
        (first, first, identity.Sharing(REFERENCE, 2, ids, (*commitments[:2], bytes(32)))),
    ]
    for key_of, claimed, sharing in others:
        with pytest.raises(SealBroken):
            identity.open_share(KEYS[key_of], sharing, claimed, sealed.shares[first])
    with pytest.raises(SealBroken):
        identity.open_share(KEYS[first], of, first, sealed.shares[third])


def test_a_custodian_notices_a_share_that_was_never_dealt() -> None:
    sealed, of = seal(2, 3)
    custodian = identity.Custodian(IDS[0], KEYS[IDS[0]].public)
    numbers = of.held[IDS[0]]
    for pieces in (dict.fromkeys(numbers, bytes(32)), {}):
        forged = identity._seal_share(custodian, of.context, sealed.commitments, pieces)
        with pytest.raises(SealBroken):
            identity.open_share(KEYS[IDS[0]], of, IDS[0], forged)


def test_a_release_opens_for_its_request_custodian_and_requester_alone() -> None:
    sealed, of = seal(2, 3)
    pieces = release(sealed, of, IDS[:1])[IDS[0]]
    sent = identity.release_share(pieces, of, IDS[0], REQUEST, REQUESTER.public)
    assert identity.open_release(REQUESTER, of, IDS[0], REQUEST, sent) == pieces
    another = identity.Sharing(b"another reporter", 2, of.custodians, of.commitments)
    for private, sharing, custodian_id, request in [
        (REQUESTER, of, IDS[0], b"another request"),
        (REQUESTER, of, IDS[1], REQUEST),
        (REQUESTER, another, IDS[0], REQUEST),
        (KEYS[IDS[0]], of, IDS[0], REQUEST),
    ]:
        with pytest.raises(SealBroken):
            identity.open_release(private, sharing, custodian_id, request, sent)


@pytest.mark.parametrize(
    "encoded",
    [b"\0", bytes(32), bytes(34), bytes(66), b"\1" + bytes(32) + b"\0" + bytes(32), bytes(33) + b"\1"],
    ids=["number alone", "a byte short", "a byte long", "twice", "falling", "cut"],
)
def test_pieces_are_written_in_one_way_only(encoded: bytes) -> None:
    _, of = SEALED_3_OF_5
    info = contexts.encode("release", of.context, REQUEST, IDS[0])
    sent = hpke.seal(REQUESTER.public, encoded, info)
    with pytest.raises(SealBroken):
        identity.open_release(REQUESTER, of, IDS[0], REQUEST, sent)


def test_an_erased_shred_key_leaves_every_custodian_together_with_nothing() -> None:
    sealed, of = seal(2, 3)
    everybody = release(sealed, of, IDS[:3])
    with pytest.raises(SealBroken):
        identity.combine_identity(sealed.ciphertext, sealed.check, of, everybody, bytes(32))


def test_ciphertext_and_check_of_another_identity_do_not_open() -> None:
    sealed, of = seal(1, 1)
    other, _ = seal(1, 1)
    released = release(sealed, of, IDS[:1])
    for ciphertext, check in [(other.ciphertext, sealed.check), (sealed.ciphertext, other.check)]:
        with pytest.raises(SealBroken):
            identity.combine_identity(ciphertext, check, of, released, SHRED_KEY)


def test_custodians_named_twice_too_many_or_too_few_are_refused() -> None:
    with pytest.raises(ValueError, match="named once"):
        identity.seal_identity(NAME, REFERENCE, [CUSTODIANS[0], CUSTODIANS[0]], 1, SHRED_KEY)
    many = [identity.Custodian(UUID(int=number), CUSTODIANS[0].public_key) for number in range(10)]
    for custodians, threshold in [(many, 2), (CUSTODIANS[:2], 3), (CUSTODIANS, 0), ([], 1)]:
        with pytest.raises(ValueError, match="threshold"):
            identity.seal_identity(NAME, REFERENCE, custodians, threshold, SHRED_KEY)
    with pytest.raises(ValueError, match="threshold"):
        identity.Sharing(REFERENCE, 4, frozenset(IDS[:3]), ())


@pytest.mark.parametrize("count", [0, 2, 4])
def test_commitments_lost_or_added_break_the_sharing(count: int) -> None:
    with pytest.raises(SealBroken):
        identity.Sharing(REFERENCE, 2, frozenset(IDS[:3]), (bytes(32),) * count)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_shred_key_of_another_size_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        identity.seal_identity(NAME, REFERENCE, CUSTODIANS, 2, bytes(length))


def test_a_nameless_reporter_is_stored_as_a_named_one_is() -> None:
    nameless, of = seal(2, 3, name=b"")
    named, _ = seal(2, 3)
    assert len(nameless.ciphertext) == len(named.ciphertext) == 1024 + 73
    assert [len(share) for share in nameless.shares.values()] == [len(share) for share in named.shares.values()]
    assert combine(nameless, of, release(nameless, of, IDS[:2])) == b""


@given(st.integers(0, 32764))
def test_padding_shows_only_the_bucket(length: int) -> None:
    padded = identity.pad(b"\1" * length)
    assert len(padded) in identity.BUCKETS
    assert len(padded) == 1024 or len(padded) // 2 < length + 4
    assert identity.unpad(padded) == b"\1" * length


def test_an_identity_too_large_for_the_largest_bucket_is_refused() -> None:
    with pytest.raises(ValueError, match="32764"):
        identity.pad(bytes(32765))


@pytest.mark.parametrize(
    "padded",
    [
        b"",
        bytes(3),
        bytes(4),
        bytes(1023),
        bytes(1025),
        bytes(2048),
        bytes(1023) + b"\1",
        b"\0\0\0\1\0\1" + bytes(1018),
        (1021).to_bytes(4) + bytes(1020),
        (32765).to_bytes(4) + bytes(32764),
        (40000).to_bytes(4) + bytes(40000),
        b"\xff" * 1024,
    ],
)
def test_bytes_that_are_no_padding_are_refused(padded: bytes) -> None:
    with pytest.raises(SealBroken):
        identity.unpad(padded)
