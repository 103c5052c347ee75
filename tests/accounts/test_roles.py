"""What an account is for changes at once, only on the version that was read; one administrator always remains."""

import asyncio
from types import SimpleNamespace
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select

from app.accounts import service as accounts
from app.accounts.models import Account, Organisation, RoleGrant
from app.kernel.sealed import OpenKeys, open_keys
from app.policy.actors import Role
from tests.builders.accounts import an_account, another_administrator, events, problem_of, put_roles
from tests.conftest import Service


async def test_roles_take_effect_at_once_and_ended_ones_stay_known(service: Service, actors: SimpleNamespace) -> None:
    hr = actors.hr
    changed = await put_roles(actors.administrator, hr.account_id, "auditor", "staff")
    assert (changed.status_code, changed.json()["roles"]) == (200, ["auditor", "staff"])
    assert (await hr.get("/v1/me")).json()["roles"] == ["auditor", "staff"]

    async with service.runtime.database.session(write=False) as session:
        statement = select(RoleGrant.role, RoleGrant.ended_on).where(RoleGrant.account_id == hr.account_id)
        grants = {row.role: row.ended_on for row in (await session.execute(statement)).all()}
    assert grants.keys() == {"hr", "auditor", "staff"}
    assert [role for role, ended_on in grants.items() if ended_on is not None] == ["hr"]


async def test_a_role_can_be_taken_back_and_given_again(actors: SimpleNamespace) -> None:
    for roles in (["staff"], ["hr"], ["staff"], ["hr"]):
        assert (await put_roles(actors.administrator, actors.hr.account_id, *roles)).status_code == 200
    assert (await actors.hr.get("/v1/me")).json()["roles"] == ["hr"]


async def test_roles_are_changed_only_on_the_version_that_was_read(actors: SimpleNamespace) -> None:
    path = f"/v1/accounts/{actors.hr.account_id}"
    tag = {"If-Match": (await actors.administrator.get(path)).headers["ETag"]}
    body = {"roles": ["staff"]}
    missing = await actors.administrator.put(f"{path}/roles", json=body)
    assert problem_of(missing) == (428, "precondition-required")
    first = await actors.administrator.put(f"{path}/roles", json=body, headers=tag)
    second = await actors.administrator.put(f"{path}/roles", json={"roles": ["panel"]}, headers=tag)
    assert first.status_code == 200
    assert problem_of(second) == (412, "precondition-failed")
    assert (await actors.hr.get("/v1/me")).json()["roles"] == ["staff"]

    for method in ("POST", "DELETE"):
        stale = await actors.administrator.request(method, f"{path}/suspension", headers=tag)
        assert problem_of(stale) == (412, "precondition-failed")


async def test_two_changes_of_the_same_version_at_once_do_not_both_happen(actors: SimpleNamespace) -> None:
    path = f"/v1/accounts/{actors.hr.account_id}"
    tag = {"If-Match": (await actors.administrator.get(path)).headers["ETag"]}
    answers = await asyncio.gather(
        *(
            actors.administrator.put(f"{path}/roles", json={"roles": [role]}, headers=tag)
            for role in ("staff", "panel", "leadership")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]


async def test_giving_the_same_roles_again_changes_nothing(service: Service, actors: SimpleNamespace) -> None:
    before = await events(service)
    same = await put_roles(actors.administrator, actors.hr.account_id, "hr")
    assert (same.status_code, same.json()["roles"]) == (200, ["hr"])
    assert await events(service) == before


async def test_the_last_administrator_stays_one(actors: SimpleNamespace) -> None:
    only = actors.administrator
    suspension = f"/v1/accounts/{only.account_id}/suspension"
    await an_account(only, "not.yet.active", "administrator")  # who may never come
    assert problem_of(await put_roles(only, only.account_id, "staff")) == (409, "last-administrator")
    assert problem_of(await only.post(suspension)) == (409, "last-administrator")
    assert (await put_roles(only, only.account_id, "staff", "administrator")).status_code == 200


async def test_an_administrator_may_go_while_another_is_active(
    actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    second = await another_administrator(actors.administrator, anonymous)
    assert (await put_roles(anonymous, actors.administrator.account_id, "staff")).status_code == 200
    assert (await actors.administrator.get("/v1/accounts")).status_code == 404
    assert problem_of(await put_roles(anonymous, second, "staff")) == (409, "last-administrator")


async def test_an_invited_administrator_can_be_taken_back(actors: SimpleNamespace) -> None:
    invited = await an_account(actors.administrator, "not.yet.active", "administrator")
    assert (await put_roles(actors.administrator, invited["id"], "staff")).status_code == 200


@pytest.mark.parametrize("attempt", range(3))
async def test_two_administrators_who_remove_each_other_at_once_leave_one(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, attempt: int
) -> None:
    first = actors.administrator
    second = await another_administrator(first, anonymous)
    tag = {"If-Match": (await first.get(f"/v1/accounts/{second}")).headers["ETag"]}
    other_tag = {"If-Match": (await first.get(f"/v1/accounts/{first.account_id}")).headers["ETag"]}
    answers = await asyncio.gather(
        first.put(f"/v1/accounts/{second}/roles", json={"roles": ["staff"]}, headers=tag),
        anonymous.put(f"/v1/accounts/{first.account_id}/roles", json={"roles": ["staff"]}, headers=other_tag),
        first.post(f"/v1/accounts/{second}/suspension"),
        anonymous.post(f"/v1/accounts/{first.account_id}/suspension"),
    )
    assert {answer.status_code for answer in answers} <= {200, 401, 404, 409, 412}
    async with service.runtime.database.session(write=False) as session:
        statement = (
            select(func.count())
            .select_from(RoleGrant)
            .join(Account, (Account.id == RoleGrant.account_id) & (Account.state == "active"))
            .where(RoleGrant.role == Role.ADMINISTRATOR, RoleGrant.ended_on.is_(None))
        )
        assert (await session.execute(statement)).scalar_one() == 1


async def test_only_active_holders_of_the_role_have_a_key_to_grant_to(
    service: Service, actors: SimpleNamespace
) -> None:
    invited = await an_account(actors.administrator)
    await actors.administrator.post(f"/v1/accounts/{actors.other_investigator.account_id}/suspension")
    asked = [
        UUID(invited["id"]),
        actors.hr.account_id,
        actors.investigator.account_id,
        actors.other_investigator.account_id,
        uuid4(),
    ]
    token = open_keys.set(OpenKeys(service.runtime.keys))
    async with service.runtime.database.session(write=False) as session:
        organisation_id = (await session.execute(select(Organisation.id))).scalar_one()
        keys = await accounts.public_keys(session, organisation_id, asked, Role.INVESTIGATOR)
        elsewhere = await accounts.public_keys(session, uuid4(), asked, Role.INVESTIGATOR)
    open_keys.reset(token)
    assert keys.keys() == {actors.investigator.account_id}
    assert len(keys[actors.investigator.account_id]) == 1216
    assert elsewhere == {}
