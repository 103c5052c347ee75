"""The acceptance case: the whole of it through the API, every fact read back, and nobody given away at the end."""

import hashlib
import html
import json
import re
from collections import defaultdict
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx

from app.audit import verify
from app.demo import exhibits, people
from app.demo.facts import ALLEGATIONS, FACTS, THEMES, in_words
from app.demo.hiding import HIDDEN, NAMED
from app.demo.player import STAGES, Played, play
from app.detection.dates import find_days
from app.learning.counts import low_counts
from app.policy.guard import operations
from tests.conftest import Clock, EmptyService

BETWEEN_ACTS = timedelta(seconds=10)
"""Long enough that access tokens end on the way and have to be refreshed."""
EXPECTED = FACTS["expected_counts"]
OUTCOMES = EXPECTED["by_theme_columns"]
OPEN_TO_HR = {"release:read": 200, "self:manage": 200, "reporter": 401}
"""What hr gets where a route is not for other accounts: its releases, itself, and no inbox without a receipt."""
_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_A_DAY = re.compile(rf"\d{{1,2}}(?:st|nd|rd|th)? (?:{_MONTH})|\d{{4}}-\d\d-\d\d|\d{{1,2}}/\d{{1,2}}/\d{{2,4}}")
_A_FEW = re.compile(
    r"\b(?:one|two|three|four|a few|[1-4]) (?:\w+ )?(?:staff|managers?|interviewees?|cases?|people)\b", re.IGNORECASE
)


async def test_the_southampton_case_is_entered_released_and_read_back_and_hr_sees_the_release_alone(
    empty_service: EmptyService, clock: Clock
) -> None:
    stages: list[str] = []

    def progress(stage: str, act: str) -> None:
        stages.append(stage)
        clock.advance(BETWEEN_ACTS)

    played = await play(empty_service.client, empty_service.one_time_password, progress, lambda: clock.at)
    assert {title for title, _ in STAGES} < set(stages)

    await _the_grievance_reads_as_submitted(played)
    await _the_case_tells_its_life(played)
    await _themes_and_allegations_stand_as_in_the_source(played)
    await _every_piece_of_evidence_is_in_the_file(played)
    await _every_finding_is_final_and_cites_its_exhibits(played)
    await _the_report_counts_as_the_source(played)
    await _the_summary_is_approved_by_somebody_else_and_has_no_leak(played)
    await _the_release_answers_everything_and_names_nobody(played)
    await _hr_gets_404_for_all_else(played, empty_service)
    await _who_is_accused_finds_no_case(played)
    await _the_log_vouches_for_every_row(empty_service)


async def _read(played: Played, actor: str, rest: str = "") -> Any:  # noqa: ANN401 a JSON document
    answer = await played.actors[actor].get(f"/v1/cases/{played.ids['case_id']}{rest}")
    return answer.json()


async def _the_grievance_reads_as_submitted(played: Played) -> None:
    facts = FACTS["grievance"]
    own = (await played.actors["representative"].get(f"/v1/collective-grievances/{played.ids['grievance_id']}")).json()
    (seen,) = (await _read(played, "case_officer", "/grievances"))["items"]
    assert seen["kind"] == facts["kind"]
    assert own["supporters"] == seen["identities_held"] == len(people.SUPPORTERS) == facts["claimed_headcount"]
    assert own["reference"] == played.reference
    for grievance in (own, seen):
        assert grievance["submitted_on"] == facts["submitted_on"]
        assert grievance["headline"] == facts["headline"]
        assert facts["submitted_by"]["capacity"] in grievance["capacity"]
        assert facts["submitted_by"]["union"] in grievance["capacity"]
        assert f"{facts['case_examples_alleged']} case examples" in grievance["narrative"]
        assert FACTS["organisation"]["out_of_scope"][0] in grievance["narrative"]
        assert [one["statement"] for one in grievance["allegations"]] == [one.statement for one in ALLEGATIONS]
        claims = {claim["basis"]: claim for claim in grievance["headcount_claims"]}
        assert claims["signed"]["number"] == facts["claimed_headcount"]
        assert claims["press"]["in_words"] == facts["headcount_reported_by_press"]
        assert not any(name in json.dumps(grievance) for name in people.SUPPORTERS)
    channel = (await played.actors["hr"].get(f"/v1/channels/{played.ids['channel']}")).json()
    assert FACTS["organisation"]["name"] in channel["name"]
    assert FACTS["organisation"]["service"] in channel["name"]
    assert (len(channel["custodians"]), channel["threshold"]) == (3, 2)


