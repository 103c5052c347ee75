"""A11: nobody outside learns from an answer how many others there are, or whether something exists."""

from types import SimpleNamespace
from uuid import UUID, uuid4

import httpx

from app.crypto import receipts
from app.policy.guard import operations
from tests import conftest
from tests.builders import intake, sealed
from tests.conftest import Service
from tests.promises.worlds import answer_of

RANDOM_BITS = 60
"""At least so many bits of an id are of chance: whoever guesses at one a thousand times a second needs longer than there are people."""


async def answers_of(anybody: httpx.AsyncClient, organisation: str) -> tuple[list[object], str]:
    """Return what one reporter is answered on all their way, but for what chance drew; and their reference."""
    sent = await anybody.post(intake.grievances_of(), json=intake.a_grievance())
    opened = await anybody.post("/v1/inbox/sessions", json={"receipt": sent.json()["receipt"]})
    headers = {"Authorization": f"Bearer {opened.json()['token']}"}
    answers = [
        sent,
        opened,
        await anybody.get("/v1/inbox", headers=headers),
        await anybody.get(f"/v1/channels/{conftest.CHANNEL}"),
        await anybody.get(f"/v1/channels/{conftest.CHANNEL}/manifests"),
        await anybody.get(f"/v1/log/{organisation}/checkpoint"),
        await anybody.post("/v1/inbox/sessions", json={"receipt": receipts.new_receipt()}),
        await anybody.get("/v1/inbox"),
        await anybody.delete("/v1/inbox/sessions", headers=headers),
    ]
    return [answer_of(answer) for answer in answers], sent.json()["reference"]


async def test_the_first_reporter_is_answered_as_the_tenth_in_status_headers_and_length(
    service: Service, anonymous: httpx.AsyncClient
) -> None:
    organisation = await sealed.organisation(service)
    first, _ = await answers_of(anonymous, organisation)
    for _ in range(8):
        await intake.submitted(anonymous)
    tenth, _ = await answers_of(anonymous, organisation)
    assert [one for one in zip(first, tenth, strict=True) if one[0] != one[1]] == []


async def test_no_key_of_a_row_and_no_reference_tells_how_many_came_before(
    service: Service, anonymous: httpx.AsyncClient
) -> None:
    """Whatever is a key is drawn: two in a row have no more in common than their day. No column of a key counts."""
    references = [(await intake.submitted(anonymous))["reference"] for _ in range(12)]
    drawn = [int("".join(one.split("-")[1:]).translate(_VALUES), 32) for one in references]
    assert drawn not in (sorted(drawn), sorted(drawn, reverse=True))
    rows = await conftest._snapshot(service.runtime)
    for name in ("grievances", "cases", "sealed_identities", "raised_allegations"):
        ids: list[UUID] = [row["id"] for row in rows[name]]
        assert all(one.version == 7 for one in ids)
        low = [one.int % 2**RANDOM_BITS for one in ids]
        assert min(abs(a - b) for n, a in enumerate(low) for b in low[n + 1 :]) > 2 ** (RANDOM_BITS - 30), name
        assert low not in (sorted(low), sorted(low, reverse=True)), name


_VALUES = str.maketrans("0123456789ABCDEFGHJKMNPQRSTVWXYZ", "0123456789abcdefghijklmnopqrstuv")


async def test_what_does_not_exist_is_refused_at_every_public_door_as_what_one_may_not_know(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    """One body for each door, whatever was guessed: no ETag, no count, no other length."""
    doors = [
        one for one in operations(service.app) if one.guards[0].relation == "public" and "{organisation_id}" in one.path
    ]
    assert doors
    for door in doors:
        if door.method != "GET":
            continue
        path = {door.path.replace("{organisation_id}", str(uuid4())) for _ in range(3)}
        answers = [await anonymous.get(one, params={"from": 0, "to": 1}) for one in path]
        assert {answer.status_code for answer in answers} == {404}, door.path
        assert len({answer.content for answer in answers}) == 1
        assert not any("etag" in answer.headers for answer in answers)
    slugs = [f"no-such-channel-{number}" for number in range(3)]
    answers = [await anonymous.get(f"/v1/channels/{slug}") for slug in slugs]
    assert len({answer.content for answer in answers}) == 1
