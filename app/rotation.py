"""Turns the service key over while the service runs: a new version, everything sealed anew under it, the old one removed.

Every Tier 1 column is found through the mapping, so that none is forgotten. The work is done in batches that can be killed at
any moment: what is still under an older version is what is left to do, and nothing else remembers it.
"""

import asyncio
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app import models
from app.accounts.models import Organisation
from app.audit import log
from app.audit.verify import NOT_COMMITTED, verify
from app.kernel import clock, resealing
from app.kernel.db import Base, hold_tables, may_be_repeated, read_one_moment
from app.kernel.keyring import KEY_BYTES, PEPPER, SERVICE, FileProvider, KeyFiles, KeyFilesUnsafe, Provider, ServiceKeys
from app.kernel.resealing import SealedTable
from app.kernel.runtime import Runtime
from app.kernel.sealed import ORGANISATION, OpenKeys, open_keys

__all__ = ["models", "rotate"]
BATCH = 100
GRACE_SECONDS = 60
"""How long a version stays after its successor was made: an act that had sealed under it by then has ended."""


class LogDoesNotVerify(Exception):
    """The log found something wrong, which sealing anew would vouch for."""


@dataclass
class Outcome:
    """What a rotation did."""

    version: int
    is_new: bool
    resealed: int = 0
    removed: list[int] = field(default_factory=list)
    rewrapped: int = 0
    broken: list[tuple[str, UUID]] = field(default_factory=list)
    """Table and key of each row of which a value does not open: it is as it was, and keeps the version that it names."""


Told = Callable[[int], None]
"""Is told how many values were sealed anew since the last time."""


@cache
def tier_one() -> tuple[SealedTable, ...]:
    """Return every table that has columns under the service's key, with those columns."""
    classes = [mapper.class_ for mapper in Base.registry.mappers]
    return tuple(sorted(resealing.tables_under(classes, ORGANISATION), key=lambda one: one.table.name))


async def count(session: AsyncSession) -> Counter[int]:
    """Return how many values are sealed under each version of the service key."""
    found: Counter[int] = Counter()
    for one in tier_one():
        found.update(await resealing.count(session, one))
    return found


async def rotate(runtime: Runtime, told: Told, *, grace: float | None = None, despite_faults: bool = False) -> Outcome:
    """Return what was done: everything is sealed under the newest version, and the others have no file any more.

    A rotation that was begun and not ended is ended first, without a new version. `grace` is in seconds.

    Raises:
        LogDoesNotVerify: nothing was done; `despite_faults` does it all the same.
        KeyFilesUnsafe: a value is under a version that has no file, or the key provider refuses or does not answer.

    """
    files, token = _files_of(runtime.keys), open_keys.set(OpenKeys(runtime.keys))
    try:
        async with runtime.database.session(write=False) as session:
            await read_one_moment(session)
            counted = await count(session)
            if not despite_faults and (await verify(session, runtime.keys)).faults:
                raise LogDoesNotVerify
        _require_all(counted, files)
        outcome = Outcome(runtime.keys.active, is_new=False)
        if files.versions() == [outcome.version]:
            is_new = _make_next(files, outcome.version + 1)
            outcome = Outcome(outcome.version + 1, is_new)
        await _reseal_all(runtime, outcome, told)
        await asyncio.sleep(_remaining(files, outcome.version, GRACE_SECONDS if grace is None else grace))
        await _reseal_all(runtime, outcome, told)
        outcome.removed = await _remove_unused(runtime, files, outcome.version)
        outcome.rewrapped = rewrap(files, files.provider)
        return outcome
    finally:
        open_keys.reset(token)


