"""Themes over HTTP."""

from types import SimpleNamespace

import pytest

from tests.builders.cases import an_accepted_case, an_investigation, appoint, events_of, faults_of
from tests.builders.investigation import NOWHERE, REASON, a_theme, an_allegation, body, match, read, refused
from tests.conftest import Service


async def test_a_theme_comes_after_those_before_it_and_reads_back(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    first = await a_theme(actors.investigator, case, "9", title="Dangerous decision-making")
    second = await a_theme(actors.assistant, case, "9")

    found = await read(actors.reviewer, case, "/themes")

    assert found["items"] == [first, second]
    assert [(one["label"], one["position"]) for one in found["items"]] == [("9", 1), ("9", 2)]
    assert first["title"] == "Dangerous decision-making"


async def test_a_case_officer_reads_themes_but_arranges_none(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    assert (await read(actors.case_officer, case, "/themes"))["items"] == []
    answer = await actors.case_officer.post(f"{case.url}/themes", json={"label": "1", "title": "Theirs"})
    refused(answer, 403, "not-allowed")


async def test_nothing_is_arranged_before_the_investigation(service: Service, actors: SimpleNamespace) -> None:
    case = await an_accepted_case(service)
    await appoint(actors.case_officer, case, actors.assistant, "assistant")
    for path, draft in (
        ("themes", {"label": "1", "title": "Too early"}),
        ("allegations", {"label": "1", "statement": "Too early"}),
    ):
        answer = await actors.assistant.post(f"{case.url}/{path}", json=draft)
        refused(answer, 409, "case-not-under-investigation")


async def test_a_changed_theme_remembers_what_it_said_before(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    theme = await a_theme(actors.investigator, case)
    patch = {"label": "2", "title": "Management issues", "reason": REASON}

    answer = await actors.investigator.patch(f"{case.url}/themes/{theme['id']}", json=patch, headers=match(theme))

    changed = body(answer)
    assert (changed["label"], changed["title"]) == ("2", "Management issues")
    assert answer.headers["ETag"] == f'"{changed["version"]}"' != f'"{theme["version"]}"'
    history = (await read(actors.reviewer, case, "/arrangement-history"))["items"]
    assert [(one["kind"], one["before"], one["reason"]) for one in history] == [
        ("theme_recorded", None, None),
        ("theme_relabelled", "1", REASON),
        ("theme_retitled", theme["title"], REASON),
    ]


async def test_a_change_that_changes_nothing_leaves_no_trace(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    theme = await a_theme(actors.investigator, case)
    patch = {"label": theme["label"], "title": theme["title"], "reason": REASON}

    answer = await actors.investigator.patch(f"{case.url}/themes/{theme['id']}", json=patch, headers=match(theme))

    assert body(answer) == theme
    assert len((await read(actors.reviewer, case, "/arrangement-history"))["items"]) == 1
    assert "theme.changed" not in await events_of(service, case)


@pytest.mark.parametrize("patch", [{"reason": REASON}, {"label": "2"}, {"title": "No reason"}])
async def test_a_change_of_a_theme_names_what_changes_and_why(
    service: Service, actors: SimpleNamespace, patch: dict[str, str]
) -> None:
    case = await an_investigation(service)
    theme = await a_theme(actors.investigator, case)
    answer = await actors.investigator.patch(f"{case.url}/themes/{theme['id']}", json=patch, headers=match(theme))
    refused(answer, 422, "invalid-input")


async def test_a_change_of_a_version_that_no_longer_stands_is_refused(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await an_investigation(service)
    theme = await a_theme(actors.investigator, case)
    url, patch = f"{case.url}/themes/{theme['id']}", {"label": "2", "reason": REASON}
    refused(await actors.investigator.patch(url, json=patch), 428, "precondition-required")
    body(await actors.investigator.patch(url, json=patch, headers=match(theme)))
    again = await actors.assistant.patch(url, json={"label": "3", "reason": REASON}, headers=match(theme))
    refused(again, 412, "precondition-failed")


async def test_a_merged_theme_hands_its_allegations_over_and_stands_no_more(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await an_investigation(service)
    kept, gone = await a_theme(actors.investigator, case, "1"), await a_theme(actors.investigator, case, "2")
    allegation = await an_allegation(actors.investigator, case, theme_id=gone["id"])
    url, draft = f"{case.url}/themes/{gone['id']}/merge", {"into": kept["id"], "reason": REASON}

    merged = body(await actors.investigator.post(url, json=draft, headers=match(gone)))

    assert merged["merged_into_id"] == kept["id"]
    assert (await read(actors.reviewer, case, f"/allegations/{allegation['id']}"))["theme_id"] == kept["id"]
    refused(await actors.investigator.post(url, json=draft), 409, "theme-not-standing")
    back = {"into": gone["id"], "reason": REASON}
    url_of_kept = f"{case.url}/themes/{kept['id']}/merge"
    refused(await actors.investigator.post(url_of_kept, json=back), 409, "theme-not-standing")
    patch = {"label": "3", "reason": REASON}
    answer = await actors.investigator.patch(f"{case.url}/themes/{gone['id']}", json=patch, headers=match(merged))
    refused(answer, 409, "theme-not-standing")
    late = {"label": "1.2", "statement": "Too late", "theme_id": gone["id"]}
    refused(await actors.investigator.post(f"{case.url}/allegations", json=late), 409, "theme-not-standing")
    assert await faults_of(service, case) == []


async def test_a_theme_is_not_merged_into_itself_nor_into_nothing(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    theme = await a_theme(actors.investigator, case)
    url = f"{case.url}/themes/{theme['id']}/merge"
    itself = {"into": theme["id"], "reason": REASON}
    refused(await actors.investigator.post(url, json=itself), 409, "merged-into-itself")
    nothing = {"into": str(NOWHERE), "reason": REASON}
    refused(await actors.investigator.post(url, json=nothing), 404, "not-found")
