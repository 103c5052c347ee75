"""What is owed in a case, over HTTP."""

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, select, update

from app.cases import older_duties
from app.cases.models import Case
from app.duties import queries
from app.duties.models import Duty, DutyEscalation
from app.duties.profiles import PROFILES, DutyKind, LawProfile, OwedTo
from app.duties.service import Place, keep, owe
from app.intake import overdue
from app.kernel.db import table_of
from app.kernel.sealed import OpenKeys, open_keys
from app.notifications.models import Notice
from tests.builders import cases
from tests.builders.cases import OpenFile
from tests.conftest import FROZEN, Actor, Clock, Service

REASON = {"reason": "We wait for the records that the reporter promised."}


def ok(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The body of an answer of that status."""
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def duties_of(somebody: Actor, case: OpenFile) -> dict[str, dict[str, Any]]:
    """What is owed in the case, by kind."""
    return {duty["kind"]: duty for duty in ok(await somebody.get(f"{case.url}/duties"))["duties"]}


async def test_three_things_are_owed_to_the_reporter_from_the_first_day(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_open_file(service, received_on=date(2026, 2, 27))
    found = await duties_of(actors.case_officer, case)
    assert {kind: (one["due_on"], one["state"], one["owed_to"]) for kind, one in found.items()} == {
        "acknowledge_personally": ("2026-03-04", "owed", "reporter"),
        "acknowledge": ("2026-03-06", "owed", "reporter"),
        "feed_back": ("2026-06-06", "owed", "reporter"),
    }
    assert "Article 9(1)(b)" in found["acknowledge"]["source"]
    assert await cases.faults_of(service, case) == []


async def test_the_acknowledgement_keeps_both_and_starts_the_term_for_feedback(
    service: Service, actors: SimpleNamespace, clock: Clock
) -> None:
    case = await cases.an_open_file(service, received_on=date(2026, 2, 27))
    status = await cases.acknowledge(actors.case_officer, case)
    found = await duties_of(actors.case_officer, case)
    assert [found[kind]["state"] for kind in ("acknowledge", "acknowledge_personally")] == ["kept", "kept"]
    assert found["acknowledge"]["kept_by"] == str(actors.case_officer.account_id)
    assert found["feed_back"]["due_on"] == status["feedback_by"] == "2026-06-02"
    clock.advance(timedelta(days=2))
    await actors.case_officer.sign_in()
    assert await cases.acknowledge(actors.case_officer, case) == status
    assert await duties_of(actors.case_officer, case) == found
    assert await cases.faults_of(service, case) == []


async def test_a_late_acknowledgement_is_kept_late_for_good(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service, received_on=date(2026, 2, 1))
    assert (await duties_of(actors.case_officer, case))["acknowledge"]["state"] == "overdue"
    await cases.acknowledge(actors.case_officer, case)
    assert (await duties_of(actors.case_officer, case))["acknowledge"]["state"] == "kept_late"


async def test_days_stood_still_move_what_is_owed_and_the_file_shows_it(
    service: Service, actors: SimpleNamespace, clock: Clock
) -> None:
    case, officer = await cases.an_open_file(service), actors.case_officer
    await cases.acknowledge(officer, case)
    first = ok(await officer.post(f"{case.url}/clock-stops", json=REASON), 201)
    assert (first["started_on"], first["ended_on"], first["reason"]) == ("2026-03-02", None, REASON["reason"])
    assert (await duties_of(officer, case))["feed_back"]["state"] == "stopped"
    clock.advance(timedelta(days=3))
    await officer.sign_in()
    second = ok(await officer.post(f"{case.url}/clock-stops", json=REASON), 201)
    clock.advance(timedelta(days=2))
    await officer.sign_in()
    ok(await officer.post(f"{case.url}/clock-stops/{first['id']}/end"))
    assert (await duties_of(officer, case))["feed_back"]["state"] == "stopped"
    clock.advance(timedelta(days=5))
    await officer.sign_in()
    ended = ok(await officer.post(f"{case.url}/clock-stops/{second['id']}/end"))
    assert ended["ended_by"] == str(officer.account_id)
    found = await duties_of(officer, case)
    assert (found["feed_back"]["due_on"], found["feed_back"]["state"]) == ("2026-06-12", "owed")
    assert (await cases.read(officer, case))["feedback_by"] == "2026-06-12"
    assert found["acknowledge"]["due_on"] == "2026-03-09"  # it was kept before
    again = await officer.post(f"{case.url}/clock-stops/{second['id']}/end")
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (409, "clock-runs")
    assert await cases.faults_of(service, case) == []


async def test_a_stop_needs_a_reason_and_something_that_it_could_stop(
    service: Service, actors: SimpleNamespace, clock: Clock
) -> None:
    case, officer = await cases.an_open_file(service, received_on=date(2025, 9, 1)), actors.case_officer
    assert (await officer.post(f"{case.url}/clock-stops", json={})).status_code == 422
    assert (await officer.post(f"{case.url}/clock-stops", json={"reason": " "})).status_code == 422
    late = await officer.post(f"{case.url}/clock-stops", json=REASON)
    assert (late.status_code, late.json()["type"].rpartition("/")[2]) == (409, "clock-not-stoppable")
    assert {one["state"] for one in (await duties_of(officer, case)).values()} == {"overdue"}


async def set_law(service: Service, case: OpenFile, profile: str) -> None:
    """What is owed in the case is owed by that law."""
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(table_of(Duty)).values(law_profile=profile))
        await session.execute(update(table_of(Case)).values(law_profile=profile))


async def test_under_the_directive_no_reason_stops_the_clock_or_gives_more_time(
    service: Service, actors: SimpleNamespace
) -> None:
    case, officer = await cases.an_open_file(service), actors.case_officer
    await set_law(service, case, "eu_2019_1937")
    await cases.acknowledge(officer, case)
    stopped = await officer.post(f"{case.url}/clock-stops", json=REASON)
    assert stopped.json()["type"].endswith("/clock-not-stoppable")
    feedback = (await duties_of(officer, case))["feed_back"]
    refused = await officer.post(
        f"{case.url}/duties/{feedback['id']}/extension", json={"until": "2026-06-10", **REASON}
    )
    assert refused.json()["type"].endswith("/duty-not-extendable")


async def test_an_extension_needs_a_reason_and_ends_where_the_law_says(
    service: Service, actors: SimpleNamespace
) -> None:
    case, officer = await cases.an_open_file(service), actors.case_officer
    await cases.acknowledge(officer, case)
    feedback = (await duties_of(officer, case))["feed_back"]
    url = f"{case.url}/duties/{feedback['id']}/extension"
    for body in ({"until": "2026-07-01"}, {"until": "2026-07-01", "reason": ""}):
        assert (await officer.post(url, json=body)).status_code == 422
    for until in ("2026-06-02", "2026-09-03", "2026-01-01"):
        assert (await officer.post(url, json={"until": until, **REASON})).status_code == 422
    stale = await officer.post(url, json={"until": "2026-07-01", **REASON}, headers={"If-Match": '"77"'})
    assert stale.status_code == 412
    given = ok(await officer.post(url, json={"until": "2026-07-01", **REASON}), 201)
    assert (given["due_before"], given["due_since"], given["extended_on"]) == ("2026-06-02", "2026-07-01", "2026-03-02")
    assert given["extended_by"] == str(officer.account_id)
    ok(await officer.post(url, json={"until": "2026-09-02", **REASON}), 201)
    none_left = await officer.post(url, json={"until": "2026-09-02", **REASON})
    assert none_left.json()["type"].endswith("/duty-not-extendable")
    shown = (await duties_of(officer, case))["feed_back"]
    assert [one["due_since"] for one in shown["extensions"]] == ["2026-07-01", "2026-09-02"]
    assert (await cases.read(officer, case))["feedback_by"] == shown["due_on"] == "2026-09-02"
    assert await cases.faults_of(service, case) == []


async def test_what_is_late_gets_no_more_time_and_what_is_kept_needs_none(
    service: Service, actors: SimpleNamespace
) -> None:
    officer = actors.case_officer
    late = await cases.an_open_file(service, received_on=date(2025, 9, 1))
    feedback = (await duties_of(officer, late))["feed_back"]
    body = {"until": "2026-03-05", **REASON}
    refused = await officer.post(f"{late.url}/duties/{feedback['id']}/extension", json=body)
    assert refused.json()["type"].endswith("/duty-not-extendable")
    kept = ok(await officer.post(f"{late.url}/duties/{feedback['id']}/keeping", json={"note": "Told them by post."}))
    assert (kept["state"], kept["note"], kept["kept_on"]) == ("kept_late", "Told them by post.", "2026-03-02")
    again = await officer.post(f"{late.url}/duties/{feedback['id']}/keeping", json={"note": "Once more."})
    assert again.json()["type"].endswith("/duty-kept")
    refused = await officer.post(f"{late.url}/duties/{feedback['id']}/extension", json=body)
    assert refused.json()["type"].endswith("/duty-kept")
    assert await cases.faults_of(service, late) == []


async def test_an_immediate_risk_has_a_clock_in_hours_which_nothing_stops(
    service: Service, actors: SimpleNamespace, clock: Clock
) -> None:
    case, officer = await cases.an_open_file(service), actors.case_officer
    await cases.acknowledge(officer, case)
    await cases.triage(officer, case, immediate_risk=True)
    ok(await officer.post(f"{case.url}/clock-stops", json=REASON), 201)
    found = (await duties_of(officer, case))["escalate_immediate_risk"]
    assert (found["due_on"], found["state"]) == (None, "owed")
    assert datetime.fromisoformat(found["due_at"]) == FROZEN + timedelta(hours=24)
    clock.advance(timedelta(hours=24, minutes=1))
    await officer.sign_in()
    assert (await duties_of(officer, case))["escalate_immediate_risk"]["state"] == "overdue"
    assert await cases.faults_of(service, case) == []


async def test_whoever_works_a_case_may_say_that_somebody_is_in_danger_in_any_state(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_investigation(service)
    made = ok(await actors.reviewer.post(f"{case.url}/escalations", json={"reason": "She was threatened."}), 201)
    assert (made["kind"], made["note"]) == ("escalate_immediate_risk", "She was threatened.")
    closed = await cases.a_closed_case(service)
    ok(await actors.case_officer.post(f"{closed.url}/escalations", json={"reason": "She was threatened."}), 201)
    assert await cases.faults_of(service, closed) == []


async def test_what_is_owed_is_listed_for_who_works_the_case_and_hidden_behind_walls(
    service: Service, actors: SimpleNamespace
) -> None:
    three = (actors.case_officer, actors.other_case_officer, actors.third_case_officer)
    late = await cases.an_open_file(service, received_on=date(2025, 9, 1), officers=three)
    in_time = await cases.an_open_file(service)
    mine = ok(await actors.case_officer.get("/v1/duties?overdue=true"))["items"]
    assert {one["reference"] for one in mine} == {late.reference}
    assert {one["state"] for one in mine} == {"overdue"}
    every = ok(await actors.case_officer.get("/v1/duties"))["items"]
    assert {one["reference"] for one in every} == {late.reference, in_time.reference}
    paged: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = ok(await actors.case_officer.get(f"/v1/duties?limit=2{cursor and '&cursor=' + cursor}"))
        paged, cursor = paged + page["items"], page["next"]
    assert paged == every
    assert ok(await actors.investigator.get("/v1/duties"))["items"] == []
    await cases.wall_off(actors.case_officer, late, actors.other_case_officer)
    assert ok(await actors.other_case_officer.get("/v1/duties?overdue=true"))["items"] == []
    assert (await actors.other_case_officer.get(f"{late.url}/duties")).status_code == 404
    assert (await actors.hr.get("/v1/duties")).status_code == 404


async def raise_all(service: Service) -> None:
    """The job ran."""
    token = open_keys.set(OpenKeys(service.runtime.keys))
    try:
        await overdue.raise_all(service.runtime)
    finally:
        open_keys.reset(token)


async def raised(service: Service) -> list[tuple[int, int]]:
    """Level and step of all that was raised."""
    async with service.runtime.database.session(write=False) as session:
        rows = (await session.execute(select(DutyEscalation.level, DutyEscalation.step))).all()
    return sorted((row.level, row.step) for row in rows)


async def test_what_is_late_is_raised_once_for_each_level_and_time_and_is_in_the_log(
    service: Service, actors: SimpleNamespace, clock: Clock
) -> None:
    case = await cases.an_open_file(service, received_on=date(2026, 2, 27), officers=[actors.third_case_officer])
    clock.set(FROZEN + timedelta(days=3))  # a day after the personal acknowledgement was due
    await raise_all(service)
    await raise_all(service)
    assert await raised(service) == [(1, 0)]
    assert (await cases.events_of(service, case))[1:] == ["duty.escalated"]
    await actors.case_officer.sign_in()
    assert ok(await actors.case_officer.get("/v1/raised-duties"))["items"] == []
    clock.set(FROZEN + timedelta(days=10))  # eight days, and three after the acknowledgement
    await raise_all(service)
    assert await raised(service) == [(1, 0), (1, 0), (1, 1), (2, 0)]
    async with service.runtime.database.session(write=False) as session:
        told = set((await session.scalars(select(Notice.account_id).where(Notice.about_id == case.id))).all())
    assert told == {
        actors.third_case_officer.account_id,
        actors.case_officer.account_id,
        actors.other_case_officer.account_id,
    }
    await actors.case_officer.sign_in()
    [shown] = ok(await actors.case_officer.get("/v1/raised-duties"))["items"]
    assert (shown["reference"], shown["kind"]) == (case.reference, "acknowledge_personally")
    await actors.hr.sign_in()
    assert (await actors.hr.get("/v1/raised-duties")).status_code == 404
    assert await cases.faults_of(service, case) == []


async def test_what_is_raised_beside_a_case_is_hidden_from_whom_a_wall_bars(
    service: Service, actors: SimpleNamespace, clock: Clock
) -> None:
    officers = [actors.third_case_officer]
    case = await cases.an_open_file(service, received_on=date(2026, 2, 1), officers=officers)
    await cases.wall_off(actors.third_case_officer, case, actors.case_officer)
    await raise_all(service)
    assert (2, 2) in await raised(service)
    assert ok(await actors.case_officer.get("/v1/raised-duties"))["items"] == []
    assert ok(await actors.other_case_officer.get("/v1/raised-duties"))["items"] != []
    async with service.runtime.database.session(write=False) as session:
        told = set((await session.scalars(select(Notice.account_id))).all())
    assert actors.case_officer.account_id not in told


async def test_cases_that_are_older_than_the_table_owe_what_they_owed(
    service: Service, actors: SimpleNamespace
) -> None:
    case = await cases.an_open_file(service)
    acknowledged, declined = await cases.an_open_file(service), await cases.a_closed_case(service)
    await cases.acknowledge(actors.case_officer, acknowledged)
    every = (case, acknowledged, declined)
    before = [await duties_of(actors.case_officer, one) for one in every]
    assert before[-1]["feed_back"]["state"] == "kept"
    async with service.runtime.database.session(write=True) as session:
        await session.execute(delete(Duty))
    await older_duties.begin_all(service.runtime)
    await older_duties.begin_all(service.runtime)
    after = [await duties_of(actors.case_officer, one) for one in every]
    for old, new in zip(before, after, strict=True):
        assert {kind: (one["due_on"], one["kept_on"]) for kind, one in old.items()} == {
            kind: (one["due_on"], one["kept_on"]) for kind, one in new.items()
        }
    assert (await cases.events_of(service, case)).count("duties.begun") == 1


async def test_reasons_are_sealed_anew_with_the_case(service: Service, actors: SimpleNamespace) -> None:
    case, officer = await cases.an_investigation(service), actors.case_officer
    await cases.appoint(officer, case, actors.third_case_officer, "case_officer")
    ok(await officer.post(f"{case.url}/clock-stops", json=REASON), 201)
    feedback = (await duties_of(officer, case))["feed_back"]
    ok(await officer.post(f"{case.url}/duties/{feedback['id']}/keeping", json={"note": "Told them."}))
    await cases.wall_off(officer, case, actors.third_case_officer)
    await service.runtime.background.settled()
    key = ok(await officer.get(f"{case.url}/key"))
    assert (key["version"], key["is_complete"]) == (2, True)
    found = ok(await officer.get(f"{case.url}/duties"))
    assert found["clock_stops"][0]["reason"] == REASON["reason"]
    assert {one["note"] for one in found["duties"]} == {None, "Told them."}
    assert await cases.faults_of(service, case) == []


async def test_a_duty_is_due_by_a_day_or_at_an_instant(service: Service) -> None:
    case = await cases.an_open_file(service)
    place = Place(case.organisation_id, case.id, LawProfile.UK_PIDA)
    term = PROFILES[LawProfile.UK_PIDA].feed_back
    async with service.runtime.database.session(write=True) as session:
        for wrong in ({}, {"term": term, "due_at": FROZEN}):
            with pytest.raises(ValueError, match="by a day or at an instant"):
                owe(session, place, DutyKind.SHARE, OwedTo.PANEL, **wrong)  # type: ignore[arg-type]
        token = open_keys.set(OpenKeys(service.runtime.keys))
        duty = owe(session, place, DutyKind.SHARE, OwedTo.PANEL, term=term)
        open_keys.reset(token)
        await session.flush()
        assert (duty.due_on, duty.kept_on) == (date(2026, 6, 2), None)
        [kept] = await keep(session, place, DutyKind.SHARE, date(2026, 3, 3))
        assert kept is duty
        assert [
            one.id for one in await queries.owed_to(session, place.organisation_id, place.case_id, OwedTo.PANEL)
        ] == [duty.id]
        assert await keep(session, place, DutyKind.SHARE, date(2026, 3, 4)) == []
        assert duty.kept_on == date(2026, 3, 3)


async def test_closing_and_reopening_a_case_moves_nothing_that_is_owed(
    service: Service, actors: SimpleNamespace, clock: Clock
) -> None:
    case, officer = await cases.a_closed_case(service), actors.case_officer
    before = await duties_of(officer, case)
    clock.set(FROZEN + timedelta(days=40))
    await officer.sign_in()
    ok(await officer.post(f"{case.url}/reopening", json={"reason": "There is more."}))
    assert await duties_of(officer, case) == before
    assert before["feed_back"]["due_on"] == (await cases.read(officer, case))["feedback_by"] == "2026-06-02"
