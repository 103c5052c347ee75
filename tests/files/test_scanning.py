"""What the scanner finds is not kept, what it cannot say is not guessed, and without a scanner the file says so."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.kernel.settings import Settings
from tests.builders.files import PORTION, a_reporter, a_text, stored_in
from tests.conftest import Service
from tests.files.clamd import EICAR, Clamd

RULE = "must be unix:/path or tcp://host:port"


@pytest.fixture
async def clamd(service: Service, tmp_path: Path) -> AsyncIterator[Clamd]:
    """A scanner that the service is told of."""
    found = Clamd()
    server = await found.on_unix(tmp_path / "clamd.ctl")
    with told(service, f"unix:{tmp_path / 'clamd.ctl'}"):
        yield found
    server.close()
    await server.wait_closed()


class told:  # noqa: N801 it reads as a sentence
    """The service scans at that address, inside."""

    def __init__(self, service: Service, address: str) -> None:
        """Remember what was."""
        self.settings, self.address = service.runtime.settings, address

    def __enter__(self) -> None:
        """Set it: settings are frozen for everybody but a test."""
        self.settings.__dict__["clamd_address"] = self.address

    def __exit__(self, *_: object) -> None:
        """Scan nowhere again."""
        self.settings.__dict__["clamd_address"] = None


async def refused(service: Service, content: bytes) -> tuple[Any, Any, str]:
    """Return a sender, the answer to the completion of a file, and the file's id."""
    sender, _ = await a_reporter(service)
    file_id = (await sender.begin(len(content)))["id"]
    await sender.put(file_id, 0, content)
    return sender, await sender.complete(file_id), file_id


async def test_a_harmless_file_is_kept_and_says_that_it_was_scanned(service: Service, clamd: Clamd) -> None:
    content = a_text(2 * PORTION + 3)
    sender, _ = await a_reporter(service)
    assert (await sender.send(content))["scanned"] is True
    assert clamd.seen == [content]


async def test_what_is_taken_for_malware_is_not_kept(service: Service, clamd: Clamd) -> None:
    before = stored_in(service)
    sender, answer, file_id = await refused(service, a_text(PORTION) + EICAR)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "malware-found")
    assert b"Eicar" not in answer.content
    assert stored_in(service) == before
    assert (await sender.client.get(sender.at(file_id))).status_code == 404


@pytest.mark.parametrize("address", ["unix:/nowhere/clamd.ctl", "tcp://127.0.0.1:9"])
async def test_while_the_scanner_is_down_nothing_is_kept_and_the_upload_waits(service: Service, address: str) -> None:
    content = a_text(100)
    with told(service, address):
        sender, answer, file_id = await refused(service, content)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        assert (await sender.listed())["kept"] == []
    clamd = Clamd()
    server = await clamd.on_tcp()
    with told(service, f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"):
        assert (await sender.complete(file_id)).json()["scanned"] is True
    server.close()


@pytest.mark.parametrize("said", [b"", b"stream: something ERROR\0", b"\0", b"OK\0", b"stream: OK FOUND?\0"])
async def test_an_answer_that_is_none_counts_for_nothing(service: Service, clamd: Clamd, said: bytes) -> None:
    clamd.answer = said
    _, answer, _ = await refused(service, a_text(100))
    assert answer.status_code == 503


async def test_a_file_too_large_for_the_scanner_is_marked_as_not_scanned(service: Service, clamd: Clamd) -> None:
    sender, _ = await a_reporter(service)
    assert (await sender.send(a_text(12 * PORTION)))["scanned"] is False
    assert clamd.seen == []


async def test_without_a_scanner_a_file_is_marked_as_not_scanned(service: Service) -> None:
    sender, _ = await a_reporter(service)
    assert (await sender.send(a_text()))["scanned"] is False


@pytest.mark.parametrize("address", ["/run/clamd.ctl", "tcp://host", "http://host:1", "tcp://host:1/path"])
def test_an_address_that_is_none_is_refused_at_the_start(address: str) -> None:
    with pytest.raises(ValueError, match=RULE):
        Settings(clamd_address=address)
