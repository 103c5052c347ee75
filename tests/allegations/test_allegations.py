"""Allegations over HTTP: recorded, reworded, moved, merged and split, and never lost."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from app.allegations.models import Allegation, ArrangementChange
from app.kernel.db import Base
from tests.builders.cases import OpenFile, acknowledge, an_investigation, appoint, decide, events_of, faults_of, triage
from tests.builders.investigation import (
    NOWHERE,
    REASON,
    a_decided_allegation,
    a_theme,
    an_allegation,
    body,
    complete,
    match,
    read,
    refused,
)
from tests.conftest import Service


async def test_an_allegation_reads_back_as_it_was_recorded(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    theme = await a_theme(actors.investigator, case)
    recorded = await an_allegation(
        actors.assistant,
        case,
        "5.4",
        theme_id=theme["id"],
        paragraphs=["2.16", "2.17", "2.18"],
        statement="It was buried",
    )
    assert recorded == {
        "id": recorded["id"],
        "label": "5.4",
        "position": 1,
        "theme_id": theme["id"],
        "state": "in_scope",
        "statement": "It was buried",
        "paragraphs": ["2.16", "2.17", "2.18"],
        "scope_reason": None,
        "raised_allegation_id": None,
        "merged_into_id": None,
        "split_from_id": None,
        "is_decided": False,
        "version": 1,
    }
    assert await read(actors.reviewer, case, f"/allegations/{recorded['id']}") == recorded
    assert (await read(actors.case_officer, case, "/allegations"))["items"] == [recorded]


async def test_two_allegations_may_have_one_label(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    await an_allegation(actors.investigator, case, "9")
    await an_allegation(actors.investigator, case, "9")
    found = (await read(actors.investigator, case, "/allegations"))["items"]
    assert [(one["label"], one["position"]) for one in found] == [("9", 1), ("9", 2)]


async def test_what_was_alleged_and_why_it_changed_are_sealed(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    canary = "Canary-7f3a"
    allegation = await an_allegation(
        actors.investigator, case, statement=canary, scope="out_of_scope", scope_reason=canary
    )
    patch = {"statement": canary * 2, "reason": canary}
    url = f"{case.url}/allegations/{allegation['id']}"
    body(await actors.investigator.patch(url, json=patch, headers=match(allegation)))
    async with service.runtime.database.session(write=False) as session:
        rows: list[Base] = [
            *await session.scalars(select(Allegation)),
            *await session.scalars(select(ArrangementChange)),
        ]
        stored = repr([{column.name: getattr(row, column.name) for column in row.__table__.columns} for row in rows])
    assert len(rows) == 3
    assert canary not in stored


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "out_of_scope"},
        {"scope_reason": "In scope, and yet a reason"},
        {"label": "x" * 21},
        {"label": " "},
        {"statement": "nul\x00"},
        {"statement": "x" * 4_001},
        {"paragraphs": ["2.1"] * 101},
        {"scope": "merged"},
        {"is_decided": True},
    ],
)
async def test_an_allegation_that_breaks_a_rule_is_refused(
    service: Service, actors: SimpleNamespace, changes: dict[str, Any]
) -> None:
    case = await an_investigation(service)
    draft = {"label": "1.1", "statement": "Something"} | changes
    refused(await actors.investigator.post(f"{case.url}/allegations", json=draft), 422, "invalid-input")


async def test_an_allegation_can_stand_for_what_the_grievance_said(
    service: Service, actors: SimpleNamespace, channel: str
) -> None:
    draft = {
        "confidentiality": "anonymous",
        "headline": "Unsafe decisions",
        "narrative": "For two years decisions were unsafe.",
        "allegations": [{"label": "1", "statement": "Decisions were unsafe"}],
    }
    body(await service.client().post(f"/v1/channels/{channel}/grievances", json=draft), 201)
    (item,) = body(await actors.case_officer.get("/v1/cases"))["items"]
    case = OpenFile(item["id"], item["reference"], NOWHERE, f"/v1/cases/{item['id']}")
    await acknowledge(actors.case_officer, case)
    await triage(actors.case_officer, case)
    await decide(actors.case_officer, case)
    await appoint(actors.case_officer, case, actors.investigator, "investigator")
    (grievance,) = body(await actors.investigator.get(f"{case.url}/grievances"))["items"]
    raised = grievance["allegations"][0]["id"]

    recorded = await an_allegation(actors.investigator, case, raised_allegation_id=raised)

    assert recorded["raised_allegation_id"] == raised
    other = await an_investigation(service)
    stolen = {"label": "1", "statement": "Of another case", "raised_allegation_id": raised}
    refused(await actors.investigator.post(f"{other.url}/allegations", json=stolen), 404, "not-found")


async def test_a_reworded_allegation_remembers_every_word_it_had(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    allegation = await an_allegation(actors.investigator, case, paragraphs=["2.1", "2.2"])
    patch = {
        "label": "1.2",
        "statement": "Said better",
        "paragraphs": ["2.3"],
        "scope": "out_of_scope",
        "reason": REASON,
    }
    url = f"{case.url}/allegations/{allegation['id']}"

    changed = body(await actors.investigator.patch(url, json=patch, headers=match(allegation)))

    assert (changed["state"], changed["scope_reason"], changed["paragraphs"]) == ("out_of_scope", REASON, ["2.3"])
    history = (await read(actors.reviewer, case, "/arrangement-history"))["items"]
    assert [(one["kind"], one["before"]) for one in history] == [
        ("allegation_recorded", None),
        ("relabelled", "1.1"),
        ("reworded", allegation["statement"]),
        ("paragraphs_changed", "2.1, 2.2"),
        ("scope_changed", "in_scope"),
    ]
    assert {one["made_by"] for one in history} == {str(actors.investigator.account_id)}
    back = {"scope": "in_scope", "reason": REASON}
    assert body(await actors.investigator.patch(url, json=back, headers=match(changed)))["scope_reason"] is None
    assert await faults_of(service, case) == []


async def test_a_patch_says_what_changes(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    allegation = await an_allegation(actors.investigator, case)
    url = f"{case.url}/allegations/{allegation['id']}"
    refused(
        await actors.investigator.patch(url, json={"reason": REASON}, headers=match(allegation)), 422, "invalid-input"
    )
    same = {"statement": allegation["statement"], "scope": "in_scope", "reason": REASON}
    assert body(await actors.investigator.patch(url, json=same, headers=match(allegation))) == allegation


async def test_an_allegation_moves_between_themes_with_a_reason(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    first, second = await a_theme(actors.investigator, case, "1"), await a_theme(actors.investigator, case, "2")
    allegation = await an_allegation(actors.investigator, case, theme_id=first["id"])
    url = f"{case.url}/allegations/{allegation['id']}/move"

    moved = body(await actors.investigator.post(url, json={"theme_id": second["id"], "reason": REASON}))
    assert moved["theme_id"] == second["id"]
    again = body(await actors.investigator.post(url, json={"theme_id": second["id"], "reason": REASON}))
    assert again == moved
    out = body(await actors.investigator.post(url, json={"theme_id": None, "reason": REASON}, headers=match(moved)))
    assert out["theme_id"] is None

    moves = [
        one for one in (await read(actors.reviewer, case, "/arrangement-history"))["items"] if one["kind"] == "moved"
    ]
    assert [(one["from_theme_id"], one["to_theme_id"]) for one in moves] == [
        (first["id"], second["id"]),
        (second["id"], None),
    ]
    nowhere = {"theme_id": str(NOWHERE), "reason": REASON}
    refused(await actors.investigator.post(url, json=nowhere), 404, "not-found")
    stale = {"theme_id": first["id"], "reason": REASON}
    refused(await actors.investigator.post(url, json=stale, headers=match(moved)), 412, "precondition-failed")


async def test_a_merged_allegation_is_stood_for_by_the_other(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    gone, kept = (
        await an_allegation(actors.investigator, case, "1"),
        await an_allegation(actors.investigator, case, "2"),
    )
    url, draft = f"{case.url}/allegations/{gone['id']}/merge", {"into": kept["id"], "reason": REASON}

    merged = body(await actors.investigator.post(url, json=draft))

    assert (merged["state"], merged["merged_into_id"]) == ("merged", kept["id"])
    refused(await actors.investigator.post(url, json=draft), 409, "allegation-not-standing")
    move = {"theme_id": None, "reason": REASON}
    answer = await actors.investigator.post(f"{case.url}/allegations/{gone['id']}/move", json=move)
    refused(answer, 409, "allegation-not-standing")
    back = {"into": gone["id"], "reason": REASON}
    answer = await actors.investigator.post(f"{case.url}/allegations/{kept['id']}/merge", json=back)
    refused(answer, 409, "allegation-not-standing")
    assert await faults_of(service, case) == []


async def test_merging_loses_nothing_that_is_in_scope(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    inside = await an_allegation(actors.investigator, case, "1")
    outside = await an_allegation(actors.investigator, case, "2", scope="out_of_scope", scope_reason=REASON)
    url = f"{case.url}/allegations/{inside['id']}/merge"
    answer = await actors.investigator.post(url, json={"into": outside["id"], "reason": REASON})
    refused(answer, 409, "merge-would-drop-scope")
    answer = await actors.investigator.post(url, json={"into": inside["id"], "reason": REASON})
    refused(answer, 409, "merged-into-itself")


async def test_the_parts_of_an_allegation_stand_in_its_place(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    theme = await a_theme(actors.investigator, case)
    whole = await an_allegation(actors.investigator, case, "1", theme_id=theme["id"])
    after = await an_allegation(actors.investigator, case, "2")
    url = f"{case.url}/allegations/{whole['id']}/split"
    parts = [{"label": f"1{letter}", "statement": f"Part {letter}"} for letter in "ba"]
    refused(await actors.investigator.post(url, json={"parts": parts[:1], "reason": REASON}), 422, "invalid-input")

    made = body(await actors.investigator.post(url, json={"parts": parts, "reason": REASON}), 201)["items"]

    assert {(one["split_from_id"], one["theme_id"], one["state"]) for one in made} == {
        (whole["id"], theme["id"], "in_scope")
    }
    found = (await read(actors.reviewer, case, "/allegations"))["items"]
    assert [(one["label"], one["state"]) for one in found] == [
        ("1", "split"),
        ("1a", "in_scope"),
        ("1b", "in_scope"),
        ("2", "in_scope"),
    ]
    assert found[-1]["id"] == after["id"]
    answer = await actors.investigator.post(url, json={"parts": parts, "reason": REASON})
    refused(answer, 409, "allegation-not-standing")
    assert await faults_of(service, case) == []


async def test_an_allegation_stays_as_it_is_once_a_finding_is_final(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    decided = (await a_decided_allegation(service, case)).allegation
    other = await an_allegation(actors.investigator, case, "1.2")
    url = f"{case.url}/allegations/{decided['id']}"
    assert decided["is_decided"]

    parts = [{"label": letter, "statement": "A part"} for letter in "ab"]
    merged_here = await actors.investigator.post(
        f"{case.url}/allegations/{other['id']}/merge", json={"into": decided["id"], "reason": REASON}
    )
    for answer in (
        await actors.investigator.patch(url, json={"statement": "Else", "reason": REASON}, headers=match(decided)),
        await actors.investigator.patch(url, json={"scope": "out_of_scope", "reason": REASON}, headers=match(decided)),
        await actors.investigator.post(f"{url}/merge", json={"into": other["id"], "reason": REASON}),
        await actors.investigator.post(f"{url}/split", json={"parts": parts, "reason": REASON}),
        merged_here,
    ):
        refused(answer, 409, "allegation-has-finding")

    theme = await a_theme(actors.investigator, case)
    moved = await actors.investigator.post(f"{url}/move", json={"theme_id": theme["id"], "reason": REASON})
    assert body(moved)["theme_id"] == theme["id"]


async def test_an_allegation_in_scope_opens_complete_findings_again(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    await a_decided_allegation(service, case)
    await complete(actors.investigator, case)

    outside = await an_allegation(actors.investigator, case, "2", scope="out_of_scope", scope_reason=REASON)
    assert (await read(actors.investigator, case, ""))["state"] == "findings_complete"
    patch = {"scope": "in_scope", "reason": REASON}
    url = f"{case.url}/allegations/{outside['id']}"
    body(await actors.investigator.patch(url, json=patch, headers=match(outside)))

    file = await read(actors.investigator, case, "")
    assert file["state"] == "investigating"
    assert file["transitions"][-1]["reason"] == "There is an allegation in scope again that has no final finding."
    assert await faults_of(service, case) == []


async def test_every_change_is_on_the_chain_of_the_case(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    before = await events_of(service, case)
    allegation = await an_allegation(actors.investigator, case)
    await read(actors.reviewer, case, f"/allegations/{allegation['id']}")
    assert (await events_of(service, case))[len(before) :] == ["allegation.recorded", "read.read_allegation"]


@pytest.mark.parametrize("path", ["", "/move", "/merge", "/split"])
async def test_an_allegation_of_another_case_is_as_unknown_as_none(
    service: Service, actors: SimpleNamespace, path: str
) -> None:
    case, other = await an_investigation(service), await an_investigation(service)
    here, there = await an_allegation(actors.investigator, case), await an_allegation(actors.investigator, other)
    parts = [{"label": letter, "statement": "A part"} for letter in "ab"]
    drafts: dict[str, dict[str, Any]] = {
        "": {"label": "2", "reason": REASON},
        "/move": {"theme_id": None, "reason": REASON},
        "/merge": {"into": here["id"], "reason": REASON},
        "/split": {"parts": parts, "reason": REASON},
    }
    method = "PATCH" if path == "" else "POST"
    answers = [
        await actors.investigator.request(
            method, f"{case.url}/allegations/{allegation}{path}", json=drafts[path], headers=match(there)
        )
        for allegation in (there["id"], NOWHERE)
    ]
    for answer in answers:
        refused(answer, 404, "not-found")
    assert answers[0].content == answers[1].content
    assert (await actors.investigator.get(f"{case.url}/allegations/{there['id']}")).status_code == 404


async def test_nothing_is_merged_into_or_grouped_under_what_another_case_holds(
    service: Service, actors: SimpleNamespace
) -> None:
    case, other = await an_investigation(service), await an_investigation(service)
    here, there = await an_allegation(actors.investigator, case), await an_allegation(actors.investigator, other)
    theme = await a_theme(actors.investigator, other)
    url = f"{case.url}/allegations/{here['id']}"
    for answer in (
        await actors.investigator.post(f"{url}/merge", json={"into": there["id"], "reason": REASON}),
        await actors.investigator.post(f"{url}/move", json={"theme_id": theme["id"], "reason": REASON}),
        await actors.investigator.post(
            f"{case.url}/allegations", json={"label": "1", "statement": "Here", "theme_id": theme["id"]}
        ),
    ):
        refused(answer, 404, "not-found")
