"""Who takes the database, in whatever form: rows, and nothing that anybody said or is called."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.threats import artefacts
from tests.threats.adversary import erasure_keys
from tests.threats.conftest import Taken
from tests.threats.people import CREDENTIALS, IDENTITIES, PUBLIC


async def test_the_database_tells_which_cases_there_are_and_no_word_of_what_was_said(taken: Taken) -> None:
    played = taken.played
    assert played.planted.found_in(*taken.database) == played.of(PUBLIC)
    assert taken.opened() == set()

    states = {str(row["id"]): row["state"] for row in taken.tables["cases"]}
    cases = (played.case, played.second_case, played.sealed_case)
    assert states == dict(
        zip([one.ids["case_id"] for one in cases], ("released", "acknowledged", "received"), strict=True)
    )
    asked = {(row["purpose"], row["requester_id"]) for row in taken.tables["openings"]}
    investigator, officer = played.actors.investigator.account_id, played.actors.other_case_officer.account_id
    assert asked == {("identity", investigator), ("case_key", officer)}
    answered = [(row["kind"], row["account_id"]) for row in taken.tables["opening_answers"]]
    assert ("refusal", played.actors.third_custodian.account_id) in answered
    (finding,) = taken.tables["findings"]
    assert finding["outcome"] == "upheld"
    assert finding["author_id"] == played.actors.investigator.account_id
    assert {row["actor_id"] for row in taken.tables["audit_events"]} >= {played.actors.reviewer.account_id, None}


async def test_the_write_ahead_log_of_a_killed_process_tells_no_more_than_the_database(taken: Taken) -> None:
    if taken.is_sqlite:
        written_ahead = [(taken.crashed / "candour.db-wal").read_bytes()]
    else:
        written_ahead = await segments_of_the_server(taken)
    references = {row["reference"].encode() for row in taken.tables["cases"]}
    assert {one for one in references if any(one in part for part in written_ahead)} == references
    assert taken.played.planted.found_in(*written_ahead) <= taken.played.of(PUBLIC)


async def segments_of_the_server(taken: Taken) -> list[bytes]:
    """Return every segment of the write-ahead log that the server wrote to since the cases were played."""
    engine = create_async_engine(taken.address)
    async with engine.connect() as connection:
        folder = Path((await connection.execute(text("SHOW data_directory"))).scalar_one()) / "pg_wal"
    await engine.dispose()
    try:
        segments = [path for path in folder.iterdir() if path.is_file() and path.stat().st_mtime >= taken.began]
        return [path.read_bytes() for path in segments]
    except OSError:
        pytest.skip("the files of this server are not ours to read")


async def test_a_backup_opens_no_identity_whose_erasure_key_was_destroyed_since(taken: Taken, tmp_path: Path) -> None:
    played = taken.played
    if taken.is_sqlite:
        live = artefacts.tree_of(taken.crashed, tmp_path / "live") / "candour.db"
        backup = await artefacts.tables_of(artefacts.sqlite_address(artefacts.backup_of(live, tmp_path / "backup.db")))
    else:
        backup = await artefacts.restored(taken.database[0], taken.address, tmp_path)
    loot = {
        **taken.keys_folder,
        "tables": backup,
        "custodians": played.custodian_seeds,
        "passwords": {person.account_id: person.password for person in played.people().values()},
        "request_seeds": tuple(played.request_seeds.values()),
        "receipts": (played.receipt, played.sealed_receipt),
    }
    store = artefacts.tree_of(taken.crashed / "erasure-keys", tmp_path / "erasure-keys")
    everything = played.planted.all() - played.of(*CREDENTIALS, PUBLIC)
    assert taken.opened(**loot, erasure_keys=erasure_keys(store)) == everything

    for file in [path for path in store.rglob("*") if path.is_file()]:
        file.unlink()
    assert taken.opened(**loot, erasure_keys=erasure_keys(store)) == everything - played.of(*IDENTITIES)
