"""Raises a grievance, sealed on this machine to the keys that the root signed; its receipt is drawn here and never sent."""

import json
import sys
import time
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
import typer

from app.client import inbox, receipts, terminal, trust
from app.client.manifests import ServerAddress, Slug
from app.client.server import Answer, Server, ServerRefused
from app.client.terminal import Alarm, Failure
from app.client.trust import Trusted
from app.crypto import hpke, identity, submissions
from app.crypto.manifests import Manifest
from app.crypto.receipts import new_receipt
from app.crypto.submissions import Recipients, Said
from app.detection import self_identification

MEMBERS = frozenset(
    {
        "confidentiality", "headline", "narrative", "capacity", "allegations", "identity", "categories", "relation", "barred",
        "conflicted",
    }
)  # fmt: skip
PERSON = ("name", "contact", "employee_number")
WAITS = (1.0, 2.0, 4.0)
"""Seconds before it is sent again, each time that the answer may come yet."""
LONGEST_WAIT = 10.0
"""Seconds for which a service that bids wait is obeyed."""
_PASSING = frozenset({429, 500, 502, 503, 504})
_RUNNING = "same-request-running"
_SHOWN = (("reference", "reference"), ("acknowledged by", "acknowledge_by"), ("feedback by", "feedback_by"))


def submit(
    file: Annotated[Path, typer.Argument(help="The grievance in JSON, as the API takes it; - for standard input.")],
    server: ServerAddress,
    channel: Slug,
    root_key: Annotated[str, typer.Option(help="The six words of the channel's root, or a file with its public key.")],
) -> None:
    """Raise a grievance, sealed here: the service opens neither what you say nor who you are.

    The receipt is shown at the end, this once: it alone leads back.
    """
    said, person, barred = _read(file)
    _show_hints(said, person)
    service = Server(server)
    page = service.get(f"/v1/channels/{channel}")
    trusted = trust.check(service, channel, root_key)
    require_vouched(page, trusted)
    _require_known(page, said)
    said = replace(said, barred=_named(trusted.newest, barred))
    receipt = new_receipt()
    derived = receipts.derive(page, receipt)
    try:
        body = submissions.seal(said, person, recipients(trusted), derived, datetime.now(UTC).date())
    except ValueError as error:
        raise Failure(f"It cannot be sealed: {error}.") from None
    try:
        answer = sent(service, f"/v1/channels/{channel}/sealed-grievances", body)
        terminal.show([(shown, answer.text(name)) for shown, name in _SHOWN])
    except BaseException:  # also where the person breaks off: whatever was answered, it has left this machine
        terminal.say(
            "It may have been stored. Write down your receipt, and look with inbox open before you send it again:"
        )
        terminal.say(receipt, "bold")
        raise
    terminal.say("Write down your receipt. It is shown this once, and nobody can replace it:")
    terminal.say(receipt, "bold")


