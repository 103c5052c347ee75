"""What published JavaScript packages seal, we open; what we seal, they open; and what does not open here, does not there."""

import hashlib
import json
import secrets
import zlib
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.crypto import contexts, fields, hpke, identity
from app.crypto.errors import LyingCustodian, SealBroken
from tests.crypto.vector_files import own_and_javascript, read, unhex
from tests.interop.node import LOCK, BrokenInNode, Node, NodeMissing, install

pytestmark = pytest.mark.xdist_group("node")

KEY = bytes(range(32))
SEED = bytes(range(32, 64))
SHRED_KEY = bytes(range(64, 96))
CONTEXT = contexts.encode("example", "a", 1)
NAME = '{"name":"Zoë Example"}'.encode()
REFERENCE = contexts.encode("identity-reference", uuid4(), uuid4(), uuid4())
REQUEST = b"digest of a signed request"
CHUNK = 16384
PRIVATE = hpke.PrivateKey(SEED)
CUSTODIANS = {UUID(int=number): hpke.PrivateKey(bytes([number]) * 32) for number in (3, 1, 4, 2)}
RISING = sorted(CUSTODIANS)


def sharing(threshold: int, holders: int, commitments: list[bytes]) -> identity.Sharing:
    return identity.Sharing(REFERENCE, threshold, frozenset(RISING[:holders]), tuple(commitments))


def in_javascript(of: identity.Sharing) -> dict[str, Any]:
    """A sharing as candour.mjs has it."""
    return {
        "reference": of.reference,
        "threshold": of.threshold,
        "custodians": [custodian.bytes for custodian in sorted(of.custodians)],
        "commitments": list(of.commitments),
    }


def listed(pieces: dict[int, bytes]) -> list[tuple[int, bytes]]:
    """Pieces as candour.mjs has them."""
    return sorted(pieces.items())


def sealed_here(threshold: int = 2, holders: int = 3) -> tuple[identity.SealedIdentity, identity.Sharing]:
    custodians = [identity.Custodian(one, CUSTODIANS[one].public) for one in RISING[:holders]]
    sealed = identity.seal_identity(NAME, REFERENCE, custodians, threshold, SHRED_KEY)
    return sealed, sharing(threshold, holders, sealed.commitments)


