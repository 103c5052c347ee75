"""What is signed in an opening: the request, and each custodian's answer; see docs/formats.md, "Opening".

A custodian re-seals their share to the key that the request names (`identity.release_share`), so that the key of an identity is
formed on the requester's machine alone. Without the requester's signature on that key, the service could put its own
there. Vectors: tests/crypto/vectors/openings.json.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.crypto import contexts, documents, hpke, signing
from app.crypto.documents import Signed, spell, spell_instant
from app.crypto.errors import DocumentInvalid
from app.crypto.identity import Sharing

REQUEST_LABEL = "opening-request"
FORMAT = "candour/opening/1"
LONGEST_LIFE = timedelta(hours=72)
LONGEST_TEXT = 4_000


class Purpose(StrEnum):
    """What is opened: who somebody is, or the key of a case whose last holder forgot their password."""

    IDENTITY = "identity"
    CASE_KEY = "case_key"


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody asks the custodians to open one thing, to one fresh key, for one reason, until one minute."""

    id: UUID
    purpose: Purpose
    organisation: UUID
    case: UUID
    subject: UUID
    """The identity, or the escrow of a case key."""
    requester: UUID
    manifest: bytes
    """Digest of the manifest in force."""
    key: bytes
    """Public key, fresh for this request, that shares are re-sealed to."""
    reason: str
    legal_basis: str
    made_at: datetime
    expires_at: datetime

    def __post_init__(self) -> None:
        """Hold only requests that end in time.

        Raises:
            DocumentInvalid: it ends before it is made, or more than 72 hours after.

        """
        if not timedelta() < self.expires_at - self.made_at <= LONGEST_LIFE:
            raise DocumentInvalid("expires_at is after made_at, and at most 72 hours after")


def sign_request(request: Request, seed: bytes) -> Signed:
    """Return the request as a document, signed with the requester's own key."""
    content = {
        "format": FORMAT,
        "id": str(request.id),
        "purpose": request.purpose.value,
        "organisation": str(request.organisation),
        "case": str(request.case),
        "subject": str(request.subject),
        "requester": str(request.requester),
        "manifest": spell(request.manifest),
        "key": spell(request.key),
        "reason": request.reason,
        "legal_basis": request.legal_basis,
        "made_at": spell_instant(request.made_at),
        "expires_at": spell_instant(request.expires_at),
    }
    return documents.write_signed(seed, REQUEST_LABEL, content)


def read_request(signed: Signed) -> Request:
    """Return the request in a document. Who signed it is to be asked next, of the manifest: `signed.require_signed_by`.

    Raises:
        DocumentInvalid: it breaks a rule of the format.

    """
    found = documents.read(signed.document, _MEMBERS)
    del found["format"]
    return Request(**found)


def request_digest(signed: Signed) -> bytes:
    """Return the 32 bytes that releases and answers are bound to."""
    return signed.name_under(REQUEST_LABEL)


def sign_approval(seed: bytes, request: bytes, of: Sharing, custodian_id: UUID, release: bytes) -> bytes:
    """Return a custodian's signature over having released this sealed share, of this sharing, to this request, given by its digest."""
    return signing.sign_context(seed, "opening-approval", *_approved(request, of, custodian_id, release))


def require_approval(
    public: bytes, signature: bytes, request: bytes, of: Sharing, custodian_id: UUID, release: bytes
) -> None:
    """Return if the custodian signed that. Only then do pieces that this sharing's commitments do not fit show that they lied.

    Raises:
        NotAuthentic: otherwise; also if the sharing is another than the one they approved under.

    """
    signing.check_signature(public, signature, "opening-approval", *_approved(request, of, custodian_id, release))


def _approved(request: bytes, of: Sharing, custodian_id: UUID, release: bytes) -> tuple[bytes | UUID, ...]:
    return request, of.context, of.committed, custodian_id, sha256(release).digest()


def sign_refusal(seed: bytes, request: bytes, custodian_id: UUID, sealed_reason: bytes) -> bytes:
    """Return a custodian's signature over having refused this request; the reason is sealed to the request's key."""
    return signing.sign_context(seed, "opening-refusal", request, custodian_id, sha256(sealed_reason).digest())


def require_refusal(public: bytes, signature: bytes, request: bytes, custodian_id: UUID, sealed_reason: bytes) -> None:
    """Return if the custodian signed that.

    Raises:
        NotAuthentic: otherwise.

    """
    signing.check_signature(public, signature, "opening-refusal", request, custodian_id, sha256(sealed_reason).digest())


def seal_refusal_reason(key: bytes, request: bytes, custodian_id: UUID, reason: str) -> bytes:
    """Return why a custodian refuses, sealed to whoever asked."""
    return hpke.seal(key, reason.encode(), contexts.encode("opening-refusal-reason", request, custodian_id))


def open_refusal_reason(private: hpke.PrivateKey, request: bytes, custodian_id: UUID, sealed: bytes) -> str:
    """Return why a custodian refused.

    Raises:
        SealBroken: it is another request's or custodian's, or was altered.

    """
    return private.open(sealed, contexts.encode("opening-refusal-reason", request, custodian_id)).decode()


def seal_paper(key: bytes | hpke.PublicKey, request_id: UUID, recipient: UUID, signed: Signed) -> bytes:
    """Return a request sealed to one custodian (by their custodian id) or one account that works the case (by its id)."""
    return hpke.seal(key, signed.signature + signed.document, _paper_context(request_id, recipient))


def open_paper(private: hpke.PrivateKey, request_id: UUID, recipient: UUID, sealed: bytes) -> Signed:
    """Return the request that was sealed to this recipient.

    Raises:
        SealBroken: it was sealed to somebody else, for another request, or altered.

    """
    opened = private.open(sealed, _paper_context(request_id, recipient))
    return Signed(opened[signing.SIGNATURE_BYTES :], opened[: signing.SIGNATURE_BYTES])


def _paper_context(request_id: UUID, recipient: UUID) -> bytes:
    return contexts.encode("opening-paper", request_id, recipient)


_MEMBERS: dict[str, Callable[[Any], Any]] = {
    "format": documents.exactly(FORMAT),
    "id": documents.uuid,
    "purpose": Purpose,
    "organisation": documents.uuid,
    "case": documents.uuid,
    "subject": documents.uuid,
    "requester": documents.uuid,
    "manifest": documents.octets(32),
    "key": documents.octets(hpke.PUBLIC_KEY_BYTES),
    "reason": documents.text(LONGEST_TEXT),
    "legal_basis": documents.text(LONGEST_TEXT),
    "made_at": documents.instant,
    "expires_at": documents.instant,
}
