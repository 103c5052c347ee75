"""The round of the worker: once a day it mixes what supporters wrote, brings identities to the vault, and tells what may be told.

One event a round names what changed, dated to the day: between two acts of staff, which are dated to the minute, an event for each
supporter would be dated too.
"""

import base64
import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.audit.log import Entry, columns_of
from app.crypto import hpke, identity
from app.crypto.errors import SealBroken
from app.crypto.ids import id_of
from app.intake.models import Supporter
from app.kernel import clock, logs
from app.kernel.db import table_of
from app.kernel.runtime import Runtime
from app.kernel.sealed import SealedContentBroken
from app.supporting import ballots, counts, tallies
from app.supporting.counts import Count, SupportCountAltered
from app.supporting.models import CountedSupporter, Mode, SupportCount, SupporterIdentity, SupportTally
from app.supporting.service import in_random_order
from app.supporting.tallies import Told
from app.vault import erasure, resharing, sealing, subjects
from app.vault.models import SealedIdentity
from app.vault.subjects import Kind

_SUPPORTERS = table_of(CountedSupporter)


@dataclass
class _Done:
    """What one round of one count changed: its entries for the log, and the erasure keys that go once that is kept."""

    entries: list[Entry] = field(default_factory=list)
    erased: list[UUID] = field(default_factory=list)


async def run_all(runtime: Runtime) -> None:
    """Every count has had its round; a second one on the same day finds nothing to do."""
    async with runtime.database.session(write=False) as session:
        ids = (await session.execute(select(SupportCount.organisation_id, SupportCount.id))).all()
    for organisation_id, count_id in ids:
        try:
            await _run(runtime, organisation_id, count_id)
        except (SupportCountAltered, SealedContentBroken):  # one that was altered must not keep the others from theirs
            _tell_operator("a count of supporters was altered")


def _tell_operator(event: str) -> None:
    logs.log.error(event, extra={"event": event})


async def _run(runtime: Runtime, organisation_id: UUID, count_id: UUID) -> None:
    async with runtime.database.session(write=False) as session:
        count = await _find(session, organisation_id, count_id, is_held=False)
        rows = await _supporters(session, count)
        choices = None
        private = count.private()
        if _is_to_be_tallied(count.row):
            choices = await runtime.slow.run(_open_all, private, count, rows)
    async with runtime.database.session(write=True) as session:
        count = await _find(session, organisation_id, count_id, is_held=True)
        done = _Done()
        await _mix(session, count)
        await _withdraw(session, count, done)
        await _bring_to_the_vault(session, count, private, done)
        await _tell(session, count, choices, done)
        if done.entries:
            await session.flush()
            place = (organisation_id, count.row.case_id)
            await log.append(session, *place, done.entries, actor_id=None, at=clock.start_of_day())
    for identity_id in done.erased:
        await runtime.slow.run(erasure.destroy, runtime.settings.erasure_folder, identity_id)


async def _find(session: AsyncSession, organisation_id: UUID, count_id: UUID, *, is_held: bool) -> Count:
    statement = select(SupportCount).where(SupportCount.organisation_id == organisation_id, SupportCount.id == count_id)
    row = (await session.execute(statement.with_for_update() if is_held else statement)).scalar_one()
    return await counts.whole(session, row)


async def _supporters(session: AsyncSession, count: Count) -> list[dict[str, Any]]:
    statement = select(_SUPPORTERS).where(
        _SUPPORTERS.c.organisation_id == count.row.organisation_id, _SUPPORTERS.c.count_id == count.row.id
    )
    return [dict(row) for row in (await session.execute(statement)).mappings()]


def _is_to_be_tallied(row: SupportCount) -> bool:
    """Whether the count ended on an earlier day, and was not told yet."""
    yesterday = clock.today() - timedelta(days=1)
    has_ended = row.ended_on is not None and row.ended_on <= yesterday
    return row.tallied_on is None and (has_ended or tallies.is_over(row.closes_on, None, clock.today()))


