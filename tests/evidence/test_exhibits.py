"""Exhibits over HTTP, and what became of asking for them."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from app.evidence.models import Exhibit, ExhibitChange
from app.kernel.db import Base
from tests.builders.cases import an_investigation, events_of, faults_of
from tests.builders.investigation import (
    NOWHERE,
    a_decided_allegation,
    a_draft,
    agree,
    an_exhibit,
    body,
    match,
    read,
    refused,
    what_was_found,
)
from tests.conftest import Service

NOTE = "The head of performance answered that no such reports exist."


async def test_an_exhibit_reads_back_as_it_was_recorded(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    draft = {
        "number": "A12",
        "kind": "interview",
        "reliability": "hearsay",
        "dated_on": "2020-03-04",
        "title": "Interview 12",
        "description": "Record of the interview.\nTwo hours.",
    }
    recorded = await an_exhibit(actors.assistant, case, **draft)
    assert recorded == draft | {
        "id": recorded["id"],
        "state": "received",
        "state_note": None,
        "is_cited": False,
        "links": [],
        "version": 1,
    }
    assert await read(actors.reviewer, case, f"/exhibits/{recorded['id']}") == recorded


async def test_exhibits_are_numbered_on_and_listed_in_that_order(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    for number in ("9", "A1"):
        await an_exhibit(actors.investigator, case, number=number)
    assert (await an_exhibit(actors.investigator, case))["number"] == "10"
    found = (await read(actors.investigator, case, "/exhibits"))["items"]
    assert [one["number"] for one in found] == ["9", "10", "A1"]


async def test_no_two_exhibits_of_a_case_have_one_number(service: Service, actors: SimpleNamespace) -> None:
    case, other = await an_investigation(service), await an_investigation(service)
    await an_exhibit(actors.investigator, case, number="A1")
    second = await an_exhibit(actors.investigator, case, number="A2")
    await an_exhibit(actors.investigator, other, number="A1")
    url = f"{case.url}/exhibits"
    draft = {"number": "A1", "kind": "document", "title": "Another"}
    refused(await actors.investigator.post(url, json=draft), 409, "exhibit-number-taken")
    answer = await actors.investigator.patch(f"{url}/{second['id']}", json={"number": "A1"}, headers=match(second))
    refused(answer, 409, "exhibit-number-taken")
    answer = await actors.investigator.patch(f"{url}/{second['id']}", json={"number": "A2"}, headers=match(second))
    assert body(answer)["number"] == "A2"


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "withdrawn", "state_note": NOTE},
        {"state": "does_not_exist"},
        {"state": "refused"},
        {"kind": "rumour"},
        {"title": "two\nlines"},
        {"description": "x" * 50_001},
        {"dated_on": "yesterday"},
    ],
)
async def test_an_exhibit_that_breaks_a_rule_is_refused(
    service: Service, actors: SimpleNamespace, changes: dict[str, Any]
) -> None:
    case = await an_investigation(service)
    draft = {"kind": "data", "title": "Caseloads"} | changes
    refused(await actors.investigator.post(f"{case.url}/exhibits", json=draft), 422, "invalid-input")


async def test_a_patch_changes_what_it_names_and_null_empties(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    exhibit = await an_exhibit(
        actors.investigator, case, dated_on="2020-01-09", reliability="direct", description="Long"
    )
    url = f"{case.url}/exhibits/{exhibit['id']}"
    patch = {"title": "Renamed", "dated_on": None, "reliability": None}
    changed = body(await actors.investigator.patch(url, json=patch, headers=match(exhibit)))
    assert changed == exhibit | patch | {"version": exhibit["version"] + 1}
    dated = body(await actors.investigator.patch(url, json={"dated_on": "2020-01-10"}, headers=match(changed)))
    assert dated["dated_on"] == "2020-01-10"
    for broken in ({}, {"title": None}, {"number": None}, {"kind": None}, {"state": "withdrawn"}):
        answer = await actors.investigator.patch(url, json=broken, headers=match(dated))
        refused(answer, 422, "invalid-input")
    refused(await actors.investigator.patch(url, json={"title": "x"}), 428, "precondition-required")
    answer = await actors.assistant.patch(url, json={"title": "x"}, headers=match(exhibit))
    refused(answer, 412, "precondition-failed")


async def test_what_is_refused_or_does_not_exist_says_who_said_so(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    exhibit = await an_exhibit(actors.investigator, case, kind="data", state="requested")
    url = f"{case.url}/exhibits/{exhibit['id']}/state"
    refused(await actors.investigator.post(url, json={"state": "does_not_exist"}), 422, "invalid-input")

    absent = body(await actors.investigator.post(url, json={"state": "does_not_exist", "note": NOTE}))
    assert (absent["state"], absent["state_note"]) == ("does_not_exist", NOTE)
    stale = {"state": "received"}
    refused(await actors.investigator.post(url, json=stale, headers=match(exhibit)), 412, "precondition-failed")
    found = body(await actors.assistant.post(url, json={"state": "received"}, headers=match(absent)))
    assert (found["state"], found["state_note"]) == ("received", None)

    history = (await read(actors.reviewer, case, f"/exhibits/{exhibit['id']}/history"))["items"]
    assert [(one["sequence"], one["from_state"], one["to_state"], one["note"]) for one in history] == [
        (1, None, "requested", None),
        (2, "requested", "does_not_exist", NOTE),
        (3, "does_not_exist", "received", None),
    ]
    assert history[2]["made_by"] == str(actors.assistant.account_id)
    problem = refused(
        await actors.investigator.post(url, json={"state": "requested"}), 409, "exhibit-state-not-possible"
    )
    assert (problem["state"], problem["possible"]) == ("received", ["withdrawn"])
    assert await faults_of(service, case) == []


async def test_an_exhibit_stays_as_it_is_while_a_final_finding_rests_on_it(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await an_investigation(service)
    decided = await a_decided_allegation(service, case)
    url = f"{case.url}/exhibits/{decided.exhibit['id']}"
    assert decided.exhibit["is_cited"]
    withdrawal = {"state": "withdrawn", "note": NOTE}
    answer = await actors.investigator.patch(url, json={"title": "Else"}, headers=match(decided.exhibit))
    refused(answer, 409, "exhibit-is-cited")
    refused(await actors.investigator.post(f"{url}/state", json=withdrawal), 409, "exhibit-is-cited")
    link = f"{url}/links/{decided.finding['allegation_id']}"
    turned = {"bearing": "contradicts"}
    refused(await actors.investigator.put(link, json=turned, headers={"If-Match": '"1"'}), 409, "exhibit-is-cited")
    refused(await actors.investigator.delete(link), 409, "exhibit-is-cited")

    other = await an_exhibit(actors.investigator, case)
    draft = {"draft": what_was_found(other), "reason": "The witness withdrew."}
    superseding = await actors.investigator.post(
        f"{case.url}/findings/{decided.finding['id']}/supersession", json=draft
    )
    await agree(actors.reviewer, case, body(superseding, 201))

    freed = body(await actors.investigator.post(f"{url}/state", json=withdrawal))
    assert (freed["state"], freed["is_cited"]) == ("withdrawn", False)
    assert (await read(actors.investigator, case, f"/exhibits/{other['id']}"))["is_cited"]
    assert await faults_of(service, case) == []


async def test_evidence_that_is_said_not_to_exist_may_turn_up_after_the_finding(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await an_investigation(service)
    decided = await a_decided_allegation(service, case)
    absent = await an_exhibit(actors.investigator, case, state="does_not_exist", state_note=NOTE)
    draft = {"draft": what_was_found(decided.exhibit, absent), "reason": "What was asked for does not exist."}
    superseding = await actors.investigator.post(
        f"{case.url}/findings/{decided.finding['id']}/supersession", json=draft
    )
    await agree(actors.reviewer, case, body(superseding, 201))
    url = f"{case.url}/exhibits/{absent['id']}/state"
    assert body(await actors.investigator.post(url, json={"state": "received"}))["is_cited"]


async def test_what_evidence_says_is_sealed(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    canary = "Canary-51c9"
    await an_exhibit(
        actors.investigator,
        case,
        title=canary,
        description=canary,
        state="refused",
        state_note=canary,
        dated_on="2019-09-01",
    )
    async with service.runtime.database.session(write=False) as session:
        rows: list[Base] = [*await session.scalars(select(Exhibit)), *await session.scalars(select(ExhibitChange))]
        stored = repr([{column.name: getattr(row, column.name) for column in row.__table__.columns} for row in rows])
    assert len(rows) == 2
    assert canary not in stored
    assert "2019" not in stored


async def test_a_case_officer_and_a_reviewer_read_evidence_and_record_none(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await an_investigation(service)
    exhibit = await an_exhibit(actors.investigator, case)
    for somebody in (actors.case_officer, actors.reviewer):
        assert (await read(somebody, case, "/exhibits"))["items"] == [exhibit]
        draft = {"kind": "document", "title": "Theirs"}
        refused(await somebody.post(f"{case.url}/exhibits", json=draft), 403, "not-allowed")


async def test_an_exhibit_of_another_case_is_as_unknown_as_none(service: Service, actors: SimpleNamespace) -> None:
    case, other = await an_investigation(service), await an_investigation(service)
    there = await an_exhibit(actors.investigator, other)
    for method, path, draft in (
        ("GET", "", None),
        ("GET", "/history", None),
        ("PATCH", "", {"title": "Mine"}),
        ("POST", "/state", {"state": "received"}),
    ):
        answers = [
            await actors.investigator.request(
                method, f"{case.url}/exhibits/{exhibit}{path}", json=draft, headers=match(there)
            )
            for exhibit in (there["id"], NOWHERE)
        ]
        for answer in answers:
            refused(answer, 404, "not-found")
        assert answers[0].content == answers[1].content


async def test_every_act_on_evidence_is_on_the_chain(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    before = len(await events_of(service, case))
    exhibit = await an_exhibit(actors.investigator, case, state="requested")
    url = f"{case.url}/exhibits/{exhibit['id']}"
    body(await actors.investigator.post(f"{url}/state", json={"state": "received"}))
    received = await read(actors.investigator, case, f"/exhibits/{exhibit['id']}")
    body(await actors.investigator.patch(url, json={"title": "Renamed"}, headers=match(received)))
    assert (await events_of(service, case))[before:] == [
        "exhibit.recorded",
        "exhibit.became",
        "read.read_exhibit",
        "exhibit.described",
    ]
    assert await faults_of(service, case) == []


async def test_recording_with_the_same_key_records_once(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    draft = {"kind": "document", "title": "Once"}
    headers = {"Idempotency-Key": "an-exhibit-of-this-test"}
    answers = [await actors.investigator.post(f"{case.url}/exhibits", json=draft, headers=headers) for _ in range(2)]
    assert body(answers[0], 201) == body(answers[1], 201)
    assert len((await read(actors.investigator, case, "/exhibits"))["items"]) == 1


async def test_a_draft_may_rest_on_an_exhibit_that_still_changes(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    decided = await a_decided_allegation(service, case)
    exhibit = await an_exhibit(actors.investigator, case)
    allegation = body(
        await actors.investigator.post(f"{case.url}/allegations", json={"label": "2", "statement": "Else"}), 201
    )
    await a_draft(actors.investigator, case, allegation, exhibit, decided.exhibit)
    url = f"{case.url}/exhibits/{exhibit['id']}"
    body(await actors.investigator.patch(url, json={"title": "Renamed"}, headers=match(exhibit)))
