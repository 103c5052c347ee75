"""A second person approves what was written, as it was read, and every edit voids that."""

import pytest
from sqlalchemy import update

from app.learning.models import Summary
from tests.builders.reports import (
    SUMMARY_TEXT_KEYS,
    a_reported_case,
    a_summary,
    approve,
    body_of,
    leaking,
    read_summary,
    redact,
    release,
    rewrite,
    slug_of,
    version_of,
)
from tests.conftest import Actor, Service


async def test_nobody_who_wrote_in_a_summary_approves_it(service: Service) -> None:
    """The reviewer is appointed assistant elsewhere; here a reviewer who edited under an earlier appointment is meant."""
    worked = await a_reported_case(service)
    summary = await a_summary(worked, service.actors.assistant)
    edited = body_of(await redact(worked, summary))
    assert edited["author_ids"] == [
        str(service.actors.assistant.account_id),
        str(service.actors.investigator.account_id),
    ]
    for writer in (service.actors.assistant, service.actors.investigator):
        assert (await approve(worked, edited, writer)).status_code == 403
    assert body_of(await approve(worked, edited))["state"] == "approved"


async def test_an_author_is_refused_whatever_they_are_appointed_to(service: Service) -> None:
    """No author can become reviewer of the case; if one did all the same, who wrote the summary would still count."""
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    await _say_that_it_was_written_by(service, service.actors.reviewer)
    assert slug_of(await approve(worked, summary), 409) == "second-person-required"
    await _say_that_it_was_written_by(service, service.actors.case_officer)
    body_of(await approve(worked, summary))
    assert slug_of(await release(worked, summary), 409) == "second-person-required"


async def _say_that_it_was_written_by(service: Service, somebody: Actor) -> None:
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(Summary).values(author_ids=[str(somebody.account_id)]))


async def test_an_approval_names_the_version_that_was_read(service: Service) -> None:
    worked = await a_reported_case(service)
    read_before = await a_summary(worked)
    current = await rewrite(worked, read_before, title="Learning")
    statement, address = {"statement": "Read."}, f"{worked.summaries}/{read_before['id']}/approval"
    assert slug_of(await service.actors.reviewer.post(address, json=statement), 428) == "precondition-required"
    assert slug_of(await approve(worked, read_before), 412) == "precondition-failed"
    approved = body_of(await approve(worked, current))
    assert approved["approvals"] == [
        {
            "id": approved["approvals"][0]["id"],
            "summary_version": current["version"],
            "reviewer_id": str(service.actors.reviewer.account_id),
            "made_on": "2026-03-02",
            "voided_on": None,
            "content_hash": current["content_hash"],
            "statement": "I read every paragraph and found nobody identifiable.",
        }
    ]


@pytest.mark.parametrize("edit", ["text", "redactions", "acceptance"])
async def test_any_edit_voids_the_approval(service: Service, edit: str) -> None:
    worked, summary = await leaking(service, 'She said "we were told to close all of these cases".')
    approved = body_of(await approve(worked, summary))
    if edit == "text":
        await rewrite(worked, approved, title="Learning")
    elif edit == "redactions":
        body_of(await redact(worked, approved))
    else:
        body = {"accepted": [{"id": approved["leaks"][0]["id"], "reason": "Known."}]}
        body_of(await service.actors.investigator.post(f"{worked.summaries}/{summary['id']}/checks", json=body))
    edited = await read_summary(worked, summary)
    assert edited["state"] == "draft"
    assert [approval["voided_on"] for approval in edited["approvals"]] == ["2026-03-02"]
    assert slug_of(await release(worked, edited), 409) == "summary-not-approved"
    again = body_of(await approve(worked, edited))
    assert [approval["voided_on"] for approval in again["approvals"]] == ["2026-03-02", None]
    body_of(await release(worked, again), 201)


async def test_a_summary_is_approved_once(service: Service) -> None:
    worked = await a_reported_case(service)
    approved = body_of(await approve(worked, await a_summary(worked)))
    assert slug_of(await approve(worked, approved), 409) == "summary-is-approved"


async def test_a_released_summary_never_changes(service: Service) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    body_of(await approve(worked, summary))
    body_of(await release(worked, summary), 201)
    released = await read_summary(worked, summary)
    address, investigator = f"{worked.summaries}/{summary['id']}", service.actors.investigator
    paragraphs = [{key: paragraph[key] for key in SUMMARY_TEXT_KEYS} for paragraph in released["paragraphs"]]
    draft = {"title": "Another", "paragraphs": paragraphs}
    assert (
        slug_of(await investigator.put(address, json=draft, headers=version_of(released)), 409) == "summary-is-released"
    )
    assert slug_of(await redact(worked, released), 409) == "summary-is-released"
    assert slug_of(await approve(worked, released), 409) == "summary-is-released"
    assert slug_of(await release(worked, released), 409) == "summary-is-released"
    assert await read_summary(worked, summary) == released