def rewrap(files: KeyFiles, earlier: Provider) -> int:
    """Return how many files were written anew: each holds what `earlier` opened, as the provider of the folder wraps it today.

    What is wrapped by the provider of the folder already is wrapped anew, so that this may be repeated after a failure.

    Raises:
        KeyFilesUnsafe: a file does not open, or the provider refuses; the files before it are done.

    """
    if files.provider.name == FileProvider.name == earlier.name:
        return 0
    keys = [*((SERVICE, version) for version in files.versions()), (PEPPER, 0)]
    for kind, version in keys:
        try:
            key = files.read(kind, version)
        except KeyFilesUnsafe:
            key = files.read(kind, version, earlier)
        files.replace(kind, version, key)
    return len(keys)


def _make_next(files: KeyFiles, version: int) -> bool:
    """Whether that version was made here; if not, another rotation made it at the same moment, and it serves both."""
    try:
        files.add(SERVICE, version, secrets.token_bytes(KEY_BYTES))
    except FileExistsError:
        return False
    return True


def _files_of(keys: ServiceKeys) -> KeyFiles:
    assert keys.files is not None  # noqa: S101 a runtime's keys come from files
    return keys.files


def _require_all(counted: Mapping[int, int], files: KeyFiles) -> None:
    missing = sorted(counted.keys() - set(files.versions()))
    if missing:
        message = f"values are sealed under versions that have no key file: {', '.join(map(str, missing))}"
        raise KeyFilesUnsafe(message)


def _remaining(files: KeyFiles, version: int, grace: float) -> float:
    """Return how many seconds of grace the versions before `version` still have."""
    return max(0.0, files.path(SERVICE, version).stat().st_mtime + grace - time.time())


async def _remove_unused(runtime: Runtime, files: KeyFiles, newest: int) -> list[int]:
    """Return the versions that were removed, while nobody writes: those that nothing is sealed under."""
    async with runtime.database.session(write=True) as session:
        await hold_tables(session, [one.table for one in tier_one()])
        counted = await count(session)
        unused = [version for version in files.versions() if version < newest and not counted[version]]
        for version in unused:
            files.remove(version)
        return unused


async def _reseal_all(runtime: Runtime, outcome: Outcome, told: Told) -> None:
    """Everything is under the version of the outcome, which says how many values were not, but for what does not open."""
    versions = [one for one in _files_of(runtime.keys).versions() if one <= outcome.version]
    outcome.broken = []
    async with runtime.database.session(write=False) as session:
        organisations = (await session.scalars(select(Organisation.id).order_by(Organisation.id))).all()
    for organisation_id in organisations:
        keys = {one: runtime.keys.for_organisation(organisation_id, one)[1] for one in versions}
        for table in tier_one():
            after: UUID | None = None
            while True:
                try:
                    async with runtime.database.session(write=True) as session:
                        values, broken, after = await _reseal_batch(session, table, organisation_id, keys, after)
                except DBAPIError as error:
                    if not may_be_repeated(error):
                        raise
                    continue
                told(values)
                outcome.resealed += values
                outcome.broken += [(table.table.name, row) for row in broken]
                if after is None:
                    break


async def _reseal_batch(
    session: AsyncSession, table: SealedTable, organisation_id: UUID, keys: Mapping[int, bytes], after: UUID | None
) -> tuple[int, list[UUID], UUID | None]:
    """Return how many values of the next rows are now under the newest of `keys`, which do not open, and where to go on."""
    place = (table, organisation_id, organisation_id)
    rows, after = await resealing.old_rows(session, *place, keys, after=after, limit=BATCH)
    done, broken = resealing.seal_all_anew(*place, rows, keys)
    made = {one.id: one for one in done}
    by_chain: defaultdict[UUID, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    values = 0
    for name, row in await resealing.replace(session, done):
        values += made[row["id"]].values
        by_chain[row.get("case_id") or organisation_id].append((name, row))
    for chain_id in sorted(by_chain):
        if table.table.name not in NOT_COMMITTED:
            entry = log.Entry("keys.resealed", by_chain[chain_id])
            await log.append(session, organisation_id, chain_id, [entry], actor_id=None, at=clock.to_the_minute())
    return values, broken, after
