"""A supporter may leave who they are for the custodians: whoever leaves nothing looks the same until the day ends, and is nothing after."""

from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace

import httpx
from sqlalchemy import select

from app.audit.verify import verify
from app.crypto import hpke
from app.supporting.models import SupporterIdentity
from app.vault import erasure
from app.vault.models import SealedIdentity
from tests.builders import intake
from tests.builders.intake import IDENTITY
from tests.builders.supporting import a_count, a_round, supports
from tests.conftest import Clock, Service


async def waiting(service: Service) -> list[SupporterIdentity]:
    async with service.runtime.database.session(write=False) as session:
        return list((await session.execute(select(SupporterIdentity))).scalars())


async def test_who_gave_a_name_and_who_gave_none_look_alike_until_the_round(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    counted = await a_count(actors.representative, "codes", 2)
    await supports(anonymous, counted, 0, 1, identity=IDENTITY)
    await supports(anonymous, counted, 1, 1)
    left = await waiting(service)
    assert len({(len(one.waiting or b""), len(one.marker or b"")) for one in left}) == 1
    assert all(erasure.path_of(service.runtime.settings.erasure_folder, one.identity_id).exists() for one in left)
    async with service.runtime.database.session(write=False) as session:
        assert (await session.execute(select(SealedIdentity.id))).first() is None
        assert (await verify(session, service.runtime.keys)).faults == []


async def test_the_round_brings_names_to_the_vault_where_enough_custodians_open_them(
    service: Service,
    actors: SimpleNamespace,
    anonymous: httpx.AsyncClient,
    clock: Clock,
    custodian_seeds: Sequence[bytes],
) -> None:
    counted = await a_count(actors.representative, "codes", 3)
    await supports(anonymous, counted, 0, 1, identity=IDENTITY)
    await supports(anonymous, counted, 1, 1)
    clock.advance(timedelta(days=1))
    await a_round(service)
    await a_round(service)
    (left,) = await waiting(service)
    assert (left.waiting, left.marker) == (None, None)
    async with service.runtime.database.session(write=False) as session:
        (sealed,) = await intake.identities_in(session)
        assert (await verify(session, service.runtime.keys)).faults == []
    keys = intake.erasure_keys_in(service.runtime.settings.erasure_folder)
    page = (await anonymous.get("/v1/channels/children-services")).json()
    by_key = {one["public_key"]: one["id"] for one in page["custodians"]}
    seeds = {
        custodian: seed
        for custodian in sealed.shares
        for seed in custodian_seeds
        if by_key[intake.encode(_public(seed))] == str(custodian)
    }
    assert sealed.open(seeds, keys[sealed.id]) == IDENTITY
    await actors.case_officer.sign_in()
    own = await actors.case_officer.get("/v1/cases", params={"limit": 200})
    case_id = own.json()["items"][0]["id"]
    listed = (await actors.case_officer.get(f"/v1/cases/{case_id}/identities")).json()["items"]
    assert [(one["id"], one["of"]) for one in listed] == [(str(sealed.id), "supporter")]


async def test_who_withdraws_leaves_nothing_that_opens(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    counted = await a_count(actors.representative, "codes", 2)
    folder = service.runtime.settings.erasure_folder
    early = await supports(anonymous, counted, 0, 1, identity=IDENTITY)
    late = await supports(anonymous, counted, 1, 1, identity=IDENTITY)
    ids = [one.identity_id for one in await waiting(service)]
    assert (await anonymous.post(f"{counted.place}/withdrawal", json={"receipt": early})).status_code == 204
    await a_round(service)
    assert sum(erasure.path_of(folder, one).exists() for one in ids) == 1
    clock.advance(timedelta(days=1))
    await a_round(service)
    assert (await anonymous.post(f"{counted.place}/withdrawal", json={"receipt": late})).status_code == 204
    await a_round(service)
    assert await waiting(service) == []
    assert not any(erasure.path_of(folder, one).exists() for one in ids)
    async with service.runtime.database.session(write=False) as session:
        (sealed,) = (await session.execute(select(SealedIdentity))).scalars()
        assert sealed.erased_on == clock.at.date()
        assert (await verify(session, service.runtime.keys)).faults == []


def _public(seed: bytes) -> bytes:
    return hpke.public_key(seed)
