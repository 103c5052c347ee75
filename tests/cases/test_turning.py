"""Who leaves a case takes no key along: the key is turned, and the case is sealed anew behind them."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from app.cases import resealing
from app.crypto.columns import version_of
from app.kernel import resealing as kernel_resealing
from tests.builders import cases, investigation, turned
from tests.builders.cases import OpenFile
from tests.conftest import Actor, Service

WHY = "Said more plainly."
THEMES = 110
"""More than a batch; each has two sealed values."""


async def many_themes(service: Service, case: OpenFile) -> None:
    for number in range(THEMES):
        await investigation.a_theme(service.actors.investigator, case, str(number))


async def leave_by_wall(actors: SimpleNamespace, case: OpenFile, somebody: Actor) -> None:
    await cases.wall_off(actors.case_officer, case, somebody)


async def leave_by_ending(actors: SimpleNamespace, case: OpenFile, somebody: Actor) -> None:
    file = await cases.read(actors.case_officer, case)
    for appointment in file["appointments"]:
        if appointment["account_id"] == str(somebody.account_id):
            answer = await actors.case_officer.delete(f"{case.url}/appointments/{appointment['id']}")
            assert answer.status_code == 204


@pytest.mark.parametrize("leave", [leave_by_wall, leave_by_ending], ids=lambda one: one.__name__)
async def test_the_key_of_who_left_opens_nothing_that_stands_in_the_database_afterwards(
    service: Service,
    actors: SimpleNamespace,
    case: OpenFile,
    leave: Any,  # noqa: ANN401
) -> None:
    await investigation.a_theme(actors.investigator, case)
    kept = await turned.keys_of(service, actors.other_case_officer, case)
    before = await turned.values_of(service, case)
    assert len(turned.what_opens(case, before, kept)) == len(before) > 3
    await leave(actors, case, actors.other_case_officer)
    await cases.read(actors.investigator, case)
    await investigation.a_theme(actors.investigator, case, "2")
    await service.runtime.background.settled()
    after = await turned.values_of(service, case)
    assert len(after) >= len(before) + 2
    assert turned.what_opens(case, after, kept) == []
    assert await turned.granted_versions(service, case) == {2}
    assert await turned.progress(actors.investigator, case) == {
        "version": 2,
        "sealed_fields": len(after),
        "resealed_fields": len(after),
        "is_complete": True,
        "is_recoverable": True,
    }


async def test_what_is_written_after_a_wall_is_under_the_new_key_at_once(
    service: Service, actors: SimpleNamespace, case: OpenFile, nothing_in_the_background: None
) -> None:
    kept = await turned.keys_of(service, actors.other_case_officer, case)
    before = {value[2] for value in await turned.values_of(service, case)}
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    await investigation.a_theme(actors.investigator, case)
    written = [value for value in await turned.values_of(service, case) if value[2] not in before]
    assert {value[0] for value in written} >= {"walls", "themes"}
    assert turned.what_opens(case, written, kept) == []


async def test_everybody_who_stays_has_both_keys_until_all_is_sealed_anew(
    service: Service, actors: SimpleNamespace, case: OpenFile, nothing_in_the_background: None
) -> None:
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    stay = (actors.case_officer, actors.third_case_officer, actors.investigator, actors.assistant, actors.reviewer)
    held = [await turned.keys_of(service, somebody, case) for somebody in stay]
    assert all(set(one) == {1, 2} and one == held[0] for one in held)
    assert await turned.keys_of(service, actors.other_case_officer, case) == {}
    for somebody in stay:
        await cases.read(somebody, case)
    state = await turned.progress(actors.reviewer, case)
    assert 0 < state["resealed_fields"] < state["sealed_fields"]
    assert not state["is_complete"]


async def test_a_case_is_sealed_anew_though_it_is_cut_after_every_batch(
    service: Service, actors: SimpleNamespace, case: OpenFile, nothing_in_the_background: None
) -> None:
    await many_themes(service, case)
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    held = await turned.keys_of(service, actors.investigator, case)
    seen = [(await turned.progress(actors.investigator, case))["resealed_fields"]]
    while not (await turned.progress(actors.investigator, case))["is_complete"]:
        steps = turned.work_with(service, actors.investigator, case, held)
        await anext(steps)
        await steps.aclose()  # what was done is kept, and nothing else
        await cases.read(actors.reviewer, case)
        assert await cases.faults_of(service, case) == []
        seen.append((await turned.progress(actors.investigator, case))["resealed_fields"])
    assert seen == sorted(seen)
    assert len(set(seen)) > 2
    assert seen[-1] > 2 * THEMES
    assert await turned.granted_versions(service, case) == {2}


async def test_a_process_that_ended_leaves_the_rest_to_the_next_session(
    service: Service, actors: SimpleNamespace, case: OpenFile
) -> None:
    service.runtime.background.is_closing = True
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    service.runtime.background.is_closing = False
    assert not (await turned.progress(actors.investigator, case))["is_complete"]
    await service.runtime.background.settled()
    assert (await turned.progress(actors.investigator, case))["is_complete"]


async def test_what_is_written_between_two_batches_is_not_lost(
    service: Service, actors: SimpleNamespace, case: OpenFile, nothing_in_the_background: None
) -> None:
    themes = [await investigation.a_theme(actors.investigator, case, str(number)) for number in range(THEMES)]
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    held = await turned.keys_of(service, actors.investigator, case)
    async for _ in turned.work_with(service, actors.investigator, case, held):
        for theme in (one for one in themes if one["version"] == 1):  # what was read for the next batch is changed too
            url = f"{case.url}/themes/{theme['id']}"
            changed = await actors.investigator.patch(
                url, json={"title": f"New title of {theme['label']}", "reason": WHY}, headers=investigation.match(theme)
            )
            theme["version"] = investigation.body(changed)["version"]
    found = await investigation.read(actors.investigator, case, "/themes")
    titles = {theme["label"]: theme["title"] for theme in found["items"]}
    assert titles == {theme["label"]: f"New title of {theme['label']}" for theme in themes}
    assert (await turned.progress(actors.investigator, case))["is_complete"]


async def test_a_value_that_changed_after_it_was_read_is_not_overwritten(
    service: Service, actors: SimpleNamespace, case: OpenFile, nothing_in_the_background: None
) -> None:
    """Between the reading of a batch and its storing somebody writes."""
    theme = await investigation.a_theme(actors.investigator, case)
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    held = await turned.keys_of(service, actors.investigator, case)
    tables = [one for one in resealing._tables() if one.table.name == "themes"]
    place = (tables[0], case.organisation_id, case.id)
    async with service.runtime.database.session(write=False) as session:
        rows, _ = await kernel_resealing.old_rows(session, *place, held, after=None, limit=10)
    [made] = kernel_resealing.seal_all_anew(*place, rows, held)[0]
    url = f"{case.url}/themes/{theme['id']}"
    body = {"title": "What somebody wrote meanwhile", "reason": WHY}
    investigation.body(await actors.investigator.patch(url, json=body, headers=investigation.match(theme)))
    async with service.runtime.database.session(write=True) as session:
        assert await kernel_resealing.replace(session, [made]) == []
    found = await investigation.read(actors.investigator, case, "/themes")
    assert found["items"][0]["title"] == "What somebody wrote meanwhile"


async def test_sealing_anew_changes_no_etag(service: Service, actors: SimpleNamespace, case: OpenFile) -> None:
    theme = await investigation.a_theme(actors.investigator, case)
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    tag = (await actors.investigator.get(case.url)).headers["ETag"]
    await service.runtime.background.settled()
    assert (await turned.progress(actors.investigator, case))["is_complete"]
    assert (await actors.investigator.get(case.url)).headers["ETag"] == tag
    url = f"{case.url}/themes/{theme['id']}"
    answer = await actors.investigator.patch(
        url, json={"title": "Renamed", "reason": WHY}, headers=investigation.match(theme)
    )
    assert answer.status_code == 200


async def test_people_go_on_reading_and_writing_while_a_case_is_sealed_anew(
    service: Service, actors: SimpleNamespace, case: OpenFile
) -> None:
    await many_themes(service, case)
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    themes = [
        actors.investigator.post(f"{case.url}/themes", json={"label": f"new {number}", "title": "Written meanwhile"})
        for number in range(10)
    ]
    reads = [actors.reviewer.get(f"{case.url}/themes") for _ in range(10)]
    answers = await asyncio.gather(*themes, *reads)
    assert {answer.status_code for answer in answers} == {200, 201}
    await service.runtime.background.settled()
    state = await turned.progress(actors.investigator, case)
    assert state["is_complete"]
    assert len((await investigation.read(actors.reviewer, case, "/themes"))["items"]) == THEMES + 10


async def test_two_who_leave_one_after_the_other_both_take_nothing_along(
    service: Service, actors: SimpleNamespace, case: OpenFile, nothing_in_the_background: None
) -> None:
    await many_themes(service, case)
    first = await turned.keys_of(service, actors.other_case_officer, case)
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    held = await turned.keys_of(service, actors.investigator, case)
    steps = turned.work_with(service, actors.investigator, case, held)
    await anext(steps)
    second = await turned.keys_of(service, actors.assistant, case)
    assert set(second) == {1, 2}
    await cases.wall_off(actors.case_officer, case, actors.assistant)
    with pytest.raises(resealing.Turned):  # the work with the first new key makes room
        [None async for _ in steps]
    held = await turned.keys_of(service, actors.investigator, case)
    assert set(held) == {1, 2, 3}
    async for _ in turned.work_with(service, actors.investigator, case, held):
        pass
    values = await turned.values_of(service, case)
    assert {version_of(sealed) for *_, sealed in values} == {3}
    assert turned.what_opens(case, values, first | second) == []
    assert await turned.granted_versions(service, case) == {3}


async def test_who_is_appointed_meanwhile_reads_all_of_the_case(
    service: Service, actors: SimpleNamespace, case: OpenFile, nothing_in_the_background: None
) -> None:
    await investigation.a_theme(actors.investigator, case)
    await cases.wall_off(actors.case_officer, case, actors.assistant)
    await cases.appoint(actors.case_officer, case, actors.other_investigator, "investigator")
    assert set(await turned.keys_of(service, actors.other_investigator, case)) == {1, 2}
    assert len((await investigation.read(actors.other_investigator, case, "/themes"))["items"]) == 1


async def test_a_suspended_colleague_keeps_the_key_for_the_day_they_are_back(
    service: Service, actors: SimpleNamespace, case: OpenFile
) -> None:
    somebody = actors.reviewer
    url = f"/v1/accounts/{somebody.account_id}/suspension"
    assert (await actors.administrator.post(url)).status_code < 300
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    await service.runtime.background.settled()
    assert (await actors.administrator.delete(url)).status_code < 300
    await somebody.sign_in()
    await cases.read(somebody, case)


async def test_a_wall_against_somebody_without_a_part_turns_no_key(
    service: Service, actors: SimpleNamespace, case: OpenFile
) -> None:
    await cases.wall_off(actors.case_officer, case, actors.hr)
    assert (await turned.progress(actors.case_officer, case))["version"] == 1


async def test_who_keeps_another_part_turns_no_key(service: Service, actors: SimpleNamespace, case: OpenFile) -> None:
    await cases.appoint(actors.case_officer, case, actors.investigator, "assistant")
    file = await cases.read(actors.case_officer, case)
    ids = [one["id"] for one in file["appointments"] if one["account_id"] == str(actors.investigator.account_id)]
    assert (await actors.case_officer.delete(f"{case.url}/appointments/{ids[0]}")).status_code == 204
    assert (await turned.progress(actors.case_officer, case))["version"] == 1