def _open_all(private: hpke.PrivateKey, count: Count, rows: list[dict[str, Any]]) -> dict[bytes, tuple[bool, ...]]:
    place, of = (count.row.organisation_id, count.row.id), len(count.allegations)
    found = {}
    for row in rows:
        try:
            found[row["lookup"]] = ballots.open_choice(private, *place, row["lookup"], row["choice"], of)
        except SealBroken:
            _tell_operator("the choice of a supporter was altered, and is not counted")
    return found


async def _mix(session: AsyncSession, count: Count) -> None:
    """What supporters wrote on earlier days is written anew in a random order: it has no order, one transaction and one day."""
    rows = await _supporters(session, count)
    if all(row["is_shuffled"] or row["changed_on"] >= clock.today() for row in rows):
        return
    first = count.row.opens_on
    settled = [
        row | {"id": id_of(first), "changed_on": first, "is_shuffled": True}
        for row in rows
        if row["changed_on"] < clock.today()
    ]
    mixed = in_random_order([*settled, *(row for row in rows if row["changed_on"] >= clock.today())])
    await session.execute(
        delete(_SUPPORTERS).where(
            _SUPPORTERS.c.organisation_id == count.row.organisation_id, _SUPPORTERS.c.count_id == count.row.id
        )
    )
    await session.execute(insert(_SUPPORTERS), mixed)


async def _identities(session: AsyncSession, count: Count, *conditions: Any) -> list[SupporterIdentity]:  # noqa: ANN401 clauses
    statement = select(SupporterIdentity).where(
        SupporterIdentity.organisation_id == count.row.organisation_id,
        SupporterIdentity.count_id == count.row.id,
        *conditions,
    )
    return in_random_order(list((await session.execute(statement)).scalars()))


async def _withdraw(session: AsyncSession, count: Count, done: _Done) -> None:
    """Of who withdrew no share is left, and their erasure keys go."""
    for left in await _identities(session, count, SupporterIdentity.is_withdrawn):
        done.erased.append(left.identity_id)
        if left.waiting is None:
            await _erase(session, left.organisation_id, left.identity_id, done)
        await session.delete(left)


async def _erase(session: AsyncSession, organisation_id: UUID, identity_id: UUID, done: _Done) -> None:
    row = await session.get(SealedIdentity, (organisation_id, identity_id))
    if row is None or row.erased_on is not None:
        return
    (subject,) = await subjects.load(session, Kind.IDENTITY, organisation_id, [identity_id])
    gone: list[Any] = [*subject.shares.values(), *await resharing.everything_of(session, organisation_id, identity_id)]
    await resharing.remove(session, gone)
    row.erased_on = clock.today()
    await session.flush()
    removed = [(one.__tablename__, one.id) for one in gone]
    done.entries.append(Entry("identity.withdrawn", [(row.__tablename__, columns_of(row))], removed))


async def _bring_to_the_vault(session: AsyncSession, count: Count, private: hpke.PrivateKey, done: _Done) -> None:
    """Who left an identity on an earlier day has it in the vault; of who left none, nothing is left."""
    waiting = (SupporterIdentity.waiting.is_not(None), SupporterIdentity.left_on < clock.today())
    moved: list[tuple[str, dict[str, Any]]] = []
    for left in await _identities(session, count, *waiting):
        assert left.marker is not None  # noqa: S101 the table says so
        assert left.waiting is not None  # noqa: S101
        place = (left.organisation_id, left.count_id, left.identity_id)
        if left.is_withdrawn:
            continue
        try:
            is_somebody = ballots.open_marker(private, *place, left.marker)
        except SealBroken:
            _tell_operator("the identity that a supporter left was altered, and stays where it is")
            continue
        if not is_somebody:
            done.erased.append(left.identity_id)
            await session.delete(left)
            continue
        rows = _rows(count, left.identity_id, left.waiting)
        for table, values in rows:
            await session.execute(insert(table), values)
            moved += [(table.name, columns) for columns in values]
        behind = Supporter(
            organisation_id=left.organisation_id,
            case_id=count.row.case_id,
            grievance_id=count.row.grievance_id,
            identity_id=left.identity_id,
            joined_on=clock.today(),
        )
        session.add(behind)
        left.marker = left.waiting = None
        await session.flush()
        moved.append((behind.__tablename__, columns_of(behind)))
    if moved:
        done.entries.append(Entry("identity.sealed", moved))


