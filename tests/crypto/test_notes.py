"""Signed notes, checkpoints and cosignatures: published ones are read, ours are what the document says, and nothing else is one."""

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import notes
from app.crypto.notes import Checkpoint, Note, NoteMalformed, Signature, Signer, Verifier, open_checkpoint
from tests.crypto.vector_files import read, unhex

PUBLISHED = read("published/signed_notes")
OURS = read("proof_log")
LOG, WITNESS = Verifier.read(OURS["log_key"]), Verifier.read(OURS["witness_key"])
DASH = "\N{EM DASH}"


def test_the_published_note_is_signed_by_its_key() -> None:
    verifier, note = Verifier.read(PUBLISHED["vkey"]), Note.read(PUBLISHED["note"])
    assert verifier.has_signed(note)
    assert verifier.vkey == PUBLISHED["vkey"]
    assert note.to_text() == PUBLISHED["note"]
    assert not verifier.has_signed(Note(note.text.replace("your", "my"), note.signatures))


def test_the_published_cosigned_checkpoint_is_read() -> None:
    note = Note.read(PUBLISHED["cosigned"])
    checkpoint = Checkpoint.read(note)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", PUBLISHED["size"])
    assert [line.name for line in note.signatures] == ["example.com/behind-the-sofa", "witness.example.com/w1"]
    assert [len(line.content) for line in note.signatures] == [64, 72]
    assert (checkpoint.text(), note.to_text()) == (note.text, PUBLISHED["cosigned"])


def test_our_checkpoint_and_its_cosignature_are_what_the_document_says() -> None:
    seed, witness_seed = unhex(OURS, "log_seed", "witness_seed")
    signer, witness = Signer(LOG.name, notes.ED25519, seed), Signer(WITNESS.name, notes.COSIGNATURE, witness_seed)
    assert (signer.verifier, witness.verifier) == (LOG, WITNESS)
    checkpoint, note = open_checkpoint(OURS["note"], LOG)
    assert checkpoint.text() == OURS["checkpoint"]
    assert checkpoint.signed(signer).with_([witness.sign(note.text, time=OURS["witness_time"])]) == note
    assert WITNESS.has_signed(note)
    text = OURS["checkpoint"].encode()
    key, cosigner = LOG.public_key, WITNESS.public_key
    first, second = (line.rpartition(" ")[2] for line in OURS["note"].split("\n\n")[1].splitlines())
    of_log, of_witness = base64.b64decode(first), base64.b64decode(second)
    assert of_log[:4] == sha256(LOG.name.encode() + b"\n\x01" + key).digest()[:4]
    assert of_witness[:4] == sha256(b"witness.example\n\x04" + cosigner).digest()[:4]
    Ed25519PublicKey.from_public_bytes(key).verify(of_log[4:], text)
    time = int.from_bytes(of_witness[4:12])
    assert time == OURS["witness_time"]
    Ed25519PublicKey.from_public_bytes(cosigner).verify(of_witness[12:], b"cosignature/v1\ntime %d\n" % time + text)


NOTE = OURS["note"]
LINE = NOTE.split("\n\n")[1].splitlines()[0]
BROKEN = {
    "nothing": "",
    "no signature": OURS["checkpoint"] + "\n",
    "no empty line": OURS["checkpoint"] + LINE + "\n",
    "no end": NOTE[:-1],
    "a blank line at the end": NOTE + "\n",
    "a hyphen": NOTE.replace(DASH, "-"),
    "a sign of control": NOTE.replace("candour", "can\x07dour", 1),
    "a tabulator": NOTE.replace(" ", "\t", 1),
    "a carriage return": NOTE.replace("\n", "\r\n"),
    "a surrogate": "\ud800" + NOTE,
    "no name": f"text\n\n{DASH}  {LINE.rpartition(' ')[2]}\n",
    "a plus in the name": f"text\n\n{DASH} a+b {LINE.rpartition(' ')[2]}\n",
    "no key id": f"text\n\n{DASH} name AAAA\n",
    "not base64": f"text\n\n{DASH} name !!!!AAAA\n",
    "loose base64": f"text\n\n{DASH} name AAAAAAB=\n",
    "too many": f"text\n\n{(LINE + chr(10)) * 101}",
    "too long": "a" * notes.MOST_BYTES + NOTE,
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(NoteMalformed):
        Note.read(text)


ROOT = OURS["checkpoint"].splitlines()[2]
NO_CHECKPOINT = [
    "", "\n", "origin\n1\n", f"\n1\n{ROOT}\n", f"origin\n01\n{ROOT}\n", f"origin\n-1\n{ROOT}\n", f"origin\n+1\n{ROOT}\n",
    f"origin\n1 \n{ROOT}\n", f"origin\n\N{ARABIC-INDIC DIGIT ONE}\n{ROOT}\n", f"origin\n{10**19}\n{ROOT}\n",
    f"origin\n1\n{ROOT}\nextension\n", f"origin\n1\n{ROOT}", "origin\n1\nAAAA\n", "origin\n1\nx\n", f"origin\n1\n{ROOT[:-2]}R=\n",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_CHECKPOINT)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteMalformed):
        Checkpoint.read(Note(text))


KEY = OURS["log_key"]
NO_KEY = [
    "", "name", "name+", "name+00000000+", KEY.replace("+", "-"), KEY.upper(), KEY[:-4], "x" + KEY, KEY + "A",
    "a b+" + KEY.partition("+")[2], "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
]  # fmt: skip


@pytest.mark.parametrize("vkey", NO_KEY)
def test_what_is_no_key_is_refused(vkey: str) -> None:
    with pytest.raises(NoteMalformed):
        Verifier.read(vkey)


def test_a_checkpoint_of_another_log_or_of_nobody_is_refused() -> None:
    other = Signer("candour/other", notes.ED25519, bytes(32))
    note = Note.read(NOTE)
    for log, text in [
        (other.verifier, NOTE),
        (LOG, Note(note.text, note.signatures[1:]).to_text()),
        (LOG, Checkpoint(other.name, 3, bytes(32)).signed(other).to_text()),
        (LOG, Checkpoint(LOG.name, 3, bytes(32)).signed(Signer(LOG.name, notes.ED25519, bytes(32))).to_text()),
    ]:
        with pytest.raises(NoteMalformed):
            open_checkpoint(text, log)


def test_one_wrong_signature_beside_a_right_one_is_no_signature() -> None:
    note = Note.read(NOTE)
    wrong = Signature(LOG.name, LOG.key_id, bytes(64))
    assert not LOG.has_signed(note.with_([wrong]))
    assert not WITNESS.has_signed(note.with_([Signature(WITNESS.name, WITNESS.key_id, b"")]))


@given(st.integers(0, len(NOTE) - 1), st.characters())
def test_no_sign_of_a_note_can_be_changed(place: int, sign: str) -> None:
    changed = NOTE[:place] + sign + NOTE[place + 1 :]
    if changed == NOTE:
        return
    try:
        _, note = open_checkpoint(changed, LOG)
    except NoteMalformed:
        return
    assert not WITNESS.has_signed(note)


def test_a_private_key_is_not_printed() -> None:
    assert "seed" not in repr(Signer("a", notes.ED25519, bytes(32)))
