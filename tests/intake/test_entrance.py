"""Public doors under a flood: half of each budget is for those who bring a proof of work, and a flood at one door shuts no other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from app.crypto import proof_of_work, receipts
from app.kernel import entrance
from app.kernel.pressure import Group, Policy
from app.main import create_app
from tests import conftest
from tests.builders import intake, supporting
from tests.conftest import Service

HEADER = "Proof-Of-Work"


@asynccontextmanager
async def a_face(service: Service, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:  # noqa: ANN401 any setting
    """Somebody at another process of the service, whose settings differ."""
    app = create_app(service.runtime.settings.model_copy(update={"proof_of_work_tries": 100, **settings}))
    async with conftest._client(app) as client:
        yield client
    await app.state.runtime.close()


async def worked_for(client: httpx.AsyncClient, answer: httpx.Response | None = None) -> dict[str, str]:
    """Return the header with the solution of a challenge: of that refusal, or of one that was asked for."""
    challenge = (await client.get("/v1/proof-of-work")).json() if answer is None else answer.json()["challenge"]
    return {HEADER: proof_of_work.solve(challenge, lambda _: None)}


async def test_who_is_asked_for_a_proof_is_given_the_challenge_and_let_in_with_its_solution_once(
    service: Service,
) -> None:
    async with a_face(service, proof_of_work=Policy.ALWAYS, slow_lane_per_minute=1) as anybody:
        made = await intake.submitted(anybody)
        refused = await anybody.post(intake.grievances_of(), json=intake.a_grievance())
        assert refused.status_code == 428
        assert refused.json()["type"].endswith("/problems/proof-of-work-needed")
        assert int(refused.headers["Retry-After"]) > 0
        proof = await worked_for(anybody, refused)
        again = [await anybody.post(intake.grievances_of(), json=intake.a_grievance(), headers=proof) for _ in "12"]
        assert [answer.status_code for answer in again] == [201, 428], "each proof is used once"
        proof = await worked_for(anybody)
        wrong = await anybody.post("/v1/inbox/sessions", json={"receipt": receipts.new_receipt()})
        assert wrong.status_code == 401, "the slow lane of another door"
        body = {"receipt": made["receipt"]}
        assert (await anybody.post("/v1/inbox/sessions", json=body)).status_code == 428
        assert (await anybody.post("/v1/inbox/sessions", json=body, headers=proof)).status_code == 201


@pytest.mark.parametrize("proof", ["", "x", "W10=", "A" * 5_000])
async def test_what_is_no_proof_is_as_good_as_none(service: Service, proof: str) -> None:
    async with a_face(service, proof_of_work=Policy.ALWAYS, slow_lane_per_minute=1) as anybody:
        answers = [
            await anybody.post("/v1/inbox/sessions", json={"receipt": "none"}, headers={HEADER: proof}) for _ in "12"
        ]
        assert [answer.status_code for answer in answers] == [401, 428]


async def test_a_solution_is_for_ten_minutes(service: Service, clock: conftest.Clock) -> None:
    async with a_face(service, proof_of_work=Policy.ALWAYS, slow_lane_per_minute=1) as anybody:
        await anybody.post("/v1/inbox/sessions", json={"receipt": "none"})
        proof = await worked_for(anybody)
        clock.advance(entrance.LIFE)
        late = await anybody.post("/v1/inbox/sessions", json={"receipt": "none"}, headers=proof)
        assert late.status_code == 428


async def test_a_flood_of_grievances_shuts_neither_the_inbox_nor_those_who_worked_for_their_way_in(
    service: Service,
) -> None:
    receipt = (await intake.submitted(service.client()))["receipt"]
    async with a_face(service, intake_per_minute=20, slow_lane_per_minute=1) as anybody:
        flood = [await anybody.post(intake.grievances_of(), json={"not": "a grievance"}) for _ in range(60)]
        assert [answer.status_code for answer in flood] == [422] * 6 + [422] + [428] * 53
        assert (await intake.inbox_of(anybody, receipt=receipt))["headline"] == intake.HEADLINE
        proof = await worked_for(anybody)
        answer = await anybody.post(intake.grievances_of(), json=intake.a_grievance(), headers=proof)
        assert answer.status_code == 201


async def test_a_door_whose_budget_is_used_up_answers_503_and_says_when_to_come_back(service: Service) -> None:
    async with a_face(service, intake_per_minute=10, proof_of_work=Policy.OFF) as anybody:
        answers = [await anybody.post(intake.grievances_of(), json={}) for _ in range(8)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [503] * 3
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert answers[-1].json()["type"].endswith("/problems/busy")


async def test_who_floods_the_intake_s_queue_keeps_nobody_from_their_inbox(
    service: Service, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = (await intake.submitted(anonymous))["receipt"]
    monkeypatch.setattr(service.runtime.reporting, "_most", 0)
    assert (await intake.inbox_of(anonymous, receipt=receipt))["headline"] == intake.HEADLINE


async def test_neither_an_address_nor_any_name_makes_a_difference_at_a_door(service: Service) -> None:
    """A flood from one address takes what is everybody's: another address, device or account is treated no better."""
    async with a_face(service, intake_per_minute=20, slow_lane_per_minute=1) as anybody:
        for _ in range(20):
            await anybody.post(intake.grievances_of(), json={})
        strangers = [
            {"X-Forwarded-For": "203.0.113.77", "User-Agent": "another"},
            {"Forwarded": "for=203.0.113.78"},
            dict(service.actors.investigator.headers),
        ]
        answers = [await anybody.post(intake.grievances_of(), json={}, headers=headers) for headers in strangers]
    assert {answer.status_code for answer in answers} == {428}
    assert len({tuple(sorted(answer.json())) for answer in answers}) == 1


