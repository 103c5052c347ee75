"""Thirty-one people are counted, with codes from a hat or tokens of their union, and what may be told of them is told once."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.audit.verify import verify
from app.supporting.models import CountedSupporter, SupporterCode, SupportTally
from tests.builders import supporting
from tests.builders.intake import CLAIMS, NARRATIVE, case_called, submitted_for_many
from tests.builders.supporting import Counted, a_count, a_round, supports
from tests.conftest import Clock, Service

LAST_DAY = datetime(2026, 3, 12, 23, 59, tzinfo=UTC)
AFTER = datetime(2026, 3, 13, 0, 30, tzinfo=UTC)


async def read_own(representative: httpx.AsyncClient, counted: Counted) -> dict[str, Any]:
    answer = await representative.get(counted.own)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def tallies(service: Service) -> list[SupportTally]:
    async with service.runtime.database.session(write=False) as session:
        return list((await session.execute(select(SupportTally))).scalars())


async def assert_the_log_verifies(service: Service) -> None:
    async with service.runtime.database.session(write=False) as session:
        assert (await verify(session, service.runtime.keys)).faults == []


@pytest.mark.parametrize("mode", ["codes", "tokens"])
async def test_thirty_one_supporters_are_counted_and_told_once_the_count_has_ended(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock, mode: str
) -> None:
    counted = await a_count(actors.representative, mode, 31 if mode == "codes" else 0)
    for number in range(31):
        chosen = [1] + [2] * (number < 12) + [3] * (number < 3)
        await supports(anonymous, counted, number, *chosen)
    clock.set(LAST_DAY)
    await actors.representative.sign_in()
    await a_round(service)
    during = (await read_own(actors.representative, counted))["count"]
    assert (during["headcount"]["number"], during["headcount"]["basis"], during["is_open"]) == (31, "verified", True)
    assert [one["tally"] for one in during["allegations"]] == [None, None, None]
    clock.set(AFTER)
    await actors.representative.sign_in()
    await a_round(service)
    after = await read_own(actors.representative, counted)
    told = [one["tally"] for one in after["count"]["allegations"]]
    assert [None if one is None else (one["number"], one["is_exact"]) for one in told] == [
        (27, False),
        (12, True),
        None,
    ]
    assert [claim["number"] for claim in after["headcount_claims"]] == [one.get("number") for one in CLAIMS]
    await actors.case_officer.sign_in()
    reference = (await actors.representative.get(f"/v1/collective-grievances/{counted.grievance_id}")).json()[
        "reference"
    ]
    case_id = await case_called(actors.case_officer, reference)
    seen = await actors.case_officer.get(f"/v1/cases/{case_id}/support")
    assert seen.json()["items"] == [after]
    assert [one["allegation_id"] for one in after["count"]["allegations"]] == counted.allegations
    await assert_the_log_verifies(service)


async def test_supports_by_allegation_are_counted_apart(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    counted = await a_count(actors.representative, "tokens_by_allegation", roll=31)
    for number in range(6):
        await supports(anonymous, counted, number, 1)
    for number in range(4):
        await supports(anonymous, counted, number, 2)
    clock.set(AFTER)
    await actors.representative.sign_in()
    await a_round(service)
    found = (await read_own(actors.representative, counted))["count"]
    assert found["headcount"] is None
    assert [one["tally"] and one["tally"]["number"] for one in found["allegations"]] == [6, None, None]
    await assert_the_log_verifies(service)


async def test_below_the_threshold_nothing_is_told_and_few_look_like_none(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    few, none = await a_count(actors.representative, "codes", 4), await a_count(actors.representative, "codes", 4)
    for number in range(4):
        await supports(anonymous, few, number, 1, 2, 3)
    clock.set(AFTER)
    await actors.representative.sign_in()
    await a_round(service)
    assert await tallies(service) == []
    shown = [(await read_own(actors.representative, one))["count"] for one in (few, none)]
    for one in shown:
        one.pop("id")
        for allegation in one["allegations"]:
            allegation.pop("allegation_id")
    assert shown[0] == shown[1]
    assert shown[0]["headcount"] is None


async def test_a_withdrawal_lowers_the_tally_and_an_amendment_moves_it(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    counted = await a_count(actors.representative, "codes", 20)
    receipts = [await supports(anonymous, counted, number, 1 if number < 10 else 2) for number in range(20)]
    for receipt in receipts[:2]:
        gone = await anonymous.post(f"{counted.place}/withdrawal", json={"receipt": receipt.upper()})
        assert gone.status_code == 204
    changed = await anonymous.put(counted.place, json={"receipt": receipts[2], "allegations": [2]})
    assert changed.status_code == 204
    clock.set(AFTER)
    await actors.representative.sign_in()
    await a_round(service)
    told = (await read_own(actors.representative, counted))["count"]
    assert told["headcount"]["number"] == 18
    assert [one["tally"] and one["tally"]["number"] for one in told["allegations"]] == [7, 11, None]
    for receipt in receipts[:2]:
        again = await anonymous.post(f"{counted.place}/withdrawal", json={"receipt": receipt})
        assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (401, "receipt-not-known")
    await assert_the_log_verifies(service)


async def test_what_was_told_of_allegations_is_never_told_again(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    counted = await a_count(actors.representative, "codes", 20)
    receipts = [await supports(anonymous, counted, number, 1 if number < 10 else 2) for number in range(20)]
    clock.set(AFTER)
    await actors.representative.sign_in()
    await a_round(service)
    before = [(one.allegation_id, one.number) for one in await tallies(service)]
    await anonymous.post(f"{counted.place}/withdrawal", json={"receipt": receipts[0]})
    clock.set(AFTER.replace(day=14))
    await a_round(service)
    assert [(one.allegation_id, one.number) for one in await tallies(service)] == before
    late = await anonymous.put(counted.place, json={"receipt": receipts[1], "allegations": [2]})
    assert late.json()["type"].endswith("supporters-not-counted")
    for receipt in receipts[1:17]:
        await anonymous.post(f"{counted.place}/withdrawal", json={"receipt": receipt})
    await a_round(service)
    assert await tallies(service) == []
    await assert_the_log_verifies(service)


async def test_the_first_and_the_last_day_count_and_no_other(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    counted = await a_count(actors.representative, "codes", 4, opens_on="2026-03-03")
    body = {"code": counted.codes[0], "allegations": []}
    edges = {
        datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC): 409,
        datetime(2026, 3, 3, tzinfo=UTC): 201,
        LAST_DAY: 201,
        AFTER.replace(minute=0): 409,
    }
    for number, (at, status) in enumerate(edges.items()):
        clock.set(at)
        answer = await anonymous.post(counted.place, json=body | {"code": counted.codes[number]})
        assert answer.status_code == status, at
        if status == 409:
            assert answer.json()["type"].endswith("supporters-not-counted")


async def test_days_change_with_the_version_alone_and_an_ended_count_is_over(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    counted = await a_count(actors.representative, "codes", 1)
    later = {"closes_on": "2026-03-20"}
    assert (await actors.representative.patch(counted.own, json=later)).status_code == 428
    assert (await actors.representative.patch(counted.own, json=later, headers={"If-Match": '"9"'})).status_code == 412
    version = (await actors.representative.get(counted.own)).headers["ETag"]
    changed = await actors.representative.patch(counted.own, json=later, headers={"If-Match": version})
    assert (changed.status_code, changed.json()["closes_on"]) == (200, "2026-03-20")
    version = {"If-Match": changed.headers["ETag"]}
    for wrong, status in (
        ({"opens_on": "2026-03-04"}, 409),
        ({"closes_on": "2026-03-01"}, 422),
        ({"closes_on": "2028-03-01"}, 422),
    ):
        assert (await actors.representative.patch(counted.own, json=wrong, headers=version)).status_code == status
    ended = await actors.representative.post(f"{counted.own}/end", headers=version)
    assert (ended.status_code, ended.json()["is_open"], ended.json()["ended_on"]) == (200, False, "2026-03-02")
    answer = await anonymous.post(counted.place, json={"code": counted.codes[0], "allegations": [1]})
    assert answer.json()["type"].endswith("supporters-not-counted")
    version = {"If-Match": ended.headers["ETag"]}
    drawn = f"/v1/collective-grievances/{counted.grievance_id}/supporter-codes"
    for refused in (
        await actors.representative.patch(counted.own, json=later, headers=version),
        await actors.representative.post(f"{counted.own}/end", headers=version),
        await actors.representative.post(drawn, json={"number": 1}),
    ):
        assert refused.json()["type"].endswith("support-count-over")


async def test_the_page_tells_what_was_made_public_and_no_number(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    counted = await a_count(actors.representative, "tokens")
    answer = await anonymous.get(f"/v1/collective-grievances/{counted.grievance_id}/support")
    page = answer.json()
    assert [one["wording"] for one in page["allegations"]] == list(supporting.WORDINGS)
    assert (page["statement"], page["mode"], page["is_open"]) == (supporting.STATEMENT, "tokens", True)
    assert len(page["issuer_words"].split()) == 6
    assert {"headcount", "roll", "id"}.isdisjoint(page)
    assert NARRATIVE not in answer.text


async def test_codes_are_shown_once_and_stored_as_digests(service: Service, actors: SimpleNamespace) -> None:
    counted = await a_count(actors.representative, "codes", 31)
    assert len(set(counted.codes)) == 31
    async with service.runtime.database.session(write=False) as session:
        stored = (await session.execute(select(SupporterCode.lookup))).scalars().all()
        assert len(stored) == 31
        assert (await session.execute(select(CountedSupporter.id))).first() is None
    own = (await actors.representative.get(counted.own)).text
    assert not any(code in own for code in counted.codes)


BROKEN: list[tuple[str, dict[str, Any], int]] = [
    ("a threshold below the least", {"threshold": 4}, 422),
    ("a threshold of a text", {"threshold": "5"}, 422),
    ("a day that is over", {"opens_on": "2026-03-01"}, 422),
    ("the wrong order", {"opens_on": "2026-03-05", "closes_on": "2026-03-04"}, 422),
    ("a roll of codes", {"roll": 31}, 422),
    ("an issuer key of codes", {"issuer_key": supporting.spelled(supporting.union_keys().public[0])}, 422),
    ("tokens without a key", {"mode": "tokens", "roll": 31}, 422),
    ("tokens by allegation without keys", {"mode": "tokens_by_allegation", "roll": 31}, 422),
    ("no key at all", {"mode": "tokens", "roll": 31, "issuer_key": supporting.spelled(b"no key")}, 422),
    ("no allegation", {"allegations": []}, 422),
    ("a long wording", {"statement": "a" * 301}, 422),
]


async def test_a_count_that_breaks_a_rule_is_not_opened(actors: SimpleNamespace) -> None:
    counted = await a_count(actors.representative)
    made = await submitted_for_many(actors.representative)
    own = (await actors.representative.get(f"/v1/collective-grievances/{made['id']}")).json()
    ids, place = [one["id"] for one in own["allegations"]], f"/v1/collective-grievances/{made['id']}/support-count"
    for what, change, status in BROKEN:
        answer = await actors.representative.post(place, json=supporting.body_of(ids) | change)
        assert answer.status_code == status, what
    for wrong in (supporting.body_of(counted.allegations[:2]), supporting.body_of([ids[0], ids[0]])):
        assert (await actors.representative.post(place, json=wrong)).status_code == 422
    again = await actors.representative.post(counted.own, json=counted.body)
    assert again.json()["type"].endswith("support-count-exists")


async def test_without_a_count_there_is_none_to_change_and_no_page(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    made = await submitted_for_many(actors.representative)
    place = f"/v1/collective-grievances/{made['id']}"
    assert (await actors.representative.get(f"{place}/support-count")).json()["count"] is None
    drawn = await actors.representative.post(f"{place}/supporter-codes", json={"number": 1})
    assert drawn.json()["type"].endswith("no-support-count")
    nowhere = await anonymous.get("/v1/collective-grievances/0197a000-0000-7000-8000-000000000001/support")
    hidden = await anonymous.get(f"{place}/support")
    assert (hidden.status_code, hidden.content) == (404, nowhere.content)
    for body in ({"receipt": "a b"}, {"receipt": "abacus cactus vanilla tulip ramp oxygen linen"}):
        assert (await anonymous.post(f"{place}/supporters/withdrawal", json=body)).status_code == 404


async def test_codes_are_drawn_for_counts_by_codes_and_not_without_end(
    actors: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = await a_count(actors.representative, "tokens")
    drawn = f"/v1/collective-grievances/{tokens.grievance_id}/supporter-codes"
    assert (await actors.representative.post(drawn, json={"number": 1})).json()["type"].endswith("not-counted-by-codes")
    counted = await a_count(actors.representative, "codes", 3)
    monkeypatch.setattr("app.supporting.codes.MOST_OF_A_COUNT", 4)
    drawn = f"/v1/collective-grievances/{counted.grievance_id}/supporter-codes"
    assert (await actors.representative.post(drawn, json={"number": 2})).json()["type"].endswith("too-many-codes")
    for number in (0, 501, "3"):
        assert (await actors.representative.post(drawn, json={"number": number})).status_code == 422
