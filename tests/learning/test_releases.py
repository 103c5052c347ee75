"""A release is exactly what was approved, reaches its audiences alone, and tells them of no case and no account."""

import json
from hashlib import sha256
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from app.accounts.models import Organisation
from app.audit.verify import verify
from app.kernel.db import table_of
from app.learning.models import Release
from tests.builders.cases import events_of, faults_of, read, wall_off
from tests.builders.reports import (
    Alleged,
    Worked,
    a_redaction,
    a_release,
    a_report,
    a_reported_case,
    a_summary,
    an_investigated_case,
    approve,
    body_of,
    redact,
    release,
    release_url,
    seal,
    slug_of,
)
from tests.builders.whole import a_released_case
from tests.conftest import Service

AUDIENCES = ("hr", "leadership", "panel", "staff")
READERS = (*AUDIENCES, "administrator", "auditor", "case_officer", "investigator", "reviewer", "representative")


async def test_a_release_is_exactly_what_was_approved(service: Service) -> None:
    worked = await a_reported_case(service, Alleged("1.1", reasons="Anna Rowe told them."))
    summary = await a_summary(worked)
    redacted = body_of(await redact(worked, summary, a_redaction(summary, 1, "Anna Rowe", "Manager A")))
    approved = body_of(await approve(worked, redacted))
    made = body_of(await release(worked, approved), 201)
    found = body_of(await service.actors.hr.get(release_url(made)))
    assert found["content"] == approved["preview"]
    assert found["content_hash"] == approved["content_hash"] == approved["approvals"][0]["content_hash"]
    text = json.dumps(found["content"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert sha256(text.encode()).hexdigest() == found["content_hash"]
    assert "Manager A told them." in found["content"]["paragraphs"][1]["text"]
    assert "Anna" not in json.dumps(found)


async def test_a_release_gives_the_counts_of_the_report(service: Service) -> None:
    worked = await a_reported_case(service)
    found = body_of(await service.actors.hr.get(release_url(await a_release(worked))))
    assert found["content"]["counts"] == {
        "allegations": 3,
        "upheld": 1,
        "partly_upheld": 0,
        "not_upheld": 1,
        "no_view": 1,
    }
    assert [(row["section"], row["counts"]["allegations"]) for row in found["content"]["findings"]] == [
        ("1. Theme number 1", 2),
        ("2. Theme number 2", 1),
    ]


async def test_a_reader_is_told_of_no_case_and_no_account(service: Service) -> None:
    worked = await a_reported_case(service)
    made = await a_release(worked, *AUDIENCES)
    hr = service.actors.hr
    internal = {
        *_every_id(service, worked),
        made["summary_id"],
        *_ids_in(body_of(await service.actors.case_officer.get(worked.url))),
        *_ids_in(body_of(await service.actors.investigator.get(f"{worked.url}/matrix"))),
        worked.case.reference,
    } - {made["id"]}
    assert len(internal) > 20
    for answer in (
        await hr.get("/v1/releases"),
        await hr.get(release_url(made)),
        await hr.get(release_url(made), headers={"Accept": "text/html"}),
    ):
        assert answer.status_code == 200
        everything = answer.text + json.dumps(dict(answer.headers))
        assert [one for one in internal if one in everything] == []


def _every_id(service: Service, worked: Worked) -> set[str]:
    accounts = {str(actor.account_id) for actor in vars(service.actors).values()}
    made = {*worked.themes.values(), *worked.allegations.values(), *worked.exhibits.values()}
    return {str(worked.case.id), str(worked.case.organisation_id), worked.report_id, *accounts, *made}


def _ids_in(value: Any) -> set[str]:  # noqa: ANN401 any JSON
    if isinstance(value, dict):
        return set().union(*map(_ids_in, value.values()))
    if isinstance(value, list):
        return set().union(*map(_ids_in, value))
    try:
        return {str(UUID(value))}
    except (ValueError, TypeError, AttributeError):
        return set()


@pytest.mark.parametrize("audiences", [("hr",), ("leadership", "panel"), AUDIENCES])
async def test_only_the_audiences_of_a_release_find_it(service: Service, audiences: tuple[str, ...]) -> None:
    worked = await a_reported_case(service)
    made = await a_release(worked, *audiences)
    assert made["audiences"] == sorted(audiences)
    for reader in READERS:
        actor: Any = getattr(service.actors, reader)
        answer = await actor.get(release_url(made))
        listed = await actor.get("/v1/releases")
        if reader in audiences:
            assert answer.status_code == 200, reader
            assert listed.json()["items"] == [
                {
                    "id": made["id"],
                    "number": 1,
                    "title": "Learning summary",
                    "released_on": "2026-03-02",
                    "state": "standing",
                    "ended_on": None,
                }
            ]
        else:
            assert slug_of(answer, 404) == "not-found"
            assert listed.status_code == (200 if reader in (*AUDIENCES, "representative") else 404)
            assert listed.json().get("items", []) == []


@pytest.mark.parametrize("reader", AUDIENCES)
async def test_for_the_audiences_of_a_release_its_case_does_not_exist(service: Service, reader: str) -> None:
    worked = await a_reported_case(service)
    made = await a_release(worked, *AUDIENCES)
    actor: Any = getattr(service.actors, reader)
    unknown = (await actor.get(f"/v1/cases/{UUID(int=1)}")).content
    for address in (
        worked.url,
        worked.reports,
        worked.report,
        worked.summaries,
        f"{worked.summaries}/{made['summary_id']}",
        f"{worked.url}/releases",
        f"{worked.url}/allegations",
        f"{worked.url}/findings",
    ):
        answer = await actor.get(address)
        assert (answer.status_code, answer.content) == (404, unknown)
    assert (await actor.get("/v1/cases")).status_code == 404


async def test_of_representatives_only_who_raised_the_grievance_reads_its_release(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await a_released_case(actors)
    url = f"/v1/releases/{case.ids['release_id']}"
    assert (await actors.representative.get(url)).status_code == 200
    assert [one["id"] for one in (await actors.representative.get("/v1/releases")).json()["items"]] == [
        case.ids["release_id"]
    ]
    assert slug_of(await actors.other_representative.get(url), 404) == "not-found"
    assert (await actors.other_representative.get("/v1/releases")).json()["items"] == []


async def test_a_case_that_no_representative_raised_is_released_to_none(service: Service) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    body_of(await approve(worked, summary))
    refused = await release(worked, summary, "representative")
    assert slug_of(refused, 422) == "invalid-input"
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/audiences"]


@pytest.mark.parametrize("reader", AUDIENCES)
async def test_who_is_walled_off_a_case_finds_no_release_of_it(service: Service, reader: str) -> None:
    worked, other = await a_reported_case(service), await a_reported_case(service)
    made, elsewhere = await a_release(worked, *AUDIENCES), await a_release(other, *AUDIENCES)
    actor: Any = getattr(service.actors, reader)
    held = await actor.get(release_url(made))
    unknown = (await actor.get(f"/v1/releases/{UUID(int=1)}")).content
    await wall_off(service.actors.case_officer, worked.case, actor)
    for headers in ({}, {"If-None-Match": held.headers["ETag"]}, {"Accept": "text/html"}):
        answer = await actor.get(release_url(made), headers=headers)
        assert (answer.status_code, answer.content) == (404, unknown)
    assert [one["id"] for one in body_of(await actor.get("/v1/releases"))["items"]] == [elsewhere["id"]]
    assert (await actor.get(release_url(elsewhere))).status_code == 200
    for somebody in set(AUDIENCES) - {reader}:
        assert (await getattr(service.actors, somebody).get(release_url(made))).status_code == 200


async def test_what_was_released_from_a_case_is_listed_in_pages(service: Service) -> None:
    worked = await a_reported_case(service)
    made = [await a_release(worked) for _ in range(3)]
    reviewer, address = service.actors.reviewer, f"{worked.url}/releases"
    first = body_of(await reviewer.get(address, params={"limit": 2}))
    second = body_of(await reviewer.get(address, params={"limit": 2, "cursor": first["next"]}))
    assert [one["id"] for one in first["items"] + second["items"]] == [one["id"] for one in reversed(made)]
    assert second["next"] is None


async def test_without_a_token_no_release_is_read(service: Service) -> None:
    worked = await a_reported_case(service)
    made = await a_release(worked)
    async with service.client() as client:
        assert (await client.get(release_url(made))).status_code == 401
        assert (await client.get("/v1/releases")).status_code == 401


async def test_a_summary_is_released_only_approved(service: Service) -> None:
    worked = await a_reported_case(service)
    assert slug_of(await release(worked, await a_summary(worked)), 409) == "summary-not-approved"


@pytest.mark.parametrize("somebody", ["investigator", "assistant"])
async def test_who_writes_summaries_does_not_release_them(service: Service, somebody: str) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    body_of(await approve(worked, summary))
    assert (await release(worked, summary, somebody=getattr(service.actors, somebody))).status_code == 403


@pytest.mark.parametrize("audiences", [[], ["hr", "investigator"], ["everybody"]])
async def test_a_release_goes_to_audiences_alone(service: Service, audiences: list[str]) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    body_of(await approve(worked, summary))
    address = f"{worked.summaries}/{summary['id']}/release"
    refused = await service.actors.case_officer.post(address, json={"audiences": audiences})
    assert slug_of(refused, 422) == "invalid-input"


async def test_what_became_known_after_the_approval_stops_the_release(service: Service) -> None:
    worked = await a_reported_case(service, Alleged("1.1", reasons="Dora Okafor told them."))
    summary = await a_summary(worked)
    body_of(await approve(worked, summary))
    invited = {"username": "d.okafor", "display_name": "Dora Okafor", "roles": ["leadership"]}
    account = body_of(await service.actors.administrator.post("/v1/accounts", json=invited), 201)
    body = {"account_id": account["id"], "reason": "Named in the grievance."}
    body_of(await service.actors.case_officer.post(f"{worked.url}/walls", json=body), 201)
    assert slug_of(await release(worked, summary), 409) == "summary-leaks"


async def test_a_text_that_differs_from_the_approved_one_is_not_released(service: Service) -> None:
    """Somebody who can write to the database changes the name that heads the release after the approval."""
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    body_of(await approve(worked, summary))
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(Organisation).values(name="Another Council"))
    assert slug_of(await release(worked, summary), 409) == "summary-not-approved"


async def test_releasing_moves_the_case_once(service: Service) -> None:
    worked = await a_reported_case(service)
    await a_release(worked)
    assert (await read(service.actors.case_officer, worked.case))["state"] == "released"
    await a_release(worked)
    case = await read(service.actors.case_officer, worked.case)
    assert case["state"] == "released"
    assert [step["to_state"] for step in case["transitions"]].count("released") == 1


async def test_a_later_release_supersedes_the_one_before(service: Service) -> None:
    worked = await a_reported_case(service)
    first = await a_release(worked, "hr", "panel")
    second = await a_release(worked, "hr")
    assert second["number"] == 2
    assert (await service.actors.hr.get(release_url(first))).status_code == 404
    assert (await service.actors.panel.get(release_url(first))).status_code == 404
    assert body_of(await service.actors.hr.get(release_url(second)))["number"] == 2
    hr, panel = [body_of(await one.get("/v1/releases"))["items"] for one in (service.actors.hr, service.actors.panel)]
    assert {(one["id"], one["state"], one["title"] is None) for one in hr} == {
        (second["id"], "standing", False),
        (first["id"], "superseded", True),
    }
    assert [(one["id"], one["state"], one["ended_on"]) for one in panel] == [(first["id"], "superseded", "2026-03-02")]
    kept = body_of(await service.actors.reviewer.get(f"{worked.url}/releases"))["items"]
    assert [(one["state"], one["ended_on"], one["audiences"]) for one in kept] == [
        ("standing", None, ["hr"]),
        ("superseded", "2026-03-02", ["hr", "panel"]),
    ]


async def test_a_corrected_report_needs_a_new_summary(service: Service) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    body_of(await approve(worked, summary))
    await a_report(worked)
    await seal(worked)
    assert slug_of(await release(worked, summary), 409) == "report-not-standing"
    await a_release(worked)


async def test_a_withdrawn_release_is_gone_for_its_readers_and_kept_for_the_log(service: Service) -> None:
    worked = await a_reported_case(service)
    made = await a_release(worked)
    held = await service.actors.hr.get(release_url(made))
    officer, address = service.actors.case_officer, f"{worked.url}/releases/{made['id']}/withdrawal"
    withdrawn = body_of(await officer.post(address, json={"reason": "An interviewee could be recognised."}))
    assert (withdrawn["state"], withdrawn["withdrawal_reason"]) == ("withdrawn", "An interviewee could be recognised.")
    assert withdrawn["ended_by"] == str(officer.account_id)
    for headers in ({}, {"If-None-Match": held.headers["ETag"]}, {"Accept": "text/html"}):
        assert (await service.actors.hr.get(release_url(made), headers=headers)).status_code == 404
    assert body_of(await service.actors.hr.get("/v1/releases"))["items"] == [
        {
            "id": made["id"],
            "number": 1,
            "title": None,
            "state": "withdrawn",
            "released_on": "2026-03-02",
            "ended_on": "2026-03-02",
        }
    ]
    assert slug_of(await officer.post(address, json={"reason": "Again."}), 409) == "release-ended"
    again = await a_release(worked)
    assert again["number"] == 2
    assert (await events_of(service, worked.case))[-1] == "summary.released"
    assert await faults_of(service, worked.case) == []


async def test_only_who_may_release_may_withdraw(service: Service) -> None:
    worked = await a_reported_case(service)
    made = await a_release(worked)
    address = f"{worked.url}/releases/{made['id']}/withdrawal"
    for somebody, status in (("investigator", 403), ("hr", 404), ("other_reviewer", 404)):
        actor: Any = getattr(service.actors, somebody)
        assert (await actor.post(address, json={"reason": "No."})).status_code == status
    other = await an_investigated_case(service)
    stray = f"{other.url}/releases/{made['id']}/withdrawal"
    assert (await service.actors.case_officer.post(stray, json={"reason": "No."})).status_code == 404


async def test_a_closed_case_releases_nothing_more(service: Service) -> None:
    worked = await a_reported_case(service)
    await a_release(worked)
    summary = await a_summary(worked)
    body_of(await approve(worked, summary))
    body_of(await service.actors.case_officer.post(f"{worked.url}/closure", json={"reason": "Done."}))
    assert slug_of(await release(worked, summary), 409) == "transition-not-possible"
    assert len(body_of(await service.actors.hr.get("/v1/releases"))["items"]) == 1


async def test_releases_are_listed_in_pages(service: Service) -> None:
    made = [await a_release(await a_reported_case(service, Alleged("1"))) for _ in range(3)]
    first = body_of(await service.actors.hr.get("/v1/releases?limit=2"))
    second = body_of(await service.actors.hr.get("/v1/releases", params={"limit": 2, "cursor": first["next"]}))
    assert len(first["items"]) == 2
    assert second["next"] is None
    assert {one["id"] for one in first["items"] + second["items"]} == {one["id"] for one in made}


async def test_a_release_in_the_database_is_sealed(service: Service) -> None:
    worked = await a_reported_case(service, Alleged("1.1", reasons="The marmalade was withheld."))
    made = await a_release(worked)
    async with service.runtime.database.session(write=False) as session:
        row = (await session.execute(select(table_of(Release)).where(Release.id == UUID(made["id"])))).one()
    assert not any(isinstance(value, bytes) and b"marmalade" in value for value in row)
    assert not any(isinstance(value, str) and "Learning" in value for value in row)


async def test_an_edited_release_is_found_by_the_verifier_and_not_shown(service: Service) -> None:
    one, other = await a_reported_case(service), await a_reported_case(service)
    first, second = await a_release(one), await a_release(other)
    async with service.runtime.database.session(write=True) as session:
        content = await session.scalar(
            select(table_of(Release).c.content_sealed).where(Release.id == UUID(second["id"]))
        )
        edited = update(Release).where(Release.id == UUID(first["id"])).values(content_sealed=content)
        await session.execute(edited)
    answer = await service.actors.hr.get(release_url(first))
    assert slug_of(answer, 500) == "sealed-content-broken"
    async with service.runtime.database.session(write=False) as session:
        faults = (await verify(session, service.runtime.keys)).faults
    assert [(fault.chain_id, fault.what) for fault in faults] == [
        (one.case.id, "a row of releases differs from its newest event")
    ]
