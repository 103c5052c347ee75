"""Cases played on a real service process by people whose every text, name and secret is a canary."""

import secrets
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx

from app.crypto import hpke
from app.policy.actors import Role
from tests.builders import intake
from tests.builders.whole import WholeCase, a_released_case
from tests.conftest import CAST, CHANNEL
from tests.threats.ceremony import perform
from tests.threats.people import (
    CASE,
    CUSTODIAN_KEY,
    CUSTODIANS,
    IDEMPOTENCY_KEY,
    IDENTITY,
    INBOX_TOKEN,
    INVITATION,
    PUBLIC,
    RECEIPT,
    REPORTED,
    SECOND_CASE,
    SECOND_CHANNEL,
    SECOND_IDENTITY,
    SECOND_REPORTED,
    STAFF,
    Person,
    Played,
    done,
)  # fmt: skip
from tests.threats.planting import Planted


async def play(client: Callable[[type[httpx.AsyncClient]], httpx.AsyncClient], one_time_password: str) -> Played:
    """Return three played cases: one of many, through to its release; one of a reporter, just begun; one that came in sealed.

    In the first, custodians are being asked for an identity and for the key of the case: see ceremony.py.
    """
    planted = Planted()
    played = Played(planted, SimpleNamespace())
    await _enrol_all(played, client, one_time_password)
    await _open_channel(played, CHANNEL, 2, CUSTODIANS[:3], ("case_officer", "other_case_officer"))
    await _open_channel(played, SECOND_CHANNEL, 3, CUSTODIANS, ("third_case_officer",))
    played.case = await a_released_case(played.actors, _collective(planted), planted.say(CASE))
    await _around(played)
    async with client(httpx.AsyncClient) as reporter:
        await _second_grievance(played, reporter)
        await perform(played, reporter)
    released = done(await played.actors.hr.get(f"/v1/releases/{played.case.ids['release_id']}"))
    played.released = planted.found_in(repr(released).encode()) - planted.of(PUBLIC)
    return played


async def _enrol_all(
    played: Played, client: Callable[[type[httpx.AsyncClient]], httpx.AsyncClient], one_time_password: str
) -> None:
    administrator = await _enrol(played, client(Person), "administrator", "administrator", one_time_password)
    administrator.account_id = UUID(done(await administrator.get("/v1/me"))["id"])
    for name, roles in (CAST | {"fourth_custodian": [Role.CUSTODIAN]}).items():
        if Role.ADMINISTRATOR in roles:
            continue
        username = played.planted.word(STAFF, f"username of {name}")
        body = {"username": username, "display_name": played.planted.say(STAFF)(name), "roles": roles}
        invited = done(await administrator.post("/v1/accounts", json=body))
        person = await _enrol(played, client(Person), name, username, invited["one_time_password"])
        person.account_id = UUID(invited["id"])


async def _enrol(played: Played, person: Any, name: str, username: str, one_time_password: str) -> Person:  # noqa: ANN401 the client that a caller made
    assert isinstance(person, Person)
    setattr(played.actors, name, person)
    person.username = username
    played.planted.keep(INVITATION, name, one_time_password)
    await person.activate(played.planted, name, one_time_password)
    return person


async def _open_channel(
    played: Played, slug: str, threshold: int, holding: tuple[str, ...], officers: tuple[str, ...]
) -> None:
    say, custodians = played.planted.say(PUBLIC), []
    for name in holding:
        account_id = getattr(played.actors, name).account_id
        if account_id not in played.custodian_seeds:
            played.custodian_seeds[account_id] = hpke.new_seed()
            played.planted.keep(CUSTODIAN_KEY, name, played.custodian_seeds[account_id])
        public_key = intake.encode(hpke.public_key(played.custodian_seeds[account_id]))
        custodians.append({"account_id": str(account_id), "label": say(f"label {name}"), "public_key": public_key})
    body = {
        "slug": slug, "name": say("Name"), "procedure_text": say("Procedure."), "law_profile": "uk_pida",
        "threshold": threshold, "custodians": custodians, "case_officers": [str(getattr(played.actors, name).account_id) for name in officers],
    }  # fmt: skip
    done(await played.actors.administrator.post("/v1/channels", json=body))


