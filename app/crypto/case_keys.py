"""The case key: made at intake, granted to one public key at a time, kept by nobody. Pure; see docs/formats.md, "Case key"."""

import hmac
import secrets
from hashlib import sha256
from uuid import UUID

from app.crypto import contexts, fields, hpke

KEY_BYTES = 32
FIRST_VERSION = 1


def new_case_key() -> bytes:
    """Return a fresh case key."""
    return secrets.token_bytes(KEY_BYTES)


def _grant_context(organisation_id: UUID, case_id: UUID, version: int, account_id: UUID, public_key: bytes) -> bytes:
    return contexts.encode("grant", organisation_id, case_id, version, account_id, public_key)


def seal_grant(
    case_key: bytes, version: int, organisation_id: UUID, case_id: UUID, account_id: UUID, public_key: hpke.PublicKey
) -> bytes:
    """Return the case key sealed to one account."""
    context = _grant_context(organisation_id, case_id, version, account_id, public_key.public)
    return public_key.seal(case_key, context)


def open_grant(
    private: hpke.PrivateKey, sealed: bytes, version: int, organisation_id: UUID, case_id: UUID, account_id: UUID
) -> bytes:
    """Return the case key.

    Raises:
        SealBroken: the grant is another account's, case's or version's, or was altered.

    """
    return private.open(sealed, _grant_context(organisation_id, case_id, version, account_id, private.public))


def reference_of(organisation_id: UUID, case_id: UUID, version: int) -> bytes:
    """Return what the sharing of one version of a case key is bound to, the `reference` of docs/formats.md."""
    return contexts.encode("case-key-reference", organisation_id, case_id, version)


def proof_of(case_key: bytes) -> bytes:
    """Return the 32 bytes by which somebody shows that they hold the case key, without showing it."""
    return fields.derive(case_key, "case-key-proof")


def verifier_of(proof: bytes) -> bytes:
    """Return what a proof is compared with. It tells nothing of the proof, and nothing of the key."""
    return sha256(proof).digest()


def is_same(one: bytes, other: bytes) -> bool:
    """Whether two MACs or proofs are equal; the time it takes tells nothing."""
    return hmac.compare_digest(one, other)


def seal_under(case_key: bytes, label: str, organisation_id: UUID, case_id: UUID, row: UUID, content: bytes) -> bytes:
    """Return bytes (a conversation's key, say) sealed under the case key for one row and one purpose."""
    return fields.seal(case_key, contexts.encode(label, organisation_id, case_id, row), content)


def open_under(case_key: bytes, label: str, organisation_id: UUID, case_id: UUID, row: UUID, sealed: bytes) -> bytes:
    """Return what `seal_under` sealed.

    Raises:
        SealBroken: it belongs elsewhere or was altered.

    """
    return fields.open_(case_key, contexts.encode(label, organisation_id, case_id, row), sealed)
