"""A representative raises a grievance for many, follows it, and learns no more than what they wrote."""

import json
from types import SimpleNamespace
from typing import Any

import httpx
from sqlalchemy import update

from app.intake.models import Grievance
from app.kernel.db import table_of
from tests.builders import intake
from tests.builders.intake import a_collective_grievance, collective_grievances_of
from tests.conftest import CHANNEL, Service


async def read_own(representative: httpx.AsyncClient, grievance_id: str) -> dict[str, Any]:
    answer = await representative.get(f"/v1/collective-grievances/{grievance_id}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_thirty_one_supporters_and_two_headcount_claims(actors: SimpleNamespace) -> None:
    answer = await intake.submitted_for_many(actors.representative, a_collective_grievance(31))
    assert answer["supporters"] == 31
    own = await read_own(actors.representative, answer["id"])
    assert [(claim["number"], claim["in_words"], claim["basis"]) for claim in own["headcount_claims"]] == [
        (31, "31", "signed"),
        (None, "about 35", "press"),
    ]
    assert (own["headline"], own["narrative"], own["capacity"]) == (intake.HEADLINE, intake.NARRATIVE, "employee")
    assert [one["statement"] for one in own["allegations"]] == intake.STATEMENTS
    assert (own["supporters"], own["status"], own["confidentiality"]) == (31, "received", "confidential")
    raised = await intake.raised_in(actors.case_officer, answer["reference"])
    assert (raised["kind"], raised["identities_held"]) == ("collective", 31)
    assert raised["representative_id"] == str(actors.representative.account_id)
    assert raised["headcount_claims"] == own["headcount_claims"]
    assert raised["allegations"] == own["allegations"]
    assert "Supporter" not in json.dumps([own, raised])


async def test_a_grievance_handed_over_on_paper_keeps_its_day(actors: SimpleNamespace) -> None:
    answer = await intake.submitted_for_many(actors.representative, a_collective_grievance(submitted_on="2020-01-27"))
    assert (answer["acknowledge_by"], answer["feedback_by"]) == ("2020-02-03", "2020-05-03")
    assert (await read_own(actors.representative, answer["id"]))["submitted_on"] == "2020-01-27"


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("tomorrow", a_collective_grievance(submitted_on="2026-03-03")),
    ("no headcount claim", a_collective_grievance(headcount_claims=[])),
    ("a claim without a number", a_collective_grievance(headcount_claims=[intake.CLAIMS[1] | {"basis": "signed"}])),
    ("nobody", a_collective_grievance(headcount_claims=[intake.CLAIMS[0] | {"number": 0}])),
    ("too many supporters", a_collective_grievance(501)),
    ("anonymous with supporters", a_collective_grievance(1, confidentiality="anonymous")),
    ("an identity of its own", a_collective_grievance(identity=intake.IDENTITY)),
    ("a supporter with an unknown field", a_collective_grievance(supporters=[{"identity": {"name": "A", "sex": "f"}}])),
]


async def test_what_breaks_a_rule_is_refused(actors: SimpleNamespace) -> None:
    for what, body in REFUSED:
        answer = await actors.representative.post(collective_grievances_of(), json=body)
        assert answer.status_code == 422, what
        assert "Supporter" not in answer.text, what


async def test_nobody_needs_to_be_named(actors: SimpleNamespace) -> None:
    body = a_collective_grievance(0, confidentiality="anonymous", allegations=[])
    answer = await intake.submitted_for_many(actors.representative, body)
    own = await read_own(actors.representative, answer["id"])
    assert (own["supporters"], own["confidentiality"], own["allegations"]) == (0, "anonymous", [])
    assert (await intake.raised_in(actors.case_officer, answer["reference"]))["identities_held"] == 0


async def test_only_a_representative_submits_for_many(anonymous: httpx.AsyncClient, actors: SimpleNamespace) -> None:
    body = a_collective_grievance(1)
    assert (await anonymous.post(collective_grievances_of(), json=body)).status_code == 401
    for other in (actors.administrator, actors.case_officer, actors.hr):
        assert (await other.post(collective_grievances_of(), json=body)).status_code == 404


