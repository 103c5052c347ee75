"""Seals a whole grievance on the machine of whoever raises it: text, identity and the key of its case.

The service that takes it holds none of those keys. Formats: docs/formats.md, "Sealed submission". What the parts are made
of is under "Case key", "Conversation", "Sealed column", "Identity" and "Statement".
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from app.crypto import (
    case_keys,
    classifications,
    columns,
    conversation_keys,
    hpke,
    identity,
    ids,
    logproofs,
    receipts,
    signing,
)
from app.crypto.documents import spell

GRIEVANCES, ALLEGATIONS, CONFLICTS = "grievances", "raised_allegations", "described_conflicts"


@dataclass(frozen=True)
class Recipients:
    """To whom a channel seals, as its manifest says: its case officers, and its custodians with their threshold."""

    organisation: UUID
    officers: tuple[tuple[UUID, hpke.PublicKey], ...]
    custodians: tuple[identity.Custodian, ...]
    threshold: int


@dataclass(frozen=True)
class Said:
    """What somebody says. Texts are in the form in which the service keeps texts: NFC, line feeds, no blanks at the ends."""

    confidentiality: str
    headline: str
    narrative: str
    capacity: str | None = None
    allegations: Sequence[tuple[str | None, str]] = field(default_factory=tuple)
    """Label, if it has one, and statement of each."""
    categories: Sequence[str] = ()
    """Codes of what it is about."""
    relation: str | None = None
    """The code of how whoever says it stands to the organisation."""
    conflicted: Sequence[str] = ()
    """People who must not see it, each described."""
    barred: Sequence[UUID] = ()
    """Case officers by account and custodians by id, as the manifest names them. They are granted nothing."""


class _Sealer:
    """The fresh keys and ids of one grievance."""

    def __init__(self, to: Recipients, day: date) -> None:
        self.to, self.day = to, day
        self.case_id, self.id, self.identity_id = (ids.id_of(day) for _ in range(3))
        self.case_key, self.key = case_keys.new_case_key(), conversation_keys.new_key()

    def text(self, table: str, column: str, row: UUID, text: str | None) -> str | None:
        if text is None:
            return None
        version = conversation_keys.FIRST_VERSION
        place = (self.to.organisation, self.id, table, column, row)
        return spell(columns.seal_value(self.key, version, *place, text.encode()))

    def conflict(self, description: str) -> dict[str, Any]:
        row = ids.id_of(self.day)
        return {"id": str(row), "description": self.text(CONFLICTS, "description", row, description)}

    def allegation(self, label: str | None, statement: str) -> dict[str, Any]:
        row = ids.id_of(self.day)
        return {
            "id": str(row),
            "label": self.text(ALLEGATIONS, "label", row, label),
            "statement": self.text(ALLEGATIONS, "statement", row, statement),
        }

    def grant(self, account_id: UUID, public_key: hpke.PublicKey) -> dict[str, str]:
        place = (case_keys.FIRST_VERSION, self.to.organisation, self.case_id, account_id)
        sealed = case_keys.seal_grant(self.case_key, *place, public_key)
        return {"account_id": str(account_id), "sealed_key": spell(sealed)}


def seal_identity(person: bytes, to: Recipients, case_id: UUID, day: date, row: UUID | None = None) -> dict[str, Any]:
    """Return who somebody is, sealed for the custodians. No bytes stand for nobody; the two look alike.

    Raises:
        ValueError: it exceeds the least bucket (1,020 bytes), or a key is not usable.

    """
    if len(person) > identity.LEAST_BUCKET_HOLDS:
        raise ValueError("an identity has at most 1020 bytes")
    row = row or ids.id_of(day)
    shred_key = secrets.token_bytes(identity.SHRED_KEY_BYTES)
    reference = identity.reference_of(to.organisation, case_id, row)
    sealed = identity.seal_identity(person, reference, to.custodians, to.threshold, shred_key)
    return {
        "id": str(row),
        "ciphertext": spell(sealed.ciphertext),
        "check": spell(sealed.check),
        "commitments": [spell(one) for one in sealed.commitments],
        "shares": [{"custodian_id": str(one), "share": spell(share)} for one, share in sorted(sealed.shares.items())],
        "shred_key": spell(shred_key),
    }


def seal(said: Said, person: bytes, to: Recipients, reporter: receipts.ReceiptKeys, day: date) -> dict[str, Any]:
    """Return the body of a sealed submission. No bytes stand for a person who gives no name; the two look alike.

    Raises:
        ValueError: the identity exceeds the least bucket (1,020 bytes), a key is not usable, a category is no code, or nobody
            is left who could open the case.

    """
    officers = [(account_id, key) for account_id, key in to.officers if account_id not in said.barred]
    if said.barred and not officers:
        raise ValueError("nobody is left who could handle it")
    sealer, inbox_key = _Sealer(to, day), hpke.PublicKey(hpke.public_key(reporter.inbox_seed))
    salt = logproofs.new_statement_salt()
    statement = logproofs.statement(
        headline=said.headline,
        narrative=said.narrative,
        capacity=said.capacity,
        confidentiality=said.confidentiality,
        allegations=said.allegations,
    )
    touched = logproofs.commit_to_statement(salt, to.organisation, sealer.id, statement)
    texts = {
        "confidentiality": said.confidentiality[:1],
        "headline": said.headline,
        "narrative": said.narrative,
        "capacity": said.capacity,
        "classification": classifications.encode(said.categories, said.relation),
        "statement_salt": salt.hex(),
    }
    return {
        "case_id": str(sealer.case_id),
        "grievance_id": str(sealer.id),
        "reporter_keys": {
            "lookup": spell(reporter.lookup),
            "inbox_public_key": spell(inbox_key.public),
            "signing_public_key": spell(signing.public_key(reporter.signing_seed)),
        },
        "grants": [sealer.grant(account_id, public_key) for account_id, public_key in officers],
        "key_for_case": spell(
            conversation_keys.seal_for_case(sealer.key, sealer.case_key, to.organisation, sealer.case_id, sealer.id)
        ),
        "key_for_sender": spell(conversation_keys.seal_for_sender(sealer.key, to.organisation, sealer.id, inbox_key)),
        "texts": {name: sealer.text(GRIEVANCES, name, sealer.id, text) for name, text in texts.items()},
        "allegations": [sealer.allegation(label, statement_) for label, statement_ in said.allegations],
        "conflicted": [sealer.conflict(description) for description in said.conflicted],
        "barred": [str(one) for one in said.barred],
        "identity": seal_identity(person, to, sealer.case_id, day, sealer.identity_id),
        "statement": touched.commitment,
    }