async def _the_case_tells_its_life(played: Played) -> None:
    investigation = FACTS["investigation"]
    case = await _read(played, "case_officer")
    assert case["procedure"] == case["triage"]["procedure"] == FACTS["grievance"]["procedure"]
    assert case["received_on"] == FACTS["grievance"]["submitted_on"]
    assert date.fromisoformat(case["acknowledge_by"]) == date.fromisoformat(case["received_on"]) + timedelta(days=7)
    assert case["triage"]["immediate_risk"]
    assert investigation["immediate_safeguarding_actions"][0]["action"] in case["triage"]["reason"]
    assert [step["to_state"] for step in case["transitions"]] == [
        "acknowledged", "triaged", "accepted", "investigating", "findings_complete", "reported", "released",
    ]  # fmt: skip
    accepted = next(step for step in case["transitions"] if step["to_state"] == "accepted")
    assert in_words(investigation["commissioned_on"]) in accepted["reason"]
    assert investigation["investigator"]["capacity"] in accepted["reason"]
    assert all(party in accepted["reason"] for party in investigation["terms_of_reference_agreed_with"])
    appointed = {one["capacity"]: one["display_name"] for one in case["appointments"]}
    assert appointed == {
        capacity: played.actors[capacity].part.display_name
        for capacity in ("case_officer", "investigator", "assistant", "reviewer")
    }
    assert [wall["account_id"] for wall in case["walls"]] == [played.actors["accused"].account_id]


async def _themes_and_allegations_stand_as_in_the_source(played: Played) -> None:
    themes = (await _read(played, "reviewer", "/themes"))["items"]
    assert [(theme["label"], theme["title"]) for theme in themes] == [(one.label, one.title) for one in THEMES]
    assert len(themes) == EXPECTED["themes"]
    allegations = (await _read(played, "reviewer", "/allegations"))["items"]
    assert len(allegations) == EXPECTED["allegations"]
    label_of = {theme["id"]: theme["label"] for theme in themes}
    found = {
        (label_of[one["theme_id"]], one["label"], one["statement"], tuple(one["paragraphs"])) for one in allegations
    }
    assert found == {
        (theme.label, one.label, one.statement, one.paragraphs) for theme in THEMES for one in theme.allegations
    }
    assert all(one["raised_allegation_id"] and one["is_decided"] for one in allegations)
    history = (await _read(played, "reviewer", "/arrangement-history"))["items"]
    (moved,) = (change for change in history if change["kind"] == "moved")
    assert moved["allegation_id"] == played.refs["allegation 5.3"]
    assert moved["to_theme_id"] == played.refs["theme 5"]


async def _every_piece_of_evidence_is_in_the_file(played: Played) -> None:
    investigation = FACTS["investigation"]
    kept = (await _read(played, "assistant", "/exhibits"))["items"]
    assert {exhibit["number"] for exhibit in kept} == {exhibit.number for exhibit in exhibits.EXHIBITS}
    interviews = [exhibit for exhibit in kept if exhibit["kind"] == "interview"]
    assert len(interviews) == investigation["interviews"]["total"]
    for stratum in investigation["interviews"]["strata"]:
        of_stratum = [one for one in interviews if f"Stratum: {stratum['stratum']}." in one["description"]]
        assert len(of_stratum) == stratum["count"]
        assert all(stratum.get("selection", "") in one["description"] for one in of_stratum)
    titles = " ".join(exhibit["title"].lower() for exhibit in kept)
    assert all(document.lower() in titles for document in investigation["documents"])
    by_number = {exhibit["number"]: exhibit for exhibit in kept}
    examples = investigation["case_examples"]
    for name in ("alleged", "alleged_with_evidence", "reviewed", "upheld"):
        assert str(examples[name]) in by_number["R1"]["description"]
    assert examples["record_system"] in by_number["R1"]["title"]
    (asked,) = investigation["evidence_requested_and_not_available"]
    assert (by_number["F3"]["state"], by_number["F3"]["title"].lower()) == ("does_not_exist", asked["what"].lower())
    assert asked["answer"] in by_number["F3"]["state_note"]
    for review, number in zip(FACTS["linked_reviews"], ("L1", "L2"), strict=True):
        assert by_number[number]["kind"] == "linked_review"
        dates = {in_words(review[name]) for name in ("completed_in", "from", "to", "published_on") if name in review}
        told = {review["title"], review.get("judgement", ""), review.get("commissioned_by", "")} | dates
        assert all(fact in by_number[number]["description"] for fact in told)
    for allegation in ALLEGATIONS:
        allegation_id = played.refs[f"allegation {allegation.label}"]
        notes = {link["note"] for one in kept for link in one["links"] if link["allegation_id"] == allegation_id}
        assert set(allegation.evidence) <= notes


