"""A witness sees that a log only grows, whoever keeps it; and proofs are checked with nobody asked."""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from app.crypto import logproofs, merkle
from app.crypto.notes import COSIGNATURE, ED25519, Checkpoint, Note, Signer, Verifier
from tests.client.liar import lying
from tests.client.people import PASSPHRASE, Person

ALARM = 3
ORGANISATION = UUID("0197a000-0000-7000-8000-000000000001")
LOG = Signer(logproofs.origin(ORGANISATION), ED25519, bytes(range(32)))


def leaves(count: int, first: str = "leaf") -> list[bytes]:
    """Return the hashes of leaves, all different."""
    return [sha256(f"{first} {number}".encode()).digest() for number in range(count)]


@dataclass
class Log:
    """What a service shows of a log: as it grew, or as it was exchanged."""

    held: list[bytes] = field(default_factory=lambda: leaves(5))

    def checkpoint(self) -> Note:
        """Return the newest checkpoint, signed by the log."""
        return Checkpoint(LOG.name, len(self.held), merkle.root_of(self.held)).signed(LOG)

    def answer(self, path: str, _true: Any) -> Any:  # noqa: ANN401 any JSON
        """Return what the log's routes would."""
        parts = urlsplit(path)
        if parts.path.endswith("/checkpoint"):
            return self.checkpoint().to_text().encode()
        if parts.path.endswith("/consistency"):
            asked = parse_qs(parts.query)
            old, new = int(asked["from"][0]), int(asked["to"][0])
            ranges = merkle.consistency_ranges(old, new)
            proof = [merkle.root_of(self.held[start:end]).hex() for start, end in ranges]
            return {"from_size": old, "to_size": new, "proof": proof}
        return {"checkpoint": ""}


@pytest.fixture
async def union(tmp_path: Path) -> Person:
    """A witness with a key."""
    person = Person("union", tmp_path / "union")
    await person.makes_keys("witness")
    return person


def witness(union: Person, address: str, *more: str) -> tuple[str, ...]:
    """Return what a witness tells the client."""
    place = ("--server", address, "--organisation", str(ORGANISATION))
    return ("witness", *place, "--key", union.key, "--name", "union.example", *more)


async def test_a_witness_cosigns_a_log_that_grows_and_raises_the_alarm_for_one_that_forks(union: Person) -> None:
    log, typed = Log(), f"{PASSPHRASE}\n"
    with lying() as liar:
        liar.alter = log.answer
        assert "The log is not known here yet" in await union.fails(*witness(union, liar.address), typed=typed)
        await union.runs(*witness(union, liar.address, "--log-key", LOG.verifier.vkey), typed=typed)
        log.held += leaves(4, "more")
        grown = await union.runs(*witness(union, liar.address), typed=typed)
        assert "9 entries, agreeing with 5 before; cosigned." in grown.out
        public = Verifier.read((await union.runs("witness-key", union.key, "--name", "union.example")).out.strip())
        cosigned = [Note.read(json.loads(body)["checkpoint"]) for body in liar.bodies if body]
        assert len(cosigned) == 2
        assert all(public.has_signed(note) and LOG.verifier.has_signed(note) for note in cosigned)

        for forked in (leaves(9, "other"), leaves(12, "other"), leaves(5)):  # of one size; larger; put back
            before = len(liar.bodies)
            log.held = forked
            line = await union.fails(*witness(union, liar.address), typed=typed, code=ALARM)
            assert "The log is not the one that was seen before" in line
            kept = [path.read_text() for path in _alarms(union, 9)]
            assert log.checkpoint().to_text() in kept
            assert any(Checkpoint.read(Note.read(note)).size == 9 for note in kept)
            assert not any(liar.bodies[before:])


def _alarms(union: Person, size: int) -> list[Path]:
    folder = union.folder / "client" / "witness"
    assert list(folder.glob(f"*-alarm-{size}-1.txt"))
    return list(folder.glob("*-alarm-*.txt"))


