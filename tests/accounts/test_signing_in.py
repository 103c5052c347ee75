"""Signing in takes the right username, password and a fresh code; every refusal looks the same and costs the same."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.accounts.models import Account
from app.audit.verify import verify
from app.crypto import passwords as argon2
from app.crypto import proof_of_work
from app.main import create_app
from tests.builders.accounts import (
    PASSWORD,
    activated,
    an_account,
    code_of,
    signed_in,
    try_to_sign_in,
    wrong_code_of,
)
from tests.conftest import Clock, Service

GOOD_LATER = timedelta(seconds=60)


async def state_of(administrator: httpx.AsyncClient, account: dict[str, Any]) -> str:
    answer = await administrator.get(f"/v1/accounts/{account['id']}")
    return str(answer.json()["state"])


async def try_to_activate(
    client: httpx.AsyncClient, invited: dict[str, Any], password: str = PASSWORD
) -> httpx.Response:
    body = {"username": invited["username"], "one_time_password": invited["one_time_password"], "password": password}
    return await client.post("/v1/auth/activation", json=body)


async def test_an_invited_person_chooses_a_password_and_signs_in_with_a_code(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    invited = await an_account(actors.administrator)
    assert await state_of(actors.administrator, invited) == "invited"

    answer = await try_to_activate(anonymous, invited)
    assert answer.status_code == 200
    secret = answer.json()["totp_secret"]
    assert answer.json()["totp_uri"].startswith("otpauth://totp/Candour:d.okafor?")
    assert secret in answer.json()["totp_uri"]
    assert await state_of(actors.administrator, invited) == "enrolling"

    tokens = (await try_to_sign_in(anonymous, "d.okafor", PASSWORD, code_of(secret))).json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 600)
    assert await state_of(actors.administrator, invited) == "active"

    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    me = (await anonymous.get("/v1/me", headers=headers)).json()
    assert (me["id"], me["roles"]) == (invited["id"], ["investigator"])


async def test_capitals_of_a_username_do_not_matter(actors: SimpleNamespace, anonymous: httpx.AsyncClient) -> None:
    invited = await an_account(actors.administrator, "D.Okafor")
    await signed_in(anonymous, "d.OKAFOR", PASSWORD, await activated(anonymous, invited))


async def test_the_first_sign_in_burns_the_one_time_password(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    invited = await an_account(actors.administrator)
    secret = await activated(anonymous, invited)
    await signed_in(anonymous, "d.okafor", PASSWORD, secret)

    refused = await try_to_activate(anonymous, invited, "another good long passphrase")
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (401, "sign-in-refused")
    clock.advance(GOOD_LATER)
    await signed_in(anonymous, "d.okafor", PASSWORD, secret)


async def test_until_the_first_sign_in_a_lost_second_factor_can_be_made_again(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    invited = await an_account(actors.administrator)
    lost = await activated(anonymous, invited)
    secret = await activated(anonymous, invited, "nine herons on a wet roof")
    assert secret != lost

    for password, of in ((PASSWORD, lost), (PASSWORD, secret), ("nine herons on a wet roof", lost)):
        assert (await try_to_sign_in(anonymous, "d.okafor", password, code_of(of))).status_code == 401
    await signed_in(anonymous, "d.okafor", "nine herons on a wet roof", secret)


@pytest.mark.parametrize(("days", "status"), [(7, 200), (8, 401)])
async def test_an_invitation_is_good_until_its_last_day(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock, days: int, status: int
) -> None:
    invited = await an_account(actors.administrator)
    clock.advance(timedelta(days=days))
    assert (await try_to_activate(anonymous, invited)).status_code == status


@pytest.mark.parametrize("username", ["d.okafor", "nobody"])
@pytest.mark.parametrize("password", ["password1234", "aaaaaaaaaaaaaaaa", "{username} likes tea"])
async def test_a_bad_password_is_refused_alike_for_a_username_that_does_not_exist(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, username: str, password: str
) -> None:
    invited = await an_account(actors.administrator)
    password = password.format(username=username)
    refused = await try_to_activate(anonymous, {**invited, "username": username}, password)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/password")
    assert password not in refused.text


async def test_every_refusal_to_sign_in_looks_the_same(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    invited = await an_account(actors.administrator)
    enrolling = await an_account(actors.administrator, "e.nrolling")
    await activated(anonymous, enrolling)
    hr, staff = actors.hr, actors.staff
    clock.advance(timedelta(minutes=1))
    used = code_of(staff.totp_secret)
    await signed_in(anonymous, staff.username, staff.password, staff.totp_secret)
    suspended = await actors.administrator.post(f"/v1/accounts/{actors.panel.account_id}/suspension")
    assert suspended.status_code == 200

    refusals = [
        await try_to_sign_in(anonymous, "nobody", PASSWORD, "123456"),
        await try_to_sign_in(anonymous, invited["username"], PASSWORD, "123456"),
        await try_to_sign_in(anonymous, invited["username"], invited["one_time_password"], "123456"),
        await try_to_sign_in(anonymous, enrolling["username"], "not the password", "123456"),
        await try_to_sign_in(anonymous, hr.username, "not the password", code_of(hr.totp_secret)),
        await try_to_sign_in(anonymous, hr.username, hr.password, wrong_code_of(hr.totp_secret)),
        await try_to_sign_in(anonymous, staff.username, staff.password, used),
        await try_to_sign_in(anonymous, "panel", actors.panel.password, code_of(actors.panel.totp_secret)),
        await try_to_activate(anonymous, {**invited, "username": "nobody"}),
        await try_to_activate(anonymous, {**invited, "one_time_password": "AAAAA-AAAAA-AAAAA-AAAAA"}),
        await try_to_activate(anonymous, {**invited, "username": "hr"}),
        await try_to_activate(anonymous, {**invited, "username": "panel"}),
    ]
    assert {(refusal.status_code, refusal.content) for refusal in refusals} == {(401, refusals[0].content)}
    assert len({tuple(sorted(refusal.headers)) for refusal in refusals}) == 1
    assert refusals[0].json()["type"].endswith("/problems/sign-in-refused")


async def test_an_unknown_username_costs_the_same_stretching(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs: list[tuple[int, int]] = []
    stretch = argon2.stretch

    def watched(password: str, salt: bytes, memory_kib: int, iterations: int) -> bytes:
        costs.append((memory_kib, iterations))
        return stretch(password, salt, memory_kib, iterations)

    monkeypatch.setattr(argon2, "stretch", watched)
    invited = await an_account(actors.administrator)
    for username in ("hr", "nobody", invited["username"]):
        assert (await try_to_sign_in(anonymous, username, "not the password", "123456")).status_code == 401
    for username in (invited["username"], "nobody", "hr"):
        body = {**invited, "username": username, "one_time_password": "AAAAA-AAAAA-AAAAA-AAAAA"}
        assert (await try_to_activate(anonymous, body)).status_code == 401
    assert len(costs) == 6
    assert len(set(costs)) == 1


async def test_settings_that_became_dearer_are_those_of_an_account_from_its_next_sign_in(
    service: Service,
    actors: SimpleNamespace,
    anonymous: httpx.AsyncClient,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hr = actors.hr
    monkeypatch.setitem(vars(service.runtime.settings), "password_iterations", 3)
    for _ in range(2):
        clock.advance(GOOD_LATER)
        await signed_in(anonymous, hr.username, hr.password, hr.totp_secret)
        async with service.runtime.database.session(write=False) as session:
            account = (await session.execute(select(Account).where(Account.id == hr.account_id))).scalar_one()
            assert account.password_iterations == 3
            assert (await verify(session, service.runtime.keys)).faults == []


async def test_a_code_works_once(actors: SimpleNamespace, anonymous: httpx.AsyncClient) -> None:
    hr = actors.hr
    code = code_of(hr.totp_secret)
    answers = [await try_to_sign_in(anonymous, hr.username, hr.password, code) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 401]


async def test_a_code_works_once_when_it_comes_several_times_at_once(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    hr = actors.hr
    code = code_of(hr.totp_secret)
    answers = await asyncio.gather(*(try_to_sign_in(anonymous, hr.username, hr.password, code) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


async def test_five_wrong_codes_after_the_right_password_pause_the_second_factor(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    hr = actors.hr
    for _ in range(5):
        wrong = await try_to_sign_in(anonymous, hr.username, hr.password, wrong_code_of(hr.totp_secret))
        assert wrong.status_code == 401
        clock.advance(timedelta(minutes=2))
    paused = await try_to_sign_in(anonymous, hr.username, hr.password, code_of(hr.totp_secret))
    assert (paused.status_code, paused.headers["Retry-After"]) == (429, "900")
    assert paused.json()["type"].endswith("/problems/second-factor-paused")

    unknown = await try_to_sign_in(anonymous, hr.username, "not the password", code_of(hr.totp_secret))
    assert unknown.status_code == 401

    clock.advance(timedelta(minutes=13))
    await signed_in(anonymous, hr.username, hr.password, hr.totp_secret)


async def test_wrong_codes_at_once_are_all_counted(actors: SimpleNamespace, anonymous: httpx.AsyncClient) -> None:
    hr = actors.hr
    wrong = wrong_code_of(hr.totp_secret)
    answers = await asyncio.gather(*(try_to_sign_in(anonymous, hr.username, hr.password, wrong) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 3


async def test_wrong_codes_with_a_good_one_between_them_do_not_add_up(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    hr = actors.hr
    for _ in range(3):
        for _ in range(4):
            wrong = await try_to_sign_in(anonymous, hr.username, hr.password, wrong_code_of(hr.totp_secret))
            assert wrong.status_code == 401
        clock.advance(GOOD_LATER)
        await signed_in(anonymous, hr.username, hr.password, hr.totp_secret)


async def test_wrong_codes_of_long_ago_do_not_count(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    hr = actors.hr
    for pause in (timedelta(minutes=15), timedelta(minutes=1)):
        for _ in range(4):
            await try_to_sign_in(anonymous, hr.username, hr.password, wrong_code_of(hr.totp_secret))
        clock.advance(pause)
    await signed_in(anonymous, hr.username, hr.password, hr.totp_secret)


async def test_nobody_without_the_password_can_lock_an_account(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    hr = actors.hr
    for _ in range(7):
        refused = await try_to_sign_in(anonymous, hr.username, "not the password", wrong_code_of(hr.totp_secret))
        assert refused.status_code == 401
    await signed_in(anonymous, hr.username, hr.password, hr.totp_secret)


async def test_a_thousand_wrong_passwords_at_once_keep_the_right_one_out_of_nothing(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    """While they come, who brings a proof of work signs in; afterwards anybody does. No account and no address is locked."""
    hr = actors.hr
    wrong = {"username": hr.username, "password": "not the password", "totp_code": "000000"}
    right = {"username": hr.username, "password": hr.password, "totp_code": code_of(hr.totp_secret)}
    settings = service.runtime.settings.model_copy(update={"slow_lane_per_minute": 2, "proof_of_work_tries": 100})
    app = create_app(settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000") as anybody:
        challenge = (await anybody.get("/v1/proof-of-work")).json()
        proof = {"Proof-Of-Work": proof_of_work.solve(challenge, lambda _: None)}
        flood = [asyncio.create_task(anybody.post("/v1/auth/token", json=wrong)) for _ in range(1_000)]
        await asyncio.sleep(0)
        during = await anybody.post("/v1/auth/token", json=right, headers=proof)
        statuses = {(await one).status_code for one in flood}
    await app.state.runtime.close()
    assert during.status_code == 200, during.text
    assert statuses == {401, 428}
    clock.advance(GOOD_LATER)
    await signed_in(anonymous, hr.username, hr.password, hr.totp_secret)


async def test_no_password_is_stretched_while_the_database_waits(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    invited = await an_account(actors.administrator)
    may_go_on, is_stretching = threading.Event(), threading.Event()
    stretch = argon2.stretch

    def held(password: str, salt: bytes, memory_kib: int, iterations: int) -> bytes:
        is_stretching.set()
        assert may_go_on.wait(10)
        return stretch(password, salt, memory_kib, iterations)

    monkeypatch.setattr(argon2, "stretch", held)
    change = {"current_password": actors.staff.password, "new_password": PASSWORD}
    hr = actors.hr
    attempts: tuple[Callable[[], Awaitable[httpx.Response]], ...] = (
        lambda: try_to_sign_in(anonymous, hr.username, hr.password, code_of(hr.totp_secret)),
        lambda: try_to_activate(anonymous, invited),
        lambda: actors.staff.put("/v1/me/password", json=change),
    )
    for number, attempt in enumerate(attempts):
        may_go_on.clear()
        is_stretching.clear()
        waiting = asyncio.ensure_future(attempt())
        await asyncio.to_thread(is_stretching.wait, 10)
        await asyncio.wait_for(an_account(actors.administrator, f"meanwhile.{number}"), 5)
        may_go_on.set()
        assert (await waiting).status_code in {200, 204}


async def test_a_sign_in_with_a_password_that_is_changed_meanwhile_is_refused(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    hr = actors.hr
    may_go_on, is_stretching = threading.Event(), threading.Event()
    stretch = argon2.stretch

    def first_held(password: str, salt: bytes, memory_kib: int, iterations: int) -> bytes:
        if not is_stretching.is_set():
            is_stretching.set()
            assert may_go_on.wait(10)
        return stretch(password, salt, memory_kib, iterations)

    monkeypatch.setattr(argon2, "stretch", first_held)
    attempt = try_to_sign_in(anonymous, hr.username, hr.password, code_of(hr.totp_secret))
    waiting = asyncio.ensure_future(attempt)
    await asyncio.to_thread(is_stretching.wait, 10)
    change = {"current_password": hr.password, "new_password": PASSWORD}
    assert (await hr.put("/v1/me/password", json=change)).status_code == 204
    may_go_on.set()
    assert (await waiting).status_code == 401
    await signed_in(anonymous, hr.username, PASSWORD, hr.totp_secret)


async def test_a_full_queue_is_told_so(
    service: Service, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.runtime.signing_in, "_most", 0)
    busy = await try_to_sign_in(anonymous, "hr", PASSWORD, "123456")
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", ""),
        ("username", "with blanks"),
        ("username", "x" * 101),
        ("username", "nul\x00"),
        ("password", ""),
        ("password", "canary" * 50),
        ("totp_code", "12345"),
        ("totp_code", "1234567"),
        ("totp_code", "\uff11\uff12\uff13\uff14\uff15\uff16"),
        ("unknown", "canary"),
    ],
)
async def test_what_breaks_the_format_is_refused_without_repeating_it(
    anonymous: httpx.AsyncClient, field: str, value: str
) -> None:
    body = {"username": "hr", "password": "canary", "totp_code": "123456", field: value}
    refused = await anonymous.post("/v1/auth/token", json=body)
    assert refused.status_code == 422
    assert "canary" not in refused.text
    assert "unknown" not in refused.text


async def test_the_database_holds_neither_name_nor_password_nor_second_factor_in_clear(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    invited = await an_account(actors.administrator, "findable.username")
    secret = await activated(anonymous, invited)
    async with service.runtime.database.session(write=False) as session:
        row = (await session.execute(select(Account.__table__).where(Account.__table__.c.totp_last_step == 0))).all()
    stored = b"".join(value for one in row for value in one if isinstance(value, bytes))
    for clear in ("findable.username", "Dora Okafor", PASSWORD, invited["one_time_password"], secret):
        assert stored
        assert clear.encode() not in stored
