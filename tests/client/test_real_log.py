"""A real service's log over days: the clock is the test's, the clients are processes of their own."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
import uvicorn

from app.client.receipts import derive
from app.client.server import Answer
from app.crypto import fingerprints, hpke, receipts, signing
from app.crypto.documents import spell
from tests.builders.intake import a_grievance, submitted
from tests.builders.manifests import a_manifest, publish
from tests.builders.prooflog import log_key_of, organisation_of, sequenced_on_the_next_day
from tests.builders.reports import a_release, a_reported_case, body_of, release_url
from tests.client.people import CHANNEL, PASSPHRASE, Person
from tests.conftest import Clock, Service
from tests.promises.process import free_port


@pytest.fixture
async def address(service: Service) -> AsyncIterator[str]:
    """Where the service of this process answers others."""
    port = free_port()
    config = uvicorn.Config(service.app, port=port, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 it tells nobody when it is
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


async def test_a_proof_of_receipt_holds_without_the_service_once_the_day_is_over(
    service: Service, address: str, clock: Clock, tmp_path: Path
) -> None:
    receipt = receipts.new_receipt()
    async with service.client() as client:
        page = Answer((await client.get(f"/v1/channels/{CHANNEL}")).json())
        derived = await asyncio.to_thread(derive, page, receipt)
        inbox_key = hpke.public_key(derived.inbox_seed)
        keys = {"lookup": spell(derived.lookup), "inbox_public_key": spell(inbox_key)}
        await submitted(client, a_grievance("anonymous", reporter_keys=keys))
    await sequenced_on_the_next_day(service, clock)
    reporter, proof = Person("reporter", tmp_path / "reporter"), tmp_path / "proof.json"
    arguments = ("--server", address, "--channel", CHANNEL, "--save-proof", str(proof))
    await reporter.runs("inbox", "open", *arguments, typed=f"{receipt}\n")
    assert proof.stat().st_mode & 0o077 == 0
    verify = ("verify", "receipt", str(proof), "--log-key", (await log_key_of(service)).vkey)
    assert "What you said is entry" in (await reporter.runs(*verify)).out
    proof.write_text(proof.read_text().replace("Since January", "Since February"))
    assert "does not commit to this statement" in await reporter.fails(*verify, code=3)


async def test_a_receipt_of_what_the_client_sealed_verifies_once_its_day_is_over(
    service: Service, address: str, clock: Clock, tmp_path: Path
) -> None:
    root_seed = signing.new_seed()
    await publish(service, (await a_manifest(service, root_seed))[0], root_seed)
    clock.set(datetime.now(UTC))  # the client has no other clock than that of its machine
    reporter, file, proof = Person("reporter", tmp_path / "reporter"), tmp_path / "grievance.json", tmp_path / "proof"
    file.write_text(json.dumps(a_grievance()))
    place = ("--server", address, "--channel", CHANNEL)
    words = fingerprints.words(signing.public_key(root_seed))
    sent = await reporter.runs("submit", str(file), *place, "--root-key", words)
    receipt = sent.out.strip().splitlines()[-1]
    verify = ("verify", "receipt", str(proof), "--log-key", (await log_key_of(service)).vkey)
    save = ("inbox", "open", *place, "--save-proof", str(proof))
    await reporter.runs(*save, typed=f"{receipt}\n")
    assert "it cannot be in the log before" in await reporter.fails(*verify)
    proof.unlink()
    await sequenced_on_the_next_day(service, clock)
    await reporter.runs(*save, typed=f"{receipt}\n")
    assert "What you said is entry" in (await reporter.runs(*verify)).out
    proof.write_text(proof.read_text().replace("Since January", "Since February"))
    assert "does not commit to this statement" in await reporter.fails(*verify, code=3)


async def test_a_release_has_the_hash_that_another_reader_got_and_no_byte_of_its_content_another(
    service: Service, address: str, tmp_path: Path
) -> None:
    made = await a_release(await a_reported_case(service), "hr", "panel")
    async with httpx.AsyncClient(base_url=address, headers=service.actors.hr.headers) as hr:
        saved = (await hr.get(release_url(made))).content
    digest = body_of(await service.actors.panel.get(release_url(made)))["content_hash"]
    reader, file = Person("hr", tmp_path / "hr"), tmp_path / "release.json"
    verify = ("verify", "release", str(file), "--hash", digest)
    file.write_bytes(saved)
    assert f"The release is the one of the hash that you have: {digest}." in (await reader.runs(*verify)).out
    content = json.loads(saved)["content"]
    for before in (content["title"], content["paragraphs"][0]["text"], digest, '"upheld":1'):
        changed = before[:-1] + chr(ord(before[-1]) ^ 1)
        assert saved.count(before.encode()) > 0
        file.write_bytes(saved.replace(before.encode(), changed.encode(), 1))
        assert "The release was altered" in await reader.fails(*verify, code=3)
    altered = json.loads(saved)
    altered["content"]["title"] = "Nothing was found"
    text = json.dumps(altered["content"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    altered["content_hash"] = sha256(text.encode()).hexdigest()
    file.write_text(json.dumps(altered))
    assert "The release was altered" in await reader.fails(*verify, code=3)


async def test_a_witness_cosigns_the_log_of_a_real_service_day_by_day(
    service: Service, address: str, clock: Clock, tmp_path: Path
) -> None:
    union = Person("union", tmp_path / "union")
    await union.makes_keys("witness")
    vkey = (await union.runs("witness-key", union.key, "--name", "union.example")).out.strip()
    organisation, before = await organisation_of(service), service.runtime.settings
    place = ("--server", address, "--organisation", str(organisation), "--key", union.key, "--name", "union.example")
    witness = ("witness", *place, "--log-key", (await log_key_of(service)).vkey)
    typed = f"{PASSPHRASE}\n"
    await sequenced_on_the_next_day(service, clock)
    unknown = await union.fails(*witness, typed=typed)
    assert "witness-unknown" in unknown
    object.__setattr__(service.runtime, "settings", before.model_copy(update={"log_witnesses": (vkey,)}))
    try:
        await union.runs(*witness, typed=typed)
        async with service.client() as client:
            await submitted(client, a_grievance("anonymous"))
            await sequenced_on_the_next_day(service, clock)
            await union.runs(*witness, typed=typed)
            checkpoint = (await client.get(f"/v1/log/{organisation}/checkpoint")).text
    finally:
        object.__setattr__(service.runtime, "settings", before)
    file = tmp_path / "checkpoint.txt"
    file.write_text(checkpoint)
    verify = ("verify", "checkpoint", str(file), "--log-key", (await log_key_of(service)).vkey)
    assert "Cosigned by union.example" in (await union.runs(*verify, "--witness-key", vkey)).out
