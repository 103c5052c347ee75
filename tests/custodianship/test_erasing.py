"""An identity that was erased stays closed: to all custodians together, and from every backup of the database."""

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from app.audit import log
from app.crypto.errors import SealBroken
from app.custodianship import erasing
from app.kernel.sealed import OpenKeys, open_keys
from app.vault import erasure
from app.vault.models import IdentityErasure, IdentityShare, SealedIdentity
from tests import conftest
from tests.builders import custody, intake
from tests.builders.accounts import problem_of
from tests.builders.custody import a_chain_in_force, shares_of
from tests.builders.intake import OfflineIdentity
from tests.conftest import Service
from tests.threats import artefacts
from tests.threats.planting import Searched

REASON = {"reason": "The reporter asked for it, a canary told us."}


@pytest.fixture
async def raised(anonymous: httpx.AsyncClient, actors: SimpleNamespace) -> str:
    """The id of a case that was opened by a confidential grievance."""
    made = await intake.submitted(anonymous)
    return await intake.case_called(actors.case_officer, made["reference"])


async def identity_of(service: Service) -> OfflineIdentity:
    """Return the one sealed identity, as the database holds it."""
    async with service.runtime.database.session(write=False) as session:
        (found,) = await intake.identities_in(session)
    return found


def store(service: Service) -> Any:  # noqa: ANN401 a path
    """Return where erasure keys are."""
    return service.runtime.settings.erasure_folder


async def erase(actor: httpx.AsyncClient, case_id: str, identity_id: UUID) -> httpx.Response:
    """Return the answer to erasing an identity."""
    return await actor.post(f"/v1/cases/{case_id}/identities/{identity_id}/erasure", json=REASON)


async def test_what_was_erased_is_opened_by_nobody_not_even_from_a_restored_backup(
    service: Service, actors: SimpleNamespace, raised: str
) -> None:
    """All custodians' private keys and the whole database of before: without the erasure key they open nothing."""
    identity = await identity_of(service)
    seeds = dict(zip(sorted(identity.shares), [b""] * 3, strict=True))
    async with service.runtime.database.session(write=False) as session:
        for one in await custody.custodians_in(session):
            seeds[one.id] = service.custodian_seeds[
                [actors.custodian, actors.second_custodian, actors.third_custodian].index(
                    next(actor for actor in vars(actors).values() if actor.account_id == one.account_id)
                )
            ]
    key = intake.erasure_keys_in(store(service))[identity.id]
    assert identity.open(seeds, key) == intake.IDENTITY
    backup = await conftest._snapshot(service.runtime)
    answer = await erase(actors.case_officer, raised, identity.id)
    assert (answer.status_code, answer.json()) == (200, {"identity_id": str(identity.id), "erased_on": "2026-03-02"})
    await conftest._put_back(service.runtime, backup)
    restored = await identity_of(service)
    assert restored.row == identity.row
    assert restored.id not in intake.erasure_keys_in(store(service))
    for guess in (bytes(32), *intake.erasure_keys_in(store(service)).values()):
        with pytest.raises(SealBroken):
            restored.open(seeds, guess)


async def test_an_erasure_takes_the_shares_and_is_in_the_log_with_its_reason_sealed(
    service: Service, actors: SimpleNamespace, raised: str
) -> None:
    identity = await identity_of(service)
    assert (await erase(actors.case_officer, raised, identity.id)).status_code == 200
    async with service.runtime.database.session(write=False) as session:
        assert (await session.execute(select(IdentityShare))).all() == []
        decided = (await session.execute(select(IdentityErasure))).scalar_one()
        assert b"canary" not in log.columns_of(decided)["reason_sealed"]
        kept = (await session.execute(select(SealedIdentity.erased_on))).scalar_one()
    assert kept is not None
    assert await custody.faults(service) == []
    events = await actors.auditor.get("/v1/audit/events", params={"chain_id": raised, "limit": 200})
    assert "identity.erased" in [event["event"] for event in events.json()["items"]]


async def test_what_was_erased_is_no_work_for_custodians(
    service: Service, actors: SimpleNamespace, raised: str
) -> None:
    chain = await a_chain_in_force(service)
    assert len(await shares_of(chain.holders[0])) == 1
    await erase(actors.case_officer, raised, (await identity_of(service)).id)
    assert await shares_of(chain.holders[0]) == []
    assert (await custody.custody_of(actors.administrator))["subjects"]["identities"] == 0


async def test_erasing_twice_is_as_good_as_once(service: Service, actors: SimpleNamespace, raised: str) -> None:
    identity = await identity_of(service)
    first, second = [await erase(actors.case_officer, raised, identity.id) for _ in range(2)]
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert await custody.faults(service) == []


