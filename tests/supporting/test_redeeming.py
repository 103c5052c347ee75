"""A code or token counts one person in, once, for one grievance; and an answer that was lost comes again."""

import asyncio
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from app.crypto import supporter_tokens
from app.kernel.db import Base, table_of
from app.supporting.models import CountedSupporter, SpentToken, SupportCount, SupporterCode, SupporterIdentity
from tests.builders import intake, supporting
from tests.builders.supporting import a_count, proof, spelled, supports
from tests.conftest import Service

RECEIPT = "abacus cactus vanilla tulip ramp oxygen linen"
KEY = {"Idempotency-Key": "a-fresh-random-key-of-a-supporter"}


async def rows(service: Service, model: type[Base] = CountedSupporter) -> int:
    async with service.runtime.database.session(write=False) as session:
        return int((await session.execute(select(func.count()).select_from(model))).scalar_one())


def slug(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rpartition("/")[2]


@pytest.mark.parametrize("mode", ["codes", "tokens"])
async def test_of_eight_who_show_one_code_or_token_at_once_one_is_counted(
    service: Service, actors: SimpleNamespace, mode: str
) -> None:
    counted = await a_count(actors.representative, mode, 1)
    body = {**proof(counted, 0), "allegations": [1]}
    before = set(intake.erasure_keys_in(service.runtime.settings.erasure_folder))

    async def one() -> httpx.Response:
        async with service.client() as client:
            return await client.post(counted.place, json=body)

    answers = await asyncio.gather(*(one() for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert {slug(answer) for answer in answers if answer.status_code == 409} == {"not-counted-in"}
    assert (await rows(service), await rows(service, SupporterIdentity)) == (1, 1)
    assert len(set(intake.erasure_keys_in(service.runtime.settings.erasure_folder)) - before) == 1


@pytest.mark.parametrize("mode", ["codes", "tokens"])
async def test_the_same_request_again_brings_the_same_receipt_and_counts_nobody_twice(
    service: Service, actors: SimpleNamespace, mode: str
) -> None:
    counted = await a_count(actors.representative, mode, 1)
    body = {**proof(counted, 0), "allegations": [1]}
    before = set(intake.erasure_keys_in(service.runtime.settings.erasure_folder))

    async def one() -> httpx.Response:
        async with service.client() as client:
            return await client.post(counted.place, json=body, headers=KEY)

    answers = await asyncio.gather(*(one() for _ in range(8)))
    answers.append(await one())
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {slug(answer) for answer in answers if answer.status_code == 409} <= {"same-request-running"}
    assert len({answer.json()["receipt"] for answer in answers if answer.status_code == 201}) == 1
    assert answers[-1].headers["Idempotent-Replayed"] == "true"
    assert await rows(service) == 1
    assert len(set(intake.erasure_keys_in(service.runtime.settings.erasure_folder)) - before) == 1
    async with service.client() as client:
        other = await client.post(counted.place, json=body | {"allegations": [2]}, headers=KEY)
    assert slug(other) == "idempotency-key-reused"


async def test_what_was_withdrawn_leaves_its_code_used(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    counted = await a_count(actors.representative, "codes", 1)
    receipt = await supports(anonymous, counted, 0, 1)
    assert (await anonymous.post(f"{counted.place}/withdrawal", json={"receipt": receipt})).status_code == 204
    again = await anonymous.post(counted.place, json={"code": counted.codes[0], "allegations": [1]})
    assert slug(again) == "not-counted-in"
    assert (await rows(service), await rows(service, SupporterCode)) == (0, 0)


async def test_a_code_is_read_however_it_is_typed(actors: SimpleNamespace, anonymous: httpx.AsyncClient) -> None:
    counted = await a_count(actors.representative, "codes", 1)
    typed = f" {counted.codes[0].lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} "
    intake.created(await anonymous.post(counted.place, json={"code": typed, "allegations": []}))


async def test_tokens_that_count_nobody_in(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    counted, other = await a_count(actors.representative, "tokens"), await a_count(actors.representative, "tokens")
    good = counted.token()
    wrong = {
        "another key": counted.token(key=1),
        "another grievance": other.token(),
        "one allegation alone": counted.token(1),
        "a flipped bit of its number": bytes([good[0] ^ 1]) + good[1:],
        "a flipped bit of its signature": good[:-1] + bytes([good[-1] ^ 1]),
        "the sum of signature and modulus": good[:32] + bytes([255] * 384),
        "nothing signed": bytes(416),
    }
    for what, token in wrong.items():
        answer = await anonymous.post(counted.place, json={"token": spelled(token), "allegations": [1]})
        assert (answer.status_code, slug(answer)) == (409, "not-counted-in"), what
    for token in (good[:-1], good + b"\0", b"", good * 2):
        answer = await anonymous.post(counted.place, json={"token": spelled(token), "allegations": [1]})
        assert answer.status_code == 422
    code = await anonymous.post(counted.place, json={"code": "7H3KD-0Q9XW-M2RTA-5JB8C", "allegations": [1]})
    assert slug(code) == "not-counted-in"
    assert (await rows(service), await rows(service, SpentToken)) == (0, 0)
    intake.created(await anonymous.post(counted.place, json={"token": spelled(good), "allegations": [1]}))


async def test_a_token_of_one_allegation_supports_that_one_alone(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    counted = await a_count(actors.representative, "tokens_by_allegation")
    token = spelled(counted.token(1))
    for chosen, problem in (
        ([2], "not-counted-in"),
        ([], "invalid-input"),
        ([1, 2], "invalid-input"),
        ([9], "invalid-input"),
    ):
        answer = await anonymous.post(counted.place, json={"token": token, "allegations": chosen})
        assert slug(answer) == problem, chosen
    wrong_key = spelled(counted.token(1, key=1))
    assert slug(await anonymous.post(counted.place, json={"token": wrong_key, "allegations": [1]})) == "not-counted-in"
    every = spelled(counted.token(0))
    assert slug(await anonymous.post(counted.place, json={"token": every, "allegations": [1]})) == "not-counted-in"
    intake.created(await anonymous.post(counted.place, json={"token": token, "allegations": [1]}))
    receipt = await supports(anonymous, counted, 0, 2)
    moved = await anonymous.put(counted.place, json={"receipt": receipt, "allegations": [1]})
    assert slug(moved) == "supports-one-allegation"
    assert (await rows(service), await rows(service, SpentToken)) == (2, 2)


async def test_no_more_tokens_count_than_the_union_has_members(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    counted = await a_count(actors.representative, "tokens", roll=2)
    for number in range(2):
        await supports(anonymous, counted, number, 1)
    answer = await anonymous.post(counted.place, json={**proof(counted, 2), "allegations": [1]})
    assert (answer.status_code, slug(answer), await rows(service)) == (409, "roll-full", 2)


@pytest.mark.parametrize(
    "body",
    [
        {"code": "7H3KD-0Q9XW-M2RTA-5JB8", "allegations": [1]},
        {"code": "no code", "allegations": [1]},
        {"code": "7H3KD-0Q9XW-M2RTA-5JB8C", "allegations": [1]},
    ],
)
async def test_a_code_that_nobody_drew_counts_nobody_in(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    counted, other = await a_count(actors.representative, "codes", 1), await a_count(actors.representative, "codes", 1)
    answer = await anonymous.post(counted.place, json=body)
    foreign = await anonymous.post(counted.place, json={"code": other.codes[0], "allegations": [1]})
    assert (answer.status_code, answer.content) == (409, foreign.content)
    assert slug(answer) == "not-counted-in"
    token = await anonymous.post(counted.place, json={"token": spelled(bytes(416)), "allegations": [1]})
    assert token.content == foreign.content


BROKEN: list[dict[str, Any]] = [
    {"allegations": [1]}, {"code": "a", "token": spelled(bytes(416)), "allegations": [1]}, {"code": "a", "allegations": [0]},
    {"code": "a", "allegations": [1, 1]}, {"code": "a", "allegations": [4]}, {"code": "a", "allegations": ["1"]}, {"code": "a"},
    {"code": "a", "allegations": [1], "comment": "b"}, {"code": "a", "allegations": [1], "lookup": "AAAA"},
    {"code": "a" * 65, "allegations": [1]}, {"code": "a", "allegations": [1], "identity": {"name": "n" * 301}},
]  # fmt: skip


async def test_what_breaks_a_rule_is_refused(actors: SimpleNamespace, anonymous: httpx.AsyncClient) -> None:
    counted = await a_count(actors.representative, "codes", 1)
    for body in BROKEN:
        assert (await anonymous.post(counted.place, json=body)).status_code == 422, body
    for body in (
        {"allegations": [1]},
        {"receipt": "a", "lookup": spelled(bytes(32)), "allegations": [1]},
        {"receipt": RECEIPT, "allegations": [1, 1]},
    ):
        assert (await anonymous.put(counted.place, json=body)).status_code == 422


async def test_unknown_and_malformed_receipts_are_answered_alike(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    counted, other = await a_count(actors.representative, "codes", 1), await a_count(actors.representative, "codes", 1)
    foreign = await supports(anonymous, other, 0, 1)
    answers = []
    for receipt in (RECEIPT, "no receipt", foreign):
        answers.append(await anonymous.put(counted.place, json={"receipt": receipt, "allegations": [1]}))
        answers.append(await anonymous.post(f"{counted.place}/withdrawal", json={"receipt": receipt}))
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, answers[0].content)}


async def test_a_client_may_draw_the_receipt_itself(actors: SimpleNamespace, anonymous: httpx.AsyncClient) -> None:
    counted = await a_count(actors.representative, "codes", 2)
    lookup = spelled(bytes(range(32)))
    body = {"allegations": [1], "lookup": lookup}
    made = intake.created(await anonymous.post(counted.place, json=body | {"code": counted.codes[0]}))
    assert made["receipt"] is None
    again = await anonymous.post(counted.place, json=body | {"code": counted.codes[1]})
    assert slug(again) == "supporter-receipt-taken"
    changed = await anonymous.put(counted.place, json={"lookup": lookup, "allegations": []})
    assert changed.status_code == 204
    assert (await anonymous.post(f"{counted.place}/withdrawal", json={"lookup": lookup})).status_code == 204
    once_more = await anonymous.post(counted.place, json=body | {"code": counted.codes[1]})
    assert slug(once_more) == "supporter-receipt-taken"


async def test_a_count_whose_keys_somebody_wrote_into_the_database_counts_nobody(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    counted = await a_count(actors.representative, "tokens")
    theirs = supporter_tokens.new_keys(1).public[0]
    for values in ({"issuer_key": theirs}, {"counting_key": bytes(1216)}, {"threshold": 1}):
        table = table_of(SupportCount)
        async with service.runtime.database.session(write=True) as session:
            before = (await session.execute(select(table))).mappings().one()
            await session.execute(update(table).values(values))
        answer = await anonymous.post(counted.place, json={**proof(counted, 0), "allegations": [1]})
        assert (answer.status_code, slug(answer)) == (503, "support-count-altered"), values
        async with service.runtime.database.session(write=True) as session:
            await session.execute(update(table).values({name: before[name] for name in values}))
    assert (await anonymous.post(counted.place, json={**proof(counted, 0), "allegations": [1]})).status_code == 201
    assert counted.body["statement"] == supporting.STATEMENT
