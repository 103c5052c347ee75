"""The log on a database: appending to one chain and to many, taking events into the tree, verifying all of it."""

import asyncio
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, func, select

from app.allegations.models import Theme
from app.audit import log
from app.audit import verify as audit_verify
from app.audit.models import AuditEvent, AuditHead
from app.crypto import contexts
from app.kernel import clock
from app.kernel.db import Base, insert_rows, table_of
from app.kernel.ids import new_id
from app.prooflog import sequencer
from app.prooflog import verify as log_verify
from app.prooflog.models import LogCheckpoint, LogHead, LogLeaf, LogNode
from scripts.benchmark.deployment import Deployment, NotAsItShouldBe
from scripts.benchmark.floor_intake import insert_of
from scripts.benchmark.sealing import Work
from scripts.benchmark.stores import Act, Ask, Put

AT_ONCE, EACH = 8, 4
"""How many tasks append at once, and how many events each appends in a call, one in a transaction."""
CHAIN = 100
"""Events of one chain, where there are many."""
_EVENTS, _HEADS, _THEMES = table_of(AuditEvent), table_of(AuditHead), table_of(Theme)
_LEAVES, _NODES, _CHECKPOINTS = table_of(LogLeaf), table_of(LogNode), table_of(LogCheckpoint)
_TREE = (_LEAVES, _NODES, _CHECKPOINTS, table_of(LogHead))
_HOLD = "SELECT sequence, hash FROM audit_heads WHERE organisation_id = $1 AND chain_id = $2"
_MOVE = "UPDATE audit_heads SET sequence = $3, hash = $4 WHERE organisation_id = $1 AND chain_id = $2"
_PENDING = """
    SELECT chain_id, sequence, salt, hash FROM audit_events WHERE organisation_id = $1 AND hash > $2 ORDER BY hash LIMIT $3
"""


def theme_of(organisation_id: UUID, case_id: UUID) -> dict[str, Any]:
    """Return a row that an event is about: its ciphertexts have the usual lengths, and open nowhere."""
    return {
        "organisation_id": organisation_id, "id": new_id(), "case_id": case_id, "position": 1, "merged_into_id": None,
        "label_sealed": secrets.token_bytes(60), "title_sealed": secrets.token_bytes(120), "version": 1,
    }  # fmt: skip


class Sizes:
    """Buffers as long as what the log hashes: an event about one row, and that row."""

    def __init__(self, organisation_id: UUID) -> None:
        """Make them once."""
        row = theme_of(organisation_id, organisation_id)
        values = [value if isinstance(value, bytes) else str(value).encode() for value in row.values() if value]
        parts = [part for name, value in zip(row, values, strict=False) for part in (name.encode(), value)]
        self.row = bytes(len(contexts.encode("row", "themes", *parts)))
        self.touched = json.dumps([["themes", str(row["id"]), "0" * 64]], separators=(",", ":"))
        place = (organisation_id, organisation_id, 1, "theme.added", bytes(16), "2026-01-05T10:00:00+00:00")
        self.event = bytes(1 + 32 + len(contexts.encode("event", *place, self.touched)))
        self.blinding = bytes(len(contexts.encode("log-entry", organisation_id)))


