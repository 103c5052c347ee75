"""Who reads what the process leaves or holds: its log, its folder for temporary files, its memory."""

import json
import resource
from collections.abc import AsyncIterator
from pathlib import Path
from signal import SIGKILL

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.builders import intake
from tests.threats.adversary import Keys, Loot
from tests.threats.artefacts import ObservedProcess
from tests.threats.conftest import Taken
from tests.threats.people import PUBLIC, done
from tests.threats.planting import Searched

LARGEST_BODY = 1_048_576


async def test_the_log_tells_nothing_of_what_went_through_the_process_however_much_it_tells(taken: Taken) -> None:
    assert taken.played.planted.found_in(taken.log) == set()
    lines = [json.loads(line) for line in taken.log.splitlines() if line.startswith(b"{")]
    assert {line["level"] for line in lines} >= {"DEBUG", "INFO"}
    told = taken.log.replace(taken.process.address.encode(), b"")
    assert [one for one in (b"127.0.0.1:", b"python-httpx", b"Bearer", b"/v1/") if one in told] == []


async def test_no_file_is_made_among_the_temporary_ones_not_even_for_the_largest_body(taken: Taken) -> None:
    almost = intake.a_grievance("anonymous", narrative="n", padding="x" * (LARGEST_BODY - 2_000))
    async with taken.process.client() as reporter:
        refused = await reporter.post(intake.grievances_of(), json=almost)
        too_large = await reporter.post(intake.grievances_of(), content=b"x" * (LARGEST_BODY + 1))
        form = await reporter.post(intake.grievances_of(), files={"file": b"x" * (LARGEST_BODY - 2_000)})
    assert (refused.status_code, too_large.status_code, form.status_code) == (422, 413, 415)
    assert taken.watch.seen() == b""
    (taken.process.temporary / "seen").touch()
    assert taken.watch.seen() != b""
    (taken.process.temporary / "seen").unlink()


@pytest.fixture
async def reporters_face(taken: Taken, tmp_path: Path) -> AsyncIterator[ObservedProcess]:
    """A process that was started after all was played, on the same database and folders, and serves reporters alone."""
    url = None if taken.is_sqlite else taken.address
    process = ObservedProcess(tmp_path, url, faces='["reporter"]')
    process.data = taken.process.data
    await process.start()
    yield process
    await process.end(SIGKILL)


async def test_a_process_for_reporters_holds_the_pepper_and_no_other_key_and_nothing_of_what_was_stored_before(
    taken: Taken, reporters_face: ObservedProcess
) -> None:
    played = taken.played
    async with reporters_face.client() as reporter:
        done(await reporter.post(intake.grievances_of(), json=intake.a_grievance()))
        assert (await reporter.get("/v1/cases")).status_code == 404
    memory = Searched(await reporters_face.memory())
    assert played.planted.found_by(memory) <= played.of(PUBLIC)

    known = Keys(
        Loot(taken.tables, passwords={p.account_id: p.password for p in played.people().values()}, **taken.keys_folder)
    )
    organisations = {row["id"] for row in taken.tables["organisations"]}
    of_cases = [key for scope, keys in known.scopes.items() if scope not in organisations for _, key in keys]
    of_accounts = [seed for seeds in known.seeds.values() for seed in seeds]
    assert (len(of_cases), len(of_accounts)) > (8, 10)
    assert memory.holds([*of_cases, *of_accounts, *taken.erasure_keys.values()]) == []

    folder = taken.process.data / "keys"
    of_staff = [*taken.keys_folder["service_keys"].values(), (folder / "log.key").read_bytes()]
    for file in folder.glob("tokens-*.pem"):
        private = load_pem_private_key(file.read_bytes(), None)
        assert isinstance(private, EllipticCurvePrivateKey)
        of_staff += [private.private_numbers().private_value.to_bytes(32), file.read_bytes().splitlines()[1]]
    assert len(of_staff) == 4, "the files of all these keys lie beside the one that it reads"
    assert memory.holds(of_staff) == []
    assert memory.holds([taken.keys_folder["pepper"]]) == [0], "it needs the pepper, and what is looked for is found"


async def test_no_process_of_the_same_user_reads_the_memory_of_the_service_and_no_core_is_dumped(
    tmp_path: Path,
) -> None:
    process = ObservedProcess(tmp_path, None)
    await process.start()
    try:
        assert process.process is not None
        assert resource.prlimit(process.process.pid, resource.RLIMIT_CORE) == (0, 0)
        await process.memory()
        assert b"dumpable: 0\n" in process.log.read_bytes()
    finally:
        await process.end(SIGKILL)


async def test_the_description_of_the_service_shows_nothing_of_what_it_holds(taken: Taken) -> None:
    async with taken.process.client() as anybody:
        answers = [await anybody.get(path) for path in ("/openapi.json", "/docs", "/problems", "/readyz", "/healthz")]
    assert {answer.status_code for answer in answers} == {200}
    assert taken.played.planted.found_in(*(answer.content for answer in answers)) == set()