def _read(file: Path) -> tuple[Said, bytes, list[str]]:
    """Return what is said, who says it (no bytes for somebody who gives no name), and whom they bar, as they name them."""
    try:
        content = json.loads(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    except (ValueError, RecursionError):
        raise Failure(f"{file} is no JSON.") from None
    if not isinstance(content, dict) or not content.keys() <= MEMBERS:
        raise Failure(f"{file} is no grievance: it has other members than {', '.join(sorted(MEMBERS))}.")
    draft = Answer(content, f"{file}: ")
    confidentiality, person = draft.text("confidentiality"), b""
    if confidentiality not in inbox.CONFIDENTIALITIES:
        raise Failure(f"confidentiality is {', '.join(inbox.CONFIDENTIALITIES)}.")
    if draft.has("identity") == (confidentiality == "anonymous"):
        raise Failure("A grievance has an identity unless it is anonymous, and none if it is.")
    if draft.has("identity"):
        named = draft.of("identity")
        person = compact({name: tidy(named.text(name)) for name in PERSON if named.has(name)})
    allegations = [
        (one.optional_text("label"), one) for one in (draft.each("allegations") if draft.has("allegations") else [])
    ]
    said = Said(
        confidentiality=confidentiality,
        headline=tidy(draft.text("headline")),
        narrative=tidy(draft.text("narrative")),
        capacity=tidy(draft.text("capacity")) if draft.has("capacity") else None,
        allegations=[
            (None if label is None else tidy(label), tidy(one.text("statement"))) for label, one in allegations
        ],
        categories=draft.texts("categories") if draft.has("categories") else (),
        relation=draft.optional_text("relation"),
        conflicted=[tidy(one) for one in draft.texts("conflicted")] if draft.has("conflicted") else (),
    )
    return said, person, draft.texts("barred") if draft.has("barred") else []


def _show_hints(said: Said, person: bytes) -> None:
    """Show on this machine where the texts may tell who wrote them; at a terminal, go on only if that is wanted.

    Raises:
        Failure: it is not to be sent as it is.

    """
    names = [json.loads(person)["name"]] if b'"name"' in person else []
    texts = {"headline": said.headline, "narrative": said.narrative, "capacity": said.capacity or ""}
    texts |= {f"allegation {number}": statement for number, (_, statement) in enumerate(said.allegations, 1)}
    found = [
        (f"{place}, {hint.start + 1} to {hint.end}", self_identification.advice(hint.kind, "en"))
        for place, text in texts.items()
        for hint in self_identification.find(text, names)
    ]
    if found:
        terminal.say("Before this is sealed: these places, counted in characters, may tell who you are.")
        terminal.show(found)
        if sys.stdin.isatty():
            terminal.confirm("Send it as it is?")


def _require_known(page: Answer, said: Said) -> None:
    """Return if the channel has every category that is named.

    Raises:
        Failure: otherwise.

    """
    known = {one.text("code") for one in page.each("categories")}
    if not known.issuperset(said.categories) or len(set(said.categories)) != len(said.categories):
        raise Failure(f"categories are each one of {', '.join(sorted(known))}, and named once.")
    relations = page.texts("relations")
    if said.relation not in {None, *relations}:
        raise Failure(f"relation is one of {', '.join(relations)}.")


def _named(newest: Manifest, barred: list[str]) -> list[UUID]:
    """Return whom the manifest names so: by label, account or id. What the service calls somebody counts for nothing here.

    Raises:
        Failure: it names nobody so.

    """
    people = [(one.label, one.account, one.account) for one in newest.officers]
    people += [(one.label, one.account, one.id) for one in newest.custodians]
    chosen: list[UUID] = []
    for name in barred:
        found = [key for label, account, key in people if name.casefold() in {label.casefold(), str(account), str(key)}]
        if not found:
            raise Failure("barred names somebody whom the manifest does not: look at it with manifest check.")
        chosen += [key for key in found if key not in chosen]
    return chosen


def tidy(text: str) -> str:
    """Return a text in the form in which texts are kept."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def compact(person: dict[str, str]) -> bytes:
    """Return who somebody is, as it is sealed."""
    return json.dumps(person, ensure_ascii=False, separators=(",", ":")).encode()


def recipients(trusted: Trusted) -> Recipients:
    """Return whom the manifest names: nobody on the word of the service alone."""
    newest = trusted.newest
    return Recipients(
        newest.organisation,
        tuple((one.account, hpke.PublicKey(one.sealing_key)) for one in newest.officers),
        tuple(identity.Custodian(one.id, one.sealing_key) for one in newest.custodians),
        newest.threshold,
    )


def require_vouched(page: Answer, trusted: Trusted) -> None:
    """Return if the page seals to those whom the manifest names.

    Raises:
        Alarm: otherwise.

    """
    shown = {(one.uuid("id"), one.octets("public_key")) for one in page.each("custodians")}
    vouched = {(one.id, one.sealing_key) for one in trusted.newest.custodians}
    if shown != vouched or page.number("threshold") != trusted.newest.threshold:
        raise Alarm("The service shows custodians whom the root did not sign for: nothing was sent.")


def sent(service: Server, path: str, body: dict[str, Any]) -> Answer:
    """Return the answer. What is sent again, since an answer was lost or is yet to come, is stored once."""
    key = {"Idempotency-Key": str(uuid4())}
    for wait in WAITS:
        try:
            return service.post(path, body, **key)
        except httpx.TransportError:
            time.sleep(wait)
        except ServerRefused as refused:
            if refused.status not in _PASSING and refused.slug != _RUNNING:
                raise
            time.sleep(min(max(wait, refused.retry_after), LONGEST_WAIT))
    return service.post(path, body, **key)
