"""A case key is dealt to the custodians: enough of them together recover it, and who recovered it is granted it again."""

import base64
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from app.accounts.models import Account
from app.cases import escrow
from app.cases.models import CaseKeyEscrow, CaseKeyShare
from app.crypto import case_keys, hpke, identity
from app.crypto.errors import SealBroken
from app.custody.models import Custodian
from app.kernel.keyring import ServiceKeys
from tests.builders import cases, turned
from tests.builders.cases import OpenFile
from tests.builders.reports import slug_of
from tests.conftest import Actor, Service


async def recovered(
    service: Service, case: OpenFile, version: int, seeds: Sequence[bytes], service_keys: ServiceKeys | None = None
) -> bytes:
    """Return the case key that these custodians make of the database, and of the service's keys if they have them."""
    async with service.runtime.database.session(write=False) as session:
        statement = select(CaseKeyEscrow).where(CaseKeyEscrow.case_id == case.id, CaseKeyEscrow.key_version == version)
        row = (await session.scalars(statement)).one()
        shares = {
            one.custodian_id: one.share
            for one in await session.scalars(select(CaseKeyShare).where(CaseKeyShare.escrow_id == row.id))
        }
        by_key = {one.public_key: one.id for one in await session.scalars(select(Custodian))}
    of = identity.Sharing(
        case_keys.reference_of(case.organisation_id, case.id, version),
        row.threshold,
        frozenset(shares),
        tuple(row.commitments[start : start + 32] for start in range(0, len(row.commitments), 32)),
    )
    released = {}
    for seed in seeds:
        private = hpke.PrivateKey(seed)
        one = by_key[private.public]
        released[one] = identity.open_share(private, of, one, shares[one])
    shred_key = escrow.shred_key(service_keys or service.runtime.keys, case.organisation_id, case.id, version)
    return identity.combine_identity(row.ciphertext, row.check_value, of, released, shred_key)


async def a_grant(service: Service, somebody: Actor, case: OpenFile, key: bytes, version: int = 1) -> dict[str, Any]:
    """Return the body by which somebody grants themselves what they recovered."""
    async with service.runtime.database.session(write=False) as session:
        public = await session.scalar(select(Account.public_key).where(Account.id == somebody.account_id))
    assert public is not None
    place = (version, case.organisation_id, case.id, somebody.account_id)
    sealed = case_keys.seal_grant(key, *place, hpke.PublicKey(public))
    return {
        "key_version": version,
        "sealed_key": base64.b64encode(sealed).decode(),
        "proof": base64.b64encode(case_keys.proof_of(key)).decode(),
    }


async def test_enough_custodians_recover_the_key_and_fewer_do_not(
    service: Service, actors: SimpleNamespace, custodian_seeds: Sequence[bytes]
) -> None:
    case = await cases.an_open_file(service)
    held = await turned.keys_of(service, actors.case_officer, case)
    for seeds in (custodian_seeds[:2], custodian_seeds[1:], custodian_seeds[::2], custodian_seeds):
        assert await recovered(service, case, 1, seeds) == held[1]
    for seed in custodian_seeds:
        with pytest.raises(SealBroken):
            await recovered(service, case, 1, [seed])


async def test_custodians_with_a_stolen_database_and_without_the_services_keys_recover_nothing(
    service: Service, custodian_seeds: Sequence[bytes]
) -> None:
    case = await cases.an_open_file(service)
    with pytest.raises(SealBroken):
        await recovered(service, case, 1, custodian_seeds, ServiceKeys({1: bytes(32)}, bytes(32)))


async def test_the_new_key_is_dealt_at_each_turning_and_the_old_shares_go_when_nothing_needs_them(
    service: Service, actors: SimpleNamespace, custodian_seeds: Sequence[bytes]
) -> None:
    case = await cases.an_open_file(service)
    await cases.appoint(actors.case_officer, case, actors.third_case_officer, "case_officer")
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    await service.runtime.background.settled()
    held = await turned.keys_of(service, actors.case_officer, case)
    assert await recovered(service, case, 2, custodian_seeds[1:]) == held[2]
    async with service.runtime.database.session(write=False) as session:
        versions = (await session.scalars(select(CaseKeyEscrow.key_version))).all()
        shares = (await session.scalars(select(CaseKeyShare.custodian_id))).all()
    assert versions == [2]
    assert len(shares) == len(set(shares)) == 3
    assert await cases.faults_of(service, case) == []


