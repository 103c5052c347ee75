"""From keys to an opened identity, each person at a machine of their own."""

import asyncio
import json
import re
from pathlib import Path

from app.crypto import keyfiles
from app.crypto.documents import spell as spelled
from tests.client.people import CHANNEL, NOTICE, PASSPHRASE, PASSWORD, Council

NAME = "Robin Ashe"
NARRATIVE = "Since January I have seen records of visits that nobody made."
GRIEVANCE = {
    "confidentiality": "confidential",
    "headline": "Visits were recorded that nobody made",
    "narrative": NARRATIVE,
    "identity": {"name": NAME, "contact": "robin@example.org"},
    "allegations": [{"label": "1", "statement": "Visits that nobody made were entered."}],
}


def written(folder: Path, **changes: object) -> str:
    """Return the file of a grievance."""
    file = folder / "grievance.json"
    file.write_text(json.dumps(GRIEVANCE | changes))
    return str(file)


async def test_a_grievance_is_raised_and_read_again_with_a_receipt_that_never_left(
    council: Council, tmp_path: Path
) -> None:
    reporter = council.visitor(tmp_path / "reporter")
    place = ("--server", council.address, "--channel", CHANNEL)
    words = await council.root_words()
    sent = await reporter.runs("submit", written(tmp_path), *place, "--root-key", words)
    receipt = sent.out.strip().splitlines()[-1]
    assert re.fullmatch(r"[a-z]+( [a-z]+){6}", receipt)
    proof = tmp_path / "proof.json"
    inbox = await reporter.runs("inbox", "open", *place, "--save-proof", str(proof), typed=f"{receipt}\n")
    assert NARRATIVE in inbox.out
    assert inbox.value("reference") == sent.value("reference")
    assert receipt not in inbox.out
    log_key = (await council.log_key()).strip()
    verify = ("verify", "receipt", str(proof), "--log-key", log_key)
    assert "All is right, but it cannot be in the log before" in await reporter.fails(*verify)
    proof.write_text(proof.read_text().replace("visits that nobody made", "visits that somebody made"))
    assert "does not commit to this statement" in await reporter.fails(*verify, code=3)
    assert "seven words of the list" in await reporter.fails("inbox", "open", *place, typed="one two three\n")
    other = "abacus abdomen abdominal zoology zone zoom zips"
    assert "No grievance belongs to this receipt" in await reporter.fails("inbox", "open", *place, typed=f"{other}\n")


async def test_what_is_no_grievance_or_would_be_sealed_to_strangers_is_not_sent(
    council: Council, tmp_path: Path
) -> None:
    reporter = council.visitor(tmp_path / "reporter")
    arguments = ("--server", council.address, "--channel", CHANNEL, "--root-key", "not the words")
    nameless = written(tmp_path, identity=None)
    assert "has an identity unless it is anonymous" in await reporter.fails("submit", nameless, *arguments)
    longer = written(tmp_path, receipt="abacus")
    assert "is no grievance" in await reporter.fails("submit", longer, *arguments)
    anonymous = written(tmp_path, confidentiality="anonymous", identity=None)
    line = await reporter.fails("submit", anonymous, *arguments, code=3)
    assert line.startswith("The manifests are not signed by the root that you named")
    arguments = (*arguments[:-1], await council.root_words())
    wrong = written(tmp_path, confidentiality="secret", identity=None)
    assert "confidentiality" in await reporter.fails("submit", wrong, *arguments)
    anonymous = written(tmp_path, confidentiality="anonymous", identity=None)
    assert "reference" in (await reporter.runs("submit", anonymous, *arguments)).out


async def test_the_whole_log_is_checked_with_nobody_asked(council: Council, tmp_path: Path) -> None:
    await council.log_key()
    auditor, file = council.visitor(tmp_path / "auditor"), tmp_path / "bundle.json"
    verify = ("verify", "bundle", str(file), "--log-key", (await council.log_key()).strip())
    for _ in range(50):
        file.unlink(missing_ok=True)
        code, output = await council.service.command("audit", "export", str(file))
        assert code == 0, output
        if json.loads(file.read_text())["checkpoints"]:
            break
        await asyncio.sleep(1)
    checked = (await auditor.runs(*verify)).out
    assert "0 entries without an event, 0 events without a blind" in checked
    assert "no fault" in checked
    exported = json.loads(file.read_text())
    file.chmod(0o600)
    file.write_text(json.dumps(exported | {"leaves": ["00" * 32, *exported["leaves"][1:]]}))
    assert "The log is not what it says" in await auditor.fails(*verify, code=3)
    file.write_text(json.dumps(exported | {"chains": []}))
    gone = len(exported["leaves"])
    ran = await auditor.tries(*verify, "--erased", str(gone - 1))
    assert (ran.code, f"{gone} entries without an event" in ran.out) == (3, True), ran
    assert "no fault" in (await auditor.runs(*verify, "--erased", str(gone))).out


