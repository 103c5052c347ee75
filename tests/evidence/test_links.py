"""What exhibits do to allegations, over HTTP."""

from types import SimpleNamespace

from tests.builders.cases import an_investigation, events_of, faults_of
from tests.builders.investigation import (
    NOWHERE,
    REASON,
    a_link,
    an_allegation,
    an_exhibit,
    body,
    match,
    read,
    refused,
)
from tests.conftest import Service


async def test_an_exhibit_supports_one_allegation_and_contradicts_another(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await an_investigation(service)
    first, second = (
        await an_allegation(actors.investigator, case),
        await an_allegation(actors.investigator, case, "1.2"),
    )
    exhibit = await an_exhibit(actors.investigator, case)
    await a_link(actors.investigator, case, exhibit, first)
    url = f"{case.url}/exhibits/{exhibit['id']}/links/{second['id']}"
    linked = body(await actors.assistant.put(url, json={"bearing": "contradicts", "note": "Page 3"}))
    assert linked == {
        "exhibit_id": exhibit["id"],
        "allegation_id": second["id"],
        "bearing": "contradicts",
        "note": "Page 3",
        "version": 1,
    }
    for found in (
        await read(actors.reviewer, case, f"/exhibits/{exhibit['id']}"),
        (await read(actors.reviewer, case, "/exhibits"))["items"][0],
    ):
        assert {one["allegation_id"]: one["bearing"] for one in found["links"]} == {
            first["id"]: "supports",
            second["id"]: "contradicts",
        }


async def test_a_link_changes_only_by_who_has_read_it(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    allegation, exhibit = await an_allegation(actors.investigator, case), await an_exhibit(actors.investigator, case)
    url = f"{case.url}/exhibits/{exhibit['id']}/links/{allegation['id']}"
    draft = {"bearing": "context"}
    refused(await actors.investigator.put(url, json=draft, headers={"If-Match": '"1"'}), 412, "precondition-failed")
    link = await a_link(actors.investigator, case, exhibit, allegation)
    refused(await actors.assistant.put(url, json=draft), 428, "precondition-required")
    changed = body(await actors.assistant.put(url, json=draft, headers=match(link)))
    assert (changed["bearing"], changed["version"]) == ("context", 2)
    refused(await actors.investigator.put(url, json=draft, headers=match(link)), 412, "precondition-failed")
    refused(await actors.investigator.delete(url, headers=match(link)), 412, "precondition-failed")


async def test_a_link_can_be_taken_back_once(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    allegation, exhibit = await an_allegation(actors.investigator, case), await an_exhibit(actors.investigator, case)
    link = await a_link(actors.investigator, case, exhibit, allegation)
    url = f"{case.url}/exhibits/{exhibit['id']}/links/{allegation['id']}"
    answer = await actors.investigator.delete(url, headers=match(link))
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await read(actors.investigator, case, f"/exhibits/{exhibit['id']}"))["links"] == []
    refused(await actors.investigator.delete(url), 404, "not-found")
    assert "exhibit.unlinked" in await events_of(service, case)
    assert await faults_of(service, case) == []


async def test_nothing_bears_on_an_allegation_that_does_not_stand(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    gone, kept = (
        await an_allegation(actors.investigator, case, "1"),
        await an_allegation(actors.investigator, case, "2"),
    )
    exhibit = await an_exhibit(actors.investigator, case)
    merge = {"into": kept["id"], "reason": REASON}
    body(await actors.investigator.post(f"{case.url}/allegations/{gone['id']}/merge", json=merge))
    url = f"{case.url}/exhibits/{exhibit['id']}/links/{gone['id']}"
    refused(await actors.investigator.put(url, json={"bearing": "supports"}), 409, "allegation-not-standing")


async def test_no_link_leads_into_another_case(service: Service, actors: SimpleNamespace) -> None:
    case, other = await an_investigation(service), await an_investigation(service)
    exhibit, there = await an_exhibit(actors.investigator, case), await an_exhibit(actors.investigator, other)
    here, allegation = await an_allegation(actors.investigator, case), await an_allegation(actors.investigator, other)
    await a_link(actors.investigator, other, there, allegation)
    for one, two in (
        (exhibit["id"], allegation["id"]),
        (exhibit["id"], NOWHERE),
        (there["id"], allegation["id"]),
        (there["id"], here["id"]),
    ):
        url = f"{case.url}/exhibits/{one}/links/{two}"
        refused(await actors.investigator.put(url, json={"bearing": "supports"}), 404, "not-found")
        refused(await actors.investigator.delete(url), 404, "not-found")
