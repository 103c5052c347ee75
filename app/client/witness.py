"""What a union or an auditor does who witnesses a log: see that it only grows, and say so by a signature."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app.client import keys, places, signed_files, terminal
from app.client.manifests import ServerAddress
from app.client.proofs import key_of
from app.client.server import Answer, Server, ServerRefused
from app.client.terminal import Alarm, Failure
from app.crypto import logproofs
from app.crypto.keyfiles import Kind
from app.crypto.logproofs import CheckpointsDisagree
from app.crypto.merkle import EMPTY_ROOT
from app.crypto.notes import COSIGNATURE, Checkpoint, Note, NoteMalformed, Signer, Verifier, open_checkpoint

FOLDER = "witness"
_SIZES_UNKNOWN = frozenset({404, 422})
"""What a service answers that has no tree of the sizes asked for. Any other refusal says nothing about the log."""
KeyOption = Annotated[Path, typer.Option("--key", help="Key file of the witness.")]
Name = Annotated[str, typer.Option(help="Name of the witness, such as union.example: no blanks.")]


@dataclass(frozen=True)
class _Seen:
    """What a witness saw last of one log, and the key that it knows the log by."""

    log: Verifier
    note: str
    """The last checkpoint, empty at first."""

    def checkpoint(self) -> Checkpoint:
        """Return the last checkpoint; at first the empty tree."""
        return open_checkpoint(self.note, self.log)[0] if self.note else Checkpoint(self.log.name, 0, EMPTY_ROOT)


def _path(organisation: UUID) -> Path:
    folder = places.folder() / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{organisation}.json"


def _seen(organisation: UUID, log_key: str | None) -> _Seen:
    path = _path(organisation)
    if path.exists():
        kept = signed_files.parsed(path)
        seen = _Seen(key_of(kept.text("log")), kept.text("note"))
        if log_key is not None and key_of(log_key) != seen.log:
            raise Alarm("This is another key than the one that the log was known by here.")
        return seen
    if log_key is None:
        raise Failure(
            "The log is not known here yet: give its key with --log-key, from its operator and not from its server."
        )
    log = key_of(log_key)
    if log.name != logproofs.origin(organisation):
        raise Failure("This is the key of another log.")
    return _Seen(log, "")


def _remember(organisation: UUID, seen: _Seen) -> None:
    places.write(_path(organisation), json.dumps({"log": seen.log.vkey, "note": seen.note}).encode())


def show_key(key: keys.KeyFile, name: Name) -> None:
    """Show the public key of a witness, for the operator's setting and for whoever checks."""
    public = keys.public_of(key)
    if public.kind is not Kind.WITNESS:
        raise Failure(f"{key} is not the key of a witness.")
    terminal.say(Verifier(name, COSIGNATURE, public.signing_key).vkey)


def witness(
    server: ServerAddress,
    key: KeyOption,
    name: Name,
    organisation: Annotated[UUID, typer.Option(help="Whose log: the id in its name.")],
    log_key: Annotated[
        str | None, typer.Option(help="The key of the log, or a file with it; at the first time.")
    ] = None,
) -> None:
    """Fetch the newest checkpoint, check that the log only grew since the last one, cosign it and hand it in.

    Ends with 3 if two checkpoints do not agree; both are kept in the client's folder.
    """
    own = keys.load(key, Kind.WITNESS)
    seen, service = _seen(organisation, log_key), Server(server)
    base = f"/v1/log/{organisation}"
    shown = service.text(f"{base}/checkpoint")
    try:
        newest, note = open_checkpoint(shown, seen.log)
    except NoteMalformed:
        raise Alarm("The service shows a checkpoint that the log did not sign.") from None
    _require_growth(service, base, organisation, seen, newest, shown)
    _remember(organisation, _Seen(seen.log, shown))
    signer = Signer(name, COSIGNATURE, own.signing_seed)
    if not signer.verifier.has_signed(note):
        cosigned = Note(note.text, (*note.signatures, signer.sign(note.text, time=int(time.time()))))
        service.post(f"{base}/cosignatures", {"checkpoint": cosigned.to_text()})
    terminal.say(f"{newest.size} entries, agreeing with {seen.checkpoint().size} before; cosigned.", "green")


def _require_growth(
    service: Server, base: str, organisation: UUID, seen: _Seen, newest: Checkpoint, shown: str
) -> None:
    """Return if the newest checkpoint contains the last one that was seen.

    Raises:
        Alarm: it does not, or the service does not know sizes that the log signed.
        Failure: the service gives no proof at present.

    """
    last = seen.checkpoint()
    try:
        if newest.size < last.size:
            raise CheckpointsDisagree
        proof = _proof(service, base, last, newest) if 0 < last.size < newest.size else []
        logproofs.require_agreement(last, newest, proof)
    except CheckpointsDisagree:
        kept = _path(organisation).with_suffix("")
        files = [
            kept.with_name(f"{kept.name}-alarm-{size}-{n}.txt") for n, size in enumerate((last.size, newest.size), 1)
        ]
        for file, text in zip(files, (seen.note, shown), strict=True):
            places.write(file, text.encode())
        raise Alarm(
            f"The log is not the one that was seen before: {newest.size} entries now, {last.size} then. Both checkpoints "
            f"are kept, {files[0]} and {files[1]}: show them to whoever else watches this log."
        ) from None


def _proof(service: Server, base: str, last: Checkpoint, newest: Checkpoint) -> list[bytes]:
    try:
        return _hashes(service.get(f"{base}/consistency", **{"from": last.size, "to": newest.size}))
    except ServerRefused as refused:
        if refused.status in _SIZES_UNKNOWN:
            raise CheckpointsDisagree from None
        raise


def _hashes(answer: Answer) -> list[bytes]:
    try:
        return [bytes.fromhex(one) for one in answer.texts("proof")]
    except ValueError:
        raise Failure("The server's proof is not hexadecimal.") from None
