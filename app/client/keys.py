"""Key files: made, shown, opened with their passphrase. A private key never leaves its file but into this process."""

from pathlib import Path
from typing import Annotated

import typer

from app.client import places, terminal
from app.client.terminal import Failure
from app.crypto import keyfiles
from app.crypto.documents import spell
from app.crypto.errors import DocumentInvalid, SealBroken
from app.crypto.keyfiles import Keys, Kind, PublicKeys

app = terminal.commands("Make and keep your keys. Their private halves stay in a file under your passphrase.")
KeyFile = Annotated[Path, typer.Argument(help="The key file.")]


def load(path: Path, *kinds: Kind) -> Keys:
    """Return the keys of a file that is of one of these kinds, its passphrase asked for.

    Raises:
        Failure: it is open to others, no key file, of another kind, or the passphrase is wrong.

    """
    file = _read(path)
    kind = _public(path, file).kind
    if kind not in kinds:
        raise Failure(f"{path} is the key of a {kind.value}; this needs that of a {' or '.join(kinds)}.")
    try:
        return keyfiles.open_keys(file, terminal.passphrase(f"Passphrase of {path.name}"))
    except SealBroken as error:
        raise Failure(f"The passphrase does not open {path}.") from error


def public_of(path: Path) -> PublicKeys:
    """Return the public keys that a key file shows without its passphrase.

    Raises:
        Failure: it is open to others, or no key file.

    """
    return _public(path, _read(path))


def _read(path: Path) -> bytes:
    try:
        return places.read_private(path)
    except places.OpenToOthers as error:
        raise Failure(
            f"{error}. Whoever could read it has only its passphrase to guess: consider a new key."
        ) from error


def _public(path: Path, file: bytes) -> PublicKeys:
    try:
        return keyfiles.read_public(file)
    except DocumentInvalid as error:
        raise Failure(f"{path} is no key file: {error}.") from error


def rows_of(public: PublicKeys) -> list[tuple[str, str]]:
    """Return what is shown of public keys."""
    sealing = [] if public.sealing_key is None else [("sealing key", spell(public.sealing_key))]
    return [("kind", public.kind.value), ("words", public.words), *sealing, ("signing key", spell(public.signing_key))]


@app.command("new")
def new(
    file: Annotated[Path, typer.Argument(help="New file for the keys, mode 0400. Keep a copy in a safe place.")],
    kind: Annotated[Kind, typer.Option(help="What the keys are for.")],
) -> None:
    """Make new keys under a passphrase that you choose. Without file or passphrase they are lost for good."""
    if file.exists():
        raise Failure(f"{file} is there already: keys are never overwritten.")
    made = keyfiles.new_keys(kind)
    places.write_new(file, keyfiles.seal_keys(made, terminal.new_passphrase()))
    terminal.show(rows_of(made.public))


@app.command("show")
def show(file: KeyFile) -> None:
    """Show the fingerprint words and the public keys of a file. Read the words to whoever must know that the key is yours."""
    terminal.show(rows_of(public_of(file)))


@app.command("passphrase")
def change_passphrase(file: KeyFile) -> None:
    """Change the passphrase of a file. Copies of the old file still open with the old one."""
    keys = load(file, *Kind)
    chosen = terminal.ask_secret("New passphrase")
    if len(chosen) < terminal.SHORTEST_PASSPHRASE:
        raise Failure(f"A passphrase has at least {terminal.SHORTEST_PASSPHRASE} characters: nothing was changed.")
    if terminal.ask_secret("New passphrase once more") != chosen:
        raise Failure("The two passphrases differ: nothing was changed.")
    places.write(file, keyfiles.seal_keys(keys, chosen), places.READ_BY_OWNER_ALONE)
    terminal.say("The passphrase is changed.")
