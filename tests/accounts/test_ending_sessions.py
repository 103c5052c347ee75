"""A session that somebody ended is nothing from the next request on: neither its tokens nor its unlock secret."""

from types import SimpleNamespace

import httpx

from tests.builders import cases
from tests.builders.accounts import events, problem_of, signed_in
from tests.conftest import Actor, Service


async def listed(actor: httpx.AsyncClient) -> list[dict[str, object]]:
    """Return one's sessions."""
    answer = await actor.get("/v1/me/sessions")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["items"]
    return found


async def test_one_sees_one_s_own_sessions_and_which_of_them_asks(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    hr: Actor = actors.hr
    before = await listed(hr)
    await signed_in(anonymous, hr.username, hr.password, hr.totp_secret)
    after = await listed(anonymous)
    assert len(after) == len(before) + 1
    assert [one["is_current"] for one in before] == [True]
    assert sorted(bool(one["is_current"]) for one in after) == [False, True]
    assert {one["is_unlocked"] for one in after} == {True}


async def test_a_session_that_was_ended_from_another_opens_nothing_from_the_next_request_on(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    case, investigator = await cases.an_investigation(service), actors.investigator
    tokens = await signed_in(anonymous, investigator.username, investigator.password, investigator.totp_secret)
    assert (await anonymous.get(case.url)).status_code == 200
    (other,) = [one for one in await listed(investigator) if not one["is_current"]]
    assert (await investigator.delete(f"/v1/me/sessions/{other['id']}")).status_code == 204

    assert (await anonymous.get(case.url)).status_code == 401
    refreshed = await anonymous.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert problem_of(refreshed) == (401, "sign-in-refused")
    of_the_other = {"X-Unlock": tokens["unlock_secret"]}
    assert (await investigator.get(case.url, headers=of_the_other)).status_code == 423
    assert (await investigator.get(case.url)).status_code == 200
    assert (await events(service))[-1] == "session.ended"


async def test_nobody_ends_a_session_of_somebody_else_by_its_id(service: Service, actors: SimpleNamespace) -> None:
    (session,) = await listed(actors.hr)
    before = await events(service)
    assert (await actors.staff.delete(f"/v1/me/sessions/{session['id']}")).status_code == 204
    assert await events(service) == before
    assert (await actors.hr.get("/v1/me")).status_code == 200


async def test_ending_one_s_own_session_is_signing_out(actors: SimpleNamespace) -> None:
    (session,) = await listed(actors.hr)
    assert (await actors.hr.delete(f"/v1/me/sessions/{session['id']}")).status_code == 204
    assert (await actors.hr.get("/v1/me")).status_code == 401


async def test_an_administrator_ends_all_sessions_of_an_account_and_of_no_other(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    case, investigator = await cases.an_investigation(service), actors.investigator
    await signed_in(anonymous, investigator.username, investigator.password, investigator.totp_secret)
    path = f"/v1/accounts/{investigator.account_id}/sessions"
    assert (await actors.administrator.delete(path)).status_code == 204
    for client in (investigator, anonymous):
        assert (await client.get(case.url)).status_code == 401
    assert (await actors.case_officer.get(case.url)).status_code == 200
    assert (await events(service))[-1] == "account.sessions_ended"


async def test_only_administrators_end_the_sessions_of_others(actors: SimpleNamespace) -> None:
    path = f"/v1/accounts/{actors.staff.account_id}/sessions"
    assert (await actors.case_officer.delete(path)).status_code == 404
    unknown = "/v1/accounts/0197a000-0000-7000-8000-000000000001/sessions"
    assert problem_of(await actors.administrator.delete(unknown)) == (404, "not-found")
    assert (await actors.staff.get("/v1/me")).status_code == 200
