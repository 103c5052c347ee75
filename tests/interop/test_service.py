"""A reporter and custodians who run JavaScript work with the service: it opens what they sealed, and they what it sealed."""

import base64
import json
from collections.abc import Sequence
from itertools import combinations
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from app.crypto import hpke, logproofs, receipts
from app.custody.models import Custodian
from app.kernel import clock
from tests.builders import intake, sealed
from tests.builders.intake import a_grievance, encode
from tests.conftest import CHANNEL, Service
from tests.interop.node import BrokenInNode, Node

pytestmark = pytest.mark.xdist_group("node")


class JavaScriptReporter:
    """A reporter whose client is JavaScript: it draws a receipt, and the service sees what follows from it alone."""

    def __init__(self, node: Node, salt: bytes) -> None:
        """Derive the keys of a fresh receipt."""
        self.node = node
        self.receipt = receipts.new_receipt()
        derived = node.call("receiptKeys", self.receipt, salt)
        self.lookup, self.inbox_seed = derived["lookup"], derived["inboxSeed"]
        self.public_key = node.call("publicKey", self.inbox_seed)
        self.signing_key = node.call("signingPublicKey", derived["signingSeed"])

    def keys(self) -> dict[str, str]:
        """What it sends in place of a receipt."""
        return {
            "lookup": encode(self.lookup),
            "inbox_public_key": encode(self.public_key),
            "signing_public_key": encode(self.signing_key),
        }

    def conversation(self, sealed: dict[str, Any]) -> tuple[bytes, bytes]:
        """The conversation's key, as JavaScript opens it, and the context it was sealed under."""
        ids = (UUID(sealed["organisation_id"]).bytes, UUID(sealed["grievance_id"]).bytes)
        context = self.node.call("context", "conversation", *ids, self.public_key)
        key = self.node.call("openWith", self.inbox_seed, context, base64.b64decode(sealed["sealed_key"]))
        return key, context


def place(sealed: dict[str, Any], table: str, column: str, row: str) -> tuple[Any, ...]:
    """Where a text of the grievance stands, for its context."""
    ids = (UUID(sealed["organisation_id"]).bytes, UUID(sealed["grievance_id"]).bytes)
    return (*ids, table, column, UUID(row).bytes)


@pytest.fixture
async def reporter(node: Node, anonymous: httpx.AsyncClient, channel: str) -> JavaScriptReporter:
    """Somebody who read the channel's page with JavaScript."""
    page = (await anonymous.get(f"/v1/channels/{channel}")).json()
    return JavaScriptReporter(node, base64.b64decode(page["receipt"]["salt"]))


async def test_a_reporter_whose_client_is_javascript_reads_the_sealed_inbox(
    node: Node, anonymous: httpx.AsyncClient, reporter: JavaScriptReporter
) -> None:
    assert (await intake.submitted(anonymous, a_grievance(reporter_keys=reporter.keys())))["receipt"] is None
    inbox = await intake.inbox_of(anonymous, lookup=encode(reporter.lookup))
    assert inbox["headline"] is None
    shown = inbox["sealed"]
    key, _ = reporter.conversation(shown)

    def read(table: str, column: str, row: str, text: str) -> str:
        opened: bytes = node.call("openColumn", key, place(shown, table, column, row), base64.b64decode(text))
        return opened.decode()

    own = shown["grievance_id"]
    assert read("grievances", "headline", own, shown["headline"]) == intake.HEADLINE
    assert read("grievances", "narrative", own, shown["narrative"]) == intake.NARRATIVE
    assert read("grievances", "capacity", own, shown["capacity"]) == "employee"
    raised = shown["allegations"]
    assert [read("raised_allegations", "statement", one["id"], one["statement"]) for one in raised] == intake.STATEMENTS
    assert [read("raised_allegations", "label", one["id"], one["label"]) for one in raised] == ["1.1", "1.2"]
    with pytest.raises(BrokenInNode):
        read("grievances", "narrative", own, shown["headline"])


async def test_the_words_that_javascript_derived_its_keys_from_open_the_inbox_on_any_machine(
    anonymous: httpx.AsyncClient, reporter: JavaScriptReporter
) -> None:
    """The service derives the same keys from the receipt, and opens what it sealed to JavaScript's public key."""
    await intake.submitted(anonymous, a_grievance(reporter_keys=reporter.keys()))
    inbox = await intake.inbox_of(anonymous, receipt=reporter.receipt)
    assert (inbox["narrative"], inbox["sealed"]) == (intake.NARRATIVE, None)


