"""The sealed column: text goes in and comes out, ciphertext is what the database holds, bound to its row and column.

A TypeDecorator cannot see the row it works for, so that it could not bind a value to it; this descriptor can.
"""

import json
from contextvars import ContextVar
from typing import Any, Generic, TypeVar, overload
from uuid import UUID

from sqlalchemy import LargeBinary
from sqlalchemy.orm import mapped_column

from app.crypto.columns import open_value, seal_value, version_of
from app.crypto.errors import SealBroken
from app.kernel.keyring import ServiceKeys
from app.kernel.problems import Locked, Problem

T = TypeVar("T")
ORGANISATION = "organisation_id"
"""The scope of Tier 1: sealed under the service's key for the organisation."""
_OPENED = "_opened"
"""Where a row keeps what was opened of it, so that a text is opened once a request, however often it is looked at."""


class SealedContentBroken(Problem):
    """A sealed value does not open: it was altered, moved or damaged. Nothing of it is shown; tell the operator."""

    status = 500
    title = "A sealed value does not open"


class KeyTurned(Problem):
    """The key of the case was turned while your request was on its way, so that it holds the old one. Ask again."""

    status = 503
    title = "The key was turned at this moment"
    retry_after = 1


class OpenKeys:
    """The keys that one request may use: the service's, and those it was handed for cases or conversations."""

    def __init__(self, service: ServiceKeys) -> None:
        """Start with the service's keys alone."""
        self.service = service
        self._scopes: dict[tuple[UUID, int], bytes] = {}
        self._newest: dict[UUID, int] = {}

    def add(self, scope: UUID, version: int, key: bytes) -> None:
        """Let this request open and seal what is under `key` of a case or conversation."""
        self._scopes[scope, version] = key
        self._newest[scope] = max(version, self._newest.get(scope, 0))

    def forget(self, scope: UUID, version: int) -> None:
        """Let this request use that version no more: it was made in a transaction that came to nothing."""
        self._scopes.pop((scope, version), None)
        self._newest[scope] = max(self.held(scope), default=0)

    def held(self, scope: UUID) -> dict[int, bytes]:
        """Return every version of the key of a case or conversation that this request holds."""
        return {version: key for (held, version), key in self._scopes.items() if held == scope}

    def find(self, scope_name: str, scope: UUID, version: int | None) -> tuple[int, bytes]:
        """Return (version, key) for a scope; the newest version unless one is named.

        Raises:
            Locked: this request holds no such key.
            KeyTurned: it holds only older versions than the one that is named.

        """
        if scope_name == ORGANISATION:
            return self.service.for_organisation(scope, version)
        chosen = self._newest.get(scope) if version is None else version
        if chosen is None or (scope, chosen) not in self._scopes:
            raise KeyTurned if 0 < self._newest.get(scope, 0) < (chosen or 0) else Locked
        return chosen, self._scopes[scope, chosen]


open_keys: ContextVar[OpenKeys] = ContextVar("open_keys")


class Sealed(Generic[T]):
    """A column whose value exists in clear only while a request that holds its key runs.

    `under` names the attribute that holds the scope of the key: `case_id`, `grievance_id`, `id` of a case itself, or
    ORGANISATION for the service's own key (Tier 1).
    """

    def __init__(self, under: str, *, nullable: bool, is_json: bool) -> None:
        """Use `text`, `optional_text` or `json` instead."""
        self.under = under
        self.is_json = is_json
        self.nullable = nullable

    @staticmethod
    def text(under: str) -> "Sealed[str]":
        """A column of text."""
        return Sealed(under, nullable=False, is_json=False)

    @staticmethod
    def optional_text(under: str) -> "Sealed[str | None]":
        """A column of text that may be missing."""
        return Sealed(under, nullable=True, is_json=False)

    @staticmethod
    def json(under: str) -> "Sealed[Any]":
        """A column of any JSON value."""
        return Sealed(under, nullable=False, is_json=True)

    def __set_name__(self, owner: type, name: str) -> None:
        """Give the mapped class the column that holds the ciphertext."""
        self.name = name
        self.column = f"{name}_sealed"
        self.table = owner.__dict__["__tablename__"]
        column = mapped_column(
            self.column, LargeBinary, nullable=self.nullable, info={"sealed": f"under the key of {self.under}"}
        )
        setattr(owner, self.column, column)

    @overload
    def __get__(self, row: None, owner: type) -> "Sealed[T]": ...
    @overload
    def __get__(self, row: object, owner: type) -> T: ...
    def __get__(self, row: Any, owner: type) -> "Sealed[T] | T":
        """Return the value in clear.

        Raises:
            Locked: this request holds no key for it.
            SealedContentBroken: it was altered, or belongs to another row.

        """
        if row is None:
            return self
        sealed: bytes | None = getattr(row, self.column)
        opened: dict[str, tuple[bytes | None, T]] = row.__dict__.setdefault(_OPENED, {})
        known = opened.get(self.name)
        if known is None or known[0] is not sealed or self.is_json:  # what is JSON could be changed by who gets it
            opened[self.name] = known = (
                sealed,
                self.open(row.organisation_id, getattr(row, self.under), row.id, sealed),
            )
        return known[1]

    def __set__(self, row: Any, value: T) -> None:  # noqa: ANN401 any mapped row
        """Seal `value` into the row. The row must know its organisation, scope and id already."""
        setattr(row, self.column, self.seal(row.organisation_id, getattr(row, self.under), row.id, value))

    def seal(self, organisation_id: UUID, scope: UUID, row: UUID, value: T) -> bytes | None:
        """Return the ciphertext of `value` for that row: what Core statements on hot paths insert."""
        if value is None:
            return None
        version, key = open_keys.get().find(self.under, scope, None)
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")) if self.is_json else str(value)
        return seal_value(key, version, organisation_id, scope, self.table, self.name, row, plain.encode())

    def open(self, organisation_id: UUID, scope: UUID, row: UUID, sealed: bytes | None) -> T:
        """Return the value in clear of a ciphertext that was read from that row.

        Raises:
            Locked: this request holds no key for it.
            SealedContentBroken: it was altered, or belongs elsewhere.

        """
        if sealed is None:
            if not self.nullable:
                raise SealedContentBroken
            return None  # type: ignore[return-value]
        try:
            _, key = open_keys.get().find(self.under, scope, version_of(sealed))
            plain = open_value(key, organisation_id, scope, self.table, self.name, row, sealed).decode()
        except (SealBroken, KeyError, UnicodeDecodeError) as error:
            raise SealedContentBroken from error
        value: T = json.loads(plain) if self.is_json else plain  # type: ignore[assignment]
        return value
