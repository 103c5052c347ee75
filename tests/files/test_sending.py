"""Sending files: resumable, bounded, encrypted part by part; seen by who may, and by nobody before it is complete."""

from collections.abc import AsyncIterator
from hashlib import sha256
from types import SimpleNamespace

import httpx
import pytest

from tests.builders import files, intake
from tests.builders.files import PORTION, Sender, a_reporter, a_text
from tests.conftest import Service


@pytest.fixture
async def reporter(service: Service) -> AsyncIterator[Sender]:
    """A reporter whose inbox is open."""
    sender, _ = await a_reporter(service)
    yield sender
    await sender.client.aclose()


async def test_a_file_comes_back_as_it_was_sent(reporter: Sender) -> None:
    content = a_text(2 * PORTION + 12_345)
    kept = await reporter.send(content, "rota of March.txt")
    assert (kept["name"], kept["size"], kept["media_type"]) == ("rota of March.txt", len(content), "text/plain")
    assert kept["sha256"] == sha256(content).hexdigest()
    answer = await reporter.client.get(reporter.at(kept["id"], "/content"))
    assert answer.content == content
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''rota%20of%20March.txt"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert not {"last-modified", "etag", "date", "set-cookie"} & set(answer.headers)
