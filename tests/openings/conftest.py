"""A case with a sealed identity whose channel has a manifest."""

import pytest

from tests.builders.openings import Ceremony, a_ceremony
from tests.conftest import Service


@pytest.fixture
async def ceremony(service: Service) -> Ceremony:
    """A case of one named reporter, with investigator, assistant and reviewer."""
    return await a_ceremony(service)