def _collective(planted: Planted) -> dict[str, Any]:
    said, who = planted.say(REPORTED), planted.say(IDENTITY)
    people = [{"identity": {"name": who(f"name {n}"), "contact": who(f"contact {n}")}} for n in range(3)]
    claims = [{"number": 31, "basis": "signed", "source": said("Signatures"), "claimed_on": "2026-02-27"},
              {"wording": said("about 35"), "basis": "press", "source": said("Gazette"), "claimed_on": "2026-03-01"}]  # fmt: skip
    return intake.a_collective_grievance(
        headline=said("Visits"), narrative=said("Since January."), capacity=said("branch secretary"),
        allegations=[{"label": "1.1", "statement": said("Records were altered.")}], supporters=people, headcount_claims=claims,
    )  # fmt: skip


async def _around(played: Played) -> None:
    """What the short play leaves out: a title, a wall, an ended appointment, a colleague on the case."""
    say, officer, at = played.planted.say(CASE), played.actors.case_officer, played.case.path
    version = done(await officer.get(at()))["version"]
    done(await officer.put(at("/title"), json={"title": say("Title")}, headers={"If-Match": f'"{version}"'}))
    third = {"account_id": str(played.actors.third_case_officer.account_id), "capacity": "case_officer"}
    appointed = done(await officer.post(at("/appointments"), json=third))
    done(await officer.delete(at(f"/appointments/{appointed['id']}")))
    wall = {"account_id": str(played.actors.other_investigator.account_id), "reason": say("Is named in the grievance.")}
    done(await officer.post(at("/walls"), json=wall))


async def _second_grievance(played: Played, reporter: httpx.AsyncClient) -> None:
    """A reporter who names themselves, by a client that leaves the keys to the service; their inbox was opened since."""
    said, who = played.planted.say(SECOND_REPORTED), played.planted.say(SECOND_IDENTITY)
    body = intake.a_grievance(
        headline=said("Shifts"), narrative=said("Nobody was there."), capacity=said("employee"),
        allegations=[{"label": "2.1", "statement": said("Nobody came.")}],
        identity={"name": who("Name"), "contact": who("contact"), "employee_number": who("number")},
    )  # fmt: skip
    played.idempotency_key = secrets.token_urlsafe(18)
    headers = {"Idempotency-Key": played.idempotency_key}
    made = done(await reporter.post(intake.grievances_of(SECOND_CHANNEL), json=body, headers=headers))
    played.receipt = made["receipt"]
    played.inbox_token = done(await reporter.post("/v1/inbox/sessions", json={"receipt": made["receipt"]}))["token"]
    officer, say = played.actors.third_case_officer, played.planted.say(SECOND_CASE)
    case_id = await intake.case_called(officer, made["reference"])
    played.second_case = WholeCase({"case_id": case_id, "channel": SECOND_CHANNEL})
    await _conversation(played, reporter, officer)
    done(await officer.post(played.second_case.path("/acknowledgement")))
    version = done(await officer.get(played.second_case.path()))["version"]
    await _title(officer, played.second_case, {"title": say("Second title")}, version)
    for kind, secret in (
        (RECEIPT, played.receipt),
        (INBOX_TOKEN, played.inbox_token),
        (IDEMPOTENCY_KEY, played.idempotency_key),
    ):
        played.planted.keep(kind, "the reporter's", secret)


async def _title(officer: httpx.AsyncClient, case: WholeCase, body: Mapping[str, str], version: int) -> None:
    done(await officer.put(case.path("/title"), json=body, headers={"If-Match": f'"{version}"'}))


async def _conversation(played: Played, reporter: httpx.AsyncClient, officer: Person) -> None:
    """The reporter and the officer write to each other; the reporter reports detriment, and the officer deals with it."""
    said, say, at = played.planted.say(SECOND_REPORTED), played.planted.say(SECOND_CASE), played.second_case.path
    inbox = {"Authorization": f"Bearer {played.inbox_token}"}
    done(await reporter.post("/v1/inbox/messages", json={"text": said("I found a list.")}, headers=inbox))
    harmed = {"what": said("My shifts were cut."), "since_speaking_up": "yes"}
    detriment = done(await reporter.post("/v1/inbox/detriments", json=harmed, headers=inbox))["id"]
    (grievance,) = done(await officer.get(at("/grievances")))["items"]
    played.second_case.ids["grievance_id"] = grievance["id"]
    conversation = at(f"/conversations/{grievance['id']}")
    done(await officer.post(f"{conversation}/messages", json={"text": said("Thank you.")}))
    done(await officer.post(at(f"/detriments/{detriment}/answers"), json={"text": said("We stopped that.")}))
    assessment = {"risk": "high", "measures": say("Another rota.")}
    done(await officer.post(at(f"/detriments/{detriment}/assessments"), json=assessment))
