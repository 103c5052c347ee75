"""A witness signs what it saw. What it signs is shown to everybody; what it saw and the log does not contain is an alarm."""

import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from sqlalchemy import select

from app.audit.models import AuditEvent
from app.crypto import notes
from app.crypto.notes import Checkpoint, Note, Signer, open_checkpoint
from app.kernel.settings import Settings
from app.prooflog import queries
from app.prooflog.models import LogCosignature
from app.prooflog.sequencer import signer_of
from tests import conftest
from tests.builders.prooflog import WITNESS, cosigned, log_key_of, organisation_of, sequenced, sequenced_on_the_next_day
from tests.builders.reports import slug_of
from tests.conftest import Clock, Service

SECOND = Signer("union.example/witness", notes.COSIGNATURE, bytes(range(32, 64)))
STRANGER = Signer("stranger.example", notes.COSIGNATURE, bytes(32))


@pytest.fixture(autouse=True)
def witnessed(service: Service) -> Iterator[None]:
    """The service was given the keys of two witnesses."""
    before = service.runtime.settings
    keys = (WITNESS.verifier.vkey, SECOND.verifier.vkey)
    object.__setattr__(service.runtime, "settings", before.model_copy(update={"log_witnesses": keys}))
    yield
    object.__setattr__(service.runtime, "settings", before)


async def shown(service: Service, client: httpx.AsyncClient) -> str:
    """The public checkpoint."""
    answer = await client.get(f"/v1/log/{await organisation_of(service)}/checkpoint")
    assert answer.status_code == 200
    return answer.text


async def hand_in(service: Service, client: httpx.AsyncClient, note: str) -> httpx.Response:
    """What a witness is answered."""
    return await client.post(f"/v1/log/{await organisation_of(service)}/cosignatures", json={"checkpoint": note})


async def kept(service: Service) -> int:
    """How many cosignatures there are."""
    async with service.runtime.database.session(write=False) as session:
        return len((await session.execute(select(LogCosignature))).all())


