"""Two findings on one allegation cannot stand, whatever runs at the same moment: the acts wait, and the database refuses."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.findings.models import Finding
from app.kernel import clock
from app.kernel.ids import new_id
from tests.builders.cases import an_investigation, appoint, faults_of
from tests.builders.investigation import (
    REASON,
    a_decided_allegation,
    a_draft,
    an_allegation,
    an_exhibit,
    match,
    read,
    what_was_found,
)
from tests.conftest import Service


async def test_of_two_findings_recorded_at_once_one_stands(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    await appoint(actors.case_officer, case, actors.other_investigator, "investigator")
    allegation, exhibit = await an_allegation(actors.investigator, case), await an_exhibit(actors.investigator, case)
    url, draft = f"{case.url}/allegations/{allegation['id']}/findings", what_was_found(exhibit)
    answers = await asyncio.gather(
        *(one.post(url, json=draft) for one in (actors.investigator, actors.other_investigator) * 4)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert {answer.json()["type"].rsplit("/", 1)[-1] for answer in answers if answer.status_code == 409} == {
        "finding-already-recorded"
    }
    assert len((await read(actors.reviewer, case, f"/allegations/{allegation['id']}/findings"))["items"]) == 1
    assert await faults_of(service, case) == []


async def test_a_draft_is_not_made_final_and_revised_at_once(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    allegation, exhibit = await an_allegation(actors.investigator, case), await an_exhibit(actors.investigator, case)
    finding = await a_draft(actors.investigator, case, allegation, exhibit)
    url = f"{case.url}/findings/{finding['id']}"
    revised, reviewed = await asyncio.gather(
        actors.investigator.put(url, json=what_was_found(exhibit, reasons="Else"), headers=match(finding)),
        actors.reviewer.post(f"{url}/review", json={"agrees": True}, headers=match(finding)),
    )
    assert sorted([revised.status_code, reviewed.status_code]) == [200, 412]
    stands = await read(actors.reviewer, case, f"/findings/{finding['id']}")
    assert (stands["state"], stands["reasons"]) in {("final", REASON), ("draft", "Else")}


async def test_an_allegation_is_not_decided_and_merged_at_once(service: Service, actors: SimpleNamespace) -> None:
    case = await an_investigation(service)
    gone, kept = (
        await an_allegation(actors.investigator, case, "1"),
        await an_allegation(actors.investigator, case, "2"),
    )
    exhibit = await an_exhibit(actors.investigator, case)
    finding = await a_draft(actors.investigator, case, gone, exhibit)
    merged, reviewed = await asyncio.gather(
        actors.investigator.post(
            f"{case.url}/allegations/{gone['id']}/merge", json={"into": kept["id"], "reason": REASON}
        ),
        actors.reviewer.post(
            f"{case.url}/findings/{finding['id']}/review", json={"agrees": True}, headers=match(finding)
        ),
    )
    assert sorted([merged.status_code, reviewed.status_code]) == [200, 409]
    assert await faults_of(service, case) == []


@pytest.mark.parametrize("what", ["a second first", "a second draft", "a second final", "a second successor"])
async def test_the_database_itself_refuses_a_second_one(service: Service, actors: SimpleNamespace, what: str) -> None:
    case = await an_investigation(service)
    decided = await a_decided_allegation(service, case)
    async with service.runtime.database.session(write=False) as session:
        final = (await session.execute(select(Finding.__table__))).mappings().one()
    first = {"supersedes_id": None, "supersession_reason_sealed": None}
    after = {"supersedes_id": final["id"], "supersession_reason_sealed": b"sealed"}
    draft = {"state": "draft", "final_on": None, "reviewer_id": None}
    ended = {"state": "superseded", "final_on": clock.today(), "reviewer_id": actors.reviewer.account_id}
    standing = ended | {"state": "final"}

    def a_row(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 columns are of any type
        return dict(final) | {"id": new_id()} | changes

    successor = a_row(**after, **draft)
    of_successor = {"supersedes_id": successor["id"], "supersession_reason_sealed": b"sealed"}
    rows = {
        "a second first": [a_row(**first, **ended)],
        "a second draft": [successor, a_row(**of_successor, **draft)],
        "a second final": [a_row(**after, **standing)],
        "a second successor": [successor, a_row(**after, **ended)],
    }[what]
    with pytest.raises(IntegrityError):
        await _store(service, rows)
    assert (await read(actors.reviewer, case, "/findings"))["items"] == [decided.finding]


async def _store(service: Service, rows: Sequence[dict[str, Any]]) -> None:
    """The database holds these rows, whatever the service would have said."""
    async with service.runtime.database.session(write=True) as session:
        for row in rows:
            await session.execute(insert(Finding), [row])
