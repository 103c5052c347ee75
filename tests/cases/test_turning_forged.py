"""What somebody wrote into the database earns no key when a case key turns, and what was damaged there loses nothing."""

from types import SimpleNamespace
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, select, update

from app.accounts.models import Account
from app.cases import resealing
from app.cases.models import Appointment, Case, CaseKeyEscrow, CaseKeyGrant
from app.crypto import case_keys, hpke
from app.custody.models import Custodian
from app.kernel.db import table_of
from app.kernel.ids import new_id
from tests.builders import cases, investigation, turned
from tests.builders.cases import OpenFile
from tests.builders.reports import slug_of
from tests.conftest import Actor, Service

ACCOUNTS, CASES, GRANTS, CUSTODIANS = (table_of(model) for model in (Account, Case, CaseKeyGrant, Custodian))


async def _exchange_the_key_of(service: Service, somebody: Actor) -> None:
    public = hpke.public_key(hpke.new_seed())
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == somebody.account_id).values(public_key=public))


async def test_a_public_key_that_was_exchanged_in_the_database_gets_no_new_key(
    service: Service, actors: SimpleNamespace, case: OpenFile
) -> None:
    await _exchange_the_key_of(service, actors.reviewer)
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    async with service.runtime.database.session(write=False) as session:
        granted = {(one.account_id, one.key_version) for one in await session.scalars(turned.grants_of(case))}
    assert (actors.reviewer.account_id, 2) not in granted
    assert (actors.investigator.account_id, 2) in granted


async def test_an_appointment_and_a_grant_made_in_the_database_earn_no_new_key(
    service: Service, actors: SimpleNamespace, case: OpenFile
) -> None:
    """An accomplice writes both rows, the grant of the right form; only the service makes its tag."""
    accomplice: Actor = actors.other_investigator
    grant_row, appointments = {}, table_of(Appointment)
    async with service.runtime.database.session(write=True) as session:
        public = await session.scalar(select(ACCOUNTS.c.public_key).where(ACCOUNTS.c.id == accomplice.account_id))
        rows = select(GRANTS).where(GRANTS.c.account_id == actors.investigator.account_id)
        grant_row = dict((await session.execute(rows)).mappings().one())
        place = (1, case.organisation_id, case.id, accomplice.account_id, hpke.PublicKey(public or b""))
        sealed = case_keys.seal_grant(bytes(32), *place)
        mine = {"id": new_id(), "account_id": accomplice.account_id}
        await session.execute(insert(GRANTS), [grant_row | mine | {"sealed_key": sealed}])
        row = select(appointments).where(appointments.c.account_id == actors.investigator.account_id)
        appointment = dict((await session.execute(row)).mappings().one())
        await session.execute(insert(appointments), [appointment | mine | {"id": (made := new_id())}])
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    async with service.runtime.database.session(write=True) as session:
        granted = (await session.scalars(turned.grants_of(case))).all()
        assert {one.key_version for one in granted if one.account_id == accomplice.account_id} == {1}
        await session.execute(delete(GRANTS).where(GRANTS.c.account_id == accomplice.account_id))
        await session.execute(delete(appointments).where(appointments.c.id == made))


@pytest.mark.parametrize("is_newest", [False, True])
async def test_nothing_is_sealed_under_a_key_that_somebody_wrote_into_the_database(
    service: Service, actors: SimpleNamespace, case: OpenFile, caplog: pytest.LogCaptureFixture, *, is_newest: bool
) -> None:
    """Anybody can seal a key of their own to a public key, and would read what is then written under it."""
    somebody, mine = actors.investigator, case_keys.new_case_key()
    before = {value[2] for value in await turned.values_of(service, case)}
    of_somebody = GRANTS.c.account_id == somebody.account_id
    async with service.runtime.database.session(write=True) as session:
        public = (
            await session.scalars(select(ACCOUNTS.c.public_key).where(ACCOUNTS.c.id == somebody.account_id))
        ).one()
        row = dict((await session.execute(select(GRANTS).where(of_somebody))).mappings().one())
        sealed = case_keys.seal_grant(
            mine, 2, case.organisation_id, case.id, somebody.account_id, hpke.PublicKey(public or b"")
        )
        await session.execute(
            insert(GRANTS), [row | {"id": (made := new_id()), "key_version": 2, "sealed_key": sealed}]
        )
        if is_newest:
            await session.execute(update(CASES).where(CASES.c.id == case.id).values(key_version=2))
    body = {"label": "1", "title": "What nobody else may read"}
    answer = await somebody.post(f"{case.url}/themes", json=body)
    assert answer.status_code == (423 if is_newest else 201)
    written = [value for value in await turned.values_of(service, case) if value[2] not in before]
    assert turned.what_opens(case, written, {2: mine}) == []
    assert "a grant of a case key was altered" in caplog.text
    async with service.runtime.database.session(write=True) as session:
        await session.execute(delete(GRANTS).where(GRANTS.c.id == made))
        await session.execute(update(CASES).where(CASES.c.id == case.id).values(key_version=1))


