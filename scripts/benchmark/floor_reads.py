"""The floors of reading: the same rows by the bare driver and the same primitives, the reading recorded in the chain of the case."""

import base64
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import Table

from app.audit import chain
from app.crypto import contexts, fields, hpke
from scripts.benchmark.stores import Act, Ask, Put, uuid_of

SESSION = """
    SELECT s.sealed_seed, g.role FROM sessions s
    JOIN accounts a ON a.organisation_id = s.organisation_id AND a.id = s.account_id
    LEFT JOIN role_grants g ON g.organisation_id = s.organisation_id AND g.account_id = s.account_id AND g.ended_on IS NULL
    WHERE s.organisation_id = $1 AND s.id = $2 AND s.account_id = $3 AND s.expires_at > $4 AND a.state = 'active'
"""
BINDING = """p.capacity, k.key_version AS granted_version, k.sealed_key,
           EXISTS (SELECT 1 FROM walls w WHERE w.organisation_id = c.organisation_id AND w.case_id = c.id
                                               AND w.account_id = $3) AS walled
    FROM cases c
    LEFT JOIN appointments p ON p.organisation_id = c.organisation_id AND p.case_id = c.id AND p.account_id = $3
                                AND p.ended_on IS NULL
    LEFT JOIN case_key_grants k ON k.organisation_id = c.organisation_id AND k.case_id = c.id AND k.account_id = $3
    WHERE c.organisation_id = $1 AND c.id = $2
"""
HEAD = "SELECT sequence, hash, tag FROM audit_heads WHERE organisation_id = $1 AND chain_id = $2"
EVENT = """
    INSERT INTO audit_events (organisation_id, chain_id, sequence, event, actor_id, at, touched, salt, hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
NEW_HEAD = "UPDATE audit_heads SET sequence = $3, hash = $4, tag = $5 WHERE organisation_id = $1 AND chain_id = $2"
LIST = """
    SELECT c.id, c.reference, c.state, c.procedure, c.received_on, c.acknowledge_by, c.acknowledged_on, c.feedback_by
    FROM cases c
    WHERE c.organisation_id = $1
      AND EXISTS (SELECT 1 FROM appointments p WHERE p.organisation_id = c.organisation_id AND p.case_id = c.id
                                                 AND p.account_id = $2 AND p.ended_on IS NULL
                                                 AND p.capacity IN ('investigator', 'assistant'))
      AND NOT EXISTS (SELECT 1 FROM walls w WHERE w.organisation_id = c.organisation_id AND w.case_id = c.id
                                              AND w.account_id = $2)
    ORDER BY c.id DESC LIMIT 51
"""
PAGE = 50
RELEASE = """
    SELECT r.id, r.content_hash FROM releases r
    WHERE r.organisation_id = $1 AND r.id = $2 AND r.state = 'standing'
      AND EXISTS (SELECT 1 FROM release_audiences a WHERE a.organisation_id = r.organisation_id AND a.release_id = r.id
                                                      AND a.role = 'hr')
"""
TABLES: dict[str, tuple[str, ...]] = {
    "file": ("appointments", "walls", "case_transitions", "triages"),
    "allegations": ("allegations",),
    "findings": ("findings", "finding_exhibits", "finding_reviews"),
}
"""The three requests that open a case, and the tables each reads besides the case itself."""


@dataclass(frozen=True)
class Selection:
    """A statement and the columns that it brings."""

    sql: str
    columns: list[str]


class NotAdmitted(Exception):
    """The floor was asked by nobody it knows."""


@dataclass(frozen=True)
class Caller:
    """Who a token names."""

    organisation_id: UUID
    account_id: UUID
    session_id: UUID


class TokenCheck:
    """Verifies an ES256 token by the bare primitive."""

    def __init__(self, pem: bytes) -> None:
        """Load the key once."""
        private = load_pem_private_key(pem, password=None)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise NotAdmitted
        self._public = private.public_key()
        self._algorithm = ec.ECDSA(SHA256())

    def caller(self, headers: Mapping[str, str]) -> Caller:
        """Return who asks.

        Raises:
            InvalidSignature: the token is not ours.

        """
        token = headers["authorization"].removeprefix("Bearer ")
        signed, _, signature = token.rpartition(".")
        both = _decode(signature)
        der = encode_dss_signature(int.from_bytes(both[:32]), int.from_bytes(both[32:]))
        self._public.verify(der, signed.encode(), self._algorithm)
        claims = json.loads(_decode(signed.partition(".")[2]))
        return Caller(UUID(claims["org"]), UUID(claims["sub"]), UUID(claims["sid"]))


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _plain(value: Any) -> Any:  # noqa: ANN401 a column's value
    return value if isinstance(value, str | int | None) else str(value)


def admit(caller: Caller) -> Act[bytes]:
    """Return the caller's sealed seed: the session stands."""
    values = (caller.organisation_id, caller.session_id, caller.account_id, datetime.now(UTC))
    rows = yield Ask(SESSION, values)
    if not rows:
        raise NotAdmitted
    sealed: bytes = rows[0][0]
    return sealed


@dataclass(frozen=True)
class ServiceSide:
    """The keys of the service itself: for names, and for the heads of the log."""

    names_key: bytes
    head_key: bytes


