"""The findings are complete when every allegation in scope has a final one, and the matrix says what is missing."""

from types import SimpleNamespace

from tests.builders.cases import an_investigation, faults_of
from tests.builders.investigation import (
    REASON,
    a_decided_allegation,
    a_draft,
    a_link,
    a_theme,
    agree,
    an_allegation,
    an_exhibit,
    body,
    complete,
    read,
    refused,
)
from tests.conftest import Service


async def test_the_findings_are_not_complete_while_an_allegation_waits(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await an_investigation(service)
    url = f"{case.url}/findings-completion"
    problem = refused(await actors.investigator.post(url), 409, "findings-incomplete")
    assert problem["gaps"] == [{"allegation_id": None, "label": None, "missing": "allegation"}]

    await a_decided_allegation(service, case, "1.1")
    waiting = await an_allegation(actors.investigator, case, "1.2")
    drafted = await an_allegation(actors.investigator, case, "1.3")
    await an_allegation(actors.investigator, case, "1.4", scope="out_of_scope", scope_reason=REASON)
    exhibit = await an_exhibit(actors.investigator, case)
    draft = await a_draft(actors.investigator, case, drafted, exhibit)

    problem = refused(await actors.investigator.post(url), 409, "findings-incomplete")
    assert problem["gaps"] == [
        {"allegation_id": waiting["id"], "label": "1.2", "missing": "finding"},
        {"allegation_id": drafted["id"], "label": "1.3", "missing": "agreement"},
    ]
    assert (await read(actors.investigator, case, ""))["state"] == "investigating"

    await agree(actors.reviewer, case, draft)
    await agree(actors.reviewer, case, await a_draft(actors.investigator, case, waiting, exhibit))
    refused(await actors.investigator.post(url, headers={"If-Match": '"99"'}), 412, "precondition-failed")
    assert (await complete(actors.investigator, case))["state"] == "findings_complete"
    refused(await actors.investigator.post(url), 409, "transition-not-possible")
    assert await faults_of(service, case) == []


async def test_the_matrix_lays_allegations_against_evidence_and_findings(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await an_investigation(service)
    theme = await a_theme(actors.investigator, case)
    decided = await a_decided_allegation(service, case, "1.1")
    bare = await an_allegation(actors.investigator, case, "1.2", theme_id=theme["id"])
    outside = await an_allegation(actors.investigator, case, "1.3", scope="out_of_scope", scope_reason=REASON)
    asked = await an_exhibit(actors.investigator, case, state="requested", kind="data", title="Monthly data")
    await a_link(actors.investigator, case, asked, bare)
    loose = await an_exhibit(actors.investigator, case)

    matrix = await read(actors.reviewer, case, "/matrix")

    rows = {row["label"]: row for row in matrix["rows"]}
    assert list(rows) == ["1.1", "1.2", "1.3"]
    assert rows["1.1"]["missing"] == ["theme"]
    assert rows["1.1"]["finding"] == {
        "id": decided.finding["id"],
        "outcome": "upheld",
        "no_view_reason": None,
        "state": "final",
        "exhibit_ids": [decided.exhibit["id"]],
    }
    assert [(one["id"], one["bearing"]) for one in rows["1.1"]["exhibits"]] == [(decided.exhibit["id"], "supports")]
    assert rows["1.2"]["missing"] == ["evidence", "finding"]
    assert rows["1.2"]["finding"] is None
    assert rows["1.2"]["exhibits"] == [
        {
            "id": asked["id"],
            "number": asked["number"],
            "kind": "data",
            "state": "requested",
            "title": "Monthly data",
            "bearing": "supports",
        }
    ]
    assert (rows["1.3"]["allegation_id"], rows["1.3"]["missing"]) == (outside["id"], [])
    assert [one["id"] for one in matrix["exhibits_without_allegation"]] == [loose["id"]]
    assert matrix["exhibits_without_allegation"][0]["bearing"] is None


async def test_no_evidence_is_missing_where_it_is_why_no_view_was_formed(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await an_investigation(service)
    allegation = await an_allegation(actors.investigator, case, "1.1")
    finding = {"outcome": "no_view", "no_view_reason": "insufficient_evidence", "reasons": "Nothing was kept."}
    address = f"{case.url}/allegations/{allegation['id']}/findings"
    recorded = await actors.investigator.post(address, json=finding)
    assert recorded.status_code == 201, recorded.text
    [row] = (await read(actors.reviewer, case, "/matrix"))["rows"]
    assert row["missing"] == ["theme", "evidence", "agreement"]
    review = f"{case.url}/findings/{recorded.json()['id']}/review"
    assert (await actors.reviewer.post(review, json={"agrees": True}, headers={"If-Match": '"1"'})).status_code == 200
    [row] = (await read(actors.reviewer, case, "/matrix"))["rows"]
    assert row["missing"] == ["theme"]


async def test_evidence_follows_a_merged_allegation_and_loses_its_place_in_a_split(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await an_investigation(service)
    merged, kept, split = [await an_allegation(actors.investigator, case, label) for label in ("1", "2", "3")]
    both, moved, lost = [await an_exhibit(actors.investigator, case) for _ in range(3)]
    for exhibit, allegation in ((both, merged), (moved, merged), (lost, split)):
        await a_link(actors.investigator, case, exhibit, allegation)
    url = f"{case.url}/exhibits/{both['id']}/links/{kept['id']}"
    body(await actors.investigator.put(url, json={"bearing": "contradicts"}))
    merge = {"into": kept["id"], "reason": REASON}
    body(await actors.investigator.post(f"{case.url}/allegations/{merged['id']}/merge", json=merge))
    parts = [{"label": f"3{letter}", "statement": "A part"} for letter in "ab"]
    answer = await actors.investigator.post(
        f"{case.url}/allegations/{split['id']}/split", json={"parts": parts, "reason": REASON}
    )
    body(answer, 201)

    matrix = await read(actors.reviewer, case, "/matrix")

    assert [row["label"] for row in matrix["rows"]] == ["2", "3a", "3b"]
    assert [(one["id"], one["bearing"]) for one in matrix["rows"][0]["exhibits"]] == [
        (both["id"], "contradicts"),
        (moved["id"], "supports"),
    ]
    assert [one["id"] for one in matrix["exhibits_without_allegation"]] == [lost["id"]]
