"""What is signed and sealed in an opening: read strictly, bound to one request, and for its recipient alone."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.crypto import hpke, identity, openings, signing
from app.crypto.documents import Signed
from app.crypto.errors import DocumentInvalid, NotAuthentic, SealBroken
from app.crypto.openings import Purpose, Request
from tests.crypto import reference
from tests.crypto.vector_files import read, unhex

MADE_AT = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
SEED = signing.new_seed()
KEY = hpke.new_seed()
REQUEST = Request(
    id=uuid4(), purpose=Purpose.IDENTITY, organisation=uuid4(), case=uuid4(), subject=UUID("0197a000-0000-7000-8000-00000000000a"), requester=uuid4(),
    manifest=bytes(32), key=hpke.public_key(KEY), reason="A reason.", legal_basis="A basis.", made_at=MADE_AT,
    expires_at=MADE_AT + timedelta(hours=72),
)  # fmt: skip
SIGNED = openings.sign_request(REQUEST, SEED)


def stored() -> tuple[dict[str, Any], dict[str, Any], Signed]:
    """The vectors of an opening, those of the identity that is opened, and the request."""
    vector = read("openings")
    return vector, read("identity"), Signed(*unhex(vector, "document", "signature"))


def sharing_of(sealed: dict[str, Any]) -> identity.Sharing:
    """How the stored identity is shared."""
    commitments = tuple(bytes.fromhex(one) for one in sealed["commitments"])
    return identity.Sharing(
        bytes.fromhex(sealed["reference"]), sealed["threshold"], frozenset(map(UUID, sealed["custodians"])), commitments
    )


def altered(of: identity.Sharing) -> list[identity.Sharing]:
    """The same sharing as a service might alter it, one thing at a time."""
    first, *others = sorted(of.custodians)
    return [
        replace(of, commitments=(bytes(32), *of.commitments[1:])),
        replace(of, commitments=of.commitments[::-1]),
        replace(of, custodians=frozenset({UUID(int=first.int + 1_000), *others})),
        replace(of, threshold=3),
        replace(of, reference=b"another"),
    ]


def test_a_stored_ceremony_opens_as_it_did() -> None:
    vector, sealed, signed = stored()
    digest, key = openings.request_digest(signed), hpke.PrivateKey(bytes.fromhex(vector["key_seed"]))
    assert digest.hex() == vector["digest"]
    signed.require_signed_by(
        signing.public_key(bytes.fromhex(vector["requester_signing_seed"])), openings.REQUEST_LABEL
    )
    request = openings.read_request(signed)
    assert (request.key, str(request.id), request.purpose) == (key.public, vector["id"], Purpose.IDENTITY)
    seeds = {**sealed["custodians"], vector["account"]: vector["account_seed"]}
    for recipient, paper in vector["papers"].items():
        private = hpke.PrivateKey(bytes.fromhex(seeds[recipient]))
        assert openings.open_paper(private, request.id, UUID(recipient), bytes.fromhex(paper)) == signed
    of, released = sharing_of(sealed), {}
    for spelled, release in vector["releases"].items():
        custodian_id, content = UUID(spelled), bytes.fromhex(release)
        public = signing.public_key(bytes.fromhex(vector["custodian_signing_seeds"][spelled]))
        openings.require_approval(
            public, bytes.fromhex(vector["approvals"][spelled]), digest, of, custodian_id, content
        )
        released[custodian_id] = identity.open_release(key, of, custodian_id, digest, content)
    name, shred_key, ciphertext, check = unhex(sealed, "identity", "shred_key", "ciphertext", "check")
    assert identity.combine_identity(ciphertext, check, of, released, shred_key) == name
    refusal = vector["refusal"]
    custodian_id, (reason, signature) = UUID(refusal["custodian"]), unhex(refusal, "sealed", "signature")
    public = signing.public_key(bytes.fromhex(vector["custodian_signing_seeds"][refusal["custodian"]]))
    openings.require_refusal(public, signature, digest, custodian_id, reason)
    assert openings.open_refusal_reason(key, digest, custodian_id, reason) == refusal["reason"]


def test_the_document_alone_opens_a_stored_ceremony() -> None:
    """From docs/formats.md and primitives, without a line of app/crypto."""
    vector, sealed, _ = stored()
    document, signature, key_seed, seed = unhex(vector, "document", "signature", "key_seed", "requester_signing_seed")
    signed_over = reference.context("opening-request", document)
    assert signature == reference.ed25519_sign(seed, signed_over)
    digest = sha256(signed_over).digest()
    assert digest.hex() == vector["digest"]
    found = json.loads(document)
    assert found["key"] == reference.base64_of(reference.xwing_keys(key_seed)[2])
    request_id = UUID(found["id"]).bytes
    ((custodian, paper), (account, other_paper)) = vector["papers"].items()
    for recipient, content, own in (
        (custodian, paper, sealed["custodians"][custodian]),
        (account, other_paper, vector["account_seed"]),
    ):
        info = reference.context("opening-paper", request_id, UUID(recipient).bytes)
        assert reference.open_sealed(bytes.fromhex(own), bytes.fromhex(content), info) == signature + document
    ids = [UUID(spelled).bytes for spelled in sorted(sealed["custodians"])]
    ref, shred_key, ciphertext, check, name = unhex(sealed, "reference", "shred_key", "ciphertext", "check", "identity")
    bound_to = reference.context("sharing", ref, reference.number(2), reference.number(3), *ids)
    committed = sha256(bytes.fromhex("".join(sealed["commitments"]))).digest()
    pieces: dict[int, bytes] = {}
    for spelled, release in vector["releases"].items():
        content, custodian_id = bytes.fromhex(release), UUID(spelled).bytes
        approved = reference.context(
            "opening-approval", digest, bound_to, committed, custodian_id, sha256(content).digest()
        )
        own_seed = bytes.fromhex(vector["custodian_signing_seeds"][spelled])
        assert reference.ed25519_sign(own_seed, approved).hex() == vector["approvals"][spelled]
        info = reference.context("release", bound_to, digest, custodian_id)
        pieces |= reference.decode_pieces(reference.open_sealed(key_seed, content, info))
    okm = reference.hkdf_expand(
        reference.hkdf_extract(shred_key, reference.xor(*pieces.values())), reference.context("identity-key", ref), 48
    )
    assert okm[32:] == check
    opened = reference.open_field(okm[:32], reference.context("identity", ref), ciphertext)
    assert opened[4 : 4 + len(name)] == name
    refusal = vector["refusal"]
    custodian_id, (reason, refused) = UUID(refusal["custodian"]).bytes, unhex(refusal, "sealed", "signature")
    over = reference.context("opening-refusal", digest, custodian_id, sha256(reason).digest())
    own_seed = bytes.fromhex(vector["custodian_signing_seeds"][refusal["custodian"]])
    assert reference.ed25519_sign(own_seed, over) == refused
    info = reference.context("opening-refusal-reason", digest, custodian_id)
    assert reference.open_sealed(key_seed, reason, info).decode() == refusal["reason"]


def test_a_request_is_read_as_it_was_written() -> None:
    assert openings.read_request(SIGNED) == REQUEST


@pytest.mark.parametrize("life", [timedelta(), -timedelta(minutes=1), timedelta(hours=72, minutes=1)])
def test_a_request_lives_at_most_seventy_two_hours(life: timedelta) -> None:
    with pytest.raises(DocumentInvalid):
        replace(REQUEST, expires_at=MADE_AT + life)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("format", "candour/opening/2"), ("purpose", "everything"), ("id", "X"), ("key", "AAAA"), ("reason", ""),
        ("reason", " "), ("reason", "x" * 4_001), ("legal_basis", None), ("made_at", "2026-03-02T09:15:00Z"),
        ("made_at", "2026-03-02 09:15"), ("manifest", "AAAA"), ("subject", str(REQUEST.subject).upper()),
    ],
)  # fmt: skip
def test_a_request_is_refused_for_any_member_that_breaks_its_format(member: str, value: object) -> None:
    content = json.loads(SIGNED.document) | {member: value}
    with pytest.raises(DocumentInvalid):
        openings.read_request(Signed(json.dumps(content).encode(), SIGNED.signature))


@pytest.mark.parametrize("member", json.loads(SIGNED.document))
def test_no_member_of_a_request_may_be_missing(member: str) -> None:
    content = {name: value for name, value in json.loads(SIGNED.document).items() if name != member}
    with pytest.raises(DocumentInvalid):
        openings.read_request(Signed(json.dumps(content).encode(), SIGNED.signature))


def test_a_paper_opens_to_its_recipient_for_its_request_alone() -> None:
    recipient, private = uuid4(), hpke.PrivateKey(hpke.new_seed())
    paper = openings.seal_paper(private.public, REQUEST.id, recipient, SIGNED)
    assert openings.open_paper(private, REQUEST.id, recipient, paper) == SIGNED
    for request_id, other in ((uuid4(), recipient), (REQUEST.id, uuid4())):
        with pytest.raises(SealBroken):
            openings.open_paper(private, request_id, other, paper)
    with pytest.raises(SealBroken):
        openings.open_paper(hpke.PrivateKey(hpke.new_seed()), REQUEST.id, recipient, paper)


def test_an_approval_is_no_refusal_and_neither_is_of_another_request_sharing_custodian_or_content() -> None:
    digest, custodian_id, content = openings.request_digest(SIGNED), uuid4(), b"a share"
    public = signing.public_key(SEED)
    of = sharing_of(read("identity"))
    approval = openings.sign_approval(SEED, digest, of, custodian_id, content)
    refusal = openings.sign_refusal(SEED, digest, custodian_id, content)
    openings.require_approval(public, approval, digest, of, custodian_id, content)
    openings.require_refusal(public, refusal, digest, custodian_id, content)
    wrong = [
        (public, refusal, digest, of, custodian_id, content),
        (public, approval, bytes(32), of, custodian_id, content),
        (public, approval, digest, of, uuid4(), content),
        (public, approval, digest, of, custodian_id, b"another"),
        (signing.public_key(signing.new_seed()), approval, digest, of, custodian_id, content),
        *((public, approval, digest, other, custodian_id, content) for other in altered(of)),
    ]
    for arguments in wrong:
        with pytest.raises(NotAuthentic):
            openings.require_approval(*arguments)
    with pytest.raises(NotAuthentic):
        openings.require_refusal(public, approval, digest, custodian_id, content)


def test_why_a_custodian_refused_opens_to_who_asked_for_that_request_alone() -> None:
    digest, custodian_id, private = openings.request_digest(SIGNED), uuid4(), hpke.PrivateKey(KEY)
    sealed = openings.seal_refusal_reason(REQUEST.key, digest, custodian_id, "Naïve, I think.")
    assert openings.open_refusal_reason(private, digest, custodian_id, sealed) == "Naïve, I think."
    for other_digest, other in ((bytes(32), custodian_id), (digest, uuid4())):
        with pytest.raises(SealBroken):
            openings.open_refusal_reason(private, other_digest, other, sealed)
