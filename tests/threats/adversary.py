"""Somebody who took things and opens what can be opened with them: every key they have is tried wherever it could fit.

Written from docs/formats.md on top of the second implementation in tests/crypto, without a line of app/crypto. What is opened
by one key may be the next key, so that the search goes on until nothing new is found.
"""

import base64
import hmac
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.crypto import reference
from tests.threats.primitives import Row, Tables, derived, number, opened, public_key, received, stretched
from tests.threats.sharings import Custody, all_shared


@dataclass
class Loot:
    """What somebody took. Whatever is not named they do not have."""

    tables: Tables = field(default_factory=dict)
    service_keys: Mapping[int, bytes] = field(default_factory=dict)
    pepper: bytes | None = None
    erasure_keys: Mapping[UUID, bytes] = field(default_factory=dict)
    custodians: Mapping[UUID, bytes] = field(default_factory=dict)
    """Private seeds of custodians by their account."""
    request_seeds: tuple[bytes, ...] = ()
    """What requesters made for one request alone."""
    passwords: Mapping[UUID, str] = field(default_factory=dict)
    unlock_secrets: tuple[str, ...] = ()
    receipts: tuple[str, ...] = ()
    inbox_tokens: tuple[str, ...] = ()
    idempotency_keys: tuple[tuple[str, str], ...] = ()
    """Each with the path it was used on, by a POST of somebody without an account."""

    def open_everything(self) -> list[bytes]:
        """Return the content of all that opens."""
        found = Keys(self)
        columns = [content for _, content in found.columns()]
        return [*columns, *found.identities(), *found.custody.reasons(), *found.stored_answers()]

    def rows(self, table: str) -> list[Row]:
        """Return the rows of a table, none if the database was not taken."""
        return self.tables.get(table, [])

    def peppered(self, label: str) -> bytes:
        """Return the key of the pepper for a use."""
        assert self.pepper is not None
        return derived(self.pepper, label)


def keys_folder(folder: Path) -> dict[str, Any]:
    """Return what the keys folder gives, by the names that Loot has for it."""
    versions = {int(path.stem.removeprefix("service-")): path.read_bytes() for path in folder.glob("service-*.key")}
    return {"service_keys": versions, "pepper": (folder / "pepper.key").read_bytes()}


