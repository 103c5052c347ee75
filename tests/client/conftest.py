"""A council whose people sit at machines of their own; made once for all tests of the client that change nothing of it."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.client.people import Council
from tests.promises.process import ServiceProcess


@pytest.fixture(scope="session")
async def council(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Council]:
    """A running service, its first manifest in force."""
    folder: Path = tmp_path_factory.mktemp("council")
    service = ServiceProcess(folder / "service", None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANDOUR_OPENING_NOTICE_HOURS", "0")
        patch.setenv("CANDOUR_WORKER_SECONDS", "1")
        await service.start()
    try:
        made = Council(service, folder / "people")
        await made.settle()
        yield made
    finally:
        await service.end(signal.SIGTERM)
