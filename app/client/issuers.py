"""What a union does on a machine of its own: makes the keys of a count, registers them, and signs what it cannot read."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import typer

from app.client import places, terminal, token_files
from app.client.server import Answer
from app.client.sessions import Session
from app.client.terminal import Failure
from app.crypto import blind_signatures, supporter_tokens
from app.crypto.documents import spell
from app.crypto.errors import SealBroken
from app.crypto.supporter_tokens import IssuerKeys

app = terminal.commands("Count your members in by tokens that nobody, you included, can trace to them.")
codes_app = terminal.commands("Count your members in by codes on paper, drawn from a hat.")
Grievance = Annotated[UUID, typer.Option(help="The id of the collective grievance.")]
CountFile = Annotated[
    Path, typer.Argument(help="How supporters are counted, in JSON: days, threshold, roll, statement and allegations.")
]
_MEMBERS = frozenset({"opens_on", "closes_on", "threshold", "roll", "statement", "allegations"})


@app.command("new")
def new(
    file: Annotated[Path, typer.Argument(help="New file for the keys, mode 0400, on a machine of the union's own.")],
    keys: Annotated[
        int, typer.Option(help="1, or as many as there are allegations: then what one person supports is not joined.")
    ] = 1,
) -> None:
    """Make the keys of one grievance. Use them for no other: a token of another grievance counts for nothing anyway."""
    if file.exists():
        raise Failure(f"{file} is there already: keys are never overwritten.")
    try:
        made = supporter_tokens.new_keys(keys)
    except ValueError as error:
        raise Failure(f"It takes {error}.") from None
    places.write_new(file, supporter_tokens.seal_keys(made, terminal.new_passphrase()))
    _tell_words(made.public)


@app.command("show")
def show(file: Annotated[Path, typer.Argument(help="The key file.")]) -> None:
    """Show the six words of the keys, which members compare before they ask for a token."""
    _tell_words(_public(file))


@app.command("register")
def register(
    count: CountFile, grievance: Grievance, key: Annotated[Path, typer.Option(help="The key file of the union.")]
) -> None:
    """Open the count at the service. It gets the public keys alone. It needs the session of the representative."""
    keys, body = _public(key), _read(count)
    if len(keys) == 1:
        body |= {"mode": "tokens", "issuer_key": spell(keys[0])}
    elif len(keys) == len(body["allegations"]):
        allegations = zip(body["allegations"], keys, strict=True)
        body |= {
            "mode": "tokens_by_allegation",
            "allegations": [one | {"issuer_key": spell(public)} for one, public in allegations],
        }
    else:
        raise Failure(f"{key} has {len(keys)} keys: it takes 1, or one for each of the allegations.")
    _open(grievance, body)
    _tell_words(keys)


@app.command("sign")
def sign(
    requests: Annotated[list[Path], typer.Argument(help="What members sent; - for standard input.")],
    key: Annotated[Path, typer.Option(help="The key file of the union.")],
    out: Annotated[Path, typer.Option(help="New file for the answer, or a folder for several; - for standard output.")],
) -> None:
    """Sign blindly what members sent. Sign once for each member, and keep a list of whom you served: nothing else can."""
    asked = [(path, token_files.read_request(_content(path))) for path in requests]
    keys = _private(key)
    for path, (_, public_keys, _blinded) in asked:
        if public_keys != keys.public:
            raise Failure(f"{path} asks for signatures of other keys: nothing was signed.")
    for path, (grievance, public_keys, blinded) in asked:
        if len(blinded) != len(public_keys):
            raise Failure(f"{path} does not ask once of each key: nothing was signed.")
        try:
            pairs = zip(keys.private, blinded, strict=True)
            signed = [blind_signatures.sign_blinded(private, one) for private, one in pairs]
        except ValueError as error:
            raise Failure(f"{path} cannot be signed: {error}.") from None
        token_files.write_answer(out / f"{path.stem}.answer.json" if out.is_dir() else out, grievance, signed)
    if str(out) != "-":
        terminal.say(f"Signed {len(asked)}: hand each answer to who sent the request.")


@codes_app.command("open")
def open_by_codes(count: CountFile, grievance: Grievance) -> None:
    """Open a count by codes. It needs the session of the representative."""
    _open(grievance, _read(count) | {"mode": "codes"})


def _open(grievance: UUID, body: dict[str, Any]) -> None:
    place = f"/v1/collective-grievances/{grievance}/support-count"
    made = Session.standing().post(place, body, **{"Idempotency-Key": str(uuid4())})
    terminal.say(f"Supporters are counted from {made.text('opens_on')} to {made.text('closes_on')}.")


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        raise Failure(f"{file} is no JSON.") from None
    if not isinstance(content, dict) or not content.keys() <= _MEMBERS:
        raise Failure(f"{file} is no count: it has other members than {', '.join(sorted(_MEMBERS))}.")
    Answer(content, f"{file}: ").each("allegations")
    return content


def _content(path: Path) -> bytes:
    return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()


def _file(path: Path) -> bytes:
    try:
        return places.read_private(path)
    except places.OpenToOthers as error:
        raise Failure(f"{error}.") from error


def _public(path: Path) -> tuple[bytes, ...]:
    return supporter_tokens.read_file(_file(path))


def _private(path: Path) -> IssuerKeys:
    file = _file(path)
    supporter_tokens.read_file(file)
    try:
        return supporter_tokens.open_keys(file, terminal.passphrase(f"Passphrase of {path.name}"))
    except SealBroken as error:
        raise Failure(f"The passphrase does not open {path}.") from error


def _tell_words(public: tuple[bytes, ...]) -> None:
    terminal.show([("keys", str(len(public))), ("words", supporter_tokens.words(public))])
    terminal.say("Tell every member these words by another way than the service, on paper or at a meeting.")
