"""Checkpoints and proofs over HTTP: for anybody once a day, for auditors as they are, for nobody behind a wall."""

from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.crypto import logproofs, merkle
from app.crypto.notes import Checkpoint, Verifier, open_checkpoint
from tests.builders import intake
from tests.builders.prooflog import log_key_of, organisation_of, sequenced, sequenced_on_the_next_day
from tests.builders.reports import slug_of
from tests.conftest import Clock, Service

NEWCOMER = {"username": "newcomer", "display_name": "Newcomer", "roles": ["staff"]}


async def public_checkpoint(service: Service, client: httpx.AsyncClient) -> Checkpoint:
    """The checkpoint that anybody is shown."""
    answer = await client.get(f"/v1/log/{await organisation_of(service)}/checkpoint")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return open_checkpoint(answer.text, await log_key_of(service))[0]


async def auditors_checkpoint(service: Service, actors: SimpleNamespace) -> Checkpoint:
    """The checkpoint that an auditor is shown."""
    answer = await actors.auditor.get("/v1/audit/checkpoint")
    assert answer.status_code == 200, answer.text
    return open_checkpoint(answer.text, await log_key_of(service))[0]


async def test_before_the_first_run_there_is_no_checkpoint(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    assert (await anonymous.get(f"/v1/log/{await organisation_of(service)}/checkpoint")).status_code == 404
    assert slug_of(await actors.auditor.get("/v1/audit/checkpoint"), 409) == "log-not-signed-yet"


async def test_the_key_of_the_log_is_public_and_its_name_is_that_of_the_organisation(
    service: Service, anonymous: httpx.AsyncClient
) -> None:
    organisation_id = await organisation_of(service)
    answer = await anonymous.get(f"/v1/log/{organisation_id}/key")
    assert Verifier.read(answer.text.strip()) == await log_key_of(service)
    assert Verifier.read(answer.text.strip()).name == f"candour/{organisation_id}"
    assert (await anonymous.get(f"/v1/log/{uuid4()}/key")).status_code == 404


async def test_who_polls_the_public_checkpoint_sees_it_change_once_a_day(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    await sequenced_on_the_next_day(service, clock)
    first = await public_checkpoint(service, anonymous)
    await actors.administrator.sign_in()
    await actors.auditor.sign_in()
    for number in range(3):
        body = NEWCOMER | {"username": f"newcomer{number}"}
        assert (await actors.administrator.post("/v1/accounts", json=body)).status_code == 201
        await intake.submitted(anonymous)
        clock.advance(timedelta(minutes=1))
        await sequenced(service)
        assert await public_checkpoint(service, anonymous) == first
    assert (await auditors_checkpoint(service, actors)).size > first.size
    await sequenced_on_the_next_day(service, clock)
    assert (await public_checkpoint(service, anonymous)).size > first.size + 9


async def test_anybody_can_be_shown_that_a_public_checkpoint_contains_an_earlier_one(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    found = []
    for _ in range(3):
        await intake.submitted(anonymous)
        await sequenced_on_the_next_day(service, clock)
        found.append(await public_checkpoint(service, anonymous))
    path = f"/v1/log/{await organisation_of(service)}/consistency"
    for older in found:
        for newer in found:
            answer = await anonymous.get(path, params={"from": older.size, "to": newer.size})
            if older.size > newer.size:
                assert answer.status_code == 422
                continue
            shown = answer.json()
            assert (shown["from_size"], shown["to_size"]) == (older.size, newer.size)
            logproofs.require_agreement(older, newer, [bytes.fromhex(one) for one in shown["proof"]])
    assert (await anonymous.get(path, params={"from": 0, "to": found[0].size})).json()["proof"] == []


async def test_nobody_learns_from_the_public_proofs_how_far_the_log_has_grown_today(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    await sequenced_on_the_next_day(service, clock)
    first = await public_checkpoint(service, anonymous)
    await actors.administrator.sign_in()
    await sequenced(service)
    path = f"/v1/log/{await organisation_of(service)}/consistency"
    for size in (first.size + 1, first.size + 1_000):
        assert (await anonymous.get(path, params={"from": first.size, "to": size})).status_code == 404


@pytest.mark.parametrize("query", [{}, {"from": "-1", "to": "3"}, {"from": "x", "to": "3"}, {"from": "1"}])
async def test_a_proof_between_no_sizes_is_refused(
    service: Service, anonymous: httpx.AsyncClient, query: dict[str, str]
) -> None:
    answer = await anonymous.get(f"/v1/log/{await organisation_of(service)}/consistency", params=query)
    assert answer.status_code == 422


async def inclusion(actors: SimpleNamespace, chain_id: str, sequence: int) -> httpx.Response:
    """What an auditor is answered who asks for a proof of an event."""
    answer: httpx.Response = await actors.auditor.get(
        "/v1/audit/proofs/inclusion", params={"chain_id": chain_id, "sequence": sequence}
    )
    return answer


async def test_an_auditor_is_shown_that_every_event_they_read_is_in_the_log(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    await intake.submitted(anonymous)
    await sequenced_on_the_next_day(service, clock)
    await actors.auditor.sign_in()
    log_key = await log_key_of(service)
    checked = 0
    for chain in (await actors.auditor.get("/v1/audit/chains")).json()["items"]:
        params = {"chain_id": chain["chain_id"], "limit": 200}
        for event in (await actors.auditor.get("/v1/audit/events", params=params)).json()["items"]:
            answer = await inclusion(actors, chain["chain_id"], event["sequence"])
            if answer.status_code == 404:
                assert event["at"].startswith(str(clock.at.date()))  # the auditor's own signing in, not sequenced yet
                continue
            shown = answer.json()
            leaf = logproofs.leaf_of(bytes.fromhex(shown["blind"]), bytes.fromhex(event["hash"]))
            assert leaf.hex() == shown["leaf"]
            checkpoint, _ = open_checkpoint(shown["checkpoint"], log_key)
            path = [bytes.fromhex(one) for one in shown["path"]]
            merkle.verify_inclusion(leaf, shown["index"], checkpoint.size, path, checkpoint.root)
            checked += 1
    assert checked > 20


async def test_an_auditor_is_shown_that_each_checkpoint_contains_the_one_before(
    service: Service, actors: SimpleNamespace
) -> None:
    found = []
    for number in range(4):
        body = NEWCOMER | {"username": f"newcomer{number}"}
        assert (await actors.administrator.post("/v1/accounts", json=body)).status_code == 201
        await sequenced(service)
        found.append(await auditors_checkpoint(service, actors))
    for older, newer in pairwise(found):
        params = {"from": older.size, "to": newer.size}
        shown = (await actors.auditor.get("/v1/audit/proofs/consistency", params=params)).json()
        logproofs.require_agreement(older, newer, [bytes.fromhex(one) for one in shown["proof"]])


async def test_a_wall_hides_the_proofs_of_a_case_from_an_auditor(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    submitted = await intake.submitted(anonymous)
    case_id = await intake.case_called(actors.case_officer, submitted["reference"])
    await sequenced_on_the_next_day(service, clock)
    await actors.auditor.sign_in()
    await actors.case_officer.sign_in()
    assert (await inclusion(actors, case_id, 1)).status_code == 200
    wall: dict[str, Any] = {"account_id": str(actors.auditor.account_id), "reason": "Is named in the grievance."}
    assert (await actors.case_officer.post(f"/v1/cases/{case_id}/walls", json=wall)).status_code == 201
    hidden, missing = await inclusion(actors, case_id, 1), await inclusion(actors, str(uuid4()), 1)
    assert (hidden.status_code, hidden.content) == (404, missing.content)
