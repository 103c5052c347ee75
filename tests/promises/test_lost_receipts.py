"""A lost receipt stays lost: every role asks for another one through every route that takes anything, and none of them gets it."""

import ast
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import pytest
import typer.main
from sqlalchemy import select

from app.cli import app as commands
from app.intake.models import Grievance, InboxSession
from app.kernel.db import table_of
from app.policy.guard import Operation, operations
from tests.builders import intake
from tests.builders.conversations import Inbox, an_inbox, investigated
from tests.conftest import CHANNEL, Service
from tests.promises.canaries import Canaries, Filler

ROOT = Path(__file__).parents[2]
WAYS_IN = {"/v1/channels/{channel}/grievances", "/v1/channels/{channel}/sealed-grievances", "/v1/inbox/sessions"}
"""Where a receipt, or what follows from one, is sent or answered: at the beginning, and with the receipt itself."""
PUBLIC_PAGE = ("get", "/v1/channels/{channel}")
"""It says how many words a receipt has, for clients that draw their own."""
OF_RECEIPTS = frozenset({"receipt", "lookup", "reporter_keys", "inbox_public_key", "signing_public_key"})
KEYS = ("receipt_lookup", "reporter_public_key", "reporter_signing_key", "sender_tag", "key_for_sender")
OUTRIGHT = frozenset({"case_officer", "administrator"})
"""Who might think that they can give somebody new keys."""
LAST = ("administrator",)
"""Who can end others' sessions asks at the end."""
ROLES = (
    "representative", "case_officer", "investigator", "assistant", "reviewer", "custodian", "hr", "leadership", "panel", "staff",
    "auditor", *LAST,
)  # fmt: skip


def names_in(schema: Any, schemas: dict[str, Any], seen: frozenset[str] = frozenset()) -> set[str]:  # noqa: ANN401 any JSON
    """Return the name of every member that a value of the schema can have, at any depth."""
    found: set[str] = set()
    if isinstance(schema, list):
        return found.union(*(names_in(one, schemas, seen) for one in schema)) if schema else found
    if not isinstance(schema, dict):
        return found
    reference = schema.get("$ref", "").rpartition("/")[2]
    if reference and reference not in seen:
        found |= names_in(schemas[reference], schemas, seen | {reference})
    found |= set(schema.get("properties", {}))
    return found.union(*(names_in(one, schemas, seen) for one in schema.values()))


def test_no_other_operation_takes_or_answers_what_belongs_to_a_receipt(service: Service) -> None:
    document = json.loads(json.dumps(service.app.openapi()))
    schemas = document["components"]["schemas"]
    found = set()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            parameters = {one["name"] for one in operation.get("parameters", [])}
            names = names_in([body.get("content", {}) for body in bodies], schemas) | parameters
            if names & OF_RECEIPTS and (method, path) != PUBLIC_PAGE:
                found.add(path)
    assert found == WAYS_IN


class Asking:
    """Somebody who lost their receipt, and everybody whom they might ask for another."""

    def __init__(self, service: Service, inbox: Inbox) -> None:
        """Know what the service takes, and the case of what was raised."""
        document = json.loads(json.dumps(service.app.openapi()))
        self.document, self.filler = document, Filler(document, Canaries())
        self.inbox = inbox
        taking = [one for one in operations(service.app) if one.method != "GET" and one.path not in WAYS_IN]
        self.taking = [one for one in taking if not one.is_page]  # a page calls what is asked here
        ids = {"case_id": inbox.case.id, "grievance_id": inbox.grievance_id, "channel": CHANNEL, "number": 1}
        self.ids = {name: str(value) for name, value in ids.items()}

    def body(self, operation: Operation) -> Any:  # noqa: ANN401 any JSON
        """Return a body that fits."""
        described = self.document["paths"][operation.path][operation.method.lower()]
        content = described.get("requestBody", {}).get("content", {}).get("application/json")
        return None if content is None else self.filler.fill(content["schema"], operation.path)

    async def ask(self, client: httpx.AsyncClient, operation: Operation, *, outright: bool = False) -> str:
        """Return what is answered to a body that fits, and `outright` to the same with what a new receipt would need."""
        path = re.sub(r"\{(\w+)\}", lambda match: self.ids.get(match[1], str(uuid4())), operation.path)
        body = self.body(operation)
        answers = [await client.request(operation.method, path, json=body)]
        if outright and isinstance(body, dict):
            wanted = intake.ReporterClient().keys()
            answers.append(await client.request(operation.method, path, json={**body, "reporter_keys": wanted}))
        return "\n".join(one.text for one in answers)


