"""A vault passphrase opens, and the password only signs in: whoever can sign in for somebody cannot read for them."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from app.accounts.models import Account, Session
from app.audit.verify import verify
from app.kernel.db import table_of
from tests.builders import cases
from tests.builders.accounts import as_session, code_of, events, problem_of, signed_in, try_to_sign_in
from tests.builders.cases import OpenFile
from tests.conftest import Actor, Clock, Service

PASSPHRASE = "seven kites above the quay"
OTHER = "a lantern under the stairs"
ACCOUNTS, SESSIONS = table_of(Account), table_of(Session)


def draft(actor: Actor, passphrase: str = PASSPHRASE) -> dict[str, str]:
    """Return the body that sets a passphrase."""
    return {"current_password": actor.password, "passphrase": passphrase}


@pytest.fixture
async def case(service: Service) -> OpenFile:
    """A case that the investigator works."""
    return await cases.an_investigation(service)


@pytest.fixture
async def owner(actors: SimpleNamespace, case: OpenFile, clock: Clock) -> Actor:
    """The investigator, who has set a passphrase; the next code of their second factor is good."""
    investigator: Actor = actors.investigator
    assert (await investigator.put("/v1/me/vault-passphrase", json=draft(investigator))).status_code == 204
    clock.advance(timedelta(minutes=1))
    return investigator


async def a_session(client: httpx.AsyncClient, owner: Actor) -> dict[str, Any]:
    """Return the tokens of a new session, which the client uses from now on."""
    return await signed_in(client, owner.username, owner.password, owner.totp_secret)


async def unlocked(client: httpx.AsyncClient, passphrase: str = PASSPHRASE) -> httpx.Response:
    """Return the answer to giving the passphrase; the client uses the unlock secret, if there is one."""
    answer = await client.post("/v1/auth/unlock", json={"passphrase": passphrase})
    if answer.status_code == 200:
        client.headers["X-Unlock"] = answer.json()["unlock_secret"]
    return answer


async def row_of(service: Service, owner: Actor) -> dict[str, Any]:
    """Return every column of the account, as whoever reads the database has it."""
    async with service.runtime.database.session(write=False) as session:
        found = await session.execute(select(ACCOUNTS).where(ACCOUNTS.c.id == owner.account_id))
        return dict(found.mappings().one())


async def alter(service: Service, owner: Actor, **values: Any) -> None:  # noqa: ANN401 columns
    """The account's row has those values, written by somebody with the database's password."""
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == owner.account_id).values(**values))


async def test_signing_in_opens_nothing_until_the_passphrase_is_given(
    owner: Actor, anonymous: httpx.AsyncClient, case: OpenFile
) -> None:
    tokens = await a_session(anonymous, owner)
    assert tokens["unlock_secret"] is None
    assert (await anonymous.get("/v1/me")).status_code == 200
    assert problem_of(await anonymous.get(case.url)) == (423, "locked")
    earlier = {"X-Unlock": owner.headers["X-Unlock"]}
    assert problem_of(await anonymous.get(case.url, headers=earlier)) == (423, "locked")

    assert (await unlocked(anonymous)).status_code == 200
    assert (await anonymous.get(case.url)).status_code == 200


async def test_a_wrong_passphrase_opens_nothing_and_the_password_is_a_wrong_one(
    owner: Actor, anonymous: httpx.AsyncClient, case: OpenFile
) -> None:
    await a_session(anonymous, owner)
    for wrong in (owner.password, OTHER, PASSPHRASE.upper()):
        refused = await unlocked(anonymous, wrong)
        assert problem_of(refused) == (403, "vault-passphrase-wrong")
        assert wrong not in refused.text
    assert problem_of(await anonymous.get(case.url)) == (423, "locked")


async def test_a_session_that_was_not_unlocked_earns_no_further_tokens_until_it_is(
    owner: Actor, anonymous: httpx.AsyncClient
) -> None:
    tokens = await a_session(anonymous, owner)
    body = {"refresh_token": tokens["refresh_token"]}
    assert problem_of(await anonymous.post("/v1/auth/refresh", json=body)) == (423, "locked")
    assert (await unlocked(anonymous)).status_code == 200
    following = await anonymous.post("/v1/auth/refresh", json=body)
    assert following.status_code == 200
    assert (await as_session(anonymous, following.json()).get("/v1/me")).status_code == 200


async def test_unlocking_again_makes_the_earlier_unlock_secret_void(
    owner: Actor, anonymous: httpx.AsyncClient, case: OpenFile
) -> None:
    await a_session(anonymous, owner)
    first = (await unlocked(anonymous)).json()["unlock_secret"]
    await unlocked(anonymous)
    assert (await anonymous.get(case.url, headers={"X-Unlock": first})).status_code == 423
    assert (await anonymous.get(case.url)).status_code == 200


async def test_setting_it_ends_the_other_sessions_and_keeps_the_key_pair(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    hr: Actor = actors.hr
    await a_session(anonymous, hr)
    before = await row_of(service, hr)
    assert (await hr.put("/v1/me/vault-passphrase", json=draft(hr))).status_code == 204
    after = await row_of(service, hr)
    assert (await anonymous.get("/v1/me")).status_code == 401
    assert (await hr.get("/v1/me")).status_code == 200
    assert before["public_key"] == after["public_key"]
    assert before["wrapped_seed"] != after["wrapped_seed"]
    assert PASSPHRASE.encode() not in b"".join(value for value in after.values() if isinstance(value, bytes))


async def test_a_change_of_the_password_does_not_touch_the_key_pair(
    service: Service, owner: Actor, anonymous: httpx.AsyncClient, case: OpenFile
) -> None:
    before = await row_of(service, owner)
    change = {"current_password": owner.password, "new_password": OTHER}
    assert (await owner.put("/v1/me/password", json=change)).status_code == 204
    after = await row_of(service, owner)
    assert before["wrapped_seed"] == after["wrapped_seed"]
    assert before["password_verifier"] != after["password_verifier"]
    await signed_in(anonymous, owner.username, OTHER, owner.totp_secret)
    assert (await unlocked(anonymous)).status_code == 200
    assert (await anonymous.get(case.url)).status_code == 200


async def test_a_sign_in_whose_settings_became_dearer_does_not_touch_the_key_pair(
    service: Service, owner: Actor, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await row_of(service, owner)
    monkeypatch.setitem(vars(service.runtime.settings), "password_iterations", 3)
    await a_session(anonymous, owner)
    after = await row_of(service, owner)
    assert (after["password_iterations"], after["vault_iterations"]) == (3, 2)
    assert before["wrapped_seed"] == after["wrapped_seed"]
    assert (await unlocked(anonymous)).status_code == 200


async def test_it_can_be_replaced_and_removed_by_a_session_that_opens(
    owner: Actor, anonymous: httpx.AsyncClient, case: OpenFile
) -> None:
    assert (await owner.put("/v1/me/vault-passphrase", json=draft(owner, OTHER))).status_code == 204
    await a_session(anonymous, owner)
    assert problem_of(await unlocked(anonymous)) == (403, "vault-passphrase-wrong")
    removal = {"current_password": owner.password}
    assert problem_of(await anonymous.post("/v1/me/vault-passphrase/removal", json=removal)) == (423, "locked")
    assert problem_of(await anonymous.put("/v1/me/vault-passphrase", json=draft(owner))) == (423, "locked")
    assert (await unlocked(anonymous, OTHER)).status_code == 200
    assert (await anonymous.post("/v1/me/vault-passphrase/removal", json=removal)).status_code == 204
    assert problem_of(await unlocked(anonymous, OTHER)) == (409, "no-vault-passphrase")
    assert (await anonymous.get(case.url)).status_code == 200


async def test_once_removed_the_password_opens_again(
    owner: Actor, anonymous: httpx.AsyncClient, case: OpenFile
) -> None:
    removal = {"current_password": owner.password}
    assert (await owner.post("/v1/me/vault-passphrase/removal", json=removal)).status_code == 204
    again = await owner.post("/v1/me/vault-passphrase/removal", json=removal)
    assert problem_of(again) == (409, "no-vault-passphrase")
    assert (await a_session(anonymous, owner))["unlock_secret"] is not None
    assert (await anonymous.get(case.url)).status_code == 200


@pytest.mark.parametrize("bad", ["password1234", "staff staff staff", "too short"])
async def test_a_passphrase_is_as_good_as_a_password_must_be(actors: SimpleNamespace, bad: str) -> None:
    refused = await actors.staff.put("/v1/me/vault-passphrase", json=draft(actors.staff, bad))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/passphrase")
    assert bad not in refused.text


async def test_a_passphrase_is_not_the_password_and_needs_the_current_one(
    service: Service, actors: SimpleNamespace
) -> None:
    staff: Actor = actors.staff
    before = await row_of(service, staff)
    same = await staff.put("/v1/me/vault-passphrase", json=draft(staff, staff.password))
    assert (same.status_code, same.json()["errors"][0]["pointer"]) == (422, "/passphrase")
    wrong = {"current_password": "not the password", "passphrase": PASSPHRASE}
    refused = await staff.put("/v1/me/vault-passphrase", json=wrong)
    assert problem_of(refused) == (403, "current-password-wrong")
    assert await row_of(service, staff) == before


async def test_without_a_passphrase_there_is_nothing_to_unlock_by_it(actors: SimpleNamespace) -> None:
    assert problem_of(await unlocked(actors.staff)) == (409, "no-vault-passphrase")


@pytest.mark.parametrize(
    "change",
    [
        {"vault_salt": None, "vault_memory_kib": None, "vault_iterations": None},
        {"vault_iterations": 3},
        {"vault_memory_kib": None},
        {"vault_salt": bytes(16)},
    ],
)
async def test_a_passphrase_that_was_altered_in_the_database_signs_nobody_in(
    service: Service, owner: Actor, anonymous: httpx.AsyncClient, change: dict[str, Any]
) -> None:
    await alter(service, owner, **change)
    answer = await try_to_sign_in(anonymous, owner.username, owner.password, code_of(owner.totp_secret))
    assert problem_of(answer) == (401, "sign-in-refused")
    assert (await unlocked(owner)).status_code == 401


async def test_a_passphrase_that_somebody_wrote_into_the_database_signs_nobody_in(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    hr: Actor = actors.hr
    await alter(service, hr, vault_salt=bytes(16), vault_memory_kib=19_456, vault_iterations=2)
    answer = await try_to_sign_in(anonymous, hr.username, hr.password, code_of(hr.totp_secret))
    assert problem_of(answer) == (401, "sign-in-refused")


async def test_a_session_whose_seed_was_taken_away_in_the_database_earns_no_tokens(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    tokens = await a_session(anonymous, actors.hr)
    async with service.runtime.database.session(write=True) as session:
        mine = SESSIONS.c.account_id == actors.hr.account_id
        await session.execute(update(SESSIONS).where(mine).values(sealed_seed=None))
    body = {"refresh_token": tokens["refresh_token"]}
    assert problem_of(await anonymous.post("/v1/auth/refresh", json=body)) == (423, "locked")


async def test_two_settings_at_once_leave_one_passphrase_that_opens(owner: Actor, anonymous: httpx.AsyncClient) -> None:
    both = (PASSPHRASE, OTHER)
    answers = await asyncio.gather(
        *(owner.put("/v1/me/vault-passphrase", json=draft(owner, passphrase)) for passphrase in both)
    )
    assert {answer.status_code for answer in answers} == {204}
    await a_session(anonymous, owner)
    assert sorted([(await unlocked(anonymous, passphrase)).status_code for passphrase in both]) == [200, 403]


async def test_every_act_is_in_the_log_and_every_row_is_as_the_log_says(
    service: Service, owner: Actor, anonymous: httpx.AsyncClient
) -> None:
    await a_session(anonymous, owner)
    await unlocked(anonymous)
    await anonymous.post("/v1/me/vault-passphrase/removal", json={"current_password": owner.password})
    assert [name for name in await events(service) if "vault" in name or "unlock" in name] == [
        "vault_passphrase.set",
        "session.unlocked",
        "vault_passphrase.removed",
    ]
    async with service.runtime.database.session(write=False) as session:
        assert (await verify(session, service.runtime.keys)).faults == []
