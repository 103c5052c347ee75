"""What nothing inside the service showed before is found: a whole case put back, a whole case removed, a whole database put back."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from typer.testing import CliRunner

from app.audit import verify as audit_verify
from app.audit.models import AuditEvent
from app.cli import app as commands
from app.crypto import bundles
from app.crypto.notes import Note, NoteMalformed
from app.kernel.db import read_one_moment, table_of
from app.prooflog import bundle, queries
from app.prooflog.models import LogCheckpoint, LogCosignature, LogHead, LogLeaf, LogNode
from app.prooflog.verify import LogResult
from app.prooflog.verify import verify as verify_log
from tests import conftest
from tests.builders import intake
from tests.builders.prooflog import WITNESS, log_key_of, organisation_of, sequenced, sequenced_on_the_next_day
from tests.conftest import Clock, Service

EVENTS = table_of(AuditEvent)
LEAVES, NODES, HEADS = table_of(LogLeaf), table_of(LogNode), table_of(LogHead)
CHECKPOINTS, COSIGNATURES = table_of(LogCheckpoint), table_of(LogCosignature)
Rows = dict[str, list[dict[str, Any]]]


async def faults_of_chains(service: Service) -> list[str]:
    """What the log of acts says, which knows nothing of the tree."""
    async with service.runtime.database.session(write=False) as session:
        await read_one_moment(session)
        return [fault.what for fault in (await audit_verify.verify(session, service.runtime.keys)).faults]


async def faults_of_tree(service: Service, *since: str) -> list[str]:
    """What the proof log says."""
    kept = [Note.read(text) for text in since]
    async with service.runtime.database.session(write=False) as session:
        return [fault.what for fault in (await verify_log(session, service.runtime.log_seed, LogResult(), kept)).faults]


async def newest_note(service: Service) -> str:
    """The newest checkpoint, as an auditor keeps it."""
    async with service.runtime.database.session(write=False) as session:
        found = await queries.newest_checkpoint(session, await organisation_of(service), public=False)
        assert found is not None
        return found.note


async def exported(service: Service) -> dict[str, Any]:
    """The bundle."""
    async with service.runtime.database.session(write=False) as session:
        document: dict[str, Any] = json.loads(json.dumps(await bundle.export(session, await organisation_of(service))))
        return document


@pytest.fixture
async def case_id(service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock) -> UUID:
    """A case whose first events are in the log, and another one."""
    await intake.submitted(anonymous)
    submitted = await intake.submitted(anonymous)
    case_id = UUID(await intake.case_called(actors.case_officer, submitted["reference"]))
    await sequenced_on_the_next_day(service, clock)
    await actors.case_officer.sign_in()
    return case_id


def of_case(rows: Rows, case_id: UUID) -> Rows:
    """The rows of one case, its chain included."""
    identities = {row["id"] for row in rows["sealed_identities"] if row["case_id"] == case_id}
    escrows = {row["id"] for row in rows["case_key_escrows"] if row["case_id"] == case_id}
    return {
        table: [
            row
            for row in found
            if case_id in {row.get("case_id"), row.get("chain_id"), row["id"] if table == "cases" else None}
            or row.get("identity_id") in identities
            or row.get("escrow_id") in escrows
        ]
        for table, found in rows.items()
        if not table.startswith("log_")
    }


async def exchange(service: Service, case_id: UUID, earlier: Rows) -> None:
    """The rows of the case are those of `earlier`, all others as they are."""
    now = await conftest._snapshot(service.runtime)
    own = of_case(now, case_id)
    state = {
        table: [row for row in found if row not in own.get(table, [])] + earlier.get(table, [])
        for table, found in now.items()
    }
    await conftest._put_back(service.runtime, state)


async def acknowledged(actors: SimpleNamespace, case_id: UUID) -> None:
    """The case officer has acknowledged the case."""
    answer = await actors.case_officer.post(f"/v1/cases/{case_id}/acknowledgement", json={})
    assert answer.is_success, answer.text


async def test_a_whole_case_put_back_to_an_earlier_state_is_found(
    service: Service, actors: SimpleNamespace, case_id: UUID
) -> None:
    earlier = of_case(await conftest._snapshot(service.runtime), case_id)
    await acknowledged(actors, case_id)
    await sequenced(service)
    assert await faults_of_chains(service) == await faults_of_tree(service) == []
    await exchange(service, case_id, earlier)
    assert await faults_of_chains(service) == []
    assert set(await faults_of_tree(service)) == {"an event that is in the log is gone"}


async def test_a_whole_case_that_was_removed_is_found(service: Service, case_id: UUID) -> None:
    await exchange(service, case_id, {})
    assert await faults_of_chains(service) == []
    assert set(await faults_of_tree(service)) == {"an event that is in the log is gone"}


async def test_removing_the_leaves_too_hides_nothing(service: Service, case_id: UUID) -> None:
    await exchange(service, case_id, {})
    async with service.runtime.database.session(write=True) as session:
        await session.execute(delete(LEAVES).where(LEAVES.c.chain_id == case_id))
    assert await faults_of_tree(service) != []


async def test_a_whole_database_put_back_is_found_by_a_checkpoint_that_was_kept_elsewhere(
    service: Service, actors: SimpleNamespace, case_id: UUID
) -> None:
    earlier, kept_before = await conftest._snapshot(service.runtime), await newest_note(service)
    await acknowledged(actors, case_id)
    await sequenced(service)
    kept = await newest_note(service)
    assert await faults_of_tree(service, kept, kept_before) == []
    await conftest._put_back(service.runtime, earlier)
    assert await faults_of_chains(service) == await faults_of_tree(service, kept_before) == []
    missing = "the log does not contain a checkpoint that was kept elsewhere"
    assert await faults_of_tree(service, kept) == [missing]
    await acknowledged(actors, case_id)
    await sequenced(service)
    assert await faults_of_tree(service, kept, kept_before) == [missing]


async def test_what_was_kept_must_be_a_checkpoint_of_a_log_of_this_service(service: Service, case_id: UUID) -> None:
    note = Note.read(await newest_note(service))
    for stranger in (note.text.replace("candour", "other"), note.text.replace("\n", "0\n", 1)):
        with pytest.raises(NoteMalformed):
            await faults_of_tree(service, Note(stranger, note.signatures).to_text())


async def test_erasing_the_salts_of_a_case_leaves_the_tree_verifiable(
    service: Service, case_id: UUID, clock: Clock
) -> None:
    kept = await newest_note(service)
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(EVENTS).where(EVENTS.c.chain_id == case_id).values(salt=b""))
    assert await faults_of_tree(service, kept) == []
    await sequenced_on_the_next_day(service, clock)
    document, log_key = await exported(service), await log_key_of(service)
    (chain,) = [one for one in document["chains"] if one["chain"] == str(case_id)]
    assert {event["blind"] for event in chain["events"]} == {None}
    checked = bundles.verify_bundle(document, log_key, kept=[kept], erased=len(chain["events"]))
    assert (checked.faults, checked.unchecked) == ([], len(chain["events"]))
    assert len(bundles.verify_bundle(document, log_key, kept=[kept]).faults) == 1


async def test_erasing_a_whole_case_leaves_the_tree_verifiable(service: Service, case_id: UUID, clock: Clock) -> None:
    kept = await newest_note(service)
    await exchange(service, case_id, {})
    await sequenced_on_the_next_day(service, clock)
    document, log_key = await exported(service), await log_key_of(service)
    checked = bundles.verify_bundle(document, log_key, kept=[kept], erased=3)
    assert (checked.faults, checked.without_event) == ([], 3)
    assert len(bundles.verify_bundle(document, log_key, kept=[kept], erased=2).faults) == 1


async def test_a_bundle_has_no_fault_at_whatever_moment_it_is_exported(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    log_key, waiting = await log_key_of(service), []

    async def found() -> None:
        checked = bundles.verify_bundle(await exported(service), log_key)
        assert (checked.faults, checked.without_event, checked.unchecked) == ([], 0, 0)
        waiting.append(checked.waiting)

    await sequenced(service)
    await found()
    submitted = await intake.submitted(anonymous)  # waits until its day is over, and what staff do after it does not
    await acknowledged(actors, UUID(await intake.case_called(actors.case_officer, submitted["reference"])))
    await found()
    await sequenced(service)
    await found()
    clock.advance(timedelta(days=1))
    await intake.submitted(anonymous)
    await found()
    await sequenced(service)
    await found()
    await sequenced_on_the_next_day(service, clock)
    await found()
    assert waiting[1] > waiting[2] > waiting[0]
    assert waiting[3] > waiting[4] > waiting[5] == 0


async def test_a_bundle_holds_no_content_and_no_salt(service: Service, case_id: UUID) -> None:
    text = json.dumps(await exported(service))
    async with service.runtime.database.session(write=False) as session:
        salts = (await session.execute(select(EVENTS.c.salt))).scalars().all()
    assert [salt for salt in salts if salt.hex() in text] == []
    assert [word for word in (intake.HEADLINE, intake.NARRATIVE, *intake.STATEMENTS) if word in text] == []


async def _drop_leaf(session: AsyncSession) -> None:
    await session.execute(delete(LEAVES).where(LEAVES.c.position == 3))


async def _drop_last_leaf(session: AsyncSession) -> None:
    last = await session.scalar(select(HEADS.c.size))
    await session.execute(delete(LEAVES).where(LEAVES.c.position == (last or 0) - 1))


async def _edit_leaf(session: AsyncSession) -> None:
    await session.execute(update(LEAVES).where(LEAVES.c.position == 3).values(hash=bytes(32)))


async def _exchange_leaves(session: AsyncSession) -> None:
    for before, after in ((3, 1_000), (4, 3), (1_000, 4)):
        await session.execute(update(LEAVES).where(LEAVES.c.position == before).values(position=after))


async def _add_leaf(session: AsyncSession) -> None:
    leaf: dict[str, Any] = dict((await session.execute(select(LEAVES).where(LEAVES.c.position == 0))).mappings().one())
    size = await session.scalar(select(HEADS.c.size))
    await session.execute(insert(LEAVES), [{**leaf, "position": size, "sequence": 1_000}])


async def _edit_node(session: AsyncSession) -> None:
    await session.execute(update(NODES).where(NODES.c.level == 1, NODES.c.position == 0).values(hash=bytes(32)))


async def _drop_node(session: AsyncSession) -> None:
    await session.execute(delete(NODES).where(NODES.c.level == 2, NODES.c.position == 0))


async def _edit_salt(session: AsyncSession) -> None:
    await session.execute(update(EVENTS).where(EVENTS.c.actor_id.is_not(None)).values(salt=bytes(16)))


async def _edit_link(session: AsyncSession) -> None:
    await session.execute(update(EVENTS).where(EVENTS.c.actor_id.is_not(None)).values(hash=bytes(32)))


async def _edit_root(session: AsyncSession) -> None:
    await session.execute(update(CHECKPOINTS).values(root=bytes(32)))


async def _edit_note(session: AsyncSession) -> None:
    note = (await session.execute(select(CHECKPOINTS.c.note).limit(1))).scalar_one()
    await session.execute(update(CHECKPOINTS).values(note=note.replace("candour", "other")))


async def _drop_checkpoint(session: AsyncSession) -> None:
    await session.execute(delete(CHECKPOINTS))


async def _edit_head(session: AsyncSession) -> None:
    await session.execute(update(HEADS).values(frontier=bytes(32)))


async def _drop_head(session: AsyncSession) -> None:
    await session.execute(delete(HEADS))


async def _forge_cosignature(session: AsyncSession) -> None:
    place = (await session.execute(select(CHECKPOINTS.c.organisation_id, CHECKPOINTS.c.size).limit(1))).mappings().one()
    row = {**place, "witness": WITNESS.verifier.vkey, "signature": bytes(72)}
    await session.execute(insert(COSIGNATURES), [row])


async def _cosign_nothing(session: AsyncSession) -> None:
    place = (await session.execute(select(CHECKPOINTS.c.organisation_id).limit(1))).mappings().one()
    await session.execute(insert(COSIGNATURES), [{**place, "size": 1_000, "witness": "canary", "signature": b""}])


ATTACKS = (
    _drop_leaf, _drop_last_leaf, _edit_leaf, _exchange_leaves, _add_leaf, _edit_node, _drop_node, _edit_salt, _edit_link,
    _edit_root, _edit_note, _drop_checkpoint, _edit_head, _drop_head, _forge_cosignature, _cosign_nothing,
)  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
async def test_whatever_was_altered_in_the_tables_of_the_log_is_found(
    service: Service, attack: Callable[[AsyncSession], Awaitable[None]]
) -> None:
    await sequenced(service)
    assert await faults_of_tree(service) == []
    async with service.runtime.database.session(write=True) as session:
        await attack(session)
    assert await faults_of_tree(service) != []


async def test_an_event_that_never_entered_the_log_is_found(service: Service, case_id: UUID, clock: Clock) -> None:
    await sequenced_on_the_next_day(service, clock)
    await sequenced_on_the_next_day(service, clock)
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(LEAVES).where(LEAVES.c.chain_id == case_id).values(chain_id=UUID(int=1)))
    assert "an event is not in the log" in await faults_of_tree(service)


async def test_the_commands_check_and_export_the_log(
    service: Service, case_id: UUID, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = service.runtime.settings
    monkeypatch.setenv("CANDOUR_DATA_FOLDER", str(settings.data_folder))
    monkeypatch.setenv("CANDOUR_DATABASE_URL", settings.effective_database_url)
    kept, stranger, file = tmp_path / "kept", tmp_path / "stranger", tmp_path / "bundle.json"
    kept.write_text(await newest_note(service))
    stranger.write_text("canary")

    async def told(*arguments: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, commands, list(arguments))
        return result.exit_code, result.output

    code, output = await told("audit", "verify", "--since", str(kept))
    assert (code, "0 faults" in output) == (0, True), output
    assert (await told("audit", "verify", "--since", str(stranger)))[0] == 2
    assert await told("audit", "export", str(file)) == (0, "")
    assert file.stat().st_mode & 0o777 == 0o400
    checked = bundles.verify_bundle(json.loads(file.read_text()), await log_key_of(service), kept=[kept.read_text()])
    assert (checked.faults, checked.without_event) == ([], 0)
    async with service.runtime.database.session(write=True) as session:
        await _drop_leaf(session)
    code, output = await told("audit", "verify")
    assert (code, "a leaf of the log is missing" in output) == (1, True), output