async def test_a_service_that_is_only_out_of_order_is_no_alarm_and_one_that_knows_no_size_of_its_own_is(
    union: Person,
) -> None:
    log, typed = Log(), f"{PASSPHRASE}\n"
    with lying() as liar:
        liar.alter = log.answer
        await union.runs(*witness(union, liar.address, "--log-key", LOG.verifier.vkey), typed=typed)
        log.held += leaves(4, "more")
        for status, code in ((429, 1), (502, 1), (503, 1), (404, ALARM), (422, ALARM)):

            def out_of_order(path: str, true: Any, status: int = status) -> Any:  # noqa: ANN401 any JSON
                return status if "/consistency" in path else log.answer(path, true)

            liar.alter, before = out_of_order, len(liar.bodies)
            line = await union.fails(*witness(union, liar.address), typed=typed, code=code)
            assert ("not the one that was seen before" in line) is (code == ALARM)
            assert (f"({status})" in line) is (code == 1)
            assert bool(list((union.folder / "client" / "witness").glob("*-alarm-*"))) is (code == ALARM)
            assert not any(liar.bodies[before:])
        liar.alter = log.answer
        assert "agreeing with 5 before" in (await union.runs(*witness(union, liar.address), typed=typed)).out


async def test_a_checkpoint_that_the_log_did_not_sign_is_an_alarm(union: Person) -> None:
    thief = Signer(LOG.name, ED25519, bytes(32))
    with lying() as liar:
        liar.alter = lambda _path, _true: Checkpoint(LOG.name, 1, bytes(32)).signed(thief).to_text().encode()
        arguments = witness(union, liar.address, "--log-key", LOG.verifier.vkey)
        line = await union.fails(*arguments, typed=f"{PASSPHRASE}\n", code=ALARM)
    assert line == "The service shows a checkpoint that the log did not sign."


async def test_a_checkpoint_is_checked_offline_with_its_witnesses(union: Person) -> None:
    witness_signer = Signer("union.example", COSIGNATURE, bytes(range(1, 33)))
    note = Log().checkpoint()
    cosigned = note.with_([witness_signer.sign(note.text, time=1_772_442_000)])
    file = union.folder / "checkpoint.txt"
    verify = ("verify", "checkpoint", str(file), "--log-key", LOG.verifier.vkey)
    with_witness = (*verify, "--witness-key", witness_signer.verifier.vkey)
    file.write_text(cosigned.to_text())
    assert "Cosigned by union.example." in (await union.runs(*with_witness)).out
    file.write_text(note.to_text())
    assert "5 entries" in (await union.runs(*verify)).out
    assert "has not signed this checkpoint" in await union.fails(*with_witness, code=ALARM)
    file.write_text(note.to_text().replace("\n5\n", "\n6\n"))
    assert "not a checkpoint that the log signed" in await union.fails(*verify, code=ALARM)
    swapped = ("verify", "checkpoint", str(file), "--log-key", witness_signer.verifier.vkey)
    assert "the key of a witness, not of a log" in await union.fails(*swapped)


async def test_a_release_is_checked_by_its_hash(union: Person) -> None:
    content = {"title": "What we learned", "sections": ["\N{LATIN SMALL LETTER E WITH ACUTE}"]}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = sha256(text.encode()).hexdigest()
    file = union.folder / "release.json"
    file.write_text(json.dumps({"content": content, "content_hash": digest}))
    verify = ("verify", "release", str(file))
    assert digest in (await union.runs(*verify, "--hash", digest)).out
    assert "was altered" in await union.fails(*verify, "--hash", "00" * 32, code=ALARM)
    file.write_text(json.dumps({"content": content | {"title": "Nothing"}, "content_hash": digest}))
    assert "was altered" in await union.fails(*verify, code=ALARM)


async def test_a_file_that_is_no_bundle_and_no_proof_gets_one_line(union: Person) -> None:
    file = union.folder / "other.json"
    file.write_text('{"proof": {}, "salt": "00", "statement": {}}')
    log_key = ("--log-key", LOG.verifier.vkey)
    assert "This is not the bundle of this log." in await union.fails("verify", "bundle", str(file), *log_key)
    assert "The proof is wrong" in await union.fails("verify", "receipt", str(file), *log_key, code=ALARM)
    assert "is not the key of a log" in (await union.tries("verify", "bundle", str(file), "--log-key", "x")).errors
