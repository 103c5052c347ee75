"""Raises a grievance, sealed on this machine to the keys that the root signed; its receipt is drawn here and never sent."""

import json
import sys
import time
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import httpx
import typer

from app.client import inbox, receipts, terminal, trust
from app.client.manifests import ServerAddress, Slug
from app.client.server import Answer, Server, ServerRefused
from app.client.terminal import Alarm, Failure
from app.client.trust import Trusted
from app.crypto import hpke, identity, submissions
from app.crypto.receipts import new_receipt
from app.crypto.submissions import Recipients, Said

MEMBERS = frozenset({"confidentiality", "headline", "narrative", "capacity", "allegations", "identity"})
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
    said, person = _read(file)
    service = Server(server)
    page = service.get(f"/v1/channels/{channel}")
    trusted = trust.check(service, channel, root_key)
    _require_vouched(page, trusted)
    receipt = new_receipt()
    derived = receipts.derive(page, receipt)
    try:
        body = submissions.seal(said, person, _recipients(trusted), derived, datetime.now(UTC).date())
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


def _read(file: Path) -> tuple[Said, bytes]:
    """Return what is said, and who says it: no bytes for somebody who gives no name."""
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
        person = _compact({name: _tidy(named.text(name)) for name in PERSON if named.has(name)})
    allegations = [
        (one.optional_text("label"), one) for one in (draft.each("allegations") if draft.has("allegations") else [])
    ]
    said = Said(
        confidentiality=confidentiality,
        headline=_tidy(draft.text("headline")),
        narrative=_tidy(draft.text("narrative")),
        capacity=_tidy(draft.text("capacity")) if draft.has("capacity") else None,
        allegations=[
            (None if label is None else _tidy(label), _tidy(one.text("statement"))) for label, one in allegations
        ],
    )
    return said, person


def _tidy(text: str) -> str:
    """Return a text in the form in which texts are kept."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _compact(person: dict[str, str]) -> bytes:
    return json.dumps(person, ensure_ascii=False, separators=(",", ":")).encode()


def _recipients(trusted: Trusted) -> Recipients:
    """Return whom the manifest names: nobody on the word of the service alone."""
    newest = trusted.newest
    return Recipients(
        newest.organisation,
        tuple((one.account, hpke.PublicKey(one.sealing_key)) for one in newest.officers),
        tuple(identity.Custodian(one.id, one.sealing_key) for one in newest.custodians),
        newest.threshold,
    )


def _require_vouched(page: Answer, trusted: Trusted) -> None:
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
