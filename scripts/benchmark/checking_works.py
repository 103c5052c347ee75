"""What whoever holds a receipt checks offline: that an event is in the log. No database is touched."""

import hmac
import secrets
from datetime import UTC, date, datetime
from hashlib import sha256
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.crypto import events, logproofs, merkle, notes
from app.crypto.merkle import Frontier
from app.crypto.notes import Checkpoint, Signer
from scripts.benchmark.sealing import Work

LEAVES, PLACE = 5_000, 1_234
DAY = date(2026, 1, 5)
NARRATIVE = (
    "The manager told the team that whoever wrote another incident report would not have their contract renewed. "
)
SENTENCES = 9
PATHS_COUNTED, RECEIPTS_COUNTED = 1_000, 200


class Receipt:
    """A proof of receipt in a log of LEAVES leaves, its checkpoint signed."""

    def __init__(self) -> None:
        """Say something, and put the event that commits to it into a tree of others."""
        organisation_id, grievance_id = uuid4(), uuid4()
        self.salt = logproofs.new_statement_salt()
        self.said = logproofs.statement(
            headline="Incident reports are held back",
            narrative=NARRATIVE * SENTENCES,
            capacity=None,
            confidentiality="confidential",
            allegations=[(f"{number}", NARRATIVE * 2) for number in range(1, 11)],
        )
        committed = logproofs.commit_to_statement(self.salt, organisation_id, grievance_id, self.said)
        at = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)
        event = events.Event(organisation_id, uuid4(), 1, "grievance.submitted", None, at, (committed,))
        blind = logproofs.blind_of(secrets.token_bytes(16), organisation_id)
        self.leaf = logproofs.leaf_of(blind, events.link(events.GENESIS, event))
        leaves = [self.leaf if place == PLACE else secrets.token_bytes(32) for place in range(LEAVES)]
        nodes = {(0, place): leaf for place, leaf in enumerate(leaves)}
        tree = Frontier()
        for leaf in leaves:
            tree, made = tree.append(leaf)
            nodes.update(made)
        self.root = tree.root
        self.path = tuple(merkle.prove(merkle.inclusion_ranges(PLACE, LEAVES), nodes.__getitem__))
        signer = Signer(logproofs.origin(organisation_id), notes.ED25519, secrets.token_bytes(notes.SEED_BYTES))
        self.log = signer.verifier
        checkpoint = Checkpoint(signer.name, LEAVES, self.root).signed(signer).to_text()
        proof = logproofs.ReceiptProof(event, events.GENESIS, blind, DAY, PLACE, self.path, checkpoint)
        self.document = proof.to_document()

    def check_path(self) -> None:
        """The leaf is in the tree."""
        merkle.verify_inclusion(self.leaf, PLACE, LEAVES, self.path, self.root)

    def check(self) -> None:
        """What was said is what the log holds, and the log is the one that the key names."""
        logproofs.verify_receipt_proof(self.document, self.salt, self.said, self.log)


class Bare:
    """The hashes and the signature that the check cannot do without, on buffers of the same sizes."""

    def __init__(self, receipt: Receipt) -> None:
        """Load the key, and make the buffers."""
        self.nodes = [bytes(65) for _ in receipt.path]
        self.said = bytes(
            sum(len(one["statement"]) for one in receipt.said["allegations"]) + len(NARRATIVE) * SENTENCES
        )
        self.event, self.key, self.hash = bytes(400), secrets.token_bytes(32), bytes(33)
        self.text = bytes(110)
        private = Ed25519PrivateKey.generate()
        self.public, self.signature = private.public_key(), private.sign(self.text)

    def check_path(self) -> None:
        """Hash as many nodes as the path has."""
        for node in self.nodes:
            sha256(node).digest()

    def check(self) -> None:
        """Commit, link, blind, hash the leaf and the path, verify the signature."""
        hmac.digest(self.key, self.said, sha256)
        sha256(self.event).digest()
        hmac.digest(self.key, self.hash, sha256)
        sha256(self.hash).digest()
        self.check_path()
        self.public.verify(self.signature, self.text)


def works() -> list[Work]:
    """Return the checks, each beside its hashes."""
    receipt = Receipt()
    bare = Bare(receipt)
    what = f"one leaf in a log of {LEAVES:,}"
    return [
        Work("check a path", what, receipt.check_path, bare.check_path, counted=PATHS_COUNTED),
        Work("check a receipt", f"statement, event, {what}", receipt.check, bare.check, counted=RECEIPTS_COUNTED),
    ]
