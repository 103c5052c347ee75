"""The full report over HTTP: drafted, held back by its gate, sealed once, corrected only by the next one."""

import json
from hashlib import sha256
from typing import Any

import pytest

from tests.builders.cases import an_investigation, events_of, faults_of, read
from tests.builders.reports import (
    REPORT,
    Alleged,
    Worked,
    a_report,
    a_reported_case,
    an_exhibit,
    an_investigated_case,
    body_of,
    complete,
    seal,
    slug_of,
    version_of,
)
from tests.conftest import Service


async def test_a_report_is_not_sealed_while_an_allegation_lacks_its_finding(service: Service) -> None:
    worked = await an_investigated_case(
        service, Alleged("1.1"), Alleged("1.2", outcome=None), Alleged("1.3", is_draft=True)
    )
    await a_report(worked)
    refused = await service.actors.investigator.post(f"{worked.report}/seal")
    assert slug_of(refused, 409) == "report-has-gaps"
    gaps = [
        {"allegation_id": worked.allegations["1.2"], "label": "1.2", "missing": "finding"},
        {"allegation_id": worked.allegations["1.3"], "label": "1.3", "missing": "agreement"},
    ]
    assert refused.json()["gaps"] == gaps
    shown = body_of(await service.actors.reviewer.get(f"{worked.report}/gaps"))
    assert (shown["may_seal"], shown["gaps"]) == (False, gaps)
    assert body_of(await service.actors.investigator.get(worked.report))["state"] == "draft"
    assert (await read(service.actors.case_officer, worked.case))["state"] == "investigating"


async def test_a_report_that_would_answer_nothing_is_not_sealed(service: Service) -> None:
    worked = Worked(await an_investigation(service), service.actors)
    await a_report(worked)
    refused = await service.actors.investigator.post(f"{worked.report}/seal")
    assert slug_of(refused, 409) == "report-has-gaps"
    assert refused.json()["gaps"] == [{"allegation_id": None, "label": None, "missing": "allegation"}]


async def test_an_allegation_out_of_scope_is_in_the_report_with_the_reason(service: Service) -> None:
    worked = await an_investigated_case(service, Alleged("1.1"), Alleged("1.2", outcome=None))
    investigator, allegation = service.actors.investigator, f"{worked.url}/allegations/{worked.allegations['1.2']}"
    scope = {"scope": "out_of_scope", "reason": "Another team."}
    current = body_of(await investigator.get(allegation))
    body_of(await investigator.patch(allegation, json=scope, headers=version_of(current)))
    await complete(worked)
    await a_report(worked)
    content = (await seal(worked))["content"]
    assert [(left["label"], left["reason"]) for left in content["out_of_scope"]] == [("1.2", "Another team.")]
    assert content["counts"]["allegations"] == 1


async def test_a_report_is_not_sealed_before_the_findings_are_declared_complete(service: Service) -> None:
    worked = await an_investigated_case(service)
    await a_report(worked)
    refused = await service.actors.investigator.post(f"{worked.report}/seal")
    assert slug_of(refused, 409) == "transition-not-possible"


async def test_a_sealed_report_says_all_that_was_found(service: Service) -> None:
    worked = await an_investigated_case(service)
    await complete(worked)
    await a_report(worked)
    content = (await seal(worked))["content"]
    assert {key: content[key] for key in REPORT} == REPORT
    assert content["case_reference"] == worked.case.reference
    assert content["counts"] == {"allegations": 3, "upheld": 1, "partly_upheld": 0, "not_upheld": 1, "no_view": 1}
    assert [(theme["label"], theme["title"]) for theme in content["themes"]] == [
        ("1", "Theme number 1"),
        ("2", "Theme number 2"),
    ]
    assert content["themes"][0]["counts"]["not_upheld"] == 1
    first, second = content["themes"][0]["allegations"]
    assert first == {
        "label": "1.1",
        "statement": "Caseloads were unmanageably high",
        "paragraphs": ["2.1"],
        "outcome": "upheld",
        "no_view_reason": None,
        "standard_of_proof": "balance_of_probabilities",
        "reasons": "The accounts agree.",
        "found_on": "2026-03-02",
        "exhibits": [{"number": "1", "kind": "data", "reliability": None, "title": "Exhibit number 1"}],
    }
    assert second["outcome"] == "not_upheld"
    assert content["themes"][1]["allegations"][0]["no_view_reason"] == "insufficient_evidence"
    assert content["orphans"] == []


async def test_what_led_nowhere_is_listed_in_the_sealed_report(service: Service) -> None:
    worked = await an_investigated_case(service, Alleged("1.1"), Alleged("9", theme=None))
    theme = {"label": "3", "title": "A theme that nothing came under"}
    body_of(await service.actors.investigator.post(f"{worked.url}/themes", json=theme), 201)
    await an_exhibit(worked, "2")
    await an_exhibit(worked, "3", state="requested")
    await an_exhibit(worked, "4", state="does_not_exist", state_note="The head of performance said so.")
    await complete(worked)
    await a_report(worked)
    listed = body_of(await service.actors.investigator.get(f"{worked.report}/gaps"))
    expected = [
        ("theme_without_allegation", "3"),
        ("allegation_without_theme", "9"),
        ("exhibit_cited_nowhere", "2"),
        ("evidence_never_received", "3"),
    ]
    assert listed["may_seal"] is True
    assert [(orphan["kind"], orphan["label"]) for orphan in listed["orphans"]] == expected
    content = (await seal(worked))["content"]
    assert [(orphan["kind"], orphan["label"]) for orphan in content["orphans"]] == expected
    assert [(missing["number"], missing["state"], missing["note"]) for missing in content["not_available"]] == [
        ("4", "does_not_exist", "The head of performance said so.")
    ]
    assert content["themes"][-1]["title"] is None
    assert content["themes"][-1]["allegations"][0]["label"] == "9"