async def test_two_custodians_and_the_requester_open_an_identity_and_the_reporter_is_told(
    council: Council, tmp_path: Path
) -> None:
    receipt, case, subject = await council.raised(tmp_path / "reporter", written(tmp_path))
    asked = await council.asked(case, subject)
    request, words = asked.value("request"), asked.value("words")
    await council.pins(council.ann)
    shown = await council.ann.runs("openings", "show", request, "--key", council.ann.key, typed=f"{PASSPHRASE}\n")
    assert (shown.value("words"), shown.value("reason"), shown.value("asked by")) == (
        words,
        "To protect them.",
        "officer",
    )
    assert request in (await council.ann.runs("openings", "list")).out
    combine = ("openings", "combine", request, "--channel", CHANNEL, "--key", council.officer.key)
    await council.approves(council.ann, request)
    assert "approvals" in await council.officer.fails(*combine, typed=f"{PASSPHRASE}\n")
    await council.approves(council.bob, request)
    opened = await council.officer.runs(*combine, typed=f"{PASSPHRASE}\n")
    assert NAME in opened.out
    assert "not made on this machine, or is done" in await council.officer.fails(*combine, typed=f"{PASSPHRASE}\n")
    visitor = council.visitor(tmp_path / "again")
    inbox = await visitor.runs("inbox", "open", "--server", council.address, "--channel", CHANNEL, typed=f"{receipt}\n")
    assert "asked for: 1" in inbox.out
    assert "opened" in inbox.out
    assert NOTICE in inbox.out


async def test_a_refusal_is_read_by_the_requester_alone(council: Council, tmp_path: Path) -> None:
    _, case, subject = await council.raised(tmp_path / "reporter", written(tmp_path))
    request = (await council.asked(case, subject)).value("request")
    await council.pins(council.cleo)
    refuse = ("openings", "refuse", request, "--key", council.cleo.key)
    await council.cleo.runs(*refuse, typed=f"{PASSPHRASE}\nNo protection needs the name.\n")
    for custodian in (council.ann, council.bob):
        await council.approves(custodian, request)
    combine = ("openings", "combine", request, "--channel", CHANNEL, "--key", council.officer.key)
    opened = await council.officer.runs(*combine, typed=f"{PASSPHRASE}\n")
    assert "cleo refused: No protection needs the name." in opened.out
    assert NAME in opened.out


async def test_no_secret_stands_on_a_command_line_or_in_what_commands_print_and_leave(
    council: Council, tmp_path: Path
) -> None:
    receipt, case, subject = await council.raised(tmp_path / "reporter", written(tmp_path))
    request = (await council.asked(case, subject, "A reason that only those concerned may read.")).value("request")
    await council.approves(council.bob, request)
    people = council.people.values()
    seeds = [
        seed
        for person in people
        for path in person.folder.glob("*.key")
        for keys in [keyfiles.open_keys(path.read_bytes(), PASSPHRASE)]
        for seed in (keys.sealing_seed, keys.signing_seed)
        if seed is not None
    ]
    secrets = [PASSPHRASE, PASSWORD, receipt, *(text for seed in seeds for text in (spelled(seed), seed.hex()))]
    assert len(seeds) >= 10
    for person in people:
        for ran in person.ran:
            assert not [secret for secret in secrets if secret in "\n".join((*ran.arguments, ran.out, ran.errors))]
        for path in person.folder.rglob("*"):
            assert not path.is_file() or not [one for one in (*secrets, NAME) if one.encode() in path.read_bytes()], (
                path
            )
            assert not path.is_file() or not [seed for seed in seeds if seed in path.read_bytes()], path
        folder = person.folder / "client"
        assert not folder.exists() or not [path for path in folder.rglob("*") if path.stat().st_mode & 0o077]
    log = council.service.log.read_text()
    assert not [secret for secret in secrets if secret in log]
    officer = council.officer.folder / "client" / "requests" / f"{request}.sealed"
    assert b"A reason that only" not in officer.read_bytes()
