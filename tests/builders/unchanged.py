"""What was refused left nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests import conftest
from tests.conftest import Service


@asynccontextmanager
async def unchanged(service: Service) -> AsyncIterator[None]:
    """What happens meanwhile changes nothing that is stored."""
    before = await conftest._snapshot(service.runtime)
    yield
    assert await conftest._snapshot(service.runtime) == before