class OpenKeys:
    """What opens the fields of one row: the case key by version, the service's key for names."""

    def __init__(self, organisation_id: UUID, service_key: bytes) -> None:
        """Know the service's key."""
        self.organisation_id, self.service_key = organisation_id, service_key
        self.case_keys: dict[int, bytes] = {}

    def of_case(self, table: str, column: str, row: UUID, scope: UUID, sealed: bytes) -> str:
        """Return the text of a column sealed under the case key."""
        version = int.from_bytes(sealed[:4], "big")
        context = contexts.encode(
            "field", self.organisation_id, scope, table, column.removesuffix("_sealed"), row, version
        )
        return fields.open_(self.case_keys[version], context, sealed[4:]).decode()

    def name_of(self, account_id: UUID, sealed: bytes) -> str:
        """Return an account's display name."""
        version = int.from_bytes(sealed[:4], "big")
        organisation = self.organisation_id
        context = contexts.encode("field", organisation, organisation, "accounts", "display_name", account_id, version)
        return fields.open_(self.service_key, context, sealed[4:]).decode()


def selections(tables: Iterable[Table]) -> dict[str, Selection]:
    """Return what reads a table's rows of one case, by table; the case itself comes with what binds the caller to it."""
    found = {}
    for table in tables:
        columns = [column.name for column in table.columns]
        if table.name == "cases":
            sql = f"SELECT {', '.join(f'c.{name}' for name in columns)}, {BINDING}"
        else:
            sql = f"SELECT {', '.join(columns)} FROM {table.name} WHERE organisation_id = $1 AND case_id = $2"  # noqa: S608
        found[table.name] = Selection(sql, columns)
    return found


def open_case(
    caller: Caller, case_id: UUID, unlock_secret: str, part: str, service: ServiceSide, selects: dict[str, Selection]
) -> Act[bytes]:
    """Return one part of the case file as JSON, opened with the caller's key, the reading recorded."""
    sealed_seed = yield from admit(caller)
    organisation = caller.organisation_id
    rows = yield Ask(selects["cases"].sql, (organisation, case_id, caller.account_id))
    if not rows or rows[0][-1]:
        raise NotAdmitted
    session_context = contexts.encode("session", caller.account_id, caller.session_id)
    private = hpke.PrivateKey(fields.open_(_decode(unlock_secret), session_context, sealed_seed))
    keys = OpenKeys(organisation, service.names_key)
    for row in rows:
        version, sealed = row[-3], row[-2]
        context = contexts.encode("grant", organisation, case_id, version, caller.account_id, private.public)
        keys.case_keys[version] = private.open(sealed, context)
    yield from _record(caller, case_id, f"read.{part}", service.head_key)
    document: dict[str, Any] = {}
    if part == "file":
        document["case"] = _opened("cases", selects["cases"].columns, rows[0], case_id, keys)
    people: set[UUID] = set()
    for table in TABLES[part]:
        selection = selects[table]
        found = yield Ask(selection.sql, (organisation, case_id))
        document[table] = [_opened(table, selection.columns, row, case_id, keys) for row in found]
        if "account_id" in selection.columns:
            people |= {uuid_of(row[selection.columns.index("account_id")]) for row in found}
    if part == "file":
        marks = ", ".join(f"${number}" for number in range(2, 2 + len(people)))
        sql = f"SELECT id, display_name_sealed FROM accounts WHERE organisation_id = $1 AND id IN ({marks})"  # noqa: S608 only marks
        named = yield Ask(sql, (organisation, *people))
        document["names"] = {str(row[0]): keys.name_of(uuid_of(row[0]), row[1]) for row in named}
    return json.dumps(document, separators=(",", ":")).encode()


def _opened(table: str, columns: list[str], row: Any, case_id: UUID, keys: OpenKeys) -> dict[str, Any]:  # noqa: ANN401 a driver's row
    opened: dict[str, Any] = {}
    for name, value in zip(columns, row, strict=False):
        if name == "organisation_id":
            continue
        if name.endswith("_sealed"):
            opened[name] = None if value is None else keys.of_case(table, name, uuid_of(row[1]), case_id, value)
        else:
            opened[name] = _plain(value)
    return opened


def _record(caller: Caller, case_id: UUID, event: str, head_key: bytes) -> Act[None]:
    """The reading is in the chain of the case."""
    organisation = caller.organisation_id
    head = yield Ask(HEAD, (organisation, case_id), locks=True)
    sequence, previous = head[0][0] + 1, head[0][1]
    if not hmac.compare_digest(chain.authenticate(head_key, organisation, case_id, head[0][0], previous), head[0][2]):
        raise NotAdmitted
    at, salt = datetime.now(UTC).replace(second=0, microsecond=0), secrets.token_bytes(chain.SALT_BYTES)
    link = chain.Event(organisation, case_id, sequence, event, caller.account_id, at, ())
    digest = chain.link(previous, link)
    yield Put(EVENT, [(organisation, case_id, sequence, event, caller.account_id, at, "[]", salt, digest)])
    tag = chain.authenticate(head_key, organisation, case_id, sequence, digest)
    yield Put(NEW_HEAD, [(organisation, case_id, sequence, digest, tag)])


def list_cases(organisation_id: UUID, account_id: UUID) -> Act[bytes]:
    """Return a page of cases as JSON."""
    rows = yield Ask(LIST, (organisation_id, account_id))
    names = ("id", "reference", "state", "procedure", "received_on", "acknowledge_by", "acknowledged_on", "feedback_by")
    items = [dict(zip(names, map(_plain, row), strict=True)) for row in rows[:PAGE]]
    following = None
    if len(rows) > PAGE:
        following = base64.urlsafe_b64encode(uuid_of(rows[PAGE - 1][0]).bytes).rstrip(b"=").decode()
    return json.dumps({"items": items, "next": following}, separators=(",", ":")).encode()


def read_release(caller: Caller, release_id: UUID, body: bytes) -> Act[bytes]:
    """Return the bytes of a release: the session stands, and the release is of the caller's audience."""
    yield from admit(caller)
    rows = yield Ask(RELEASE, (caller.organisation_id, release_id))
    if not rows:
        raise NotAdmitted
    return body
