"""What a reporter does in their inbox after the grievance: reads and writes messages, sees outcomes, says how they fare, who they are."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.client import inbox, submit, terminal, trust
from app.client.manifests import ServerAddress, Slug
from app.client.server import Answer
from app.client.terminal import Failure
from app.client.visits import Visit, visiting
from app.crypto import submissions
from app.crypto.documents import spell
from app.crypto.messages import Said

app = inbox.app
MESSAGES, REPORTS, EXPLANATIONS, GRIEVANCES = (
    "conversation_messages", "detriment_reports", "outcome_explanations", "grievances",
)  # fmt: skip
_NUMBER_BYTES = 4
_NO_NAME = b""
_SIDES = {"reporter": "you", "representative": "the representative"}
TextFile = Annotated[Path | None, typer.Option("--file", help="A file with the text; else one line is asked for.")]


@app.command("read")
def read(server: ServerAddress, channel: Slug) -> None:
    """Read the messages. They are opened here, and nothing tells the service's people that you read them."""
    with visiting(server, channel) as visit:
        after = 0
        while True:
            shown = visit.service.get("/v1/inbox/messages", after=after)
            for one in shown.each("items"):
                _say_message(visit, one)
            if not shown.has("next"):
                return
            after = shown.number("next")


def _say_message(visit: Visit, one: Answer) -> None:
    sealed, row = one.of("sealed"), one.uuid("id")
    side = one.text("side")
    name = visit.conversation.opened(sealed, MESSAGES, "signed_as", row) if sealed.has("signed_as") else None
    writer = _SIDES.get(side, f"the {side.replace('_', ' ')}") + (f" ({name})" if name else "")
    terminal.say(f"{one.text('sent_on')}, {writer}:", "bold")
    terminal.say(visit.conversation.opened(sealed, MESSAGES, "text", row))


@app.command("write")
def write(server: ServerAddress, channel: Slug, file: TextFile = None) -> None:
    """Write to those who work the case. It is sealed and signed here: the service cannot read it."""
    with visiting(server, channel) as visit:
        answer = visit.send("/v1/inbox/messages", Said.MESSAGE, MESSAGES, {"text": _text(file, "Message")})
        terminal.say(f"It was stored, as number {answer.number('position')} of the conversation.")


def _text(file: Path | None, question: str) -> str:
    text = submit.tidy(terminal.ask(question) if file is None else file.read_text("utf-8"))
    if not text:
        raise Failure("There is no text.")
    return text


@app.command("progress")
def progress(server: ServerAddress, channel: Slug) -> None:
    """Show what you are owed by when, and what became of each thing that you alleged."""
    with visiting(server, channel) as visit:
        shown = visit.service.get("/v1/inbox/progress")
        terminal.say(shown.text("status_in_words"), "bold")
        for duty in shown.each("duties"):
            terminal.say(f"{duty.text('owed')} {duty.text('in_words')}")
        said = visit.conversation.allegations()
        for (label, statement), one in zip(said, shown.each("allegations"), strict=True):
            terminal.say(f"\n{label or '-'}  {statement}", "bold")
            terminal.say(one.text("in_words"))
            for outcome in one.each("outcomes"):
                terminal.say(outcome.text("in_words"))
            if one.has("sealed"):
                sealed = one.of("sealed")
                terminal.say(visit.conversation.opened(sealed, EXPLANATIONS, "text", sealed.uuid("id")))


@app.command("detriment")
def detriment(
    server: ServerAddress,
    channel: Slug,
    file: TextFile = None,
    on: Annotated[str | None, typer.Option(help="The day on which it happened, YYYY-MM-DD.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Whether it has been so since you spoke up: yes, no or unsure.")
    ] = None,
) -> None:
    """Say that you are treated worse, or threatened, for having spoken up. It is sealed and signed here."""
    if since not in {None, "yes", "no", "unsure"}:
        raise Failure("--since is yes, no or unsure.")
    with visiting(server, channel) as visit:
        what = _text(file, "What happened")
        letter = None if since is None else since[0]
        texts = {"answer": "d", "what": what, "happened_on": on, "since_speaking_up": letter}
        visit.send("/v1/inbox/detriments", Said.DETRIMENT, REPORTS, texts)
        terminal.say("It was stored. The case officers read it, who protect you.")


@app.command("check-in")
def check_in(
    server: ServerAddress,
    channel: Slug,
    number: Annotated[int | None, typer.Argument(min=1, help="Which one you answer; none shows them.")] = None,
    is_fine: Annotated[bool, typer.Option("--fine/--detriment", help="How you fare.")] = True,  # noqa: FBT002 an option
    file: TextFile = None,
) -> None:
    """Show when you were asked how you fare, or answer. The answer is sealed and signed here."""
    with visiting(server, channel) as visit:
        if number is None:
            for one in visit.service.get("/v1/inbox/check-ins").each("items"):
                state = "answered" if one.flag("is_answered") else "not answered yet"
                terminal.say(f"{one.number('number')}  {one.text('due_on')}  {one.text('question')}  {state}")
            return
        what = None if is_fine and file is None else _text(file, "What happened")
        answer = "f" if is_fine else "d"
        texts = {"answer": answer, "what": what, "happened_on": None, "since_speaking_up": None}
        first = number.to_bytes(_NUMBER_BYTES)
        visit.send(f"/v1/inbox/check-ins/{number}", Said.CHECK_IN, REPORTS, texts, first)
        terminal.say("It was stored.")


RootKey = Annotated[str, typer.Option(help="The six words of the channel's root, or a file with its public key.")]


@app.command("name")
def name(server: ServerAddress, channel: Slug, root_key: RootKey) -> None:
    """Say who you are, sealed here for the custodians that the root named. The service cannot tell it from a withdrawal."""
    with visiting(server, channel) as visit:
        person = {"name": submit.tidy(terminal.ask("Your name, as colleagues know you"))}
        contact = submit.tidy(terminal.ask("How to reach you in private"))
        _replace(visit, channel, root_key, submit.compact(person | {"contact": contact}), "confidential")
        terminal.say("It was stored, sealed for the custodians. What was there before is erased.")


@app.command("withdraw-name")
def withdraw_name(server: ServerAddress, channel: Slug, root_key: RootKey) -> None:
    """Withdraw who you are: a record of nobody, sealed here, takes its place."""
    with visiting(server, channel) as visit:
        _replace(visit, channel, root_key, _NO_NAME, "anonymous")
        terminal.say("A record of nobody was stored. What was there before is erased.")


def _replace(visit: Visit, channel: str, root_key: str, person: bytes, confidentiality: str) -> None:
    trusted = trust.check(visit.service, channel, root_key)
    submit.require_vouched(visit.page, trusted)
    talk = visit.conversation
    try:
        made = submissions.seal_identity(
            person, submit.recipients(trusted), visit.shown.of("sealed").uuid("case_id"), datetime.now(UTC).date()
        )
    except ValueError as error:
        raise Failure(f"It cannot be sealed: {error}.") from None
    letter = talk.seal(GRIEVANCES, "confidentiality", talk.grievance, confidentiality[:1])
    sealed = Answer(made)
    signature = visit.signature(Said.IDENTITY, sealed.uuid("id"), [letter, sealed.octets("ciphertext")])
    body = {"identity": made, "confidentiality": spell(letter), "signature": signature}
    visit.service.put("/v1/inbox/sealed-identity", body)
