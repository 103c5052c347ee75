"""What the holder of the root does: look at everybody's words, sign whose keys count, publish it; and how anybody checks it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import typer

from app.client import keys, signed_files, terminal, trust
from app.client.server import Answer, Server
from app.client.sessions import Session
from app.client.terminal import Failure
from app.crypto import enrolments, fingerprints, manifests
from app.crypto.documents import Signed
from app.crypto.enrolments import Enrolment
from app.crypto.keyfiles import Kind
from app.crypto.manifests import CustodianEntry, Manifest, OfficerEntry, RequesterEntry

app = terminal.commands("Say whose keys count in a channel, and check it.")
OFFICER = "Case officer"
"""How a manifest names case officers. It is public: their names need not be."""
ServerAddress = Annotated[str, typer.Option("--server", help="Address of the service.")]
Slug = Annotated[str, typer.Option("--channel", help="Address of the channel, such as children-services.")]


def enrol(
    file: Annotated[Path, typer.Argument(help="Your key file, of a custodian or requester.")],
    account: Annotated[UUID, typer.Option(help="Your account; login shows it.")],
    label: Annotated[str, typer.Option(help="How the manifest shall name you. It is public.")],
    out: Annotated[Path, typer.Option(help="File to hand to the holder of the root.")],
) -> None:
    """Sign your public keys, to be named in the manifest of a channel."""
    own = keys.load(file, Kind.CUSTODIAN, Kind.REQUESTER)
    signed_files.write_one(out, enrolments.sign_enrolment(account, label, own))
    terminal.say(f"Written to {out}. Hand it to the holder of the root, and tell them these words yourself:")
    terminal.say(own.public.words, "bold")


@app.command("prepare")
def prepare(channel: Slug, out: Annotated[Path, typer.Option(help="File to hand to the holder of the root.")]) -> None:
    """Save what a manifest of a channel must agree with. It needs the session of an administrator."""
    shown = Session.standing().get(f"/v1/channels/{channel}/keys")
    out.write_text(json.dumps(shown.content(), indent=1) + "\n")
    terminal.say(f"Written to {out}: hand it to the holder of the root.")


@app.command("sign")
def sign(
    root: Annotated[Path, typer.Option(help="Key file of the root.")],
    channel: Annotated[Path, typer.Option(help="What an administrator prepared about the channel.")],
    threshold: Annotated[int, typer.Option(help="How many custodians open an identity together.")],
    custodian: Annotated[list[Path], typer.Option(help="Enrolment of a custodian; once for each.")],
    requester: Annotated[list[Path], typer.Option(help="Enrolment of somebody who may ask; once for each.")],
    out: Annotated[Path, typer.Option(help="File for the chain of manifests.")],
    previous: Annotated[Path | None, typer.Option(help="The chain so far, as you signed it.")] = None,
) -> None:
    """Sign the next manifest of a channel, once you have compared everybody's words with what they told you.

    It asks no service, so that the root's machine needs no network.
    """
    chain = [] if previous is None else signed_files.read_chain(previous)
    page = signed_files.parsed(channel)
    custodians = [_enrolment(path, Kind.CUSTODIAN) for path in custodian]
    requesters = [_enrolment(path, Kind.REQUESTER) for path in requester]
    public = keys.public_of(root)
    before = manifests.read_chain(chain, public.signing_key)[-1] if chain else None
    drafted = Manifest(
        organisation=page.uuid("organisation_id"),
        channel=page.uuid("id"),
        slug=page.text("slug"),
        epoch=len(chain) + 1,
        previous=manifests.digest(chain[-1]) if chain else None,
        issued_on=datetime.now(UTC).date(),
        threshold=threshold,
        custodians=tuple(_custodian(one, page, before) for one in custodians),
        requesters=tuple(RequesterEntry(one.account, one.label, one.keys.signing_key) for one in requesters),
        officers=tuple(
            OfficerEntry(one.uuid("account_id"), OFFICER, one.octets("public_key")) for one in page.each("officers")
        ),
        root=public.signing_key,
    )
    if before is not None and drafted.channel != before.channel:
        raise Failure("The prepared channel is another than the one of the manifests so far.")
    show(drafted)
    terminal.confirm("Did each of them tell you these words in person or by telephone?")
    own = keys.load(root, Kind.ROOT)
    signed_files.write_chain(out, [*chain, manifests.sign_manifest(drafted, own.signing_seed)])
    terminal.say(
        f"Manifest {drafted.epoch} is in {out}. An administrator publishes it; keep the file for the next one."
    )


def _enrolment(path: Path, kind: Kind) -> Enrolment:
    found = enrolments.read_enrolment(signed_files.read_one(path))
    if found.keys.kind is not kind:
        raise Failure(f"{path} is the enrolment of a {found.keys.kind.value}, not of a {kind.value}.")
    return found


def _custodian(enrolment: Enrolment, page: Answer, before: Manifest | None) -> CustodianEntry:
    """Return a custodian under the id that they have already, or a new one."""
    sealing_key = enrolment.keys.sealing_key
    if sealing_key is None:
        raise Failure("A custodian has no sealing key.")
    known = {one.account: one.id for one in before.custodians} if before else {}
    shown = {one.octets("public_key"): one.uuid("id") for one in page.each("custodians")}
    found = known.get(enrolment.account) or shown.get(sealing_key)
    if found is None and before is None:
        raise Failure(
            f"The channel has no custodian with the sealing key of {enrolment.label}: open it with their key."
        )
    return CustodianEntry(found or uuid4(), enrolment.account, enrolment.label, sealing_key, enrolment.keys.signing_key)


def show(manifest: Manifest) -> None:
    """The manifest is on the terminal, everybody with the words of their keys."""
    terminal.show(
        [
            ("channel", manifest.slug),
            ("epoch", f"{manifest.epoch}, issued {manifest.issued_on}"),
            ("threshold", f"{manifest.threshold} of {len(manifest.custodians)} custodians"),
            ("root", fingerprints.words(manifest.root)),
        ]
    )
    rows = [
        *(("custodian", one.label, str(one.account), one.sealing_key + one.signing_key) for one in manifest.custodians),
        *(("requester", one.label, str(one.account), one.signing_key) for one in manifest.requesters),
        *(("case officer", one.label, str(one.account), one.sealing_key) for one in manifest.officers),
    ]
    terminal.list_(
        ["part", "name", "account", "words"],
        [(part, label, account, fingerprints.words(key)) for part, label, account, key in rows],
    )


@app.command("publish")
def publish(file: Annotated[Path, typer.Argument(help="The chain of manifests.")]) -> None:
    """Publish the newest manifest of a chain. It needs the session of an administrator."""
    newest = _newest(signed_files.read_chain(file))
    manifest = manifests.read(newest)
    Session.standing().post(f"/v1/channels/{manifest.slug}/manifests", signed_files.spelled(newest))
    terminal.say(f"Manifest {manifest.epoch} of {manifest.slug} is in force.")


def _newest(chain: Sequence[Signed]) -> Signed:
    if not chain:
        raise Failure("There is no manifest in the file.")
    return chain[-1]


@app.command("check")
def check(
    root_key: Annotated[str, typer.Option(help="The six words of the root, or a file with its public key.")],
    server: ServerAddress,
    channel: Slug,
) -> None:
    """Check the manifests of a channel, pin their root, and remember the newest: an older or other one is an alarm from now on."""
    show(trust.check(Server(server), channel, root_key).newest)
    terminal.say("Signed by this root, and no older than what was seen before.", "green")
