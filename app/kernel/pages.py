"""Pages of a list by keyset: no totals, no offsets, the same cost at the start and at the end."""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel
from sqlalchemy import Select

from app.kernel.problems import InvalidInput

DEFAULT_SIZE = 50
MOST = 200
_NUMBER = re.compile(r"[0-9]{1,9}")
_NOT_A_CURSOR = {"in": "query", "pointer": "/cursor", "rule": "must be the `next` of an earlier page"}
T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page of a list. `next` is the cursor of the page after it, or null at the end."""

    items: list[T]
    next: str | None = None


class PageQuery:
    """Which page is asked for."""

    def __init__(self, limit: int = DEFAULT_SIZE, cursor: str | None = None) -> None:
        """Read the query.

        Raises:
            InvalidInput: the cursor is not one of ours.

        """
        self.limit = limit
        self.after = None if cursor is None else _read_cursor(cursor)

    def apply(self, statement: Select[*tuple[Any, ...]], key: Any) -> Select[*tuple[Any, ...]]:  # noqa: ANN401 any column
        """Return the statement cut to this page plus one row, newest key first."""
        if self.after is not None:
            statement = statement.where(key < self.after)
        return statement.order_by(key.desc()).limit(self.limit + 1)

    def cut(self, rows: Sequence[Any]) -> tuple[Sequence[Any], str | None]:
        """Return the rows of this page and the cursor of the next, from what `apply` brought. Rows have an `id`."""
        if len(rows) <= self.limit:
            return rows, None
        kept = rows[: self.limit]
        return kept, base64.urlsafe_b64encode(kept[-1].id.bytes).rstrip(b"=").decode()


class NumberedPageQuery:
    """Which page is asked for of a list whose rows are numbered."""

    def __init__(self, limit: int = DEFAULT_SIZE, cursor: str | None = None) -> None:
        """Read the query.

        Raises:
            InvalidInput: the cursor is not one of ours.

        """
        self.limit = limit
        if cursor is not None and not _NUMBER.fullmatch(cursor):
            raise InvalidInput(errors=[_NOT_A_CURSOR])
        self.before = None if cursor is None else int(cursor)

    def apply(self, statement: Select[*tuple[Any, ...]], number: Any) -> Select[*tuple[Any, ...]]:  # noqa: ANN401 any column
        """Return the statement cut to this page plus one row, highest number first."""
        if self.before is not None:
            statement = statement.where(number < self.before)
        return statement.order_by(number.desc()).limit(self.limit + 1)

    def cut(self, rows: Sequence[Any]) -> tuple[Sequence[Any], str | None]:
        """Return the rows of this page and the cursor of the next, from what `apply` brought. Rows have a `number`."""
        kept = rows[: self.limit]
        return kept, str(kept[-1].number) if len(rows) > self.limit else None


def _read_cursor(cursor: str) -> UUID:
    try:
        return UUID(bytes=base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise InvalidInput(errors=[_NOT_A_CURSOR]) from error


_Limit = Annotated[int, Query(ge=1, le=MOST, description="How many items at most.")]
_Cursor = Annotated[str | None, Query(max_length=64, description="`next` of the page before.")]


async def _page_of(limit: _Limit = DEFAULT_SIZE, cursor: _Cursor = None) -> PageQuery:
    """Return the page asked for. It is async, since the framework sends what is not to a thread."""
    return PageQuery(limit, cursor)


async def _numbered_page_of(limit: _Limit = DEFAULT_SIZE, cursor: _Cursor = None) -> NumberedPageQuery:
    return NumberedPageQuery(limit, cursor)


PageOf = Annotated[PageQuery, Depends(_page_of)]
"""The page query of a list route."""
NumberedPageOf = Annotated[NumberedPageQuery, Depends(_numbered_page_of)]
"""The page query of a list route whose rows are numbered."""