class Appending:
    """AT_ONCE tasks append at once. The floor reads and holds the head, as no chain can do without, and writes the same rows."""

    def __init__(self, deployment: Deployment) -> None:
        """Have no chain yet."""
        self.deployment, self.actor = deployment, deployment.officer.account_id
        self.organisations = {"ours": uuid4(), "floor": uuid4()}
        self.one, self.many = uuid4(), [uuid4() for _ in range(AT_ONCE)]
        self.insert = insert_of(_EVENTS)
        self.sizes = Sizes(deployment.organisation_id)
        self.row = theme_of(deployment.organisation_id, deployment.cast.proved)

    async def prepare(self) -> None:
        """Every chain has its first event."""
        for organisation_id in self.organisations.values():
            for chain_id in (self.one, *self.many):
                await self._append(organisation_id, chain_id, 1)

    async def _append(self, organisation_id: UUID, chain_id: UUID, times: int = EACH) -> None:
        entry = log.Entry("theme.added", [("themes", self.row)])
        for _ in range(times):
            async with self.deployment.runtime.database.session(write=True) as session:
                at = clock.to_the_minute()
                await log.append(session, organisation_id, chain_id, [entry], actor_id=self.actor, at=at)

    async def _append_bare(self, organisation_id: UUID, chain_id: UUID) -> None:
        for _ in range(EACH):
            await self.deployment.store.write(lambda: self._act(organisation_id, chain_id))

    def _act(self, organisation_id: UUID, chain_id: UUID) -> Act[None]:
        rows = yield Ask(_HOLD, (organisation_id, chain_id), locks=True)
        sequence, previous = rows[0]
        salt = secrets.token_bytes(16)
        hmac.digest(salt, self.sizes.row, sha256).hex()
        link = sha256(previous + self.sizes.event).digest()
        columns = {
            "organisation_id": organisation_id, "chain_id": chain_id, "sequence": sequence + 1, "event": "theme.added",
            "actor_id": self.actor, "at": clock.to_the_minute(), "touched": self.sizes.touched, "salt": salt, "hash": link,
        }  # fmt: skip
        yield Put(self.insert, [tuple(columns[column.name] for column in _EVENTS.columns)])
        yield Put(_MOVE, [(organisation_id, chain_id, sequence + 1, link)])

    def work(self, name: str, what: str, chains: Sequence[UUID]) -> Work:
        """Return the appending to these chains, one task for each."""

        async def ours() -> None:
            await asyncio.gather(*(self._append(self.organisations["ours"], one) for one in chains))

        async def floor() -> None:
            await asyncio.gather(*(self._append_bare(self.organisations["floor"], one) for one in chains))

        return Work(name, what, ours, floor, units=AT_ONCE * EACH)

    def works(self) -> list[Work]:
        """Return both ways to append."""
        return [
            self.work("append, global", f"{AT_ONCE} at once, one chain for all", [self.one] * AT_ONCE),
            self.work("append, per case", f"{AT_ONCE} at once, a chain for each", self.many),
        ]


async def add_events(deployment: Deployment, organisation_id: UUID, rows: Sequence[dict[str, Any]]) -> None:
    """Each of the rows has an event, CHAIN of them on each chain, in one transaction."""
    actor, at = deployment.officer.account_id, clock.to_the_minute()
    async with deployment.runtime.database.session(write=True) as session:
        for start in range(0, len(rows), CHAIN):
            entries = [log.Entry("theme.added", [("themes", row)]) for row in rows[start : start + CHAIN]]
            await log.append(session, organisation_id, uuid4(), entries, actor_id=actor, at=at, is_new=True)


class Sequencing:
    """Events that wait are taken into a tree that is empty before each call. Both trees are of the same events."""

    def __init__(self, deployment: Deployment, number: int) -> None:
        """Have no event yet."""
        self.deployment, self.number = deployment, number
        self.organisation_id, self.floor_id = uuid4(), uuid4()
        self.signer = sequencer.signer_of(deployment.runtime, self.organisation_id)
        self.private = Ed25519PrivateKey.generate()
        self.blinding = Sizes(deployment.organisation_id).blinding
        self.inserts = {table: insert_of(table) for table in (_LEAVES, _NODES, _CHECKPOINTS)}

    async def prepare(self) -> None:
        """The events wait."""
        row = theme_of(self.deployment.organisation_id, self.deployment.cast.proved)
        await add_events(self.deployment, self.organisation_id, [row] * self.number)

    async def empty(self) -> None:
        """Nothing is in either tree."""
        async with self.deployment.runtime.database.session(write=True) as session:
            for table in _TREE:
                of_both = table.c.organisation_id.in_((self.organisation_id, self.floor_id))
                await session.execute(delete(table).where(of_both))

    async def ours(self) -> None:
        """As the worker does it, batch by batch."""
        may_be_more = True
        while may_be_more:
            async with self.deployment.runtime.database.session(write=True) as session:
                may_be_more = await sequencer.sequence(session, self.signer, self.organisation_id)

    async def floor(self) -> None:
        """Read, hash, insert and sign, in batches of the same size."""
        size, last = 0, b""
        while size < self.number:
            size, last = await self.deployment.store.write(lambda size=size, last=last: self._act(size, last))  # type: ignore[misc]

    def _act(self, size: int, last: bytes) -> Act[tuple[int, bytes]]:
        events = yield Ask(_PENDING, (self.organisation_id, last, sequencer.BATCH))
        leaves, nodes = [], []
        for chain_id, sequence, salt, link in events:
            blind = hmac.digest(salt, self.blinding, sha256)
            leaf = sha256(b"\x00" + hmac.digest(blind, link, sha256)).digest()
            leaves.append((self.floor_id, size, chain_id, sequence, leaf))
            index, level = size, 0
            while index % 2:
                index, level = index // 2, level + 1
                nodes.append((self.floor_id, level, index, sha256(b"\x01" + leaf + leaf).digest()))
            size += 1
        note = self.private.sign(leaves[-1][-1]).hex()
        checkpoint = (self.floor_id, size, leaves[-1][-1], note, False)
        yield Put(self.inserts[_LEAVES], leaves)
        yield Put(self.inserts[_NODES], nodes)
        yield Put(self.inserts[_CHECKPOINTS], [checkpoint])
        return size, bytes(events[-1][-1])

    def work(self) -> Work:
        """Return the sequencing of all of them."""
        what = f"{self.number:,} events into the tree, checkpoints signed"
        return Work("sequence", what, self.ours, self.floor, units=self.number, before=self.empty)


