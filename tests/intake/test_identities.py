"""What it takes to learn who somebody is: database rows, an erasure key, and enough custodians' private keys."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from types import SimpleNamespace
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from app.crypto import hpke
from app.crypto.errors import SealBroken
from app.custody.models import Custodian
from app.intake.models import Grievance, Supporter
from app.kernel.db import Base
from tests.builders import intake
from tests.builders.intake import OfflineIdentity, a_collective_grievance, a_grievance
from tests.conftest import Service


async def seeds_of_custodians(service: Service, seeds: Sequence[bytes]) -> dict[UUID, bytes]:
    """The private seed of each custodian of the channel, by the id that shares bear."""
    by_key = {hpke.public_key(seed): seed for seed in seeds}
    async with service.runtime.database.session(write=False) as session:
        custodians = (await session.execute(select(Custodian))).scalars().all()
    return {custodian.id: by_key[custodian.public_key] for custodian in custodians}


async def taken(service: Service) -> tuple[list[OfflineIdentity], Mapping[UUID, bytes]]:
    """All sealed identities of the database and all erasure keys of the disk."""
    async with service.runtime.database.session(write=False) as session:
        identities = await intake.identities_in(session)
    return identities, intake.erasure_keys_in(service.runtime.settings.erasure_folder)


async def test_any_two_of_three_custodians_open_an_identity_from_the_database_and_its_erasure_key(
    service: Service, anonymous: httpx.AsyncClient, custodian_seeds: Sequence[bytes]
) -> None:
    await intake.submitted(anonymous)
    custodians = await seeds_of_custodians(service, custodian_seeds)
    (one,), erasure_keys = await taken(service)
    for two in combinations(custodians, 2):
        assert (
            one.open({custodian: custodians[custodian] for custodian in two}, erasure_keys[one.id]) == intake.IDENTITY
        )
    assert one.open(custodians, erasure_keys[one.id]) == intake.IDENTITY


async def test_a_single_custodian_cannot_open_an_identity(
    service: Service, anonymous: httpx.AsyncClient, custodian_seeds: Sequence[bytes]
) -> None:
    await intake.submitted(anonymous)
    custodians = await seeds_of_custodians(service, custodian_seeds)
    (one,), erasure_keys = await taken(service)
    for custodian, seed in custodians.items():
        with pytest.raises(SealBroken):
            one.open({custodian: seed}, erasure_keys[one.id])


async def test_nobody_opens_an_identity_without_its_erasure_key(
    service: Service, anonymous: httpx.AsyncClient, custodian_seeds: Sequence[bytes]
) -> None:
    await intake.submitted(anonymous)
    await intake.submitted(anonymous)
    custodians = await seeds_of_custodians(service, custodian_seeds)
    (one, other), erasure_keys = await taken(service)
    for wrong in (erasure_keys[other.id], bytes(32)):
        with pytest.raises(SealBroken):
            one.open(custodians, wrong)


async def test_who_gave_no_name_has_a_sealed_identity_that_holds_none(
    service: Service, anonymous: httpx.AsyncClient, custodian_seeds: Sequence[bytes]
) -> None:
    await intake.submitted(anonymous, a_grievance("anonymous"))
    (one,), erasure_keys = await taken(service)
    assert one.open(await seeds_of_custodians(service, custodian_seeds), erasure_keys[one.id]) is None


async def test_each_supporter_is_sealed_alone(
    service: Service, actors: SimpleNamespace, custodian_seeds: Sequence[bytes]
) -> None:
    await intake.submitted_for_many(actors.representative, a_collective_grievance(31))
    custodians = await seeds_of_custodians(service, custodian_seeds)
    identities, erasure_keys = await taken(service)
    names = {one.open(custodians, erasure_keys[one.id])["name"] for one in identities}
    assert names == {f"Supporter {number}" for number in range(31)}
    async with service.runtime.database.session(write=False) as session:
        supporters = set((await session.execute(select(Supporter.identity_id))).scalars())
        assert (await session.execute(select(Grievance.identity_id))).scalar_one() is None
    assert supporters == {one.id for one in identities}


async def test_no_row_holds_an_erasure_key_or_anything_that_was_said(
    service: Service, anonymous: httpx.AsyncClient, actors: SimpleNamespace
) -> None:
    allegations = [{"label": "kestrel 7", "statement": statement} for statement in intake.STATEMENTS]
    answer = await intake.submitted(anonymous, a_grievance(allegations=allegations))
    await intake.inbox_of(anonymous, receipt=answer["receipt"])
    await intake.submitted_for_many(actors.representative)
    _, erasure_keys = await taken(service)
    async with service.runtime.database.session(write=False) as session:
        stored = [
            value if isinstance(value, bytes) else str(value).encode()
            for table in Base.metadata.sorted_tables
            for row in (await session.execute(select(table))).all()
            for value in row
        ]
    said = [intake.HEADLINE, *intake.NARRATIVE.split("\n"), *intake.STATEMENTS, *intake.IDENTITY.values()]
    said += [
        answer["receipt"],
        answer["receipt"].replace(" ", ""),
        "kestrel 7",
        "Supporter 1",
        "about 35",
        "The Northmoor Gazette",
    ]
    canaries = [*erasure_keys.values(), *(canary.encode() for canary in said)]
    assert not [canary for canary in canaries if any(canary in value for value in stored)]
