"""What a root says counts as far as it signed it, in the order in which it did."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.crypto import manifests, signing
from app.crypto.documents import Signed
from app.crypto.errors import DocumentInvalid, NotAuthentic
from app.crypto.manifests import Manifest
from tests.crypto import reference
from tests.crypto.vector_files import read, unhex

VECTOR = read("manifests")
ROOT_SEED, ROOT = unhex(VECTOR, "root_seed", "root")
CHAIN = [Signed(*unhex(one, "document", "signature")) for one in VECTOR["chain"]]
FIRST, SECOND = (manifests.read(signed) for signed in CHAIN)
OTHER_ROOT = bytes(range(1, 33))


def following(manifest: Manifest = SECOND, **changes: Any) -> Signed:  # noqa: ANN401 any member
    """Return a third manifest, signed by the root."""
    third: dict[str, Any] = {"epoch": 3, "previous": manifests.digest(CHAIN[1])}
    return manifests.sign_manifest(replace(manifest, **(third | changes)), ROOT_SEED)


def test_a_chain_that_was_kept_is_read() -> None:
    assert manifests.read_chain(CHAIN, ROOT) == [FIRST, SECOND]
    assert [manifests.digest(signed).hex() for signed in CHAIN] == [one["digest"] for one in VECTOR["chain"]]
    assert FIRST.custodian(FIRST.custodians[1].id) == FIRST.custodians[1]
    assert FIRST.requester(FIRST.requesters[0].account) == FIRST.requesters[0]
    assert FIRST.custodian(uuid4()) is None
    assert FIRST.requester(uuid4()) is None


def test_the_second_implementation_signs_and_names_the_same_bytes() -> None:
    for signed, one in zip(CHAIN, VECTOR["chain"], strict=True):
        encoded = reference.context("manifest", signed.document)
        assert reference.ed25519_sign(ROOT_SEED, encoded) == signed.signature
        assert hashlib.sha256(encoded).hexdigest() == one["digest"]
        content = json.loads(signed.document)
        assert content["root"] == reference.base64_of(reference.ed25519_public(ROOT_SEED))
        assert content["previous"] in {None, reference.base64_of(bytes.fromhex(VECTOR["chain"][0]["digest"]))}


def test_a_manifest_is_written_as_it_was() -> None:
    assert [manifests.sign_manifest(manifest, ROOT_SEED) for manifest in (FIRST, SECOND)] == CHAIN


def test_a_root_signs_with_its_own_seed_alone() -> None:
    with pytest.raises(ValueError, match="not the seed"):
        manifests.sign_manifest(FIRST, OTHER_ROOT)


def test_the_next_of_a_chain_follows() -> None:
    assert manifests.read_chain([*CHAIN, following()], ROOT)[-1].epoch == 3


@pytest.mark.parametrize(
    "chain",
    [
        [],
        CHAIN[1:],
        [CHAIN[1], CHAIN[0]],
        [CHAIN[0], CHAIN[0]],
        [*CHAIN, CHAIN[1]],
        [*CHAIN, following(epoch=4)],
        [*CHAIN, following(previous=manifests.digest(CHAIN[0]))],
        [CHAIN[0], following(epoch=2, previous=bytes(32))],
        [*CHAIN, following(organisation=uuid4())],
        [*CHAIN, following(channel=uuid4())],
        [*CHAIN, following(slug="elsewhere")],
        [CHAIN[0], following(epoch=3, previous=manifests.digest(CHAIN[0]))],
    ],
    ids=["none", "no first", "turned round", "twice", "replayed", "gap", "fork", "unknown", "organisation", "channel", "slug", "skipped"],
)  # fmt: skip
def test_what_is_no_chain_is_refused(chain: list[Signed]) -> None:
    with pytest.raises(NotAuthentic):
        manifests.read_chain(chain, ROOT)


def test_a_chain_under_another_root_is_not_the_one_that_was_pinned() -> None:
    theirs = replace(FIRST, root=signing.public_key(OTHER_ROOT))
    forged = manifests.sign_manifest(theirs, OTHER_ROOT)
    assert manifests.read(forged) == theirs
    with pytest.raises(NotAuthentic):
        manifests.read_chain([forged], ROOT)
    with pytest.raises(NotAuthentic):
        manifests.read_chain(CHAIN, signing.public_key(OTHER_ROOT))


def test_who_is_not_the_root_signs_nothing() -> None:
    document = CHAIN[0].document
    for signature in (bytes(64), CHAIN[1].signature, signing.sign_context(OTHER_ROOT, "manifest", document)):
        with pytest.raises(NotAuthentic):
            manifests.read(Signed(document, signature))
    as_request = signing.sign_context(ROOT_SEED, "opening-request", document)
    with pytest.raises(NotAuthentic):
        manifests.read(Signed(document, as_request))


Edit = Callable[[dict[str, Any]], object]
BROKEN: dict[str, Edit] = {
    "a member too many": lambda content: content.update(more=1),
    "a member too few": lambda content: content.pop("officers"),
    "another format": lambda content: content.update(format="candour/manifest/2"),
    "epoch 0": lambda content: content.update(epoch=0),
    "a first with a predecessor": lambda content: content.update(previous=reference.base64_of(bytes(32))),
    "a later one without": lambda content: content.update(epoch=2),
    "no threshold": lambda content: content.update(threshold=0),
    "more than there are": lambda content: content.update(threshold=4),
    "nobody": lambda content: content.update(custodians=[]),
    "no list": lambda content: content.update(custodians={}),
    "no object": lambda content: content.update(custodians=[1]),
    "somebody twice": lambda content: content["custodians"].append(content["custodians"][0]),
    "a sealing key twice": lambda content: content["custodians"][0].update(
        sealing_key=content["custodians"][1]["sealing_key"]
    ),
    "a signing key twice": lambda content: content["custodians"][0].update(
        signing_key=content["custodians"][1]["signing_key"]
    ),
    "an account twice": lambda content: content["custodians"][0].update(account=content["custodians"][1]["account"]),
    "a requester twice": lambda content: content["requesters"].append(content["requesters"][0]),
    "an officer twice": lambda content: content["officers"].append(content["officers"][0]),
    "a short key": lambda content: content["custodians"][0].update(sealing_key="AAAA"),
    "no label": lambda content: content["custodians"][0].update(label=" "),
    "a member of a custodian too many": lambda content: content["custodians"][0].update(role="chair"),
    "no day": lambda content: content.update(issued_on="2 March 2026"),
    "too many people": lambda content: content.update(
        requesters=[{**content["requesters"][0], "account": str(UUID(int=number))} for number in range(101)]
    ),
}


@pytest.mark.parametrize("edit", BROKEN.values(), ids=BROKEN.keys())
def test_a_manifest_that_breaks_a_rule_is_refused_though_the_root_signed_it(edit: Edit) -> None:
    content = json.loads(CHAIN[0].document)
    edit(content)
    document = json.dumps(content).encode()
    with pytest.raises(DocumentInvalid):
        manifests.read(Signed(document, signing.sign_context(ROOT_SEED, "manifest", document)))
