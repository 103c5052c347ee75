"""A member's own part: asks the union for a token without showing it, is counted, changes their mind. Receipts are drawn here."""

import json
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from app.client import receipts, submit, terminal, token_files
from app.client.issuers import Grievance
from app.client.manifests import ServerAddress
from app.client.server import Answer, Server
from app.client.terminal import Alarm, Failure
from app.client.token_files import Kept
from app.crypto import supporter_tokens
from app.crypto.documents import spell
from app.crypto.errors import NotAuthentic
from app.crypto.receipts import new_receipt
from app.crypto.supporter_tokens import EVERY_ALLEGATION, IssuerKeyUnfit

app = terminal.commands("Support a collective grievance without being known to anybody.")
Chosen = Annotated[
    list[int] | None, typer.Option("--allegation", help="The number of an allegation that you support; once for each.")
]
_BY_ALLEGATION = "tokens_by_allegation"
_CODES = "codes"


@app.command("request")
def request(
    server: ServerAddress,
    grievance: Grievance,
    issuer_words: Annotated[str, typer.Option(help="The six words that the union told you, not the service.")],
    out: Annotated[Path, typer.Option(help="New file to send to the union.")],
    keep: Annotated[Path, typer.Option(help="New file that you keep until the union answers. Show it to nobody.")],
) -> None:
    """Ask the union for a token that it will sign without seeing it.

    One is asked of every key of the union, whatever you support: what you ask for shall not tell it.
    """
    page = _page(Server(server), grievance)
    keys = _issuer_keys(page)
    if not supporter_tokens.are_words_of(issuer_words, [key for _, key in keys]):
        raise Alarm("The service shows other keys than those whose words you were told: nothing was asked.")
    try:
        asked = [supporter_tokens.ask(supporter_tokens.read_public(key), grievance, number) for number, key in keys]
    except IssuerKeyUnfit as error:
        raise Alarm(f"A key of the union {error}: nothing was asked.") from None
    numbers, public_keys = tuple(number for number, _ in keys), tuple(key for _, key in keys)
    token_files.keep(keep, Kept(grievance, public_keys, numbers, tuple(asked)))
    token_files.write_request(out, grievance, public_keys, asked)
    terminal.say(f"Send {out} to the union, with what proves that you are a member. Keep {keep} to yourself.")


@app.command("finish")
def finish(
    kept: Annotated[Path, typer.Argument(help="What you kept.")],
    answer: Annotated[Path, typer.Argument(help="What the union answered.")],
    out: Annotated[Path, typer.Option(help="New file for your tokens. Whoever has it is counted in your place.")],
) -> None:
    """Make your token of what the union answered. From here on nobody can tell that it is yours."""
    mine = token_files.read_kept(kept)
    grievance, signatures = token_files.read_answer(answer.read_bytes())
    if grievance != mine.grievance or len(signatures) != len(mine.asked):
        raise Failure("This answers another request.")
    try:
        tokens = [
            (number, supporter_tokens.finish(supporter_tokens.read_public(key), grievance, number, asked, signed))
            for number, key, asked, signed in zip(
                mine.allegations, mine.public_keys, mine.asked, signatures, strict=True
            )
        ]
    except NotAuthentic:
        raise Alarm("The union did not sign what you sent: tell it.") from None
    token_files.write_tokens(out, grievance, tokens)
    kept.unlink()
    terminal.say(f"Your tokens are in {out}. Wait a while, and use them from somewhere else than you asked from.")


