"""The reporter's way back: the receipt is asked for and stays here, and what was said is opened here."""

import json
from pathlib import Path
from typing import Annotated

import typer

from app.client import places, terminal
from app.client.conversation import Conversation
from app.client.manifests import ServerAddress, Slug
from app.client.server import Answer
from app.client.terminal import Alarm, Failure
from app.client.visits import visiting
from app.crypto import logproofs
from app.crypto.logproofs import ReceiptProof

app = terminal.commands("Look where your grievance stands.")
CONFIDENTIALITIES = ("anonymous", "confidential", "open")


@app.command("open")
def open_(
    server: ServerAddress,
    channel: Slug,
    save_proof: Annotated[
        Path | None, typer.Option(help="New file for the proof that it was received. It holds what you said.")
    ] = None,
) -> None:
    """Open your inbox. The receipt is asked for, and never leaves this machine."""
    with visiting(server, channel) as visit:
        _show_status(visit.shown)
        _show_said(visit.conversation)
        _show_openings(visit.shown, visit.conversation)
        if save_proof is not None:
            document = json.dumps(_proof(visit.shown, visit.conversation), indent=1).encode()
            places.write_new(save_proof, document + b"\n")
            terminal.say(f"The proof is in {save_proof}. It holds what you said: keep it where nobody looks.")


def _show_status(shown: Answer) -> None:
    acknowledged = shown.optional_text("acknowledged_on")
    terminal.show(
        [
            ("reference", shown.text("reference")),
            ("status", shown.text("status_in_words")),
            ("submitted on", shown.text("submitted_on")),
            ("acknowledged on", acknowledged or f"not yet, due by {shown.text('acknowledge_by')}"),
            ("feedback by", shown.text("feedback_by")),
        ]
    )


def _show_said(conversation: Conversation) -> None:
    terminal.say("")
    terminal.say(conversation.text("headline"), "bold")
    terminal.say(conversation.text("narrative"))
    for label, statement in conversation.allegations():
        terminal.say(f"{label or '-'}  {statement}")


def _show_openings(shown: Answer, conversation: Conversation) -> None:
    """Who asked the custodians for the reporter's name is on the terminal, and what the reporter is told of it."""
    if not shown.has("openings"):
        return
    openings, notices = shown.of("openings"), conversation.notices()
    terminal.say("")
    terminal.say(f"Times that your identity was asked for: {openings.number('count')}", "bold")
    for one, notice in zip(openings.each("items"), notices, strict=True):
        asked = f"{one.text('requested_on')}, by {one.text('by')}, until {one.text('expires_on')}: {one.text('state')}"
        terminal.say(f"{asked}\n{notice}")


def _proof(shown: Answer, conversation: Conversation) -> dict[str, object]:
    """Return what `verify receipt` needs: the proof, and what it is a proof of.

    Raises:
        Alarm: the log does not hold what was said as it is shown.

    """
    salt = conversation.optional_text("statement_salt")
    if not shown.has("proof") or salt is None:
        raise Failure("The service gives no proof for this grievance.")
    document = shown.of("proof").content()
    for confidentiality in CONFIDENTIALITIES:  # the inbox does not show which
        said = logproofs.statement(
            headline=conversation.text("headline"),
            narrative=conversation.text("narrative"),
            capacity=conversation.optional_text("capacity"),
            confidentiality=confidentiality,
            allegations=conversation.allegations(),
        )
        committed = logproofs.commit_to_statement(
            bytes.fromhex(salt), conversation.organisation, conversation.grievance, said
        )
        if committed in ReceiptProof.read(document).event.touched:
            return {"proof": document, "salt": salt, "statement": said}
    raise Alarm("The log holds something else than what the inbox shows that you said.")