def _rows(count: Count, identity_id: UUID, waiting: bytes) -> sealing.Rows:
    content = json.loads(waiting)
    commitments = base64.b64decode(content["commitments"])
    sealed = identity.SealedIdentity(
        ciphertext=base64.b64decode(content["ciphertext"]),
        check=base64.b64decode(content["check"]),
        commitments=[commitments],
        shares={UUID(one): base64.b64decode(share) for one, share in content["shares"].items()},
    )
    return sealing.rows_of(count.row.organisation_id, count.row.case_id, {identity_id: sealed}, content["threshold"])


async def _tell(
    session: AsyncSession, count: Count, choices: dict[bytes, tuple[bool, ...]] | None, done: _Done
) -> None:
    row = count.row
    statement = select(SupportTally).where(
        SupportTally.organisation_id == row.organisation_id, SupportTally.count_id == row.id
    )
    told = {one.allegation_id: one for one in (await session.execute(statement)).scalars()}
    present = (await session.execute(select(func.count()).select_from(_SUPPORTERS).where(
        _SUPPORTERS.c.organisation_id == row.organisation_id, _SUPPORTERS.c.count_id == row.id
    ))).scalar_one()  # fmt: skip
    if count.mode is not Mode.TOKENS_BY_ALLEGATION:
        if told and present < row.threshold:
            for one in told.values():
                await session.delete(one)
            removed = [(one.__tablename__, one.id) for one in told.values()]
            done.entries.append(Entry("support.untold", removed=removed))
            told = {}
        else:
            await _tell_people(session, count, told.get(None), present, done)
    if choices is not None and row.tallied_on is None:
        await _tally(session, count, choices, done)


async def _tell_people(
    session: AsyncSession, count: Count, told: SupportTally | None, present: int, done: _Done
) -> None:
    """The number of people is told, at most once a day."""
    if told is not None and told.counted_on >= clock.today():
        return
    number = tallies.people(None if told is None else told.number, present, count.row.threshold)
    if number is None or (told is not None and told.number == number):
        return
    if told is None:
        told = _tally_of(count, None, Told(number, is_exact=True), clock.today())
        session.add(told)
    else:
        told.number, told.counted_on = number, clock.today()
    await session.flush()
    done.entries.append(Entry("support.told", [(told.__tablename__, columns_of(told))]))


async def _tally(session: AsyncSession, count: Count, choices: dict[bytes, tuple[bool, ...]], done: _Done) -> None:
    """What may be told of each allegation is told, this once; of few and of none it is nothing."""
    still_there = {row["lookup"] for row in await _supporters(session, count)}
    chosen = [one for lookup, one in choices.items() if lookup in still_there]
    row = count.row
    if count.mode is Mode.TOKENS_BY_ALLEGATION:
        supporting = [sum(one[number] for one in chosen) for number in range(len(count.allegations))]
        found = [tallies.of_allegation(number, row.roll, row.threshold) for number in supporting]
    else:
        found = tallies.by_allegation(chosen, len(count.allegations), row.threshold)
    made = [
        _tally_of(count, allegation.id, told, clock.today())
        for allegation, told in zip(count.allegations, found, strict=True)
        if told is not None
    ]
    session.add_all(made)
    row.tallied_on = clock.today()
    await session.flush()
    touched = [(one.__tablename__, columns_of(one)) for one in (row, *made)]
    done.entries.append(Entry("support.tallied", touched))


def _tally_of(count: Count, allegation_id: UUID | None, told: Told, day: date) -> SupportTally:
    return SupportTally(
        organisation_id=count.row.organisation_id,
        case_id=count.row.case_id,
        count_id=count.row.id,
        allegation_id=allegation_id,
        number=told.number,
        is_exact=told.is_exact,
        counted_on=day,
    )
