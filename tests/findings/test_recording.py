"""Findings over HTTP: recorded and revised as drafts."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from app.findings.models import Finding, FindingReview
from app.kernel.db import Base
from tests.builders.cases import an_investigation, appoint, events_of, faults_of
from tests.builders.investigation import (
    NOWHERE,
    REASON,
    a_draft,
    agree,
    an_allegation,
    an_exhibit,
    body,
    match,
    read,
    refused,
    what_was_found,
)
from tests.conftest import Service


async def test_a_finding_reads_back_as_it_was_recorded(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    allegation = await an_allegation(actors.investigator, case)
    second = await an_exhibit(actors.investigator, case, number="10")
    first = await an_exhibit(actors.investigator, case, number="9")
    finding = await a_draft(
        actors.investigator, case, allegation, second, first, second, outcome="partly_upheld", paragraphs=["2.1"]
    )
    assert finding == {
        "id": finding["id"],
        "allegation_id": allegation["id"],
        "outcome": "partly_upheld",
        "no_view_reason": None,
        "standard_of_proof": "balance_of_probabilities",
        "paragraphs": ["2.1"],
        "reasons": REASON,
        "exhibit_ids": [first["id"], second["id"]],
        "state": "draft",
        "author_id": str(actors.investigator.account_id),
        "contributor_ids": [],
        "reviewer_id": None,
        "recorded_on": "2026-03-02",
        "final_on": None,
        "supersedes_id": None,
        "supersession_reason": None,
        "reviews": [],
        "version": 1,
    }
    assert await read(actors.reviewer, case, f"/findings/{finding['id']}") == finding
    assert (await read(actors.case_officer, case, "/findings"))["items"] == [finding]
    assert (await read(actors.assistant, case, f"/allegations/{allegation['id']}/findings"))["items"] == [finding]
    assert not (await read(actors.reviewer, case, f"/exhibits/{first['id']}"))["is_cited"]


async def test_an_allegation_has_one_finding(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    allegation, exhibit = await an_allegation(actors.investigator, case), await an_exhibit(actors.investigator, case)
    finding = await a_draft(actors.investigator, case, allegation, exhibit)
    url, draft = f"{case.url}/allegations/{allegation['id']}/findings", what_was_found(exhibit)
    refused(await actors.investigator.post(url, json=draft), 409, "finding-already-recorded")
    await agree(actors.reviewer, case, finding)
    refused(await actors.investigator.post(url, json=draft), 409, "finding-already-recorded")


@pytest.mark.parametrize("outcome", ["upheld", "partly_upheld", "not_upheld"])
async def test_a_view_cites_evidence_that_was_received(service: Service, actors: SimpleNamespace, outcome: str) -> None:
    case = await an_investigation(service)
    allegation = await an_allegation(actors.investigator, case)
    asked = await an_exhibit(actors.investigator, case, state="requested")
    url = f"{case.url}/allegations/{allegation['id']}/findings"
    for cited in ([], [asked]):
        answer = await actors.investigator.post(url, json=what_was_found(*cited, outcome=outcome))
        refused(answer, 409, "finding-cites-nothing")
    received = await an_exhibit(actors.investigator, case)
    finding = await a_draft(actors.investigator, case, allegation, asked, received, outcome=outcome)
    assert finding["exhibit_ids"] == [asked["id"], received["id"]]


async def test_no_view_needs_its_reason_and_no_evidence(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    allegation = await an_allegation(actors.investigator, case)
    url = f"{case.url}/allegations/{allegation['id']}/findings"
    for broken in (
        what_was_found(outcome="no_view"),
        what_was_found(outcome="upheld", no_view_reason="withdrawn"),
        what_was_found(outcome="no_view", no_view_reason="too hard"),
    ):
        refused(await actors.investigator.post(url, json=broken), 422, "invalid-input")
    finding = await a_draft(
        actors.investigator, case, allegation, outcome="no_view", no_view_reason="insufficient_evidence"
    )
    assert (finding["outcome"], finding["no_view_reason"]) == ("no_view", "insufficient_evidence")


async def test_no_view_is_formed_of_what_is_out_of_scope(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    allegation = await an_allegation(actors.investigator, case, scope="out_of_scope", scope_reason=REASON)
    exhibit = await an_exhibit(actors.investigator, case)
    url = f"{case.url}/allegations/{allegation['id']}/findings"
    refused(await actors.investigator.post(url, json=what_was_found(exhibit)), 409, "allegation-out-of-scope")
    finding = await a_draft(actors.investigator, case, allegation, outcome="no_view", no_view_reason="out_of_scope")
    assert (await agree(actors.reviewer, case, finding))["state"] == "final"


async def test_nothing_is_found_on_an_allegation_that_does_not_stand(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    gone, kept = (
        await an_allegation(actors.investigator, case, "1"),
        await an_allegation(actors.investigator, case, "2"),
    )
    exhibit = await an_exhibit(actors.investigator, case)
    merge = {"into": kept["id"], "reason": REASON}
    body(await actors.investigator.post(f"{case.url}/allegations/{gone['id']}/merge", json=merge))
    url = f"{case.url}/allegations/{gone['id']}/findings"
    refused(await actors.investigator.post(url, json=what_was_found(exhibit)), 409, "allegation-not-standing")


@pytest.mark.parametrize("somebody", ["assistant", "reviewer", "case_officer"])
async def test_only_the_investigator_records_findings(service: Service, actors: SimpleNamespace, somebody: str) -> None:
    case = await an_investigation(service)
    allegation, exhibit = await an_allegation(actors.investigator, case), await an_exhibit(actors.investigator, case)
    url = f"{case.url}/allegations/{allegation['id']}/findings"
    refused(await getattr(actors, somebody).post(url, json=what_was_found(exhibit)), 403, "not-allowed")


@pytest.mark.parametrize(
    "changes",
    [
        {"reasons": ""},
        {"reasons": "x" * 50_001},
        {"exhibit_ids": [str(NOWHERE)] * 501},
        {"standard_of_proof": "a hunch"},
        {"paragraphs": ["x" * 21]},
        {"state": "final"},
    ],
)
async def test_a_finding_that_breaks_a_rule_is_refused(
    service: Service, actors: SimpleNamespace, changes: dict[str, Any]
) -> None:
    case = await an_investigation(service)
    allegation, exhibit = await an_allegation(actors.investigator, case), await an_exhibit(actors.investigator, case)
    url = f"{case.url}/allegations/{allegation['id']}/findings"
    refused(await actors.investigator.post(url, json=what_was_found(exhibit) | changes), 422, "invalid-input")


async def test_a_draft_is_revised_by_who_has_read_it(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    allegation = await an_allegation(actors.investigator, case)
    kept, dropped, new = [await an_exhibit(actors.investigator, case) for _ in range(3)]
    finding = await a_draft(actors.investigator, case, allegation, kept, dropped)
    url, draft = f"{case.url}/findings/{finding['id']}", what_was_found(kept, new, outcome="not_upheld")
    refused(await actors.investigator.put(url, json=draft), 428, "precondition-required")

    revised = body(await actors.investigator.put(url, json=draft, headers=match(finding)))

    assert (revised["outcome"], revised["exhibit_ids"]) == ("not_upheld", [kept["id"], new["id"]])
    assert (revised["version"], revised["contributor_ids"]) == (2, [])
    refused(await actors.investigator.put(url, json=draft, headers=match(finding)), 412, "precondition-failed")
    nothing = what_was_found()
    refused(await actors.investigator.put(url, json=nothing, headers=match(revised)), 409, "finding-cites-nothing")
    assert "finding.revised" in await events_of(service, case)
    assert await faults_of(service, case) == []


async def test_whoever_revises_a_draft_is_named_in_it(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    await appoint(actors.case_officer, case, actors.other_investigator, "investigator")
    allegation, exhibit = await an_allegation(actors.investigator, case), await an_exhibit(actors.investigator, case)
    finding = await a_draft(actors.investigator, case, allegation, exhibit)
    url, draft = f"{case.url}/findings/{finding['id']}", what_was_found(exhibit)
    for _ in range(2):
        finding = body(await actors.other_investigator.put(url, json=draft, headers=match(finding)))
    assert finding["author_id"] == str(actors.investigator.account_id)
    assert finding["contributor_ids"] == [str(actors.other_investigator.account_id)]


async def test_the_reasons_of_findings_are_sealed(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    canary = "Canary-9b02"
    allegation, exhibit = await an_allegation(actors.investigator, case), await an_exhibit(actors.investigator, case)
    finding = await a_draft(actors.investigator, case, allegation, exhibit, reasons=canary)
    url = f"{case.url}/findings/{finding['id']}"
    body(await actors.reviewer.post(f"{url}/review", json={"agrees": False, "note": canary}, headers=match(finding)))
    await agree(actors.reviewer, case, finding)
    draft = {"draft": what_was_found(exhibit, reasons=canary), "reason": canary}
    body(await actors.investigator.post(f"{url}/supersession", json=draft), 201)
    async with service.runtime.database.session(write=False) as session:
        rows: list[Base] = [*await session.scalars(select(Finding)), *await session.scalars(select(FindingReview))]
        stored = repr([{column.name: getattr(row, column.name) for column in row.__table__.columns} for row in rows])
    assert len(rows) == 4
    assert canary not in stored


async def test_no_finding_reaches_into_another_case(service: Service, actors: SimpleNamespace) -> None:
    case, other = await an_investigation(service), await an_investigation(service)
    allegation, exhibit = await an_allegation(actors.investigator, case), await an_exhibit(actors.investigator, case)
    their_allegation = await an_allegation(actors.investigator, other)
    their_exhibit = await an_exhibit(actors.investigator, other)
    theirs = await a_draft(actors.investigator, other, their_allegation, their_exhibit)
    mine = await a_draft(actors.investigator, case, await an_allegation(actors.investigator, case, "2"), exhibit)
    final = await agree(actors.reviewer, case, mine)
    draft = what_was_found(exhibit)
    stolen = draft | {"exhibit_ids": [exhibit["id"], their_exhibit["id"]]}
    act = actors.investigator
    for answer in (
        await act.post(f"{case.url}/allegations/{allegation['id']}/findings", json=stolen),
        await act.post(f"{case.url}/findings/{final['id']}/supersession", json={"draft": stolen, "reason": REASON}),
        await act.post(f"{case.url}/allegations/{their_allegation['id']}/findings", json=draft),
        await act.get(f"{case.url}/allegations/{their_allegation['id']}/findings"),
        await act.get(f"{case.url}/findings/{theirs['id']}"),
        await act.get(f"{case.url}/findings/{NOWHERE}"),
        await act.put(f"{case.url}/findings/{theirs['id']}", json=draft, headers=match(theirs)),
        await act.post(f"{case.url}/findings/{theirs['id']}/supersession", json={"draft": draft, "reason": REASON}),
        await actors.reviewer.post(
            f"{case.url}/findings/{theirs['id']}/review", json={"agrees": True}, headers=match(theirs)
        ),
    ):
        refused(answer, 404, "not-found")