class Verifying:
    """What `audit verify` checks: every event, every row that events name, every leaf and node of the tree."""

    def __init__(self, deployment: Deployment, number: int) -> None:
        """Have no event yet."""
        self.deployment, self.number, self.events = deployment, number, 0
        self.sizes = Sizes(deployment.organisation_id)
        self.tables = [one.name for one in Base.metadata.sorted_tables if one.name not in audit_verify.NOT_COMMITTED]

    async def prepare(self) -> None:
        """Every row has an event, and every event of staff is in the tree."""
        place = (self.deployment.organisation_id, self.deployment.cast.proved)
        rows = [theme_of(*place) for _ in range(self.number)]
        async with self.deployment.runtime.database.session(write=True) as session:
            await insert_rows(session, [(_THEMES, rows)])
        await add_events(self.deployment, place[0], rows)
        await sequencer.sequence_all(self.deployment.runtime)
        of_this = select(func.count()).where(_EVENTS.c.organisation_id == place[0])
        async with self.deployment.runtime.database.session(write=False) as session:
            self.events = (await session.execute(of_this)).scalar_one()

    async def leave_alone(self) -> None:
        """What other works left in the tables of the log is gone."""
        async with self.deployment.runtime.database.session(write=True) as session:
            for table in (_EVENTS, _HEADS, *_TREE):
                others = table.c.organisation_id != self.deployment.organisation_id
                await session.execute(delete(table).where(others))

    async def ours(self) -> None:
        """The whole command, but for starting Python.

        Raises:
            NotAsItShouldBe: it found a fault, or other events than are there.

        """
        runtime = self.deployment.runtime
        async with runtime.database.session(write=False) as session:
            found = await audit_verify.verify(session, runtime.keys)
            checked = await log_verify.verify(session, runtime.log_seed, found)
        if checked.faults or checked.events != self.events:
            raise NotAsItShouldBe(f"{checked.events} events checked, {len(checked.faults)} faults")

    async def floor(self) -> None:
        """Read every row of every table, and hash as often."""
        await self.deployment.store.read(self._act)

    def _act(self) -> Act[None]:
        salt, link = bytes(16), bytes(32)
        for _ in (yield Ask("SELECT * FROM audit_events ORDER BY organisation_id, chain_id, sequence", ())):
            sha256(self.sizes.event).digest()
        yield Ask("SELECT * FROM audit_heads", ())
        for name in self.tables:
            for _ in (yield Ask(f"SELECT * FROM {name}", ())):  # noqa: S608 names of our own tables
                hmac.digest(salt, self.sizes.row, sha256)
        for _ in (yield Ask("SELECT * FROM log_leaves ORDER BY organisation_id, position", ())):
            blind = hmac.digest(salt, self.sizes.blinding, sha256)
            sha256(hmac.digest(blind, link, sha256)).digest()
        for _ in (yield Ask("SELECT * FROM log_nodes", ())):
            sha256(bytes(65)).digest()

    def work(self) -> Work:
        """Return the verifying of everything, per event."""
        what = f"{self.events:,} events, as many rows, leaves and nodes"
        return Work("verify", what, self.ours, self.floor, units=self.events, before=self.leave_alone)


async def works(deployment: Deployment, number: int) -> AsyncIterator[Work]:
    """Yield the works of the log one by one, each prepared when it is wanted; `number` events are sequenced and verified."""
    appending = Appending(deployment)
    await appending.prepare()
    for work in appending.works():
        yield work
    sequencing = Sequencing(deployment, number)
    await sequencing.prepare()
    yield sequencing.work()
    verifying = Verifying(deployment, number)
    await verifying.prepare()
    yield verifying.work()
