"""The list of cases, over HTTP."""

from types import SimpleNamespace

import pytest

from tests.builders import cases
from tests.conftest import Service


async def test_the_list_shows_where_each_case_is_and_no_content(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_accepted_case(service)
    answer = await actors.case_officer.get("/v1/cases")
    assert answer.json() == {
        "items": [
            {
                "id": str(case.id),
                "reference": case.reference,
                "state": "accepted",
                "procedure": "collective_grievance",
                "received_on": "2026-03-02",
                "acknowledge_by": "2026-03-09",
                "acknowledged_on": "2026-03-02",
                "feedback_by": "2026-06-02",
            }
        ],
        "next": None,
    }


async def test_pages_hold_every_case_once_newest_key_first(service: Service, actors: SimpleNamespace) -> None:
    made = [await cases.an_open_file(service) for _ in range(7)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(4):
        page = (await actors.case_officer.get("/v1/cases", params={"limit": 2, **cursor})).json()
        seen += [item["id"] for item in page["items"]]
        cursor = {"cursor": page["next"]}
    assert seen == sorted((str(case.id) for case in made), reverse=True)
    assert page["next"] is None


async def test_the_list_is_cut_to_the_states_asked_for(service: Service, actors: SimpleNamespace) -> None:
    received, accepted = await cases.an_open_file(service), await cases.an_accepted_case(service)
    closed = await cases.a_closed_case(service)
    for states, expected in (
        (["received"], {received}),
        (["received", "closed"], {received, closed}),
        (["accepted"], {accepted}),
        (["released"], set()),
    ):
        page = (await actors.case_officer.get("/v1/cases", params={"state": states})).json()
        assert {item["id"] for item in page["items"]} == {str(case.id) for case in expected}


async def test_a_case_is_found_by_its_reference(service: Service, actors: SimpleNamespace) -> None:
    wanted, other = await cases.an_open_file(service), await cases.an_open_file(service, officers=[actors.case_officer])
    for somebody, case, expected in (
        (actors.case_officer, wanted, [str(wanted.id)]),
        (actors.case_officer, other, [str(other.id)]),
        (actors.other_case_officer, other, []),
    ):
        page = (await somebody.get("/v1/cases", params={"reference": case.reference})).json()
        assert [item["id"] for item in page["items"]] == expected


@pytest.mark.parametrize(
    "query", ["reference=can-1", "state=open", "limit=0", "limit=201", "cursor=nonsense!", "cursor=AAAA"]
)
async def test_a_query_that_breaks_a_rule_is_refused(service: Service, actors: SimpleNamespace, query: str) -> None:
    answer = await actors.case_officer.get(f"/v1/cases?{query}")
    assert answer.status_code == 422
    name = query.split("=", maxsplit=1)[0]
    assert [(error["in"], error["pointer"].split("/")[1]) for error in answer.json()["errors"]] == [("query", name)]


async def test_who_is_not_appointed_sees_an_empty_list(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service, officers=[actors.case_officer])
    for name in ("other_case_officer", "investigator", "reviewer"):
        assert (await getattr(actors, name).get("/v1/cases")).json() == {"items": [], "next": None}
    await cases.appoint(actors.case_officer, case, actors.reviewer, "reviewer")
    assert len((await actors.reviewer.get("/v1/cases")).json()["items"]) == 1


async def test_who_plays_two_parts_sees_the_case_once(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    for capacity in ("investigator", "assistant"):
        await cases.appoint(actors.case_officer, case, actors.investigator, capacity)
    assert len((await actors.investigator.get("/v1/cases")).json()["items"]) == 1


@pytest.mark.parametrize(
    "name", ["administrator", "representative", "hr", "leadership", "panel", "staff", "auditor", "custodian"]
)
async def test_for_who_works_no_cases_there_is_no_list(service: Service, actors: SimpleNamespace, name: str) -> None:
    await cases.an_open_file(service)
    assert (await getattr(actors, name).get("/v1/cases")).status_code == 404
