"""A receipt carries a proof: what its holder said is in the log, which they check with the log's key and nothing else."""

import base64
import json
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update

from app.crypto import contexts, fields, logproofs
from app.crypto.logproofs import NotInTheLogYet, Received
from app.crypto.merkle import ProofWrong
from app.intake.models import Grievance
from app.kernel.db import table_of
from tests.builders import intake
from tests.builders.prooflog import log_key_of, sequenced, sequenced_on_the_next_day
from tests.conftest import Clock, Service

TEXTS = ("headline", "narrative", "capacity", "confidentiality")


def said_in(shown: dict[str, Any]) -> dict[str, Any]:
    """What a reporter makes of what the inbox shows, or of what they kept."""
    allegations = [(one["label"], one["statement"]) for one in shown["allegations"]]
    at_first = {row for table, row, _ in shown["proof"]["event"]["touched"] if table == "headcount_claims"}
    claims = [claim for claim in shown.get("headcount_claims", ()) if claim["id"] in at_first]
    return logproofs.statement(
        **{name: shown[name] for name in TEXTS}, allegations=allegations, headcount_claims=claims
    )


async def checked(service: Service, shown: dict[str, Any], **changes: Any) -> Received:  # noqa: ANN401 texts
    """The proof, checked offline."""
    salt = bytes.fromhex(shown["statement_salt"])
    return logproofs.verify_receipt_proof(shown["proof"], salt, said_in(shown) | changes, await log_key_of(service))


async def test_a_reporter_checks_offline_that_what_they_said_is_in_the_log(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    await sequenced_on_the_next_day(service, clock)
    inbox = await intake.inbox_of(anonymous, receipt=receipt)
    shown = await checked(service, inbox)
    assert shown.event.at.date() == date(2026, 3, 2)
    assert shown.checkpoint.size > shown.index
    for name in TEXTS:
        with pytest.raises(ProofWrong):
            await checked(service, inbox, **{name: "altered"})


@pytest.mark.parametrize("confidentiality", ["anonymous", "confidential", "open"])
async def test_the_statement_says_how_confidential_it_is_and_never_who_said_it(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock, confidentiality: str
) -> None:
    receipt = (await intake.submitted(anonymous, intake.a_grievance(confidentiality)))["receipt"]
    await sequenced_on_the_next_day(service, clock)
    inbox = await intake.inbox_of(anonymous, receipt=receipt)
    assert inbox["confidentiality"] == confidentiality
    await checked(service, inbox)
    assert intake.IDENTITY["name"] not in json.dumps([said_in(inbox), inbox["proof"]])


async def test_until_the_day_is_over_a_receipt_says_from_when_it_is_in_the_log(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    await sequenced(service)
    with pytest.raises(NotInTheLogYet) as told:
        await checked(service, await intake.inbox_of(anonymous, receipt=receipt))
    assert told.value.not_before == date(2026, 3, 3)
    clock.advance(timedelta(days=4))
    with pytest.raises(NotInTheLogYet) as told:
        await checked(service, await intake.inbox_of(anonymous, receipt=receipt))
    assert told.value.not_before == date(2026, 3, 6)


async def test_every_later_checkpoint_still_contains_it(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    sizes = []
    for _ in range(3):
        await sequenced_on_the_next_day(service, clock)
        await intake.submitted(anonymous)
        sizes.append((await checked(service, await intake.inbox_of(anonymous, receipt=receipt))).checkpoint.size)
    assert sizes == sorted(set(sizes))


async def test_a_client_that_opens_the_inbox_itself_checks_it_too(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    reporter = intake.ReporterClient()
    await intake.submitted(anonymous, intake.a_grievance(reporter_keys=reporter.keys()))
    await sequenced_on_the_next_day(service, clock)
    inbox = await intake.inbox_of(anonymous, lookup=reporter.lookup)
    assert (inbox["statement_salt"], inbox["confidentiality"]) == (None, None)
    sealed = inbox["sealed"]
    organisation_id, grievance_id = UUID(sealed["organisation_id"]), UUID(sealed["grievance_id"])
    info = contexts.encode("conversation", organisation_id, grievance_id, reporter.private.public)
    key = reporter.private.open(base64.b64decode(sealed["sealed_key"]), info)

    def opened(name: str) -> str:
        content = base64.b64decode(sealed[name])
        context = contexts.encode("field", organisation_id, grievance_id, "grievances", name, grievance_id, 1)
        return fields.open_(key, context, content[4:]).decode()

    assert opened("confidentiality") == "c"
    sent = intake.a_grievance()
    said = logproofs.statement(
        **{name: sent[name] for name in TEXTS},
        allegations=[(one["label"], one["statement"]) for one in sent["allegations"]],
    )
    salt = bytes.fromhex(opened("statement_salt"))
    shown = logproofs.verify_receipt_proof(inbox["proof"], salt, said, await log_key_of(service))
    assert shown.event.event == "grievance.received"


async def test_a_representative_checks_their_own_grievance_whatever_was_claimed_since(
    service: Service, actors: SimpleNamespace, clock: Clock
) -> None:
    answer = await intake.submitted_for_many(actors.representative)
    path = f"/v1/collective-grievances/{answer['id']}"
    later = {"number": 40, "basis": "asserted", "source": "A meeting", "claimed_on": "2026-03-01"}
    assert (await actors.representative.post(f"{path}/headcount-claims", json=later)).status_code == 201
    await sequenced_on_the_next_day(service, clock)
    await actors.representative.sign_in()
    own = (await actors.representative.get(path)).json()
    assert len(own["headcount_claims"]) == 3
    shown = await checked(service, own)
    assert shown.event.actor_id == actors.representative.account_id


async def test_those_who_work_the_case_find_the_same_statement(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    submitted = await intake.submitted(anonymous)
    inbox = await intake.inbox_of(anonymous, receipt=submitted["receipt"])
    raised = await intake.raised_in(actors.case_officer, submitted["reference"])
    assert raised["statement_salt"] == inbox["statement_salt"]
    assert said_in(raised | {"proof": inbox["proof"]}) == said_in(inbox)


async def test_a_text_that_was_exchanged_is_found_by_the_receipt(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    """Somebody who holds the case key could seal another text into the row; the statement would still not be that."""
    receipt = (await intake.submitted(anonymous))["receipt"]
    await sequenced_on_the_next_day(service, clock)
    inbox = await intake.inbox_of(anonymous, receipt=receipt)
    with pytest.raises(ProofWrong, match="statement"):
        await checked(service, inbox, narrative="All was well.")


async def test_what_came_in_before_there_were_statements_still_opens(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(table_of(Grievance)).values(statement_salt_sealed=None))
    inbox = await intake.inbox_of(anonymous, receipt=receipt)
    assert (inbox["headline"], inbox["statement_salt"]) == (intake.HEADLINE, None)