async def test_a_case_is_never_left_to_keys_that_nobody_vouches_for(service: Service, actors: SimpleNamespace) -> None:
    """Of two officers one steps back; the grant of the other was altered, so that the new key would be nobody's."""
    case = await cases.an_open_file(service)
    async with service.runtime.database.session(write=True) as session:
        of_other = GRANTS.c.account_id == actors.other_case_officer.account_id
        await session.execute(update(GRANTS).where(of_other).values(tag=bytes(32)))
    body = {"account_id": str(actors.case_officer.account_id), "reason": "I am named."}
    assert slug_of(await actors.case_officer.post(f"{case.url}/walls", json=body), 409) == "last-case-officer"
    assert (await turned.progress(actors.case_officer, case))["version"] == 1


async def test_a_value_that_does_not_open_keeps_the_old_keys_and_stops_nothing_else(
    service: Service, actors: SimpleNamespace, case: OpenFile, caplog: pytest.LogCaptureFixture
) -> None:
    theme, _ = [await investigation.a_theme(actors.investigator, case, label) for label in "12"]
    themes = next(one.table for one in resealing._tables() if one.table.name == "themes")
    async with service.runtime.database.session(write=True) as session:
        row = themes.c.id == UUID(theme["id"])
        sealed: bytes = (await session.scalars(select(themes.c.title_sealed).where(row))).one()
        await session.execute(update(themes).where(row).values(title_sealed=sealed[:-1] + bytes([sealed[-1] ^ 1])))
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    await service.runtime.background.settled()
    state = await turned.progress(actors.investigator, case)
    assert state["sealed_fields"] - state["resealed_fields"] == 2
    assert not state["is_complete"]
    assert await turned.granted_versions(service, case) == {1, 2}
    assert "a sealed value of themes does not open" in caplog.text
    await service.runtime.background.settled()
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(themes).where(row).values(title_sealed=sealed))
    await cases.read(actors.investigator, case)
    await service.runtime.background.settled()
    assert (await turned.progress(actors.investigator, case))["is_complete"]


async def test_no_share_goes_to_a_custodian_who_was_written_into_the_database(
    service: Service, actors: SimpleNamespace, case: OpenFile
) -> None:
    """The wall stands all the same; the key is dealt to nobody, and that can be seen."""
    public = hpke.public_key(hpke.new_seed())
    async with service.runtime.database.session(write=True) as session:
        await session.execute(update(CUSTODIANS).values(public_key=public))
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    await service.runtime.background.settled()
    state = await turned.progress(actors.investigator, case)
    assert (state["version"], state["is_complete"], state["is_recoverable"]) == (2, True, False)
    async with service.runtime.database.session(write=False) as session:
        assert (await session.scalars(select(CaseKeyEscrow).where(CaseKeyEscrow.case_id == case.id))).all() == []


async def test_a_key_that_was_dealt_to_nobody_is_dealt_by_the_next_act_when_the_custodians_are_certain_again(
    service: Service, actors: SimpleNamespace, case: OpenFile
) -> None:
    async with service.runtime.database.session(write=True) as session:
        before = {row.id: row.public_key for row in await session.execute(select(CUSTODIANS))}
        await session.execute(update(CUSTODIANS).values(public_key=hpke.public_key(hpke.new_seed())))
    await cases.wall_off(actors.case_officer, case, actors.other_case_officer)
    await investigation.a_theme(actors.investigator, case, "1")
    assert not (await turned.progress(actors.investigator, case))["is_recoverable"]
    async with service.runtime.database.session(write=True) as session:
        for custodian_id, public_key in before.items():
            await session.execute(
                update(CUSTODIANS).where(CUSTODIANS.c.id == custodian_id).values(public_key=public_key)
            )
    await investigation.a_theme(actors.investigator, case, "2")
    assert (await turned.progress(actors.investigator, case))["is_recoverable"]
    await service.runtime.background.settled()
    assert await cases.faults_of(service, case) == []
