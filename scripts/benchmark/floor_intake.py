"""The floor of intake: the same primitives and the same rows as one stored grievance, by the bare driver.

What rows there are is read once, from a grievance that the service itself stored; each request makes them again with
fresh keys, ids, ciphertexts and hashes. Of the service only pure formats are used (crypto, the links of the audit chain).
"""

import base64
import hmac
import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import chain
from app.cases.models import Case
from app.crypto import contexts, fields, hpke, identity, logproofs, receipts, references
from app.crypto.columns import seal_value
from app.kernel.db import Base, table_of
from app.kernel.ids import new_id
from app.kernel.keyring import write_private
from scripts.benchmark.stores import Act, Ask

FIELD_OVERHEAD = 4 + len(fields.seal(bytes(32), b"", b""))
"""Bytes by which a sealed column is longer than its text."""
AUDIT = frozenset({"audit_events", "audit_heads"})
ARGON2_THREADS = 2
"""As many as the service has by default."""
DOOR = """
    SELECT c.organisation_id, c.id, c.version, c.is_open, c.law_profile, c.threshold, a.id, a.public_key, r.id
    FROM channels c
    LEFT JOIN channel_officers o ON o.organisation_id = c.organisation_id AND o.channel_id = c.id
    LEFT JOIN accounts a ON a.organisation_id = c.organisation_id AND a.id = o.account_id AND a.state = 'active'
    LEFT JOIN role_grants r ON r.organisation_id = a.organisation_id AND r.account_id = a.id AND r.role = 'case_officer'
                               AND r.ended_on IS NULL
    WHERE c.slug = $1
"""
"""Whether the channel is open, and who attends to it now."""
Columns = dict[str, Any]


@dataclass(frozen=True)
class Specimen:
    """The rows of one stored grievance, by table in the order in which they can be inserted."""

    rows: list[tuple[Table, list[Columns]]]

    @classmethod
    async def read(cls, session: AsyncSession, case_id: UUID) -> "Specimen":
        """Return every row that belongs to the case, its log included."""
        found: list[tuple[Table, list[Columns]]] = []
        parents: dict[str, list[UUID]] = {"sealed_identities": [], "case_key_escrows": []}
        for table in Base.metadata.sorted_tables:
            if table is table_of(Case):
                where = table.c.id == case_id
            elif "case_id" in table.c:
                where = table.c.case_id == case_id
            elif table.name in AUDIT:
                where = table.c.chain_id == case_id
            elif table.name == "identity_shares":
                where = table.c.identity_id.in_(parents["sealed_identities"])
            elif table.name == "case_key_shares":
                where = table.c.escrow_id.in_(parents["case_key_escrows"])
            else:
                continue
            rows = [dict(row) for row in (await session.execute(select(table).where(where))).mappings()]
            if table.name in parents:
                parents[table.name] = [row["id"] for row in rows]
            if rows:
                found.append((table, rows))
        found.sort(key=lambda pair: pair[0].name in AUDIT)
        return cls(found)

    def of(self, table: str) -> list[Columns]:
        """Return the rows of one table."""
        return next(rows for each, rows in self.rows if each.name == table)


@dataclass(frozen=True)
class Keys:
    """The public keys that grievances are sealed to, loaded once."""

    officers: dict[UUID, hpke.PublicKey]
    custodians: list[identity.Custodian]
    threshold: int


def look_at_door(slug: str) -> Act[bool]:
    """Return whether the channel takes grievances and somebody attends to it."""
    rows = yield Ask(DOOR, (slug,))
    return any(row[3] and row[-1] is not None for row in rows)


def insert_of(table: Table) -> str:
    """Return the statement that inserts one row, all columns in their order."""
    names = ", ".join(column.name for column in table.columns)
    marks = ", ".join(f"${number}" for number, _ in enumerate(table.columns, start=1))
    return f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608 names of our own tables


class Fresh:
    """One grievance in the making: fresh ids in the place of the specimen's, and the keys of this one case."""

    def __init__(self, ids: list[UUID]) -> None:
        """Draw ids and keys."""
        self.ids = {old: new_id() for old in ids}
        self.case_key = secrets.token_bytes(32)
        self.conversation_key = secrets.token_bytes(32)

    def id(self, old: Any) -> Any:  # noqa: ANN401 a column's value
        """Return the fresh id for one of the specimen's, or the value as it is."""
        return self.ids.get(old, old) if isinstance(old, UUID) else old