async def _every_finding_is_final_and_cites_its_exhibits(played: Played) -> None:
    found = {one["allegation_id"]: one for one in (await _read(played, "reviewer", "/findings"))["items"]}
    assert len(found) == EXPECTED["allegations"]
    numbers = {identifier: name.removeprefix("exhibit ") for name, identifier in played.refs.items()}
    for allegation in ALLEGATIONS:
        finding = found[played.refs[f"allegation {allegation.label}"]]
        assert (finding["outcome"], finding["state"]) == (allegation.outcome, "final")
        assert finding["paragraphs"] == list(allegation.paragraphs)
        assert finding["standard_of_proof"] == "balance_of_probabilities"
        assert finding["author_id"] == played.actors["investigator"].account_id
        assert finding["reviewer_id"] == played.actors["reviewer"].account_id
        cited = {numbers[exhibit] for exhibit in finding["exhibit_ids"]}
        assert cited == set(exhibits.cited_for(allegation.label))
        assert bool(cited) == (allegation.outcome != "no_view")
        assert finding["no_view_reason"] == ("insufficient_evidence" if allegation.outcome == "no_view" else None)
    for outcome in OUTCOMES:
        assert sum(one["outcome"] == outcome for one in found.values()) == EXPECTED[outcome]
    matrix = await _read(played, "investigator", "/matrix")
    assert [row["label"] for row in matrix["rows"] if row["missing"]] == []
    assert matrix["exhibits_without_allegation"] == []


async def _the_report_counts_as_the_source(played: Played) -> None:
    investigation = FACTS["investigation"]
    report = await _read(played, "investigator", f"/reports/{played.ids['report_id']}")
    content = report["content"]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert report["content_hash"] == hashlib.sha256(canonical.encode()).hexdigest()
    assert report["state"] == "sealed"
    assert {outcome: content["counts"][outcome] for outcome in OUTCOMES} == {name: EXPECTED[name] for name in OUTCOMES}
    by_theme = {theme["label"]: [theme["counts"][name] for name in OUTCOMES] for theme in content["themes"]}
    assert by_theme == EXPECTED["by_theme"]
    assert [one["number"] for one in content["not_available"]] == ["F3"]
    assert content["orphans"] == []
    text = " ".join(content[name] for name in ("introduction", "method", "conclusions"))
    (scope,) = investigation["scope_decisions"]
    told = [
        FACTS["organisation"]["out_of_scope"][0], in_words(FACTS["grievance"]["submitted_on"]),
        in_words(investigation["commissioned_on"]), in_words(investigation["completed_in"]),
        investigation["investigator"]["capacity"], investigation["assistant"]["capacity"],
        *investigation["terms_of_reference_agreed_with"], *scope.values(),
        f"{investigation['full_report']['pages']} pages", f"{investigation['cost_gbp']:,}",
        f"{investigation['interviews']['total']} people",
    ]  # fmt: skip
    assert [fact for fact in told if fact not in text] == []


