"""Channels: who opens them, what their public page says, and what may change of them."""

from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from app.audit.verify import verify
from app.crypto import hpke
from app.intake import doors
from tests.builders import intake
from tests.builders.intake import a_grievance, grievances_of
from tests.conftest import Service


def a_channel(actors: SimpleNamespace, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 any JSON
    """Return the body of a channel with two custodians."""
    custodians = [
        {
            "account_id": str(custodian.account_id),
            "label": label,
            "public_key": intake.encode(hpke.public_key(hpke.new_seed())),
        }
        for custodian, label in ((actors.custodian, "Monitoring officer"), (actors.second_custodian, "Chair of audit"))
    ]
    body = {
        "slug": "adult-services",
        "name": "Adult services",
        "procedure_text": "What happens with what comes in.",
        "law_profile": "eu_2019_1937",
        "threshold": 2,
        "custodians": custodians,
        "case_officers": [str(actors.case_officer.account_id)],
    }
    return body | changes


async def test_a_new_channel_takes_grievances_at_once(anonymous: httpx.AsyncClient, actors: SimpleNamespace) -> None:
    opened = await actors.administrator.post("/v1/channels", json=a_channel(actors))
    detail = intake.created(opened)
    assert opened.headers["ETag"] == '"1"'
    assert (detail["is_open"], detail["version"], detail["case_officers"]) == (
        True,
        1,
        [str(actors.case_officer.account_id)],
    )
    assert [custodian["label"] for custodian in detail["custodians"]] == ["Chair of audit", "Monitoring officer"]
    answer = await anonymous.post(grievances_of("adult-services"), json=a_grievance())
    assert await intake.raised_in(actors.case_officer, intake.created(answer)["reference"])


async def test_the_public_page_says_what_happens_and_who_can_learn_what(
    anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    body = a_channel(actors)
    intake.created(await actors.administrator.post("/v1/channels", json=body))
    page = (await anonymous.get("/v1/channels/adult-services")).json()
    assert (page["name"], page["organisation"], page["law_profile"]) == (
        "Adult services",
        "Northmoor Council",
        "eu_2019_1937",
    )
    assert (page["procedure_text"], page["threshold"], page["is_open"]) == (body["procedure_text"], 2, True)
    assert {one["label"]: one["public_key"] for one in page["custodians"]} == {
        one["label"]: one["public_key"] for one in body["custodians"]
    }
    assert len(page["security_statement"]) == 6
    assert all(paragraph[0].isupper() and paragraph.endswith(".") for paragraph in page["security_statement"])
    people = {actors.custodian.account_id, actors.case_officer.account_id}
    assert not [one for one in people if str(one) in str(page)]


async def test_an_administrator_reads_what_a_manifest_of_the_channel_must_agree_with(actors: SimpleNamespace) -> None:
    body = a_channel(actors)
    made = intake.created(await actors.administrator.post("/v1/channels", json=body))
    answer = await actors.administrator.get("/v1/channels/adult-services/keys")
    keys = answer.json()
    assert (answer.status_code, keys["id"], keys["slug"], keys["threshold"]) == (200, made["id"], "adult-services", 2)
    assert keys["custodians"] == made["custodians"]
    officer = (await actors.case_officer.get("/v1/me")).json()
    assert {"account_id": officer["id"], "public_key": officer["public_key"]} in keys["officers"]
    assert len(keys["officers"]) == len(body["case_officers"])
    assert (await actors.administrator.get("/v1/channels/none/keys")).status_code == 404
    assert (await actors.case_officer.get("/v1/channels/adult-services/keys")).status_code in {403, 404}


async def test_an_unknown_channel_has_no_page(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/v1/channels/none")).status_code == 404


async def test_only_an_administrator_manages_channels(anonymous: httpx.AsyncClient, actors: SimpleNamespace) -> None:
    body = a_channel(actors)
    assert (await anonymous.post("/v1/channels", json=body)).status_code == 401
    for other in (actors.case_officer, actors.custodian, actors.auditor):
        assert (await other.post("/v1/channels", json=body)).status_code == 404
        assert (await other.get("/v1/channels")).status_code == 404
        assert (await other.patch("/v1/channels/children-services", json={"is_open": False})).status_code == 404


async def test_two_channels_cannot_have_one_address(actors: SimpleNamespace, channel: str) -> None:
    answer = await actors.administrator.post("/v1/channels", json=a_channel(actors, slug=channel))
    assert (answer.status_code, answer.json()["title"]) == (409, "This address is taken")


async def refusal(actors: SimpleNamespace, body: dict[str, Any]) -> list[dict[str, str]]:
    answer = await actors.administrator.post("/v1/channels", json=body)
    assert answer.status_code == 422, answer.text
    errors: list[dict[str, str]] = answer.json()["errors"]
    return errors


async def test_everybody_must_hold_the_role_of_their_part(actors: SimpleNamespace) -> None:
    body = a_channel(actors, case_officers=[str(actors.investigator.account_id), str(actors.case_officer.account_id)])
    body["custodians"][1]["account_id"] = str(actors.hr.account_id)
    assert {(error["pointer"], error["rule"]) for error in await refusal(actors, body)} == {
        ("/case_officers/0", "must be an active account that holds the role case_officer"),
        ("/custodians/1/account_id", "must be an active account that holds the role custodian"),
    }


async def test_a_custodian_is_not_a_case_officer_of_the_same_channel(actors: SimpleNamespace) -> None:
    body = a_channel(actors)
    body["case_officers"].append(body["custodians"][0]["account_id"])
    (error,) = await refusal(actors, body)
    assert error["rule"] == "each custodian and case officer is named once, in one part, with a key of their own"


async def test_two_custodians_cannot_be_one_person_or_share_a_key(actors: SimpleNamespace) -> None:
    for field in ("account_id", "public_key"):
        body = a_channel(actors)
        body["custodians"][1][field] = body["custodians"][0][field]
        (error,) = await refusal(actors, body)
        assert "named once" in error["rule"]


async def test_a_threshold_above_the_number_of_custodians_is_refused(actors: SimpleNamespace) -> None:
    (error,) = await refusal(actors, a_channel(actors, threshold=3))
    assert error["rule"] == "the threshold must not exceed the number of custodians"


async def test_what_breaks_a_rule_is_refused(actors: SimpleNamespace) -> None:
    broken: list[dict[str, Any]] = [
        {"slug": "Adult Services"},
        {"slug": "-a"},
        {"slug": "a" * 61},
        {"threshold": 0},
        {"threshold": 10},
        {"case_officers": []},
        {"custodians": []},
        {"law_profile": "none"},
        {"procedure_text": "x" * 50_001},
        {"colour": "red"},
    ]
    for changes in broken:
        assert await refusal(actors, a_channel(actors, **changes)), changes


async def test_a_custodians_key_that_cannot_be_sealed_to_is_refused(actors: SimpleNamespace) -> None:
    for key in (bytes(1216), bytes(1215), b"\xff" * 1216):
        body = a_channel(actors)
        body["custodians"][0]["public_key"] = intake.encode(key)
        (error,) = await refusal(actors, body)
        assert error["pointer"] == "/custodians/0/public_key"


async def test_a_closed_channel_takes_nothing_and_keeps_its_page(
    anonymous: httpx.AsyncClient, actors: SimpleNamespace, channel: str
) -> None:
    path = f"/v1/channels/{channel}"
    closed = await actors.administrator.patch(path, json={"is_open": False}, headers={"If-Match": '"1"'})
    assert (closed.status_code, closed.headers["ETag"], closed.json()["is_open"]) == (200, '"2"', False)
    answer = await anonymous.post(grievances_of(channel), json=a_grievance())
    assert (answer.status_code, answer.json()["title"]) == (409, "The channel is closed")
    assert (await anonymous.get(path)).json()["is_open"] is False
    again = await actors.administrator.patch(path, json={"is_open": True}, headers={"If-Match": '"2"'})
    assert again.status_code == 200
    assert await intake.submitted(anonymous)


async def test_a_change_names_the_version_it_changes(actors: SimpleNamespace, channel: str) -> None:
    path = f"/v1/channels/{channel}"
    assert (await actors.administrator.patch(path, json={"name": "New"})).status_code == 428
    stale = await actors.administrator.patch(path, json={"name": "New"}, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    changed = await actors.administrator.patch(
        path, json={"name": "New", "procedure_text": "Newer."}, headers={"If-Match": '"1"'}
    )
    assert (changed.json()["name"], changed.json()["procedure_text"]) == ("New", "Newer.")
    none = await actors.administrator.patch("/v1/channels/none", json={"name": "New"}, headers={"If-Match": '"1"'})
    assert none.status_code == 404


async def test_who_receives_what_is_reported_can_be_changed(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace, channel: str
) -> None:
    path = f"/v1/channels/{channel}"
    before = intake.created(await anonymous.post(grievances_of(channel), json=a_grievance()))["reference"]
    officers = {"case_officers": [str(actors.third_case_officer.account_id)]}
    changed = await actors.administrator.patch(path, json=officers, headers={"If-Match": '"1"'})
    assert (changed.json()["case_officers"], changed.headers["ETag"]) == (officers["case_officers"], '"2"')
    after = intake.created(await anonymous.post(grievances_of(channel), json=a_grievance()))["reference"]
    seen = {
        actor.username: {one["reference"] for one in (await actor.get("/v1/cases")).json()["items"]}
        for actor in (actors.case_officer, actors.third_case_officer)
    }
    assert seen == {"case_officer": {before}, "third_case_officer": {after}}
    async with service.runtime.database.session(write=False) as session:
        assert (await verify(session, service.runtime.keys)).faults == []


@pytest.mark.parametrize("name", ["custodian", "hr"])
async def test_who_may_not_receive_what_is_reported_is_not_made_to(
    actors: SimpleNamespace, channel: str, name: str
) -> None:
    account_id = getattr(actors, name).account_id
    path, body = f"/v1/channels/{channel}", {"case_officers": [str(account_id)]}
    answer = await actors.administrator.patch(path, json=body, headers={"If-Match": '"1"'})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/case_officers/0"]


async def test_a_channel_whose_officers_are_all_gone_does_not_say_that_it_is_open(
    anonymous: httpx.AsyncClient, actors: SimpleNamespace, channel: str
) -> None:
    for officer in (actors.case_officer, actors.other_case_officer):
        suspended = await actors.administrator.post(f"/v1/accounts/{officer.account_id}/suspension")
        assert suspended.status_code == 200
    assert (await anonymous.get(f"/v1/channels/{channel}")).json()["is_open"] is False


async def test_an_administrator_lists_channels_page_by_page(actors: SimpleNamespace, channel: str) -> None:
    intake.created(await actors.administrator.post("/v1/channels", json=a_channel(actors)))
    first = (await actors.administrator.get("/v1/channels", params={"limit": 1})).json()
    rest = (await actors.administrator.get("/v1/channels", params={"limit": 1, "cursor": first["next"]})).json()
    assert {item["slug"] for item in [*first["items"], *rest["items"]]} == {channel, "adult-services"}
    assert rest["next"] is None


async def test_more_channels_than_are_remembered_all_take_grievances(
    anonymous: httpx.AsyncClient, actors: SimpleNamespace, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "_KEPT_CHANNELS", 1)
    intake.created(await actors.administrator.post("/v1/channels", json=a_channel(actors)))
    for slug in (channel, "adult-services", channel):
        body = a_grievance(reporter_keys=intake.ReporterClient().keys())
        intake.created(await anonymous.post(grievances_of(slug), json=body))