class IntakeFloor:
    """Makes the rows of grievances like the specimen."""

    def __init__(self, specimen: Specimen, keys: Keys, erasure_folder: Path, pepper: bytes) -> None:
        """Plan once what each request does."""
        self.keys, self.erasure_folder, self.pepper = keys, erasure_folder, pepper
        self.content = [(table, rows) for table, rows in specimen.rows if table.name not in AUDIT]
        self.events = specimen.of("audit_events")
        self.tables = {table.name: table for table, _ in specimen.rows}
        self.inserts = {table.name: insert_of(table) for table, _ in specimen.rows}
        self.organisation: UUID = specimen.of("cases")[0]["organisation_id"]
        self.case_id: UUID = specimen.of("cases")[0]["id"]
        self.grievance_id: UUID = specimen.of("grievances")[0]["id"]
        self.identity_id: UUID = specimen.of("sealed_identities")[0]["id"]
        self.said = self._said()
        self.ids = [row["id"] for _, rows in self.content for row in rows]
        self.json_columns = {
            table.name: {column.name for column in table.columns if isinstance(column.type, JSON)}
            for table, _ in specimen.rows
        }
        self.threads = ThreadPoolExecutor(ARGON2_THREADS)

    def _said(self) -> dict[str, Any]:
        """Return a statement whose texts are as long as those of the specimen."""
        (grievance,) = next(rows for table, rows in self.content if table.name == "grievances")
        raised = [rows for table, rows in self.content if table.name == "raised_allegations"]

        def text(row: Columns, name: str) -> str:
            return "x" * (len(row[f"{name}_sealed"] or b"") - FIELD_OVERHEAD)

        texts: dict[str, Any] = {
            name: text(grievance, name) for name in ("headline", "narrative", "capacity", "confidentiality")
        }
        return logproofs.statement(
            **texts, allegations=[(text(row, "label"), text(row, "statement")) for rows in raised for row in rows]
        )

    def receipt_keys(self) -> tuple[str, bytes, bytes]:
        """Return a new receipt, its lookup secret and its public key: what the server does where the client has no keys."""
        receipt = receipts.new_receipt()
        derived = receipts.derive(receipt, self.pepper)
        return receipt, derived.lookup, hpke.public_key(derived.inbox_seed)

    def keys_of_client(self, body: bytes) -> tuple[bytes, bytes]:
        """Return the lookup secret and the public key that the client sent."""
        sent = json.loads(body)["reporter_keys"]
        return base64.b64decode(sent["lookup"]), base64.b64decode(sent["inbox_public_key"])

    def make(self, lookup: bytes, public_key: bytes, *, audited: bool) -> tuple[list[tuple[str, list[Columns]]], bytes]:
        """Return the rows of one grievance, by table, and its erasure key."""
        fresh = Fresh(self.ids)
        shred_key = secrets.token_bytes(identity.SHRED_KEY_BYTES)
        reference = contexts.encode(
            "identity-reference", self.organisation, fresh.id(self.case_id), fresh.id(self.identity_id)
        )
        dealing = (self.keys.custodians, self.keys.threshold)
        sealed = identity.seal_identity(b"x" * 60, reference, *dealing, shred_key)
        place = (self.organisation, fresh.id(self.case_id), 1)
        escrow_key = fields.derive(self.pepper, "case-key-shred-key", *place)
        escrow = identity.seal_identity(
            fresh.case_key, contexts.encode("case-key-reference", *place), *dealing, escrow_key
        )
        proof = fields.derive(fresh.case_key, "case-key-proof")
        special = {
            ("cases", "reference"): lambda _row: references.new_reference(),
            ("case_key_grants", "sealed_key"): lambda row: self._grant(fresh, row),
            ("case_key_grants", "tag"): lambda row: self._grant_tag(fresh, row),
            ("case_key_escrows", "ciphertext"): lambda _row: escrow.ciphertext,
            ("case_key_escrows", "check_value"): lambda _row: escrow.check,
            ("case_key_escrows", "commitments"): lambda _row: b"".join(escrow.commitments),
            ("case_key_escrows", "verifier"): lambda _row: sha256(proof).digest(),
            ("case_key_shares", "share"): lambda row: escrow.shares[row["custodian_id"]],
            ("grievances", "sender_tag"): lambda row: self._sender_tag(row, public_key),
            ("grievances", "receipt_lookup"): lambda _row: hmac.digest(self.pepper, lookup, sha256),
            ("grievances", "reporter_public_key"): lambda _row: public_key,
            ("grievances", "key_for_sender"): lambda _row: self._for_sender(fresh, public_key),
            ("grievances", "key_for_case"): lambda _row: self._for_case(fresh),
            ("sealed_identities", "ciphertext"): lambda _row: sealed.ciphertext,
            ("sealed_identities", "check_value"): lambda _row: sealed.check,
            ("sealed_identities", "commitments"): lambda _row: b"".join(sealed.commitments),
            ("identity_shares", "share"): lambda row: sealed.shares[row["custodian_id"]],
        }
        made = [
            (table.name, [self._row(table.name, row, fresh, special) for row in rows]) for table, rows in self.content
        ]
        if audited:
            made += self._log(fresh, {(table, row["id"]): row for table, rows in made for row in rows})
        return made, shred_key

    def _row(
        self, table: str, row: Columns, fresh: Fresh, special: dict[tuple[str, str], Callable[[Columns], Any]]
    ) -> Columns:
        made: Columns = {}
        for name, value in row.items():
            if (table, name) in special:
                made[name] = special[table, name](made)
            elif isinstance(value, UUID):
                made[name] = fresh.id(value)
            elif value is not None and name.endswith("_sealed"):
                made[name] = self._seal(fresh, table, name, made, len(value) - FIELD_OVERHEAD)
            else:
                made[name] = value
        return made

    def _seal(self, fresh: Fresh, table: str, column: str, row: Columns, length: int) -> bytes:
        scope: UUID = row["grievance_id"] if "grievance_id" in row else row["id"]
        text = b"x" * length
        return seal_value(fresh.conversation_key, 1, self.organisation, scope, table, column, row["id"], text)

    def _grant(self, fresh: Fresh, row: Columns) -> bytes:
        officer = self.keys.officers[row["account_id"]]
        context = contexts.encode(
            "grant", self.organisation, fresh.id(self.case_id), 1, row["account_id"], officer.public
        )
        return officer.seal(fresh.case_key, context)

    def _grant_tag(self, fresh: Fresh, row: Columns) -> bytes:
        context = contexts.encode(
            "case-key-grant", self.organisation, fresh.id(self.case_id), 1, row["account_id"], row["sealed_key"]
        )
        return hmac.digest(self.pepper, context, sha256)

    def _sender_tag(self, row: Columns, public_key: bytes) -> bytes:
        context = contexts.encode("conversation-sender", self.organisation, row["id"], public_key)
        return hmac.digest(self.pepper, context, sha256)

    def _for_sender(self, fresh: Fresh, public_key: bytes) -> bytes:
        context = contexts.encode("conversation", self.organisation, fresh.id(self.grievance_id), public_key)
        return hpke.PublicKey(public_key).seal(fresh.conversation_key, context)

    def _for_case(self, fresh: Fresh) -> bytes:
        context = contexts.encode("conversation-for-case", self.organisation, fresh.id(self.case_id))
        return fields.seal(fresh.case_key, context, fresh.conversation_key)

    def _log(self, fresh: Fresh, rows: dict[tuple[str, UUID], Columns]) -> list[tuple[str, list[Columns]]]:
        """Return the events of the case's chain and its head, over the rows just made."""
        chain_id, previous = fresh.id(self.case_id), chain.GENESIS
        events: list[Columns] = []
        for event in self.events:
            salt = secrets.token_bytes(chain.SALT_BYTES)
            touched = tuple(
                self._statement(row) if table == logproofs.STATEMENT
                else chain.Touched(table, row, chain.commit(salt, table, rows[table, row]))
                for table, row in ((table, fresh.id(UUID(old))) for table, old, _ in event["touched"])
            )  # fmt: skip
            at: datetime = event["at"]
            link = chain.Event(self.organisation, chain_id, event["sequence"], event["event"], None, at, touched)
            previous = chain.link(previous, link)
            events.append(
                {
                    **event,
                    "chain_id": chain_id,
                    "touched": [[one.table, str(one.row), one.commitment] for one in touched],
                    "salt": salt,
                    "hash": previous,
                }
            )
        head = {
            "organisation_id": self.organisation, "chain_id": chain_id, "sequence": len(events), "hash": previous,
            "tag": chain.authenticate(self.pepper, self.organisation, chain_id, len(events), previous),
        }  # fmt: skip
        return [("audit_events", events), ("audit_heads", [head])]

    def _statement(self, grievance_id: UUID) -> chain.Touched:
        """Return the commitment to a statement as long as the specimen's texts."""
        salt = logproofs.new_statement_salt()
        return logproofs.commit_to_statement(salt, self.organisation, grievance_id, self.said)

    def values(self, table: str, rows: list[Columns]) -> list[tuple[Any, ...]]:
        """Return the rows as a bare driver takes them."""
        as_json = self.json_columns[table]
        if not as_json:
            return [tuple(row.values()) for row in rows]
        return [tuple(json.dumps(row[name]) if name in as_json else row[name] for name in row) for row in rows]

    def keep_erasure_key(self, made: list[tuple[str, list[Columns]]], shred_key: bytes) -> None:
        """Write the erasure key into a file of its own, on the disk when this returns. Blocks."""
        identity_id = next(rows[0]["id"] for table, rows in made if table == "sealed_identities")
        folder = self.erasure_folder / identity_id.hex[-2:]
        folder.mkdir(exist_ok=True)
        write_private(folder / str(identity_id), shred_key)