def erasure_keys(folder: Path) -> dict[UUID, bytes]:
    """Return every erasure key of a folder, by the identity that its name tells."""
    return {UUID(path.name): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Keys:
    """Every key that follows from the loot."""

    def __init__(self, loot: Loot) -> None:
        """Follow each kind of key to the next."""
        self.loot = loot
        self.seeds: dict[UUID, list[bytes]] = defaultdict(list)
        self.scopes: dict[UUID, list[tuple[int, bytes]]] = defaultdict(list)
        """Keys of columns with their versions, by organisation, case or grievance."""
        self._organisations()
        self._accounts()
        self._sessions()
        accounts = [seed for seeds in self.seeds.values() for seed in seeds]
        self.custody = Custody(loot.tables, [*loot.custodians.values(), *loot.request_seeds, *accounts])
        self._cases()
        self._escrows()
        self._conversations()

    def _organisations(self) -> None:
        for row in self.loot.rows("organisations"):
            for version, key in self.loot.service_keys.items():
                self.scopes[row["id"]].append((version, derived(key, "service-key", row["id"].bytes)))

    def _accounts(self) -> None:
        for row in self.loot.rows("accounts"):
            password = self.loot.passwords.get(row["id"])
            if password is None or row["password_salt"] is None or self.loot.pepper is None:
                continue
            cost = (row["password_salt"], row["password_memory_kib"], row["password_iterations"])
            peppered = hmac.digest(self.loot.peppered("password"), stretched(password, *cost), "sha256")
            context = reference.context("account-seed", row["organisation_id"].bytes, row["id"].bytes)
            self._learn(row["id"], opened(derived(peppered, "password-wrapping-key"), context, row["wrapped_seed"]))

    def _sessions(self) -> None:
        for row in self.loot.rows("sessions"):
            context = reference.context("session", row["account_id"].bytes, row["id"].bytes)
            for text in self.loot.unlock_secrets:
                secret = base64.urlsafe_b64decode(text + "=")
                self._learn(row["account_id"], opened(secret, context, row["sealed_seed"]))

    def _learn(self, account_id: UUID, seed: bytes | None) -> None:
        if seed is not None:
            self.seeds[account_id].append(seed)

    def _cases(self) -> None:
        for row in self.loot.rows("case_key_grants"):
            for seed in self.seeds[row["account_id"]]:
                context = reference.context(
                    "grant",
                    row["organisation_id"].bytes,
                    row["case_id"].bytes,
                    number(row["key_version"]),
                    row["account_id"].bytes,
                    public_key(seed),
                )
                if (key := received(seed, context, row["sealed_key"])) is not None:
                    self.scopes[row["case_id"]].append((row["key_version"], key))

    def _conversations(self) -> None:
        receipts = []
        if self.loot.receipts and self.loot.pepper is not None:
            salt = self.loot.peppered("receipt-salt")
            roots = [stretched(receipt, salt, 19456, 2) for receipt in self.loot.receipts]
            receipts = [derived(root, "receipt-inbox") for root in roots]
        for row in self.loot.rows("grievances"):
            in_case = row["organisation_id"].bytes, row["case_id"].bytes, row["id"].bytes
            of_case = reference.context("conversation-for-case", *in_case)
            found = [opened(key, of_case, row["key_for_case"]) for _, key in self.scopes[row["case_id"]]]
            for seed in [*receipts, *self.seeds[row["representative_id"]]]:
                public = public_key(seed)
                for_sender = reference.context("conversation", row["organisation_id"].bytes, row["id"].bytes, public)
                found.append(received(seed, for_sender, row["key_for_sender"]))
            found += [self._by_inbox(session) for session in self.loot.rows("inbox_sessions")]
            self.scopes[row["id"]] += [(row["key_version"], key) for key in found if key is not None]

    def _by_inbox(self, session: Row) -> bytes | None:
        for text in self.loot.inbox_tokens:
            secret = base64.urlsafe_b64decode(text)[4:]
            context = reference.context("inbox-session", session["id"].bytes)
            if (key := opened(derived(secret, "inbox-session"), context, session["sealed_key"])) is not None:
                return key
        return None

    def columns(self) -> Iterator[tuple[str, bytes]]:
        """Yield name and content of every sealed column that one of the keys opens, whatever key it is said to be under."""
        for table, rows in self.loot.tables.items():
            for row in rows:
                for column, sealed in row.items():
                    if column.endswith("_sealed") and sealed is not None:
                        for content in self._column(table, column.removesuffix("_sealed"), row, sealed):
                            yield f"{table}.{column}", content

    def _column(self, table: str, column: str, row: Row, sealed: bytes) -> Iterator[bytes]:
        scopes = {row[name] for name in ("organisation_id", "case_id", "grievance_id", "id") if row.get(name)}
        version = int.from_bytes(sealed[:4], "big")
        for scope in scopes & self.scopes.keys():
            place = row["organisation_id"].bytes, scope.bytes, table.encode(), column.encode(), row["id"].bytes
            context = reference.context("field", *place, number(version))
            for known, key in self.scopes[scope]:
                if known == version and (content := opened(key, context, sealed[4:])) is not None:
                    yield content

    def _escrows(self) -> None:
        if self.loot.pepper is None:
            return
        shred = self.loot.peppered("case-key-shred")
        for one in all_shared(self.loot.tables):
            if "key_version" in one.row and (secret := self.custody.secret(one)) is not None:
                of_case = one.row["organisation_id"].bytes, one.row["case_id"].bytes, number(one.row["key_version"])
                key = one.content(secret, derived(shred, "case-key-shred-key", *of_case))
                assert key is not None
                self.scopes[one.row["case_id"]].append((one.row["key_version"], key))

    def identities(self) -> Iterator[bytes]:
        """Yield who somebody is, for each identity that custodians' and erasure keys open."""
        for one in all_shared(self.loot.tables):
            if one.id in self.loot.erasure_keys and (secret := self.custody.secret(one)) is not None:
                person = one.content(secret, self.loot.erasure_keys[one.id])
                assert person is not None
                yield person

    def stored_answers(self) -> Iterator[bytes]:
        """Yield the answers kept for repeats of requests whose key is known."""
        if self.loot.pepper is None:
            return
        for key, path in self.loot.idempotency_keys:
            place = reference.context("idempotency-place", b"public", b"POST", path.encode())
            lookup = hmac.digest(self.loot.peppered("idempotency-lookup"), place + key.encode(), "sha256")
            secret = hmac.digest(self.loot.peppered("idempotency-secret"), key.encode(), "sha256")
            for row in self.loot.rows("stored_answers"):
                if row["lookup"] == lookup:
                    seal = derived(secret, "idempotency-seal", place)
                    answer = opened(seal, reference.context("idempotency-answer"), row["answer"])
                    assert answer is not None
                    yield answer