async def test_who_lost_their_key_and_recovered_it_reads_the_case_again(
    service: Service, actors: SimpleNamespace, custodian_seeds: Sequence[bytes]
) -> None:
    case = await cases.an_open_file(service)
    officer = actors.other_case_officer
    await turned.lose_the_grant(service, officer)
    assert (await officer.get(case.url)).status_code == 423
    key = await recovered(service, case, 1, custodian_seeds[:2])
    body = await a_grant(service, officer, case, key)
    for _ in range(2):
        assert (await officer.put(f"{case.url}/grant", json=body)).status_code == 204
    await cases.read(officer, case)
    assert "case_key.recovered" in await cases.events_of(service, case)
    assert await cases.faults_of(service, case) == []
    await cases.appoint(officer, case, actors.third_case_officer, "case_officer")
    await cases.wall_off(officer, case, actors.case_officer)
    assert set(await turned.keys_of(service, officer, case)) >= {2}


async def test_another_key_than_that_of_the_case_is_not_taken(service: Service, actors: SimpleNamespace) -> None:
    case, other = await cases.an_open_file(service), await cases.an_open_file(service)
    officer = actors.other_case_officer
    held = await turned.keys_of(service, officer, case)
    wrong = await a_grant(service, officer, case, (await turned.keys_of(service, officer, other))[1])
    right = await a_grant(service, officer, case, held[1])
    url = f"{case.url}/grant"
    before = await cases.events_of(service, case)
    for body in (wrong, right | {"proof": wrong["proof"]}, right | {"key_version": 2}, right | {"key_version": 99}):
        assert slug_of(await officer.put(url, json=body), 409) == "case-key-not-proven"
    assert await turned.keys_of(service, officer, case) == held
    assert await cases.events_of(service, case) == before


async def test_a_grant_to_another_key_than_ones_own_is_not_taken(service: Service, actors: SimpleNamespace) -> None:
    case = await cases.an_open_file(service)
    officer = actors.other_case_officer
    held = await turned.keys_of(service, officer, case)
    right = await a_grant(service, officer, case, held[1])
    of_other = await a_grant(service, actors.case_officer, case, held[1])
    body = right | {"sealed_key": of_other["sealed_key"]}
    assert slug_of(await officer.put(f"{case.url}/grant", json=body), 409) == "grant-to-another-key"
    assert await turned.keys_of(service, officer, case) == held


@pytest.mark.parametrize(
    "change",
    [
        {"key_version": 0},
        {"key_version": "1"},
        {"key_version": 1 << 31},
        {"sealed_key": "AAAA"},
        {"sealed_key": None},
        {"proof": "no base64"},
        {"proof": base64.b64encode(bytes(31)).decode()},
        {"case_key": "AAAA"},
    ],
)
async def test_what_is_no_grant_is_refused_and_not_repeated(
    service: Service, actors: SimpleNamespace, change: dict[str, Any]
) -> None:
    case = await cases.an_open_file(service)
    body = await a_grant(service, actors.case_officer, case, bytes(32)) | change
    answer = await actors.case_officer.put(f"{case.url}/grant", json=body)
    assert slug_of(answer, 422) == "invalid-input"
    assert body["proof"] not in answer.text


async def test_who_is_not_appointed_or_is_walled_off_is_granted_nothing(
    service: Service, actors: SimpleNamespace
) -> None:
    """Even with the key in hand: the case does not exist for them."""
    case = await cases.an_open_file(service)
    await cases.appoint(actors.case_officer, case, actors.third_case_officer, "case_officer")
    held = await turned.keys_of(service, actors.other_case_officer, case)
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    for somebody in (actors.other_case_officer, actors.investigator, actors.administrator):
        body = await a_grant(service, somebody, case, held[1])
        assert (await somebody.put(f"{case.url}/grant", json=body)).status_code == 404