async def test_anyone_who_reads_a_sealed_report_can_check_its_hash(service: Service) -> None:
    worked = await a_reported_case(service)
    sealed = body_of(await service.actors.reviewer.get(worked.report))
    text = json.dumps(sealed["content"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert sha256(text.encode()).hexdigest() == sealed["content_hash"]
    assert len(bytes.fromhex(sealed["content"]["salt"])) == 16


async def test_a_sealed_report_never_changes(service: Service) -> None:
    worked = await a_reported_case(service)
    investigator = service.actors.investigator
    before = body_of(await investigator.get(worked.report))
    changed = await investigator.put(worked.report, json=REPORT | {"title": "Another"}, headers=version_of(before))
    assert slug_of(changed, 409) == "report-is-sealed"
    assert slug_of(await investigator.post(f"{worked.report}/seal"), 409) == "report-is-sealed"
    assert body_of(await investigator.get(worked.report)) == before


async def test_sealing_reports_the_case(service: Service) -> None:
    worked = await a_reported_case(service)
    case = await read(service.actors.case_officer, worked.case)
    assert case["state"] == "reported"
    assert case["transitions"][-1]["to_state"] == "reported"


async def test_a_correction_is_the_next_report_and_supersedes_the_one_before(service: Service) -> None:
    worked = await a_reported_case(service)
    first = worked.report
    second = await a_report(worked, conclusions="Corrected.")
    assert second["number"] == 2
    assert body_of(await service.actors.investigator.get(first))["state"] == "sealed"
    assert (await seal(worked))["content"]["conclusions"] == "Corrected."
    superseded = body_of(await service.actors.investigator.get(first))
    assert superseded["state"] == "superseded"
    assert superseded["content"]["conclusions"] == REPORT["conclusions"]
    assert (await read(service.actors.case_officer, worked.case))["state"] == "reported"
    listed = body_of(await service.actors.reviewer.get(worked.reports))["items"]
    assert [(report["number"], report["state"]) for report in listed] == [(2, "sealed"), (1, "superseded")]


async def test_reports_are_listed_in_pages(service: Service) -> None:
    worked = await a_reported_case(service)
    await a_report(worked)
    reviewer = service.actors.reviewer
    first = body_of(await reviewer.get(worked.reports, params={"limit": 1}))
    second = body_of(await reviewer.get(worked.reports, params={"limit": 1, "cursor": first["next"]}))
    assert [report["number"] for report in first["items"] + second["items"]] == [2, 1]
    assert second["next"] is None
    for wrong in ("x", "-1", "9" * 10):
        refused = await reviewer.get(worked.reports, params={"cursor": wrong})
        assert refused.json()["errors"][0]["pointer"] == "/cursor"


async def test_a_draft_changes_only_on_the_version_that_was_read(service: Service) -> None:
    worked = await an_investigated_case(service)
    investigator, draft = service.actors.investigator, REPORT | {"method": "By reading."}
    report = await a_report(worked)
    assert slug_of(await investigator.put(worked.report, json=draft), 428) == "precondition-required"
    changed = await investigator.put(worked.report, json=draft, headers=version_of(report))
    assert body_of(changed)["method"] == "By reading."
    assert changed.headers["ETag"] == f'"{report["version"] + 1}"'
    stale = await investigator.put(worked.report, json=draft, headers=version_of(report))
    assert slug_of(stale, 412) == "precondition-failed"


async def test_a_case_has_one_draft_at_a_time(service: Service) -> None:
    worked = await an_investigated_case(service)
    await a_report(worked)
    second = await service.actors.investigator.post(worked.reports, json=REPORT)
    assert slug_of(second, 409) == "report-being-written"


@pytest.mark.parametrize("somebody", ["assistant", "reviewer", "case_officer"])
async def test_only_the_investigator_writes_and_seals(service: Service, somebody: str) -> None:
    worked = await an_investigated_case(service)
    await a_report(worked)
    actor: Any = getattr(service.actors, somebody)
    assert (await actor.post(worked.reports, json=REPORT)).status_code == 403
    assert (await actor.put(worked.report, json=REPORT)).status_code == 403
    assert (await actor.post(f"{worked.report}/seal")).status_code == 403
    assert (await actor.get(worked.report)).status_code == 200


@pytest.mark.parametrize("somebody", ["hr", "leadership", "other_investigator", "administrator", "representative"])
async def test_for_others_the_report_does_not_exist(service: Service, somebody: str) -> None:
    worked = await a_reported_case(service)
    actor: Any = getattr(service.actors, somebody)
    for address in (worked.reports, worked.report, f"{worked.report}/gaps"):
        assert (await actor.get(address)).status_code == 404


async def test_a_report_of_another_case_is_not_found(service: Service) -> None:
    one, other = await a_reported_case(service), await an_investigated_case(service)
    stray = f"{other.reports}/{one.report_id}"
    for address in (stray, f"{stray}/gaps"):
        assert (await service.actors.investigator.get(address)).status_code == 404


async def test_every_act_on_a_report_is_in_the_log_with_all_that_it_touched(service: Service) -> None:
    worked = await an_investigated_case(service)
    report = await a_report(worked)
    body_of(await service.actors.investigator.put(worked.report, json=REPORT, headers=version_of(report)))
    await complete(worked)
    await seal(worked)
    await a_report(worked)
    await seal(worked)
    events = await events_of(service, worked.case)
    assert [event for event in events if event.startswith("report.")] == [
        "report.written",
        "report.rewritten",
        "report.sealed",
        "report.written",
        "report.sealed",
    ]
    assert await faults_of(service, worked.case) == []