async def test_a_grievance_that_javascript_sealed_is_taken_and_opens_to_everybody_it_is_for(
    node: Node, service: Service, anonymous: httpx.AsyncClient, reporter: JavaScriptReporter
) -> None:
    """The service holds no key of it: officers and the receipt open the texts, two custodians the identity."""
    to = await sealed.recipients_of(service)
    page = (await anonymous.get(f"/v1/channels/{CHANNEL}")).json()
    said: dict[str, Any] = {
        "headline": intake.HEADLINE,
        "narrative": 'Écrit par JavaScript: "naïve", in one\n\tor two lines.',
        "capacity": None,
        "confidentiality": "confidential",
        "allegations": [{"label": None, "statement": one} for one in intake.STATEMENTS],
    }
    channel = {
        "organisation": str(to.organisation),
        "officers": [{"account": str(account), "publicKey": key.public} for account, key in to.officers],
        "custodians": [
            {"id": one["id"], "publicKey": base64.b64decode(one["public_key"])} for one in page["custodians"]
        ],
        "threshold": to.threshold,
    }
    salt, today = base64.b64decode(page["receipt"]["salt"]), clock.today().isoformat()
    body = node.call("sealSubmission", said, sealed.PERSON, channel, reporter.receipt, salt, today)
    assert intake.HEADLINE not in json.dumps(body)
    answer = intake.created(await anonymous.post(sealed.SEALED, json=body))
    grievance = await intake.raised_in(service.actors.case_officer, answer["reference"])
    assert (grievance["headline"], grievance["narrative"]) == (said["headline"], said["narrative"])
    assert [one["statement"] for one in grievance["allegations"]] == intake.STATEMENTS
    inbox = await intake.inbox_of(anonymous, receipt=reporter.receipt)
    assert inbox["narrative"] == said["narrative"]
    stated = logproofs.statement(**{**said, "allegations": [(None, one) for one in intake.STATEMENTS]})
    ids = (to.organisation, UUID(body["grievance_id"]))
    committed = logproofs.commit_to_statement(bytes.fromhex(inbox["statement_salt"]), *ids, stated)
    assert committed.commitment == body["statement"]
    async with service.runtime.database.session(write=False) as session:
        (one,) = await intake.identities_in(session)
    seeds = {hpke.public_key(seed): seed for seed in service.custodian_seeds}
    two = {UUID(held["id"]): seeds[base64.b64decode(held["public_key"])] for held in page["custodians"][:2]}
    erasure_key = intake.erasure_keys_in(service.runtime.settings.erasure_folder)[one.id]
    assert one.open(two, erasure_key) == json.loads(sealed.PERSON)


async def test_an_identity_that_the_service_sealed_opens_to_custodians_who_run_javascript(
    node: Node, service: Service, anonymous: httpx.AsyncClient, custodian_seeds: Sequence[bytes]
) -> None:
    await intake.submitted(anonymous)
    seeds = {node.call("publicKey", seed): seed for seed in custodian_seeds}
    async with service.runtime.database.session(write=False) as session:
        (one,) = await intake.identities_in(session)
        custodians = sorted((await session.execute(select(Custodian))).scalars(), key=lambda custodian: custodian.id)
    ids = (one.row.organisation_id, one.row.case_id, one.id)
    of = {
        "reference": node.call("context", "identity-reference", *(each.bytes for each in ids)),
        "threshold": one.row.threshold,
        "custodians": [custodian.id.bytes for custodian in custodians],
        "commitments": list(one.sharing.commitments),
    }
    released = [
        (number, node.call("openShare", seeds[custodian.public_key], of, number, one.shares[custodian.id]))
        for number, custodian in enumerate(custodians)
    ]
    stored = {"ciphertext": one.row.ciphertext, "check": one.row.check_value}
    erasure_key = intake.erasure_keys_in(service.runtime.settings.erasure_folder)[one.id]
    for two in combinations(released, 2):
        assert json.loads(node.call("combineIdentity", stored, of, two, erasure_key)) == intake.IDENTITY
    for alone in released:
        with pytest.raises(BrokenInNode):
            node.call("combineIdentity", stored, of, [alone], erasure_key)
