"""A custodian whom the case concerns in any other part takes no part in an opening, and behind a wall there is none."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from app.crypto import signing
from app.vault.opening_models import OpeningAnswer
from tests.builders.accounts import put_roles
from tests.builders.manifests import CustodianSide, put_in_force
from tests.builders.openings import Ceremony, problem
from tests.conftest import Actor, Clock


async def wall(ceremony: Ceremony, *barred: Actor) -> None:
    """Bar accounts from the case: so is whoever is accused in it."""
    for actor in barred:
        body = {"account_id": str(actor.account_id), "reason": "Is accused in the grievance."}
        answer = await ceremony.actors.case_officer.post(f"{ceremony.url}/walls", json=body)
        assert answer.status_code == 201, answer.text


async def test_a_custodian_behind_a_wall_is_not_asked_and_finds_nothing(ceremony: Ceremony) -> None:
    barred, *others = ceremony.custodians
    await wall(ceremony, barred.actor)
    asking = await ceremony.asked()
    assert await barred.list() == []
    path = f"/v1/openings/{asking.request.id}"
    nowhere = await barred.actor.get("/v1/openings/019cabd8-3800-7ec2-8dd3-8c1f0f9a2b11")
    hidden = await barred.actor.get(path)
    assert (hidden.status_code, hidden.content) == (nowhere.status_code, nowhere.content) == (404, hidden.content)
    for custodian in others:
        assert (await custodian.approve(asking.request.id)).status_code == 201


async def test_a_wall_that_is_raised_meanwhile_takes_the_answer_and_the_approval_back(
    ceremony: Ceremony, clock: Clock
) -> None:
    asking = await ceremony.asked()
    first, _, third = ceremony.custodians
    body = third.approval(await third.read(asking.request.id))
    await ceremony.approved(asking, by=2)
    await wall(ceremony, first.actor, third.actor)
    assert problem(await third.send_approval(asking.request.id, body)) == "not-found"
    assert problem(await first.actor.get(f"/v1/openings/{asking.request.id}")) == "not-found"
    assert await third.list() == []
    assert (await ceremony.listed(asking))["approvals"] == 1
    await ceremony.later(clock, 24)
    assert problem(await ceremony.fetch(asking)) == "approvals-missing"


async def test_a_refusal_counts_those_who_were_walled_off_meanwhile(ceremony: Ceremony) -> None:
    asking = await ceremony.asked()
    await wall(ceremony, ceremony.custodians[0].actor)
    assert (await ceremony.custodians[1].refuse(asking.request.id)).json()["state"] == "refused"


async def test_no_request_is_made_that_too_few_custodians_could_answer(ceremony: Ceremony) -> None:
    await wall(ceremony, *(one.actor for one in ceremony.custodians[:2]))
    assert problem(await ceremony.send(ceremony.ask())) == "too-few-custodians"


@pytest.mark.parametrize("by", ["role", "suspension"])
async def test_who_is_no_custodian_any_more_neither_answers_nor_counts(
    ceremony: Ceremony, clock: Clock, by: str
) -> None:
    asking = await ceremony.asked()
    await ceremony.approved(asking, by=2)
    answered, _, waiting = ceremony.custodians
    approval = waiting.approval(await waiting.read(asking.request.id))
    administrator = ceremony.actors.administrator
    for gone in (answered.actor.account_id, waiting.actor.account_id):
        if by == "role":
            assert (await put_roles(administrator, gone, "staff")).status_code == 200
        else:
            assert (await administrator.post(f"/v1/accounts/{gone}/suspension")).status_code == 200
    assert (await waiting.send_approval(asking.request.id, approval)).status_code == (404 if by == "role" else 401)
    async with ceremony.service.runtime.database.session(write=False) as session:
        assert await session.scalar(select(func.count()).select_from(OpeningAnswer)) == 2
    await ceremony.later(clock, 24, ceremony.actors.investigator)
    assert problem(await ceremony.fetch(asking)) == "approvals-missing"


async def as_custodian(ceremony: Ceremony, actor: Actor) -> CustodianSide:
    """The first custodian's part is somebody else's from the next manifest on, who was given the role of custodian for it."""
    roles = {"investigator": "investigator", "reviewer": "reviewer", "assistant": "investigator"}
    given = await put_roles(ceremony.actors.administrator, actor.account_id, "custodian", roles[actor.username])
    assert given.status_code == 200, given.text
    first, *others = ceremony.manifest.custodians
    following = replace(
        ceremony.manifest,
        epoch=2,
        previous=ceremony.digest,
        custodians=(replace(first, account=actor.account_id), *others),
    )
    ceremony.digest = await put_in_force(ceremony.service, following, ceremony.root_seed)
    side = replace(ceremony.custodians[0], actor=actor, manifest=following)
    ceremony.custodians = [side, *(replace(one, manifest=following) for one in ceremony.custodians[1:])]
    return side


@pytest.mark.parametrize("name", ["investigator", "reviewer", "assistant"])
async def test_who_asks_or_works_the_case_is_not_its_custodian_as_well(ceremony: Ceremony, name: str) -> None:
    side = await as_custodian(ceremony, getattr(ceremony.actors, name))
    asking = await ceremony.asked()
    assert await side.list() == []
    assert problem(await side.actor.get(f"/v1/openings/{asking.request.id}")) == "custodian-barred"
    shown = await ceremony.custodians[1].read(asking.request.id)
    forged = ceremony.custodians[1].approval(shown)
    assert problem(await side.send_approval(asking.request.id, forged)) == "custodian-barred"


async def test_who_worked_the_case_once_is_not_its_custodian(ceremony: Ceremony) -> None:
    assistant = ceremony.actors.assistant
    read = (await ceremony.actors.case_officer.get(ceremony.url)).json()["appointments"]
    (appointment,) = (one["id"] for one in read if one["account_id"] == str(assistant.account_id))
    ended = await ceremony.actors.case_officer.delete(f"{ceremony.url}/appointments/{appointment}")
    assert ended.is_success, ended.text
    side = await as_custodian(ceremony, assistant)
    asking = await ceremony.asked()
    assert await side.list() == []
    assert problem(await side.actor.get(f"/v1/openings/{asking.request.id}")) == "not-found"


async def test_a_custodian_who_holds_no_share_is_not_asked(ceremony: Ceremony) -> None:
    first, *others = ceremony.manifest.custodians
    other = replace(first, id=ceremony.case_id, signing_key=signing.public_key(signing.new_seed()))
    following = replace(ceremony.manifest, epoch=2, previous=ceremony.digest, custodians=(other, *others))
    ceremony.digest = await put_in_force(ceremony.service, following, ceremony.root_seed)
    asking = await ceremony.asked()
    assert await ceremony.custodians[0].list() == []
    assert len(await ceremony.custodians[1].list()) == 1
    assert problem(await ceremony.custodians[0].actor.get(f"/v1/openings/{asking.request.id}")) == "not-found"


async def test_other_custodians_accounts_and_outsiders_find_no_request(ceremony: Ceremony) -> None:
    asking = await ceremony.asked()
    for name in ("administrator", "case_officer", "representative", "hr", "auditor"):
        actor = getattr(ceremony.actors, name)
        assert problem(await actor.get("/v1/openings")) == "not-found"
        assert problem(await actor.get(f"/v1/openings/{asking.request.id}")) in {"not-found", "custodian-barred"}
