"""Key files on somebody's own machine; and that the client is the client alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.people import PASSPHRASE, ROOT, Person

ON_ITS_OWN = """
import sys
sys.argv = ["app", "client", "--help"]
import runpy
try:
    runpy.run_module("app", run_name="__main__")
except SystemExit:
    print("\\n".join(sys.modules))
"""


def test_the_client_starts_without_a_line_of_the_service() -> None:
    made = subprocess.run([sys.executable, "-c", ON_ITS_OWN], cwd=ROOT, check=True, capture_output=True, text=True)
    modules = set(made.stdout.split())
    assert {"app.client.cli", "app.crypto.hpke", "httpx"} <= modules
    ours = {name for name in modules if name.startswith("app.")}
    allowed = ("app.client", "app.crypto", "app.detection")  # the last reads texts, and knows nothing else
    assert {name for name in ours if not name.startswith(allowed)} <= {"app.__main__"}
    assert not {"fastapi", "pydantic", "sqlalchemy", "starlette"} & modules


@pytest.fixture
def ann(tmp_path: Path) -> Person:
    """Somebody with an empty machine."""
    return Person("ann", tmp_path / "ann")


async def test_a_new_key_file_is_its_owners_alone_and_is_never_overwritten(ann: Person) -> None:
    made = await ann.makes_keys("custodian")
    assert os.stat(ann.key).st_mode & 0o777 == 0o400  # noqa: PTH116 a file of the test
    assert made["kind"] == "custodian"
    line = await ann.fails("keys", "new", ann.key, "--kind", "root", typed=f"{PASSPHRASE}\n")
    assert "keys are never overwritten" in line
    assert ann.key_file() == made


async def test_the_words_and_keys_of_a_file_show_without_its_passphrase(ann: Person) -> None:
    made = await ann.makes_keys("custodian")
    shown = await ann.runs("keys", "show", ann.key)
    assert (shown.value("sealing key"), shown.value("signing key")) == (made["sealing_key"], made["signing_key"])
    assert len(shown.value("words").split(" ")) == 6


async def test_a_key_file_that_others_may_read_is_not_used(ann: Person) -> None:
    await ann.makes_keys("custodian")
    os.chmod(ann.key, 0o644)  # noqa: PTH101 a file of the test
    assert "is open to others: make it 0400 or 0600" in await ann.fails("keys", "show", ann.key)


async def test_a_wrong_passphrase_opens_nothing_and_changes_nothing(ann: Person) -> None:
    made = await ann.makes_keys("requester")
    line = await ann.fails("keys", "passphrase", ann.key, typed="eight herons on a wet roof\n")
    assert line == f"The passphrase does not open {ann.key}."
    assert "Missing on standard input" in await ann.fails("keys", "passphrase", ann.key)
    assert ann.key_file() == made


async def test_a_passphrase_changes_and_the_keys_stay(ann: Person) -> None:
    made = await ann.makes_keys("witness")
    chosen = "a dry roof without herons"
    short = await ann.fails("keys", "passphrase", ann.key, typed=f"{PASSPHRASE}\nshort\n")
    assert "at least 12 characters: nothing was changed" in short
    differ = await ann.fails("keys", "passphrase", ann.key, typed=f"{PASSPHRASE}\n{chosen}\n{PASSPHRASE}\n")
    assert "differ" in differ
    assert ann.key_file() == made
    await ann.runs("keys", "passphrase", ann.key, typed=f"{PASSPHRASE}\n{chosen}\n{chosen}\n")
    changed = ann.key_file()
    assert changed["signing_key"] == made["signing_key"]
    assert {changed["salt"], changed["sealed"]} & {made["salt"], made["sealed"]} == set()
    assert "does not open" in await ann.fails("keys", "passphrase", ann.key, typed=f"{PASSPHRASE}\n")


async def test_a_script_names_a_file_with_the_passphrase_that_is_its_owners_alone(ann: Person) -> None:
    file = ann.folder / "passphrase"
    file.write_text(f"{PASSPHRASE}\n")
    new = ("keys", "new", ann.key, "--kind", "requester")
    file.chmod(0o644)
    ran = await ann.tries(*new, CANDOUR_PASSPHRASE_FILE=str(file))
    assert (ran.code, "is open to others" in ran.errors) == (1, True)
    file.chmod(0o600)
    assert (await ann.tries(*new, CANDOUR_PASSPHRASE_FILE=str(file))).code == 0


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": "candour/key-file/1"}'])
async def test_what_is_no_key_file_gets_one_line(ann: Person, content: str) -> None:
    file = ann.folder / "other.key"
    file.write_text(content)
    file.chmod(0o400)
    assert "is no key file" in await ann.fails("keys", "show", str(file))
    assert "No such file" in await ann.fails("keys", "show", str(ann.folder / "none"))


async def test_the_key_of_one_part_is_refused_in_another(ann: Person) -> None:
    await ann.makes_keys("witness")
    account = "0197a000-0000-7000-8000-000000000006"
    enrol = ("enrol", ann.key, "--account", account, "--label", "Ann", "--out", str(ann.folder / "out.json"))
    line = await ann.fails(*enrol, typed=f"{PASSPHRASE}\n")
    assert "this needs that of a custodian or requester" in line


async def test_nothing_is_sent_in_clear_over_a_network(ann: Person) -> None:
    for address in ("http://council.example", "ftp://council.example", "council.example"):
        assert "begins with https://" in await ann.fails("login", "--server", address)


async def test_who_is_not_signed_in_is_told_so(ann: Person) -> None:
    assert await ann.fails("openings", "list") == "Nobody is signed in: use login first."


async def test_a_session_file_that_is_damaged_or_open_to_others_is_not_used(ann: Person) -> None:
    folder = ann.folder / "client"
    folder.mkdir(mode=0o700)
    file = folder / "session.json"
    file.write_text("{")
    file.chmod(0o600)
    assert "sign in again" in await ann.fails("openings", "list")
    file.write_text(json.dumps({"server": "https://council.example"}))
    file.chmod(0o604)
    assert "is open to others" in await ann.fails("openings", "list")
