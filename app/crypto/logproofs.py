"""What the log of an organisation holds of an event and of a statement, and how a receipt's proof is checked without the service.

Formats: docs/formats.md, "Log entry", "Statement" and "Proof of receipt".
"""

import hmac
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.crypto import contexts, events, merkle
from app.crypto.events import Event, Touched
from app.crypto.merkle import ProofWrong
from app.crypto.notes import Checkpoint, NoteMalformed, Verifier, open_checkpoint

STATEMENT = "statement"
"""What stands in the place of a table where an event commits to a statement. There is no table of this name."""
STATEMENT_SALT_BYTES = 32
_HEX_HASH = 64


class NotInTheLogYet(Exception):
    """The event is not in the log yet. It cannot be before the day in `not_before`."""

    def __init__(self, not_before: date | None) -> None:
        """Hold the day."""
        super().__init__("the event is not in the log yet")
        self.not_before = not_before


class CheckpointsDisagree(Exception):
    """Two checkpoints of one log cannot both be true: what it showed to one it did not show to the other."""


def origin(organisation_id: UUID) -> str:
    """Return the name of an organisation's log."""
    return f"candour/{organisation_id}"


def blind_of(salt: bytes, organisation_id: UUID) -> bytes:
    """Return what hides an event in the log. It follows from the event's salt, and does not show it."""
    return hmac.digest(salt, contexts.encode("log-entry", organisation_id), sha256)


def leaf_of(blind: bytes, link: bytes) -> bytes:
    """Return the hash of the leaf that stands for an event: its link, which nobody finds without the blind."""
    return merkle.leaf_hash(hmac.digest(blind, link, sha256))


def new_statement_salt() -> bytes:
    """Return a fresh salt of a statement."""
    return secrets.token_bytes(STATEMENT_SALT_BYTES)


def statement(
    *,
    headline: str,
    narrative: str,
    capacity: str | None,
    confidentiality: str,
    allegations: Iterable[tuple[str | None, str]],
    headcount_claims: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return what somebody said, as it is committed to: never who said it.

    Allegations are (label, statement). A claim has in_words, number, basis, source and claimed_on, an ISO 8601 day.
    """
    return {
        "headline": headline,
        "narrative": narrative,
        "capacity": capacity,
        "confidentiality": confidentiality,
        "allegations": [{"label": label, "statement": text} for label, text in allegations],
        "headcount_claims": [
            {name: claim[name] for name in ("in_words", "number", "basis", "source", "claimed_on")}
            for claim in headcount_claims
        ],
    }


def commit_to_statement(salt: bytes, organisation_id: UUID, grievance_id: UUID, said: Mapping[str, Any]) -> Touched:
    """Return what the event of a grievance holds of the statement in it."""
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    context = contexts.encode("statement", organisation_id, grievance_id, text)
    return Touched(STATEMENT, grievance_id, hmac.digest(salt, context, sha256).hex())


@dataclass(frozen=True)
class ReceiptProof:
    """That an event of a grievance is in the log. `index`, `path` and `checkpoint` are there once it is."""

    event: Event
    previous: bytes
    blind: bytes
    not_before: date | None = None
    index: int | None = None
    path: tuple[bytes, ...] = ()
    checkpoint: str | None = None

    @property
    def link(self) -> bytes:
        """The hash of the event in its chain."""
        return events.link(self.previous, self.event)

    def to_document(self) -> dict[str, Any]:
        """Return the proof as JSON has it."""
        return {
            "organisation": str(self.event.organisation_id),
            "event": events.to_document(self.event),
            "previous": self.previous.hex(),
            "blind": self.blind.hex(),
            "not_before": None if self.not_before is None else self.not_before.isoformat(),
            "index": self.index,
            "path": [one.hex() for one in self.path],
            "checkpoint": self.checkpoint,
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "ReceiptProof":
        """Return the proof that a document holds.

        Raises:
            ProofWrong: it holds none, or something besides.

        """
        try:
            proof = cls(
                events.from_document(UUID(document["organisation"]), document["event"]),
                _hash(document["previous"]),
                _hash(document["blind"]),
                None if document["not_before"] is None else date.fromisoformat(document["not_before"]),
                document["index"],
                tuple(_hash(one) for one in document["path"]),
                document["checkpoint"],
            )
            is_exact = proof.to_document() == document
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ProofWrong("not a proof of receipt") from error
        if (
            not is_exact
            or type(proof.index) not in {int, type(None)}
            or (proof.index is None) != (proof.checkpoint is None)
        ):
            raise ProofWrong("not a proof of receipt")
        return proof


@dataclass(frozen=True)
class Received:
    """What a proof of receipt shows: the checkpoint that contains the event, and where."""

    checkpoint: Checkpoint
    index: int
    event: Event


def verify_receipt_proof(document: Mapping[str, Any], salt: bytes, said: Mapping[str, Any], log: Verifier) -> Received:
    """Return where the log holds the event that commits to what was said. It asks nobody.

    Args:
        document: the proof, as the inbox shows it.
        salt: the statement's.
        said: what `statement` makes of what was said.
        log: the key of the organisation's log, from somewhere that the service does not write.

    Raises:
        ProofWrong: the proof does not show it; the reason is its text.
        NotInTheLogYet: all but the log is right, and the event is not there yet.

    """
    proof = ReceiptProof.read(document)
    event = proof.event
    committed = [one for one in event.touched if one.table == STATEMENT]
    if len(committed) != 1 or committed[0] != commit_to_statement(salt, event.organisation_id, committed[0].row, said):
        raise ProofWrong("the event does not commit to this statement")
    if log.name != origin(event.organisation_id):
        raise ProofWrong("the key is that of another log")
    if proof.index is None or proof.checkpoint is None:
        raise NotInTheLogYet(proof.not_before)
    try:
        checkpoint, _ = open_checkpoint(proof.checkpoint, log)
    except NoteMalformed as error:
        raise ProofWrong("the checkpoint is not one of this log") from error
    leaf = leaf_of(proof.blind, proof.link)
    merkle.verify_inclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root)
    return Received(checkpoint, proof.index, event)


def require_agreement(one: Checkpoint, other: Checkpoint, proof: Sequence[bytes] = ()) -> None:
    """Return if the larger of two checkpoints of one log contains the smaller, as a consistency proof shows.

    Raises:
        CheckpointsDisagree: they are of one size with two roots, or the proof does not show it. Raise the alarm, and keep both.
        ValueError: they are of two logs.

    """
    if one.origin != other.origin:
        raise ValueError("checkpoints of two logs have nothing to agree about")
    older, newer = sorted((one, other), key=lambda checkpoint: checkpoint.size)
    try:
        merkle.verify_consistency(older.size, older.root, newer.size, newer.root, proof)
    except ProofWrong as error:
        raise CheckpointsDisagree from error


def _hash(text: str) -> bytes:
    if len(text) != _HEX_HASH:
        raise ValueError("not a hash")
    return bytes.fromhex(text)