async def _the_summary_is_approved_by_somebody_else_and_has_no_leak(played: Played) -> None:
    summary = await _read(played, "reviewer", f"/summaries/{played.ids['summary_id']}")
    assert (summary["state"], summary["blocking"], summary["accepted"]) == ("released", 0, [])
    (approval,) = summary["approvals"]
    assert approval["reviewer_id"] not in summary["author_ids"]
    replaced = {redaction["replacement"] for redaction in summary["redactions"]}
    assert {"Manager A", "Manager B", "Consultant A", "in late 2019", "in early 2020"} <= replaced
    assert {redaction["type"] for redaction in summary["redactions"]} == {
        "person", "email", "reference", "date", "small_count",
    }  # fmt: skip
    assert all(redaction["reason"] for redaction in summary["redactions"])


async def _the_release_answers_everything_and_names_nobody(played: Played) -> None:
    hr = played.actors["hr"]
    address = f"/v1/releases/{played.ids['release_id']}"
    answer = await hr.get(address)
    content = answer.json()["content"]
    assert {outcome: content["counts"][outcome] for outcome in OUTCOMES} == {name: EXPECTED[name] for name in OUTCOMES}
    sections = {f"{theme.label}. {theme.title}": EXPECTED["by_theme"][theme.label] for theme in THEMES}
    assert sections == {one["section"]: [one["counts"][outcome] for outcome in OUTCOMES] for one in content["findings"]}
    given = [paragraph for paragraph in content["paragraphs"] if paragraph["outcome"] is not None]
    for paragraph, allegation in zip(given, ALLEGATIONS, strict=True):
        assert allegation.statement in paragraph["text"]
        assert paragraph["outcome"] == allegation.outcome
    assert in_words(FACTS["release"]["learning_report_dated"]) in content["title"]

    for paragraph in content["paragraphs"]:
        assert not _A_DAY.search(paragraph["text"])
        assert not _A_FEW.search(paragraph["text"])
        assert list(find_days(paragraph["text"])) == []
        assert list(low_counts(paragraph["text"])) == []
    page = await hr.get(address, accept="text/html")
    assert page.headers["Content-Type"].startswith("text/html")
    readable = html.unescape(page.text)
    assert all(allegation.statement in readable for allegation in ALLEGATIONS)
    assert all(theme.title in readable for theme in THEMES)
    hidden = [hidden.words for hidden in HIDDEN] + ["derek.halloway", "PARIS-204417", played.reference]
    words = {word for named in NAMED for word in named.name.split() if word != "Mr"}
    words |= {word for actor in played.actors.values() for word in actor.part.display_name.split()[1:]} - {
        "administrator"
    }
    words |= {word for name in people.SUPPORTERS for word in name.split()}
    for text in (answer.text, readable):
        assert [word for word in words if re.search(rf"\b{word}\b", text)] == []
        assert [secret for secret in hidden if secret in text] == []
        assert not any(
            identifier in text for name, identifier in played.ids.items() if name not in {"release_id", "channel"}
        )
    held = await hr.client.get(address, headers={**hr.session, "If-None-Match": answer.headers["ETag"]})
    assert (held.status_code, held.content) == (304, b"")


async def _hr_gets_404_for_all_else(played: Played, service: EmptyService) -> None:
    document = service.app.openapi()["paths"]
    hr = played.actors["hr"]
    refused: list[httpx.Response] = []
    for operation in operations(service.app):
        permission = document[operation.path][operation.method.lower()]["x-permission"]
        if operation.method != "GET" or permission == "public":
            continue
        answer = await hr.client.get(
            operation.path.format_map(defaultdict(lambda: str(uuid4()), played.ids)), headers=hr.session
        )
        assert answer.status_code == OPEN_TO_HR.get(permission, 404), operation.path
        if answer.status_code == 404:
            refused.append(answer)
    assert len(refused) >= 25
    assert len({answer.content for answer in refused}) == 1


async def _who_is_accused_finds_no_case(played: Played) -> None:
    accused = played.actors["accused"]
    assert (await accused.get("/v1/cases")).json()["items"] == []
    await accused.get(f"/v1/cases/{played.ids['case_id']}", expect=404)


async def _the_log_vouches_for_every_row(service: EmptyService) -> None:
    async with service.runtime.database.session(write=False) as session:
        result = await verify.verify(session, service.runtime.keys)
    assert result.faults == []
    assert result.chains == 2  # the organisation's and the case's
    assert min(result.events, result.rows) > len(exhibits.EXHIBITS) + 2 * EXPECTED["allegations"]
