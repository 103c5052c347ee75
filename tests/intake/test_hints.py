"""Before anything is sent, whoever writes sees what may tell who they are; the service keeps and repeats nothing of it."""

import logging

import httpx
import pytest
from sqlalchemy import text as sql

from app.kernel.logs import SafeFormatter
from tests.conftest import CHANNEL, Service

HINTS = f"/v1/channels/{CHANNEL}/hints"
DRAFT = {
    "headline": "What my line manager did",
    "narrative": "I am the only nurse on nights. Robin Ashe saw it.",
    "capacity": "night nurse",
    "statements": ["Nothing here.", "Write to canary-7731@example.org"],
    "own_names": ["Robin Ashe"],
}


async def test_each_place_is_named_by_position_kind_and_advice(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post(HINTS, json=DRAFT)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [(one["pointer"], one["start"], one["end"], one["kind"]) for one in found["items"]] == [
        ("/headline", 5, 20, "own_manager"),
        ("/narrative", 0, 19, "only_one"),
        ("/narrative", 31, 41, "own_name"),
        ("/statements/1", 9, 32, "email"),
    ]
    assert found["caution"].startswith("A program found these places.")


@pytest.mark.parametrize(
    ("query", "header", "language"), [({}, "cy", "cy"), ({"language": "cy"}, "en", "cy"), ({}, "de", "en")]
)
async def test_the_advice_is_in_the_language_asked_for(
    anonymous: httpx.AsyncClient, query: dict[str, str], header: str, language: str
) -> None:
    answer = await anonymous.post(HINTS, json=DRAFT, params=query, headers={"Accept-Language": header})
    assert answer.headers["Content-Language"] == language
    advice = answer.json()["items"][0]["advice"]
    assert advice.startswith({"en": "This says to whom", "cy": "Mae hyn yn dweud i bwy"}[language])


async def test_nothing_of_the_text_is_answered_logged_or_stored(
    service: Service, anonymous: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    headers = {"Idempotency-Key": "a-draft-is-no-act-0001"}
    answers = [await anonymous.post(HINTS, json=DRAFT, headers=headers) for _ in range(2)]
    spoilt = await anonymous.post(HINTS, json=DRAFT | {"narrative": ["canary-7731"]})
    assert spoilt.status_code == 422
    seen = "".join(f"{one.headers}{one.text}" for one in (*answers, spoilt))
    own = [one for one in caplog.records if one.name.startswith("candour")]
    lines = "\n".join(SafeFormatter().format(record) for record in own)
    assert not [word for word in ("canary-7731", "Robin", "nights") if word in seen + lines]
    async with service.runtime.database.session(write=False) as session:
        assert (await session.execute(sql("SELECT count(*) FROM stored_answers"))).scalar_one() == 0
        assert (await session.execute(sql("SELECT count(*) FROM cases"))).scalar_one() == 0


async def test_it_is_bounded_as_a_grievance_is(anonymous: httpx.AsyncClient) -> None:
    for spoilt in (
        {"narrative": "x" * 50_001},
        {"statements": ["x"] * 51},
        {"statements": ["x" * 4_001]},
        {"own_names": ["x" * 301]},
        {"own_names": ["x"] * 6},
        {"colour": "red"},
    ):
        assert (await anonymous.post(HINTS, json=spoilt)).status_code == 422
    assert (await anonymous.post("/v1/channels/none/hints", json={})).status_code == 404
    assert (await anonymous.post(HINTS, json={})).json()["items"] == []
