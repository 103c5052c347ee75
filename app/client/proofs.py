"""Checks what a service proves, without believing it: receipts, checkpoints, releases and whole bundles, with nobody asked."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from app.client import signed_files, terminal
from app.client.terminal import Alarm, Failure
from app.crypto import bundles, logproofs
from app.crypto.bundles import BundleMalformed
from app.crypto.logproofs import NotInTheLogYet
from app.crypto.merkle import ProofWrong
from app.crypto.notes import COSIGNATURE, ED25519, NoteMalformed, Verifier, open_checkpoint

app = terminal.commands("Check what the service proves, without asking it.")
LogKey = Annotated[
    str, typer.Option(help="The key of the log, or a file with it, from somewhere that the service does not write.")
]
WitnessKeys = Annotated[list[str] | None, typer.Option(help="The key of a witness, or a file with it; once for each.")]


def key_of(text_or_file: str, kind: int = ED25519) -> Verifier:
    """Return the key that a text or a file names.

    Raises:
        Failure: it is no key of that kind.

    """
    path = Path(text_or_file)
    text = path.read_text().strip() if path.is_file() else text_or_file
    try:
        found = Verifier.read(text)
    except NoteMalformed:
        raise Failure(
            "This is not the key of a log or a witness: it has a name, an id and the key, joined by +."
        ) from None
    if found.kind != kind:
        raise Failure(
            "This is the key of a witness, not of a log." if kind == ED25519 else "This is not a witness's key."
        )
    return found


@app.command("receipt")
def receipt(
    proof: Annotated[Path, typer.Argument(help="The file that inbox open --save-proof wrote.")], log_key: LogKey
) -> None:
    """Check that the log holds what you said, as you said it."""
    found = signed_files.parsed(proof)
    try:
        shown = logproofs.verify_receipt_proof(
            found.of("proof").content(), _salt(found.text("salt")), found.of("statement").content(), key_of(log_key)
        )
    except ProofWrong as wrong:
        raise Alarm(f"The proof is wrong: {str(wrong) or 'the log does not hold it'}.") from None
    except NotInTheLogYet as early:
        raise Failure(
            f"All is right, but it cannot be in the log before {early.not_before}: fetch the proof again."
        ) from None
    terminal.say(f"What you said is entry {shown.index} of the log of {shown.checkpoint.size}.", "green")


def _salt(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Failure("The salt in the file is not hexadecimal.") from None


@app.command("checkpoint")
def checkpoint(
    file: Annotated[Path, typer.Argument(help="The checkpoint, as the service shows it.")],
    log_key: LogKey,
    witness_key: WitnessKeys = None,
) -> None:
    """Check that a checkpoint is signed by the log, and by each of these witnesses."""
    try:
        found, note = open_checkpoint(file.read_text(), key_of(log_key))
    except NoteMalformed:
        raise Alarm("This is not a checkpoint that the log signed.") from None
    for witness in [key_of(one, COSIGNATURE) for one in witness_key or ()]:
        if not witness.has_signed(note):
            raise Alarm(f"The witness {witness.name} has not signed this checkpoint.")
        terminal.say(f"Cosigned by {witness.name}.", "green")
    terminal.say(f"Signed by the log: {found.size} entries.", "green")


@app.command("bundle")
def bundle(
    file: Annotated[Path, typer.Argument(help="The log, as its operator exported it.")],
    log_key: LogKey,
    witness_key: WitnessKeys = None,
    kept: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint kept elsewhere: the log must contain it.")
    ] = None,
    erased: Annotated[
        int, typer.Option(min=0, help="Of how many events you know that they, or their salts, were erased: at most.")
    ] = 0,
) -> None:
    """Check a whole log: every checkpoint, every entry, every event.

    Ends with 3 if anything is wrong, or if more is missing than you know to be erased.
    """
    try:
        found = bundles.verify_bundle(
            signed_files.parsed(file).content(),
            key_of(log_key),
            [key_of(one, COSIGNATURE) for one in witness_key or ()],
            [path.read_text() for path in kept or ()],
            erased,
        )
    except BundleMalformed:
        raise Failure("This is not the bundle of this log.") from None
    except NoteMalformed:
        raise Failure("What was kept is not a checkpoint of this log.") from None
    terminal.say(
        f"{found.without_event} entries without an event, {found.unchecked} events without a blind, "
        f"{found.waiting} events that are not in the log yet: of these nothing was checked."
    )
    for fault in found.faults:
        terminal.say(fault, "red")
    if found.faults:
        raise Alarm(f"The log is not what it says: {len(found.faults)} faults.")
    cosigned = f", cosigned by {', '.join(sorted(found.cosigned_by))}" if found.cosigned_by else ""
    terminal.say(
        f"{found.leaves} entries, {found.events} events, {found.checkpoints} checkpoints{cosigned}: no fault.", "green"
    )


@app.command("release")
def release(
    file: Annotated[Path, typer.Argument(help="The release in JSON, as the service shows it.")],
    hash_: Annotated[str | None, typer.Option("--hash", help="Its hash, from somewhere else.")] = None,
) -> None:
    """Check that a release has the hash in its file, and the one that you have from somewhere else."""
    found = signed_files.parsed(file)
    text = json.dumps(found.of("content").content(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    computed = sha256(text.encode(errors="surrogatepass")).hexdigest()
    if computed != found.text("content_hash") or hash_ not in {None, computed}:
        raise Alarm(f"The release was altered: its hash is {computed}.")
    if hash_ is None:
        terminal.say(f"The release has the hash in its own file: compare {computed} with one from somewhere else.")
    else:
        terminal.say(f"The release is the one of the hash that you have: {computed}.", "green")