def altered(sealed: bytes) -> list[bytes]:
    """The same with a bit flipped in each region, one byte less, one more, and nothing."""
    at = sorted({0, 1, 7, len(sealed) // 3, len(sealed) - 17, len(sealed) - 1})
    flipped = [sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :] for place in at]
    return [*flipped, sealed[:-1], sealed + b"\0", b""]


def test_the_lock_fixes_every_package_by_its_hash_and_names_no_server() -> None:
    text = LOCK.read_text("utf-8")
    packages = json.loads(text)["packages"]
    assert "://" not in text
    assert {
        "node_modules/@hpke/core",
        "node_modules/@hpke/hybridkem-x-wing",
        "node_modules/@cloudflare/blindrsa-ts",
    } <= set(packages)
    licences = {"MIT", "Apache-2.0", "(BSD-2-Clause OR GPL-2.0-only)"}  # of the last one the first is taken
    for name, package in packages.items():
        assert name == "" or (package["integrity"].startswith("sha512-") and package["license"] in licences), name


@pytest.mark.parametrize("vector", read("published/cobblestone256"), ids=lambda vector: vector["comment"])
def test_javascript_opens_and_refuses_fields_as_published(node: Node, vector: dict[str, Any]) -> None:
    key, context, compressed = unhex(vector, "key", "ctx", "ct")
    given = (key, context, fields.FORMAT + zlib.decompress(compressed))
    if vector["result"] == "valid":
        assert hashlib.sha512(node.call("openField", *given)).hexdigest() == vector["msgSha512"]
    else:
        with pytest.raises(BrokenInNode if len(key) == fields.KEY_BYTES else ValueError):
            node.call("openField", *given)


@pytest.mark.parametrize("vector", read("published/xwing"), ids=range(3))
def test_javascript_expands_seeds_as_published(node: Node, vector: dict[str, Any]) -> None:
    seed, public = unhex(vector, "sk", "pk")
    assert node.call("publicKey", seed) == public


def test_javascript_opens_every_vector_that_is_checked_in(node: Node) -> None:
    for vector in own_and_javascript("fields"):
        key, context, plaintext, sealed = unhex(vector, "key", "context", "plaintext", "sealed")
        assert node.call("openField", key, context, sealed) == plaintext
    for vector in own_and_javascript("hpke"):
        seed, info, plaintext, sealed = unhex(vector, "seed", "info", "plaintext", "sealed")
        assert node.call("openWith", seed, info, sealed) == plaintext
    for vector in own_and_javascript("derived"):
        key, derived = unhex(vector, "key", "derived")
        assert node.call("derive", key, vector["label"], vector["part"]) == derived
    for vector in own_and_javascript("receipts"):
        salt, lookup = unhex(vector, "salt", "lookup")
        assert node.call("receiptKeys", vector["receipt"], salt)["lookup"] == lookup
    for vector in [read("identity"), *read("javascript")["identities"]]:
        name, bound_to, shred_key = unhex(vector, "identity", "reference", "shred_key")
        of = {
            "reference": bound_to,
            "threshold": vector["threshold"],
            "custodians": [UUID(spelled).bytes for spelled in vector["custodians"]],
            "commitments": [bytes.fromhex(one) for one in vector["commitments"]],
        }
        (request, seed) = unhex(vector, "request", "requester_seed")
        numbers = {spelled: number for number, spelled in enumerate(vector["custodians"])}
        released = [
            (number, node.call("openRelease", seed, of, number, request, bytes.fromhex(vector["releases"][spelled])))
            for spelled, number in numbers.items()
            if spelled in vector["releases"]
        ]
        stored = dict(zip(("ciphertext", "check"), unhex(vector, "ciphertext", "check"), strict=True))
        assert node.call("combineIdentity", stored, of, released, shred_key) == name


def test_both_make_the_same_contexts_keys_and_derived_keys(node: Node) -> None:
    some = uuid4()
    assert node.call("context", "example", some.bytes, "naïve", 2**40) == contexts.encode(
        "example", some, "naïve", 2**40
    )
    assert node.call("publicKey", SEED) == PRIVATE.public
    assert node.call("keyId", PRIVATE.public) == hpke.key_id(PRIVATE.public)
    assert node.call("derive", KEY, "example", "one") == fields.derive(KEY, "example", "one")


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5])
def test_a_field_sealed_by_either_opens_by_the_other(node: Node, length: int) -> None:
    plaintext = secrets.token_bytes(length)
    from_node = node.call("sealField", KEY, CONTEXT, plaintext)
    assert len(from_node) == len(fields.seal(KEY, CONTEXT, plaintext))
    assert fields.open_(KEY, CONTEXT, from_node) == plaintext
    assert node.call("openField", KEY, CONTEXT, fields.seal(KEY, CONTEXT, plaintext)) == plaintext


@pytest.mark.parametrize("length", [0, 1, 32, 5000])
def test_a_message_sealed_by_either_opens_by_the_other(node: Node, length: int) -> None:
    plaintext = secrets.token_bytes(length)
    assert PRIVATE.open(node.call("sealTo", PRIVATE.public, CONTEXT, plaintext), CONTEXT) == plaintext
    assert node.call("openWith", SEED, CONTEXT, hpke.seal(PRIVATE.public, plaintext, CONTEXT)) == plaintext


def test_an_altered_field_opens_in_neither(node: Node) -> None:
    for sealed in altered(fields.seal(KEY, CONTEXT, NAME)):
        with pytest.raises(SealBroken):
            fields.open_(KEY, CONTEXT, sealed)
        with pytest.raises(BrokenInNode):
            node.call("openField", KEY, CONTEXT, sealed)


def test_a_field_whose_end_is_missing_does_not_open_in_node(node: Node) -> None:
    sealed = fields.seal(KEY, CONTEXT, bytes(2 * CHUNK))
    for end in (57, 57 + CHUNK + 16, len(sealed) - 16):
        with pytest.raises(BrokenInNode):
            node.call("openField", KEY, CONTEXT, sealed[:end])


def test_an_altered_message_opens_in_neither(node: Node) -> None:
    for sealed in altered(hpke.seal(PRIVATE.public, NAME, CONTEXT)):
        with pytest.raises(SealBroken):
            PRIVATE.open(sealed, CONTEXT)
        with pytest.raises(BrokenInNode):
            node.call("openWith", SEED, CONTEXT, sealed)


def test_another_key_or_context_opens_nothing_in_node(node: Node) -> None:
    field, message = fields.seal(KEY, CONTEXT, NAME), hpke.seal(PRIVATE.public, NAME, CONTEXT)
    for key, seed, context in [(bytes(32), bytes(32), CONTEXT), (KEY, SEED, contexts.encode("example", "a", 2))]:
        with pytest.raises(BrokenInNode):
            node.call("openField", key, context, field)
        with pytest.raises(BrokenInNode):
            node.call("openWith", seed, context, message)


