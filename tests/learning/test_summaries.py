"""A learning summary is cut from the sealed report, redacted, checked, and approved by somebody who wrote none of it."""

import json
from hashlib import sha256
from typing import Any

import pytest

from tests.builders.cases import events_of, faults_of, wall_off
from tests.builders.reports import (
    SUMMARY_TEXT_KEYS,
    Alleged,
    a_redaction,
    a_report,
    a_reported_case,
    a_summary,
    an_investigated_case,
    approve,
    body_of,
    complete,
    leaking,
    read_summary,
    redact,
    release,
    rewrite,
    seal,
    slug_of,
    version_of,
)
from tests.conftest import Service

NAMES_A_MANAGER = Alleged("1.1", reasons="Anna Rowe told the teams on 3 March 2019. Write to a.rowe@council.example.")


async def test_a_summary_is_drafted_from_the_sealed_report(service: Service) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    assert (summary["state"], summary["title"]) == ("draft", "Learning summary")
    assert summary["author_ids"] == [str(service.actors.investigator.account_id)]
    assert [(paragraph["finding"], paragraph["outcome"]) for paragraph in summary["paragraphs"]] == [
        (None, None),
        (1, "upheld"),
        (2, "not_upheld"),
        (3, "no_view"),
        (None, None),
        (None, None),
    ]
    preview = summary["preview"]
    assert preview["organisation"] == "Northmoor Council"
    assert preview["counts"] == {"allegations": 3, "upheld": 1, "partly_upheld": 0, "not_upheld": 1, "no_view": 1}
    assert [row["section"] for row in preview["findings"]] == ["1. Theme number 1", "2. Theme number 2"]
    text = json.dumps(preview, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert sha256(text.encode()).hexdigest() == summary["content_hash"]
    assert body_of(await service.actors.reviewer.get(worked.summaries))["items"][0]["id"] == summary["id"]


async def test_a_summary_is_cut_from_no_draft_and_from_no_superseded_report(service: Service) -> None:
    worked = await an_investigated_case(service)
    investigator = service.actors.investigator
    first = (await a_report(worked))["id"]
    assert slug_of(await investigator.post(worked.summaries, json={"report_id": first}), 409) == "report-not-standing"
    await complete(worked)
    await seal(worked)
    summary = await a_summary(worked)
    await a_report(worked)
    await seal(worked)
    assert slug_of(await investigator.post(worked.summaries, json={"report_id": first}), 409) == "report-not-standing"
    assert slug_of(await approve(worked, summary), 409) == "report-not-standing"


async def test_the_outcome_of_a_finding_cannot_be_written_otherwise(service: Service) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    paragraphs = [{key: paragraph[key] for key in SUMMARY_TEXT_KEYS} for paragraph in summary["paragraphs"]]
    address, investigator = f"{worked.summaries}/{summary['id']}", service.actors.investigator

    async def answer(paragraphs: list[dict[str, Any]]) -> Any:  # noqa: ANN401 an answer
        draft = {"title": "T", "paragraphs": paragraphs}
        return await investigator.put(address, json=draft, headers=version_of(summary))

    left_out = [paragraph for paragraph in paragraphs if paragraph["finding"] != 2]
    for wrong in (left_out, [*paragraphs, paragraphs[1]], [*left_out, paragraphs[2] | {"finding": 7}]):
        assert slug_of(await answer(wrong), 422) == "invalid-input"
    assert slug_of(await answer([paragraphs[1] | {"outcome": "not_upheld"}]), 422) == "invalid-input"
    assert body_of(await answer(paragraphs[::-1]))["preview"]["counts"] == summary["preview"]["counts"]


async def test_redactions_replace_words_alike_and_the_rest_stays(service: Service) -> None:
    worked = await a_reported_case(service, NAMES_A_MANAGER)
    summary = await a_summary(worked)
    redactions = [
        a_redaction(summary, 1, "Anna Rowe", "Manager A"),
        a_redaction(summary, 1, "on 3 March 2019", "in early 2019", type="date"),
        a_redaction(summary, 1, "a.rowe@council.example", "[e-mail address withheld]", type="email"),
    ]
    redacted = body_of(await redact(worked, summary, *redactions))
    text = "Manager A told the teams in early 2019. Write to [e-mail address withheld]."
    assert redacted["paragraphs"][1]["redacted"].endswith(text)
    assert redacted["preview"]["paragraphs"][1]["text"].endswith(text)
    assert redacted["redactions"] == redactions
    assert redacted["blocking"] == 0
    assert summary["blocking"] > 0


@pytest.mark.parametrize(
    ("changes", "at", "rule"),
    [
        ([{"end": 9_000}], 0, "must lie within its paragraph and hold a character"),
        ([{"paragraph": 99}], 0, "must lie within its paragraph and hold a character"),
        ([{}, {}], 1, "must not overlap another redaction"),
        ([{"replacement": "not Anna Rowe"}], 0, "must have a replacement that does not hold the words it replaces"),
    ],
)
async def test_redactions_that_do_not_fit_are_refused_without_repeating_the_text(
    service: Service, changes: list[dict[str, Any]], at: int, rule: str
) -> None:
    worked = await a_reported_case(service, NAMES_A_MANAGER)
    summary = await a_summary(worked)
    base = a_redaction(summary, 1, "Anna Rowe", "Manager A")
    refused = await redact(worked, summary, *(base | change for change in changes))
    assert slug_of(refused, 422) == "invalid-input"
    assert refused.json()["errors"] == [{"in": "body", "pointer": f"/redactions/{at}", "rule": rule}]
    assert "Anna" not in refused.text


async def test_one_name_cannot_have_two_replacements(service: Service) -> None:
    worked = await a_reported_case(service, Alleged("1.1", reasons="Anna Rowe."), Alleged("1.2", reasons="Anna Rowe."))
    summary = await a_summary(worked)
    redactions = [a_redaction(summary, 1, "Anna Rowe", "Manager A"), a_redaction(summary, 2, "Anna Rowe", "Manager B")]
    refused = await redact(worked, summary, *redactions)
    assert refused.json()["errors"][0]["rule"] == "must replace the same words of the same type as elsewhere"


async def test_suggestions_name_what_to_redact_and_one_pseudonym_for_each_person(service: Service) -> None:
    reasons = "Anna Rowe wrote to x@council.example. Ms Rowe and Tom Hale left. Anna Rowe came back."
    worked = await a_reported_case(service, Alleged("1.1", reasons=reasons))
    summary = await a_summary(worked)
    mentions = [
        {
            "role": "manager",
            **{key: value for key, value in a_redaction(summary, 1, words, "-").items() if key in spans},
        }
        for spans in [("paragraph", "start", "end")]
        for words in ("Anna Rowe", "Ms Rowe", "Tom Hale")
    ]
    address = f"{worked.summaries}/{summary['id']}/suggestions"
    suggested = body_of(await service.actors.investigator.post(address, json={"mentions": mentions}))
    assert suggested["pseudonyms"] == ["Manager A", "Manager A", "Manager B"]
    assert [(one["detector"], one["redaction"]["replacement"]) for one in suggested["suggestions"]] == [
        ("email-address", "[e-mail address withheld]")
    ]
    redaction = a_redaction(summary, 1, "Anna Rowe", "Manager A")
    body_of(await redact(worked, summary, redaction))
    suggested = body_of(await service.actors.investigator.post(address, json={}))
    start = reasons.index("Anna Rowe came") - reasons.index("Anna Rowe wrote") + redaction["start"]
    assert [(one["start"], one["replacement"]) for one in suggested["missed"]] == [(start, "Manager A")]


async def test_a_suggestion_is_accepted_as_it_comes(service: Service) -> None:
    reasons = "Tom wrote to x@council.example on 3 to 5 March 2019. Ring 07700 900123. Then x@council.example again."
    worked = await a_reported_case(service, Alleged("1.1", reasons=reasons))
    summary = await a_summary(worked)
    address, investigator = f"{worked.summaries}/{summary['id']}/suggestions", service.actors.investigator
    suggested = body_of(await investigator.post(address, json={}))["suggestions"]
    first = next(one for one in suggested if one["detector"] == "email-address")
    redacted = body_of(await redact(worked, summary, first["redaction"]))
    assert redacted["redactions"] == [first["redaction"]]
    assert redacted["redactions"][0]["reason"] == "An e-mail address leads to its holder."
    missed = body_of(await investigator.post(address, json={}))["missed"]
    assert len(missed) == 1
    every = [one["redaction"] for one in suggested if one["redaction"]["start"] != missed[0]["start"]]
    redacted = body_of(await redact(worked, redacted, *every, *missed))
    assert redacted["blocking"] == 0
    assert body_of(await investigator.post(address, json={}))["suggestions"] == []


async def test_summaries_are_listed_in_pages(service: Service) -> None:
    worked = await a_reported_case(service)
    made = [(await a_summary(worked))["id"] for _ in range(3)]
    first = body_of(await service.actors.reviewer.get(worked.summaries, params={"limit": 2}))
    second = body_of(await service.actors.reviewer.get(worked.summaries, params={"cursor": first["next"]}))
    assert sorted(one["id"] for one in first["items"] + second["items"]) == sorted(made)
    assert (len(first["items"]), second["next"]) == (2, None)


async def test_of_very_many_leaks_those_that_block_are_shown_first(service: Service) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    quoted = "\u201cyou will not work here any more\u201d "
    changed = await rewrite(worked, summary, p0=quoted * 1_100, p4="Write to x@council.example.")
    assert (len(changed["leaks"]), changed["blocking"]) == (1_000, 1)
    assert [leak["check"] for leak in changed["leaks"]] == ["quotation"] * 999 + ["email-address"]


async def test_a_mention_outside_the_text_is_refused(service: Service) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    mention = {"paragraph": 0, "start": 5, "end": 5, "role": "manager"}
    address = f"{worked.summaries}/{summary['id']}/suggestions"
    refused = await service.actors.investigator.post(address, json={"mentions": [mention]})
    assert refused.json()["errors"][0]["pointer"] == "/mentions/0"


async def test_nothing_is_approved_while_a_blocking_leak_stands(service: Service) -> None:
    worked, summary = await leaking(service, "Write to x@council.example.")
    assert summary["blocking"] == 1
    refused = await approve(worked, summary)
    assert slug_of(refused, 409) == "summary-leaks"
    assert [(leak["check"], leak["place"], leak["paragraph"]) for leak in refused.json()["leaks"]] == [
        ("email-address", "paragraph", 1)
    ]
    assert "council.example" not in refused.text


@pytest.mark.parametrize("where", ["title", "section"])
async def test_headings_are_checked_like_paragraphs(service: Service, where: str) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    paragraphs = [{key: paragraph[key] for key in SUMMARY_TEXT_KEYS} for paragraph in summary["paragraphs"]]
    title = "Call 07700 900123" if where == "title" else "Learning"
    if where == "section":
        paragraphs[3]["section"] = "Call 07700 900123"
    answer = await service.actors.investigator.put(
        f"{worked.summaries}/{summary['id']}",
        json={"title": title, "paragraphs": paragraphs},
        headers=version_of(summary),
    )
    changed = body_of(answer)
    assert [(leak["check"], leak["place"], leak["paragraph"]) for leak in changed["leaks"]] == [
        ("telephone-number", where, None if where == "title" else 3)
    ]
    assert slug_of(await approve(worked, changed), 409) == "summary-leaks"


async def test_a_leak_is_let_pass_only_with_a_reason_and_only_where_reading_decides(service: Service) -> None:
    worked, summary = await leaking(service, "Two managers left. Write to x@council.example.")
    address, investigator = f"{worked.summaries}/{summary['id']}/checks", service.actors.investigator
    leaks = {leak["check"]: leak for leak in body_of(await investigator.post(address, json={}))["leaks"]}
    assert leaks["small-count"]["is_acceptable"]
    assert not leaks["email-address"]["is_acceptable"]
    for wrong in (leaks["email-address"]["id"], "0" * 16):
        body = {"accepted": [{"id": wrong, "reason": "I like it."}]}
        assert slug_of(await investigator.post(address, json=body), 422) == "invalid-input"
    body = {"accepted": [{"id": leaks["small-count"]["id"], "reason": "The press said so."}]}
    checked = body_of(await investigator.post(address, json=body))
    assert checked["blocking"] == 1
    small_count = next(leak for leak in checked["leaks"] if leak["check"] == "small-count")
    assert (small_count["severity"], small_count["is_accepted"]) == ("warning", True)
    shown = body_of(await service.actors.reviewer.get(f"{worked.summaries}/{summary['id']}"))
    assert shown["accepted"] == [
        {"id": small_count["id"], "reason": "The press said so.", "accepted_by": str(investigator.account_id)}
    ]


async def test_an_accepted_leak_is_judged_anew_once_its_paragraph_changes(service: Service) -> None:
    worked, summary = await leaking(service, "Two managers left.")
    address = f"{worked.summaries}/{summary['id']}/checks"
    leak = summary["leaks"][0]["id"]
    body = {"accepted": [{"id": leak, "reason": "Known."}]}
    assert body_of(await service.actors.investigator.post(address, json=body))["blocking"] == 0
    accepted = await read_summary(worked, summary)
    changed = await rewrite(worked, accepted, p1="Allegation 1.1: Caseloads\nTwo managers of one team left.")
    assert changed["blocking"] == 1


async def test_who_is_walled_off_or_works_the_case_is_known_to_the_leak_check(service: Service) -> None:
    worked, summary = await leaking(service, "Someone told Dora Okafor so. The investigator and the reviewer agree.")
    assert summary["blocking"] == 0
    invited = {"username": "d.okafor", "display_name": "Dora Okafor", "roles": ["leadership"]}
    account = body_of(await service.actors.administrator.post("/v1/accounts", json=invited), 201)
    body = {"account_id": account["id"], "reason": "Named in the grievance."}
    body_of(await service.actors.case_officer.post(f"{worked.url}/walls", json=body), 201)
    assert {leak["check"] for leak in (await read_summary(worked, summary))["leaks"]} == {"surface"}
    assert slug_of(await approve(worked, summary), 409) == "summary-leaks"


async def test_the_reference_of_the_case_cannot_leave(service: Service) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    changed = await rewrite(worked, summary, title=f"Learning from {worked.case.reference}")
    assert slug_of(await approve(worked, changed), 409) == "summary-leaks"


async def test_edits_need_the_version_that_was_read(service: Service) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    address, investigator = f"{worked.summaries}/{summary['id']}/redactions", service.actors.investigator
    assert slug_of(await investigator.put(address, json={"redactions": []}), 428) == "precondition-required"
    body_of(await redact(worked, summary))
    assert slug_of(await redact(worked, summary), 412) == "precondition-failed"


async def test_a_summary_has_a_bounded_text(service: Service) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    paragraphs = [{"section": "S", "text": "a" * 45_000, "finding": None}] * 3
    answer = await service.actors.investigator.put(
        f"{worked.summaries}/{summary['id']}",
        json={"title": "T", "paragraphs": paragraphs},
        headers=version_of(summary),
    )
    assert answer.json()["errors"] == [
        {
            "in": "body",
            "pointer": "/paragraphs",
            "rule": "must have at most 100000 characters together, headings included",
        }
    ]


@pytest.mark.parametrize("somebody", ["hr", "leadership", "panel", "staff", "other_investigator", "administrator"])
async def test_for_others_the_summary_does_not_exist(service: Service, somebody: str) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    actor: Any = getattr(service.actors, somebody)
    at = f"{worked.summaries}/{summary['id']}"
    for address in (worked.summaries, at, f"{worked.url}/releases"):
        assert (await actor.get(address)).status_code == 404
    for act in ("suggestions", "checks", "approval", "release"):
        assert (await actor.post(f"{at}/{act}", json={})).status_code in {404, 422}


async def test_a_summary_of_another_case_is_not_found(service: Service) -> None:
    one, other = await a_reported_case(service), await an_investigated_case(service)
    stray = f"{other.summaries}/{(await a_summary(one))['id']}"
    assert (await service.actors.investigator.get(stray)).status_code == 404


async def test_a_wall_hides_the_summary_from_its_author(service: Service) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked, service.actors.assistant)
    await wall_off(service.actors.case_officer, worked.case, service.actors.assistant)
    assert (await service.actors.assistant.get(f"{worked.summaries}/{summary['id']}")).status_code == 404


async def test_every_act_on_a_summary_is_in_the_log_with_all_that_it_touched(service: Service) -> None:
    worked, summary = await leaking(service, "Two managers left.")
    address, investigator = f"{worked.summaries}/{summary['id']}", service.actors.investigator
    body_of(await investigator.post(f"{address}/suggestions", json={}))
    body_of(await investigator.post(f"{address}/checks", json={}))
    body = {"accepted": [{"id": summary["leaks"][0]["id"], "reason": "Known."}]}
    body_of(await investigator.post(f"{address}/checks", json=body))
    approved = body_of(await approve(worked, await read_summary(worked, summary)))
    redacted = body_of(await redact(worked, approved))
    rewritten = await rewrite(worked, redacted, title="Learning", p1="Allegation 1.1: Caseloads")
    body_of(await approve(worked, rewritten))
    body_of(await release(worked, summary), 201)
    events = await events_of(service, worked.case)
    assert [event for event in events if event.startswith("summary.")] == [
        "summary.drafted",
        "summary.suggestions_read",
        "summary.checked",
        "summary.leaks_accepted",
        "summary.approved",
        "summary.redacted",
        "summary.rewritten",
        "summary.approved",
        "summary.released",
    ]
    assert await faults_of(service, worked.case) == []
