"""A case whose key turns."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.builders import cases
from tests.builders.cases import OpenFile
from tests.conftest import Service


@pytest.fixture
def nothing_in_the_background(service: Service) -> Iterator[None]:
    """What would go on in the background is left to the test: as if the process had ended."""
    service.runtime.background.is_closing = True
    yield
    service.runtime.background.is_closing = False


@pytest.fixture
async def case(service: Service) -> AsyncIterator[OpenFile]:
    """A case under investigation, with a third officer, so that one may leave; afterwards its log has no fault."""
    found = await cases.an_investigation(service)
    await cases.appoint(service.actors.case_officer, found, service.actors.third_case_officer, "case_officer")
    yield found
    await service.runtime.background.settled()
    assert await cases.faults_of(service, found) == []
