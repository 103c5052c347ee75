"""A finding is final once a second person agrees, superseded and never edited after."""

from types import SimpleNamespace

from sqlalchemy import update

from app.findings.models import Finding
from tests.builders.cases import an_investigation, appoint, events_of, faults_of
from tests.builders.investigation import (
    REASON,
    a_decided_allegation,
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


async def test_agreement_makes_a_finding_final(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    allegation, exhibit = await an_allegation(actors.investigator, case), await an_exhibit(actors.investigator, case)
    finding = await a_draft(actors.investigator, case, allegation, exhibit)
    url = f"{case.url}/findings/{finding['id']}/review"

    final = body(await actors.reviewer.post(url, json={"agrees": True, "note": "Sound."}, headers=match(finding)))

    assert (final["state"], final["final_on"]) == ("final", "2026-03-02")
    assert final["reviewer_id"] == str(actors.reviewer.account_id)
    assert final["reviews"] == [
        {
            "finding_version": 1,
            "reviewer_id": str(actors.reviewer.account_id),
            "agrees": True,
            "note": "Sound.",
            "made_on": "2026-03-02",
        }
    ]
    assert (await read(actors.investigator, case, f"/allegations/{allegation['id']}"))["is_decided"]
    assert (await read(actors.investigator, case, f"/exhibits/{exhibit['id']}"))["is_cited"]
    refused(await actors.reviewer.post(url, json={"agrees": True}, headers=match(final)), 409, "finding-is-final")
    assert "finding.agreed" in await events_of(service, case)
    assert await faults_of(service, case) == []


async def test_disagreement_leaves_a_draft_and_says_what_has_to_change(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await an_investigation(service)
    allegation, exhibit = await an_allegation(actors.investigator, case), await an_exhibit(actors.investigator, case)
    finding = await a_draft(actors.investigator, case, allegation, exhibit)
    url = f"{case.url}/findings/{finding['id']}"
    refused(await actors.reviewer.post(f"{url}/review", json={"agrees": False}), 422, "invalid-input")

    note = {"agrees": False, "note": "Cite the data."}
    said = body(await actors.reviewer.post(f"{url}/review", json=note, headers=match(finding)))
    assert (said["state"], said["final_on"], said["reviewer_id"]) == ("draft", None, None)
    revised = body(await actors.investigator.put(url, json=what_was_found(exhibit), headers=match(said)))
    final = await agree(actors.reviewer, case, revised)

    assert [(one["finding_version"], one["agrees"], one["note"]) for one in final["reviews"]] == [
        (1, False, "Cite the data."),
        (2, True, None),
    ]
    assert await faults_of(service, case) == []


async def test_a_reviewer_does_not_agree_to_what_they_have_not_read(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    allegation, exhibit = await an_allegation(actors.investigator, case), await an_exhibit(actors.investigator, case)
    finding = await a_draft(actors.investigator, case, allegation, exhibit)
    url = f"{case.url}/findings/{finding['id']}"
    body(await actors.investigator.put(url, json=what_was_found(exhibit), headers=match(finding)))
    answer = await actors.reviewer.post(f"{url}/review", json={"agrees": True}, headers=match(finding))
    refused(answer, 412, "precondition-failed")
    refused(await actors.reviewer.post(f"{url}/review", json={"agrees": True}), 428, "precondition-required")


async def test_only_the_reviewer_of_the_case_reviews(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    allegation, exhibit = await an_allegation(actors.investigator, case), await an_exhibit(actors.investigator, case)
    finding = await a_draft(actors.investigator, case, allegation, exhibit)
    url = f"{case.url}/findings/{finding['id']}/review"
    for somebody in (actors.investigator, actors.assistant, actors.case_officer):
        refused(await somebody.post(url, json={"agrees": True}), 403, "not-allowed")
    refused(await actors.other_reviewer.post(url, json={"agrees": True}), 404, "not-found")


async def test_nobody_is_the_second_pair_of_eyes_on_their_own_words(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    allegation, exhibit = await an_allegation(actors.investigator, case), await an_exhibit(actors.investigator, case)
    finding = await a_draft(actors.investigator, case, allegation, exhibit)
    reviewer = actors.reviewer.account_id
    url = f"{case.url}/findings/{finding['id']}/review"
    for wrote in (
        {"author_id": reviewer},
        {"author_id": actors.investigator.account_id, "contributor_ids": [str(reviewer)]},
    ):
        async with service.runtime.database.session(write=True) as session:
            await session.execute(update(Finding).values(**wrote))  # as if they had changed parts since
        answer = await actors.reviewer.post(url, json={"agrees": True}, headers=match(finding))
        refused(answer, 409, "reviewer-is-author")


async def test_a_draft_is_judged_again_on_what_it_was_found_on(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    exhibit = await an_exhibit(actors.investigator, case)
    kept = await an_allegation(actors.investigator, case, "1")
    merged = await an_allegation(actors.investigator, case, "2")
    rescoped = await an_allegation(actors.investigator, case, "3")
    drafts = [await a_draft(actors.investigator, case, one, exhibit) for one in (kept, merged, rescoped)]
    merge = {"into": kept["id"], "reason": REASON}
    body(await actors.investigator.post(f"{case.url}/allegations/{merged['id']}/merge", json=merge))
    patch = {"scope": "out_of_scope", "reason": REASON}
    url = f"{case.url}/allegations/{rescoped['id']}"
    body(await actors.investigator.patch(url, json=patch, headers=match(rescoped)))
    withdrawal = {"state": "withdrawn", "note": "The author asked for it back."}
    body(await actors.investigator.post(f"{case.url}/exhibits/{exhibit['id']}/state", json=withdrawal))
    slugs = ("finding-cites-nothing", "allegation-not-standing", "allegation-out-of-scope")
    for draft, slug in zip(drafts, slugs, strict=True):
        review = f"{case.url}/findings/{draft['id']}/review"
        answer = await actors.reviewer.post(review, json={"agrees": True}, headers=match(draft))
        refused(answer, 409, slug)
        assert (await read(actors.reviewer, case, f"/findings/{draft['id']}"))["reviews"] == []


async def test_a_final_finding_is_never_edited(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    decided = await a_decided_allegation(service, case)
    url, draft = f"{case.url}/findings/{decided.finding['id']}", what_was_found(decided.exhibit, outcome="not_upheld")
    answer = await actors.investigator.put(url, json=draft, headers=match(decided.finding))
    refused(answer, 409, "finding-is-final")


async def test_a_final_finding_stands_until_the_one_that_supersedes_it_is_final(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await an_investigation(service)
    decided = await a_decided_allegation(service, case)
    history = f"/allegations/{decided.allegation['id']}/findings"
    url = f"{case.url}/findings/{decided.finding['id']}/supersession"
    draft = {"draft": what_was_found(decided.exhibit, outcome="not_upheld"), "reason": "New data came in."}
    refused(await actors.investigator.post(url, json=draft, headers={"If-Match": '"1"'}), 412, "precondition-failed")

    new = body(await actors.investigator.post(url, json=draft, headers=match(decided.finding)), 201)

    assert (new["state"], new["supersedes_id"]) == ("draft", decided.finding["id"])
    assert new["supersession_reason"] == "New data came in."
    assert [one["state"] for one in (await read(actors.reviewer, case, history))["items"]] == ["final", "draft"]
    refused(await actors.investigator.post(url, json=draft), 409, "finding-already-recorded")
    on_draft = f"{case.url}/findings/{new['id']}/supersession"
    refused(await actors.investigator.post(on_draft, json=draft), 409, "finding-not-final")

    await agree(actors.reviewer, case, new)

    found = (await read(actors.reviewer, case, history))["items"]
    assert [(one["id"], one["state"], one["outcome"]) for one in found] == [
        (decided.finding["id"], "superseded", "upheld"),
        (new["id"], "final", "not_upheld"),
    ]
    assert found[0]["reasons"] == decided.finding["reasons"]
    refused(await actors.investigator.post(url, json=draft), 409, "finding-not-final")
    answer = await actors.investigator.put(
        f"{case.url}/findings/{decided.finding['id']}", json=draft["draft"], headers=match(found[0])
    )
    refused(answer, 409, "finding-is-final")
    assert await faults_of(service, case) == []


async def test_findings_on_one_allegation_are_listed_oldest_first_however_many(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await an_investigation(service)
    decided = await a_decided_allegation(service, case)
    await a_decided_allegation(service, case, "1.2")
    line = [decided.finding]
    for number in range(3):
        draft = {"draft": what_was_found(decided.exhibit), "reason": f"Reason {number}"}
        url = f"{case.url}/findings/{line[-1]['id']}/supersession"
        line.append(await agree(actors.reviewer, case, body(await actors.investigator.post(url, json=draft), 201)))
    expected = [one["id"] for one in line]
    of_one = (await read(actors.reviewer, case, f"/allegations/{decided.allegation['id']}/findings"))["items"]
    assert [one["id"] for one in of_one] == expected
    of_all = (await read(actors.reviewer, case, "/findings"))["items"]
    assert len(of_all) == 5
    assert [one["id"] for one in of_all if one["allegation_id"] == decided.allegation["id"]] == expected


async def test_superseding_keeps_the_exhibits_that_another_finding_rests_on(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await an_investigation(service)
    decided = await a_decided_allegation(service, case)
    other = await an_allegation(actors.investigator, case, "1.2")
    await agree(actors.reviewer, case, await a_draft(actors.investigator, case, other, decided.exhibit))
    new = await an_exhibit(actors.investigator, case)
    draft = {"draft": what_was_found(new), "reason": "Better evidence."}
    url = f"{case.url}/findings/{decided.finding['id']}/supersession"
    await agree(actors.reviewer, case, body(await actors.investigator.post(url, json=draft), 201))
    assert (await read(actors.reviewer, case, f"/exhibits/{decided.exhibit['id']}"))["is_cited"]
    assert await faults_of(service, case) == []


async def test_any_reviewer_of_the_case_is_a_second_pair_of_eyes(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    await appoint(actors.case_officer, case, actors.other_reviewer, "reviewer")
    allegation, exhibit = await an_allegation(actors.investigator, case), await an_exhibit(actors.investigator, case)
    final = await agree(actors.other_reviewer, case, await a_draft(actors.investigator, case, allegation, exhibit))
    assert final["reviewer_id"] == str(actors.other_reviewer.account_id)