@app.command("redeem")
def redeem(
    server: ServerAddress,
    grievance: Grievance,
    allegation: Chosen = None,
    tokens: Annotated[
        Path | None, typer.Option(help="The file of your tokens. Without it your code is asked for.")
    ] = None,
    identity: Annotated[
        Path | None,
        typer.Option(help="Who you are, in JSON, for the custodians alone: name, contact, employee_number."),
    ] = None,
) -> None:
    """Be counted. The receipt is drawn here and shown at the end, this once: with it you change or withdraw your support.

    Where the union has a key for each allegation, each is supported by itself: run this again later, from elsewhere, for the next.
    """
    chosen = sorted(set(allegation or []))
    service = Server(server)
    page = _page(service, grievance)
    body: dict[str, Any] = {"allegations": chosen, **_shown(page, grievance, chosen, tokens)}
    if identity is not None:
        body["identity"] = _identity(identity)
    receipt = new_receipt()
    body["lookup"] = spell(receipts.derive(page, receipt).lookup)
    try:
        submit.sent(service, f"/v1/collective-grievances/{grievance}/supporters", body)
    except BaseException:  # also where the person breaks off: whatever was answered, it has left this machine
        terminal.say("You may have been counted. Write down your receipt: with it you can withdraw, if you were.")
        terminal.say(receipt, "bold")
        raise
    terminal.say("You are counted. Write down your receipt. It is shown this once, and nobody can replace it:")
    terminal.say(receipt, "bold")


@app.command("amend")
def amend(server: ServerAddress, grievance: Grievance, allegation: Chosen = None) -> None:
    """Change what you support. The receipt is asked for, and never leaves this machine."""
    service = Server(server)
    body = {"lookup": _lookup(_page(service, grievance)), "allegations": sorted(set(allegation or []))}
    service.put(f"/v1/collective-grievances/{grievance}/supporters", body)
    terminal.say("Changed: what you chose before counts no more.")


@app.command("withdraw")
def withdraw(server: ServerAddress, grievance: Grievance) -> None:
    """Withdraw your support. The receipt is asked for, and never leaves this machine."""
    service = Server(server)
    body = {"lookup": _lookup(_page(service, grievance))}
    service.post(f"/v1/collective-grievances/{grievance}/supporters/withdrawal", body)
    terminal.say("Withdrawn: you are not counted any more.")


def _page(service: Server, grievance: UUID) -> Answer:
    return service.get(f"/v1/collective-grievances/{grievance}/support")


def _lookup(page: Answer) -> str:
    return spell(receipts.derive(page, terminal.ask_secret("Receipt, seven words")).lookup)


def _issuer_keys(page: Answer) -> list[tuple[int, bytes]]:
    """Return every key of the union with the number of what it signs for."""
    if page.text("mode") == _CODES:
        raise Failure("Supporters of this grievance are counted by codes: ask your union for one.")
    if page.has("issuer_key"):
        return [(EVERY_ALLEGATION, page.octets("issuer_key"))]
    return [(one.number("number"), one.octets("issuer_key")) for one in page.each("allegations")]


def _shown(page: Answer, grievance: UUID, chosen: list[int], file: Path | None) -> dict[str, str]:
    """Return the code or the token that counts somebody in for what they chose."""
    mode = page.text("mode")
    if (file is None) != (mode == _CODES):
        raise Failure(f"Supporters of this grievance are counted by {'codes' if mode == _CODES else 'tokens'}.")
    if file is None:
        return {"code": terminal.ask_secret("Code").strip()}
    of, tokens = token_files.read_tokens(file)
    if of != grievance:
        raise Failure("These tokens are of another grievance.")
    if mode == _BY_ALLEGATION and len(chosen) != 1:
        raise Failure("Each allegation is supported by itself here: name one, and the next at another time.")
    token = tokens.get(chosen[0] if mode == _BY_ALLEGATION else EVERY_ALLEGATION)
    if token is None:
        raise Failure("You have no token for that.")
    return {"token": spell(token)}


def _identity(file: Path) -> dict[str, str]:
    try:
        draft = Answer(json.loads(file.read_bytes()), f"{file}: ")
    except ValueError:
        raise Failure(f"{file} is no JSON.") from None
    return {name: draft.text(name) for name in submit.PERSON if draft.has(name)}
