"""Seals columns anew under the newest version of their key. Which columns there are is read from the mapped classes.

A value is replaced only while it still is the one that was opened, so that nothing written meanwhile is lost, and the
version of a row (its ETag) stays as it is, since what the row says has not changed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Table, Update, bindparam, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.crypto.columns import VERSION_BYTES, open_value, prefix, seal_value, version_of
from app.crypto.errors import SealBroken
from app.kernel.db import Base, table_of
from app.kernel.sealed import Sealed

_BEFORE, _AFTER = "before_", "after_"
OWN = "id"
"""The scope of what is sealed under the key of the very row that it stands in."""


@dataclass(frozen=True)
class SealedTable:
    """A table with columns that are sealed under one kind of key, and the column that says whose key."""

    table: Table
    scope: str
    columns: tuple[Sealed[Any], ...]

    def names(self) -> list[str]:
        """Return the names of the columns that hold the ciphertexts."""
        return [column.column for column in self.columns]

    def of_scope(self, organisation_id: UUID, scope: UUID) -> Any:  # noqa: ANN401 a clause
        """Return the condition on rows that are under the key of `scope`."""
        return (self.table.c.organisation_id == organisation_id) & (self.table.c[self.scope] == scope)

    @cached_property
    def replacement(self) -> Update:
        """The statement that replaces the ciphertexts of one row, if they are as they were."""
        as_before = [self.table.c[name].is_not_distinct_from(bindparam(_BEFORE + name)) for name in self.names()]
        place = (self.table.c.organisation_id == bindparam("organisation"), self.table.c.id == bindparam("row"))
        return (
            update(self.table)
            .where(*place, *as_before)
            .values({name: bindparam(_AFTER + name) for name in self.names()})
        )


@dataclass(frozen=True)
class OldRow:
    """One row that has values under older versions: its ciphertexts by column, before and after."""

    of: SealedTable
    organisation_id: UUID
    id: UUID
    before: Mapping[str, bytes | None]
    after: Mapping[str, bytes | None]

    @property
    def values(self) -> int:
        """Tell how many of its values were under older versions."""
        return sum(self.after[name] != value for name, value in self.before.items())


def tables_under(
    classes: Iterable[type[Base]], reference: str, owner: type[Base] | None = None
) -> tuple[SealedTable, ...]:
    """Return where those mapped classes hold what is sealed under keys that they name by `reference`; `owner`, by its own id."""
    found = []
    for model in classes:
        under = OWN if model is owner else reference
        columns = tuple(one for one in vars(model).values() if isinstance(one, Sealed) and one.under == under)
        if columns:
            found.append(SealedTable(table_of(model), under, columns))
    return tuple(found)


async def count(session: AsyncSession, table: SealedTable) -> Counter[int]:
    """Return how many values of the table, of whatever scope, are under each version of their keys."""
    found: Counter[int] = Counter()
    for name in table.names():
        column = table.table.c[name]
        under = func.substr(column, 1, VERSION_BYTES, type_=LargeBinary())
        counted = await session.execute(select(under, func.count()).where(column.is_not(None)).group_by(under))
        found.update({version_of(version): values for version, values in counted})
    return found


async def progress(
    session: AsyncSession, table: SealedTable, organisation_id: UUID, scope: UUID, version: int
) -> tuple[int, int]:
    """Return how many values of the scope the table holds, and how many of them are under that version."""
    counts = []
    for name in table.names():
        column = table.table.c[name]
        counts += [func.count(column), func.count(case((_is_under(column, [version]), 1)))]
    row = (await session.execute(select(*counts).where(table.of_scope(organisation_id, scope)))).one()
    return sum(row[::2]), sum(row[1::2])


async def old_rows(
    session: AsyncSession,
    table: SealedTable,
    organisation_id: UUID,
    scope: UUID,
    keys: Mapping[int, bytes],
    *,
    after: UUID | None,
    limit: int,
) -> tuple[list[dict[str, Any]], UUID | None]:
    """Return at most `limit` rows that have values under older versions than the newest of `keys`, and where to go on."""
    older = sorted(set(keys) - {max(keys)})
    columns = table.table.c
    statement = (
        select(columns.id, *(columns[name] for name in table.names()))
        .where(
            table.of_scope(organisation_id, scope), or_(*(_is_under(columns[name], older) for name in table.names()))
        )
        .order_by(columns.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(columns.id > after)
    rows = [dict(row) for row in (await session.execute(statement)).mappings()]
    return rows, rows[-1]["id"] if len(rows) == limit else None


def _is_under(column: Any, versions: Sequence[int]) -> Any:  # noqa: ANN401 a column and a clause
    return func.substr(column, 1, VERSION_BYTES).in_([prefix(version) for version in versions])


def seal_anew(
    table: SealedTable, organisation_id: UUID, scope: UUID, row: Mapping[str, Any], keys: Mapping[int, bytes]
) -> OldRow:
    """Return a row with each value that is under an older version of `keys` sealed under the newest. It costs 50 µs a value.

    Raises:
        SealBroken: a value does not open with the version of the key that it names.

    """
    newest = max(keys)
    before = {name: row[name] for name in table.names()}
    after = dict(before)
    for column in table.columns:
        sealed = before[column.column]
        if sealed is None or version_of(sealed) not in keys or version_of(sealed) == newest:
            continue
        place = (organisation_id, scope, column.table, column.name, row["id"])
        content = open_value(keys[version_of(sealed)], *place, sealed)
        after[column.column] = seal_value(keys[newest], newest, *place, content)
    return OldRow(table, organisation_id, row["id"], before, after)


def seal_all_anew(
    table: SealedTable, organisation_id: UUID, scope: UUID, rows: Iterable[Mapping[str, Any]], keys: Mapping[int, bytes]
) -> tuple[list[OldRow], list[UUID]]:
    """Return the rows sealed anew, and the keys of those of which a value does not open. Blocks."""
    done, broken = [], []
    for row in rows:
        try:
            done.append(seal_anew(table, organisation_id, scope, row, keys))
        except SealBroken:
            broken.append(row["id"])
    return done, broken


async def replace(session: AsyncSession, rows: Sequence[OldRow]) -> list[tuple[str, dict[str, Any]]]:
    """The rows have their new ciphertexts, but for rows that changed meanwhile, which stay as they are.

    Return each row that was changed as (table, columns), as `audit.log.append` takes them.
    """
    changed: list[tuple[str, dict[str, Any]]] = []
    for table in dict.fromkeys(row.of for row in rows):
        of_table = {row.id: row for row in rows if row.of is table}
        organisation_id = next(iter(of_table.values())).organisation_id
        values = [
            {
                "organisation": organisation_id,
                "row": row.id,
                **{_BEFORE + name: value for name, value in row.before.items()},
                **{_AFTER + name: value for name, value in row.after.items()},
            }
            for row in of_table.values()
        ]
        await session.execute(table.replacement, values)
        place = (table.table.c.organisation_id == organisation_id, table.table.c.id.in_(of_table))
        changed += [
            (table.table.name, dict(found))
            for found in (await session.execute(select(table.table).where(*place))).mappings()
            if all(found[name] == value for name, value in of_table[found["id"]].after.items())
        ]
    return changed