@pytest.mark.parametrize(("threshold", "holders"), [(1, 1), (2, 3), (3, 4), (4, 4)])
def test_an_identity_sealed_by_javascript_opens_to_enough_of_our_custodians_and_to_no_fewer(
    node: Node, threshold: int, holders: int
) -> None:
    custodians = [{"id": one.bytes, "publicKey": CUSTODIANS[one].public} for one in RISING[:holders]]
    made = node.call("sealIdentity", NAME, REFERENCE, custodians, threshold, SHRED_KEY)
    of = sharing(threshold, holders, made["commitments"])
    pieces = {
        one: identity.open_share(CUSTODIANS[one], of, one, share)
        for one, share in zip(RISING[:holders], made["shares"], strict=True)
    }

    def combined(some: tuple[UUID, ...]) -> bytes:
        released = {one: pieces[one] for one in some}
        return identity.combine_identity(made["ciphertext"], made["check"], of, released, SHRED_KEY)

    for enough in combinations(pieces, threshold):
        assert combined(enough) == NAME
    for too_few in combinations(pieces, threshold - 1):
        with pytest.raises(SealBroken):
            combined(too_few)


def test_an_identity_sealed_here_is_opened_released_and_combined_by_javascript(node: Node) -> None:
    sealed, of = sealed_here()
    theirs = in_javascript(of)
    stored = {"ciphertext": sealed.ciphertext, "check": sealed.check}
    released = []
    for number, one in list(enumerate(RISING[:3]))[1:]:
        share = sealed.shares[one]
        pieces = node.call("openShare", bytes([one.int]) * 32, theirs, number, share)
        assert dict(pieces) == identity.open_share(CUSTODIANS[one], of, one, share)
        release = node.call("releaseShare", pieces, theirs, number, REQUEST, PRIVATE.public)
        assert identity.open_release(PRIVATE, of, one, REQUEST, release) == dict(pieces)
        ours = identity.release_share(dict(pieces), of, one, REQUEST, PRIVATE.public)
        released.append((number, node.call("openRelease", SEED, theirs, number, REQUEST, ours)))
    assert node.call("combineIdentity", stored, theirs, released, SHRED_KEY) == NAME
    for wrong in (
        (stored, theirs, released[:1], SHRED_KEY),
        (stored, theirs, released, bytes(32)),
        (stored | {"check": bytes(16)}, theirs, released, SHRED_KEY),
        (stored | {"ciphertext": altered(sealed.ciphertext)[3]}, theirs, released, SHRED_KEY),
        (stored, theirs | {"reference": b"another"}, released, SHRED_KEY),
    ):
        with pytest.raises(BrokenInNode):
            node.call("combineIdentity", *wrong)


def test_a_share_or_release_of_another_custodian_or_request_does_not_open_in_node(node: Node) -> None:
    sealed, of = sealed_here()
    theirs = in_javascript(of)
    first, second, _ = RISING[:3]
    seed = bytes([first.int]) * 32
    for share in (sealed.shares[second], *altered(sealed.shares[first])):
        with pytest.raises(BrokenInNode):
            node.call("openShare", seed, theirs, 0, share)
    pieces = identity.open_share(CUSTODIANS[first], of, first, sealed.shares[first])
    release = identity.release_share(pieces, of, first, REQUEST, PRIVATE.public)
    for number, request in [(1, REQUEST), (0, b"another request")]:
        with pytest.raises(BrokenInNode):
            node.call("openRelease", SEED, theirs, number, request, release)


def test_both_name_the_custodian_who_gives_a_false_piece(node: Node) -> None:
    sealed, of = sealed_here()
    pieces = {one: identity.open_share(CUSTODIANS[one], of, one, sealed.shares[one]) for one in RISING[:2]}
    liar = RISING[1]
    pieces[liar] = {number: bytes(32) for number in pieces[liar]}
    with pytest.raises(LyingCustodian) as here:
        identity.combine_identity(sealed.ciphertext, sealed.check, of, pieces, SHRED_KEY)
    released = [(number, listed(pieces[one])) for number, one in enumerate(RISING[:2])]
    stored = {"ciphertext": sealed.ciphertext, "check": sealed.check}
    with pytest.raises(BrokenInNode) as there:
        node.call("combineIdentity", stored, in_javascript(of), released, SHRED_KEY)
    assert here.value.custodian_ids == {liar}
    assert there.value.liars == [1]


def test_a_machine_without_node_is_told_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NodeMissing, match="node, npm"):
        install()