async def test_nobody_else_knows_of_a_representatives_grievance(
    anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    grievance_id = (await intake.submitted_for_many(actors.representative))["id"]
    path = f"/v1/collective-grievances/{grievance_id}"
    none = await actors.other_representative.get("/v1/collective-grievances/0197a000-0000-7000-8000-000000000001")
    for other in (actors.other_representative, actors.case_officer, actors.administrator):
        answer = await other.get(path)
        assert (answer.status_code, answer.content) == (404, none.content)
    assert (await anonymous.get(path)).status_code == 401
    assert (await actors.other_representative.get("/v1/collective-grievances")).json()["items"] == []


async def test_a_representative_lists_their_own_page_by_page(actors: SimpleNamespace) -> None:
    made = [(await intake.submitted_for_many(actors.representative))["id"] for _ in range(3)]
    first = (await actors.representative.get("/v1/collective-grievances", params={"limit": 2})).json()
    rest = (
        await actors.representative.get("/v1/collective-grievances", params={"limit": 2, "cursor": first["next"]})
    ).json()
    assert sorted(item["id"] for item in [*first["items"], *rest["items"]]) == sorted(made)
    assert rest["next"] is None
    assert {"headline", "narrative"}.isdisjoint(first["items"][0])
    assert first["items"][0]["status_in_words"]


async def test_without_the_unlock_secret_it_stays_shut(actors: SimpleNamespace) -> None:
    grievance_id = (await intake.submitted_for_many(actors.representative))["id"]
    del actors.representative.headers["X-Unlock"]
    assert (await actors.representative.get(f"/v1/collective-grievances/{grievance_id}")).status_code == 423


async def test_a_key_that_is_not_the_representatives_leaves_it_shut(service: Service, actors: SimpleNamespace) -> None:
    grievance_id = (await intake.submitted_for_many(actors.representative))["id"]
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(table_of(Grievance)).values(key_for_sender=bytes(1200)))
    assert (await actors.representative.get(f"/v1/collective-grievances/{grievance_id}")).status_code == 423


async def test_a_representative_behind_a_wall_gets_404(actors: SimpleNamespace) -> None:
    answer = await intake.submitted_for_many(actors.representative)
    case_id = await intake.case_called(actors.case_officer, answer["reference"])
    wall = {"account_id": str(actors.representative.account_id), "reason": "Named in the grievance."}
    raised = await actors.case_officer.post(f"/v1/cases/{case_id}/walls", json=wall)
    assert raised.status_code == 201, raised.text
    assert (await actors.representative.get(f"/v1/collective-grievances/{answer['id']}")).status_code == 404
    claim = await actors.representative.post(
        f"/v1/collective-grievances/{answer['id']}/headcount-claims", json=intake.CLAIMS[0]
    )
    assert claim.status_code == 404
    assert (await actors.representative.get("/v1/collective-grievances")).json()["items"] == []


async def test_a_later_headcount_claim_stands_beside_those_before(actors: SimpleNamespace) -> None:
    grievance_id = (await intake.submitted_for_many(actors.representative))["id"]
    path = f"/v1/collective-grievances/{grievance_id}/headcount-claims"
    later = {
        "number": 33,
        "wording": "thirty-three, two of them since left",
        "basis": "verified",
        "source": "Membership roll",
        "claimed_on": "2026-03-02",
    }
    headers = {"Idempotency-Key": "a-fresh-random-key-0004"}
    first = await actors.representative.post(path, json=later, headers=headers)
    again = await actors.representative.post(path, json=later, headers=headers)
    assert intake.created(first)["in_words"] == "thirty-three, two of them since left"
    assert first.json() == again.json()
    claims = (await read_own(actors.representative, grievance_id))["headcount_claims"]
    assert [claim["number"] for claim in claims] == [31, None, 33]
    assert (await actors.representative.post(path, json={**later, "number": None})).status_code == 422
    assert (await actors.other_representative.post(path, json=later)).status_code == 404


async def test_what_a_representative_does_is_in_the_log_of_the_case(service: Service, actors: SimpleNamespace) -> None:
    answer = await intake.submitted_for_many(actors.representative)
    await read_own(actors.representative, answer["id"])
    case_id = await intake.case_called(actors.case_officer, answer["reference"])
    await actors.representative.post(
        f"/v1/collective-grievances/{answer['id']}/headcount-claims", json=intake.CLAIMS[1]
    )
    events = await actors.auditor.get("/v1/audit/events", params={"chain_id": case_id})
    items = events.json()["items"]
    assert {
        "case.opened",
        "identity.sealed",
        "grievance.received",
        "read.read_own_grievance",
        "headcount.claimed",
    } <= {item["event"] for item in items}
    assert {item["actor_id"] for item in items} == {str(actors.representative.account_id)}


async def test_a_representative_who_is_an_officer_of_the_channel_does_not_receive_their_own_grievance(
    actors: SimpleNamespace,
) -> None:
    accounts = f"/v1/accounts/{actors.representative.account_id}"
    version = (await actors.administrator.get(accounts)).headers["ETag"]
    roles = await actors.administrator.put(
        f"{accounts}/roles", json={"roles": ["representative", "case_officer"]}, headers={"If-Match": version}
    )
    assert roles.status_code == 200, roles.text
    officers = [str(one.account_id) for one in (actors.representative, actors.other_case_officer)]
    changed = await actors.administrator.patch(
        f"/v1/channels/{CHANNEL}", json={"case_officers": officers}, headers={"If-Match": '"1"'}
    )
    assert changed.status_code == 200, changed.text
    answer = await intake.submitted_for_many(actors.representative)
    assert await intake.raised_in(actors.other_case_officer, answer["reference"])
    assert (await actors.representative.get("/v1/cases")).json()["items"] == []
