"""No half file: cut connections, kill -9 and a full disk leave neither half a file nor an orphan, and nothing in clear on a disk."""

import asyncio
import secrets
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from app.blobs.models import Blob
from app.crypto.blobs import PART_BYTES
from app.files.models import FileUpload, GrievanceFile
from app.files.sweeping import sweep
from app.kernel.db import Database
from app.kernel.runtime import Runtime
from tests.builders import intake
from tests.builders.files import INBOX, Sender
from tests.promises.test_nothing_lost import Deployed, deployed

__all__ = ["deployed"]
KILLS = 4
LINE = b"CANARY-7d1f the rota was altered after the fact, on the Monday.\n"


def a_text(size: int) -> bytes:
    """Return a text of that many bytes in which a canary stands again and again."""
    return (LINE * (size // len(LINE) + 1))[:size]


async def opened(client: httpx.AsyncClient) -> tuple[Sender, str]:
    """Return a reporter whose inbox is open, and their receipt."""
    receipt = (await intake.submitted(client))["receipt"]
    client.headers.update(await intake.inbox_opened(client, receipt=receipt))
    return Sender(client), receipt


async def slowly(content: bytes) -> AsyncIterator[bytes]:
    """Give content in pieces, with time between them for a signal."""
    for start in range(0, len(content), 256 * 1024):
        yield content[start : start + 256 * 1024]
        await asyncio.sleep(0.005)


async def rows_in(deployed: Deployed) -> tuple[int, int, int]:
    """Return how many files, uploads and blobs the database knows of."""
    database = Database(deployed.settings.effective_database_url)
    async with database.session(write=False) as session:
        found = [
            await session.scalar(select(func.count()).select_from(model)) or 0
            for model in (GrievanceFile, FileUpload, Blob)
        ]
    await database.close()
    return found[0], found[1], found[2]


def stored_by(deployed: Deployed) -> list[Path]:
    """Return every stored file."""
    return [path for path in deployed.settings.files_folder.rglob("*") if path.is_file()]


async def test_whatever_was_counted_survives_kill_9_and_the_file_is_whole_in_the_end(deployed: Deployed) -> None:
    content = a_text(7 * PART_BYTES + 4321)
    process = deployed.process
    await process.start()
    async with process.client() as client:
        sender, receipt = await opened(client)
        file_id = (await sender.begin(len(content)))["id"]
        for _ in range(KILLS):
            offset = (await client.get(sender.at(file_id))).json()["offset"]
            end = min(len(content), offset + 2 * PART_BYTES)
            sending = asyncio.create_task(sender.put(file_id, offset, slowly(content[offset:end])))
            await asyncio.sleep(secrets.randbelow(150) / 1000)
            await process.end(signal.SIGKILL)
            with suppress(httpx.TransportError):
                assert (await sending).status_code == 204
            await process.start()
            client.headers.update(await intake.inbox_opened(client, receipt=receipt))
            state = (await client.get(sender.at(file_id))).json()
            assert offset <= state["offset"] <= end, "what was counted stays counted"
            assert (await sender.listed())["kept"] == []
        offset = state["offset"]
        assert (await sender.put(file_id, offset, content[offset:])).status_code == 204
        killed = asyncio.create_task(sender.complete(file_id))
        await asyncio.sleep(secrets.randbelow(100) / 1000)
        await process.end(signal.SIGKILL)
        with suppress(httpx.TransportError):
            await killed
        await process.start()
        client.headers.update(await intake.inbox_opened(client, receipt=receipt))
        kept = (await sender.complete(file_id)).json()
        assert kept["sha256"] == sha256(content).hexdigest()
        assert (await client.get(sender.at(file_id, "/content"))).content == content
    await process.end(signal.SIGTERM)
    await nothing_is_left_over(deployed, 1)
    nothing_is_in_clear(deployed, LINE[:12])


async def nothing_is_left_over(deployed: Deployed, files: int) -> None:
    """Once the sweep has run, rows and stored bytes are the same, and the log verifies."""
    runtime = Runtime.from_settings(deployed.settings)
    await sweep(runtime)
    await runtime.close()
    kept, uploads, _ = await rows_in(deployed)
    assert (kept, uploads) == (files, 0)
    assert len(stored_by(deployed)) == 2 * files, "each with its copy"
    code, output = await deployed.process.command("audit", "verify")
    assert (code, "0 faults" in output) == (0, True), output


def nothing_is_in_clear(deployed: Deployed, canary: bytes) -> None:
    """No file below the service's folders, its log and temporary folder included, holds what was sent."""
    found = [path for path in deployed.process.folder.rglob("*") if path.is_file()]
    assert len(found) > 3
    assert [path for path in found if canary in path.read_bytes()] == []


@pytest.mark.parametrize("sent", [1, PART_BYTES - 1, 2 * PART_BYTES + 100])
async def test_a_connection_that_is_cut_leaves_whole_portions_and_can_be_gone_on_with(
    deployed: Deployed, sent: int
) -> None:
    content = a_text(3 * PART_BYTES)
    process = deployed.process
    await process.start()
    async with process.client() as client:
        sender, _ = await opened(client)
        file_id = (await sender.begin(len(content)))["id"]
        _, writer = await asyncio.open_connection("127.0.0.1", process.port)
        head = (
            f"PATCH {INBOX}/{file_id} HTTP/1.1\r\nHost: candour\r\nUpload-Offset: 0\r\nContent-Length: {len(content)}\r\n"
            f"Authorization: {client.headers['Authorization']}\r\n\r\n"
        )
        writer.write(head.encode() + content[:sent])
        await writer.drain()
        await asyncio.sleep(0.5)
        writer.transport.abort()
        await asyncio.sleep(0.5)
        offset = (await client.get(sender.at(file_id))).json()["offset"]
        assert offset == sent // PART_BYTES * PART_BYTES
        assert (await sender.put(file_id, offset, content[offset:])).status_code == 204
        assert (await sender.complete(file_id)).json()["sha256"] == sha256(content).hexdigest()
    await process.end(signal.SIGTERM)
    await nothing_is_left_over(deployed, 1)
    assert b"failed" not in process.log.read_bytes(), "a cut connection is nobody's failure"


@pytest.fixture
def small_disk(deployed: Deployed) -> Iterator[Path]:
    """The folder of files is a file system of 4 MiB, where tests may mount one."""
    folder = deployed.settings.files_folder
    folder.mkdir(mode=0o700)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", folder], check=False)
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


async def test_a_full_disk_answers_503_and_what_had_arrived_is_gone_on_with(
    deployed: Deployed, small_disk: Path
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(2 * PART_BYTES))
    content = a_text(2 * PART_BYTES + 5)
    process = deployed.process
    await process.start()
    async with process.client() as client:
        sender, _ = await opened(client)
        file_id = (await sender.begin(len(content)))["id"]
        answer = await sender.put(file_id, 0, content)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "300")
        assert answer.json()["type"].endswith("/store-full")
        listed = await sender.listed()
        assert (listed["kept"], len(listed["on_their_way"])) == ([], 1)
        offset = listed["on_their_way"][0]["offset"]
        assert (offset, (await sender.complete(file_id)).status_code) == (0, 409)
        ballast.unlink()
        assert (await sender.put(file_id, 0, content)).status_code == 204
        answer = await sender.complete(file_id)
        assert answer.status_code == 503, "there is no room for the copy"
        assert (await sender.listed())["kept"] == []
        assert len(stored_by(deployed)) == 1, "nothing of the copy is left"
        await client.delete(sender.at(file_id))
        assert stored_by(deployed) == []
        small: Any = await sender.send(a_text(5))
        assert small["size"] == 5
    await process.end(signal.SIGTERM)
    await nothing_is_left_over(deployed, 1)