async def keys_of(service: Service, inbox: Inbox) -> dict[str, Any]:
    """Return everything by which a receipt leads to the grievance."""
    table = table_of(Grievance)
    async with service.runtime.database.session(write=False) as session:
        row = select(*(table.c[name] for name in KEYS)).where(table.c.id == inbox.grievance_id)
        return dict((await session.execute(row)).mappings().one())


async def open_inboxes(service: Service) -> int:
    """Return how many inboxes are open."""
    async with service.runtime.database.session(write=False) as session:
        return len((await session.scalars(select(table_of(InboxSession).c.id))).all())


async def test_no_role_gets_another_receipt_or_an_open_inbox_from_any_route(
    service: Service, actors: SimpleNamespace
) -> None:
    inbox = await an_inbox(service)
    await investigated(inbox)
    asking, before, sessions = Asking(service, inbox), await keys_of(service, inbox), await open_inboxes(service)
    assert len(asking.taking) > 70
    own = [one for one in asking.taking if one.path.startswith(("/v1/auth", "/v1/me"))]  # they end one's own session
    for name in ROLES:
        for operation in [*(one for one in asking.taking if one not in own), *own]:
            if operation.guards[0].relation == "reporter":
                continue
            said = await asking.ask(getattr(actors, name), operation, outright=name in OUTRIGHT)
            assert inbox.receipt not in said, operation
            assert '"receipt"' not in said, operation
    await service.runtime.background.settled()
    assert await keys_of(service, inbox) == before
    assert await open_inboxes(service) == sessions
    assert (await intake.inbox_of(inbox.client, receipt=inbox.receipt))["headline"] == intake.HEADLINE


async def test_who_lost_it_gets_nothing_without_it_and_no_other_by_an_open_inbox(service: Service) -> None:
    inbox = await an_inbox(service)
    asking, before = Asking(service, inbox), await keys_of(service, inbox)
    inside = [one for one in asking.taking if one.guards[0].relation == "reporter"]
    assert len(inside) >= 6
    inbox.client.headers["Authorization"] = inbox.headers["Authorization"]
    for operation in asking.taking:
        if operation.method != "DELETE":
            assert '"receipt"' not in await asking.ask(inbox.client, operation)
    assert await keys_of(service, inbox) == before
    assert (await intake.inbox_of(inbox.client, receipt=inbox.receipt))["headline"] == intake.HEADLINE


def test_no_command_of_the_administrator_takes_or_makes_a_receipt() -> None:
    group = typer.main.get_command(commands)
    waiting, taken = [group], []
    while waiting:
        command = waiting.pop()
        waiting += list(getattr(command, "commands", {}).values())
        taken += [str(one.name) for one in command.params]
    assert not {one for one in taken if "receipt" in one or "lookup" in one or "grievance" in one}
    reached = [
        ROOT / "app" / "cli",
        ROOT / "app" / "setup.py",
        ROOT / "app" / "rotation.py",
        ROOT / "app" / "upgrading.py",
    ]
    files = [file for place in reached for file in ([place] if place.is_file() else place.glob("*.py"))]
    assert len(files) > 6
    assert [file.name for file in files if "receipts" in file.read_text("utf-8").replace("receipts.py", "")] == []


@pytest.mark.parametrize("column", ["receipt_lookup", "reporter_public_key", "reporter_signing_key", "sender_tag"])
def test_what_leads_from_a_receipt_to_a_grievance_is_written_once_where_it_comes_in(column: str) -> None:
    """No code sets it on a grievance that is there: by an attribute, or by the values of an UPDATE."""
    makers = {"intake/submission.py", "intake/sealed_submission.py", "intake/models.py"}
    if column == "sender_tag":  # of grievances from before there were such tags, once, by their own key
        makers.add("upgrading.py")
    writing = set()
    for file in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            is_set = isinstance(node, ast.Attribute) and node.attr == column and isinstance(node.ctx, ast.Store)
            is_key = isinstance(node, ast.Dict) and any(
                isinstance(key, ast.Constant) and key.value == column for key in node.keys
            )
            if is_set or is_key or (isinstance(node, ast.keyword) and node.arg == column):
                writing.add(file.relative_to(ROOT / "app").as_posix())
    assert writing <= makers
    assert writing