async def test_an_identity_of_another_case_or_of_none_is_not_found_and_nothing_goes(
    service: Service, actors: SimpleNamespace, raised: str, anonymous: httpx.AsyncClient
) -> None:
    identity = await identity_of(service)
    other = await intake.submitted(anonymous)
    elsewhere = await intake.case_called(actors.case_officer, other["reference"])
    for case_id, identity_id in ((elsewhere, identity.id), (raised, uuid4())):
        assert problem_of(await erase(actors.case_officer, case_id, identity_id)) == (404, "not-found")
    assert identity.id in intake.erasure_keys_in(store(service))


async def test_only_a_case_officer_of_the_case_erases(service: Service, actors: SimpleNamespace, raised: str) -> None:
    body = {"account_id": str(actors.investigator.account_id), "capacity": "investigator"}
    triage = {
        "likelihood": "high", "impact": "high", "immediate_risk": False, "knowledge": "first_hand",
        "previously_reported": True, "procedure": "whistleblowing", "reason": "It concerns safety.",
    }  # fmt: skip
    await actors.case_officer.post(f"/v1/cases/{raised}/acknowledgement", json={})
    await actors.case_officer.post(f"/v1/cases/{raised}/triage", json=triage)
    await actors.case_officer.post(f"/v1/cases/{raised}/decision", json={"outcome": "accepted", "reason": "Serious."})
    assert (await actors.case_officer.post(f"/v1/cases/{raised}/appointments", json=body)).status_code == 201
    identity = await identity_of(service)
    assert problem_of(await erase(actors.investigator, raised, identity.id)) == (403, "not-allowed")
    assert problem_of(await erase(actors.administrator, raised, identity.id)) == (404, "not-found")
    assert identity.id in intake.erasure_keys_in(store(service))


async def test_if_the_log_cannot_be_written_the_key_stays(
    service: Service, actors: SimpleNamespace, raised: str
) -> None:
    """What was not kept in the database did not happen to the file either."""
    identity = await identity_of(service)
    await custody.break_the_log(service, UUID(raised))
    assert (await erase(actors.case_officer, raised, identity.id)).status_code == 503
    assert identity.id in intake.erasure_keys_in(store(service))


async def test_a_key_that_a_crash_left_is_destroyed_by_housekeeping(
    service: Service, actors: SimpleNamespace, raised: str
) -> None:
    """A process that died between the commit and the file: the row says erased, the key is there."""
    identity = await identity_of(service)
    key = intake.erasure_keys_in(store(service))[identity.id]
    await erase(actors.case_officer, raised, identity.id)
    erasure.ErasureKeys(store(service)).keep({identity.id: key, (other := uuid4()): bytes(32)})
    token = open_keys.set(OpenKeys(service.runtime.keys))
    async with service.runtime.database.session(write=False) as session:
        await erasing.sweep(session, store(service))
    open_keys.reset(token)
    assert identity.id not in intake.erasure_keys_in(store(service))
    assert other in intake.erasure_keys_in(store(service))
    erasure.destroy(store(service), other)


async def test_a_store_that_fails_is_not_answered_as_an_erasure(
    service: Service, actors: SimpleNamespace, raised: str
) -> None:
    """The row says erased, the answer does not; asked again, the key goes."""
    identity = await identity_of(service)
    folder = erasure.path_of(store(service), identity.id).parent
    path = erasure.path_of(store(service), identity.id)
    key = path.read_bytes()
    path.unlink()
    (path / "in the way").mkdir(parents=True)
    assert (await erase(actors.case_officer, raised, identity.id)).status_code == 500
    (path / "in the way").rmdir()
    path.rmdir()
    path.write_bytes(key)
    assert (await erase(actors.case_officer, raised, identity.id)).status_code == 200
    assert folder.exists()
    assert not path.exists()


async def test_no_byte_of_an_erasure_key_is_left_in_any_file_once_it_was_destroyed(
    service: Service, actors: SimpleNamespace, raised: str
) -> None:
    """A16: the database, its write-ahead log, the folders and the temporary files are searched raw, in every spelling."""
    identity = await identity_of(service)
    key = intake.erasure_keys_in(store(service))[identity.id]
    assert Searched(await everything(service)).holds([key]) == [0], "while it is there, it is found"
    assert (await erase(actors.case_officer, raised, identity.id)).status_code == 200
    assert Searched(await everything(service)).holds([key]) == []
    assert (await erase(actors.case_officer, raised, identity.id)).status_code == 200
    assert Searched(await everything(service)).holds([key]) == []


async def everything(service: Service) -> bytes:
    """Return every byte of the data folder, of its temporary files, and of a database that is a server's."""
    roots = (service.folder, Path(tempfile.gettempdir()) / "candour")
    parts = [path.read_bytes() for root in roots for path in root.rglob("*") if path.is_file()]
    if not service.runtime.database.is_sqlite:
        parts.append(await artefacts.dump_of(service.runtime.settings.effective_database_url))
    return b"\0".join(parts)