async def test_what_a_witness_signed_is_shown_to_everybody(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> None:
    await sequenced(service)
    for witness in (WITNESS, SECOND):
        answer = await hand_in(service, anonymous, cosigned(await shown(service, anonymous), witness=witness))
        assert answer.status_code == 201, answer.text
        assert answer.json()["checkpoint"] == await shown(service, anonymous)
    _, note = open_checkpoint(await shown(service, anonymous), await log_key_of(service))
    assert WITNESS.verifier.has_signed(note)
    assert SECOND.verifier.has_signed(note)
    assert (await actors.auditor.get("/v1/audit/checkpoint")).text == note.to_text()


async def test_a_witness_that_signs_again_changes_nothing(service: Service, anonymous: httpx.AsyncClient) -> None:
    await sequenced(service)
    checkpoint = await shown(service, anonymous)
    for time in (1_772_500_000, 1_772_600_000):
        assert (await hand_in(service, anonymous, cosigned(checkpoint, time))).status_code == 201
    assert await shown(service, anonymous) == cosigned(checkpoint, 1_772_500_000)
    assert await kept(service) == 1


async def test_an_earlier_checkpoint_can_still_be_cosigned(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    await sequenced(service)
    earlier = await shown(service, anonymous)
    await sequenced_on_the_next_day(service, clock)
    later = await shown(service, anonymous)
    assert later != earlier
    assert (await hand_in(service, anonymous, cosigned(earlier))).json()["checkpoint"] == cosigned(earlier)
    assert await shown(service, anonymous) == later


async def test_what_no_known_witness_signed_is_refused_and_changes_nothing(
    service: Service, anonymous: httpx.AsyncClient
) -> None:
    await sequenced(service)
    checkpoint = await shown(service, anonymous)
    note = Note.read(checkpoint)
    of_witness = WITNESS.sign(note.text, time=7)
    forged = notes.Signature(of_witness.name, of_witness.key_id, bytes(72))
    as_log = Signer(WITNESS.name, notes.ED25519, WITNESS.seed).sign(note.text)
    refused = {
        checkpoint: "witness-unknown",
        cosigned(checkpoint, witness=STRANGER): "witness-unknown",
        note.with_([forged]).to_text(): "witness-unknown",
        note.with_([of_witness, forged]).to_text(): "witness-unknown",
        note.with_([as_log]).to_text(): "witness-unknown",
        "canary": "checkpoint-unknown",
        "": "checkpoint-unknown",
        Note(note.text, (of_witness,)).to_text(): "checkpoint-unknown",
        cosigned(checkpoint).replace("\n", "0\n", 1): "checkpoint-unknown",
        Note(note.text.replace("candour/", "other/"), note.signatures).to_text(): "checkpoint-unknown",
    }
    for text, slug in refused.items():
        assert slug_of(await hand_in(service, anonymous, text), 422) == slug, text
    assert await shown(service, anonymous) == checkpoint
    assert await kept(service) == 0


async def alarms(service: Service) -> list[Any]:
    """The events that say that a witness saw another history."""
    async with service.runtime.database.session(write=False) as session:
        return list(
            (await session.execute(select(AuditEvent.at).where(AuditEvent.event == "log.disagreed"))).scalars().all()
        )


async def test_two_checkpoints_of_one_size_raise_an_alarm(
    service: Service, anonymous: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody signed another history with the key of the log: a fork."""
    await sequenced(service)
    size = open_checkpoint(await shown(service, anonymous), await log_key_of(service))[0].size
    signer = signer_of(service.runtime, await organisation_of(service))
    forked = Checkpoint(signer.name, size, bytes(32)).signed(signer).to_text()
    with caplog.at_level(logging.ERROR, "candour"):
        assert slug_of(await hand_in(service, anonymous, cosigned(forked)), 409) == "log-disagrees"
    assert "the proof log disagrees with a witness" in [record.message for record in caplog.records]
    assert len(await alarms(service)) == 1
    assert await kept(service) == 0


async def test_a_log_that_was_put_back_is_found_by_a_witness_that_saw_more(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    await sequenced(service)
    earlier = await conftest._snapshot(service.runtime)
    await sequenced_on_the_next_day(service, clock)
    seen = cosigned(await shown(service, anonymous))
    await conftest._put_back(service.runtime, earlier)
    assert slug_of(await hand_in(service, anonymous, seen), 409) == "log-disagrees"
    assert len(await alarms(service)) == 1


async def test_what_a_stranger_signed_raises_no_alarm(service: Service, anonymous: httpx.AsyncClient) -> None:
    await sequenced(service)
    signer = signer_of(service.runtime, await organisation_of(service))
    forked = Checkpoint(signer.name, 3, bytes(32)).signed(signer).to_text()
    assert slug_of(await hand_in(service, anonymous, cosigned(forked, witness=STRANGER)), 422) == "witness-unknown"
    assert await alarms(service) == []


async def test_a_state_of_the_log_that_was_never_shown_is_no_checkpoint(
    service: Service, anonymous: httpx.AsyncClient
) -> None:
    """Its root is right: the transaction that signed it was not kept."""
    await sequenced(service)
    organisation_id = await organisation_of(service)
    signer = signer_of(service.runtime, organisation_id)
    async with service.runtime.database.session(write=False) as session:
        root = await queries.root_at(session, organisation_id, 3)
    lost = Checkpoint(signer.name, 3, root).signed(signer).to_text()
    assert slug_of(await hand_in(service, anonymous, cosigned(lost)), 422) == "checkpoint-unknown"


@pytest.mark.parametrize("vkey", ["canary", "", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"])
def test_only_the_key_of_a_witness_can_be_set_as_one(tmp_path: Path, vkey: str) -> None:
    with pytest.raises(ValidationError):
        Settings(data_folder=tmp_path, log_witnesses=(vkey,))