async def test_a_thousand_wrong_receipts_keep_the_right_one_out_of_nothing(service: Service) -> None:
    """Nothing is locked: neither the receipt, nor the grievance, nor whoever guesses; at the same time neither."""
    receipt = (await intake.submitted(service.client()))["receipt"]
    async with a_face(service, inbox_per_minute=100, slow_lane_per_minute=30) as anybody:

        async def guess(number: int) -> int:
            body = (
                {"receipt": receipts.new_receipt()}
                if number % 50 == 0
                else {"lookup": intake.encode(bytes(31) + bytes([number % 256]))}
            )
            return (await anybody.post("/v1/inbox/sessions", json=body)).status_code

        proof = await worked_for(anybody)
        guesses = [asyncio.create_task(guess(number)) for number in range(1_000)]
        await asyncio.sleep(0)
        during = await anybody.post("/v1/inbox/sessions", json={"receipt": receipt}, headers=proof)
        statuses = {await one for one in guesses}
        assert during.status_code == 201
        assert statuses <= {401, 428, 503}
        assert {401, 428} <= statuses
        again = await anybody.post("/v1/inbox/sessions", json={"receipt": receipt}, headers=await worked_for(anybody))
        assert again.status_code == 201
    async with service.client() as later:
        assert (await intake.inbox_of(later, receipt=receipt))["headline"] == intake.HEADLINE


async def test_pages_without_scripts_come_in_by_the_same_rule(service: Service) -> None:
    """What the portal calls: the same budgets, the same slow lane."""
    settings = service.runtime.settings.model_copy(update={"proof_of_work": Policy.ALWAYS, "slow_lane_per_minute": 1})
    app = create_app(settings)
    with entrance.entered(app.state.runtime, Group.SUPPORT, None):
        assert app.state.runtime.entrances[Group.SUPPORT].inside == 1
    with pytest.raises(entrance.ProofOfWorkNeeded) as refused, entrance.entered(app.state.runtime, Group.SUPPORT, None):
        pass
    solution = proof_of_work.solve(refused.value.members["challenge"], lambda _: None)
    with entrance.entered(app.state.runtime, Group.SUPPORT, solution):
        pass
    assert app.state.runtime.entrances[Group.SUPPORT].inside == 0
    await app.state.runtime.close()


async def test_each_other_public_door_has_a_budget_of_its_own_and_asks_for_work_while_it_runs_low(
    service: Service,
) -> None:
    counted = await supporting.a_count(service.actors.representative, "codes", 2)
    supports = {"code": counted.codes[0], "allegations": [1]}
    doors: list[tuple[str, str, dict[str, Any], int]] = [
        ("POST", counted.place, supports, 201),
        ("POST", f"/v1/channels/{conftest.CHANNEL}/hints", {"narrative": "I am the only nurse on nights."}, 200),
        ("POST", "/v1/inbox/files", {"name": "rota.txt", "size": 1}, 201),
    ]
    async with a_face(service, proof_of_work=Policy.ALWAYS, slow_lane_per_minute=1) as anybody:
        receipt = (await intake.submitted(anybody))["receipt"]
        anybody.headers.update(await intake.inbox_opened(anybody, receipt=receipt))
        for method, path, body, status in doors:
            first = await anybody.request(method, path, json=body)
            assert first.status_code == status, first.text
            refused = await anybody.request(method, path, json=body)
            assert refused.status_code == 428, path
        paths = (("PUT", counted.place), ("POST", f"{counted.place}/withdrawal"))
        body = {"receipt": receipt, "allegations": [1]}
        for method, path in paths:
            assert (await anybody.request(method, path, json=body)).status_code == 428, path
        proof = await worked_for(anybody, refused)
        again = await anybody.post("/v1/inbox/files", json={"name": "rota.txt", "size": 1}, headers=proof)
        assert again.status_code == 201
